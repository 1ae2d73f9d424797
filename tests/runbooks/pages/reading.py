"""Pages as an operator has them: their words, their headings, and their forms, which tests fill in and send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

VOID = {"input", "meta", "link", "br", "img", "rect", "path", "use", "circle", "hr", "wbr", "source"}


@dataclass
class Form:
    """`fields` is what the browser would send as it stands; radio buttons and boxes only where checked."""

    id: str
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    def filled(self, **values: object) -> dict[str, object]:
        sent: dict[str, object] = dict(self.fields)
        return sent | {name.replace("__", "-"): value for name, value in values.items()}


@dataclass
class Seen:
    """One answer. `words` is its text without markup."""

    status: int
    html: str
    url: str
    forms: dict[str, Form]
    headings: list[str]
    words: str

    def form(self, name: str) -> Form:
        assert name in self.forms, f"no form {name!r} on {self.url}; there are {sorted(self.forms)}"
        return self.forms[name]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._area: tuple[str, list[str]] | None = None
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._inside.append(tag)
        if tag == "form":
            self._open = Form(given.get("id", ""), given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._open)
        elif tag == "textarea":
            self._area = (given.get("name", ""), [])
        elif tag == "input" and self._open is not None:
            self._take(given)
        elif tag in {"h1", "h2", "h3"}:
            self.headings.append("")

    def _take(self, given: dict[str, str]) -> None:
        assert self._open is not None
        is_choice = given.get("type") in {"radio", "checkbox"}
        if given.get("name") and not (is_choice and "checked" not in given) and "disabled" not in given:
            self._open.fields.setdefault(given["name"], []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside and self._inside.pop() != tag:
                pass
        if tag == "form":
            self._open = None
        if tag == "textarea" and self._area is not None:
            if self._open is not None:
                self._open.fields[self._area[0]] = ["".join(self._area[1]).removeprefix("\n")]
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)
        if {"script", "style"} & set(self._inside):
            return
        self.words.append(data)
        if {"h1", "h2", "h3"} & set(self._inside):
            self.headings[-1] += data
        if self._open is not None and "label" in self._inside:
            self._open.labels.append(data)
        if self._open is not None and "button" in self._inside:
            self._open.buttons.append(data.strip())


def read(answer: HttpResponse, url: str = "") -> Seen:
    html = answer.content.decode()
    reader = _Reader()
    reader.feed(html)
    forms = {form.id or form.action: form for form in reader.forms}
    headings = [" ".join(heading.split()) for heading in reader.headings]
    return Seen(answer.status_code, html, url, forms, headings, " ".join(" ".join(reader.words).split()))


class Person:
    """Somebody at a browser without script."""

    def __init__(self, account: object) -> None:
        self.client = Client()
        self.client.force_login(account)

    def get(self, path: str) -> Seen:
        return read(self.client.get(path), path)

    def open(self, path: str) -> Seen:
        seen = self.get(path)
        assert seen.status == 200, f"{path} answers {seen.status}"
        return seen

    def send(self, seen: Seen, form: str, **values: object) -> Seen:
        """Fill in and send a form of that page; a redirect is followed."""
        found = seen.form(form)
        return self.post(found.action or seen.url, found.filled(**values))

    def post(self, path: str, data: dict[str, object]) -> Seen:
        answer = self.client.post(path, data)
        if answer.status_code != 302:
            return read(answer, path)
        to = urlsplit(answer["Location"])
        return self.get(to.path + (f"?{to.query}" if to.query else ""))
