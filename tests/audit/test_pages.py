from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.ledger import Actor, ledger
from audit.models import Event, SideText
from audit.offline_verifier import check
from tests.audit.chain import make_record, unsealed
from tests.fixtures.people import make_account

pytestmark = pytest.mark.django_db

LIST, EXPORT, PACK = reverse("audit:event-list"), reverse("audit:export"), reverse("audit:pack")
HOSTILE = "<script>alert(1)</script>{{7*7}}{% x %}\u202e\x1b[31m'\""


@pytest.fixture
def reviewer(client: Client) -> Client:
    client.force_login(make_account("Reviewer", "reviewer"))
    return client


def add(kind: str = "step.claimed", *, actor: Actor | None = None, **fields: object) -> None:
    with ledger(actor or Actor.product("celery:3f2a-77")) as book:
        book.add(kind, **fields)  # type: ignore[arg-type]


def page(client: Client, **asked: object) -> str:
    answer = client.get(LIST, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def seqs(html: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'<li id="e(\d+)"', html)]


@pytest.mark.parametrize(("role", "reads", "exports"), [
    ("viewer", 200, 403), ("commander", 200, 403), ("reviewer", 200, 200), ("admin", 200, 200), (None, 403, 403),
])  # fmt: skip
def test_who_may_read_and_who_may_export(client: Client, role: str | None, reads: int, exports: int) -> None:
    add()
    client.force_login(make_account("Somebody", *([role] if role else [])))
    assert client.get(LIST).status_code == reads
    assert client.get(EXPORT).status_code == exports
    if exports == 403:
        assert "the role reviewer or admin may export the audit trail" in client.get(EXPORT).content.decode()
    assert (EXPORT in client.get(LIST).content.decode()) is (exports == 200)


@pytest.mark.parametrize("url", [LIST, EXPORT, PACK])
def test_strangers_sign_in_first_and_nothing_takes_a_post(client: Client, reviewer: Client, url: str) -> None:
    assert Client().get(url).status_code == 302
    assert reviewer.post(url).status_code == 405


def test_an_event_is_told_as_a_sentence_with_all_that_stands_behind_it(reviewer: Client) -> None:
    add(
        "step.confirmed", actor=Actor("5a8d", "Commander 1", "web", auth="password"), object="stop-groups", run=3,
        step=7, attempt=2, before="ready", after="queued", digest="ab12cd", reason="clearing opens at three",
        facts={"topics": ["orders"], "lag": None}, guards=[{"guard": "R10", "verdict": "met"}],
    )  # fmt: skip
    html = page(reviewer)
    event = Event.objects.latest("seq")
    for said in (
        "<b>Commander 1 confirmed stop-groups</b>", "“clearing opens at three”", "ready", "queued", "attempt 2",
        "run 3", "step 7", "R10", "[&quot;orders&quot;]", "not known", event.hash, "ab12cd", f"#{event.seq}",
    ):  # fmt: skip
        assert said in html


def test_a_worker_is_named_by_its_task(reviewer: Client) -> None:
    add(object="stop-groups")
    html = page(reviewer)
    assert "<b>stop-groups was claimed by celery:3f2a-77</b>" in html
    assert "celery:3f2a-77" in html


def test_guards_are_listed_with_what_they_saw(reviewer: Client) -> None:
    met = {
        "code": "R10", "title": "The other side takes no writes", "is_met": True, "saw": "0 writers", "needs": "none",
        "source": "the catalogue of refusals", "says": "", "level": "absolute",
    }  # fmt: skip
    unmet = {**met, "code": "R01", "is_met": False, "saw": "", "says": "No version is known."}
    add("step.refused", object="restore", guards=[met, unmet], facts={"summary": "R01 refuses. Nothing was done."})
    html = page(reviewer)
    assert "2 guards: 1 not met" in html
    assert "0 writers" in html
    assert "No version is known." in html
    assert "<p>R01 refuses. Nothing was done.</p>" in html


