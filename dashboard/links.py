"""Ways to the pages of acting, which stand in a package this one does not know."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def pair_page(pair: str) -> str:
    return reverse("dashboard:pair", args=[pair])


def assess(pair: str, side: str) -> str:
    return _reversed("runbooks:assess", pair, side) or pair_page(pair)


def incident(reference: str) -> str:
    return _reversed("runbooks:incident", reference) or _reversed("runbooks:run-list")


def _reversed(name: str, *args: object) -> str:
    """Empty where there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
