"""One-time links with which a person sets a password."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from people.models import Account


class LinkTokens(PasswordResetTokenGenerator):
    """A newer link, a new password or a sign-in ends every older link; so does PASSWORD_RESET_TIMEOUT."""

    def _make_hash_value(self, user: Account, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.links_made}"


tokens = LinkTokens()


def password_link(account: Account) -> str:
    uid = urlsafe_base64_encode(force_bytes(account.pk))
    return reverse("people:set-password", args=[uid, tokens.make_token(account)])


def account_of(uid: str, token: str) -> Account | None:
    """The account that this link may set the password of."""
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    account = Account.objects.select_related("person").filter(pk=pk, is_active=True, person__active=True).first()
    return account if account and tokens.check_token(account, token) else None
