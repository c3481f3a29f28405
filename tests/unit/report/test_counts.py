"""What the report counts, and how it draws its counts."""

import re
from pathlib import Path

from bs4 import BeautifulSoup

from pipelines.report import charts, counts, pair_examples, weaknesses


def minghe(corpus: Path) -> dict[str, counts.Edition]:
    (city,) = (city for city in counts.read_counts(corpus).cities if city.city == "minghe")
    return {edition.lang: edition for edition in city.editions}


def test_articles_are_counted_by_city_and_language(corpus: Path) -> None:
    zh, en = minghe(corpus)["zh"], minghe(corpus)["en"]
    assert (zh.articles, zh.undated, zh.duplicates, zh.matched, zh.unmatched) == (5, 1, 1, 2, 2)
    assert (en.articles, en.undated, en.duplicates, en.matched, en.unmatched) == (4, 0, 0, 2, 2)


def test_coverage_is_counted_by_month_and_leaves_out_the_undated(corpus: Path) -> None:
    march, april = 2024 * 12 + 2, 2024 * 12 + 3
    assert minghe(corpus)["zh"].months == {march: (2, 0, 1), april: (0, 1, 0)}
    assert minghe(corpus)["en"].months == {march: (2, 0, 0), april: (0, 2, 0)}


def test_relations_beads_and_flags_are_counted_over_pairs_kept_only(corpus: Path) -> None:
    counted = counts.read_counts(corpus)
    assert counted.relations == {"translation": 1, "same_event": 1, "abridged": 1}
    assert counted.kinds == {"1-1": 2, "1-2": 1, "1-0": 1}
    assert counted.sentence_flags == {"number_mismatch": 1, "length_outlier": 1}
    assert counted.article_flags == {"zh": {"undated": 1}, "en": {}}
    assert sorted(counted.probabilities.round(3)) == [0.21, 0.55, 0.9, 0.998]


def test_rejects_are_counted_by_reason_with_examples(corpus: Path) -> None:
    counted = counts.read_counts(corpus)
    assert counted.reject_reasons == {"challenge": {"minghe": 2}, "too_short": {"minghe": 1}}
    assert [e.url for e in counted.reject_examples["challenge"]] == [
        "http://www.minghe.example/a.html",
        "http://www.minghe.example/b.html",
    ]


def test_doubts_name_the_pairs_that_something_speaks_against(corpus: Path) -> None:
    raised = {
        s.row["pair_id"]: s.doubts
        for s in pair_examples.read_examples(corpus, pair_examples.choose(corpus, 9))
    }
    assert raised["zh2-en2"] == ("ordinals", "near", "close")
    assert raised["zh1-en1"] == ()
    assert counts.read_counts(corpus).doubts["ordinals"] == 1


def test_runs_show_their_issues_and_how_they_ended(corpus: Path) -> None:
    (run,) = counts.read_counts(corpus).runs
    assert (run.command, run.exit_code, run.cities) == ("run", 3, 2)
    assert run.counts == {"articles": 11}
    assert run.issues == {"list_empty": 1}


def test_dates_centuries_off_do_not_break_the_chart() -> None:
    svg = charts.months({12 * 1: (1, 0, 0), 12 * 2024: (0, 3, 1)}, 12, 12 * 2024, per=12 * 16)
    assert svg.count("<path") == 3
    assert len(svg) < 20_000


def test_scales_end_at_round_numbers_and_counts_stay_short() -> None:
    assert [charts.ceiling(n) for n in (0, 1, 3, 6, 23, 100, 4100)] == [2, 2, 4, 10, 40, 100, 5000]
    assert [charts.short(n) for n in (7, 950, 9_999, 12_345, 100_000, 1_234_567)] == [
        "7", "950", "9,999", "12.3k", "100k", "1.23M",
    ]  # fmt: skip


def test_weaknesses_are_shares_of_something_and_the_greatest_comes_first(corpus: Path) -> None:
    found = weaknesses.of(counts.read_counts(corpus))
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    told = {f"{one.of.en} {one.words.en}": (one.count, one.whole) for one in found}
    assert told["pairs have ordinals that contradict each other"] == (1, 3)
    assert told["sentence groups have one side only"] == (1, 4)
    assert told["English articles have no counterpart"] == (2, 5)
    assert told["Chinese articles repeat another one"] == (1, 6)
    assert told["pages gave no article"] == (3, 14)


def test_a_chart_holds_no_style_no_script_and_no_address() -> None:
    svg = charts.bars([1, 0, 20_000], ["a", "b", "c"], links=["band=0", "band=1", "band=2"])
    drawn = BeautifulSoup(svg, "html.parser")
    links = drawn.select("a")
    assert [(link["href"], link["data-show"]) for link in links] == [
        ("#pairs", "band=0"), ("#pairs", "band=2"),
    ]  # fmt: skip
    assert [link["aria-label"] for link in links] == ["a: 1", "c: 20,000"]
    assert "20k" in drawn.get_text()
    assert not re.search(r"style=|http|<script|<style|url\(", svg)
    assert charts.bars([1, 2], ["a", "b"]) == charts.bars([1, 2], ["a", "b"])


def test_a_chart_of_nothing_is_a_chart() -> None:
    assert charts.bars([], []).startswith("<svg")
    assert charts.falling([0] * 101, 50).startswith("<svg")
