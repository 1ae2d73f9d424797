"""What persons decide about a step. Each service returns the step as it is afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.clock import database_now
from audit.ledger import ledger
from dashboard import inventory
from people.models import Person
from people.rights import Forbidden, Right
from runbooks.engine.outcome import Level
from runbooks.engine.states import Event, IllegalMove, StepState
from runbooks.models import Approval, Attempt, Preflight, StepRun
from runbooks.services import binding, nonces
from runbooks.services.boundaries import settle
from runbooks.services.checks import get, has_proved, is_current, is_running, needed
from runbooks.services.errors import Invalid, Stale
from runbooks.services.moves import end_attempt, live_attempt, move
from runbooks.services.plain import digest as digest_of
from runbooks.services.plain import recordable
from runbooks.services.waiving import approvals_of
from runbooks.services.who import Who


def request_step(
    who: Who,
    step_id: int,
    *,
    fence: int,
    digest: str,
    nonce: str,
    phrase: str = "",
    inputs: Mapping[str, str] | None = None,
) -> StepRun:
    """Confirm a step: it is queued, or waits for other persons. The same form again gets the first one's result.

    `digest` is that of the preflight the page showed; `phrase` what was typed; `inputs` the answers to its prompts.
    """
    return _confirm(who, step_id, fence, digest, nonce, phrase, inputs or {}, is_guided=False)


def i_run_it_now(
    who: Who,
    step_id: int,
    *,
    fence: int,
    digest: str,
    nonce: str,
    phrase: str = "",
    inputs: Mapping[str, str] | None = None,
) -> StepRun:
    """Confirm a guided action: after the same guards and approvals the step says *sent*, and the person runs the
    command that the preflight shows. What came of it is observed like any other."""
    return _confirm(who, step_id, fence, digest, nonce, phrase, inputs or {}, is_guided=True)


def _confirm(
    who: Who,
    step_id: int,
    fence: int,
    digest: str,
    nonce: str,
    phrase: str,
    inputs: Mapping[str, str],
    *,
    is_guided: bool,
) -> StepRun:
    with ledger(who.actor) as book:
        person, now = who.require(Right.COMMAND), database_now()
        step = get(step_id)
        body = digest_of({"do": "confirm", "digest": digest, "phrase": phrase, "inputs": inputs, "guided": is_guided})
        if not nonces.spend(who, step, fence, nonce, body, now):
            return step
        is_current(step, fence, StepState.READY)
        is_running(step)
        has_proved(who, step, now)
        preflight = _shown(step, digest, is_guided=is_guided)
        answers = _answers(preflight, phrase, inputs)
        attempt = _arm(step, preflight, person, answers, now, is_guided=is_guided)
        event = Event.REQUESTED if approvals_of(step, attempt.number) else Event.CONFIRMED
        said = "; ".join(f"{name}: {text}" for name, text in answers.items())
        move(
            book, step, event, by=person, attempt=attempt, attempts=attempt.number, reason=said,
            guards=preflight.verdicts, facts={"seen": preflight.seen, "targets": preflight.targets, "typed": phrase},
        )  # fmt: skip
        return step


def _shown(step: StepRun, digest: str, *, is_guided: bool) -> Preflight:
    """The preflight that the form was made from, if it still stands."""
    preflight = Preflight.objects.filter(step=step).first()
    if preflight is None or not preflight.digest:
        why = preflight.problem if preflight else ""
        raise Invalid(why or "The facts for this step have not been read yet: wait a moment and reload the page.")
    if (preflight.fence, preflight.digest) != (step.fence, digest):
        raise Stale("What this step rests on has changed since the page was made: reload it and read it again.")
    forbidden = [row for row in preflight.verdicts if row["level"] == Level.ABSOLUTE and not row["is_met"]]
    if forbidden:
        raise Invalid({"": f"Refused by {forbidden[0]['code']}: {forbidden[0]['says']}"})
    if bool(preflight.preview.get("is_guided")) is not is_guided:
        raise Invalid(
            "This cluster's REST does not serve the command: run it by hand, as the page shows."
            if not is_guided
            else "This step is sent by Breakwater; it is not one to run by hand."
        )
    return preflight


def _answers(preflight: Preflight, phrase: str, inputs: Mapping[str, str]) -> dict[str, str]:
    problems: dict[str, str] = {}
    if wrong := _mistyped(preflight.phrase, phrase, "confirm"):
        problems["phrase"] = wrong
    answers = {row["name"]: inputs.get(row["name"], "").strip() for row in preflight.prompts}
    for row in preflight.prompts:
        if row["is_required"] and not answers[row["name"]]:
            problems[row["name"]] = f"{row['label']}: say it; this step rests on it."
    if problems:
        raise Invalid(problems)
    return answers


def _mistyped(wanted: str, phrase: str, act: str) -> str:
    """What to type instead; empty when that was typed, or when nothing has to be."""
    if not wanted or " ".join(phrase.split()) == wanted:
        return ""
    was = f"it was {phrase.strip()[:80]!r}" if phrase.strip() else "nothing was typed"
    return f"Type {wanted!r} to {act}; {was}."


def _arm(
    step: StepRun,
    preflight: Preflight,
    person: Person,
    answers: Mapping[str, str],
    now: datetime,
    *,
    is_guided: bool,
) -> Attempt:
    life = inventory.in_force().pairs[step.run.pair].policy.approval_life
    return Attempt.objects.create(
        step=step, number=step.attempts + 1, requester=person, digest=preflight.digest, binding=preflight.binding,
        seen=preflight.seen, verdicts=preflight.verdicts, inputs=answers,
        phrase=preflight.phrase, is_guided=is_guided,
        command=preflight.preview.get("command", "") if is_guided else "", requested_at=now, expires_at=now + life,
    )  # fmt: skip


@dataclass(frozen=True)
class Word:
    """What somebody says to another person's request, as the form said it."""

    verdict: Approval.Verdict
    digest: str
    reason: str
    phrase: str = ""


