"""No page holds a character that turns text around; a file holds what it was given."""

from __future__ import annotations

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from config.direction import show_turning

TURNED = "to \u202ewest\u202c, \u2066us\u2069\u200f"


def answer(response: HttpResponse) -> HttpResponse:
    return show_turning(lambda request: response)(RequestFactory().get("/"))


def test_a_page_shows_them() -> None:
    page = answer(HttpResponse(f"<p>{TURNED} שלום</p>"))
    assert page.content.decode() == "<p>to ⟨U+202E⟩west⟨U+202C⟩, ⟨U+2066⟩us⟨U+2069⟩⟨U+200F⟩ שלום</p>"


@pytest.mark.parametrize("kind", ["text/csv; charset=utf-8", "application/json", "text/plain"])
def test_a_file_keeps_them(kind: str) -> None:
    assert answer(HttpResponse(TURNED, content_type=kind)).content.decode() == TURNED


def test_what_is_streamed_is_no_page() -> None:
    assert b"".join(answer(StreamingHttpResponse([TURNED.encode()]))).decode() == TURNED


@pytest.mark.django_db
def test_it_is_in_force() -> None:
    page = Client().post("/people/sign-in", {"username": TURNED, "password": ""}).content.decode()
    assert "⟨U+202E⟩" in page
    assert "\u202e" not in page
