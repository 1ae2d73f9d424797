"""The inventory file: read whole, complained about by line, never holding a secret."""

from __future__ import annotations

import textwrap
from datetime import UTC, date, datetime, timedelta

import pytest

from clusters.declared import Declared
from clusters.facts import Edition, MetadataMode, Origin, Topology, Version
from clusters.inventory import Inventory, InventoryError, load, semantic_diff

FILE = """
pairs:
  - name: orders
    title: Orders
    topology: active-active
    policy: {unreachable_for: 6s, stable_for: 1h, session_timeout: 500ms, facts_for: 10s}
    sides:
      - name: us-east
        region: us-east
        home: true
        cluster_id: "abc"
        rest: {url: "https://a.example:8090/", auth: {basic: {user: "env:U", password: "file:/run/p"}}, ca: /etc/ca.pem}
        kafka:
          bootstrap: "a:9092,b:9092"
          security: SASL_SSL
          sasl: {mechanism: PLAIN, user: "env:U", password: "env:P"}
        edition: {value: platform, how: asked, by: ops, on: 2026-11-01}
        metadata: {value: kraft, how: asked, by: ops, on: 2026-11-01}
        versions:
          1: {value: 8.1.0, how: jmx, by: ops, on: 2026-11-01}
          2: {value: 8.1.0, how: jmx, by: ops, on: 2026-11-01}
        tiering: {value: false, how: asked, by: ops, on: 2026-11-01, expires: 2027-02-01}
      - name: eu-west
        cluster_id: "def"
        rest: {url: "http://b.example", base: /v3}
    links: [{name: orders-link, purpose: data}]
    witnesses: [{name: w, url: "http://w.example/pairs/orders", region: eu-central}]
    drivers:
      - {name: control, kind: webhook, url: "https://c.example/t", secret: "env:S", vantage: "control host"}
      - {name: people, kind: manual}
    clients:
      - {name: checkout, kind: producers, topics: [orders, payments], driver: control, home: us-east}
      - {name: settle, kind: group, group: settlement, topics: [orders], driver: people, home: us-east}
    endpoints: {status: "https://s.example/health"}
"""


def complaints(text: str) -> list[tuple[int, str]]:
    with pytest.raises(InventoryError) as raised:
        load(textwrap.dedent(text))
    return raised.value.complaints


def changed(before: str, after: str) -> Inventory:
    assert before in FILE
    return load(FILE.replace(before, after, 1))


def test_a_whole_file():
    pair = load(FILE).pairs["orders"]
    assert (pair.topology, pair.may_change, pair.link) == (Topology.ACTIVE_ACTIVE, False, "orders-link")
    assert (pair.policy.unreachable_for, pair.policy.stable_for) == (timedelta(seconds=6), timedelta(hours=1))
    assert pair.policy.session_timeout == timedelta(milliseconds=500)
    assert pair.policy.poll == timedelta(seconds=5)
    assert pair.home.name == "us-east"
    assert pair.other("us-east").name == "eu-west"
    assert list(pair.home.ways) == ["kafka", "rest"]
    assert pair.home.ways["rest"].url == "https://a.example:8090"
    assert pair.home.versions[2].value == Version(8, 1, 0)
    assert pair.clients[1].group == "settlement"
    assert pair.endpoints == {"status": "https://s.example/health"}
    assert pair.sandbox is None


def test_who_is_moved_by_hand_has_a_team_where_one_is_named():
    settle = "driver: people, home: us-east"
    assert [client.team for client in changed(settle, f"{settle}, team: web").pairs["orders"].clients] == ["", "web"]
    assert complaints(FILE.replace(settle, f'{settle}, team: "the web team"'))[0][1].startswith(
        "pair orders, client settle: team 'the web team' may hold letters"
    )


def test_looking_only_is_the_default():
    assert changed("title: Orders", "may_change: true").pairs["orders"].may_change
    assert not load(FILE).pairs["orders"].may_change


