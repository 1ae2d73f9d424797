"""Persons, the accounts they sign in with, and the roles they hold. Identity is the person, never the account."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from people.rights import Right, may, refusal, roles_of


class Role(models.TextChoices):
    VIEWER = "viewer"
    COMMANDER = "commander"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class Person(models.Model):
    """A human being. Two accounts of one person never count as two people."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    made_at = models.DateTimeField(auto_now_add=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def held(self) -> list[str]:
        """The granted roles, for pages; whether they count now is asked of people.rights."""
        return [grant.role for grant in self.grants.all()]


class RoleGrant(models.Model):
    """That a person holds a role. A person may hold several."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        ordering: ClassVar = ["role"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "role"], name="people_role_once")]

    def __str__(self) -> str:
        return self.role


class Account(AbstractBaseUser):
    """What a person signs in with. Django's own permissions are not used: rights come from the person's roles."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(max_length=100, unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="accounts")
    is_active = models.BooleanField(default=True)
    # For the night when only one person is awake: see people.glass.
    is_break_glass = models.BooleanField(default=False)
    links_made = models.PositiveIntegerField(default=0)  # a new set-password link voids the one before

    objects: ClassVar = BaseUserManager["Account"]()
    USERNAME_FIELD = "username"

    class Meta:
        ordering: ClassVar = ["username"]

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Rights under Django's names: `people.<right>` for each right, and the two that the audit pages ask for."""
        right = PERMISSIONS.get(perm)
        return right is not None and may(self, right)

    def why_not(self, perm: str) -> str:
        """Who may, and what this person is."""
        return str(refusal(PERMISSIONS[perm], roles_of(self)))

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return any(may(self, right) for name, right in PERMISSIONS.items() if name.startswith(f"{app_label}."))


class BrokenGlass(models.Model):
    """One use of a break-glass account: why, and what another person found when they reviewed it."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.TextField()
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # at the latest
    ended_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    found = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-opened_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ended_at=None), name="people_one_broken_glass_each"
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None) | ~models.Q(reviewed_by=models.F("person")),
                name="people_glass_review_not_own",
            ),
        ]

    def __str__(self) -> str:
        return f"break-glass {self.pk}"


class SignInDelay(models.Model):
    """Failed sign-ins from one source for one user name: each makes the next try wait longer; none locks anyone out."""

    source = models.CharField(max_length=64, unique=True)  # digest of address and user name
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)


PERMISSIONS = {f"people.{right}": right for right in Right} | {
    "audit.read": Right.LOOK,
    "audit.export": Right.EXPORT_AUDIT,
}
