"""A Schema Registry takes imports only over nothing, and new schemas only while nobody copies into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clusters.facts import ExporterFacts, RegistryFacts, SchemaFacts, SideFacts
from clusters.gateway import RegistryMode
from runbooks.engine.context import Case
from runbooks.engine.outcome import Level
from runbooks.engine.steps.registry_mode import Force, SetRegistryMode
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import NEW, NOW, OLD, case, declared, lost, pair, side

HELD = (SchemaFacts("entries-value", 1, 1, "aa"), SchemaFacts("accounts-value", 1, 2, "bb"))
RUNNING = (ExporterFacts("e1", "RUNNING"),)
PAUSED = (ExporterFacts("e1", "PAUSED"),)
WRITE = SetRegistryMode(RegistryMode.READWRITE, side=NEW)
IMPORT = SetRegistryMode(RegistryMode.IMPORT, side=NEW)
OUTAGE = {"outage.confirm": {"side": OLD}}


def registry(mode: str | None = "IMPORT", **changes: Any) -> RegistryFacts:
    made = RegistryFacts(NOW - timedelta(seconds=3), "", mode, HELD, ())
    return replace(made, **changes)


def met(here: RegistryFacts | None, there: RegistryFacts | None = None, old: Any = side, **changes: Any) -> Case:
    other: SideFacts = old(OLD, registry=there)
    known = {name: changes.pop(name) for name in ("evidence",) if name in changes}
    return case(pair(other, side(NEW, registry=here), **changes), **known)


@pytest.mark.claims("registry-mode", case="passes")
def test_nothing_stands_in_the_way_of_an_orderly_change() -> None:
    quiet = met(registry(), registry("READONLY", exporters=PAUSED))
    for guard in ("registry_known", "import_over_nothing", "one_registry_writes"):
        assert said(WRITE, quiet, guard) == "met"
    empty = met(registry("READWRITE", schemas=()), registry("READWRITE", exporters=RUNNING))
    for guard in ("registry_known", "import_over_nothing", "one_registry_writes"):
        assert said(IMPORT, empty, guard) == "met"


@pytest.mark.claims("registry-mode", case="passes")
@pytest.mark.parametrize("mode", [RegistryMode.READONLY, RegistryMode.READWRITE])
def test_what_is_registered_forbids_imports_alone(mode: RegistryMode) -> None:
    step = SetRegistryMode(mode, side=NEW)
    assert said(step, met(registry("READWRITE")), "import_over_nothing") == "met"
    assert said(replace(IMPORT, subject_names=("x",)), met(registry("READWRITE")), "import_over_nothing") == "met"


@pytest.mark.claims("registry-mode", case="refuses")
def test_import_over_what_is_registered_is_refused_or_forced_by_name() -> None:
    full = met(registry("READWRITE"))
    found = verdict(IMPORT, full, "import_over_nothing")
    assert (found.is_met, found.level) == (False, Level.ABSOLUTE)
    assert "eu-south holds accounts-value, entries-value" in found.says
    one = replace(IMPORT, subject_names=("entries-value",))
    assert "eu-south holds entries-value." in said(one, full, "import_over_nothing")
    forced = verdict(replace(IMPORT, force=Force.YES), full, "import_over_nothing")
    assert (forced.is_met, forced.level) == (False, Level.OVERRIDABLE)


@pytest.mark.claims("registry-mode", case="refuses")
@pytest.mark.parametrize("state", ["RUNNING", "STARTING", "ERROR", "UNKNOWN"])
def test_an_exporter_that_is_not_paused_forbids_new_schemas(state: str) -> None:
    busy = met(registry(), registry("READWRITE", exporters=(ExporterFacts("e1", state),)))
    found = verdict(WRITE, busy, "one_registry_writes")
    assert (found.is_met, found.level) == (False, Level.OVERRIDABLE)
    assert found.says.endswith("Pause it first: confluent schema-registry exporter pause e1")


def test_two_that_take_new_schemas_are_warned_of() -> None:
    found = verdict(WRITE, met(registry(), registry("READWRITE", exporters=PAUSED)), "one_registry_writes")
    assert (found.is_met, found.level) == (False, Level.WARNING)
    assert found.says == "eu-north takes new schemas too: the same id may come to stand for two schemas."


@pytest.mark.claims("registry-mode", case="passes")
def test_one_that_is_lost_in_a_confirmed_outage_copies_nothing() -> None:
    gone = registry(None, exporters=None, said="connection refused")
    assert said(WRITE, met(registry(), gone, lost, evidence=OUTAGE), "one_registry_writes") == "met"
    shared = met(registry("READONLY"), None, schemas=declared("shared"))
    assert said(WRITE, shared, "one_registry_writes") == "met"


@pytest.mark.claims("registry-mode", case="refuses")
def test_a_mode_that_was_read_long_ago_refuses() -> None:
    old = registry("IMPORT", at=NOW - timedelta(minutes=3))
    assert said(WRITE, met(old), "registry_known").startswith(
        "registry-mode: The Schema Registry of eu-south was read "
    )


GONE = registry(None, exporters=None, schemas=None, said="connection refused")


@pytest.mark.claims("registry-mode", case="unknown")
@pytest.mark.parametrize(
    ("step", "guard", "case"),
    [
        (WRITE, "registry_known", met(None)),
        (WRITE, "registry_known", met(GONE)),
        (WRITE, "registry_known", met(registry(at=None))),
        (IMPORT, "import_over_nothing", met(GONE)),
        (replace(IMPORT, force=Force.YES), "import_over_nothing", met(GONE)),
        (WRITE, "one_registry_writes", met(registry(), None)),
        (WRITE, "one_registry_writes", met(registry(), None, schemas=declared("replicated"))),
        (WRITE, "one_registry_writes", met(registry(), GONE)),
        (WRITE, "one_registry_writes", met(registry(), GONE, lost)),
        (WRITE, "one_registry_writes", met(registry(), GONE, evidence=OUTAGE)),  # it answers again
        (WRITE, "one_registry_writes", met(registry(), registry(None, exporters=PAUSED))),
    ],
)
def test_what_is_not_known_refuses(step: SetRegistryMode, guard: str, case: Case) -> None:
    assert said(step, case, guard).startswith("R19: A fact needed to judge safety is unknown")


def test_an_outage_that_nobody_has_confirmed_yet_is_waited_for() -> None:
    assert verdict(WRITE, met(registry(), GONE, lost), "one_registry_writes").waits_for == "outage.confirm"
