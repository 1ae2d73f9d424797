"""A runbook inside a runbook: what is wrong is said at its line, and nothing of the inner one gets weaker."""

from __future__ import annotations

import hashlib

import pytest

from runbooks.engine.definition import BadValue, DefinitionError, build, parse
from runbooks.engine.fields import Reference
from runbooks.engine.steps.groups_stop import StopGroups
from runbooks.engine.written import Confirm, side_by_side

INNER = """\
runbook: move-groups
title: Move the groups
parameters:
  left: {type: side}
  groups: {type: consumer-groups}
steps:
  - key: stop
    kind: groups.stop
    with: {side: "${left}", groups: "${groups}"}
    confirm: {typed: cluster}
    approvals: 2
    guards: [{fresh_facts: {within: 5s}}]
  - key: look
    kind: manual
    with: {action: Look, evidence: It is there}
    needs: []
  - key: start
    kind: groups.start
    with: {away_from: "${left}", groups: "${groups}"}
    needs: [stop]
"""
OUTER = """\
runbook: whole
title: The whole
parameters:
  failed: {type: side}
  topics: {type: topics}
steps:
  - key: first
    kind: manual
    with: {action: Look, evidence: It is there}
  - key: move
    runbook: move-groups
    version: DIGEST
    with: {left: "${failed}", groups: [settlement]}
  - key: last
    kind: manual
    with: {action: Look, evidence: It is there}
"""


class Texts:
    """Approved texts by their digest."""

    def __init__(self, *texts: str) -> None:
        self.by_digest = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}

    def text(self, slug: str, digest: str) -> str | None:
        found = self.by_digest.get(digest)
        return found if found and f"runbook: {slug}\n" in found else None

    def approved(self, slug: str) -> str | None:
        return next((digest for digest in self.by_digest if self.text(slug, digest)), None)


KNOWN = Texts(INNER)
(DIGEST,) = KNOWN.by_digest


def outer(old: str = "", new: str = "") -> str:
    text = OUTER.replace("DIGEST", DIGEST)
    assert old in text
    return text.replace(old, new, 1) if old else text


def complaints(text: str, known: Texts = KNOWN) -> list[tuple[int, str]]:
    with pytest.raises(DefinitionError) as refused:
        parse(text, known)
    return [(complaint.line, complaint.text) for complaint in refused.value.complaints]


def test_its_steps_stand_where_the_entry_stood() -> None:
    found = parse(outer(), KNOWN)
    assert {step.key: step.needs for step in found.steps} == {
        "first": (),
        "move-stop": ("first",),
        "move-look": ("first",),
        "move-start": ("move-stop",),
        "last": ("move-look", "move-start"),
    }
    assert [step.group for step in found.steps] == ["", *["Move the groups"] * 3, ""]
    assert [(held.key, held.slug, held.digest) for held in found.holds] == [("move", "move-groups", DIGEST)]


def test_confirmations_approvals_guards_and_values_stay_as_they_were_written() -> None:
    inner, found = parse(INNER).step("stop"), parse(outer(), KNOWN).step("move-stop")
    assert (found.confirm, found.approvals, found.guards) == (Confirm.CLUSTER, 2, inner.guards)
    assert (found.timeout, found.title, found.help, found.kind) == (inner.timeout, inner.title, inner.help, inner.kind)
    assert found.with_ == {"side": Reference("failed"), "groups": ("settlement",)}
    assert build(found, {"failed": "us-east"}) == StopGroups(side="us-east", groups=("settlement",))
    with pytest.raises(BadValue, match="step move-stop: parameter failed has no value"):
        build(found, {})


def test_another_inner_text_is_another_runbook() -> None:
    """The pin stands in the text, so the outer digest covers it."""
    other = INNER.replace("approvals: 2", "approvals: 0")
    both = Texts(INNER, other)
    digest = hashlib.sha256(other.encode()).hexdigest()
    one, two = parse(outer(), both), parse(outer(DIGEST, digest), both)
    assert one.digest != two.digest
    assert [one.step("move-stop").approvals, two.step("move-stop").approvals] == [2, 0]