def test_a_kind_without_a_sentence_is_read_out(reviewer: Client) -> None:
    add("witness.fell-silent", object="us-east-witness")
    assert "<b>Witness fell silent: us-east-witness</b>" in page(reviewer)


@pytest.mark.parametrize(("order", "expected"), [("", range(120, 0, -1)), ("oldest", range(1, 121))])
def test_pages_in_either_order(reviewer: Client, order: str, expected: range) -> None:
    make_record(120)
    seen, asked = [], {"order": order}
    while True:
        html = page(reviewer, **asked)
        seen.append(seqs(html))
        older = re.search(r"beyond=(\d+)", html)
        if not older:
            break
        asked = asked | {"beyond": older[1]}
    assert [len(part) for part in seen] == [50, 50, 20]
    assert [seq for part in seen for seq in part] == list(expected)


FIVE = [
    ("step.claimed", "celery:3f2a-77", None, 1, 11, "orders"),
    ("step.sent", "celery:3f2a-77", None, 1, 11, "orders"),
    ("stepped.over", "executor", None, 1, 12, ""),
    ("run.started", "web", "5a8d", 2, None, "orders-02"),
    ("run.paused", "web", "9c9c", 2, None, "orders-02"),
]


@pytest.fixture
def five(reviewer: Client) -> Client:
    for kind, source, person, run, step, object_ in FIVE:
        add(kind, actor=Actor(person or "", "Ann" if person else "", source), run=run, step=step, object=object_)
    return reviewer


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"kind": "step"}, [3, 2]),
        ({"kind": "step.sent"}, [3]),
        ({"source": "celery"}, [3, 2]),
        ({"source": "executor"}, [4]),
        ({"person": "5a8d"}, [5]),
        ({"person": "-", "run": "1"}, [4, 3, 2]),
        ({"run": "2"}, [6, 5]),
        ({"step": "12"}, [4]),
        ({"object": "orders"}, [3, 2]),
        ({"since": "2020-01-01", "until": "2020-02-01 10:00"}, []),
        ({"since": "2020-01-01 00:00", "run": "2"}, [6, 5]),
        ({"kind": "", "run": ""}, [6, 5, 4, 3, 2, 1]),
    ],
)
def test_filters(five: Client, asked: dict[str, str], expected: list[int]) -> None:
    assert seqs(page(five, **asked)) == expected


@pytest.mark.parametrize(
    "asked", [{"run": "one"}, {"since": "yesterday"}, {"person": "nobody"}, {"step": "0"}, {"order": "x"}]
)
def test_a_filter_that_cannot_be_read_shows_no_events_and_says_why(five: Client, asked: dict[str, str]) -> None:
    answer = five.get(LIST, asked)
    assert answer.status_code == 422
    assert not seqs(answer.content.decode())
    assert 'role="alert"' in answer.content.decode()
    assert five.get(EXPORT, asked).status_code == 422


@pytest.mark.parametrize("beyond", ["x", "-1", "9" * 40, "\u0663"])
def test_a_forged_page_is_the_first_page(five: Client, beyond: str) -> None:
    assert seqs(page(five, beyond=beyond)) == [6, 5, 4, 3, 2, 1]


def test_consistency_is_told_in_words(five: Client) -> None:
    html = page(five)
    assert "Consistent from 1 to 6" in html
    assert "events cut off at the end" in html
    assert "valid" not in html.lower().replace("invalid", "").replace("validated", "")


@pytest.mark.django_db(transaction=True)
def test_a_changed_event_is_named_and_still_shown(five: Client) -> None:
    with unsealed():
        Event.objects.filter(seq=3).update(body=b"\xff")
    html = page(five)
    assert "The record is not as it was written" in html
    assert "First bad event: 3, edit" in html
    assert 3 in seqs(html)


