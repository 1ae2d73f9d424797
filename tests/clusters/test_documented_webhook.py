"""The example of a webhook for AWS Secrets Manager, driven over a socket by the driver whose other end it is.

Secrets Manager itself is played after its published API: a label is on one version, and AWSCURRENT is taken from the
version that is named or not at all.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.declared import DriverEntry
from clusters.errors import NotServed, Rejected, Unauthorised
from clusters.routing.webhook import Webhook, WebhookSettings
from clusters.secrets import SecretReference
from tests.clusters.json_server import Asked, JsonServer
from tests.clusters.wire import soon

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "secrets_manager_webhook.py"
RUN = {"run": "run-7", "key": "attempt-1"}


class NotThere(Exception):
    pass


class Refused(Exception):
    pass


class Secrets:
    """One secret, kafka/checkout."""

    exceptions = SimpleNamespace(ResourceNotFoundException=NotThere, InvalidParameterException=Refused)

    def __init__(self) -> None:
        self.stages = {"v1": ["us-east", "AWSCURRENT"], "v2": ["eu-west"], "v3": ["stopped"]}
        self.faster = False  # somebody moves the label between the look and the call

    def describe_secret(self, *, SecretId: str) -> dict:
        if SecretId != "kafka/checkout":
            raise NotThere(SecretId)
        return {"VersionIdsToStages": {version: list(stages) for version, stages in self.stages.items()}}

    def update_secret_version_stage(self, **asked: str) -> dict:
        if self.faster:
            self.put("v3")
        if "AWSCURRENT" not in self.stages[asked["RemoveFromVersionId"]]:
            raise Refused("AWSCURRENT is not attached to that version")
        self.put(asked["MoveToVersionId"])
        return {}

    def put(self, version: str) -> None:
        for stages in self.stages.values():
            stages[:] = [stage for stage in stages if stage != "AWSCURRENT"]
        self.stages[version].append("AWSCURRENT")

    @property
    def current(self) -> str:
        (found,) = [version for version, stages in self.stages.items() if "AWSCURRENT" in stages]
        return found


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("secrets_manager_webhook", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def driver(example, secrets, monkeypatch):
    """The driver, whose requests the example answers; two instances run wherever the secret sends them."""
    monkeypatch.setenv("CONTROL_KEY", "shared")
    running = example.Running(desired=2, ready=2, terminating=0)
    control = example.Control(secrets, lambda target: running, ("us-east", "eu-west"), b"shared")

    class Function(JsonServer):
        def answer(self, asked: Asked) -> tuple[int, Any]:
            return control.handle(asked.method, asked.path.rpartition("/")[2], asked.headers, asked.content)

    server = Function()
    settings = WebhookSettings(f"{server.url}/targets", SecretReference("env:CONTROL_KEY"))
    found = Webhook(DriverEntry("secrets", "webhook", "third region", settings))
    yield found
    found.close()
    server.stop()


def test_the_label_moves_to_the_version_of_the_other_side_and_back(driver, secrets) -> None:
    plan = driver.plan("checkout", to="eu-west", deadline=soon())
    assert secrets.current == "v1"
    assert driver.apply(plan, **RUN, deadline=soon()).accepted
    assert secrets.current == "v2"
    state = driver.verify("checkout", deadline=soon())
    assert (state.side, state.ready, state.version) == ("eu-west", 2, "v2")
    driver.apply(driver.plan("checkout", to=None, deadline=soon()), **RUN, deadline=soon())
    assert (secrets.current, driver.verify("checkout", deadline=soon()).side) == ("v3", None)


def test_the_same_order_once_more_changes_nothing(driver, secrets) -> None:
    plan = driver.plan("checkout", to="eu-west", deadline=soon())
    for _ in range(2):
        assert driver.apply(plan, **RUN, deadline=soon()).accepted
    assert secrets.current == "v2"


def test_who_was_overtaken_changes_nothing(driver, secrets) -> None:
    plan = driver.plan("checkout", to="eu-west", deadline=soon())
    secrets.put("v3")
    with pytest.raises(Rejected, match="somebody changed it"):
        driver.apply(plan, **RUN, deadline=soon())
    assert secrets.current == "v3"


def test_who_is_overtaken_in_the_last_moment_is_refused_by_secrets_manager(driver, secrets) -> None:
    plan = driver.plan("checkout", to="eu-west", deadline=soon())
    secrets.faster = True
    with pytest.raises(Rejected, match="somebody changed it"):
        driver.apply(plan, **RUN, deadline=soon())
    assert secrets.current == "v3"


def test_a_side_without_a_version_is_refused(driver, secrets) -> None:
    del secrets.stages["v2"]
    with pytest.raises(Rejected, match="no version of this secret has the label eu-west"):
        driver.apply(driver.plan("checkout", to="eu-west", deadline=soon()), **RUN, deadline=soon())
    assert secrets.current == "v1"


def test_an_order_that_is_signed_with_another_key_is_refused(driver, secrets, monkeypatch) -> None:
    plan = driver.plan("checkout", to="eu-west", deadline=soon())
    monkeypatch.setenv("CONTROL_KEY", "guessed")
    with pytest.raises(Unauthorised):
        driver.apply(plan, **RUN, deadline=soon())
    assert secrets.current == "v1"


def test_a_target_without_a_secret_is_not_served(driver) -> None:
    with pytest.raises(NotServed):
        driver.verify("nobody", deadline=soon())
