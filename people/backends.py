"""Who counts as signed in: an active account of an active person, asked again at each request."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.http import HttpRequest

from people.models import Account


class PersonBackend(BaseBackend):
    """Passwords, and sessions that end with the account or the person."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: object
    ) -> Account | None:
        if username is None or password is None:
            return None
        account = self._active().filter(username=username.lower()).first()
        if account is None:
            make_password(password)  # as slow as a wrong password: the clock must not tell who has an account
            return None
        return account if account.check_password(password) else None

    def get_user(self, user_id: int) -> Account | None:
        return self._active().filter(pk=user_id).first()

    def _active(self) -> QuerySet[Account]:
        return Account.objects.select_related("person").filter(is_active=True, person__active=True)
