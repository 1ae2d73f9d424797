"""A form that is sent after the session ended: one signs in again and is on the page the form stood on."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
HERE = "http://testserver"


@pytest.mark.parametrize(
    ("came_from", "back_to"),
    [
        (f"{HERE}/runs/3/", "/runs/3/"),
        (f"{HERE}/runs/3/?step=cut", "/runs/3/%3Fstep%3Dcut"),
        ("", "/"),
        ("http://evil.example.org/runs/3/", "/"),
        ("javascript:alert(1)", "/"),
        ("//evil.example.org/", "/"),
    ],
)
def test_one_is_led_back_to_the_page_of_the_form(came_from: str, back_to: str) -> None:
    answer = Client().post("/runs/3/steps/cut/request/", {"phrase": "x"}, headers={"Referer": came_from})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/people/sign-in?next={back_to}"


def test_a_page_that_was_asked_for_is_where_one_lands() -> None:
    answer = Client().get("/runs/3/?step=cut", headers={"Referer": f"{HERE}/inbox/"})
    assert answer.headers["Location"] == "/people/sign-in?next=/runs/3/%3Fstep%3Dcut"
