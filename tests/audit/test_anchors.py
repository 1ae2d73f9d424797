"""Each anchor against a counterpart on the wire: sockets, TLS, a file, and the broker that librdkafka brings along."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from audit.anchors import AddressUnusable, AnchorDown, open_all
from audit.heads import SignedHead, in_file, read_line
from audit.notes import Checkpoint
from audit.signing import SigningKey
from audit.tree import leaf_hash, root_of

KEY = SigningKey.fresh("breakwater")


def head(size: int = 2) -> SignedHead:
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    at = dt.datetime(2026, 11, 20, 3, 0, size % 60, tzinfo=dt.UTC)
    checkpoint = Checkpoint("breakwater", size, root_of(leaves), at, "ab" * 32)
    return SignedHead(KEY.sign(checkpoint.text), checkpoint, leaves)


def send(address: str, *heads: SignedHead) -> None:
    (anchor,) = open_all([address])
    for each in heads or [head()]:
        anchor.send(each)


def test_a_file_keeps_heads_with_their_leaves(tmp_path: Path) -> None:
    send(f"file://{tmp_path}/kept.jsonl", head(2), head(3))
    assert list(in_file(tmp_path / "kept.jsonl")) == [head(2), head(3)]


def test_a_file_that_cannot_be_written_is_an_anchor_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(AnchorDown, match="No such file or directory"):
        send(f"file://{tmp_path}/nowhere/kept.jsonl")


class LogServer:
    """Takes one connection after the other and keeps what was said on each."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, resets: bool = False) -> None:
        self.said: list[bytes] = []
        self._tls, self._resets = tls, resets
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._listening.accept()
            except OSError:
                return
            with taken:
                self._take(taken)

    def _take(self, taken: socket.socket) -> None:
        try:
            stream = self._tls.wrap_socket(taken, server_side=True) if self._tls else taken
            if self._resets:
                taken.recv(1, socket.MSG_PEEK)
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            with stream:
                self.said.append(b"".join(iter(lambda: stream.recv(4096), b"")))
        except OSError:
            self.said.append(b"")


def unframed(raw: bytes) -> str:
    length, _, message = raw.partition(b" ")
    assert int(length) == len(message)
    return message.decode()


def is_rfc_5424(message: str) -> bool:
    priority, at, host, program, process, kind, data, _ = message.split(" ", 7)
    assert dt.datetime.fromisoformat(at).tzinfo
    return (priority, program, process, kind, data) == ("<109>1", "breakwater", "-", "head", "-") and bool(host)


def test_a_log_server_over_tcp() -> None:
    server = LogServer()
    send(f"syslog+tcp://127.0.0.1:{server.port}", head(2), head(3))
    server.close()
    messages = [unframed(raw) for raw in server.said]
    assert all(map(is_rfc_5424, messages))
    kept = [read_line(message) for message in messages]
    assert [str(each.note) for each in kept if each] == [str(head(2).note), str(head(3).note)]


def test_a_log_server_that_resets_the_connection_has_taken_nothing() -> None:
    server = LogServer(resets=True)
    with pytest.raises(AnchorDown, match=r"reset|not connected|Broken pipe"):
        send(f"syslog+tcp://127.0.0.1:{server.port}", head())
    server.close()


def test_a_log_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(AnchorDown, match="refused"):
        send(f"syslog+tls://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its own authority, for this machine's address."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "logs")])
    began = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(7).not_valid_before(began).not_valid_after(began + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[LogServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = LogServer(context)
    yield server
    server.close()


def test_a_log_server_over_tls_that_its_authority_vouches_for(tls_server: LogServer, certificate: Path) -> None:
    send(f"syslog+tls://127.0.0.1:{tls_server.port}?ca={certificate}", head(2))
    (message,) = [unframed(raw) for raw in tls_server.said]
    assert is_rfc_5424(message)


def test_a_log_server_that_nobody_vouches_for_gets_nothing(tls_server: LogServer) -> None:
    with pytest.raises(AnchorDown, match="CERTIFICATE_VERIFY_FAILED"):
        send(f"syslog+tls://127.0.0.1:{tls_server.port}")
    assert b"breakwater" not in b"".join(tls_server.said)


def test_the_log_socket_of_this_host(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "log"))
        send(f"syslog+unix://{tmp_path}/log", head(2))
        assert is_rfc_5424(listening.recv(65536).decode())
    with pytest.raises(AnchorDown):
        send(f"syslog+unix://{tmp_path}/log", head(2))


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """The cluster that librdkafka brings for tests: it speaks the protocol on a socket."""
    host = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "given by itself", "log_level": 2})
    (only,) = host.list_topics(timeout=10).brokers.values()
    yield f"{only.host}:{only.port}"
    host.flush(0)


def test_a_topic_keeps_heads_in_order(broker: str, tmp_path: Path) -> None:
    properties = tmp_path / "properties"
    properties.write_text("# what a secured cluster asks for\nclient.id = breakwater\nacks=0\n")
    send(f"kafka://{broker}/audit?properties={properties}", head(2), head(3))
    reader = Consumer(
        {"bootstrap.servers": broker, "group.id": "auditor", "auto.offset.reset": "earliest", "log_level": 2}
    )
    reader.subscribe(["audit"])
    lines = [message.value().decode() for message in (reader.poll(20), reader.poll(20)) if message]
    reader.close()
    assert [read_line(line) for line in lines] == [head(2), head(3)]


def test_a_head_that_is_too_long_for_a_message_goes_without_its_leaves(broker: str) -> None:
    long, (anchor,) = head(24_000), open_all([f"kafka://{broker}/long"])
    anchor.send(long)
    reader = Consumer({"bootstrap.servers": broker, "group.id": "b", "auto.offset.reset": "earliest", "log_level": 2})
    reader.subscribe(["long"])
    message = reader.poll(20)
    reader.close()
    kept = read_line(message.value().decode()) if message else None
    assert kept is not None
    assert (kept.checkpoint, len(kept.leaves)) == (long.checkpoint, 0)


def test_properties_never_weaken_what_an_acknowledgement_means(tmp_path: Path) -> None:
    (tmp_path / "properties").write_text("acks=0\nsasl.password=hunter2\n")
    (anchor,) = open_all([f"kafka://u:p@broker:9092/audit?properties={tmp_path}/properties"])
    assert anchor.settings["acks"] == "all"  # type: ignore[attr-defined]
    assert anchor.name == "kafka://broker:9092/audit"


def test_a_broker_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.anchors.kafka.PATIENCE", 0.3)
    monkeypatch.setattr("audit.anchors.kafka.ALWAYS", {"acks": "all", "message.timeout.ms": 300, "log_level": 0})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(AnchorDown, match=r"kafka://127.0.0.1"):
        send(f"kafka://127.0.0.1:{port}/audit")


@pytest.mark.parametrize(("address", "said"), [
    ("kafka://broker:9092", "names no topic"), ("kafka:///audit", "names no topic"),
    ("kafka://b:9092/audit?properties=/nowhere", "cannot be read"), ("syslog+tcp:///x", "names no host"),
    ("syslog+tls://h:port", "names no port"), ("syslog+unix://", "names no socket"), ("file:kept", "names no file"),
    ("https://u:hunter2@x/y", "begins with one of file, kafka, syslog"),
])  # fmt: skip
def test_an_address_that_names_no_anchor_says_what_is_missing(address: str, said: str) -> None:
    with pytest.raises(AddressUnusable, match=said) as refused:
        open_all([address])
    assert "hunter2" not in str(refused.value)
