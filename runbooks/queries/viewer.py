"""Who looks, and what they may do now: read once for a page, so that it hides what a service would refuse."""

from __future__ import annotations

from dataclasses import dataclass

from people.models import Account, Person
from people.rights import Right, rights_of


@dataclass(frozen=True)
class Viewer:
    person: Person
    rights: frozenset[Right]

    @classmethod
    def of(cls, account: Account) -> Viewer:
        return cls(account.person, rights_of(account))

    @property
    def may_command(self) -> bool:
        return Right.COMMAND in self.rights

    @property
    def may_approve(self) -> bool:
        return Right.APPROVE_STEP in self.rights

    @property
    def may_go_alone(self) -> bool:
        return Right.WAIVE_APPROVAL in self.rights

    def is_(self, person_id: int | None) -> bool:
        return person_id == self.person.pk

    def name_of(self, person: Person) -> str:
        return "you" if self.is_(person.pk) else person.name
