"""Verdicts in memory: the newest of each reviewer, by plan, as other processes store more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from authored import article, beads, pair
from builders import store_rows

from pipelines.quality.verdicts import Verdict, adjudicated
from pipelines.review import journal
from pipelines.review.stored_verdicts import StoredVerdicts
from pipelines.tables import articles

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN, OTHER = "stratified seed=1 size=10", "beads seed=2 size=5"


def corpus(
    output: Path, texts: tuple[str, ...] = ("一桥通车。", "二桥通车。"), hours: int = 0
) -> None:
    """Store a pair of articles for each text, at so many hours after the first time."""
    zh = [article(f"z{n}", "zh", "题", text, 1, city="anlan") for n, text in enumerate(texts)]
    en = [article(f"e{n}", "en", "T", f"Bridge {n} opened.", 1, city="anlan") for n in range(9)]
    at = NOW - timedelta(days=1) + timedelta(hours=hours)
    articles.write_articles(output, "anlan", [*zh, *en], run_id="r", now=at)
    both = list(zip(zh, en, strict=False))
    store_rows(output, "pairs", "anlan", [pair("anlan", *one, 0.9, aligned_at=at) for one in both])
    rows = [
        row
        for zh_one, en_one in both
        for row in beads(pair("anlan", zh_one, en_one, 0.9)["pair_id"],
                         ("1-1", zh_one.text, en_one.text))
    ]  # fmt: skip
    store_rows(output, "sentences", "anlan", rows)


def verdict(number: int, pair_id: str, code: str | None = "translation", **more: Any) -> Verdict:
    plain: dict[str, Any] = {
        "verdict_id": f"v{number:03d}", "level": "pair", "city": "anlan", "pair_id": pair_id,
        "position": None, "zh_id": None, "en_id": None, "verdict": code, "note": None,
        "reviewer": "anna", "judged_at": NOW + timedelta(seconds=number), "plan": PLAN,
    }  # fmt: skip
    return Verdict(**plain | more)


def pair_ids() -> tuple[str, str]:
    """Return the ids of the first two pairs."""
    zh, en = (
        [article(f"{lang[0]}{n}", lang, "", "", 1, city="anlan") for n in range(2)]
        for lang in ("zh", "en")
    )
    first, second = (pair("anlan", *both, 0.9)["pair_id"] for both in zip(zh, en, strict=True))
    return first, second


def opened(output: Path, *given: Verdict) -> StoredVerdicts:
    corpus(output)
    stored = StoredVerdicts(output, lambda: NOW)
    for one in given:
        stored.append(one)
    return stored


def ids(found: list[Verdict]) -> list[str]:
    return [one.verdict_id for one in found]


def test_the_newest_verdict_of_a_reviewer_counts_and_of_equal_times_the_greater_id(
    tmp_path: Path,
) -> None:
    one, _ = pair_ids()
    late, same = verdict(3, one, "abridged"), verdict(4, one, "part_of", judged_at=NOW)
    given = (late, verdict(1, one), same, verdict(5, one, "same_event", judged_at=NOW))
    stored = opened(tmp_path, *given)
    newest = stored.newest(late.item, "anna")
    assert newest is not None
    assert newest.verdict == "abridged"
    assert stored.newest(late.item, "bo") is None
    assert stored.newest(late.item, "anna", adjudicating=True) is None
    tied = opened(tmp_path / "tied", same, verdict(5, one, "same_event", judged_at=NOW))
    newest = tied.newest(late.item, "anna")
    assert newest is not None
    assert newest.verdict == "same_event"


def test_a_plan_has_its_verdicts_by_age_and_no_other_s(tmp_path: Path) -> None:
    one, two = pair_ids()
    given = (
        verdict(4, one, reviewer="bo"),
        verdict(2, two, discuss=True),
        verdict(3, one, None, discuss=True),
        verdict(5, one, "abridged", plan=adjudicated(PLAN), discuss=True),
        verdict(6, two, reviewer="bo", plan=OTHER),
        verdict(7, two, None, reviewer="cy"),
    )
    stored = opened(tmp_path, *given)
    assert ids(stored.placed_in(PLAN)) == ["v002", "v003", "v004", "v005", "v007"]
    assert ids(stored.own_in(PLAN, "anna")) == ["v002", "v003"]
    assert ids(stored.own_in(PLAN, "bo")) == ["v004"]
    assert ids(stored.own_in(PLAN, "cy")) == [], "neither a verdict nor a flag"
    assert ids(stored.flagged_in(PLAN)) == ["v002", "v003", "v005"]
    assert ids(stored.flagged_in(OTHER)) == []
    by_plan = {(given[0].item, "bo"), (given[1].item, "anna")}
    assert stored.reviews_in(PLAN) == by_plan
    assert stored.given_in(OTHER, given[4].item, "bo")
    assert not stored.given_in(PLAN, given[4].item, "bo")
    assert stored.stale_reviews() == []


def test_verdicts_of_another_process_are_read_once_wherever_they_lie(tmp_path: Path) -> None:
    one, two = pair_ids()
    stored, other = opened(tmp_path), StoredVerdicts(tmp_path, lambda: NOW)
    other.append(verdict(1, one))
    stored.refresh()
    assert ids(stored.placed_in(PLAN)) == ["v001"]
    other.append(verdict(2, two))
    journal.compact(tmp_path)
    other.append(verdict(3, one, "abridged", reviewer="bo"))
    stored.refresh()
    assert ids(stored.placed_in(PLAN)) == ["v001", "v002", "v003"]
    # An emptied journal is shorter than it was when it was read last: it begins anew.
    journal.compact(tmp_path)
    other.append(verdict(4, two, reviewer="cy"))
    stored.refresh()
    stored.refresh()
    assert ids(stored.placed_in(PLAN)) == ["v001", "v002", "v003", "v004"]


def test_a_verdict_that_went_into_a_known_table_before_it_was_read_is_read(
    tmp_path: Path,
) -> None:
    one, two = pair_ids()
    stored, other = opened(tmp_path), StoredVerdicts(tmp_path, lambda: NOW)
    for number, pair_id in ((1, one), (2, two)):
        other.append(verdict(number, pair_id))
        journal.compact(tmp_path)
        stored.refresh()
        assert ids(stored.placed_in(PLAN)) == ["v001", "v002"][:number]


def test_a_verdict_s_time_is_later_than_every_stored_one_and_its_id_grows(tmp_path: Path) -> None:
    one, _ = pair_ids()
    ahead = NOW + timedelta(days=1, microseconds=999)
    stored = opened(tmp_path, verdict(1, one, judged_at=ahead))
    (first, at), (second, again) = stored.new_id(), stored.new_id()
    assert at == again == NOW + timedelta(days=1, milliseconds=1)
    assert first < second
    assert first.split("-")[:2] == ["20240602080000", "000001"]
    behind = opened(tmp_path / "behind", verdict(1, one, judged_at=NOW - timedelta(days=1)))
    assert behind.new_id()[1] == NOW


def test_verdicts_on_a_text_that_is_gone_are_stale_until_it_is_back(tmp_path: Path) -> None:
    one, two = pair_ids()
    stored = opened(tmp_path)
    stored.subjects.load([verdict(2, two)])
    subject = stored.subjects.now(verdict(2, two))
    assert subject is not None
    shown = subject.digest
    stored.append(verdict(1, one))
    stored.append(verdict(2, two, reviewer="bo", judged_sha256=shown))
    stored.append(verdict(3, two, plan=adjudicated(PLAN), judged_sha256=shown))
    assert (stored.edition, ids(stored.placed_in(PLAN))) == (0, ["v001", "v002", "v003"])
    corpus(tmp_path, ("一桥通车。", "二桥改期通车。"), hours=48)
    stored.refresh()
    gone = verdict(2, two).item
    assert (stored.edition, ids(stored.placed_in(PLAN))) == (1, ["v001"])
    assert stored.stale_reviews() == [(gone, "bo")], "an adjudication is no blind review"
    stale = stored.newest_stale(gone, "bo")
    assert stale is not None
    assert (stale.verdict_id, stored.newest_stale(gone, "anna")) == ("v002", None)
    assert stored.newest_stale(gone, "anna", adjudicating=True) is not None
    assert not stored.given_in(PLAN, gone, "bo")
    corpus(tmp_path, hours=72)
    stored.refresh()
    assert (stored.edition, ids(stored.placed_in(PLAN))) == (2, ["v001", "v002", "v003"])
    assert stored.stale_reviews() == []
