"""docker-compose.yml, read and run: each service's own command as a process, on a real PostgreSQL and a real broker."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from config.demo import services as demo
from config.demo.children import ROOT, Child, end, spawn, wait_for
from tests import postgres
from tests.processes import without_test_settings

COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
GIVEN = {"ALLOWED_HOSTS": "console.example"}
HOSTNAME = "node"
ANCHOR_VOLUME = "/var/lib/breakwater-anchor"


def substituted(text: str, given: dict[str, str]) -> str:
    """As compose does it: ${NAME:?message}, ${NAME:-default}, and $$ for one dollar."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if name in given:
            return given[name]
        assert kind != ":?", f"{name} is required: {rest}"
        return rest or ""

    return re.sub(r"\$\{([A-Z_]+)(?:(:[?-])([^}]*))?\}", value, text).replace("$$", "$")


class Stack:
    """One folder, one database, one broker, and whatever services a test starts on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.children = folder, []
        (folder / "inventory").mkdir()
        (folder / "inventory" / "inventory.yaml").write_text("pairs: []\n")
        for name in COMPOSE["secrets"]:
            (folder / name).write_text(secrets.token_urlsafe(48) + "\n")
        self.server = postgres.start(str(folder))
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE breakwater LOGIN")
            connection.execute("CREATE DATABASE breakwater OWNER breakwater")
        self.database = self.server.url.replace("postgres@", "breakwater@").removesuffix("/postgres") + "/breakwater"
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        """The service's own, with the addresses of this machine for those of the containers."""
        here = {
            "/run/secrets/": f"{self.folder}/", "/etc/breakwater/": f"{self.folder}/inventory/",
            ANCHOR_VOLUME: f"{self.folder}/anchor",
        }  # fmt: skip
        env = {name: substituted(str(value), GIVEN) for name, value in service["environment"].items()}
        for there, path in here.items():
            env = {name: value.replace(there, path) for name, value in env.items()}
        servers = {"DATABASE_URL": self.database, "REDIS_URL": f"unix://{self.broker}"}
        assert servers.keys() <= env.keys()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        image = {"STATIC_ROOT": str(self.folder / "static"), "DJANGO_SETTINGS_MODULE": "config.settings", "PATH": path}
        return {**without_test_settings(), **env, **servers, **image, "HOSTNAME": HOSTNAME, "PYTHONUNBUFFERED": "1"}

    @property
    def broker(self) -> Path:
        return self.folder / "redis.sock"

    def start(self, name: str) -> Child:
        command = [self.here(str(word)) for word in SERVICES[name]["command"]]
        child = spawn(name, command, log=self.folder / f"{name}.log", env=self.environment(OURS[name]))
        self.children.append(child)
        return child

    def start_broker(self) -> None:
        """The real server with the arguments of the file, on a socket."""
        words = [str(word) for word in SERVICES["redis"]["command"]]
        assert words[0] == "redis-server"
        own = demo.valkey(self.broker)
        where = own[: own.index("--save")]
        child = spawn("redis", [*where, *words[1:]], log=self.folder / "redis.log", env=os.environ)
        self.children.append(child)
        assert wait_for(lambda: demo.valkey_answers(self.broker), 10), child.tail()

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        return self._run(SERVICES[name]["command"], OURS[name])

    def check_health(self, name: str) -> subprocess.CompletedProcess[str]:
        kind, *words = SERVICES[name]["healthcheck"]["test"]
        return self._run(["sh", "-c", words[0]] if kind == "CMD-SHELL" else words, OURS[name])

    def _run(self, command: list[str], service: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        words = [self.here(substituted(str(word), GIVEN)) for word in command]
        env = self.environment(service)
        return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    def healthz(self) -> urllib.request.Request:
        address = f"http://127.0.0.1:{self.port}/healthz"
        return urllib.request.Request(address, headers={"Host": GIVEN["ALLOWED_HOSTS"]})

    def here(self, word: str) -> str:
        """Port, listening address, host name and temporary files of a container, on this machine."""
        swaps = {"8000": str(self.port), "0.0.0.0": "127.0.0.1", "/tmp/beat": f"{self.folder}/beat"}
        swaps["/tmp/beat.alive"] = f"{swaps['/tmp/beat']}.alive"
        return swaps.get(word, word.replace("%h", HOSTNAME))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    folder = demo.make_folder("breakwater-compose-")
    stack = Stack(folder)
    yield stack
    end(stack.children, patience=5)
    stack.server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def released(stack: Stack) -> Stack:
    """Static files collected, as the image does it; database released, as compose does it; the broker up."""
    stack.start_broker()
    env = stack.environment(OURS["web"])
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, cwd=ROOT, env=env, check=True, timeout=60)
    result = stack.run("release")
    assert result.returncode == 0, result.stderr
    return stack


