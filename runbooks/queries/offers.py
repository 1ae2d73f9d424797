"""What a viewer may do with a step now, each as a form. Services decide; these only hide what they would refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dashboard import inventory
from runbooks.engine.states import RunState, StepState
from runbooks.engine.steps.kind import THE_STEP
from runbooks.models import Run
from runbooks.queries.offer import INPUT, Asked, Offer, Offers, fence, vote
from runbooks.queries.second_offers import acknowledge, left_open, seconds
from runbooks.queries.steps import StepRows
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import counted, listed
from runbooks.services import stopping

S = StepState


def offers(run: Run, rows: StepRows, viewer: Viewer, *, not_proven: str = "") -> Offers:
    """`not_proven` is why a step of unknown outcome cannot be armed again yet; empty when it can."""
    if run.is_over:
        return Offers(None, tuple(left_open(rows, viewer)))
    if run.is_rehearsal:
        return Offers()
    find = PRIMARY.get(S(rows.step.state))
    primary = find(run, rows, viewer, not_proven) if find else None
    if rows.is_drifted and viewer.may_command:
        primary = acknowledge(rows)
    others = tuple(seconds(rows, viewer))
    if primary and rows.step.state == S.UNKNOWN and rows.seen.is_guided:
        # The command is for a person to run first; asking anew is the exception.
        return Offers(None, (replace(primary, title="Ask for it anew…"), *others))
    return Offers(primary, others)


def _confirm(run: Run, rows: StepRows, viewer: Viewer, _not_proven: str) -> Offer | None:
    if not viewer.may_command:
        return None
    step, preflight = rows.step, rows.preflight
    is_guided = bool(preflight and preflight.preview.get("is_guided"))
    prompts = preflight.prompts if preflight else ()
    return Offer(
        "run-now" if is_guided else "request",
        "I run it now" if is_guided else _verb(run, step.title),
        explains=_by_hand(rows) if is_guided else "",
        phrase=preflight.phrase if preflight else "",
        asks=[Asked(f"{INPUT}{row['name']}", row["label"], row["help"], row["is_required"]) for row in prompts],
        binds=f"{_covers(run, rows, preflight.digest if preflight else '')} {_then(rows)}",
        why_not=_not_read(rows) or _not_now(run, rows),
        hidden=[("fence", str(step.fence)), ("digest", preflight.digest if preflight else "")],
    )


def _by_hand(rows: StepRows) -> str:
    if rows.asks:
        return "This cluster takes no such command from here. Once others have agreed and the guards are met, run it."
    return "This cluster takes no such command from here. Once the guards are met again, run it: this page says when."


def _then(rows: StepRows) -> str:
    others = rows.asks
    if not others:
        return "If any of it changes before it is sent, nothing is sent."
    return f"{counted(others, 'other person', 'other persons')} must agree before anything is sent."


def _approve(run: Run, rows: StepRows, viewer: Viewer, _not_proven: str) -> Offer | None:
    attempt = rows.live
    if attempt is None or not rows.votes.waits_for(viewer):
        return None
    return Offer(
        "approve",
        f"Approve: {rows.step.title}",
        phrase=attempt.phrase,
        phrase_label="To approve, type",
        why_not=_not_now(run, rows),
        hidden=vote(rows),
        binds=f"{_covers(run, rows, attempt.digest)} Any change to it makes your approval void, and the page says why.",
    )


def _look_again(run: Run, rows: StepRows, viewer: Viewer, _not_proven: str) -> Offer | None:
    if not viewer.may_command:
        return None
    return Offer(
        "look",
        "Look again",
        explains="Fresh facts are read. If every guard is met then, the step is carried out as it was confirmed.",
        why_not=_held(run),
        hidden=[fence(rows)],
    )


def _rearm(_run: Run, rows: StepRows, viewer: Viewer, not_proven: str) -> Offer | None:
    if not viewer.may_command:
        return None
    left, whole = rows.all_left, rows.seen.all_items
    what = f"{left} of {whole}" if 0 < left < whole else "this step"
    return Offer(
        "rearm",
        f"Allow {what} to be sent again" if rows.step.nature == "act" else "Try this step again",
        explains="Confirmation and approvals are asked for again, for what is proven not applied alone.",
        needs_reason=True,
        why_not=not_proven,
        hidden=[fence(rows)],
        reasons=("the cause is put right", "provably not applied", "refused by the cluster, can be sent again"),
    )


PRIMARY: dict[StepState, Callable[[Run, StepRows, Viewer, str], Offer | None]] = {
    S.READY: _confirm,
    S.AWAITING_APPROVAL: _approve,
    S.BLOCKED: _look_again,
    S.PARTIAL: _rearm,
    S.FAILED: _rearm,
    S.UNKNOWN: _rearm,
}


def _covers(run: Run, rows: StepRows, digest: str) -> str:
    targets = rows.preflight.targets if rows.preflight else []
    named = f" on {listed(targets)}" if 0 < len(targets) <= 3 else f" on {counted(len(targets), 'target')}"
    where = "" if targets in ([], [THE_STEP]) else named
    version = f"{run.version.definition.slug} v{run.version.number}"
    return f"This covers {version}, this step{where}, and the categories of facts above (digest {digest[:8]})."


def _verb(run: Run, title: str) -> str:
    return f"Drill: {title}" if run.mode == "drill" else title


def _held(run: Run) -> str:
    if run.held:
        return "the run is held"
    if inventory.why_none():
        return "no inventory is in force"
    if stopping.is_on():
        return "all sending is stopped"
    return "" if run.state == RunState.RUNNING else f"the run is {run.state}"


def _not_read(rows: StepRows) -> str:
    """Why nothing can be confirmed yet: what was read was read before the step's last move, or says nothing."""
    found = rows.preflight
    if found is None or found.at is None or found.fence != rows.step.fence or not (found.digest or found.problem):
        return "the facts for it are being read"
    return "" if found.digest else found.problem


def _not_now(run: Run, rows: StepRows) -> str:
    if held := _held(run):
        return held
    codes = listed(dict.fromkeys(verdict["code"] for verdict in rows.refusals))
    return f"{codes} would refuse it now, and nothing would be sent" if codes else ""
