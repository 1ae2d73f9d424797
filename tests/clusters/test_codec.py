"""Facts survive being stored, whatever values they hold."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters import facts
from clusters.codec import decode, encode

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(timedelta(0), timedelta(days=3650))
# Lone surrogates are no text that a cluster could have sent.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1)

st.register_type_strategy(datetime, INSTANTS)
st.register_type_strategy(timedelta, SPANS)
st.register_type_strategy(str, TEXT)
st.register_type_strategy(int, NUMBERS)

NOTED = {"note": TEXT, "at": st.none() | INSTANTS, "origin": st.sampled_from(facts.Origin)}


def fact(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(facts.Fact, value=st.none() | values, **NOTED)


VERSIONS = st.builds(facts.Version, *[st.integers(0, 99)] * 3)
SIDES = st.builds(
    facts.SideFacts,
    edition=fact(st.sampled_from(facts.Edition)),
    metadata=fact(st.sampled_from(facts.MetadataMode)),
    tiering=fact(st.booleans()),
    brokers=st.lists(st.builds(facts.BrokerFacts, version=fact(VERSIONS)), max_size=3).map(tuple),
)
FLOWS = st.builds(facts.FlowFacts, policy=fact(st.sampled_from(facts.ReplicationPolicy)), enabled=fact(st.booleans()))
PAIRS = st.builds(
    facts.PairFacts,
    sides=st.dictionaries(TEXT, SIDES, max_size=2),
    flows=st.none() | st.lists(FLOWS, max_size=2).map(tuple),
)
SPECIAL = {
    facts.Fact: (facts.Fact[facts.Version], fact(VERSIONS)),
    facts.Version: (facts.Version, VERSIONS),
    facts.BrokerFacts: (facts.BrokerFacts, st.builds(facts.BrokerFacts, version=fact(VERSIONS))),
    facts.SideFacts: (facts.SideFacts, SIDES),
    facts.FlowFacts: (facts.FlowFacts, FLOWS),
    facts.PairFacts: (facts.PairFacts, PAIRS),
}
KINDS = [
    found
    for found in vars(facts).values()
    if isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__ == facts.__name__
]


def test_every_dataclass_of_facts_is_tried():
    assert len(KINDS) >= 17


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_decoded_equals_what_was_encoded(kind):
    as_type, strategy = SPECIAL.get(kind, (kind, st.builds(kind)))

    @given(strategy)
    @settings(max_examples=60, deadline=None)
    def survives(found):
        again = decode(as_type, encode(found))
        assert again == found
        assert encode(again) == encode(found)

    survives()


def test_an_instant_keeps_its_microseconds_and_its_zone():
    at = datetime(2026, 11, 20, 7, 0, 0, 123457, timezone(timedelta(hours=5, minutes=30)))
    vantage = facts.Vantage("w", "witness", "east", None, at, "", at)
    again = decode(facts.Vantage, encode(vantage))
    assert again.at == at
    assert again.at.utcoffset() == at.utcoffset()


@pytest.mark.parametrize("raw", [b"", b"{}", b"null", b'{"name": 1}', b"\xff", b"[" * 10_000])
def test_bytes_that_are_no_facts_are_refused_whole(raw):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with them
        decode(facts.Vantage, raw)
