"""A webhook driver's other end for clients whose cluster and credentials stand in AWS Secrets Manager.

For a team's own code: it answers what docs/inventory.md asks of a webhook driver. Each secret holds a version for each
side, and one for "stopped", under a staging label of that name; the label AWSCURRENT moves between them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

CURRENT, STOPPED = "AWSCURRENT", "stopped"
OLD_S = 300  # an order that is older is not believed
Response = tuple[int, dict[str, Any]]


class SecretsManager(Protocol):
    """A client of it: boto3.client("secretsmanager")."""

    exceptions: Any

    def describe_secret(self, **asked: str) -> dict[str, Any]: ...
    def update_secret_version_stage(self, **asked: str) -> dict[str, Any]: ...


class Running(NamedTuple):
    """Instances of a target, counted where they run."""

    desired: int
    ready: int
    terminating: int


class Control:
    """`instances` is the team's own: a secret says where clients are sent, and how many run where can only be counted
    where they run. `sides`: the names of both in the inventory. `key`: the shared secret of the driver.
    """

    def __init__(
        self,
        secrets: SecretsManager,
        instances: Callable[[str], Running],
        sides: tuple[str, str],
        key: bytes,
        prefix: str = "kafka/",
    ) -> None:
        self._secrets, self._instances, self._sides, self._key, self._prefix = secrets, instances, sides, key, prefix

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Status and body. The names of headers are in lower case, as API Gateway hands them over."""
        try:
            if method == "GET":
                return 200, self._state(target)
            if not self._is_signed(headers, body):
                return 401, {"error": "the signature does not fit"}
            return self._move(target, json.loads(body))
        except self._secrets.exceptions.ResourceNotFoundException:
            return 404, {"error": f"there is no secret {self._prefix}{target}"}

    def _move(self, target: str, order: Mapping[str, Any]) -> Response:
        label, labels = order["side"] or STOPPED, self._labels(target)
        current = labels[CURRENT]
        if labels.get(label) == current:
            return 200, self._state(target)  # done already: the same order once more
        if order["if_version"] != current:
            return 409, {"error": f"{CURRENT} is on another version"}
        if label not in labels:
            return 422, {"error": f"no version of this secret has the label {label}; nothing was changed"}
        try:
            # Refused where somebody was faster, since the label is on another version then.
            self._secrets.update_secret_version_stage(
                SecretId=self._prefix + target, VersionStage=CURRENT, RemoveFromVersionId=current,
                MoveToVersionId=labels[label],
            )  # fmt: skip
        except self._secrets.exceptions.InvalidParameterException:
            return 409, {"error": f"{CURRENT} was moved by somebody else"}
        return 200, self._state(target)

    def _state(self, target: str) -> dict[str, Any]:
        labels = self._labels(target)
        side = next((side for side in self._sides if labels.get(side) == labels[CURRENT]), None)
        return {"target": target, "side": side, "version": labels[CURRENT], **self._instances(target)._asdict()}

    def _labels(self, target: str) -> dict[str, str]:
        """Staging label → version: each is on one at most."""
        found = self._secrets.describe_secret(SecretId=self._prefix + target)["VersionIdsToStages"]
        return {stage: version for version, stages in found.items() for stage in stages}

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        at = headers.get("x-breakwater-time", "")
        if not at.isdecimal() or abs(time.time() - int(at)) > OLD_S:
            return False
        wanted = hmac.new(self._key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(headers.get("x-breakwater-signature", ""), f"sha256={wanted}")
