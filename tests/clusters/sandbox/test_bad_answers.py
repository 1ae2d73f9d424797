"""Sides that answer, but late, damaged, wrongly or not at all."""

from __future__ import annotations

import httpx
import pytest

from tests.clusters.sandbox.socketed import SIDE


def test_slow_answers_come_late_but_come(wired, http):
    wired.inject("slow", seconds=0.6)

    with pytest.raises(httpx.ReadTimeout):
        http.get(wired.url(), timeout=0.2)
    assert http.get(wired.url()).status_code == 200


@pytest.mark.parametrize("applied", [False, True])
def test_server_errors_say_nothing_about_what_was_done(applied, wired, http):
    wired.inject("server-errors", status=502, applied=applied)

    assert http.get(wired.url()).status_code == 502
    assert wired.fail_over(http).status_code == 502

    assert [command["outcome"] for command in wired.journal()] == ["accepted" if applied else "refused"]
    status = wired.control.get("/pairs/ledger").json()["sides"][SIDE]["topics"]["entries"]["mirror_status"]
    assert (status == "ACTIVE") is not applied


@pytest.mark.parametrize(("applied", "outcome"), [(True, "dropped-applied"), (False, "dropped-not-applied")])
def test_a_dropped_command_may_or_may_not_have_been_carried_out(applied, outcome, wired, http):
    wired.inject("accepted-then-dropped", applied=applied, action="failover")
    assert wired.fail_over(http, params={"validate_only": "true"}).status_code == 200, "a dry run is left alone"

    with pytest.raises(httpx.RemoteProtocolError):
        wired.fail_over(http)

    assert [command["outcome"] for command in wired.journal()] == ["accepted", outcome]
    status = wired.control.get("/pairs/ledger").json()["sides"][SIDE]["topics"]["entries"]["mirror_status"]
    assert (status == "ACTIVE") is not applied


def test_a_drop_happens_as_often_as_asked(wired, http):
    wired.inject("accepted-then-dropped", applied=False, times=2)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            wired.fail_over(http)

    assert wired.fail_over(http).status_code == 200
    assert wired.control.get("/pairs/ledger").json()["faults"] == []


def test_another_action_is_not_dropped(wired, http):
    wired.inject("accepted-then-dropped", action="promote")

    assert wired.fail_over(http).status_code == 200


def test_half_of_the_topics_are_refused_inside_a_200(wired, http):
    wired.inject("refuse-half")

    rows = wired.fail_over(http, ("accounts", "entries", "transfers")).json()["data"]

    assert [row["error_code"] for row in rows] == [None, 400, None]
    (command,) = wired.journal()
    assert (command["outcome"], list(command["refused"])) == ("accepted", ["entries"])


@pytest.mark.parametrize("kind", ["truncated", "html", "redirect", "unknown-state"])
def test_answers_can_be_damaged_while_commands_are_carried_out(kind, wired):
    wired.inject("damaged-answers", kind=kind)

    read = wired.control.get(wired.url())
    if kind == "truncated":
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            read.json()
    elif kind == "redirect":
        assert (read.status_code, read.has_redirect_location) == (302, True)
    else:
        assert ("text/html" in read.headers["content-type"]) is (kind == "html")
        assert ("DREAMING" in read.text) is (kind == "unknown-state")
    wired.fail_over(wired.control)
    assert [command["outcome"] for command in wired.journal()] == ["accepted"]


def test_an_answer_can_trickle(wired):
    wired.inject("damaged-answers", kind="trickle")

    with wired.control.stream("GET", wired.url()) as answer:
        assert answer.status_code == 200
        assert len(next(answer.iter_raw())) < 10


def test_throttling_is_answered_in_html(wired, http):
    wired.inject("server-errors", status=429)

    answer = http.get(wired.url())

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "html" in answer.headers["content-type"]
