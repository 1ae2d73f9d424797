"""Version comparison, by a table written by hand."""

from __future__ import annotations

import pytest

from clusters.facts import Version

PARSED = [
    ("7.7.0", (7, 7, 0)),
    ("7.8.3", (7, 8, 3)),
    ("7.9.1-1-ce", (7, 9, 1)),
    ("7.9.2-ccs", (7, 9, 2)),
    ("8.0.0-rc1", (8, 0, 0)),
    ("8.1.0+build.5", (8, 1, 0)),
    ("v8.0.1", (8, 0, 1)),
    (" 8.1.0 ", (8, 1, 0)),
    ("10.0.12", (10, 0, 12)),
    ("8.1", None),
    ("8", None),
    ("", None),
    ("none", None),
    ("nonsense", None),
    ("8.1.x", None),
    ("8.1.0.1", None),
    ("8..0", None),
    ("-8.1.0", None),
]

ORDER = ["7.7.0", "7.9.0", "7.9.2", "7.9.3", "7.9.10", "7.10.0", "8.0.0-rc1", "8.0.1", "8.1.0", "10.0.0"]


@pytest.mark.parametrize(("text", "numbers"), PARSED)
def test_what_is_a_version(text, numbers):
    found = Version.parse(text)
    assert (found and (found.major, found.minor, found.patch)) == numbers


def test_segments_compare_as_numbers():
    found = [Version.parse(text) for text in ORDER]
    assert found == sorted(found)
    assert len(set(found)) == len(ORDER)


def test_suffixes_make_no_difference():
    assert Version.parse("7.9.1-1-ce") == Version.parse("7.9.1")
    assert str(Version.parse("7.9.1-1-ce")) == "7.9.1"
