"""Secrets are named, read at use, and shown nowhere."""

from __future__ import annotations

import json
import pickle

import msgspec
import pytest

from clusters.errors import Configuration
from clusters.secrets import Secret, SecretReference


@pytest.fixture
def secret(monkeypatch) -> Secret:
    monkeypatch.setenv("CANARY", "h0nk-h0nk")
    return SecretReference("env:CANARY").resolve()


def test_it_is_given_out_on_request_alone(secret):
    assert secret.reveal() == "h0nk-h0nk"


@pytest.mark.parametrize(
    "show",
    [str, "{}".format, lambda s: f"{s}", "%s".__mod__, pickle.dumps, json.dumps, msgspec.json.encode, vars],
)
def test_every_other_form_refuses(secret, show):
    with pytest.raises(TypeError) as raised:
        show(secret)
    assert "h0nk" not in str(raised.value)


def test_its_repr_names_the_reference_alone(secret):
    assert repr(secret) == "<secret env:CANARY>"
    assert "h0nk" not in repr([secret])


def test_a_file_is_read_at_use_without_its_last_line_break(tmp_path):
    path = tmp_path / "secret"
    reference = SecretReference(f"file:{path}")
    path.write_text("first\n")
    assert reference.resolve().reveal() == "first"
    path.write_text("second\n")
    assert reference.resolve().reveal() == "second"


@pytest.mark.parametrize("reference", ["env:NO_SUCH_NAME", "file:/no/such/file", "file:/"])
def test_a_secret_that_is_not_there_is_said_by_its_name(reference):
    with pytest.raises(Configuration, match=reference):
        SecretReference(reference).resolve()
