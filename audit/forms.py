"""The filter of the audit page: a GET form, so that its address holds the filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from audit.models import Event, SideText

ORDERS = [("", "newest first"), ("oldest", "oldest first")]
INSTANTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def people() -> list[tuple[str, str]]:
    """Everybody who ever did something here, by the name that the record knows."""
    names = SideText.objects.filter(what=SideText.What.NAME).order_by("text").values_list("person", "text")
    return [("", "anyone"), ("-", "Breakwater itself"), *names]


class EventFilter(forms.Form):
    """Which events to show. Every field may stay empty."""

    kind = forms.CharField(label="What", required=False, max_length=64)
    person = forms.ChoiceField(label="Who", required=False, choices=people)
    source = forms.CharField(label="Through", required=False, max_length=100)
    run = forms.IntegerField(label="Run", required=False, min_value=1)
    step = forms.IntegerField(label="Step", required=False, min_value=1)
    object = forms.CharField(label="Follow one object", required=False, max_length=200)
    since = forms.DateTimeField(label="From, UTC", required=False, input_formats=INSTANTS)
    until = forms.DateTimeField(label="To, UTC", required=False, input_formats=INSTANTS)
    order = forms.ChoiceField(label="Order", required=False, choices=ORDERS)

    def events(self) -> QuerySet[Event]:
        """The events that fit; call it on a valid form."""
        asked = {name: self.cleaned_data[name] for name in FITTING}
        return Event.objects.filter(*(FITTING[name](value) for name, value in asked.items() if value not in (None, "")))

    @property
    def oldest_first(self) -> bool:
        return bool(self.cleaned_data["order"])


def _kind(value: str) -> Q:
    """A whole kind ("step.claimed"), or all of one noun ("step")."""
    return Q(kind=value) if "." in value else Q(kind__startswith=f"{value}.")


FITTING: dict[str, Callable[[Any], Q]] = {
    "kind": _kind,
    "person": lambda value: Q(person="" if value == "-" else value),
    "source": lambda value: Q(source__startswith=value),
    "run": lambda value: Q(run=value),
    "step": lambda value: Q(step=value),
    "object": lambda value: Q(object=value[:200]),
    "since": lambda value: Q(at__gte=value),
    "until": lambda value: Q(at__lte=value),
}
