"""The inventory file, reviewed in git: the only source of addresses, and of the facts no API tells.

`load` reads it whole and complains about everything at once, by line. Secrets stand in it by name only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, TypeVar

from clusters.backends import backends
from clusters.client_form import read_client
from clusters.declared import (
    Declared,
    DriverEntry,
    Inventory,
    LinkEntry,
    PairEntry,
    Purpose,
    SandboxEntry,
    SideEntry,
    WitnessEntry,
)
from clusters.differences import Change, semantic_diff
from clusters.document import Complaint, DocumentError, read_document
from clusters.facts import Edition, MetadataMode, Policy, Topology, Version
from clusters.form import Form, url_problem
from clusters.once import worked_out_once
from clusters.registry_settings import read as read_registry
from clusters.routing import drivers

__all__ = ["Change", "Inventory", "InventoryError", "load", "semantic_diff"]

T = TypeVar("T")
SCHEMAS = {"none", "shared", "replicated"}  # how they reach the other side
LONGEST_AGES = {"facts_for": timedelta(seconds=15), "configs_for": timedelta(seconds=60)}


class InventoryError(Exception):
    """The file cannot be used; `complaints` are (line, text), lines counted from 1, in order of lines.

    `sound` holds the pairs that nothing is wrong with, for looking alone: each says may_change: false.
    """

    def __init__(self, complaints: list[Complaint], sound: Inventory | None = None) -> None:
        self.complaints = sorted(complaints)
        self.sound = sound or Inventory({})
        super().__init__("; ".join(f"line {line}: {text}" for line, text in self.complaints))


@worked_out_once(maxsize=8)
def load(text: str) -> Inventory:
    """Raises InventoryError with every complaint. The same text is read once: what it says never changes."""
    complaints: list[Complaint] = []
    try:
        form = Form(read_document(text), complaints, "the file")
    except DocumentError as error:
        raise InventoryError(error.complaints) from error
    pairs, sound = [], {}
    for entry in form.forms("pairs", "pair"):
        before = len(complaints)
        pairs.append(pair := _pair(entry))
        if len(complaints) == before:
            sound[pair.name] = replace(pair, may_change=False)
    form.done()
    _distinct(form, "pairs", (pair.name for pair in pairs))
    if complaints:
        raise InventoryError(complaints, Inventory(sound))
    return Inventory({pair.name: pair for pair in pairs})


def _pair(form: Form) -> PairEntry:
    name = form.word("name")
    form.what = f"pair {name}"
    sides = tuple(_side(side, form.what) for side in form.forms("sides", "side"))
    named = tuple(_driver(driver, form.what) for driver in form.forms("drivers", "driver"))
    pair = PairEntry(
        name=name,
        title=form.text("title", name),
        topology=form.choice("topology", Topology) or Topology.ACTIVE_PASSIVE,
        may_change=form.flag("may_change", default=False),
        policy=_policy(form.form("policy", f"{form.what}, policy")),
        sides=sides,
        links=tuple(_link(link, form.what) for link in form.forms("links", "link")),
        witnesses=tuple(_witness(witness, form.what) for witness in form.forms("witnesses", "witness")),
        drivers=named,
        clients=tuple(read_client(client, form.what, named, sides) for client in form.forms("clients", "client")),
        schemas=_declared(form, "schemas", lambda said: said if said in SCHEMAS else None),
        endpoints=_endpoints(form.form("endpoints", f"{form.what}, endpoints")),
        exports=form.optional("exports") or "",
        sandbox=_sandbox(form.form("sandbox", f"{form.what}, sandbox")),
        canary=form.text("canary", ""),
    )
    form.done()
    _check_together(form, pair)
    return pair


def _check_together(form: Form, pair: PairEntry) -> None:
    if pair.exports and not pair.exports.startswith("/"):
        form.complain(f"{form.what}: exports must be the whole path of a folder", "exports")
    if len(pair.sides) != 2:
        form.complain(f"{form.what}: needs exactly two sides, found {len(pair.sides)}", "sides")
    elif sum(side.is_home for side in pair.sides) != 1:
        form.complain(f"{form.what}: exactly one side must say home: true", "sides")
    if sum(link.purpose is Purpose.DATA for link in pair.links) > 1:
        form.complain(f"{form.what}: only one link may have purpose data", "links")
    for key in ("sides", "links", "witnesses", "drivers", "clients"):
        _distinct(form, key, (entry.name for entry in getattr(pair, key)))
    _check_clients(form, pair)
    _check_canary(form, pair)


def _check_clients(form: Form, pair: PairEntry) -> None:
    sides, known = {side.name for side in pair.sides}, {driver.name for driver in pair.drivers}
    for client in pair.clients:
        if client.home not in sides:
            form.complain(f"{form.what}, client {client.name}: home {client.home!r} is not a side", "clients")
        if client.driver not in known:
            form.complain(f"{form.what}, client {client.name}: there is no driver {client.driver!r}", "clients")


def _check_canary(form: Form, pair: PairEntry) -> None:
    """Records of the console's own in a topic that an application reads would be its next incident."""
    readers = [client.name for client in pair.clients if pair.canary in client.topics]
    if pair.canary and readers:
        said = f"canary {pair.canary!r} is a topic of {readers[0]}; it needs one of its own"
        form.complain(f"{form.what}: {said}", "canary")
    if pair.canary and not all("kafka" in side.ways for side in pair.sides):
        form.complain(f"{form.what}: a canary needs a kafka way in on both sides", "canary")


