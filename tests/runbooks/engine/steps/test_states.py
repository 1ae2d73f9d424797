"""Every mirror state there is, and one nobody knows, as each command's look takes it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.facts import MirrorStatus
from clusters.gateway import Gateways
from runbooks.engine.context import Case, StepContext
from runbooks.engine.outcome import ItemState
from runbooks.engine.steps.mirrored import Mirrored
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from runbooks.engine.steps.mirrors_pause import PauseMirrors
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_resume import ResumeMirrors
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.runbooks.engine.made import NEW, OLD, TOPIC, failover_case, mirror, restore_case, reverse_case

M, Seen = MirrorStatus, ItemState
FAILOVER = FailOverMirrors(away_from=OLD, topics=(TOPIC,))
RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
REVERSE = ReverseAndStart(side=OLD, topics=(TOPIC,))
PROMOTE = PromoteMirrors(away_from=NEW, topics=(TOPIC,))
PAUSE, RESUME = PauseMirrors(side=OLD, topics=(TOPIC,)), ResumeMirrors(side=OLD, topics=(TOPIC,))


def pre(here: MirrorStatus | None, there: MirrorStatus | None = None) -> dict[str, Any]:
    """What was true right before sending; `made.mirror` entered each state a minute and a half ago."""
    at = mirror().state_at
    assert at is not None

    def state(status: MirrorStatus | None) -> dict[str, str] | None:
        return {"status": status, "at": at.isoformat()} if status else None

    return {"here": {TOPIC: state(here)}, "there": {TOPIC: state(there)}}


def look(step: Mirrored, case: Case, pre_state: dict[str, Any], here: Any, there: Any = None) -> ItemState:
    """`here` and `there` are states; None for a topic that is not listed as a mirror, "unread" for no answer."""

    def mirrors(status: Any) -> Any:
        return None if status == "unread" else {TOPIC: mirror(status)} if status else {}

    context = StepContext(case, cast(Gateways, None), "run", "1", 0.0, (TOPIC,), pre_state=pre_state)
    return step.judge_topic(context, TOPIC, mirrors(here), mirrors(there)).state


@pytest.mark.parametrize("status", [None, *M])
def test_failover(status: MirrorStatus | None) -> None:
    wanted = {M.STOPPED: Seen.DONE, M.PENDING_STOPPED: Seen.WAITING}
    found = look(FAILOVER, failover_case(), pre(M.SOURCE_UNAVAILABLE), status)
    # A source that comes or goes meanwhile is no sign of the command.
    untouched = {M.SOURCE_UNAVAILABLE, M.ACTIVE}
    assert found is (Seen.NOT_APPLIED if status in untouched else wanted.get(cast(MirrorStatus, status), Seen.UNKNOWN))


@pytest.mark.parametrize("status", [None, *M])
def test_promote(status: MirrorStatus | None) -> None:
    wanted = {M.STOPPED: Seen.DONE, M.PENDING_STOPPED: Seen.WAITING, M.FAILED: Seen.FAILED}
    untouched = {M.SOURCE_UNAVAILABLE, M.ACTIVE}
    found = look(PROMOTE, reverse_case(), pre(M.ACTIVE), status)
    assert found is (Seen.NOT_APPLIED if status in untouched else wanted.get(cast(MirrorStatus, status), Seen.UNKNOWN))


@pytest.mark.parametrize("status", [None, *M])
def test_pause(status: MirrorStatus | None) -> None:
    untouched = {M.SOURCE_UNAVAILABLE, M.ACTIVE}
    found = look(PAUSE, reverse_case(), pre(M.ACTIVE), status)
    assert found is (Seen.DONE if status is M.PAUSED else Seen.NOT_APPLIED if status in untouched else Seen.UNKNOWN)


@pytest.mark.parametrize("status", [None, *M])
def test_resume(status: MirrorStatus | None) -> None:
    done = {M.SOURCE_UNAVAILABLE, M.ACTIVE}
    found = look(RESUME, reverse_case(), pre(M.PAUSED), status)
    assert found is (Seen.DONE if status in done else Seen.NOT_APPLIED if status is M.PAUSED else Seen.UNKNOWN)


def test_failover_of_a_paused_mirror_is_untouched_while_it_is_paused() -> None:
    assert look(FAILOVER, failover_case(), pre(M.PAUSED), M.PAUSED) is Seen.NOT_APPLIED
    assert look(FAILOVER, failover_case(), pre(M.PAUSED), M.ACTIVE) is Seen.UNKNOWN
    assert look(FAILOVER, failover_case(), {}, M.SOURCE_UNAVAILABLE) is Seen.UNKNOWN


@pytest.mark.parametrize("status", [None, *M])
def test_restore(status: MirrorStatus | None) -> None:
    wanted = {
        None: Seen.NOT_APPLIED,
        M.ACTIVE: Seen.DONE,
        M.PENDING_SETUP_FOR_RESTORE: Seen.WAITING,
        M.PENDING_RESTORE: Seen.WAITING,
        M.FAILED: Seen.FAILED,
    }
    assert look(RESTORE, restore_case(), pre(None), status) is wanted.get(status, Seen.UNKNOWN)


def test_restore_of_a_topic_that_was_a_mirror_once_is_untouched_while_it_reads_stopped() -> None:
    assert look(RESTORE, restore_case(), pre(M.STOPPED), M.STOPPED) is Seen.NOT_APPLIED
    assert look(RESTORE, restore_case(), pre(M.STOPPED), None) is Seen.UNKNOWN


HERE_FIRST = {
    M.PENDING_SYNCHRONIZE: Seen.WAITING,
    M.PENDING_STOPPED: Seen.WAITING,
    M.FAILED: Seen.FAILED,
    M.ACTIVE: Seen.NOT_APPLIED,
    M.SOURCE_UNAVAILABLE: Seen.NOT_APPLIED,
    M.STOPPED: Seen.WAITING,
}


@pytest.mark.parametrize("status", [None, *M])
def test_reverse_while_the_other_side_has_not_moved(status: MirrorStatus | None) -> None:
    found = look(REVERSE, reverse_case(), pre(M.ACTIVE, M.STOPPED), status, M.STOPPED)
    assert found is (HERE_FIRST.get(status, Seen.UNKNOWN) if status else Seen.UNKNOWN)


@pytest.mark.parametrize("status", [None, *M])
def test_reverse_once_this_side_is_writable(status: MirrorStatus | None) -> None:
    wanted = {
        None: Seen.WAITING,
        M.STOPPED: Seen.WAITING,
        M.PENDING_MIRROR: Seen.WAITING,
        M.ACTIVE: Seen.DONE,
        M.FAILED: Seen.FAILED,
    }
    found = look(REVERSE, reverse_case(), pre(M.ACTIVE, M.STOPPED), M.STOPPED, status)
    assert found is wanted.get(status, Seen.UNKNOWN)


def test_reverse_is_never_called_by_one_side_alone() -> None:
    for here in (M.STOPPED, M.ACTIVE):
        assert look(REVERSE, reverse_case(), pre(M.ACTIVE, M.STOPPED), here, "unread") is Seen.UNKNOWN
    assert look(REVERSE, reverse_case(), pre(M.ACTIVE, None), M.ACTIVE, M.PENDING_MIRROR) is Seen.WAITING