def approve(
    who: Who, step_id: int, *, fence: int, digest: str, nonce: str, phrase: str = "", reason: str = ""
) -> StepRun:
    """Agree to what another person confirmed, typing what they had to type; the last approval queues the step."""
    with ledger(who.actor) as book:
        word = Word(Approval.Verdict.APPROVE, digest, reason, phrase)
        step, attempt, person, is_new = _vote(who, step_id, fence, nonce, word)
        if not is_new:
            return step
        is_running(step)
        has_proved(who, step, book.now)
        if wrong := _mistyped(attempt.phrase, phrase, "approve"):
            raise Invalid({"phrase": wrong})
        if attempt.expires_at <= database_now():
            raise Stale(f"The request of {attempt.requester.name} has expired: ask for it to be confirmed again.")
        if why := binding.departed(step, attempt):
            raise Stale(f"What was confirmed is void: {why.why}. Ask for it to be confirmed again.")
        given, shown = _add(attempt, person, Approval.Verdict.APPROVE, digest, reason)
        if given < step.approvals:
            book.add(
                "step.agreed", object=f"{step.run}/{step.key}", run=step.run_id, step=step.pk, attempt=attempt.number,
                fence=step.fence, digest=digest, reason=reason, guards=recordable(shown.verdicts or ()),
                facts={
                    "given": given, "needed": step.approvals, "typed": attempt.phrase, "seen": recordable(shown.seen),
                },
            )  # fmt: skip
        else:
            move(
                book, step, Event.APPROVED, by=person, attempt=attempt, reason=reason, guards=shown.verdicts or (),
                facts={"typed": attempt.phrase, "seen": shown.seen},
            )  # fmt: skip
        return step


def decline(who: Who, step_id: int, *, fence: int, digest: str, nonce: str, reason: str) -> StepRun:
    """One decline returns the step: it can be confirmed anew."""
    with ledger(who.actor) as book:
        word = Word(Approval.Verdict.DECLINE, digest, reason)
        step, attempt, person, is_new = _vote(who, step_id, fence, nonce, word)
        if not is_new:
            return step
        said = needed(reason)
        _, shown = _add(attempt, person, Approval.Verdict.DECLINE, digest, said)
        end_attempt(attempt, f"declined by {person.name}: {said}")
        move(
            book, step, Event.DECLINED, by=person, attempt=attempt, reason=said, guards=shown.verdicts or (),
            facts={"seen": shown.seen}, summary=f"declined by {person.name}: {said}",
        )  # fmt: skip
        return step


def _vote(who: Who, step_id: int, fence: int, nonce: str, word: Word) -> tuple[StepRun, Attempt, Person, bool]:
    """Shared by both words: rights, the form's number, and that it is the attempt the page showed."""
    person, now, step = who.require(Right.APPROVE_STEP), database_now(), get(step_id)
    is_new = nonces.spend(who, step, fence, nonce, digest_of(asdict(word)), now)
    attempt = live_attempt(step)
    if is_new:
        is_current(step, fence, StepState.AWAITING_APPROVAL)
        assert attempt is not None  # noqa: S101  (a step awaits approval of its live attempt)
        _may_judge(person, attempt)
        if attempt.digest != word.digest:
            raise Stale("What was confirmed is not what this page shows: reload it and read it again.")
    return step, attempt, person, is_new  # type: ignore[return-value]


def _may_judge(person: Person, attempt: Attempt) -> None:
    if attempt.requester_id == person.pk:
        raise Forbidden(
            "You confirmed this step, with this account or another of yours: another person has to agree to it."
        )
    if Approval.objects.filter(attempt=attempt, approver=person).exists():
        raise IllegalMove("You have already given your word on this request; it counts once.")


def _add(attempt: Attempt, person: Person, verdict: Approval.Verdict, digest: str, reason: str) -> tuple[int, Approval]:
    """How many have approved now, and this word with what its person was shown."""
    shown = Preflight.objects.filter(step=attempt.step).values_list("seen", "verdicts").first()
    seen, verdicts = shown if shown and shown[0] else (attempt.seen, attempt.verdicts)
    try:
        with transaction.atomic():
            word = Approval.objects.create(
                attempt=attempt, requester_id=attempt.requester_id, approver=person, verdict=verdict, reason=reason,
                seen=seen, verdicts=verdicts, digest=digest, at=database_now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise Forbidden("The database refused this approval: it must be another person's, once for each.") from error
    return Approval.objects.filter(attempt=attempt, verdict=Approval.Verdict.APPROVE).count(), word


def withdraw(who: Who, step_id: int, *, fence: int) -> StepRun:
    """The confirmer takes it back, until a worker has claimed it."""
    with ledger(who.actor) as book:
        person, step = who.require(Right.COMMAND), get(step_id)
        is_current(step, fence, StepState.AWAITING_APPROVAL, StepState.QUEUED)
        attempt = live_attempt(step)
        if attempt is None or attempt.requester_id != person.pk:
            raise Forbidden("Only the person who confirmed the step can withdraw it; another person can decline it.")
        end_attempt(attempt, f"withdrawn by {person.name}")
        move(book, step, Event.WITHDRAWN, by=person, attempt=attempt, summary=f"withdrawn by {person.name}")
        settle(book, step.run)
        return step