def _distinct(form: Form, key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            form.complain(f"{form.what}: {key} holds {name!r} twice", key)
        seen.add(name)


def _policy(form: Form | None) -> Policy:
    if form is None:
        return Policy()
    given = {item.name: form.duration(item.name, getattr(Policy(), item.name)) for item in fields(Policy)}
    for key, longest in LONGEST_AGES.items():
        if given[key] > longest:
            form.complain(f"{form.what}: {key} may not be longer than {longest.total_seconds():.0f}s", key)
    form.done()
    return Policy(**given)


def _side(form: Form, pair: str) -> SideEntry:
    name = form.word("name")
    form.what = f"{pair}, side {name}"
    side = SideEntry(
        name=name,
        region=form.text("region", name),
        is_home=form.flag("home", default=False),
        cluster_id=form.text("cluster_id"),
        ways=_ways(form),
        edition=_declared(form, "edition", _member(Edition)),
        metadata=_declared(form, "metadata", _member(MetadataMode)),
        tiering=_declared(form, "tiering", {"true": True, "false": False}.get),
        versions=_versions(form),
        link_principal=form.principal("link_principal"),
        schema_registry=read_registry(form.form("schema_registry", f"{form.what}, schema_registry")),
    )
    form.done()
    return side


def _ways(form: Form) -> dict[str, Any]:
    """Each backend of the registry is a key of a side; it reads its own settings."""
    found: dict[str, Any] = {}
    for name in backends:
        if (settings := form.form(name, f"{form.what}, {name}")) is not None:
            found[name] = backends.get(name).read_settings(settings)
            settings.done()
    if not found and form.is_readable:
        form.complain(f"{form.what}: needs at least one way in ({', '.join(backends)})")
    return found


def _member(kind: type[T]) -> Callable[[str], T | None]:
    def member(text: str) -> T | None:
        return next((each for each in kind if each == text), None)  # type: ignore[attr-defined]

    return member


def _versions(form: Form) -> dict[int, Declared[Version]]:
    versions = form.form("versions", f"{form.what}, versions")
    found: dict[int, Declared[Version]] = {}
    for key in versions or ():
        if versions is not None and key.isascii() and key.isdigit():
            found[int(key)] = _declared(versions, key, Version.parse)
        elif versions is not None:
            versions.node(key)
            versions.complain(f"{versions.what}: {key!r} is not a broker id", key)
    return found


def _declared(form: Form, key: str, parse: Callable[[str], T | None]) -> Declared[T]:
    """A value that cannot be read is not a complaint: it is an unknown, which is shown as such and passes no guard."""
    entry = form.form(key, f"{form.what}, {key}")
    if entry is None:
        return Declared()
    said = entry.optional("value") or ""
    value = parse(said)
    how, by = entry.text("how", ""), entry.text("by", "")
    note = f"declared {said!r}, which is not a usable {_thing(key)}" if said and value is None else ""
    declared = Declared(said, value, how, by, entry.day("on"), entry.day("expires"), note)
    entry.done()
    return declared


def _thing(key: str) -> str:
    return "version (major.minor.patch)" if key.isdigit() else key


def _link(form: Form, pair: str) -> LinkEntry:
    form.what = f"{pair}, link"
    name, purpose = form.text("name"), form.choice("purpose", Purpose) or Purpose.DATA
    link = LinkEntry(name, purpose, _declared(form, "managed_by", lambda said: said or None))
    form.done()
    return link


def _witness(form: Form, pair: str) -> WitnessEntry:
    form.what = f"{pair}, witness"
    witness = WitnessEntry(form.word("name"), form.url("url"), form.text("region", ""))
    form.done()
    return witness


def _driver(form: Form, pair: str) -> DriverEntry:
    name, kind = form.word("name"), form.text("kind")
    form.what = f"{pair}, driver {name}"
    if kind and kind not in drivers:
        form.complain(f"{form.what}: kind {kind!r} is not one of {', '.join(drivers)}", "kind")
        return DriverEntry(name, kind, "")
    vantage = form.text("vantage", "")
    settings = drivers.get(kind).read_settings(form) if kind else None
    form.done()
    return DriverEntry(name, kind, vantage, settings)


def _endpoints(form: Form | None) -> dict[str, str]:
    found = {key: form.url(key) for key in form} if form else {}
    return {key: url for key, url in found.items() if url and not url_problem(url)}


def _sandbox(form: Form | None) -> SandboxEntry | None:
    if form is None:
        return None
    journal = form.text("journal")  # the one address with a query: it names the pair, holds nothing else
    sandbox = SandboxEntry(form.url("control"), journal)
    if journal and url_problem(journal.partition("?")[0]):
        form.complain(f"{form.what}: journal must be an http:// address", "journal")
    form.done()
    return sandbox
