"""Declared against probed, by tables written by hand."""

from __future__ import annotations

from datetime import date

import pytest

from clusters.declared import Declared, SideEntry
from clusters.facts import Edition, LinkFacts, MetadataMode, Origin, TopicFacts, Version
from clusters.merged import Settings, brokers, edition, links, metadata, tiering, topic_settings, with_settings
from tests.clusters.made import NOW, link

TODAY = date(2026, 11, 20)
M = MetadataMode


def said(value: object) -> Declared:
    return Declared(str(value), value, "asked", "ops", date(2026, 11, 1)) if value is not None else Declared()


def expired(value: object) -> Declared:
    return Declared(str(value), value, "asked", "ops", date(2026, 1, 1), date(2026, 2, 1))


def entry(**changes: object) -> SideEntry:
    return SideEntry("east", "east", True, changes.pop("cluster_id", "abc"), {}, **changes)


@pytest.mark.parametrize(
    ("declared", "probed", "why", "value", "origin"),
    [
        (M.KRAFT, None, "", M.KRAFT, Origin.DECLARED),
        (M.KRAFT, M.KRAFT, "", M.KRAFT, Origin.DECLARED),
        (M.KRAFT_COMBINED, M.KRAFT, "", M.KRAFT_COMBINED, Origin.DECLARED),
        (None, M.KRAFT, "", M.KRAFT, Origin.PROBED),
        (None, None, "", None, Origin.DECLARED),
        (M.KRAFT, M.ZOOKEEPER, "", None, Origin.DECLARED),
        (M.KRAFT, M.KRAFT_COMBINED, "broker 1 is both", None, Origin.DECLARED),
        (M.ZOOKEEPER, M.KRAFT, "", None, Origin.DECLARED),
        (M.KRAFT, None, "broker 2 is being migrated", None, Origin.DECLARED),
        (None, None, "broker 2 is being migrated", None, Origin.DECLARED),
    ],
)
def test_metadata_mode(declared, probed, why, value, origin):
    fact = metadata(entry(metadata=said(declared)), Settings(NOW, probed, why), TODAY)
    assert (fact.value, fact.origin) == (value, origin)
    assert fact.value is not None or fact.note


@pytest.mark.parametrize(("declared", "value"), [(M.KRAFT, M.KRAFT), (M.KRAFT_COMBINED, None), (M.ZOOKEEPER, None)])
def test_a_probe_stands_in_for_an_expired_declaration_only_where_they_agree(declared, value):
    fact = metadata(entry(metadata=expired(declared)), Settings(NOW, M.KRAFT), TODAY)
    assert fact.value is value


@pytest.mark.parametrize(
    ("declared", "probed", "topics", "value", "origin"),
    [
        (False, None, None, False, Origin.DECLARED),
        (False, False, {"a": False}, False, Origin.DECLARED),
        (False, True, None, None, Origin.DECLARED),
        (False, False, {"a": False, "b": True}, None, Origin.DECLARED),
        (True, False, {"a": False}, True, Origin.DECLARED),
        (True, True, None, True, Origin.PROBED),
        (None, True, None, True, Origin.PROBED),
        (None, None, {"b": True}, True, Origin.PROBED),
        (None, False, {"a": False}, False, Origin.GUESSED),
        (None, None, {"a": False}, None, Origin.DECLARED),
        (None, None, None, None, Origin.DECLARED),
    ],
)
def test_tiered_storage(declared, probed, topics, value, origin):
    settings = Settings(NOW, tiering=probed, tiering_said="brokers say so", tiered=topics)
    fact = tiering(entry(tiering=said(declared)), settings, TODAY)
    assert (fact.value, fact.origin) == (value, origin)
    assert fact.is_known == (value is not None and origin is not Origin.GUESSED)


@pytest.mark.parametrize(
    ("declared", "cluster_id", "value"),
    [
        (Edition.PLATFORM, "abc", Edition.PLATFORM),
        (Edition.CLOUD_DEDICATED, "lkc-1", Edition.CLOUD_DEDICATED),
        (Edition.PLATFORM, "lkc-1", None),
        (Edition.CLOUD_DEDICATED, "abc", None),
        (Edition.APACHE, "abc", Edition.APACHE),
        (None, "lkc-1", None),
    ],
)
def test_edition(declared, cluster_id, value):
    fact = edition(entry(edition=said(declared), cluster_id=cluster_id), None, TODAY)
    assert fact.value == value
    assert fact.value is not None or fact.note


def test_every_broker_declared_or_seen_is_told():
    versions = {1: said(Version(8, 1, 0)), 2: expired(Version(8, 1, 0)), 4: said(Version(7, 9, 1))}
    found = brokers(entry(versions=versions), frozenset({1, 2, 3}), TODAY)
    assert [(broker.broker_id, broker.version.is_known) for broker in found] == [
        (1, True),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert "no version is declared for it" in found[2].version.note
    assert "expired" in found[1].version.note


def test_cloud_has_no_brokers_to_declare():
    cloud = entry(edition=said(Edition.CLOUD_ENTERPRISE), cluster_id="lkc-1")
    assert brokers(cloud, frozenset({1, 2, 3}), TODAY) == ()


def test_topics_learn_whether_they_are_tiered():
    topics = {"a": TopicFacts("a", 1), "b": TopicFacts("b", 1), "c": TopicFacts("c", 1)}
    found = with_settings(topics, Settings(NOW, tiered={"a": True, "b": False}))
    assert [found[name].tiered for name in "abc"] == [True, False, None]
    assert with_settings(topics, Settings(NOW)) == topics
    assert with_settings(None, Settings(NOW, tiered={"a": True})) is None


def test_topics_learn_their_settings_from_the_first_way_that_told_them():
    topics = {"a": TopicFacts("a", 1), "b": TopicFacts("b", 1)}
    told = topic_settings([None, {"a": {"retention.ms": "1"}}, {"a": {"retention.ms": "2"}, "c": {}}])
    found = with_settings(topics, Settings(NOW, of_topics=told))
    assert [found[name].settings for name in "ab"] == [{"retention.ms": "1"}, None]
    assert topic_settings([None, None]) is None


def without_settings(**changes: object) -> LinkFacts:
    return link(mode=None, prefix=None, configs={}, **changes)


def test_a_link_keeps_the_settings_it_was_read_with_last():
    known = Settings(NOW, links={"link": link(prefix="a.")})
    (found,) = links((without_settings(state="PAUSED"),), known)
    assert (found.mode, found.prefix, found.state) == ("BIDIRECTIONAL", "a.", "PAUSED")


def test_a_link_that_was_made_anew_does_not_inherit_settings():
    known = Settings(NOW, links={"link": link(prefix="a.")})
    (found,) = links((without_settings(cluster_link_id="another"),), known)
    assert found.mode is None
    assert links(None, known) is None