def test_a_removed_name_is_said_to_be_removed(five: Client) -> None:
    SideText.objects.all().delete()
    assert "(removed) started the run orders-02" in page(five)


def test_hostile_text_stays_text(reviewer: Client) -> None:
    facts = {HOSTILE: HOSTILE, "deep": [HOSTILE], "items": HOSTILE, "summary": HOSTILE}
    add(
        "topic.seen", actor=Actor("5a8d", HOSTILE, "web"), object=HOSTILE, before=HOSTILE, after=HOSTILE,
        reason=HOSTILE, facts=facts, guards=[{"guard": HOSTILE}],
    )  # fmt: skip
    html = page(reviewer) + page(reviewer, object=HOSTILE)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{7*7}}" in html


def test_json_lines_of_an_unbroken_stretch_check_themselves(five: Client, tmp_path) -> None:
    answer = five.get(EXPORT, {"format": "jsonl"})
    assert answer["Content-Disposition"] == 'attachment; filename="breakwater-audit.jsonl"'
    file = tmp_path / "six.jsonl"
    file.write_bytes(answer.content)
    assert check(file).startswith("consistent from 1 to 6\n")
    assert [json.loads(line)["seq"] for line in answer.content.splitlines()] == [1, 2, 3, 4, 5, 6]


def test_a_download_holds_what_the_filter_says(five: Client) -> None:
    lines = five.get(EXPORT, {"format": "jsonl", "run": "2"}).content.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [5, 6]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n="])
def test_no_cell_of_the_csv_is_a_formula(reviewer: Client, start: str) -> None:
    formula = f"{start}cmd|'/c calc'!A1"
    add(
        "topic.seen", actor=Actor("5a8d", formula, "web"), object=formula, before=formula, reason=formula,
        facts={"topic": formula},
    )  # fmt: skip
    text = five_csv = reviewer.get(EXPORT, {"format": "csv"}).content.decode()
    rows = list(csv.DictReader(io.StringIO(five_csv, newline="")))
    assert rows[-1]["object"] == f"'{formula}"
    assert rows[-1]["seq"] == "2"
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@")), text


@pytest.mark.parametrize("asked", [{"format": "xlsx"}, {"format": ""}])
def test_an_unknown_format_is_refused(five: Client, asked: dict[str, str]) -> None:
    assert five.get(EXPORT, asked).status_code == 422


def test_a_download_is_refused_rather_than_cut(five: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.views.EXPORTED", 5)
    answer = five.get(EXPORT)
    assert answer.status_code == 422
    assert b"More than 5 events fit" in answer.content
    assert five.get(EXPORT, {"run": "2"}).status_code == 200


def test_looking_writes_nothing(five: Client) -> None:
    before = Event.objects.count()
    page(five)
    five.get(EXPORT)
    assert Event.objects.count() == before


def test_a_period_is_packed_and_what_cannot_be_is_refused_with_a_reason(
    reviewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_record(5)
    answer = reviewer.get(PACK, {"since": "2001-01-01"})
    assert answer["Content-Disposition"] == 'attachment; filename="breakwater-1-5.zip"'
    assert b"".join(answer)[:2] == b"PK"
    for asked, said in (
        ({"run": 99}, "Nothing was recorded then"),
        ({"until": "2001-01-01"}, "Nothing was recorded then"),
        ({"since": "yesterday"}, "cannot be read"),
    ):
        refused = reviewer.get(PACK, asked)
        assert refused.status_code == 422
        assert said in refused.content.decode()
    monkeypatch.setattr("audit.views.EXPORTED", 4)
    assert "More than 4 events lie there. Use `manage.py audit export DIR" in reviewer.get(PACK).content.decode()
    assert Client().get(PACK).status_code == 302


def test_only_who_may_export_gets_a_pack(client: Client) -> None:
    add()
    client.force_login(make_account("Somebody", "commander"))
    assert client.get(PACK).status_code == 403
