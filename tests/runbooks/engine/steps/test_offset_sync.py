"""Offset sync over real sockets: drained, switched off with its filter saved, and put back exactly as it was."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from runbooks.engine.link_settings import ENABLE, FILTERS, saved_as
from runbooks.engine.outcome import ItemState, Refused, Result
from runbooks.engine.steps.link_altered import item_of
from runbooks.engine.steps.offset_sync_drain import DrainOffsetSync
from runbooks.engine.steps.offset_sync_pause import Lasts, PauseOffsetSync
from runbooks.engine.steps.offset_sync_resume import ResumeOffsetSync
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import until
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, place, sent

PAUSE, RESUME = PauseOffsetSync(side=NEW), ResumeOffsetSync(side=NEW)
BALANCES = '{"groupFilters":[{"name":"bal","patternType":"PREFIXED","filterType":"INCLUDE"}]}'
SWITCH, FILTER = item_of(ENABLE, NEW), item_of(FILTERS, NEW)


def configs(control: Control, side: str = NEW) -> dict[str, str]:
    (found,) = [link["configs"] for link in control.truth("ledger")["links"] if link["side"] == side]
    return found


def set_by_hand(stage: Stage, changes: dict[str, str | None]) -> None:
    stage.connections.side(NEW).alter_link_configs(
        "ledger-link", changes, validate_only=False, deadline=time.monotonic() + 5
    )


def one_by_one(control: Control) -> None:
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"batches_link_configs": False})


@pytest.fixture
def filtered(ledger: Stage, control: Control) -> Stage:
    """A filter of the team's own, so that what is put back cannot be a default."""
    set_by_hand(ledger, {FILTERS: BALANCES})
    for row in control.journal("ledger"):
        assert row["outcome"] == "accepted"
    control.ask("DELETE", "/journal?pair=ledger")
    ledger.facts()
    return ledger


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "one-by-one"])
def test_the_saved_filter_is_put_back_before_the_switch(filtered: Stage, control: Control, batch: bool) -> None:
    before = configs(control)
    if not batch:
        one_by_one(control)
    filtered.do(PAUSE)
    assert FILTERS not in configs(control)  # the cluster has forgotten it
    assert filtered.evidence[saved_as(NEW)]["settings"] == {FILTERS: BALANCES, ENABLE: "true"}

    filtered.do(RESUME)
    assert configs(control) == before
    taken = [row["settings"] for row in sent(control) if row["outcome"] == "accepted"]
    on = [{FILTERS: BALANCES, ENABLE: "true"}] if batch else [{FILTERS: BALANCES}, {ENABLE: "true"}]
    assert taken == [{ENABLE: "false"}, *on]


def test_the_preview_says_whether_there_is_a_dry_run(filtered: Stage, control: Control) -> None:
    assert PAUSE.preview(filtered.context(PAUSE)).evidence == {"dry_run": "taken"}
    one_by_one(control)
    shown = PAUSE.preview(filtered.context(PAUSE))
    assert shown.problems == {}
    assert not shown.is_guided
    assert shown.evidence["dry_run"].startswith("none: the settings are sent one after another")
    assert sent(control) == []


def test_nothing_crosses_while_it_is_off(filtered: Stage, control: Control) -> None:
    filtered.do(PAUSE)
    place(filtered, "balances", None)
    until(lambda: not control.truth("ledger")["sides"][OLD]["groups"]["balances"]["members"])
    rows = [{"topic": "entries", "partition": 0, "offset": 1}]
    control.ask("POST", "/pairs/ledger/offsets", {"side": OLD, "group": "balances", "offsets": rows})
    before = committed(control, NEW)
    time.sleep(0.5)  # five syncs: nothing to wait for is what is shown
    assert committed(control, NEW) == before
    filtered.do(RESUME)
    until(lambda: committed(control, NEW).get(("entries", 0)) == 1)


