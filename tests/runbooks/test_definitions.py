"""Writing, reviewing and releasing runbooks: never one's own, never a text that was not read."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from audit.models import Event
from people.models import Account
from people.rights import Forbidden
from runbooks.engine.states import IllegalMove
from runbooks.models import Definition, DefinitionVersion
from runbooks.services import definitions
from runbooks.services.errors import Invalid, Stale
from tests.runbooks.driving import who
from tests.runbooks.texts import ATTESTED

TEXT = ATTESTED % 0


@pytest.fixture
def draft(people) -> DefinitionVersion:
    return definitions.save_draft(who(people.admin), TEXT)


@pytest.fixture
def in_review(people, draft) -> DefinitionVersion:
    return definitions.submit(who(people.admin), draft.pk)


def test_a_draft_goes_through_another_persons_hands(people, in_review):
    after = definitions.approve(who(people.reviewer), in_review.pk, digest=in_review.digest)
    assert after.state == "approved"
    assert after.approved_by == people.reviewer.person
    kinds = Event.objects.filter(kind__startswith="definition.").order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["definition.drafted", "definition.submitted", "definition.approved"]


@pytest.mark.parametrize("role", ["viewer", "commander", "reviewer"])
def test_only_an_admin_writes(people, role):
    with pytest.raises(Forbidden):
        definitions.save_draft(who(getattr(people, role)), TEXT)


@pytest.mark.parametrize("role", ["viewer", "commander"])
def test_only_a_reviewer_or_an_admin_approves(people, in_review, role):
    with pytest.raises(Forbidden):
        definitions.approve(who(getattr(people, role)), in_review.pk, digest=in_review.digest)


def test_nobody_approves_their_own_text_with_any_account(people, in_review):
    again = Account(username="admin-again", person=people.admin.person)
    again.set_unusable_password()
    again.save()
    for account in (people.admin, again):
        with pytest.raises(Forbidden, match="another person"):
            definitions.approve(who(account), in_review.pk, digest=in_review.digest)


def test_the_database_refuses_an_own_approval_too(people, in_review):
    rows = DefinitionVersion.objects.filter(pk=in_review.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="approved", approved_by=people.admin.person)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="approved")


def test_a_text_is_not_changed_once_it_was_handed_in(people, in_review):
    with pytest.raises(IllegalMove):
        definitions.save_draft(who(people.admin), TEXT + "# more\n", version_id=in_review.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        DefinitionVersion.objects.filter(pk=in_review.pk).update(text="other")


def test_approving_means_the_text_that_was_read(people, in_review):
    with pytest.raises(Stale):
        definitions.approve(who(people.reviewer), in_review.pk, digest="0" * 64)


def test_a_wrong_text_can_be_kept_and_not_handed_in(people):
    wrong = TEXT.replace("kind: manual", "kind: manaul")
    kept = definitions.save_draft(who(people.admin), wrong)
    with pytest.raises(Invalid) as refused:
        definitions.submit(who(people.admin), kept.pk)
    assert "line " in refused.value.problems["text"]
    assert "manual" in refused.value.problems["text"]


@pytest.mark.parametrize("text", ["", "steps: []", "runbook: Not A Slug", "{{{{", "- a list"])
def test_a_text_without_a_usable_name_is_not_kept(people, text):
    with pytest.raises(Invalid, match="line 1"):
        definitions.save_draft(who(people.admin), text)
    assert not Definition.objects.exists()


def test_another_admin_begins_a_version_of_their_own(people, draft):
    with pytest.raises(Forbidden):
        definitions.save_draft(who(people.admin2), TEXT, version_id=draft.pk)
    assert definitions.save_draft(who(people.admin2), TEXT).number == 2


def test_a_rejection_says_why_and_gives_the_text_back(people, in_review):
    after = definitions.reject(who(people.reviewer), in_review.pk, digest=in_review.digest, reason="too short")
    assert (after.state, after.rejection) == ("draft", "too short")
    definitions.save_draft(who(people.admin), TEXT + "# longer\n", version_id=after.pk)


def test_a_newer_approval_retires_the_one_before(people, in_review):
    definitions.approve(who(people.reviewer), in_review.pk, digest=in_review.digest)
    newer = definitions.save_draft(who(people.admin), TEXT + "# newer\n")
    definitions.submit(who(people.admin), newer.pk)
    definitions.approve(who(people.reviewer), newer.pk, digest=newer.digest, review_by=date(2030, 1, 1))

    in_review.refresh_from_db()
    assert in_review.state == "retired"


def test_a_retired_runbook_has_no_version_to_start(people, in_review):
    definitions.approve(who(people.reviewer), in_review.pk, digest=in_review.digest)
    definitions.retire(who(people.admin), "attested", reason="unused")
    assert not DefinitionVersion.objects.filter(state="approved").exists()


def test_what_a_release_brings_is_approved_by_it_and_an_update_is_a_draft(db, tmp_path):
    path = tmp_path / "attested.yaml"
    path.write_text(TEXT)
    (first,) = definitions.import_released(tmp_path)
    assert (first.state, first.is_released, first.author) == ("approved", True, None)
    assert definitions.import_released(tmp_path) == []

    path.write_text(TEXT + "# better\n")
    (update,) = definitions.import_released(tmp_path)
    assert (update.number, update.state) == (2, "draft")
    first.refresh_from_db()
    assert first.state == "approved"
    assert {event.source for event in Event.objects.filter(kind="definition.imported")} == {"release"}


def test_the_update_of_a_release_is_handed_in_and_approved_by_people(people, tmp_path):
    path = tmp_path / "attested.yaml"
    path.write_text(TEXT)
    definitions.import_released(tmp_path)
    path.write_text(TEXT + "# better\n")
    (update,) = definitions.import_released(tmp_path)

    definitions.submit(who(people.admin), update.pk)
    assert definitions.approve(who(people.admin2), update.pk, digest=update.digest).state == "approved"
