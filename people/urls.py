from __future__ import annotations

from django.urls import path

from people.views import again, break_glass, roster, sign_in

app_name = "people"
urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("again", again.again, name="again"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("set-password/<str:uid>/<str:token>", sign_in.set_password, name="set-password"),
    path("demo/<str:token>", sign_in.demo_sign_in, name="demo-sign-in"),
    path("break-glass", break_glass.break_glass, name="break-glass"),
    path("break-glass/end", break_glass.end, name="break-glass-end"),
    path("break-glass/<int:glass_id>", break_glass.review, name="break-glass-review"),
    path("", roster.person_list, name="person-list"),
    path("add", roster.add_person, name="person-add"),
    path("<uuid:person>/accounts", roster.add_account, name="account-add"),
    path("<uuid:person>/roles/<str:role>/grant", roster.grant_role, name="role-grant"),
    path("<uuid:person>/roles/<str:role>/revoke", roster.revoke_role, name="role-revoke"),
    path("<uuid:person>/deactivate", roster.deactivate, name="person-deactivate"),
    path("<uuid:person>/activate", roster.activate, name="person-activate"),
    path("accounts/<uuid:account>/password-link", roster.make_password_link, name="password-link"),
]
