from __future__ import annotations

from django import forms
from django.http import QueryDict

from clusters.readiness.statements import Statement
from dashboard.attestations import HALF_A_YEAR, LASTS_DAYS
from people.models import Person


class AttestForm(forms.Form):
    """What the owner of a client says to one question."""

    reply = forms.ChoiceField(label="The owner says", widget=forms.RadioSelect)
    said = forms.CharField(
        label="What it rests on",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="How it is done and how it was checked, with the names of topics or groups where they are asked for.",
    )
    owner = forms.ModelChoiceField(
        label="Who answers for it", queryset=Person.objects.filter(active=True), empty_label=None
    )
    days = forms.TypedChoiceField(
        label="It counts for", choices=list(LASTS_DAYS.items()), coerce=int, initial=HALF_A_YEAR
    )

    def __init__(
        self, asks: Statement, said: QueryDict | None = None, *, initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(said, initial=initial, label_suffix="")
        replies = self.fields["reply"]
        assert isinstance(replies, forms.ChoiceField)  # noqa: S101
        replies.choices = [(key, reply.text) for key, reply in asks.replies.items()]
