"""docs/own-runbooks.md is a runbook that runs, as it stands there; and one that holds it."""

from __future__ import annotations

import re
import sys

import pytest

from config.demo.children import ROOT
from runbooks.models import DefinitionVersion, Run
from runbooks.services import definitions, runs
from runbooks.services.errors import Invalid
from tests.clusters.servers import answering, keeping, misbehaving
from tests.fixtures.sandbox import in_use
from tests.runbooks.driving import put_in_force, who

PAIRS = ("orders",)
INNER, SCHEMAS, OUTER = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "own-runbooks.md").read_text(), re.DOTALL)


@pytest.fixture
def orders(orders, sandbox):
    """Its inventory names the shop's status page, which answers."""
    with misbehaving(keeping(answering("all is well"))) as page:
        text = re.sub(r"(?m)^(\s+status): .*$", rf"\1: {page.url}", sandbox.inventory_text())
        put_in_force(in_use(sys.modules[__name__], text))
        orders.look()
        yield orders


def released(people, text: str) -> DefinitionVersion:
    """Written by an admin, approved by a reviewer."""
    draft = definitions.save_draft(who(people.admin), text)
    sent = definitions.submit(who(people.admin), draft.pk)
    return definitions.approve(who(people.reviewer), sent.pk, digest=sent.digest)


def states(run: Run) -> dict[str, str]:
    return dict(run.steps.order_by("position").values_list("key", "state"))


def go(orders, people, run: Run, prefix: str = "") -> None:
    """`needs` lets the check and the nightly jobs go at once."""

    def done(key: str, **said: str) -> None:
        orders.go(people.commander, people.commander2, run, prefix + key, **said)

    done("tell", observed="the shop's team is awake")
    found = states(run)
    assert [found[prefix + key] for key in ("status-page", "stop-nightly", "caches")] == ["ready", "ready", "locked"]
    done("stop-nightly", observed="no pods found")
    assert states(run)[prefix + "caches"] == "locked"
    done("status-page")
    done("caches", observed="0.4 s")


def test_a_teams_own_page_runs_as_it_is_written_down(orders, people):
    released(people, INNER)
    run = orders.start(people.commander, "warm-up-shop", {"from": "us-east"})
    go(orders, people, run)
    orders.work_until(lambda: Run.objects.get(pk=run.pk).state == "completed", "the run to end")


def test_it_runs_inside_another_one_pinned_by_its_digest(orders, people):
    inner = released(people, INNER)
    with pytest.raises(Invalid, match=f"write version: {inner.digest}"):
        definitions.submit(who(people.admin), definitions.save_draft(who(people.admin), OUTER).pk)
    released(people, OUTER.replace("DIGEST", inner.digest))
    run = orders.start(people.commander, "move-shop", {"from": "us-east"})
    assert list(states(run)) == ["before-tell", "before-status-page", "before-stop-nightly", "before-caches", "over"]
    go(orders, people, run, "before-")
    orders.go(people.commander, people.commander2, run, "over", observed="it is there")
    orders.work_until(lambda: Run.objects.get(pk=run.pk).state == "completed", "the run to end")


def test_a_newer_inner_text_changes_nothing_and_a_retired_one_starts_nothing(orders, people):
    inner = released(people, INNER)
    outer = released(people, OUTER.replace("DIGEST", inner.digest))
    run = orders.start(people.commander, "move-shop", {"from": "us-east"})
    newer = released(people, INNER.replace("Tell the others", "Tell everybody"))
    assert orders.step(run, "before-tell").title == "Tell the others"
    runs.abort(who(people.commander), run.pk, reason="another one is to begin")
    again = orders.start(people.commander, "move-shop", {"from": "us-east"})
    assert orders.step(again, "before-tell").title == "Tell the others"

    draft = definitions.save_draft(who(people.admin), outer.text + "\n# a remark\n")
    with pytest.raises(Invalid, match=f"newer version in force; write version: {newer.digest}"):
        definitions.submit(who(people.admin), draft.pk)

    runs.abort(who(people.commander), again.pk, reason="another one is to begin")
    definitions.retire(who(people.reviewer), "warm-up-shop", reason="nobody does it like that any more")
    with pytest.raises(Invalid, match="It holds warm-up-shop, which is retired"):
        orders.start(people.commander, "move-shop", {"from": "us-east"})


def test_two_steps_at_once_are_both_kept_from_going_on_by_a_pause_and_ended_by_an_abort(orders, people):
    released(people, INNER)
    run = orders.start(people.commander, "warm-up-shop", {"from": "us-east"})
    orders.go(people.commander, people.commander2, run, "tell", observed="yes")
    runs.pause(who(people.commander), run.pk, reason="a breath")
    assert Run.objects.get(pk=run.pk).state == "paused"  # nothing was under way
    runs.resume(who(people.commander), run.pk)
    waiting = orders.confirm(people.commander, orders.step(run, "stop-nightly"), observed="no pods found")
    assert waiting.state == "awaiting_approval"
    orders.go(people.commander, people.commander2, run, "status-page")
    runs.abort(who(people.commander), run.pk, reason="enough")
    orders.work_until(lambda: Run.objects.get(pk=run.pk).state == "aborted", "the run to be over")
    assert states(run) == {
        "tell": "succeeded", "status-page": "succeeded", "stop-nightly": "cancelled", "caches": "cancelled",
    }  # fmt: skip


@pytest.mark.parametrize("is_answered", [True, False])
def test_the_surviving_side_takes_new_schemas_after_an_outage(orders, people, outage, control, is_answered):
    """Without an answer it is seen to be done, and not sent again."""
    released(people, SCHEMAS)
    run = orders.start(people.commander, "schemas-follow", {"failed": "us-east"}, outage)
    orders.go(people.commander, people.commander2, run, "confirm-outage")
    if not is_answered:
        control.fault("orders", "accepted-then-dropped", "eu-west", applied=True)
    orders.go(people.commander, people.commander2, run, "take-schemas")
    sent = [(row["action"], row["side"], row["settings"], row["outcome"]) for row in control.journal("orders")]
    assert sent == [
        ("registry-mode", "eu-west", {"mode": "READWRITE"}, "accepted" if is_answered else "dropped-applied")
    ]
    step = orders.step(run, "take-schemas")
    assert step.armings.get().pre_state == {"here": {"all subjects": "IMPORT"}}
    assert step.summary == "1 of 1 read READWRITE on eu-west"
