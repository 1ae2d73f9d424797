"""The README of an evidence pack: what each file is, how to check it, and the format that it is checked by."""

from __future__ import annotations

FILES = """record.jsonl    one event per line, in order: seq, prev, hash, and body, the exact text that was hashed
side.jsonl      names and free texts; the events hold only their salted digests
evidence.jsonl  what was kept as evidence in these events: the exact text under the digest that its event names
checkpoints.jsonl  {heads}
{more}keys.txt        the keys that the record announces, first to last; the last one signs now
verify.py       checks all of it with nothing but Python 3.9 or newer:  python3 -I verify.py

Installation  {{installation}}
Events        {{stretch.first}} to {{stretch.last}}
Head          {{stretch.last}}:{{stretch.hash}}

Who decided what, and what they were shown, is in the events step.requested, step.confirmed, step.agreed, step.approved
and step.declined: the guards, and the numbers under facts, "seen".
"""
FORMAT = """
Format, version 1: hash = SHA-256("breakwater.audit.v1" + NUL + prev as 32 bytes + body as UTF-8). The first event
follows 32 zero bytes. body is JSON with sorted keys, no white space, no floats, NFC, instants in UTC with microseconds.
digest = SHA-256("breakwater.audit.side.v1" + NUL + salt as bytes + text as UTF-8); that of evidence is SHA-256(text).

Heads: notes as c2sp.org/signed-note, checkpoints as c2sp.org/tlog-checkpoint with the lines "time" and "head" (the hash
of the newest event). The root is that of RFC 6962; leaf n - 1 is SHA-256(NUL + body of event n as UTF-8). A head of n
events is signed by the key of the last event anchor-key.created or anchor-key.rotated up to n; a rotation is signed by
both keys.
"""
WHOLE = (
    "A Breakwater record, exported\n=============================\n\n"
    + FILES.format(heads="the signed heads that the database held, one note per line", more="")
    + """
Note the head somewhere that whoever holds this folder cannot change. A chain shows edits, gaps and forks; it cannot
show that its end was cut off, or that all of it was rewritten. `python3 -I verify.py --head SEQ:HASH` can.
So can signed heads: compare the key that verify.py names with the one you noted, or give it with --key; and give it
what an anchor kept with --anchor.
"""
    + FORMAT
)
STRETCH = (
    "A stretch of a Breakwater record\n================================\n\n"
    + FILES.format(
        heads="the signed head that covers these events",
        more="""key-events.jsonl  the first event of the record, and those that announce keys: they say who may sign
proof.json      the hashes that lead from all of these events to the root of that head
""",
    )
    + """
The stretch is whole: everything that was recorded from its first event to its last, of whatever run. Whether it is the
stretch you asked for, its first and last event tell. Compare the key that verify.py names with the one you noted, or
give it with --key; and give it what an anchor kept with --anchor.
"""
    + FORMAT
    + """
proof.json: the roots of the largest subtrees of that tree that hold none of the events given here, left to right, as
base64. The tree of n leaves is split at the largest power of two below n.
"""
)
