"""Verdicts follow the texts judged, and go stale without them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from authored import article, beads, pair
from builders import store_rows
from review_corpus import sheet, sheet_rows

from pipelines.cli import app
from pipelines.quality import estimates, subjects, verdicts
from pipelines.quality.sampling import Plan
from pipelines.review import drawn_plans, journal, verdict_export, verdict_import
from pipelines.review.item_reader import ItemReader
from pipelines.review.session import JudgingSession, TextsChangedError, VerdictRefusedError
from pipelines.review.stored_verdicts import StoredVerdicts
from pipelines.tables import articles, files, parquet, schema

CRAWLED = datetime(2024, 5, 1, 8, tzinfo=UTC)
JUDGED = datetime(2024, 6, 1, 8, tzinfo=UTC)
CORRECTED = datetime(2024, 7, 1, 8, tzinfo=UTC)

BRIDGE = ("1-1", "跨江大桥通车。", "The river bridge opened.")
SCHOOL = ("1-1", "新建学校三所。", "Three schools were built.")
PARK = ("1-1", "公园免费开放。", "The park is free of charge.")
NOTICE = ("1-1", "本报讯。", "From our correspondent.")
BEADS = Plan("beads", size=10, seed=1)
PAIRS = Plan("stratified", size=10, seed=1)


def corpus(output: Path, *sides: tuple[str, str, str], now: datetime = CRAWLED) -> Path:
    """Store one pair of these beads, crawled and aligned at `now`."""
    whole = {"zh": "".join(zh for _, zh, _ in sides), "en": " ".join(en for _, _, en in sides)}
    zh, en = (
        article(key, lang, "题" if lang == "zh" else "T", whole[lang], 1, city="anlan")
        for key, lang in (("z", "zh"), ("e", "en"))
    )
    articles.write_articles(output, "anlan", [zh, en], run_id="r", now=now)
    one = pair("anlan", zh, en, 0.9, aligned_at=now)
    store_rows(output, "pairs", "anlan", [one])
    store_rows(output, "sentences", "anlan", beads(one["pair_id"], *sides))
    return output


def said(output: Path) -> dict[int, str | None]:
    """Return the verdicts that count on beads, by position."""
    found = subjects.judgements(output).items
    return {one.item.position: one.verdict for one in found if one.item.level == "bead"}


def stale(output: Path) -> list[str | None]:
    return sorted(str(one.verdict) for one in subjects.judgements(output).stale)


def judge_beads(output: Path, **codes: str) -> JudgingSession:
    """Judge beads of the one pair, each named by an English word."""
    session = JudgingSession(output, clock=lambda: JUDGED)
    plan = session.open_plan(PAIRS)
    rows = parquet.read_table(files.table_path(output, "sentences", "anlan"), schema.SENTENCES)
    for row in rows.to_pylist():
        code = codes.get(row["en"].split()[1])
        if code:
            session.judge(plan, 0, "anna", code, position=row["position"])
    return session


def without_digests(output: Path) -> None:
    """Make the verdicts what they were before they carried a digest."""
    journal.compact(output)
    for path in (output / "reviews").glob("*.parquet"):
        rows = parquet.read_table(path, schema.REVIEWS).to_pylist()
        old = [row | {"judged_sha256": None} for row in rows]
        parquet.write_table(path, parquet.rows_to_table(old, schema.REVIEWS))


def test_a_verdict_follows_its_sentences_to_another_position(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    judge_beads(tmp_path, river="correct", schools="wrong")
    corpus(tmp_path, NOTICE, BRIDGE, SCHOOL, now=CORRECTED)
    assert said(tmp_path) == {1: "correct", 2: "wrong"}
    assert stale(tmp_path) == []


def test_equal_sentences_are_told_apart_by_their_number_in_the_pair(tmp_path: Path) -> None:
    # These digests lie in the verdicts of corpora that exist.
    corpus(tmp_path, NOTICE, NOTICE, NOTICE)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    for position in range(3):
        session.judge(session.open_plan(PAIRS), 0, "anna", "correct", position=position)
    given = [row.judged_sha256 for row in verdicts.read(tmp_path) if row.level == "bead"]
    assert set(given) == {subjects.of_bead(*NOTICE[1:], number) for number in range(3)}


def test_verdicts_in_memory_follow_the_texts_and_leave_their_old_place(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    judge_beads(tmp_path, river="correct")
    stored = StoredVerdicts(tmp_path, lambda: JUDGED)
    (first,) = [one for one in stored.own_in(str(PAIRS), "anna") if one.level == "bead"]
    assert stored.newest(first.item, "anna") is not None
    corpus(tmp_path, NOTICE, BRIDGE, now=CORRECTED)
    stored.refresh()
    (moved,) = [one for one in stored.own_in(str(PAIRS), "anna") if one.level == "bead"]
    assert (first.position, moved.position) == (0, 1)
    assert stored.newest(first.item, "anna") is None
    corpus(tmp_path, PARK, now=CORRECTED + timedelta(days=1))
    stored.refresh()
    assert stored.own_in(str(PAIRS), "anna") == []
    assert stored.stale_reviews()


def test_a_verdict_on_sentences_that_are_gone_is_counted_apart_until_they_come_back(
    tmp_path: Path,
) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    judge_beads(tmp_path, river="correct", schools="wrong")
    corpus(tmp_path, BRIDGE, PARK, now=CORRECTED)
    assert said(tmp_path) == {0: "correct"}
    assert stale(tmp_path) == ["wrong"]
    corpus(tmp_path, SCHOOL, BRIDGE, now=CORRECTED + timedelta(days=1))
    assert said(tmp_path) == {0: "wrong", 1: "correct"}
    assert stale(tmp_path) == []


def test_equal_sentences_keep_a_verdict_each(tmp_path: Path) -> None:
    corpus(tmp_path, NOTICE, BRIDGE, NOTICE)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    for position, code in ((0, "boilerplate"), (2, "correct")):
        session.judge(session.open_plan(PAIRS), 0, "anna", code, position=position)
    corpus(tmp_path, PARK, NOTICE, BRIDGE, NOTICE, now=CORRECTED)
    assert said(tmp_path) == {1: "boilerplate", 3: "correct"}
    corpus(tmp_path, NOTICE, BRIDGE, now=CORRECTED + timedelta(days=1))
    assert said(tmp_path) == {0: "boilerplate"}
    assert stale(tmp_path) == ["correct"]


@pytest.mark.parametrize("change", ["zh", "en"])
def test_a_pair_with_a_corrected_article_is_to_be_judged_again(tmp_path: Path, change: str) -> None:
    corpus(tmp_path, BRIDGE)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    plan = session.open_plan(PAIRS)
    session.judge(plan, 0, "anna", "translation")
    corrected = (BRIDGE[0], BRIDGE[1] + ("改" if change == "zh" else ""),
                 BRIDGE[2] + ("!" if change == "en" else ""))  # fmt: skip
    corpus(tmp_path, corrected, now=CORRECTED)
    assert subjects.judgements(tmp_path).items == []
    assert stale(tmp_path) == ["translation"]
    session.verdicts.refresh()
    assert (session.progress.of(plan, "anna").judged, session.progress.of(plan, "anna").stale) == (
        0,
        1,
    )
    assert session.progress.next_place(plan, "anna") == 0
    session.judge(plan, 0, "anna", "abridged")
    assert [one.verdict for one in subjects.judgements(tmp_path).items] == ["abridged"]
    assert stale(tmp_path) == []
    assert len(verdicts.read(tmp_path)) == 2


def test_an_unmatched_article_and_the_mate_found_are_what_was_judged(tmp_path: Path) -> None:
    def store_article(key: str, lang: str, text: str, now: datetime) -> None:
        one = article(key, lang, "t", text, 1, city="anlan")
        articles.write_articles(tmp_path, "anlan", [one], run_id="r", now=now)

    store_article("z", "zh", "市长视察港口。", CRAWLED)
    store_article("e", "en", "The mayor inspected the port.", CRAWLED)
    store_rows(tmp_path, "pairs", "anlan", [])
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    session.judge(session.open_plan(Plan("unmatched", size=1)), 0, "anna", "missed", zh_id="z")
    assert stale(tmp_path) == []
    store_article("z", "zh", "市长视察机场。", CORRECTED)
    assert stale(tmp_path) == ["missed"]
    store_article("z", "zh", "市长视察港口。", CORRECTED)
    assert stale(tmp_path) == []
    store_article("e", "en", "The mayor inspected the airport.", CORRECTED)
    assert stale(tmp_path) == ["missed"]


def test_a_verdict_without_digest_counts_while_nothing_was_stored_since(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    session = judge_beads(tmp_path, river="correct", schools="wrong")
    session.judge(session.open_plan(PAIRS), 0, "anna", "translation")
    without_digests(tmp_path)
    assert said(tmp_path) == {0: "correct", 1: "wrong"}
    assert stale(tmp_path) == []
    corpus(tmp_path, NOTICE, BRIDGE, SCHOOL, now=CORRECTED)
    assert subjects.judgements(tmp_path).items == []
    assert stale(tmp_path) == ["correct", "translation", "wrong"]


def test_a_corpus_made_anew_from_its_archive_keeps_verdicts_without_digest(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE)
    judge_beads(tmp_path, river="correct")
    without_digests(tmp_path)
    other = corpus(tmp_path / "other", BRIDGE, now=CORRECTED)
    (tmp_path / "reviews").rename(other / "reviews")
    assert said(other) == {0: "correct"}


@pytest.mark.parametrize(
    ("method", "counts"), [("test-encoder 1 calibration-3", True), ("test-encoder 2", False)]
)
def test_a_bead_without_digest_is_of_the_encoder_and_model_that_made_it(
    tmp_path: Path, method: str, counts: bool
) -> None:
    corpus(tmp_path, BRIDGE)
    judge_beads(tmp_path, river="correct")
    without_digests(tmp_path)
    path = files.table_path(tmp_path, "pairs", "anlan")
    rows = parquet.read_table(path, schema.PAIRS).to_pylist()
    store_rows(tmp_path, "pairs", "anlan", [row | {"method": method} for row in rows])
    assert bool(said(tmp_path)) is counts
    assert bool(stale(tmp_path)) is not counts


def test_estimates_name_what_they_leave_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    plan = session.open_plan(BEADS)
    for place in range(2):
        session.judge(plan, place, "anna", "correct")
    assert estimates.estimate(tmp_path).counts["bead"].drawn == 2
    corpus(tmp_path, NOTICE, BRIDGE, PARK, now=CORRECTED)
    counts = estimates.estimate(tmp_path).counts["bead"]
    assert (counts.items, counts.drawn, counts.stale) == (1, 1, 1)
    assert app.main(["evaluate", "--output", str(tmp_path)]) == 0
    assert "texts that the corpus has no more, which count for nothing: 1 of level bead" in (
        capsys.readouterr().out
    )
    assert app.main(["evaluate", "--output", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "1 of level bead" in told["stale"]
    assert told["estimates"]["counts"]["bead"]["stale"] == 1
    assert app.main(["report", "--output", str(tmp_path)]) == 0
    page = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert "1 verdicts are on texts that have changed since" in page


def test_stale_verdicts_alone_are_not_no_verdicts(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE)
    judge_beads(tmp_path, river="correct")
    corpus(tmp_path, PARK, now=CORRECTED)
    assert estimates.estimate(tmp_path).counts["bead"].stale == 1


def test_a_plan_of_beads_goes_on_at_the_sentences_it_drew(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    plan = session.open_plan(BEADS)
    place = next(n for n, one in enumerate(plan.items) if one.position == 1)
    session.judge(plan, place, "anna", "wrong")
    corpus(tmp_path, NOTICE, BRIDGE, SCHOOL, now=CORRECTED)
    session.verdicts.refresh()
    assert session.now(plan, place) == verdicts.Item("bead", "z-e", 2)
    assert session.progress.judged(plan, place, "anna")
    session.judge(plan, place, "bo", "correct")
    assert list(session.progress.judged_items(plan)) == [place]
    assert len(session.progress.judged_items(plan)[place].blind) == 2
    corpus(tmp_path, BRIDGE, PARK, now=CORRECTED + timedelta(days=1))
    session.verdicts.refresh()
    assert session.now(plan, place) is None
    assert session.progress.stale(plan, place, "anna") is not None
    with pytest.raises(VerdictRefusedError, match="no such bead"):
        session.judge(plan, place, "anna", "correct")


def test_what_was_read_on_the_page_before_the_texts_changed_is_refused(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    plan, reader = session.open_plan(PAIRS), ItemReader(tmp_path)
    shown = session.shown(plan, 0)
    before = reader.pair(plan.items[0])
    corpus(tmp_path, PARK, SCHOOL, now=CORRECTED)
    with pytest.raises(TextsChangedError, match="stored anew"):
        session.judge(plan, 0, "anna", "translation", shown=shown)
    assert verdicts.read(tmp_path) == []
    reader.follow(session.verdicts.edition)
    after = reader.pair(plan.items[0])
    assert before is not None
    assert after is not None
    assert "river" in str(before.beads[0].en)
    assert "park" in str(after.beads[0].en)
    session.judge(plan, 0, "anna", "translation", shown=session.shown(plan, 0))
    reader.close()


def test_undo_takes_back_the_verdict_on_the_texts_it_was_given_on(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    plan = session.open_plan(PAIRS)
    session.judge(plan, 0, "anna", "translation")
    corpus(tmp_path, PARK, now=CORRECTED)
    session.undo(plan, "anna")
    corpus(tmp_path, BRIDGE, now=CORRECTED + timedelta(days=1))
    assert subjects.judgements(tmp_path).items == []
    assert stale(tmp_path) == []


@pytest.mark.parametrize("position", [-1, 3, 99_999])
def test_a_sentence_group_that_does_not_exist_is_not_judged(tmp_path: Path, position: int) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL, PARK)
    session = JudgingSession(tmp_path)
    with pytest.raises(VerdictRefusedError, match="no such bead"):
        session.judge(session.open_plan(PAIRS), 0, "anna", "correct", position=position)
    assert verdicts.read(tmp_path) == []


def take(output: Path, content: bytes, kind: str = "csv", **more: Any) -> verdict_import.Imported:
    return verdict_import.import_verdicts(
        output, content, kind, name="in", clock=lambda: CORRECTED, **more
    )


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_exports_mark_stale_verdicts_and_show_no_other_text_beside_them(
    tmp_path: Path, kind: str
) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    judge_beads(tmp_path, river="correct", schools="wrong")
    corpus(tmp_path, PARK, BRIDGE, now=CORRECTED)
    content = verdict_export.export_verdicts(tmp_path, kind)
    told = sheet_rows(content) if kind == "csv" else [one["data"] for one in json.loads(content)]
    assert {(row["en"], row["stale"] or "") for row in told} == {
        (BRIDGE[2], ""), ("", "wrong"),
    }  # fmt: skip
    other = corpus(tmp_path / "other", SCHOOL, BRIDGE)
    assert take(other, content, kind) == verdict_import.Imported(2, 0)
    assert said(other) == {0: "wrong", 1: "correct"}


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_sheet_filled_in_before_the_texts_changed_does_not_count_for_the_new(
    tmp_path: Path, kind: str
) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    content = verdict_export.export_verdicts(tmp_path, kind, drawn_plans.open_plan(tmp_path, BEADS))
    if kind == "csv":
        content = sheet([row | {"verdict": "correct"} for row in sheet_rows(content)])
    else:
        result = [{"from_name": "bead", "value": {"choices": ["correct"]}}]
        tasks = [one | {"annotations": [{"result": result}]} for one in json.loads(content)]
        content = json.dumps(tasks).encode()
    corpus(tmp_path, PARK, BRIDGE, now=CORRECTED)
    assert take(tmp_path, content, kind, reviewer="bo") == verdict_import.Imported(2, 0, stale=1)
    assert said(tmp_path) == {1: "correct"}
    assert stale(tmp_path) == ["correct"]


def test_a_plan_exported_again_shows_where_its_sentences_are_now(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE, SCHOOL)
    plan = drawn_plans.open_plan(tmp_path, BEADS)
    session = JudgingSession(tmp_path, clock=lambda: JUDGED)
    for place in range(2):
        session.judge(plan, place, "anna", "partly")
    corpus(tmp_path, NOTICE, PARK, BRIDGE, now=CORRECTED)
    shown = {
        row["en"]: row
        for row in sheet_rows(verdict_export.export_verdicts(tmp_path, "csv", plan, "anna"))
    }
    assert shown[BRIDGE[2]]["verdict"] == "partly"
    assert (shown[""]["verdict"], shown[""]["stale"]) == ("", "partly")
    assert take(tmp_path, sheet(list(shown.values()))) == verdict_import.Imported(0, 1)
    moved = [shown[BRIDGE[2]] | {"verdict": "correct"}]
    assert take(tmp_path, sheet(moved)) == verdict_import.Imported(0, 0, corrected=1)
    assert said(tmp_path) == {2: "correct"}


@pytest.mark.parametrize("digests", [True, False])
def test_a_correction_of_a_stale_verdict_does_not_count_for_the_new_texts(
    tmp_path: Path, digests: bool
) -> None:
    corpus(tmp_path, BRIDGE)
    session = judge_beads(tmp_path, river="correct")
    session.judge(session.open_plan(PAIRS), 0, "anna", "translation")
    if not digests:
        without_digests(tmp_path)
    corpus(tmp_path, PARK, now=CORRECTED)
    listed = sheet_rows(verdict_export.export_verdicts(tmp_path, "csv"))
    other = {"correct": "wrong", "translation": "different"}
    corrected = [row | {"verdict": other[row["verdict"]]} for row in listed]
    later = CORRECTED + timedelta(days=1)
    taken = verdict_import.import_verdicts(
        tmp_path, sheet(corrected), "csv", name="in", clock=lambda: later
    )
    assert taken == verdict_import.Imported(0, 0, corrected=2, stale=2)
    assert subjects.judgements(tmp_path).items == []
    assert stale(tmp_path) == ["different", "wrong"]


def test_a_digest_depends_on_which_side_a_text_stands() -> None:
    assert subjects.of_bead("ab", "c") != subjects.of_bead("a", "bc")
    assert subjects.of_bead("", "a") != subjects.of_bead("a", "")
    assert subjects.of_bead("a", "b") != subjects.of_bead("a", "b", 1)


def test_a_verdict_is_stored_with_the_digest_in_journal_and_table(tmp_path: Path) -> None:
    corpus(tmp_path, BRIDGE)
    judge_beads(tmp_path, river="correct")
    (before,) = verdicts.read(tmp_path)
    assert before.judged_sha256 == subjects.of_bead(BRIDGE[1], BRIDGE[2])
    journal.compact(tmp_path)
    assert verdicts.read(tmp_path) == [before]
    assert replace(before, position=0) == before
