"""What a link does not bear is refused for every step that changes its settings, judged as they would be afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from runbooks.engine.context import Case
from runbooks.engine.guards.link_settings import (
    ChangesSettings,
    NoAclSyncWithPrefix,
    NoAutoCreateWithPrefix,
    NoGroupPrefix,
)
from runbooks.engine.judge import judge, name_of, refusals
from runbooks.engine.kinds import Nature, steps
from runbooks.engine.link_settings import ENABLE, FILTERS, Settings, is_same, lets_through, saved_as
from runbooks.engine.outcome import Level
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.offset_sync_drain import DrainOffsetSync
from runbooks.engine.steps.offset_sync_pause import PauseOffsetSync
from runbooks.engine.steps.offset_sync_resume import ResumeOffsetSync
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import NEW, NOW, OLD, case, link, lost, pair, side

ALL = '{"groupFilters":[{"name":"*","patternType":"LITERAL","filterType":"INCLUDE"}]}'
QUIET: dict[str, str | None] = {
    "consumer.group.prefix.enable": "false",
    "auto.create.mirror.topics.enable": "false",
    "acl.sync.enable": "false",
    ENABLE: "true",
    FILTERS: ALL,
}
PAUSE, RESUME = PauseOffsetSync(side=NEW), ResumeOffsetSync(side=NEW)
DRAIN = DrainOffsetSync(side=NEW, groups=("balances", "statements"))
SAVED = {saved_as(NEW): {"side": NEW, "run": "ledger-7", "settings": {FILTERS: ALL, ENABLE: "true"}}}


@dataclass(frozen=True)
class Sets(Kind):
    """A step that sets what a test wants."""

    side: str
    name: str
    value: str | None

    def changes(self, case: Case) -> Settings:
        return {self.name: self.value}


def with_link(
    settings: dict[str, str | None] | None = None, *, without: tuple[str, ...] = (), here: dict[str, Any] | None = None,
    **changes: Any,
) -> Case:  # fmt: skip
    configs = {name: value for name, value in {**QUIET, **(settings or {})}.items() if name not in without}
    return case(pair(side(OLD), side(NEW, links=(link(configs=configs, **changes),), **(here or {}))), evidence=SAVED)


def off(**settings: str | None) -> Case:
    return with_link({ENABLE: "false", FILTERS: "", **settings})


RULES = [
    ("no_group_prefix", "consumer.group.prefix.enable", {}, "R21: consumer.group.prefix.enable cannot be used on a"),
    ("no_auto_create_with_prefix", "auto.create.mirror.topics.enable", {"prefix": "a."}, "R22: Prefix and automatic"),
    ("no_acl_sync_with_prefix", "acl.sync.enable", {"prefix": "a."}, "R23: Prefix and ACL sync cannot be combined."),
]


def test_every_kind_that_changes_settings_has_the_three_rules() -> None:
    kinds = [steps.get(name) for name in steps if hasattr(steps.get(name), "changes")]
    assert {kind.kind for kind in kinds} >= {"offset-sync.pause", "offset-sync.resume"}
    for kind in kinds:
        assert kind.nature is Nature.ACT
        named = {name_of(guard) for guard in kind.guards}
        assert {"no_group_prefix", "no_auto_create_with_prefix", "no_acl_sync_with_prefix"} <= named, kind.kind
        assert issubclass(kind, ChangesSettings)


@pytest.mark.claims("R21", "R22", "R23", case=("refuses", "passes"))
@pytest.mark.parametrize("step", [PAUSE, RESUME])
@pytest.mark.parametrize(("guard", "switch", "on", "says"), RULES)
def test_it_is_refused_where_the_link_would_not_bear_it(
    step: Any, guard: str, switch: str, on: dict[str, str], says: str
) -> None:
    assert said(step, with_link({switch: "true"}, **on), guard).startswith(says)
    assert verdict(step, with_link({switch: "true"}, **on), guard).level is Level.ABSOLUTE
    assert said(step, with_link({switch: "false"}, **on), guard) == "met"


@pytest.mark.claims("R21", "R22", "R23", case="unknown")
@pytest.mark.parametrize(("guard", "switch", "on", "says"), RULES)
def test_unknown_refuses(guard: str, switch: str, on: dict[str, str], says: str) -> None:
    for blind in (
        with_link(without=(switch,), **on),
        with_link({switch: "perhaps"}, **on),
        with_link(**{**on, "prefix": None, "mode": None}),
        case(pair(side(OLD), lost(NEW))),
    ):
        assert said(PAUSE, blind, guard).startswith("R19: ")


@pytest.mark.parametrize("rule", [NoGroupPrefix(), NoAutoCreateWithPrefix(), NoAclSyncWithPrefix()])
def test_the_resulting_state_is_what_counts(rule: Any) -> None:
    now_off, now_on = (with_link({rule.switch: value}, prefix="a.") for value in ("false", "true"))
    assert not rule.judge(Sets(NEW, rule.switch, "true"), now_off).is_met
    assert rule.judge(Sets(NEW, rule.switch, "false"), now_on).is_met
    assert rule.judge(Sets(NEW, rule.switch, None), now_on).is_met  # reset to its default, off
    assert not rule.judge(Sets(NEW, ENABLE, "false"), now_on).is_met


def test_what_does_not_concern_a_link_does_not_hold_it() -> None:
    assert said(PAUSE, with_link({"auto.create.mirror.topics.enable": "true"}), "no_auto_create_with_prefix") == "met"
    one_way = {"mode": "DESTINATION", "prefix": "a."}
    both = {"auto.create.mirror.topics.enable": "true", "consumer.group.prefix.enable": "true"}
    assert said(PAUSE, with_link(both, **one_way), "no_auto_create_with_prefix") == "met"
    assert said(PAUSE, with_link(both, **one_way), "no_group_prefix") == "met"
    assert said(PAUSE, with_link({"acl.sync.enable": "true"}, **one_way), "no_acl_sync_with_prefix").startswith("R23")


def test_the_half_that_is_acted_on_is_judged_and_not_the_other() -> None:
    worse = link(configs={**QUIET, "acl.sync.enable": "true"}, prefix="b.")
    facts = pair(side(OLD, links=(worse,)), side(NEW, links=(link(configs=QUIET),)))
    assert said(PAUSE, case(facts), "no_acl_sync_with_prefix") == "met"
    assert said(PauseOffsetSync(side=OLD), case(facts), "no_acl_sync_with_prefix").startswith("R23")


@pytest.mark.claims("R26", case=("refuses", "passes", "unknown"))
def test_settings_that_were_read_long_ago_refuse() -> None:
    old = with_link(here={"configs_at": NOW - timedelta(seconds=61)})
    assert said(PAUSE, old, "fresh_link_settings") == (
        f"R26: The reading of the settings of {NEW} is 61s old; limit 60s. Refresh and try again."
    )
    assert said(PAUSE, with_link(here={"configs_at": None}), "fresh_link_settings").startswith("R19")
    assert said(PAUSE, with_link(), "fresh_link_settings") == "met"


# --- offset sync itself


@pytest.mark.claims("offset-sync", case="passes")
def test_a_quiet_pair_may_be_paused_and_resumed() -> None:
    assert refusals(judge(PAUSE, with_link())) == ()
    assert refusals(judge(RESUME, off())) == ()
    assert refusals(judge(DRAIN, with_link())) == ()


@pytest.mark.claims("offset-sync", case=("refuses", "unknown"))
def test_it_is_paused_where_it_is_on_and_resumed_where_it_is_off() -> None:
    assert said(PAUSE, off(), "offset_sync_on").endswith(
        "is off on eu-south already: no group offset is carried there."
    )
    assert "on already" in said(RESUME, with_link(), "offset_sync_off")
    assert verdict(RESUME, with_link(), "offset_sync_off").level is Level.ABSOLUTE
    for guard, step in (("offset_sync_on", PAUSE), ("offset_sync_off", RESUME)):
        assert said(step, with_link(without=(ENABLE,)), guard).startswith("R19: ")


def test_a_paused_link_carries_nothing() -> None:
    assert "is paused on eu-south" in said(DRAIN, with_link({"cluster.link.paused": "true"}), "offset_sync_on")


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        (ALL, "met"),
        ("", "offset-sync: The offsets of balances, statements are not carried"),
        (None, "offset-sync: The offsets of balances, statements are not carried"),
        ('{"groupFilters":[{"name":"bal","patternType":"PREFIXED","filterType":"INCLUDE"}]}',
         "offset-sync: The offsets of statements are not carried to eu-south: consumer.offset.group.filters does not"),
        ("{not json", "R19: A fact needed"),
        ('{"groupFilters":[{"name":"x"}]}', "R19: A fact needed"),
        ("[]", "R19: A fact needed"),
    ],
)  # fmt: skip
def test_a_filter_has_to_name_every_group(filters: str | None, says: str) -> None:
    assert said(DRAIN, with_link({FILTERS: filters}), "offset_sync_on").startswith(says)


def test_what_is_excluded_is_not_carried() -> None:
    rows = (
        '{"groupFilters":[{"name":"*","patternType":"LITERAL","filterType":"INCLUDE"},'
        '{"name":"bal","patternType":"PREFIXED","filterType":"EXCLUDE"}]}'
    )
    assert [lets_through(rows, group) for group in ("balances", "statements")] == [False, True]


@pytest.mark.claims("offset-sync", case="unknown")
def test_nothing_is_put_back_that_nobody_saved() -> None:
    facts = off().facts
    unsaved = case(facts)
    assert said(RESUME, unsaved, "offset_sync_saved").startswith("R19: ")
    assert verdict(RESUME, unsaved, "offset_sync_saved").waits_for == "offset-sync.pause"
    elsewhere = case(facts, evidence={saved_as(OLD): SAVED[saved_as(NEW)]})
    assert said(RESUME, elsewhere, "offset_sync_saved").startswith("R19: ")


def test_what_is_put_back_is_what_was_saved_the_filter_first() -> None:
    assert list(RESUME.changes(off()).items()) == [(FILTERS, ALL), (ENABLE, "true")]
    bare = {saved_as(NEW): {"settings": {FILTERS: None, ENABLE: "true"}}}
    assert RESUME.changes(case(off().facts, evidence=bare)) == {ENABLE: "true"}


def test_filters_that_say_the_same_are_the_same() -> None:
    assert is_same(ALL, ALL.replace(",", ", "))
    assert is_same(None, "")
    assert not is_same("", ALL)
    assert not is_same("{broken", "{other")
    assert not is_same("true", "false")