def test_everything_wrong_is_said_at_once_and_by_line():
    found = complaints(
        """\
        pairs:
          - name: a b
            topology: sideways
            colour: blue
            policy: {poll: soon, facts_for: 1m}
            sides:
              - name: one
                rest: {url: "ftp://x", auth: {bearer: t0ken}}
                cluster_id: x
              - {name: one, cluster_id: y, kafka: {bootstrap: nowhere}}
            clients: [{name: c, kind: fleet, topics: ["or*"], driver: nobody, home: three}]
            drivers: [{name: d, kind: pigeon}]
        """
    )
    by_line = {line: [text for at, text in found if at == line] for line, _ in found}
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert "may hold letters" in by_line[2][0]
    assert "sideways" in by_line[3][0]
    assert "nobody knows 'colour'" in by_line[4][0]
    assert any("'soon' is not a duration" in text for text in by_line[5])
    assert any("facts_for may not be longer than 15s" in text for text in by_line[5])
    assert any("exactly one side must say home" in text for text in by_line[6])
    assert any("http:// or https://" in text for text in by_line[8])
    assert any("host:port" in text for text in by_line[10])
    assert any("patterns are not allowed" in text for text in by_line[11])
    assert any("no driver 'nobody'" in text for text in by_line[11])
    first, others = (
        "conduktor, confluent-gateway, consul, kafka-acl",
        "kubernetes-config, kubernetes-scale, manual, vault",
    )
    assert any(f"'pigeon' is not one of {first}, {others}, webhook" in text for text in by_line[12])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('password: "file:/run/p"', "password: hunter2"),
        ('secret: "env:S"', "secret: hunter2"),
        ('{basic: {user: "env:U", password: "file:/run/p"}}', "{bearer: hunter2}"),
        ('password: "env:P"', "password: hunter2"),
        ("https://a.example:8090/", "https://admin:hunter2@a.example"),
        ("https://s.example/health", "https://s.example/health?key=hunter2"),
    ],
)
def test_a_secret_in_the_file_is_a_complaint_that_does_not_repeat_it(before, after):
    with pytest.raises(InventoryError) as raised:
        changed(before, after)
    assert len(raised.value.complaints) == 1
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x",
        "//x",
        "http://",
        "http://a b",
        "http://a\\@b",
        "http://[::1",
        "http://a:port",
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(url):
    with pytest.raises(InventoryError):
        changed("http://b.example", url)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "empty"),
        ("pairs: [", 1, "not readable"),
        ("pairs:\n  - &a {name: x}\n", 2, "anchors"),
        ("pairs:\n  - name: *a\n", 2, "anchors"),
        ("pairs: !!python/object/apply:os.system ['true']", 1, "tags"),
        ("pairs: []\npairs: []\n", 2, "twice"),
        ("pairs: []\n---\npairs: []\n", 2, "second document"),
        ("? [a]\n: b\n", 1, "plain word"),
        ("pairs: " + "[" * 200 + "]" * 200, 1, "brackets are open here"),
        ("pairs: [" + "1, " * 50_000 + "]", 1, "too much"),
        ("pairs: []\n#" + "x" * 600_000, 1, "larger than 512 KiB"),
        ("pairs: [\x00]", 1, "not readable"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, said):
    with pytest.raises(InventoryError) as raised:
        load(text)
    assert raised.value.complaints[0][0] == line
    assert said in raised.value.complaints[0][1]


def test_the_digest_is_of_what_is_said_not_of_how():
    digest = load(FILE).digest
    assert load(f"# a comment\n{FILE}").digest == digest
    assert changed("title: Orders", "title: Orders\n    may_change: false").digest == digest
    assert changed("8.1.0", "7.9.1").digest != digest


