"""One side's Schema Registry over its REST: modes, what is registered, exporters. A command is sent once."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from clusters import clock
from clusters.curl import curl
from clusters.decoders import decoder_of
from clusters.errors import ClusterError, Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.facts import ExporterFacts, RegistryFacts, SchemaFacts
from clusters.gateway import Command, Commands, Prepared, RegistryMode
from clusters.outbound import ONE_MIB, Answer, Outbound, printable
from clusters.registry_settings import RegistrySettings
from clusters.sign_in import for_curl
from clusters.together import together

T = TypeVar("T")
PAGE = 500
MOST = 5000  # schemas; of more none are compared, as half a comparison would pass for a whole one
MOST_EXPORTERS = 20
LATE = {408, 425, 429}
NO_SUCH_SUBJECT = range(40401, 40500)  # the registry's own; a path that nobody serves is answered 404 with code 404


class Mode(msgspec.Struct):
    mode: str


class Registered(msgspec.Struct):
    subject: str
    version: int
    id: int
    schema: str


class Status(msgspec.Struct):
    state: str | None = None
    trace: str | None = None


class Info(msgspec.Struct, rename="camel"):
    """Its `config` holds how it signs in at the other end, and is not read."""

    context_type: str | None = None


class Problem(msgspec.Struct):
    error_code: int


class SchemaRegistry:
    def __init__(self, side: str, settings: RegistrySettings, transport: httpx.BaseTransport | None = None) -> None:
        self.side = side
        self._settings = settings
        where = f"the Schema Registry of {side}"
        self._http = Outbound(where, settings.url, credential=settings.credential, ca=settings.ca, transport=transport)

    def mode(self, subject: str = "", *, deadline: float) -> str | None:
        """Of all subjects, or the one that a subject has of its own; None where it has none."""
        answer = self._http.read(_mode_path(subject), deadline=deadline)
        if subject and answer.status == 404 and _code(answer) in NO_SUCH_SUBJECT:
            return None
        return self._decoded(Mode, answer).mode.upper()

    def subjects(self, *, deadline: float) -> tuple[str, ...]:
        return tuple(self._get(list[str], "/subjects", deadline))

    def schemas(self, *, deadline: float) -> tuple[SchemaFacts, ...]:
        """Page by page, until one is empty: a server may give out shorter ones than were asked for."""
        found: list[SchemaFacts] = []
        while True:
            params = {"offset": str(len(found)), "limit": str(PAGE)}
            page = self._get(list[Registered], "/schemas", deadline, params=params, cap=32 * ONE_MIB)
            found += [SchemaFacts(row.subject, row.version, row.id, _digest(row.schema)) for row in page]
            if len(found) > MOST:
                raise Malformed(self._http.where, f"holds more than {MOST} schemas; so many are not compared")
            if not page:
                return tuple(found)

    def exporters(self, *, deadline: float) -> tuple[ExporterFacts, ...]:
        """None at all where the registry does not serve them: they are the vendor's, and have to be switched on."""
        try:
            names = self._get(list[str], "/exporters", deadline)
        except NotServed:
            return ()
        if len(names) > MOST_EXPORTERS:
            raise Malformed(self._http.where, f"has more than {MOST_EXPORTERS} exporters; so many are not judged")
        return tuple(self._exporter(name, deadline) for name in names)

    def look(self, *, deadline: float) -> RegistryFacts:
        """All at once. What could not be read is None, and said."""
        found = together(
            {
                "mode": lambda: self.mode(deadline=deadline),
                "schemas": lambda: self.schemas(deadline=deadline),
                "exporters": lambda: self.exporters(deadline=deadline),
            }
        )
        read = {name: value for name, value in found.items() if not isinstance(value, ClusterError)}
        said = dict.fromkeys(value.said for value in found.values() if isinstance(value, ClusterError))
        return RegistryFacts(clock.now(), "; ".join(said), **read)

    def mode_setting(self, mode: RegistryMode, subject: str = "", *, force: bool = False) -> Prepared:
        path, query = _mode_path(subject), {"force": "true"} if force else {}
        request: dict[str, Any] = {"method": "PUT", "path": path, "query": query, "body": {"mode": mode.value}}
        content = json.dumps(request["body"]).encode()

        def send(deadline: float) -> str:
            answer = self._http.write("PUT", path, deadline=deadline, params=query or None, content=content)
            self._decoded(Mode, answer)
            return answer.said

        return Prepared(request, mode_command(self._settings, mode, subject, force=force), send)

    def close(self) -> None:
        self._http.close()

    def _exporter(self, name: str, deadline: float) -> ExporterFacts:
        status = self._get(Status, f"/exporters/{quote(name, safe='')}/status", deadline)
        info = self._get(Info, f"/exporters/{quote(name, safe='')}", deadline)
        state, context = (status.state or "UNKNOWN").upper(), (info.context_type or "").upper()
        return ExporterFacts(name, state, printable(status.trace or ""), context)

    def _get(self, kind: type[T], path: str, deadline: float, **more: Any) -> T:  # noqa: ANN401 - as `Outbound.read`
        return self._decoded(kind, self._http.read(path, deadline=deadline, **more))

    def _decoded(self, kind: type[T], answer: Answer) -> T:
        self._refuse(answer)
        try:
            return decoder_of(kind).decode(answer.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(self._http.where, f"unreadable answer ({error}): {answer.said}") from error

    def _refuse(self, answer: Answer) -> None:
        """Raises what the status proves. 5xx proves nothing: the leader may have taken what a follower passed on."""
        status = answer.status
        if 200 <= status < 300:
            return
        if status in {401, 403}:
            raise Unauthorised(self._http.where, answer.said)
        if status in {404, 405}:
            raise NotServed(self._http.where, answer.said)
        if 400 <= status < 500 and status not in LATE:
            raise Rejected(self._http.where, answer.said)
        raise NoAnswer(self._http.where, answer.said)


class RegistryByHand:
    """What a person types to look at a registry, or to set its mode, without this program."""

    def __init__(self, side: str, settings: RegistrySettings) -> None:
        self._side = side
        self._settings = settings

    def looks_at_registry(self, subjects: tuple[str, ...] = ()) -> Commands:
        paths = {
            f"The mode of the Schema Registry of {self._side}": "/mode",
            **{f"The mode of {subject}, where it has one of its own": _mode_path(subject) for subject in subjects},
            "What is registered": "/subjects",
            "Its exporters": "/exporters",
        }
        return tuple(Command(what, self._get(path)) for what, path in paths.items())

    def sets_registry_mode(self, mode: RegistryMode, subject: str, *, force: bool) -> Commands:
        what = f"Once: {subject or 'all subjects'} to {mode.value}"
        return (Command(what, mode_command(self._settings, mode, subject, force=force)),)

    def _get(self, path: str) -> str:
        return curl(self._settings.url + path, ca=self._settings.ca, auth=for_curl(self._settings.auth))


def mode_command(settings: RegistrySettings, mode: RegistryMode, subject: str, *, force: bool) -> str:
    url = f"{settings.url}{_mode_path(subject)}{'?force=true' if force else ''}"
    return curl(url, ca=settings.ca, auth=for_curl(settings.auth), body={"mode": mode.value}, method="PUT")


def _mode_path(subject: str) -> str:
    return f"/mode/{_part(subject)}" if subject else "/mode"


def _part(name: str) -> str:
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def _digest(text: str) -> str:
    """Of what it says: blanks and the order of keys are written differently by different clients."""
    with suppress(ValueError, RecursionError):  # Protobuf is no JSON
        text = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code(answer: Answer) -> int | None:
    try:
        return decoder_of(Problem).decode(answer.body).error_code
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
