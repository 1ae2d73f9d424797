"""Forms in other hands: a second account of the same person, another run, a session that has ended, a later hour."""

from __future__ import annotations

import pytest

from people.rights import Forbidden
from runbooks.engine.states import Mode
from runbooks.models import Approval, Attempt, Run
from runbooks.services import decisions, nonces
from tests.runbooks.driving import who
from tests.runbooks.pages.conftest import act, page_of
from tests.runbooks.pages.test_confirm_step import state


@pytest.fixture
def asked(commander, moving) -> Run:
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    assert state(moving, "move") == "awaiting_approval"
    return moving


def test_a_second_account_is_refused_by_a_forged_form(same_person, orders, asked):
    """Every field right: fence, digest, phrase, and a number made for this very account, session and step."""
    step = orders.step(asked, "move")
    attempt, account = Attempt.objects.get(step=step), same_person.client.session["_auth_user_id"]
    assert int(account) != attempt.requester.accounts.get(username="commander").pk
    page = same_person.open(page_of(asked))
    number = page.html.split('name="nonce" value="')[1].split('"')[0]  # of another form of that page
    fields = {"fence": step.fence, "digest": attempt.digest, "nonce": number, "phrase": "eu-west", "reason": "mine"}
    for act_name in ("approve", "decline"):
        assert same_person.post(act(asked, "move", act_name), fields).status == 403
    assert not Approval.objects.exists()
    assert state(asked, "move") == "awaiting_approval"


def test_a_second_account_is_refused_at_the_shell(same_person, people, orders, asked):
    """What a command or a script would call."""
    step = orders.step(asked, "move")
    asker = who(people.commander.person.accounts.exclude(pk=people.commander.pk).get())
    with pytest.raises(Forbidden, match="with this account or another of yours"):
        decisions.approve(
            asker, step.pk, fence=step.fence, digest=Attempt.objects.get(step=step).digest,
            nonce=nonces.issue(asker, step), phrase="eu-west",
        )  # fmt: skip
    assert not Approval.objects.exists()


def test_a_form_of_one_run_is_nothing_to_another(commander, orders, people, moving):
    other = orders.start(people.commander, "move", {"producers": ["checkout"]}, mode=Mode.REHEARSAL)
    form = commander.open(page_of(moving)).form("confirm").filled(phrase="eu-west")
    assert commander.post(act(other, "move", "request"), form).status in {409, 422}
    assert not Attempt.objects.exists()


def test_a_step_is_found_through_its_own_run_alone(commander, orders, people, moving, attesting_beside):
    assert commander.get(f"{page_of(moving)}?step=say-so-too").status == 404
    assert commander.post(act(moving, "say-so-too", "request"), {}).status == 404


@pytest.fixture
def attesting_beside(orders, people):
    from tests.runbooks.texts import ATTESTED, approved

    approved(ATTESTED.replace("key: say-so", "key: say-so-too") % 0)
    return orders.start(people.commander, "attested", {}, mode=Mode.REHEARSAL)


def test_a_form_that_is_sent_again_after_the_abort_does_nothing(commander, moving):
    used, unused = (commander.open(page_of(moving)) for _ in range(2))
    commander.send(used, "confirm", phrase="eu-west")
    commander.send(commander.open(page_of(moving)), "act-abort", reason="enough")
    assert commander.send(used, "confirm", phrase="eu-west").status == 200  # the first one's result: it was aborted
    assert commander.send(unused, "confirm", phrase="eu-west").status == 409
    assert state(moving, "move") == "cancelled"
    assert Attempt.objects.count() == 1


def test_a_form_of_a_session_that_ended_does_nothing_and_leads_back(commander, moving):
    page = commander.open(page_of(moving))
    form, account = page.form("confirm"), commander.client.session["_auth_user_id"]
    commander.client.session.flush()
    answer = commander.client.post(
        form.action, form.filled(phrase="eu-west"), headers={"Referer": f"http://testserver{page_of(moving)}"}
    )
    assert answer.headers["Location"] == f"/people/sign-in?next={page_of(moving)}"
    assert not Attempt.objects.exists()

    commander.client.force_login(type(moving.started_by.accounts.first()).objects.get(pk=account))
    again = commander.send(page, "confirm", phrase="eu-west")  # in the new session, from a tab of the old one
    assert again.status == 422
    assert again.form("confirm").fields["phrase"] == ["eu-west"]
    assert commander.send(again, "confirm").status == 200
    assert state(moving, "move") == "awaiting_approval"
