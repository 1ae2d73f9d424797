"""A form's one-time number: sealed for one person, session, step and fence when the page is made; spent when used.

Making one writes nothing, so a GET never writes. Using it twice with the same body gives the first one's result.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac

from runbooks.models import Nonce, StepRun
from runbooks.services.errors import Invalid, Reused
from runbooks.services.who import Who


def issue(who: Who, step: StepRun) -> str:
    """For a form about `step` as it is now."""
    number = secrets.token_urlsafe(12)
    return f"{number}.{_seal(number, who, step.pk, step.fence)}"


def spend(who: Who, step: StepRun, fence: int, value: str, body: str, now: datetime) -> bool:
    """True for a first use; False for the same form again. Reused for another body, Invalid for a number not ours."""
    number, _, seal = value.partition(".")
    if not constant_time_compare(seal, _seal(number, who, step.pk, fence)):
        raise Invalid("This form was not made for you, this session and this step: reload the page and try again.")
    # The record's head is locked: nobody else can spend it between these two statements.
    nonce = Nonce.objects.filter(value=value).first()
    if nonce is None:
        Nonce.objects.create(
            value=value, person=who.person, session=who.actor.session, step=step, fence=fence, body=body, used_at=now
        )
        return True
    if nonce.body != body:
        raise Reused("This form was used before, and said something else then: reload the page to see what came of it.")
    return False


def _seal(number: str, who: Who, step: int, fence: int) -> str:
    said = f"{number}:{who.person.public_id}:{who.actor.session}:{step}:{fence}"
    return salted_hmac("breakwater.form", said, algorithm="sha256").hexdigest()[:40]