SENTENCES = [
    ("1: {value: 8.1.0", "1: {value: 7.9.1",
     "orders / us-east: declared version of broker 1 changed from 8.1.0 to 7.9.1"),
    ("tiering: {value: false", "tiering: {value: true",
     "orders / us-east: declared tiering changed from false to true"),
    ("expires: 2027-02-01", "expires: 2028-02-01",
     "orders / us-east: declared tiering: 'expires' changed from 2027-02-01 to 2028-02-01"),
    ("title: Orders", "title: Orders\n    may_change: true", "orders: may_change changed from false to true"),
    ("unreachable_for: 6s", "unreachable_for: 5m", "orders, policy: unreachable_for changed from 6s to 300s"),
    ("http://b.example", "http://c.example",
     "orders / eu-west / rest: url changed from http://b.example to http://c.example"),
    ('secret: "env:S"', 'secret: "env:T"',
     "orders / driver control, settings: secret changed from env:S to env:T"),
    ("topics: [orders, payments]", "topics: [orders]",
     "orders / client checkout: topics changed from orders, payments to orders"),
    ("    endpoints: {status:", "    endpoints: {state: 'http://x.example', status:",
     "orders: endpoints state changed from nothing to http://x.example"),
    ("purpose: data", "purpose: acl", "orders / link orders-link: purpose changed from data to acl"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "sentence"), SENTENCES)
def test_a_change_is_told_in_a_sentence(before, after, sentence):
    assert [str(change) for change in semantic_diff(load(FILE), changed(before, after))] == [sentence]


def test_pairs_that_come_and_go_are_told():
    assert [str(c) for c in semantic_diff(load(FILE), load("pairs: []"))] == ["orders: removed"]
    assert [str(c) for c in semantic_diff(load("pairs: []"), load(FILE))] == ["orders: added"]
    assert semantic_diff(load(FILE), load(FILE)) == ()


def test_a_new_digest_always_has_a_sentence():
    for before, after, _ in SENTENCES:
        other = changed(before, after)
        assert (other.digest != load(FILE).digest) == bool(semantic_diff(load(FILE), other))


TODAY = date(2026, 11, 20)
GOOD = {"how": "asked", "by": "ops", "on": date(2026, 11, 1)}


@pytest.mark.parametrize(
    ("declared", "value", "note"),
    [
        (Declared("kraft", MetadataMode.KRAFT, **GOOD), MetadataMode.KRAFT, "declared by ops"),
        (Declared("kraft", MetadataMode.KRAFT, **{**GOOD, "how": ""}), None, "without how"),
        (Declared("kraft", MetadataMode.KRAFT), None, "without how, by, on"),
        (Declared("kraft", MetadataMode.KRAFT, **GOOD, expires=TODAY), MetadataMode.KRAFT, "declared by ops"),
        (
            Declared("kraft", MetadataMode.KRAFT, **GOOD, expires=TODAY - timedelta(days=1)),
            None,
            "expired on 2026-11-19",
        ),
        (Declared("kraft", MetadataMode.KRAFT, **{**GOOD, "on": TODAY + timedelta(days=2)}), None, "in the future"),
        (Declared(), None, "not declared"),
        (Declared("x", None, note="declared 'x', which is not a usable metadata", **GOOD), None, "not a usable"),
    ],
)
def test_a_declared_fact_counts_only_while_it_is_whole_and_valid(declared, value, note):
    fact = declared.fact(TODAY)
    assert (fact.value, fact.is_known) == (value, value is not None)
    assert fact.origin is Origin.DECLARED
    assert note in fact.note


@pytest.mark.parametrize("said", ["8.1", "nonsense", "", "8", "~"])
def test_a_version_without_a_patch_level_is_unknown_not_an_error(said):
    entry = changed("1: {value: 8.1.0,", f"1: {{value: {said or '~'},").pairs["orders"].home
    fact = entry.versions[1].fact(datetime.now(UTC).date())
    assert not fact.is_known
    assert fact.note


def test_false_is_a_value_and_not_nothing():
    fact = load(FILE).pairs["orders"].home.tiering.fact(TODAY)
    assert fact.value is False
    assert fact.is_known


def test_cloud_is_told_by_the_declared_edition():
    pair = changed("value: platform", "value: cloud-dedicated").pairs["orders"]
    assert pair.home.edition.value is Edition.CLOUD_DEDICATED
    assert pair.home.is_cloud
