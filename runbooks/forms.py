"""Offers as forms, and forms as what was said. A step's kind decides the fields of its form, so they are no classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest

from runbooks.queries.offer import INPUT, Offer
from runbooks.queries.run_acts import RunAct
from runbooks.queries.run_page import RunPage

SUGGESTED: Sequence[str] = ()


@dataclass(frozen=True)
class Field:
    """One line to type in, as `_asked.html` draws it."""

    name: str
    label: str
    value: str = ""
    problem: str = ""
    help: str = ""
    phrase: str = ""
    is_required: bool = True
    suggestions: Sequence[str] = SUGGESTED
    is_next: bool = False


@dataclass(frozen=True)
class Kept:
    """What was typed into a form that was refused, and what is wrong with it. `form` is the id of its offer."""

    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ActForm:
    id: str
    url: str
    button: str
    title: str
    explains: str
    binds: str
    why_not: str
    hidden: Sequence[tuple[str, str]]
    fields: Sequence[Field]
    problem: str
    is_open: bool
    lines: Sequence[str] = ()

    @property
    def form_id(self) -> str:
        return f"act-{self.id}"


@dataclass(frozen=True)
class PageForms:
    primary: ActForm | None
    seconds: Sequence[ActForm]
    of_run: Sequence[ActForm]


def page_forms(page: RunPage, nonce: Callable[[], str], kept: Kept) -> PageForms:
    """Every form of a run's page; each gets a one-time number of its own."""
    offered = page.offers
    return PageForms(
        _form(offered.primary, f"step-{offered.primary.act}", nonce, kept, is_primary=True)
        if offered.primary
        else None,
        [_form(offer, f"step-{offer.act}", nonce, kept) for offer in offered.seconds],
        [_form(offer, f"run-{offer.act}", nonce, kept) for offer in page.run_acts],
    )


def act_form(act: RunAct, url: str, kept: Kept) -> ActForm:
    """For what is not about a step: no one-time number."""
    return _form(act, url, str, kept)


def _form(
    offer: Offer | RunAct, url: str, nonce: Callable[[], str], kept: Kept, *, is_primary: bool = False
) -> ActForm:
    mine = kept if kept.form == offer.id else Kept()
    fields = [_field(asked, mine) for asked in _asked(offer)]
    if is_primary and fields:
        fields[0] = Field(**{**fields[0].__dict__, "is_next": True})
    shown = {each.name for each in fields}
    return ActForm(
        offer.id,
        f"runbooks:{url}",
        offer.button,
        offer.title,
        offer.explains,
        offer.binds,
        offer.why_not,
        [*offer.hidden, ("nonce", nonce()), ("form", offer.id)],
        fields,
        " ".join(text for name, text in mine.problems.items() if name not in shown),
        mine is kept or getattr(offer, "is_due", False),
        getattr(offer, "lines", ()),
    )


def _asked(offer: Offer | RunAct) -> list[Field]:
    found = [Field(asked.name, asked.label, help=asked.help, is_required=asked.is_required) for asked in offer.asks]
    if offer.phrase:
        found.append(Field("phrase", offer.phrase_label, phrase=offer.phrase))
    if offer.needs_reason:
        found.append(Field("reason", "Reason", help="One line; it stays in the record.", suggestions=offer.reasons))
    return found


def _field(asked: Field, kept: Kept) -> Field:
    # The service names a prompt by its own name; the form puts a word before it.
    problem = kept.problems.get(asked.name) or kept.problems.get(asked.name.removeprefix(INPUT), "")
    return Field(**{**asked.__dict__, "value": kept.values.get(asked.name, ""), "problem": problem})


@dataclass(frozen=True)
class Said:
    """What a decision's form said."""

    form: str
    fence: int
    digest: str
    nonce: str
    phrase: str
    reason: str
    guard: str
    why: str
    inputs: Mapping[str, str]
    values: Mapping[str, str]

    @classmethod
    def of(cls, request: HttpRequest) -> Said:
        """A fence that is no number is that of no step: the service then says that the page is old."""
        sent = {key: str(value) for key, value in request.POST.items()}
        fence = sent.get("fence", "")
        return cls(
            form=sent.get("form", ""),
            fence=int(fence) if fence.isascii() and fence.isdigit() and len(fence) < 10 else -1,
            digest=sent.get("digest", ""),
            nonce=sent.get("nonce", ""),
            phrase=sent.get("phrase", ""),
            reason=sent.get("reason", ""),
            guard=sent.get("guard", ""),
            why=sent.get("why", ""),
            inputs={key.removeprefix(INPUT): value for key, value in sent.items() if key.startswith(INPUT)},
            values=sent,
        )

    def kept(self, problems: Mapping[str, str]) -> Kept:
        return Kept(self.form, self.values, problems)
