"""Which verdicts count: read from tables and journals, the newest of each reviewer on each item."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, store_verdicts, verdict_row

from pipelines.quality import verdicts
from pipelines.quality.verdicts import VerdictError
from pipelines.tables import parquet

PAIR = {"city": "x", "pair_id": "p1", "zh_id": "z1", "en_id": "e1"}


def row(
    key: str, said: str | None, reviewer: str = "ada", minute: int = 0, **more: Any
) -> parquet.Row:
    moment = NOW + timedelta(minutes=minute)
    drawn = {"plan": "stratified seed=1 size=9", "weight": 3.0, "stratum": ".9-1 x"}
    named = {"verdict_id": key, "reviewer": reviewer, "judged_at": moment}
    return verdict_row(PAIR, said, **drawn | named | more)


def journal(output: Path, rows: list[parquet.Row], name: str = "ada") -> Path:
    path = output / "reviews" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, default=str) + "\n" for r in rows), encoding="utf-8")
    return path


def counted(output: Path) -> list[verdicts.Judged]:
    return verdicts.by_item(verdicts.read(output))


def test_a_verdict_in_both_table_and_journal_is_one(tmp_path: Path) -> None:
    store_verdicts(tmp_path, [row("a", "translation")])
    journal(tmp_path, [row("a", "translation"), row("b", "abridged", minute=1)])
    assert [one.verdict_id for one in verdicts.read(tmp_path)] == ["a", "b"]
    assert verdicts.read(tmp_path)[0].judged_at == NOW


def test_the_newest_verdict_of_a_reviewer_counts(tmp_path: Path) -> None:
    journal(tmp_path, [row("b", "different", minute=2), row("a", "translation", minute=1)])
    (one,) = counted(tmp_path)
    assert one.verdict == "different"


def test_an_empty_verdict_takes_the_item_back(tmp_path: Path) -> None:
    journal(tmp_path, [row("a", "translation"), row("b", None, minute=1)])
    assert counted(tmp_path) == []
    assert len(verdicts.read(tmp_path)) == 2


@pytest.mark.parametrize("tail", ['{"verdict_id": "b", "lev', '{"verdict_id": "b', "\x00\x00"])
def test_a_torn_last_line_is_ignored(tmp_path: Path, tail: str) -> None:
    path = journal(tmp_path, [row("a", "translation")])
    with path.open("a", encoding="utf-8") as file:
        file.write(tail)
    assert [one.verdict_id for one in verdicts.read(tmp_path)] == ["a"]
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")
    assert [one.verdict_id for one in verdicts.read(tmp_path)] == ["a"]


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = journal(tmp_path, [row("a", "translation")])
    with path.open("a", encoding="utf-8") as file:
        file.write("{broken\n" + json.dumps(row("b", "different"), default=str) + "\n")
    with pytest.raises(VerdictError, match=r"ada\.jsonl:2: expected a verdict as a JSON object"):
        verdicts.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": "page"}, r":1: level must be pair, bead, unmatched, not 'page'"),
        ({"verdict": "fine"}, r":1: a pair is judged translation, .*, not 'fine'"),
        ({"reviewer": ""}, r":1: a verdict lacks reviewer"),
        ({"pair_id": None}, r":1: a verdict on a pair lacks pair_id"),
        ({"level": "bead", "verdict": "wrong"}, r":1: a verdict on a bead lacks position"),
        ({"judged_at": "yesterday"}, r":1: judged_at must be a time in ISO 8601, not 'yesterday'"),
    ],
)
def test_what_is_wrong_with_a_verdict_is_said(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    journal(tmp_path, [row("a", "translation") | change])
    with pytest.raises(VerdictError, match=message):
        verdicts.read(tmp_path)


def test_reviewers_who_differ_leave_the_item_disputed(tmp_path: Path) -> None:
    store_verdicts(tmp_path, [row("a", "translation"), row("b", "different", "bo")])
    (one,) = counted(tmp_path)
    assert one.disputed
    assert [verdict.reviewer for verdict in one.blind] == ["ada", "bo"]


def test_who_cannot_tell_leaves_the_decision_to_who_can(tmp_path: Path) -> None:
    store_verdicts(tmp_path, [row("a", "cannot_tell"), row("b", "different", "bo")])
    assert counted(tmp_path)[0].verdict == "different"


def test_an_adjudication_settles_the_item_and_is_not_blind(tmp_path: Path) -> None:
    plan = verdicts.adjudicated("stratified seed=1 size=9")
    rows = [row("a", "translation"), row("b", "different", "bo")]
    store_verdicts(tmp_path, [*rows, row("c", "abridged", "ada", 5, plan=plan)])
    (one,) = counted(tmp_path)
    assert one.verdict == "abridged"
    # Ada decided, and what she said blind still stands.
    assert [(v.reviewer, v.verdict) for v in one.blind] == [
        ("ada", "translation"),
        ("bo", "different"),
    ]
    assert verdicts.plan_of(one.adjudication or one.first) == "stratified seed=1 size=9"


def test_how_an_item_was_drawn_is_known_for_each_plan(tmp_path: Path) -> None:
    first = row("a", "translation", plan="stratified seed=1 size=9", weight=3.0)
    later = row("b", "different", minute=1, plan="uncertain seed=1 size=9", weight=None)
    store_verdicts(tmp_path, [first, later])
    (one,) = counted(tmp_path)
    assert one.verdict == "different"
    assert [draw.weight for draw in one.draws] == [3.0, None]


def test_beads_and_unmatched_articles_are_items_of_their_own(tmp_path: Path) -> None:
    store_verdicts(
        tmp_path,
        [
            row("a", "translation"),
            row("b", "correct", level="bead", position=0),
            row("c", "wrong", level="bead", position=1),
            row("d", "none", level="unmatched", pair_id=None, zh_id=None, en_id="e7"),
        ],
    )
    assert [(one.item.level, one.verdict) for one in counted(tmp_path)] == [
        ("bead", "correct"),
        ("bead", "wrong"),
        ("pair", "translation"),
        ("unmatched", "none"),
    ]
