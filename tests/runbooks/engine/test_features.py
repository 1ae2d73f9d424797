"""Each cell of the table of platforms, and that the guards judge by it and by nothing looser."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clusters.facts import Edition, MetadataMode, Version
from runbooks.engine import matrix
from runbooks.engine.features import FEATURES, Feature, Has, Platform, platform, row
from runbooks.engine.judge import judge, refusals
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.runbooks.engine.made import OLD, TOPIC, brokers, declared, restore_case, reverse_case

P, F = Platform, Feature
# The table once more, row by row, as the catalogue of the domain has it.
CATALOGUE = """
ONE_WAY_SOURCE            A A A U A A A A U A U
ONE_WAY_DESTINATION       R A A U A A A A U R U
SOURCE_INITIATED          R A A U A A A A U R U
BIDIRECTIONAL             R A A R R A A A U R R
CONVERT                   R R R R R R R R R R R
GROUP_PREFIX              R R R R R R R R R R R
PREFIX_AUTO_CREATE        R R R R R R R R R R R
PREFIX_ACL_SYNC           R R R R R R R R R R R
FAILOVER_PROMOTE          R A A U A A A A U R U
PAUSE_RESUME              R A A U A A A A U R U
REVERSE                   R A A R R R R A U R R
REVERSE_PREFIXED          R R R R R R R R R R R
RESTORE                   R A A R R R R A U R R
RESTORE_PREFIXED          R U U R R R R U U R R
RESTORE_BY_REST           - - - - - - - U U - -
MIRROR_CLI                A A A A R R R R R R U
SWITCHOVER                R A A R R R R R R R R
SWITCHOVER_ACTIVE_ACTIVE  R R R R R R R R R R R
TRANSACTIONAL             - U U U R R R R R - R
OLD_FORMAT                R R R R R R R R R - R
SYNC_FROM_APACHE          - A A U A A A A U R U
SYNC_TO_APACHE            R R R R R R R R R R R
"""
CELLS = [
    (Feature[words[0]], column, letter)
    for words in map(str.split, CATALOGUE.strip().splitlines())
    for column, letter in zip(Platform, words[1:], strict=True)
]
# One cluster of each column: edition, version, metadata mode.
CLUSTERS: dict[Platform, tuple[Edition | None, str, MetadataMode]] = {
    P.CLOUD_SHARED: (Edition.CLOUD_STANDARD, "8.1.0", MetadataMode.KRAFT),
    P.CLOUD_DEDICATED: (Edition.CLOUD_DEDICATED, "8.1.0", MetadataMode.KRAFT),
    P.CLOUD_ENTERPRISE: (Edition.CLOUD_ENTERPRISE, "8.1.0", MetadataMode.KRAFT),
    P.CLOUD_FREIGHT: (Edition.CLOUD_FREIGHT, "8.1.0", MetadataMode.KRAFT),
    P.BEFORE_BIDIRECTIONAL: (Edition.PLATFORM, "7.4.9", MetadataMode.KRAFT),
    P.BEFORE_REVERSE: (Edition.PLATFORM, "7.6.1", MetadataMode.KRAFT),
    P.ZOOKEEPER: (Edition.PLATFORM, "7.9.3", MetadataMode.ZOOKEEPER),
    P.KRAFT: (Edition.PLATFORM, "8.1.0", MetadataMode.KRAFT),
    P.COMBINED: (Edition.PLATFORM, "8.1.0", MetadataMode.KRAFT_COMBINED),
    P.APACHE: (Edition.APACHE, "8.1.0", MetadataMode.KRAFT),
    P.UNKNOWN: (None, "8.1.0", MetadataMode.KRAFT),
}


@pytest.mark.parametrize(("feature", "column", "letter"), CELLS, ids=lambda part: str(part))
def test_each_cell(feature: Feature, column: Platform, letter: str) -> None:
    assert row(feature).on(column) is Has(letter)


def test_each_feature_has_one_row_with_its_source_and_day() -> None:
    assert [each.feature for each in FEATURES] == list(Feature)
    assert len(CELLS) == len(Feature) * len(Platform)
    assert all(each.source and isinstance(each.effective, date) for each in FEATURES)


@pytest.mark.parametrize("column", list(Platform))
def test_a_cluster_falls_into_its_column(column: Platform) -> None:
    edition, version, mode = CLUSTERS[column]
    assert platform(edition, Version.parse(version), mode) is column


def test_what_is_not_known_of_a_platform_cluster_makes_it_unknown() -> None:
    assert platform(Edition.PLATFORM, None, MetadataMode.KRAFT) is P.UNKNOWN
    assert platform(Edition.PLATFORM, Version(8, 1, 0), None) is P.UNKNOWN
    assert platform(Edition.CLOUD_BASIC) is P.CLOUD_SHARED
    assert {edition: platform(edition) for edition in Edition if edition.is_cloud}.keys() == {
        edition for edition in Edition if edition.is_cloud
    }


def cluster(column: Platform) -> dict[str, Any]:
    edition, version, mode = CLUSTERS[column]
    is_cloud = edition is not None and edition.is_cloud
    return {
        "edition": declared(edition),
        "metadata": declared(mode),
        "brokers": () if is_cloud else brokers(version),
        "tiering": declared(value=False),
    }


@pytest.mark.parametrize("column", list(Platform))
@pytest.mark.parametrize("where", ["both", "old", "new"])
def test_reverse_and_restore_are_refused_wherever_the_table_does_not_allow_them(column: Platform, where: str) -> None:
    """On one side alone a cluster of that column is enough."""
    changed = cluster(column)
    old, new = (changed if where in {"both", side} else cluster(P.KRAFT) for side in ("old", "new"))
    steps = (
        (F.RESTORE, TruncateAndRestore(side=OLD, topics=(TOPIC,)), restore_case(old, new)),
        (F.REVERSE, ReverseAndStart(side=OLD, topics=(TOPIC,)), reverse_case(old, new)),
    )
    for feature, step, facts in steps:
        held = {verdict.guard for verdict in refusals(judge(step, facts))}
        about_platform = held & {
            *("edition_allows", "not_open_source", "restore_version", "no_zookeeper", "no_combined_nodes"),
            *("bidirectional_version", "no_tiered_restore"),
        }
        is_mixed = where != "both" and column in {P.CLOUD_DEDICATED, P.CLOUD_ENTERPRISE}
        if not (is_mixed and feature is F.RESTORE):  # a Cloud cluster counts as tiered beside a Platform one
            assert bool(about_platform) is (row(feature).on(column) is not Has.ALLOWED), (feature, about_platform)


@pytest.mark.parametrize("edition", list(Edition))
def test_an_edition_may_be_a_side_of_a_bidirectional_link_as_the_table_says(edition: Edition) -> None:
    allowed = {Edition.PLATFORM, Edition.CLOUD_DEDICATED, Edition.CLOUD_ENTERPRISE}
    assert (matrix.bidirectional(edition) is Has.ALLOWED) is (edition in allowed)


def test_the_rule_on_tiered_storage_has_no_exception() -> None:
    """Not by its name, not by its code, not by the code for what is unknown."""
    tiered = {"tiering": declared(value=True), "brokers": brokers("7.9.1")}
    step = TruncateAndRestore(side=OLD, topics=(TOPIC,))
    for facts in (restore_case(tiered, tiered), restore_case({"tiering": declared(None), "brokers": brokers("8.0.0")})):
        every = {verdict.guard for verdict in judge(step, facts)} | {verdict.code for verdict in judge(step, facts)}
        assert "no_tiered_restore" in {verdict.guard for verdict in refusals(judge(step, facts), every)}
