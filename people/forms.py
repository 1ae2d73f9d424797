from __future__ import annotations

from django import forms

from people.models import Role


class SignInForm(forms.Form):
    username = forms.CharField(
        label="User name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class AddPersonForm(forms.Form):
    name = forms.CharField(label="Name", max_length=100)
    username = forms.CharField(
        label="User name", max_length=100, required=False, help_text="Made from the name if empty."
    )
    roles = forms.MultipleChoiceField(
        label="Roles", required=False, choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )
