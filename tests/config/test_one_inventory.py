"""One page, one inventory; who decides is judged by the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.one_inventory import look_by_one
from dashboard import inventory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("method", "seen"), [("GET", ["Orders", "Orders"]), ("POST", ["Orders", "Purchases"])])
def test_a_file_taken_while_a_page_is_made(sandbox, method: str, seen: list[str]) -> None:
    text, path, titles = sandbox.inventory_text(), Path(settings.INVENTORY_FILE), []
    path.write_text(text)
    inventory.load_file("test")

    def view(request: HttpRequest) -> HttpResponse:
        titles.append(inventory.in_force().pairs["orders"].title)
        path.write_text(text.replace("title: Orders", "title: Purchases"))
        inventory.load_file("test")
        titles.append(inventory.in_force().pairs["orders"].title)
        return HttpResponse()

    request = HttpRequest()
    request.method = method
    look_by_one(view)(request)
    assert titles == seen
    assert inventory.in_force().pairs["orders"].title == "Purchases"