def test_whoever_needs_the_entry_needs_its_last_steps_and_may_go_beside_it_without() -> None:
    last = "  - key: last\n    kind: manual\n    needs: [first]\n"
    found = parse(outer("  - key: last\n    kind: manual\n", last), KNOWN)
    beside = side_by_side({step.key: step.needs for step in found.steps})
    assert beside["last"] == ("move-stop", "move-look", "move-start")
    assert beside["first"] == ()
    assert beside["move-look"] == ("move-stop", "move-start", "last")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (f"    version: {DIGEST}\n", "", 10, f"pin the text of move-groups by its digest; write version: {DIGEST}"),
        (DIGEST, "abc", 10, "must pin the text"),
        (DIGEST, "f" * 64, 10, "move-groups has no approved version ffffffffffff…; the one in force is"),
        ("runbook: move-groups", "runbook: move-group", 10, "there is no approved runbook 'move-group'"),
        ("runbook: move-groups", "runbook: whole", 11, "a runbook cannot hold itself"),
        ("left:", "lft:", 13, "move-groups has no parameter 'lft'; did you mean 'left'?"),
        (', groups: [settlement]', "", 13, "move-groups needs groups"),
        ("[settlement]", '"${topics}"', 13, "wants consumer-groups, but parameter topics is of type topics"),
        ("[settlement]", '"${nothing}"', 13, "there is no parameter 'nothing'"),
        ("    with: {left", "    approvals: 0\n    with: {left", 13, "has no key 'approvals'"),
        ("    with: {left", "    needs: [frst]\n    with: {left", 10, "needs 'frst', which is no step"),
        ("key: last", "key: move-stop", 14, "two steps have the key 'move-stop'"),
        ("key: last", "key: move", 10, "a step has the key 'move' too"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_line(old: str, new: str, line: int, says: str) -> None:
    found = complaints(outer(old, new))
    assert any(at == line and says in text for at, text in found), found


def test_a_second_level_and_so_a_circle_is_refused_with_its_line() -> None:
    deep = INNER + f"  - key: again\n    runbook: whole\n    version: {'1' * 64}\n"
    digest = hashlib.sha256(deep.encode()).hexdigest()
    ((line, text),) = complaints(outer(DIGEST, digest), Texts(deep))
    assert line == 10
    assert "its text is wrong in line 22: step again: one level is all there is; move-groups holds whole" in text


def test_an_inner_text_that_this_release_cannot_read_is_told() -> None:
    broken = INNER.replace("groups.stop", "groups.halt")
    ((line, text),) = complaints(outer(DIGEST, hashlib.sha256(broken.encode()).hexdigest()), Texts(broken))
    assert line == 10
    assert "its text is wrong in line 8: step stop: there is no step kind 'groups.halt'" in text


def test_a_library_that_gives_another_text_is_not_believed() -> None:
    lying = Texts(INNER)
    lying.by_digest = {DIGEST: INNER.replace("approvals: 2", "approvals: 0")}
    ((_, text),) = complaints(outer(), lying)
    assert "the text of move-groups is not the one that" in text


def test_it_must_be_for_the_same_pairs() -> None:
    aa = INNER.replace("parameters:", "applies_to: {topology: active-active}\nparameters:", 1)
    digest = hashlib.sha256(aa.encode()).hexdigest()
    (_, said), *_ = complaints(outer(DIGEST, digest), Texts(aa))
    assert "move-groups is for active-active pairs, and whole for any" in said
    same = outer(DIGEST, digest).replace("parameters:", "applies_to: {topology: active-active}\nparameters:", 1)
    assert len(parse(same, Texts(aa)).steps) == 5


def test_without_a_library_none_can_be_held() -> None:
    with pytest.raises(DefinitionError, match="there is no approved runbook 'move-groups'"):
        parse(outer())


def test_together_they_are_not_longer_than_one_may_be() -> None:
    many = "".join(
        f"  - {{key: m{number}, runbook: move-groups, version: {DIGEST}, with: {{left: a, groups: [g]}}}}\n"
        for number in range(21)
    )
    found = complaints(f"runbook: long\ntitle: Long\nsteps:\n{many}", KNOWN)
    assert "with the runbooks it holds it has 63 steps; 60 at most" in found[0][1]
