"""Subscription patterns by the rules of the library that reads them, and what cannot be judged in time."""

from __future__ import annotations

import re
import time

import pytest

from clusters.facts import Library, Subscription
from clusters.inventory import InventoryError, load
from clusters.subscriptions import matches, pattern_problem, read_on

JAVA, RDKAFKA = Library.JAVA, Library.LIBRDKAFKA


@pytest.mark.parametrize(
    ("pattern", "library", "name", "is_read"),
    [
        ("orders", JAVA, "orders", True),
        ("orders", JAVA, "orders2", False),
        ("orders", JAVA, "my.orders", False),
        (r"(.*\.)?orders", JAVA, "x.private.orders", True),
        (r"^([a-z]*\.)?numbers$", JAVA, "east.numbers", True),
        (r"^([a-z]*\.)?numbers$", JAVA, "us-east.numbers", False),
        (r"([a-z-]*\.)?numbers", JAVA, "us-east.numbers", True),
        ("orders", RDKAFKA, "orders", True),
        ("order.", RDKAFKA, "orders", False),
        ("^orders", RDKAFKA, "orders", True),
        ("^orders", RDKAFKA, "orders-retry", True),
        ("^orders$", RDKAFKA, "orders-retry", False),
        ("^orders", RDKAFKA, "my.orders", False),
        ("^orders", JAVA, "orders-retry", False),
    ],
)
def test_whose_rules_a_pattern_is_read_by(pattern, library, name, is_read):
    assert matches(Subscription(pattern, library), name) is is_read


def test_a_list_reads_what_it_names_on_that_side():
    fixed = Subscription(topics={"east": ("orders", "gone"), "west": ("east.orders",)})
    assert read_on(fixed, "east", {"orders", "east.orders"}) == {"orders"}
    assert read_on(fixed, "west", {"orders", "east.orders"}) == {"east.orders"}


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (r"^((us-east|eu-west)\.)?(orders|payments)$", ""),
        (r"[^+*]+\.orders[*+]\*\+", ""),
        (r"(?:a|b)?.*x.*", ""),
        (r"((a+)b){2,3}", ""),
        ("orders(", "no pattern"),
        (r"\p{Alpha}+", "no pattern"),
        ("(a+)+", "for ever"),
        ("((ab*)c)*", "for ever"),
        ("(a|aa)+", "for ever"),
        ("(a*){2,}", "for ever"),
        (".*a.*b.*c.*d", "more than 3 repeats"),
        ("a" * 501, "longer than 500"),
    ],
)
def test_what_cannot_be_judged_or_not_in_time_is_refused_in_the_file(pattern, problem):
    assert problem in pattern_problem(pattern)
    assert bool(problem) == bool(pattern_problem(pattern))


def test_the_slowest_that_is_taken_ends_soon():
    """Names are 249 characters at most: ten of the worst in a second, on a machine that has other things to do."""
    began = time.process_time()
    for _ in range(10):
        assert not re.fullmatch(".*a.*a.*b", "a" * 249)
    assert pattern_problem(".*a.*a.*b") == ""
    assert time.process_time() - began < 10


def inventory(subscription: str) -> str:
    return f"""
pairs:
  - name: p
    topology: active-active
    sides:
      - {{name: east, home: true, cluster_id: a, rest: {{url: "http://a.example"}}}}
      - {{name: west, cluster_id: b, rest: {{url: "http://b.example"}}}}
    drivers: [{{name: by-hand, kind: manual}}]
    clients: [{{name: c, kind: group, group: g, topics: [orders], driver: by-hand, home: east, {subscription}}}]
"""


@pytest.mark.parametrize(
    ("subscription", "read"),
    [
        ('subscription: {pattern: "orders"}', Subscription("orders", JAVA)),
        ('subscription: {pattern: "^orders", library: librdkafka}', Subscription("^orders", RDKAFKA)),
        (
            "subscription: {topics: {east: [orders, west.orders], west: [orders]}}",
            Subscription(topics={"east": ("orders", "west.orders"), "west": ("orders",)}),
        ),
        ('principal: "User:c"', None),
    ],
)
def test_how_a_group_subscribes_is_declared(subscription, read):
    assert load(inventory(subscription)).pairs["p"].clients[0].subscription == read


@pytest.mark.parametrize(
    ("subscription", "says"),
    [
        ("subscription: {}", "needs either a pattern, or topics"),
        ('subscription: {pattern: "a", topics: {east: [a], west: [a]}}', "needs either a pattern, or topics"),
        ('subscription: {pattern: "(a+)+"}', "pattern repeats a group"),
        ('subscription: {pattern: "a", library: go}', "library 'go' is not one of java, librdkafka"),
        ("subscription: {topics: {mars: [a]}}", "nobody knows 'mars' here"),
        ('principal: "checkout"', "is not a principal such as User:checkout"),
        ('principal: "User:*"', "is not a principal such as User:checkout"),
    ],
)
def test_what_is_wrong_with_it_is_a_complaint(subscription, says):
    with pytest.raises(InventoryError, match=re.escape(says)):
        load(inventory(subscription))
