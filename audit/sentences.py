"""One sentence for each kind of event. A kind that is not listed is read out as written: "Witness fell silent"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# {who} acts, through {source}; {what} is the object, or the step or run it is about; {before} and {after} are states or
# values; {text} is the free text beside the event, for kinds whose object is an opaque id.
SENTENCES = {
    "record.opened": "The record of installation {what} was opened",
    "anchor-key.created": "The key {what} signs heads of the record from here on",
    "anchor-key.rotated": "The key that signs heads of the record was handed on to {what}; both signed for it",
    "person.added": "{who} added the person {text}",
    "person.deactivated": "{who} deactivated {text}",
    "person.activated": "{who} activated {text} again",
    "account.added": "{who} added an account: {text}",
    "role.granted": "{who} granted the role {after} to {text}",
    "role.revoked": "{who} revoked the role {before} of {text}",
    "password.link-made": "{who} made a set-password link for {text}",
    "password.set": "{who} set a password: {text}",
    "sign-in.succeeded": "{who} signed in: {text}",
    "sign-in.failed": "A sign-in failed: {text}",
    "sign-in.renewed": "{who} said again who they are: {text}",
    "sign-out.done": "{who} signed out",
    "break-glass.opened": "{who} broke the glass, to act alone: {text}",
    "break-glass.ended": "{who} ended the break-glass",
    "break-glass.reviewed": "{who} reviewed {what}: {text}",
    "approval.waived": "{who} went on with {what} without another person: {text}",
    "attestation.given": "{who} entered what the owner says of {what}: {text}",
    "exception.recorded": "{who} recorded a verified exception, {what}, for {after}: {text}",
    "exception.revoked": "{who} revoked {what}, for {before}: {text}",
    "inventory.loaded": "The inventory changed",
    "fault.started": "{who} switched on the sandbox fault {what}",
    "fault.stopped": "{who} switched off the sandbox fault {what}",
    "fault.refused": "The sandbox refused: {what}",
    "sandbox.reset": "{who} reset the sandbox pair {what}",
    "inventory.refused": "An inventory that cannot be read was refused; the last good one stays in force",
    "incident.declared": "{who} declared {what}",
    "incident.given-up": "{who} said that the failed side will not come back: {what}",
    "incident.healthy": "{who} said that the applications are healthy: {what}",
    "incident.closed": "{what} was closed",
    "run.started": "{who} started the run {what}",
    "run.pausing": "{who} asked to pause {what}; it takes effect after the step in hand",
    "run.paused": "{what} is paused",
    "run.running": "{what} goes on",
    "run.aborting": "{what} is being aborted; it takes effect after the step in hand",
    "run.aborted": "{what} is aborted",
    "run.completed": "{what} is complete",
    "run.completed-with-exceptions": "{what} is complete, with exceptions",
    "run.held": "{what} is held",
    "sending.stopped": "{who} stopped all sending to all clusters",
    "sending.resumed": "{who} let commands be sent again",
    "run.command-taken": "{who} took command of {what}",
    "run.inventory-adopted": "{who} adopted the changed inventory for {what}",
    "step.unlocked": "{what} is next",
    "step.requested": "{who} confirmed {what}; it waits for another person",
    "step.confirmed": "{who} confirmed {what}",
    "step.agreed": "{who} approved {what}",
    "step.approved": "{who} gave the last approval of {what}",
    "step.declined": "{who} declined {what}",
    "step.withdrawn": "{who} withdrew the confirmation of {what}",
    "step.expired": "The approvals of {what} ran out",
    "step.voided": "The decision on {what} became void: what it was made on has changed",
    "step.claimed": "{what} was claimed by {source}",
    "step.released": "{what} was given back: its worker stopped before anything was sent",
    "step.refused": "{what} was refused by a guard; nothing was sent",
    "step.sent": "{what}: the intent was stored, then the command was sent, once",
    "step.batch-sent": "{what}: the next intent was stored, then its command was sent, once",
    "step.started": "{what} has begun",
    "step.answered": "{what}: the command was accepted, which is not yet done",
    "step.not-sent": "{what} failed: provably nothing was applied",
    "step.lost": "{what}: no usable answer came; the outcome is unknown",
    "step.looked": "{what}: a look found it under way",
    "step.overdue": "{what} takes longer than planned",
    "step.succeeded": "{what} is done",
    "step.partly": "{what} is done in part",
    "step.failed": "{what} failed",
    "step.look-again": "{who} asked for another look at {what}",
    "step.rearmed": "{who} re-armed {what}",
    "step.ticked-on-paper": "{who} entered what paper says: {what} was {text}",
    "step.skipped": "{who} skipped {what}",
    "step.cancelled": "{what} was cancelled",
    "call.answered": "{what}: the answer to the command was recorded",
    "call.answered-late": "{what}: an answer came after its outcome was given up as unknown",
    "items.seen": "{what}: a look at its items found changes",
    "evidence.kept": "Evidence was kept: {what}",
    "guard.overridden": "{who} overrode a guard of {what}",
    "step.drifted": "What {what} brought about no longer holds",
    "step.restored": "What {what} brought about holds again",
    "drift.acknowledged": "{who} acknowledged that {what} no longer holds",
    "definition.drafted": "{who} wrote a draft of {what}",
    "definition.submitted": "{who} asked for a review of {what}",
    "definition.approved": "{who} approved {what}",
    "definition.rejected": "{who} sent {what} back to its writer",
    "definition.superseded": "{what} was replaced by a newer version",
    "definition.version-retired": "{who} retired {what}",
    "definition.retired": "{who} retired the runbook {what}",
    "definition.imported": "The release brought {what}",
}


def tells(kind: str) -> bool:
    """Whether the sentence of this kind holds the free text itself."""
    return "{text}" in SENTENCES.get(kind, "")


def sentence(who: str, body: Mapping[str, Any], text: str = "") -> str:
    """What happened, as a person would say it."""
    what = subject(body)
    pattern = SENTENCES.get(body["kind"])
    if pattern is None:
        noun, _, past = body["kind"].partition(".")
        said = f"{noun.replace('-', ' ')} {past.replace('-', ' ')}".capitalize()
        return f"{said}: {what}" if what else said
    return pattern.format(
        who=who,
        what=what or "it",
        text=text,
        source=body["actor"]["source"],
        before=body["before"],
        after=body["after"],
    )


def subject(body: Mapping[str, Any]) -> str:
    if body["object"]:
        return str(body["object"])
    if body["step"] is not None:
        return f"step {body['step']}"
    return f"run {body['run']}" if body["run"] is not None else ""
