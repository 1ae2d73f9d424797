"""Sign-in links exist in the demo alone, on this machine alone, and sign nobody in by being opened."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import Event
from people.models import Account, Person
from people.rights import roles_of

pytestmark = pytest.mark.django_db

PEOPLE = {
    "Commander 1": "commander",
    "Commander 2": "commander",
    "Reviewer": "reviewer",
    "Admin 1": "admin",
    "Admin 2": "admin",
    "Viewer": "viewer",
}


@pytest.fixture
def tokens(tmp_path: Path, settings, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    settings.MODE, settings.DEMO_SIGN_IN_FILE = "demo", str(tmp_path / "links.json")
    call_command("demo_people", file=settings.DEMO_SIGN_IN_FILE)
    made: dict[str, str] = json.loads(capsys.readouterr().out)
    return made


def link(token: str) -> str:
    return reverse("people:demo-sign-in", args=[token])


def test_the_demo_people_and_their_file(tokens: dict[str, str], settings) -> None:
    assert set(tokens) == set(PEOPLE)
    assert len(set(tokens.values())) == 6
    assert all(len(token) >= 40 for token in tokens.values())
    for account in Account.objects.all():
        assert roles_of(account) == {PEOPLE[account.person.name]}
        assert not account.has_usable_password()
    file = Path(settings.DEMO_SIGN_IN_FILE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {tokens[name]: name.lower().replace(" ", "-") for name in PEOPLE}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_second_start_makes_new_links_for_the_same_people(tokens: dict[str, str], settings, capsys) -> None:
    call_command("demo_people", file=settings.DEMO_SIGN_IN_FILE)
    again = json.loads(capsys.readouterr().out)
    assert Person.objects.count() == 6
    assert not set(again.values()) & set(tokens.values())
    assert Client().get(link(tokens["Viewer"])).status_code == 404
    assert Client().get(link(again["Viewer"])).status_code == 200


@pytest.mark.parametrize("mode", ["production", "test"])
def test_it_is_refused_outside_the_demo(settings, tmp_path: Path, mode: str) -> None:
    settings.MODE = mode
    with pytest.raises(CommandError, match="exist in the demo alone"):
        call_command("demo_people", file=str(tmp_path / "links.json"))
    assert not Person.objects.exists()
    assert not list(tmp_path.iterdir())


def test_opening_a_link_shows_a_button_and_only_the_button_signs_in(tokens: dict[str, str], client: Client) -> None:
    path = link(tokens["Commander 1"])
    html = client.get(path).content.decode()
    assert "Sign in as Commander 1" in html
    assert client.get(reverse("people:person-list")).status_code == 302
    assert client.post(path).status_code == 302
    assert client.get(reverse("people:person-list")).status_code == 200
    assert client.session["auth"] == "demo-link"
    assert Event.objects.latest("seq").kind == "sign-in.succeeded"


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "", "nonsense"])
def test_other_machines_find_nothing(tokens: dict[str, str], client: Client, address: str) -> None:
    assert client.get(link(tokens["Viewer"]), REMOTE_ADDR=address).status_code == 404
    assert client.post(link(tokens["Viewer"]), REMOTE_ADDR=address).status_code == 404
    assert client.get(link(tokens["Viewer"]), REMOTE_ADDR="::1").status_code == 200


def test_an_unknown_token_finds_nothing(tokens: dict[str, str], client: Client) -> None:
    for token in ("x", tokens["Viewer"][:-1], tokens["Viewer"] + "x", "\u6c34"):
        assert client.post(link(token)).status_code == 404


def test_without_the_setting_or_the_file_there_are_no_links(tokens: dict[str, str], client: Client, settings) -> None:
    Path(settings.DEMO_SIGN_IN_FILE).unlink()
    assert client.get(link(tokens["Viewer"])).status_code == 404
    settings.DEMO_SIGN_IN_FILE = ""
    assert client.get(link(tokens["Viewer"])).status_code == 404


def test_a_deactivated_demo_person_has_no_link(tokens: dict[str, str], client: Client) -> None:
    Person.objects.filter(name="Viewer").update(active=False)
    assert client.get(link(tokens["Viewer"])).status_code == 404


def test_the_post_needs_the_page_it_came_from(tokens: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link(tokens["Viewer"])).status_code == 403
