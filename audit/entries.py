"""An event as people read it: a sentence, who did it, through which door, on which facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.body import read, side_digests, stand_in
from audit.models import Event, SideText
from audit.sentences import sentence, tells
from audit.verify import side_texts

REMOVED = "(removed)"
JUDGEMENT = {"code", "title", "is_met", "saw", "needs", "source"}
MARKS = {
    "overridden": "overridden",
    "sent": "you",
    **dict.fromkeys(("voided", "expired", "withdrawn", "declined", "cancelled", "aborted"), "cancelled"),
}


@dataclass(frozen=True)
class Entry:
    """One event: its row, its body as it was hashed, and the texts that stand beside it, by digest."""

    event: Event
    body: Mapping[str, Any]
    texts: Mapping[str, SideText]

    @property
    def who(self) -> str:
        """The person's name; "Breakwater" for the product itself."""
        actor = self.body["actor"]
        if not actor["person"]:
            return "Breakwater"
        return self._text(actor["name"]) or f"person {actor['person'][:8]}"

    @property
    def reason(self) -> str:
        return self._text(self.body["reason"])

    @property
    def said(self) -> str:
        return sentence(self.who, self.body, self.reason)

    @property
    def quoted(self) -> str:
        """The free text, where the sentence does not hold it."""
        return "" if tells(self.event.kind) else self.reason

    @property
    def facts(self) -> list[tuple[str, str]]:
        """All but the summary, which stands by itself."""
        return [(name, text) for name, text in shown(self.body["facts"]) if name != "summary"]

    @property
    def guards(self) -> list[dict[str, object]]:
        """Judgements, as the guard list of a page shows them."""
        return [_judgement(guard) for guard in self.body["guards"] if guard.keys() >= JUDGEMENT]

    @property
    def unmet(self) -> int:
        return sum(guard["mark"] == "failed" for guard in self.guards)

    @property
    def other_guards(self) -> list[list[tuple[str, str]]]:
        """What was written about guards in another form."""
        return [shown(guard) for guard in self.body["guards"] if not guard.keys() >= JUDGEMENT]

    @property
    def source(self) -> str:
        return str(self.body["actor"]["source"])

    @property
    def mark(self) -> str:
        """How a page marks it: overridden, cancelled, you (sent), attested by a person, or sensed."""
        past = self.event.kind.partition(".")[2]
        return MARKS.get(past, "attested" if self.body["actor"]["person"] else "sensed")

    @property
    def mark_word(self) -> str:
        return "sent" if self.mark == "you" else self.mark

    def _text(self, digest: str) -> str:
        if not digest:
            return ""
        return self.texts[digest].text if digest in self.texts else REMOVED


def shown(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts as text: "" for one that is not known, JSON for one that holds others."""
    # Pairs, because a template that asks a mapping for its `items` gets the fact of that name.
    return [(name, _shown(value)) for name, value in facts.items()]


def _judgement(guard: Mapping[str, Any]) -> dict[str, object]:
    is_met = bool(guard["is_met"])
    return {
        "mark": "sensed" if is_met else "failed", "mark_word": "met" if is_met else "not met", "title": guard["title"],
        "rule": guard["code"], "saw": guard["saw"], "is_unknown": not guard["saw"], "needs": guard["needs"],
        "source": guard["source"], "note": "" if is_met else guard.get("says", ""),
    }  # fmt: skip


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def entries(events: Iterable[Event]) -> list[Entry]:
    """The events with their side texts, which are fetched together."""
    rows = [(event, read(event.body) or stand_in(event)) for event in events]
    texts = side_texts(body for _, body in rows)
    return [Entry(event, body, {key: texts[key] for key in side_digests(body) if key in texts}) for event, body in rows]
