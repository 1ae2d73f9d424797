"""Somebody who speaks HTTP to the console: a browser without script, or a forger with a stolen form."""

from __future__ import annotations

import httpx
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse
from django.utils.crypto import salted_hmac

from audit.ledger import Actor
from people.models import Account
from runbooks.models import Preflight, StepRun
from runbooks.services import nonces
from runbooks.services.who import Who
from tests.fixtures.processes import Console
from tests.runbooks.pages.reading import Seen, read


class Visitor:
    def __init__(self, console: Console, account: Account | None = None) -> None:
        self._http = httpx.Client(base_url=console.url, trust_env=False, timeout=30, follow_redirects=False)
        self.account, self.session = account, ""
        if account is not None:
            client = Client()
            client.force_login(account)
            self.session = client.cookies[settings.SESSION_COOKIE_NAME].value
            self._http.cookies.set(settings.SESSION_COOKIE_NAME, self.session)

    def close(self) -> None:
        self._http.close()

    def open(self, path: str) -> Seen:
        return read(self._http.get(path), path)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, object]) -> Seen:
        return read(self._http.post(path, data=data), path)  # type: ignore[arg-type]

    def sends(self, page: Seen, form: str, **values: object) -> Seen:
        return self.post(page.form(form).action or page.url, page.form(form).filled(**values))

    def token(self, page: Seen) -> str:
        return next(found.fields["csrfmiddlewaretoken"][0] for found in page.forms.values() if found.method == "post")

    def forged(self, step: StepRun, page: Seen) -> dict[str, object]:
        """Every field right: session, token, fence, one-time number, digest and phrase."""
        step.refresh_from_db()
        shown = Preflight.objects.get(step=step)
        return {
            "csrfmiddlewaretoken": self.token(page),
            "form": "confirm",
            "fence": step.fence,
            "nonce": nonces.issue(self._who(), step),
            "digest": shown.digest,
            "phrase": shown.phrase,
            "reason": "forged",
        }

    def _who(self) -> Who:
        assert self.account is not None
        assert SessionStore(self.session).exists(self.session)
        person = self.account.person
        sealed = salted_hmac("breakwater.session", self.session, algorithm="sha256").hexdigest()
        return Who(self.account, Actor(str(person.public_id), person.name, "web", session=sealed))


def run_page(step: StepRun) -> str:
    return reverse("runbooks:run", args=[step.run_id])


def act(step: StepRun, name: str) -> str:
    return reverse(f"runbooks:step-{name}", args=[step.run_id, step.key])
