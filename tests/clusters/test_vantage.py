"""What the places say of a side: a link proves life by data alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clusters.facts import MirrorStatus, Vantage
from clusters.vantage import carried, link_side, vantages
from tests.clusters.made import NOW, gone, link, mirror, side, topic

LATER = NOW + timedelta(seconds=2)


def sees(by, before=None):
    return link_side(side("east"), by, "link", before).sees


def west(lags=((0, 10), (0, 12)), **changes):
    status = changes.pop("status", MirrorStatus.ACTIVE)
    return side("west", mirrors=[mirror(lags=lags, status=status)], **changes)


def test_one_look_proves_nothing():
    assert sees(west()) is None


def test_what_was_fetched_between_two_looks_proves_life():
    assert sees(west(((0, 10), (0, 13)), read_at=LATER), west()) is True


@pytest.mark.parametrize(
    "lags",
    [
        pytest.param(((0, 10), (0, 12)), id="frozen"),
        pytest.param(((5, 10), (9, 12)), id="lag that grows without a fetch"),
        pytest.param(((0, -1), (0, -1)), id="restarted"),
        pytest.param(((0, 9), (0, 12)), id="went back"),
    ],
)
def test_what_does_not_move_is_no_opinion(lags):
    assert sees(west(lags, read_at=LATER), west()) is None


def test_a_first_fetch_after_a_restart_is_not_yet_a_move():
    assert sees(west(((0, 10), (0, 12)), read_at=LATER), west(((0, -1), (0, -1)))) is None


def test_an_active_mirror_that_grew_proves_life():
    before, after = (west(topics=[topic(ends=ends)], read_at=at) for ends, at in (((10, 12), NOW), ((11, 12), LATER)))
    assert sees(after, before) is True


def test_a_stopped_mirror_that_grew_was_written_by_clients():
    stopped = {"status": MirrorStatus.STOPPED}
    before, after = (
        west(topics=[topic(ends=ends)], read_at=at, **stopped) for ends, at in (((10, 12), NOW), ((11, 12), LATER))
    )
    assert sees(after, before) is None


@pytest.mark.parametrize(
    "by",
    [
        west(status=MirrorStatus.SOURCE_UNAVAILABLE),
        west(links=[link(state="UNAVAILABLE")]),
        west(links=[link(state="FAILED")]),
    ],
)
def test_what_the_cluster_itself_says_is_an_opinion(by):
    assert sees(by) is False


@pytest.mark.parametrize("by", [gone("west"), side("west", mirrors=None), side("west"), side("west", links=[])])
def test_a_side_that_cannot_tell_has_no_opinion(by):
    assert sees(by) is None


def row(seen: bool | None, at=NOW, since=None) -> Vantage:
    return Vantage("console", "console", "east", seen, since, "", at)


def test_since_is_when_a_place_began_to_say_so():
    first = carried([row(False)], [])
    second = carried([row(False, LATER)], first)
    turned = carried([row(True, LATER)], second)
    assert [rows[0].since for rows in (first, second, turned)] == [NOW, NOW, LATER]


def test_no_opinion_has_no_since_and_ends_a_series():
    silent = carried([row(None, LATER)], carried([row(False)], []))
    assert silent[0].since is None
    assert carried([row(False, LATER)], silent)[0].since == LATER


def test_a_witness_keeps_its_own_since():
    own = NOW - timedelta(hours=1)
    assert carried([row(False, LATER, own)], [])[0].since == own


def test_every_place_speaks_of_both_sides():
    rows = vantages({"east": side("east"), "west": west()}, "link", [row(True)])
    assert sorted((r.kind, r.side) for r in rows) == [
        ("console", "east"),
        ("console", "east"),
        ("console", "west"),
        ("link", "east"),
        ("link", "west"),
    ]