def committed(control: Control, side: str) -> dict[tuple[str, int], int]:
    rows = control.truth("ledger")["sides"][side]["groups"]["balances"]["committed"]
    return {(row["topic"], row["partition"]): row["offset"] for row in rows}


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_looked_for(filtered: Stage, control: Control, applied: bool) -> None:
    control.fault("ledger", "accepted-then-dropped", NEW, applied=applied)
    doing = filtered.begin(PAUSE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    wanted = ItemState.DONE if applied else ItemState.NOT_APPLIED
    assert states(doing.look()) == {SWITCH: wanted}
    assert filtered.evidence[saved_as(NEW)]["settings"][FILTERS] == BALANCES


def test_lost_between_the_two_the_filter_is_there_and_the_switch_alone_is_left(
    filtered: Stage, control: Control
) -> None:
    before = configs(control)
    filtered.do(PAUSE)
    one_by_one(control)
    action = f"PUT links/ledger-link/configs/{ENABLE}"
    control.fault("ledger", "accepted-then-dropped", NEW, action=action, applied=False)
    doing = filtered.begin(RESUME)
    assert doing.items == (FILTER, SWITCH)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    assert states(doing.look()) == {FILTER: ItemState.DONE, SWITCH: ItemState.NOT_APPLIED}
    assert configs(control)[ENABLE] == "false"

    again = replace(filtered.begin(RESUME), items=(SWITCH,))
    assert [answer.result for answer in again.send()] == [Result.ACCEPTED]
    assert again.look().is_done
    assert configs(control) == before


def test_the_switch_alone_is_not_sent_over_another_filter(filtered: Stage, control: Control) -> None:
    filtered.do(PAUSE)
    again = replace(filtered.begin(RESUME), items=(SWITCH,))
    with pytest.raises(Refused, match="is not the saved one"):
        again.send()
    assert configs(control)[ENABLE] == "false"


def test_what_somebody_else_switched_off_is_not_saved_over_what_was(filtered: Stage, control: Control) -> None:
    doing = filtered.begin(PAUSE)
    set_by_hand(filtered, {ENABLE: "false"})
    with pytest.raises(Refused, match="nothing to save"):
        doing.send()
    assert saved_as(NEW) not in filtered.evidence
    assert "Offset sync is off on eu-south already" in filtered.refusals(PAUSE)["offset_sync_on"]


def test_without_a_record_of_what_it_was_nothing_is_switched_on(filtered: Stage, control: Control) -> None:
    set_by_hand(filtered, {ENABLE: "false"})
    held = filtered.refusals(RESUME)
    assert "before it was off" in held["offset_sync_saved"]


def test_what_is_on_is_not_overwritten_by_an_old_filter(filtered: Stage, control: Control) -> None:
    filtered.do(PAUSE)
    set_by_hand(filtered, {FILTERS: None, ENABLE: "true"})
    assert "is on already" in filtered.refusals(RESUME)["offset_sync_off"]


def test_a_refusal_of_the_cluster_is_a_refusal(filtered: Stage, control: Control) -> None:
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"auth": {"basic": "somebody:else"}})
    with pytest.raises(Refused):
        filtered.begin(PAUSE).send()
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"auth": {}})
    assert sent(control) == []


def test_how_long_it_lasts_is_said(ledger: Stage) -> None:
    assert PAUSE.challenge(ledger.case()).endswith("until it is resumed?")
    assert PauseOffsetSync(side=NEW, lasts=Lasts.FOR_GOOD).challenge(ledger.case()).endswith("for good?")
    assert PauseOffsetSync(away_from=OLD).targets(ledger.case()) == (SWITCH,)


# --- waiting for the last offsets


def test_the_last_commits_are_waited_for_and_seen_on_both_sides(ledger: Stage, control: Control) -> None:
    drain = DrainOffsetSync(side=NEW, groups=("balances", "statements"))
    ledger.facts()
    found = ledger.begin(drain).look()
    assert all("still active on eu-north" in item.saw for item in found.items.values())

    for group in ("balances", "statements"):
        place(ledger, group, None)
    until(lambda: not any(group["members"] for group in control.truth("ledger")["sides"][OLD]["groups"].values()))
    began = time.monotonic()
    ledger.do(drain)
    assert time.monotonic() - began >= 2 * ledger.entry.policy.group_sync.total_seconds()
    assert committed(control, NEW) == committed(control, OLD)
    assert control.journal("ledger") == []


def test_a_commit_that_moves_begins_the_wait_anew(ledger: Stage, control: Control) -> None:
    place(ledger, "balances", None)
    until(lambda: not control.truth("ledger")["sides"][OLD]["groups"]["balances"]["members"])
    doing = ledger.begin(DrainOffsetSync(side=NEW, groups=("balances",)))
    doing.look()
    rows = [{"topic": "entries", "partition": 0, "offset": 2}]
    control.ask("POST", "/pairs/ledger/offsets", {"side": OLD, "group": "balances", "offsets": rows})
    assert "begins anew" in doing.look().items["balances"].saw
    assert doing.until(lambda seen: seen.is_done).is_done


def test_offsets_that_do_not_cross_are_never_done(ledger: Stage, control: Control) -> None:
    ledger.facts()
    place(ledger, "balances", None)
    until(lambda: not control.truth("ledger")["sides"][OLD]["groups"]["balances"]["members"])
    set_by_hand(ledger, {ENABLE: "false"})
    rows = [{"topic": "entries", "partition": 0, "offset": 10**9}]
    control.ask("POST", "/pairs/ledger/offsets", {"side": OLD, "group": "balances", "offsets": rows})
    drain = DrainOffsetSync(side=NEW, groups=("balances",))
    found = ledger.begin(drain).until(lambda seen: "have not crossed" in seen.items["balances"].saw)
    assert not found.is_done
    assert "offset_sync_on" in ledger.refusals(drain, ledger.case(configs=True))


def test_a_side_that_does_not_answer_leaves_it_unknown(ledger: Stage, control: Control) -> None:
    ledger.facts()
    control.fault("ledger", "region-down", OLD)
    drain = DrainOffsetSync(side=NEW, groups=("balances",))
    assert states(ledger.begin(drain).look()) == {"balances": ItemState.UNKNOWN}
    assert "both_reachable" in ledger.refusals(drain)
