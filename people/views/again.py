"""Saying again who one is, without leaving the session: for steps that have no way back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from people import proof, signing
from people.forms import PasswordForm
from people.models import Account
from people.views.sign_in import READ_OR_POST, landing


@never_cache
@sensitive_post_parameters()
@require_http_methods(READ_OR_POST)
def again(request: HttpRequest) -> HttpResponse:
    account = request.user
    if not isinstance(account, Account):  # the middleware sends strangers to sign in; said again for the type
        raise PermissionDenied
    form = PasswordForm(request.POST if request.method == "POST" else None, label_suffix="")
    # Nothing else than the demo's own link let these people in.
    is_demo = bool(settings.DEMO_SIGN_IN_FILE) and not account.has_usable_password()
    if request.method == "POST" and is_demo:
        proof.renew(request, account)
        return _proved(request)
    if request.method == "POST" and form.is_valid():
        return _tried(request, form, account)
    return _page(request, form, is_demo=is_demo, status=422 if form.is_bound else 200)


def _tried(request: HttpRequest, form: PasswordForm, account: Account) -> HttpResponse:
    try:
        if proof.by_password(request, account, form.cleaned_data["password"]):
            return _proved(request)
    except signing.TooSoon as too_soon:
        form.add_error(None, f"{too_soon}.".capitalize())
        answer = _page(request, form, status=429)
        answer.headers["Retry-After"] = str(too_soon.seconds)
        return answer
    form.add_error("password", "This is not the password of the account you are signed in with.")
    return _page(request, form, status=422)


def _proved(request: HttpRequest) -> HttpResponse:
    messages.success(
        request,
        "Thank you. Go back to the form you came from and send it again: that is open to you for a quarter of an hour.",
    )
    return redirect(landing(request))


def _page(request: HttpRequest, form: PasswordForm, *, is_demo: bool = False, status: int) -> HttpResponse:
    shown = {"form": form, "is_demo": is_demo, "next": request.POST.get("next", request.GET.get("next", ""))}
    return render(request, "people/again.html", shown, status=status)
