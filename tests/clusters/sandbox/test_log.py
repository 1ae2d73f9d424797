"""One partition's offsets, writers and times."""

from __future__ import annotations

import pytest

from clusters.sandbox.log import STAMPS_KEPT, Log


def copy(source: Log) -> Log:
    mirror = Log()
    mirror.copy_from(source, source.end)
    return mirror


def test_a_copy_has_the_offsets_writers_and_times_of_its_source():
    source = Log(10, "a#0")
    source.append(5, "a#0", 100.0)
    source.append(5, "b#1", 200.0)

    mirror = copy(source)

    assert (mirror.end, mirror.spans) == (20, [(0, "a#0"), (15, "b#1")])
    assert [mirror.written_at(offset) for offset in (5, 10, 14, 15, 19, 20)] == [None, 100, 100, 200, 200, None]


def test_a_copy_in_small_steps_is_the_same_as_one_in_a_big_step():
    source = Log(3, "a#0")
    for at in range(1, 8):
        source.append(at, f"w#{at % 2}", float(at))
    steps = Log()
    for upto in range(1, source.end + 1):
        steps.copy_from(source, upto)

    assert (steps.spans, steps.end) == (copy(source).spans, source.end)
    assert [steps.written_at(o) for o in range(source.end)] == [source.written_at(o) for o in range(source.end)]


@pytest.mark.parametrize(("more_here", "more_there", "expected"), [(0, 0, 20), (7, 0, 20), (0, 7, 20), (7, 3, 20)])
def test_logs_diverge_where_their_writers_part(more_here, more_there, expected):
    here = Log(20, "a#0")
    there = copy(here)
    here.append(more_here, "a#0", 1.0)
    there.append(more_there, "b#1", 1.0)

    assert here.diverges_from(there) == there.diverges_from(here) == expected


def test_divergence_in_the_middle_is_found_even_when_later_writers_agree():
    here, there = Log(10, "a#0"), Log(10, "a#0")
    here.append(5, "a#0", 1.0)
    there.append(5, "b#1", 1.0)
    here.append(5, "c#2", 2.0)
    there.append(5, "c#2", 2.0)

    assert here.diverges_from(there) == 10


def test_truncation_forgets_writers_and_times_above_the_cut():
    log = Log(10, "a#0")
    log.append(5, "b#1", 1.0)
    log.append(5, "b#1", 2.0)

    log.truncate(10)

    assert (log.end, log.spans, log.stamps) == (10, [(0, "a#0")], [])


def test_the_end_a_moment_ago():
    log = Log(10, "a#0")
    log.append(5, "a#0", 1.0)
    log.append(5, "a#0", 2.0)

    assert [log.end_at(moment) for moment in (0.5, 1.0, 1.5, 2.0, 9.0)] == [10, 15, 15, 20, 20]
    assert [log.first_written_since(moment) for moment in (0.5, 1.5, 2.5)] == [10, 15, None]


def test_what_is_remembered_stays_bounded():
    log = Log()
    for at in range(5 * STAMPS_KEPT):
        log.append(1, "a#0", float(at))

    assert len(log.stamps) <= STAMPS_KEPT
    assert log.spans == [(0, "a#0")]
    assert log.written_at(log.end - 1) == 5 * STAMPS_KEPT - 1
