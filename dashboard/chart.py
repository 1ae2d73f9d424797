"""Trends as drawings: a spark for a row, a chart for a link, both with their words. No value is a gap, never a zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SPARK_WIDTH, SPARK_TOP, SPARK_BOTTOM = 96.0, 3.0, 21.0
CHART_WIDTH, CHART_HEIGHT = 600.0, 200.0
MOST_SLICES = 120


@dataclass(frozen=True)
class Point:
    """`value` None: not known at that moment."""

    at: datetime
    value: int | None


@dataclass(frozen=True)
class Spark:
    points: str
    x: str
    y: str
    kind: str  # "" | gone
    label: str


@dataclass(frozen=True)
class Gap:
    """Time in which a line was not known: hatched, each line in a band of its own."""

    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True)
class Series:
    name: str
    kind: str  # a | b
    path: str
    gaps: tuple[Gap, ...]
    values: tuple[int | None, ...]  # one for each slice of time

    @property
    def now(self) -> int | None:
        return self.values[-1]


@dataclass(frozen=True)
class Chart:
    series: tuple[Series, ...]
    top: int
    middle: int
    begins: datetime
    ends: datetime
    label: str

    @property
    def table(self) -> list[tuple[datetime, list[int | None]]]:
        """The same in numbers, one row for every ten slices."""
        number = len(self.series[0].values) if self.series else 1
        step = (self.ends - self.begins) / number
        rows = range(number - 1, -1, -max(1, number // 12))
        return [(self.begins + step * row, [line.values[row] for line in self.series]) for row in rows]

    @property
    def clock(self) -> str:
        """How fine the ticks have to be told apart, as a format of dates."""
        return "H:i" if self.ends - self.begins > timedelta(minutes=6) else "H:i:s"

    @property
    def ticks(self) -> tuple[datetime, ...]:
        third = (self.ends - self.begins) / 3
        return tuple(self.begins + third * step for step in range(4))


def spark(points: Sequence[Point], begins: datetime, ends: datetime, *, is_live: bool) -> Spark | None:
    """None without history. Points are held until the next one, since rows are written on change only."""
    known = [point for point in points if point.value is not None]
    if not known:
        return None
    values = [point.value or 0 for point in known]
    low, high = min(values), max(values)
    length = (ends - begins).total_seconds()
    drawn = [(max(0.0, (point.at - begins).total_seconds() / length), point.value or 0) for point in known]
    stepped = [*_held(drawn), (1.0, drawn[-1][1])]
    coordinates = [(f"{x * SPARK_WIDTH:.1f}", f"{_spark_y(value, low, high):.1f}") for x, value in stepped]
    span = f"{low:,}" if low == high else f"between {low:,} and {high:,}"
    label = f"Lag, last 15 minutes: {span}, now {values[-1]:,}" if is_live else f"Lag: {span}, no reading now"
    x, y = coordinates[-1]
    return Spark(" ".join(map(",".join, coordinates)), x, y, "" if is_live else "gone", label)


def _held(drawn: list[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    yield drawn[0]
    for (_, before), (x, value) in pairwise(drawn):
        yield x, before
        yield x, value


def _spark_y(value: int, low: int, high: int) -> float:
    return SPARK_BOTTOM if high == low else SPARK_BOTTOM - (value - low) / (high - low) * (SPARK_BOTTOM - SPARK_TOP)


def chart(lines: Sequence[tuple[str, Sequence[Point]]], begins: datetime, ends: datetime, *, every: timedelta) -> Chart:
    """One line per name; points in order of time, one `every` so often when all goes well."""
    number = max(2, min(MOST_SLICES, int((ends - begins) / (every * 2))))
    sliced = [(name, _slices(points, begins, ends, number)) for name, points in lines]
    top = _round_up(max((value for _, values in sliced for value in values if value is not None), default=0))
    series = tuple(
        Series(name, kind, _path(values, top), tuple(_gaps(values, place, len(sliced))), tuple(values))
        for place, ((name, values), kind) in enumerate(zip(sliced, "ab", strict=False))
    )
    return Chart(series, top, top // 2, begins, ends, ". ".join(_sentence(line) for line in series))


def _sentence(line: Series) -> str:
    return f"{line.name}: now {'unknown' if line.now is None else f'{line.now:,} behind'}"


def _slices(points: Sequence[Point], begins: datetime, ends: datetime, number: int) -> list[int | None]:
    """The highest value of each slice of time; None where nothing, or not everything, was known."""
    length: timedelta = (ends - begins) / number
    found: list[list[int | None]] = [[] for _ in range(number)]
    for point in points:
        found[min(number - 1, max(0, int((point.at - begins) / length)))].append(point.value)
    return [None if not seen or None in seen else max(value or 0 for value in seen) for seen in _joined(found)]


def _joined(found: list[list[int | None]]) -> Iterator[list[int | None]]:
    """A slice without a poll between two with one is no gap: polls may be rarer, and the last slice is under way."""
    for index, seen in enumerate(found):
        is_last = index + 1 == len(found)
        before, after = found[index - 1] if index else [], [] if is_last else found[index + 1]
        is_between = not seen and before and (after or is_last)
        yield before[-1:] if is_between else seen


def _path(values: list[int | None], top: int) -> str:
    step, parts, is_open = CHART_WIDTH / (len(values) - 1), [], False
    for index, value in enumerate(values):
        if value is not None:
            height = CHART_HEIGHT - 1 - (value / top if top else 0) * (CHART_HEIGHT - 2)
            parts.append(f"{'L' if is_open else 'M'}{index * step:.0f} {height:.1f}")
        is_open = value is not None
    return "".join(parts)


def _gaps(values: list[int | None], place: int, lines: int) -> Iterator[Gap]:
    step, band, begins = CHART_WIDTH / len(values), CHART_HEIGHT / lines, None
    for index, value in enumerate([*values, 0]):
        if value is None and begins is None:
            begins = index
        if value is not None and begins is not None:
            width = (index - begins) * step
            yield Gap(f"{begins * step:.0f}", f"{width:.0f}", f"{place * band:.0f}", f"{band:.0f}")
            begins = None


def _round_up(value: int) -> int:
    """The next of 10, 20, 50, 100, 200, 500 …, so that the axis reads well."""
    size = 10
    while size < value:
        size = size * 2 if str(size)[0] != "2" else size * 5 // 2
    return size
