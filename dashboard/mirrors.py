"""The table of mirrors: filtered, sorted and cut into pages by the database: ten thousand cost what fifty do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict

from clusters.health import Severity
from dashboard import trends
from dashboard.chart import Point, Spark, spark
from dashboard.models import MirrorNow
from dashboard.standing import PairStanding, SideStanding
from dashboard.templatetags.console import age

ROWS = 50
SPARK_FOR = timedelta(minutes=15)
WORST = "worst"
SORTS: dict[str, tuple[str, Sequence[str | OrderBy]]] = {
    WORST: ("worst first", ("-rank", "side", "topic")),
    "topic": ("by name", ("topic", "side")),
    "state": ("by state", ("status", "topic", "side")),
    # A lag that is not known comes before any that is: it may be the highest of all.
    "lag": ("highest lag first", (F("max_lag").desc(nulls_first=True), "topic", "side")),
    "total": ("most behind first", (F("total_lag").desc(nulls_first=True), "topic", "side")),
}
SHOWN = [("", "all"), ("odd", "not as they should be"), *((each.value, each.value) for each in reversed(Severity))]
FINE = {Severity.OK.value, Severity.EXPECTED.value}


class MirrorFilter(forms.Form):
    """What to find, show and sort by, from the address; what cannot be read counts as not said."""

    find = forms.CharField(required=False, max_length=249, label="Find")
    show = forms.ChoiceField(required=False, choices=SHOWN, label="Show")
    side = forms.ChoiceField(required=False, label="On")
    sort = forms.ChoiceField(required=False, choices=[(key, text) for key, (text, _) in SORTS.items()], label="Sort")

    def __init__(self, data: QueryDict, sides: Iterable[str]) -> None:
        super().__init__(data, auto_id="mirrors-%s", label_suffix="", use_required_attribute=False)
        side = self.fields["side"]
        assert isinstance(side, forms.ChoiceField)  # noqa: S101
        side.choices = [("", "both sides"), *((name, name) for name in sides)]
        self.fields["find"].widget.attrs |= {"data-find": "", "type": "search"}
        for name in ("show", "side", "sort"):
            self.fields[name].widget.attrs |= {"data-submits": ""}

    def said(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name in self.fields if (value := str(self.cleaned_data.get(name, "")))}


@dataclass(frozen=True)
class MirrorLine:
    """One row as it is shown; a lag that is not believed, or is old, comes as words."""

    key: str
    topic: str
    side: str
    source: str
    kind: str
    status: str
    note: str
    max_lag: int | None
    total_lag: int | None
    unknown_lag: str
    fetched: str
    partition: str
    age: str  # of the reading, ready for the page: one for each side, not one for each row
    spark: Spark | None


@dataclass(frozen=True)
class MirrorTable:
    lines: tuple[MirrorLine, ...]
    page: Page[MirrorNow]
    form: MirrorFilter
    query: str  # of the address, without the page

    @property
    def query_before_page(self) -> str:
        return f"{self.query}&" if self.query else ""

    @property
    def query_unsorted(self) -> str:
        rest = QueryDict(mutable=True)
        rest.update({name: value for name, value in self.form.said().items() if name != "sort"})
        return f"{rest.urlencode()}&" if rest else ""

    @property
    def sort(self) -> str:
        return self.form.said().get("sort", WORST)


def mirror_table(pair: PairStanding, data: QueryDict) -> MirrorTable:
    form = MirrorFilter(data, (side.name for side in pair.sides))
    said = form.said()
    pages = Paginator(_chosen(pair, said), ROWS)
    if "find" not in said:
        pages.count = _counted(pair, said)  # by the poll, for ten thousand rows too
    page = pages.get_page(data.get("page"))
    query = QueryDict(mutable=True)
    query.update(said)
    return MirrorTable(tuple(_lines(pair, page)), page, form, query.urlencode())


def _counted(pair: PairStanding, said: dict[str, str]) -> int:
    """How many rows there are to choose from, without looking at one."""
    seen = [side.totals.severities for side in pair.sides if said.get("side", side.name) == side.name]
    every = [(severity, many) for counts in seen for severity, many in counts.items()]
    match said.get("show"):
        case None:
            return sum(many for _, many in every)
        case "odd":
            return sum(many for severity, many in every if severity not in FINE)
        case shown:
            return sum(many for severity, many in every if severity == shown)


def _chosen(pair: PairStanding, said: dict[str, str]) -> QuerySet[MirrorNow]:
    rows = MirrorNow.objects.filter(pair=pair.entry.name, side__in=[side.name for side in pair.sides])
    if find := said.get("find"):
        rows = rows.filter(topic__icontains=find)
    if side := said.get("side"):
        rows = rows.filter(side=side)
    match said.get("show"):
        case None:
            pass
        case "odd":
            rows = rows.exclude(severity__in=FINE)
        case severity:
            rows = rows.filter(severity=severity)
    return rows.order_by(*SORTS[said.get("sort", WORST)][1])


def _lines(pair: PairStanding, page: Page[MirrorNow]) -> Iterable[MirrorLine]:
    begins, name = pair.now - SPARK_FOR, pair.entry.name
    history = _history(pair, page, begins)
    ages = {s.name: age(s.mirrors_at, of=f"{name}/{s.name}", is_old=not s.has_fresh_mirrors) for s in pair.sides}
    for row in page:
        drawn = spark(history.get((row.side, row.topic), []), begins, pair.now, is_live=row.max_lag is not None)
        yield _line(pair, row, pair.side(row.side), ages[row.side], drawn)


def _history(pair: PairStanding, page: Page[MirrorNow], begins: datetime) -> dict[tuple[str, str], list[Point]]:
    found: dict[tuple[str, str], list[Point]] = {}
    for side in pair.sides:
        if topics := [row.topic for row in page if row.side == side.name]:
            drawn = trends.of_mirrors(pair.entry.name, side.name, topics, begins)
            found |= {(side.name, topic): points for topic, points in drawn.items()}
    return found


def _line(pair: PairStanding, row: MirrorNow, side: SideStanding, age: str, drawn: Spark | None) -> MirrorLine:
    is_old = not side.has_fresh_mirrors
    unknown = _unbelieved(row, is_old=is_old)
    return MirrorLine(
        key=f"m{row.pk}",
        topic=row.topic,
        side=row.side,
        source=pair.other(row.side).name,
        kind=Severity.UNKNOWN.value.lower() if is_old else row.severity.lower(),
        status=row.status,
        note="not read lately" if is_old else _note(row),
        max_lag=None if unknown else row.max_lag,
        total_lag=None if unknown else row.total_lag,
        unknown_lag=unknown,
        fetched=_fetched(row),
        partition="" if row.fetch_partition is None else f"p{row.fetch_partition}",
        age=age,
        spark=drawn,
    )


def _unbelieved(row: MirrorNow, *, is_old: bool) -> str:
    """Why the lag is no number; empty where it is one."""
    if is_old:
        return "unknown" if row.max_lag is None else f"{row.max_lag:,} at last"
    if row.max_lag is not None:
        return ""
    return row.said_lag or "unknown"


def _note(row: MirrorNow) -> str:
    if row.severity == Severity.OK.value:
        return ""
    return row.why if row.words == row.status else f"{row.words}: {row.why}"


def _fetched(row: MirrorNow) -> str:
    if row.fetch_offset is None:
        return ""
    return f"{row.fetch_offset:,}" if row.fetch_offset >= 0 else "−1, never"


COLUMNS = (  # key of the sort it starts, title, is a number
    ("topic", "Mirror topic", False),
    ("state", "State", False),
    ("lag", "Highest lag", True),
    ("total", "Total lag", True),
    ("", "Last source fetch offset", True),
    ("", "Read", True),
    ("", "Lag, 15 min", False),
)
