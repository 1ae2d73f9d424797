"""Signing in and out, and setting a first password. Only these pages answer somebody who is not signed in."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from people import demo, services, signing
from people.forms import SignInForm
from people.links import account_of

READ_OR_POST = ["GET", "HEAD", "POST"]


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(READ_OR_POST)
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # A fragment asked on behalf of a page whose session ended: what was typed there must stay.
        return HttpResponse("Signed out. Sign in again in another tab; what you typed here is kept.", status=401)
    if request.user.is_authenticated and request.method != "POST":
        return redirect(landing(request))
    form = SignInForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        return _tried(request, form)
    return _sign_in_page(request, form, status=422 if form.is_bound else 200)


def _tried(request: HttpRequest, form: SignInForm) -> HttpResponse:
    try:
        account = signing.try_password(request, form.cleaned_data["username"], form.cleaned_data["password"])
    except signing.TooSoon as too_soon:
        form.add_error(None, f"{too_soon}.".capitalize())
        answer = _sign_in_page(request, form, status=429)
        answer.headers["Retry-After"] = str(too_soon.seconds)
        return answer
    if account and account.is_break_glass:
        return redirect(f"{reverse('people:break-glass')}?{urlencode({'next': landing(request)})}")
    if account:
        return redirect(landing(request))
    form.add_error(None, "This user name and password do not belong together, or the account is not active.")
    return _sign_in_page(request, form, status=422)


def _sign_in_page(request: HttpRequest, form: SignInForm, *, status: int) -> HttpResponse:
    shown = {
        "form": form,
        "next": request.POST.get("next", request.GET.get("next", "")),
        "is_demo": settings.DEMO_SIGN_IN_FILE,
    }
    return render(request, "people/sign_in.html", shown, status=status)


def landing(request: HttpRequest) -> str:
    """Where the person was going, if that is a page of this console."""
    asked = request.POST.get("next", request.GET.get("next", ""))
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return asked
    return resolve_url(settings.LOGIN_REDIRECT_URL)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    signing.sign_out(request)
    return redirect("people:sign-in")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(READ_OR_POST)
def set_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    account = account_of(uid, token)
    if account is None:
        return render(request, "people/link_over.html", status=410)
    form = SetPasswordForm(account, request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        services.set_password(account, form.cleaned_data["new_password1"])
        messages.success(request, "The password is set. Sign in with it.")
        return redirect("people:sign-in")
    shown = {"form": form, "account": account}
    return render(request, "people/set_password.html", shown, status=422 if form.is_bound else 200)


@login_not_required
@never_cache
@require_http_methods(READ_OR_POST)
def demo_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    account = demo.account_for(token, request.META.get("REMOTE_ADDR", ""))
    if account is None:
        raise Http404
    if request.method == "POST":
        signing.sign_in(request, account, auth="demo-link")
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "people/demo_sign_in.html", {"account": account})