def stays(child: Child, condition: Callable[[], bool]) -> None:
    assert wait_for(lambda: condition() or bool(child.ended), 45), child.tail()
    assert not child.ended, f"{child.name} {child.ended}:\n{child.tail()}"


def test_web_becomes_ready_by_its_own_health_check(released: Stack) -> None:
    web = released.start("web")
    stays(web, lambda: released.check_health("web").returncode == 0)
    assert '"database": "ok"' in released.check_health("web").stdout


@pytest.mark.parametrize("name", ["worker-act", "worker-observe"])
def test_a_worker_answers_its_own_health_check(released: Stack, name: str) -> None:
    worker = released.start(name)
    stays(worker, lambda: " ready." in worker.log.read_text())
    result = released.check_health(name)
    assert result.returncode == 0, result.stdout + result.stderr


def test_beat_sends_polls_and_the_executor_stays(released: Stack) -> None:
    for name in ("beat", "executor"):
        assert released.check_health(name).returncode == 1, f"{name} is called healthy before it was started"
    beat, executor = released.start("beat"), released.start("executor")
    stays(beat, lambda: beat.log.read_text().count("Sending due task poll_all") >= 2)
    for child in (beat, executor):
        stays(child, lambda name=child.name: released.check_health(name).returncode == 0)


def test_the_anchor_process_makes_its_key_signs_and_is_healthy(released: Stack) -> None:
    assert released.check_health("anchor").returncode == 1, "it is called healthy before it was started"
    anchor = released.start("anchor")
    stays(anchor, lambda: released.check_health("anchor").returncode == 0)
    key = released.folder / "anchor" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    with psycopg.connect(released.database) as connection:
        (note,) = connection.execute("SELECT note FROM audit_checkpoint ORDER BY id LIMIT 1").fetchone() or ("",)
    assert note.startswith("breakwater\n")


def test_nobody_but_the_anchor_process_has_its_key() -> None:
    having = {name for name, service in SERVICES.items() if ANCHOR_VOLUME in str(service) or "anchor:" in str(service)}
    assert having == {"anchor"}
    assert [name for name, service in OURS.items() if "ANCHOR_KEY_FILE" in service["environment"]] == ["anchor"]


def test_releasing_again_changes_nothing(released: Stack) -> None:
    result = released.run("release")
    assert result.returncode == 0, result.stderr
    assert "No migrations to apply" in result.stdout


def test_every_service_of_ours_runs_in_production_without_rights_it_does_not_need() -> None:
    assert set(OURS) == {"release", "web", "worker-act", "worker-observe", "beat", "executor", "anchor"}
    for name, service in OURS.items():
        assert service["environment"]["BREAKWATER_MODE"] == "production", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "container_name" not in service, f"{name} could not be scaled"
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_every_service_that_stays_has_a_health_check() -> None:
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["release"]


def test_only_the_console_is_published_and_only_to_the_proxy_on_this_host() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_no_secret_has_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|TOKEN", variable):
                places = ("/run/secrets/", ANCHOR_VOLUME if name == "anchor" else "/run/secrets/")
                assert str(value).startswith(places), f"{name}: {variable}"
    for secret in COMPOSE["secrets"].values():
        assert secret.keys() == {"file"}
    with pytest.raises(AssertionError, match="ALLOWED_HOSTS is required"):
        substituted(OURS["web"]["environment"]["ALLOWED_HOSTS"], {})


def test_the_broker_refuses_rather_than_forgets() -> None:
    words = SERVICES["redis"]["command"]
    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"


def test_workers_serve_the_queues_that_the_settings_name(settings) -> None:
    for queue, name in (("act", "worker-act"), ("observe", "worker-observe")):
        words = OURS[name]["command"]
        assert words[words.index("--queues") + 1] == f"{OURS[name]['environment']['INSTALLATION']}.{queue}"


def test_without_its_database_web_is_alive_and_not_ready(released: Stack) -> None:
    """The last of this file: it takes the database away."""
    released.server.stop()
    asked = released.check_health("web")
    assert (asked.returncode, '"database": "does not answer"' in asked.stdout) == (1, True), asked.stdout
    assert str(released.server.socket) not in asked.stdout
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(released.healthz()) as answer:
        assert answer.status == 200
