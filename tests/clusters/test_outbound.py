"""The way out over HTTP against servers that misbehave: everything ends in time, and says what it proves."""

from __future__ import annotations

import json
import ssl
import threading
import time

import pytest

from clusters.errors import Malformed, NoAnswer, NotSent
from clusters.outbound import Outbound
from clusters.secrets import Secret
from tests.clusters.servers import Authority, answering, closed_port, drip, keeping, misbehaving

SOON = 0.5


def soon(seconds: float = SOON) -> float:
    return time.monotonic() + seconds


def test_a_refused_connection_sent_nothing():
    out = Outbound("east", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NotSent, match="nothing was sent"):
        out.write("POST", "/x", deadline=soon(), content=b"{}")


def test_a_deadline_that_has_passed_sends_nothing():
    with misbehaving(answering("{}")) as server:
        with pytest.raises(NotSent, match="no time"):
            Outbound("east", server.url).write("POST", "/x", deadline=time.monotonic() - 1, content=b"{}")
        assert server.requests == []


def test_a_name_that_cannot_be_resolved_sent_nothing():
    with pytest.raises(NotSent, match="resolved"):
        Outbound("east", "http://no-such-host.invalid").read("/", deadline=soon(3))


def test_an_accepting_but_silent_server_is_no_answer():
    """The server never answers: that the call came back is the deadline's doing."""
    over = threading.Event()
    with misbehaving(lambda connection, request: over.wait(60)) as server:
        with pytest.raises(NoAnswer, match="no answer in time"):
            Outbound("east", server.url).write("POST", "/x", deadline=soon(), content=b"{}")
        assert len(server.requests) == 1
        over.set()


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", id="headers that never end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", id="a body of one byte at a time"),
        pytest.param(b"", b"H", id="not even a status line"),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(first, then):
    done: list[bool] = []
    with misbehaving(drip(first, then, 0.05, lambda: bool(done))) as server:
        with pytest.raises(NoAnswer):
            Outbound("east", server.url).read("/x", deadline=soon())
        done.append(True)


def test_an_endless_body_is_cut_at_the_cap():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = drip(head, b"10000\r\n" + b"x" * 65536 + b"\r\n", 0, lambda: False)
    with misbehaving(endless) as server, pytest.raises(Malformed, match="longer than 1000000 bytes"):
        Outbound("east", server.url).read("/x", deadline=soon(20), cap=1_000_000)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_is_not_followed(status):
    with misbehaving(answering("{}")) as other, misbehaving(answering("", status, Location=other.url)) as server:
        out = Outbound("east", server.url, credential=lambda: ("Bearer t0ken", (Secret("env:T", "t0ken"),)))
        assert out.read("/x", deadline=soon(3)).status == int(status[:3])
        assert other.requests == []


def test_a_proxy_named_in_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    with misbehaving(answering("{}")) as server:
        assert Outbound("east", server.url).read("/x", deadline=soon(3)).status == 200


def test_a_packed_answer_is_refused_before_it_grows():
    with (
        misbehaving(answering(b"\x1f\x8b", Content_Encoding="gzip")) as server,
        pytest.raises(Malformed, match="packed"),
    ):
        Outbound("east", server.url).read("/x", deadline=soon(3))


def test_what_was_said_hides_our_credential_and_control_characters():
    echo = answering("<html><body>bad token s3cret\x1b[31m\nline</body></html>", "401 Unauthorized", "text/html")
    with misbehaving(echo) as server:
        out = Outbound("east", server.url, credential=lambda: ("Bearer s3cret", (Secret("env:T", "s3cret"),)))
        answer = out.read("/x", deadline=soon(3))
    assert "s3cret" not in answer.said
    assert answer.said == "GET /x: 401 bad token ••• [31m line"
    assert b"Authorization: Bearer s3cret" in server.requests[0]


def test_each_write_opens_a_connection_of_its_own_and_reads_share_one():
    """A kept connection may have been closed by the other end: a write on it could not say whether it was sent."""
    with misbehaving(keeping(answering("{}"))) as server:
        out = Outbound("east", server.url)
        for _ in range(3):
            out.read("/x", deadline=soon(3))
        reading = server.connections
        for _ in range(3):
            out.write("POST", "/x", deadline=soon(3), content=b"{}")
        assert (reading, server.connections) == (1, 4)
        out.close()


def test_a_write_whose_connection_breaks_is_sent_once():
    def drop(connection, request):
        connection.close()

    with misbehaving(drop) as server:
        with pytest.raises(NoAnswer):
            Outbound("east", server.url).write("POST", "/x", deadline=soon(3), content=b"{}")
        assert len(server.requests) == 1


def test_a_read_whose_connection_breaks_is_asked_once_more():
    answers = [lambda connection, request: connection.close(), answering("{}")]
    with misbehaving(lambda connection, request: answers.pop(0)(connection, request)) as server:
        assert Outbound("east", server.url).read("/x", deadline=soon(3)).status == 200
        assert len(server.requests) == 2
    with misbehaving(lambda connection, request: connection.close()) as server:
        with pytest.raises(NoAnswer):
            Outbound("east", server.url).read("/x", deadline=soon(3))
        assert len(server.requests) == 2


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_certificate_of_the_named_authority_is_trusted(authority):
    with misbehaving(answering(json.dumps({"ok": 1})), authority.server("IP:127.0.0.1")) as server:
        out = Outbound("east", server.url, ca=str(authority.certificate))
        assert out.read("/x", deadline=soon(3)).body == b'{"ok": 1}'


@pytest.mark.parametrize(
    ("name", "days", "is_trusted", "said"),
    [
        pytest.param("IP:127.0.0.1", 2, False, "self-signed|unable to get local issuer", id="unknown authority"),
        pytest.param("DNS:elsewhere.example", 2, True, "not valid for|mismatch", id="another host"),
        pytest.param("IP:127.0.0.1", -1, True, "expired", id="expired"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused_before_anything_is_sent(authority, name, days, is_trusted, said):
    with misbehaving(answering("{}"), authority.server(name, days)) as server:
        out = Outbound("east", server.url, ca=str(authority.certificate) if is_trusted else None)
        with pytest.raises(NotSent, match=said):
            out.write("POST", "/x", deadline=soon(3), content=b"{}")
        assert server.requests == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_protocol_version_is_refused(authority):
    context = authority.server("IP:127.0.0.1")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with misbehaving(answering("{}"), context) as server, pytest.raises(NotSent):
        Outbound("east", server.url, ca=str(authority.certificate)).read("/x", deadline=soon(3))


def test_a_ca_file_that_is_not_there_is_said():
    with pytest.raises(Exception, match="cannot be read"):
        Outbound("east", "https://127.0.0.1:1", ca="/no/such/ca.pem").read("/", deadline=soon())
