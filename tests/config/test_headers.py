"""What production sends with every page, asked of the running console through a proxy's headers."""

from __future__ import annotations

import http.client
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from config.demo.children import ROOT, end, spawn, wait_for
from tests.processes import without_test_settings

THROUGH_PROXY = {"Host": "console.example", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    folder = tmp_path_factory.mktemp("production")
    env = without_test_settings() | {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "console.example",
        "DATABASE_URL": f"sqlite:///{folder}/production.sqlite3",
        "STATIC_ROOT": str(folder / "static"),
        "INVENTORY_FILE": str(folder / "inventory.yaml"),
        "REDIS_URL": f"unix://{folder}/none.sock",
    }
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, env=env, check=True, timeout=120)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        serve = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", str(listening.fileno())]
        options = ["--no-access-log", "--lifespan", "off", "--no-server-header", "--timeout-graceful-shutdown", "1"]
        web = spawn("web", [*serve, *options], log=folder / "web.log", env=env, pass_fds=[listening.fileno()])
    assert wait_for(lambda: "Uvicorn running" in web.log.read_text() or bool(web.ended), 90), web.tail()
    assert not web.ended, f"web {web.ended}: {web.tail()}"
    yield address
    end([web], patience=3)
    assert "Traceback" not in web.log.read_text(), web.log.read_text()


def ask(address: tuple[str, int], path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    asking = http.client.HTTPConnection(*address, timeout=30)
    try:
        asking.request(method, path, headers={**THROUGH_PROXY, **headers})
        answer = asking.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer
    finally:
        asking.close()


def test_the_policy_allows_nothing_unsafe_and_no_other_server(production: tuple[str, int]) -> None:
    policy = ask(production, "/people/sign-in").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert directives["default-src"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["form-action"] == "'self'"
    assert directives["script-src"].split()[0] == "'self'"


def test_headers(production: tuple[str, int]) -> None:
    headers = ask(production, "/people/sign-in").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Server"] is None


def test_cookies_are_for_https_and_for_this_host_alone(production: tuple[str, int]) -> None:
    cookie = SimpleCookie(ask(production, "/people/sign-in").headers["Set-Cookie"])["__Host-csrf"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert cookie["samesite"] in {"Lax", "Strict"}
    assert cookie["domain"] == ""


def test_plain_http_is_sent_to_https_except_for_the_probes(production: tuple[str, int]) -> None:
    plain = {"X-Forwarded-Proto": "http"}
    answer = ask(production, "/people/sign-in", **plain)
    assert (answer.status, answer.headers["Location"]) == (301, "https://console.example/people/sign-in")
    assert ask(production, "/healthz", **plain).status == 200
    assert ask(production, "/readyz", **plain).status == 200


def test_another_host_name_is_refused(production: tuple[str, int]) -> None:
    answer = ask(production, "/people/sign-in", Host="evil.example")
    assert answer.status == 400


def test_a_post_without_its_token_is_refused(production: tuple[str, int]) -> None:
    assert ask(production, "/people/sign-in", method="POST").status == 403


def test_demo_links_do_not_exist(production: tuple[str, int]) -> None:
    assert ask(production, "/people/demo/anything").status == 404


def test_a_stranger_is_sent_to_sign_in(production: tuple[str, int]) -> None:
    answer = ask(production, "/")
    assert answer.status == 302
    assert answer.headers["Location"].startswith("/people/sign-in")


def test_an_unknown_page_says_nothing_of_the_inside(production: tuple[str, int]) -> None:
    answer = ask(production, "/no/such/page")
    assert answer.status in {302, 404}
    for word in (b"Traceback", b"urlpatterns", b"settings", str(Path(ROOT)).encode()):
        assert word not in answer.body  # type: ignore[attr-defined]


def test_static_files_are_named_by_their_content(production: tuple[str, int]) -> None:
    page = ask(production, "/people/sign-in").body.decode()  # type: ignore[attr-defined]
    sheets = [word.split('"')[0] for word in page.split('href="')[1:] if ".css" in word.split('"')[0]]
    assert sheets
    for sheet in sheets:
        answer = ask(production, sheet)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
