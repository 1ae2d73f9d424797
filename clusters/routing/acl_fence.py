"""DENY bindings of one cluster's authorizer: read whole, and created or deleted one by one, each named in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from clusters.backends.kafka_admin.changes import proves
from clusters.backends.kafka_admin.client import KafkaClient
from clusters.backends.kafka_admin.settings import KafkaSettings
from clusters.errors import ClusterError, NoAnswer, Unauthorised

ANYTHING: Any = None
EVERY_ACL = AclBindingFilter(
    ResourceType.ANY, ANYTHING, ResourcePatternType.ANY, ANYTHING, ANYTHING, AclOperation.ANY, AclPermissionType.ANY
)
HOST = "*"  # a client is to be kept out wherever it connects from; its topic and its principal are always named


class Denial(NamedTuple):
    """DENY of one operation on one topic, by its literal name, to one principal."""

    topic: str
    principal: str
    operation: str

    def row(self) -> dict[str, str]:
        """Spelt as the REST API spells a binding."""
        return {
            "resource_type": "TOPIC",
            "resource_name": self.topic,
            "pattern_type": "LITERAL",
            "principal": self.principal,
            "host": HOST,
            "operation": self.operation,
            "permission": "DENY",
        }

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Denial:
        return cls(row["resource_name"], row["principal"], row["operation"])


class AclFence:
    def __init__(self, side: str, settings: KafkaSettings) -> None:
        self.side = side
        self._client = KafkaClient(side, settings)

    def standing(self, wanted: Iterable[Denial], deadline: float) -> frozenset[Denial]:
        """Those of the wanted ones that stand there now."""
        asked = self._client.admin().describe_acls(EVERY_ACL, request_timeout=self._client.rest(deadline))
        found = self._client.answer(asked, deadline)
        if not found:
            # librdkafka (2.16) drops the error of the whole answer: a refusal, or no authorizer, reads as no ACL.
            said = "the brokers told of no ACL at all, which is also what a refusal or no authorizer looks like"
            raise Unauthorised(self.side, f"{said}: the fence needs an authorizer, and DESCRIBE on the cluster")
        there = {denial for each in found if (denial := _denial(each))}
        return frozenset(there.intersection(wanted))

    def put(self, denials: Sequence[Denial], deadline: float) -> None:
        admin, rest = self._client.admin(), self._client.rest(deadline)
        bindings = [AclBinding(*_fields(denial)) for denial in denials]
        self._all_or_none(admin.create_acls(bindings, request_timeout=rest), "created", deadline)

    def take(self, denials: Sequence[Denial], deadline: float) -> None:
        admin, rest = self._client.admin(), self._client.rest(deadline)
        filters = [AclBindingFilter(*_fields(denial)) for denial in denials]
        self._all_or_none(admin.delete_acls(filters, request_timeout=rest), "deleted", deadline)

    def close(self) -> None:
        self._client.close()

    def _all_or_none(self, futures: Mapping[Any, Future[Any]], done: str, deadline: float) -> None:
        """Each binding has an answer of its own: what was taken in part is for a look to find out."""
        wrong: list[ClusterError] = []
        for future in futures.values():
            try:
                self._client.wait(future, deadline)
            except KafkaException as error:
                wrong.append(self._proves(error.args[0]))
        if not wrong:
            return
        if len(wrong) < len(futures):
            some = f"{len(futures) - len(wrong)} of {len(futures)} DENY bindings were {done}"
            raise NoAnswer(self.side, f"{some}, the others not: {wrong[0].said}")
        raise next((error for error in wrong if isinstance(error, NoAnswer)), wrong[0])

    def _proves(self, error: KafkaError) -> ClusterError:
        if error.code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
            return Unauthorised(self.side, f"{self._client.said(error)}: the fence needs ALTER on the cluster")
        return proves(self._client, error)


def _fields(denial: Denial) -> tuple[Any, ...]:
    operation = AclOperation[denial.operation]
    literal = (ResourceType.TOPIC, denial.topic, ResourcePatternType.LITERAL)
    return (*literal, denial.principal, HOST, operation, AclPermissionType.DENY)


def _denial(found: Any) -> Denial | None:  # noqa: ANN401 - an AclBinding, whose fields are typed as what may be given
    denial = Denial(found.name, found.principal, found.operation.name)
    own = (found.restype, found.resource_pattern_type, found.host, found.permission_type)
    wanted = (ResourceType.TOPIC, ResourcePatternType.LITERAL, HOST, AclPermissionType.DENY)
    return denial if own == wanted else None
