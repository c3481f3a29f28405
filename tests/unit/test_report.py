"""The report counts what is stored, shows pairs with their evidence, and runs nothing it shows."""

import base64
import hashlib
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from authored import ALIGNED, EVIDENCE, HOSTILE_TITLE, beads, pair, write_corpus, write_rows
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from crawler.city import City
from crawler.item import Article
from pipelines import (
    charts,
    estimates,
    highlight,
    history,
    report,
    schema,
    showing,
    specimens,
    store,
    tally,
    weaknesses,
    wording,
)
from pipelines.evidence import facts
from pipelines.specimens import Bead, Side, Specimen


@pytest.fixture(scope="module")
def page(corpus: Path) -> BeautifulSoup:
    return BeautifulSoup(report.render(corpus), "html.parser")


def minghe(corpus: Path) -> dict[str, tally.Edition]:
    (city,) = (city for city in tally.read(corpus).cities if city.city == "minghe")
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
    counted = tally.read(corpus)
    assert counted.relations == {"translation": 1, "same_event": 1, "abridged": 1}
    assert counted.kinds == {"1-1": 2, "1-2": 1, "1-0": 1}
    assert counted.sentence_flags == {"number_mismatch": 1, "length_outlier": 1}
    assert counted.article_flags == {"zh": {"undated": 1}, "en": {}}
    assert sorted(counted.probabilities.round(3)) == [0.21, 0.55, 0.9, 0.998]


def test_rejects_are_counted_by_reason_with_examples(corpus: Path) -> None:
    counted = tally.read(corpus)
    assert counted.reject_reasons == {"challenge": {"minghe": 2}, "too_short": {"minghe": 1}}
    assert [e.url for e in counted.reject_examples["challenge"]] == [
        "http://www.minghe.example/a.html",
        "http://www.minghe.example/b.html",
    ]


def test_doubts_name_the_pairs_that_something_speaks_against(corpus: Path) -> None:
    raised = {
        s.row["pair_id"]: s.doubts for s in specimens.read(corpus, specimens.choose(corpus, 9))
    }
    assert raised["zh2-en2"] == ("ordinals", "near", "close")
    assert raised["zh1-en1"] == ()
    assert tally.read(corpus).doubts["ordinals"] == 1


def test_runs_show_their_issues_and_how_they_ended(corpus: Path) -> None:
    (run,) = tally.read(corpus).runs
    assert (run.command, run.exit_code, run.cities) == ("run", 3, 2)
    assert run.counts == {"articles": 11}
    assert run.issues == {"list_empty": 1}


def test_bands_put_nine_tenths_as_float32_into_the_last_band() -> None:
    assert [tally.band(float(np.float32(p))) for p in (0.0, 0.1, 0.3, 0.7, 0.9, 1.0)] == [
        0, 1, 3, 7, 9, 9,
    ]  # fmt: skip


def test_the_same_tables_give_the_same_page(corpus: Path, tmp_path: Path) -> None:
    assert report.render(corpus) == report.render(corpus)
    write_corpus(tmp_path)
    for run in (tmp_path / "runs").iterdir():
        (run / "counts.json").unlink()
    assert tally.read(tmp_path).as_of == ALIGNED


def test_the_page_is_written_under_reports_and_replaced_whole(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    path = report.write(tmp_path)
    assert path == tmp_path / "reports" / "index.html"
    assert path.read_text(encoding="utf-8") == report.render(tmp_path)
    assert [p.name for p in path.parent.iterdir()] == ["index.html"]


def test_nothing_on_the_page_is_loaded_run_or_linked_but_web_pages(page: BeautifulSoup) -> None:
    assert len(page.find_all("script")) == len(page.find_all("style")) == 1
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.startswith("on"), tag
            assert name not in ("src", "srcset", "style", "action", "background"), tag
            if name in ("href", "xlink:href"):
                assert re.match(r"(#[\w-]*$|https?://)", str(value)), tag
    assert not page.find_all(["iframe", "img", "link", "object", "embed", "base", "b:bold"])


def test_the_policy_allows_this_script_and_style_by_digest_and_nothing_else(
    page: BeautifulSoup,
) -> None:
    meta = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert meta is not None
    rules = dict(rule.strip().split(" ", 1) for rule in str(meta["content"]).split(";"))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    for name, tag in (("script-src", page.script), ("style-src", page.style)):
        assert tag is not None
        digest = base64.b64encode(hashlib.sha256(str(tag.string).encode()).digest()).decode()
        assert rules.pop(name) == f"'sha256-{digest}'"
    assert not rules


def test_hostile_text_is_shown_as_text(page: BeautifulSoup) -> None:
    shown = page.select_one("#pair-zh3-en3")
    assert shown is not None
    text = shown.get_text()
    assert "<script>window.hacked = 1</script>" in text
    assert "⟦U+202E⟧" in text
    assert "\u202e" not in text
    assert "{{ 7 * 7 }}" in text
    assert "␇" in text
    assert "javascript:window.hacked=1" in text
    assert shown["data-relation"] == '"><b>bold'


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://www.minghe.example/a?b=c#d", True),
        ("http://www.minghe.example/", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)//http://x.example", False),
        ("data:text/html,<script>1</script>", False),
        ("file:///etc/passwd", False),
        ("//www.minghe.example/", False),
        ("http://", False),
        ("http://[broken", False),
        ("http://www.minghe.example/" + "a" * 1000, False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, linked: bool) -> None:
    assert (showing.web_link(url) is not None) == linked


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5)
)
def test_marking_loses_no_text_and_adds_no_tag_but_its_own(
    text: str, spans: list[tuple[int, int]]
) -> None:
    marks = [highlight.Mark(min(s), max(s), "figure", group=1) for s in sorted(spans)]
    html = showing.marked(text, marks, 5)
    # In other elements the parser makes one blank of text that is nothing but blanks.
    parsed = BeautifulSoup(f"<pre>{html}</pre>", "html.parser")
    assert {tag.name for tag in parsed.find_all(True)} <= {"pre", "mark"}
    assert parsed.get_text() == showing.visible(text)


def test_a_fact_in_both_texts_is_linked_and_one_in_one_only_stands_alone() -> None:
    zh = facts("5月8日，第29次会议通过3.2万户改造方案，投资5亿元。", "zh", title="会议")
    en = facts(
        "The 29th meeting on May 8 approved 32,000 homes at 700 million yuan.", "en", title="A"
    )
    ours, theirs = highlight.marks(zh, en)
    linked = {zh.whole[m.start : m.end]: m.group for m in ours if m.shared}
    mates = {m.group: en.whole[m.start : m.end] for m in theirs if m.shared}
    assert {text: mates[group] for text, group in linked.items()} == {
        "5月8日": "May 8", "第29次": "29th", "3.2万": "32,000",
    }  # fmt: skip
    assert [zh.whole[m.start : m.end] for m in ours if not m.shared] == ["5亿元"]
    assert [en.whole[m.start : m.end] for m in theirs if not m.shared] == ["700 million yuan"]


def test_a_name_is_found_by_its_sound() -> None:
    zh = facts("市长张明远出席。", "zh", title="会议")
    en = facts("Mayor Zhang Mingyuan attended.", "en", title="Meeting")
    ours, theirs = highlight.marks(zh, en)
    (here,), (there,) = ([m for m in side if m.kind == "name"] for side in (ours, theirs))
    assert (zh.whole[here.start : here.end], en.whole[there.start : there.end]) == (
        "张明远", "Zhang Mingyuan",
    )  # fmt: skip
    assert here.group == there.group > 0


def test_marks_never_overlap_and_thousands_of_figures_do_not_stall() -> None:
    zh = facts("1 2 3月4日 第5次 " * 800, "zh")
    en = facts("1 2 on March 4, 5th " * 800, "en")
    for side in highlight.marks(zh, en):
        assert len(side) <= highlight.MOST
        assert all(a.end <= b.start for a, b in pairwise(side))


def test_a_sample_takes_evenly_from_the_strata() -> None:
    strata = {
        "a": [f"a{i}" for i in range(100)],
        "b": ["b1", "b2"],
        "c": [f"c{i}" for i in range(9)],
    }
    chosen = specimens.stratified(strata, 12)
    assert len(chosen) == 12
    assert {s: sum(k.startswith(s) for k in chosen) for s in "abc"} == {"a": 5, "b": 2, "c": 5}
    assert specimens.stratified(strata, 12, seed="another") != chosen


def test_more_pairs_in_one_stratum_leave_the_choice_from_the_others() -> None:
    few, many = [f"a{i}" for i in range(50)], [f"a{i}" for i in range(500)]
    other = [f"b{i}" for i in range(50)]
    before = specimens.stratified({"a": few, "b": other}, 20)
    after = specimens.stratified({"a": many, "b": other}, 20)
    assert {k for k in before if k[0] == "b"} == {k for k in after if k[0] == "b"}


def test_a_sample_is_called_one(corpus: Path) -> None:
    page = BeautifulSoup(report.render(corpus, shown=2), "html.parser")
    assert len(page.select(".pair")) == 2
    assert "A sample: 2 of 4 pairs" in page.get_text()
    assert "All 4 pairs are shown" in BeautifulSoup(report.render(corpus), "html.parser").get_text()


def test_pairs_come_by_city_the_most_probable_first(page: BeautifulSoup) -> None:
    ids = [str(pair["id"]) for pair in page.select(".pair")]
    assert ids == ["pair-zh1-en1", "pair-zh2-en2", "pair-zh3-en3", "pair-zh6-en6"]


def test_the_runner_up_is_the_best_candidate_that_shares_an_article(corpus: Path) -> None:
    found = {s.row["pair_id"]: s.rival for s in specimens.read(corpus, specimens.choose(corpus, 9))}
    rival = found["zh1-en1"]
    assert rival is not None
    assert (rival.side.article_id, rival.side.lang) == ("zh2", "zh")
    assert rival.side.published_at is not None
    assert found["zh6-en6"] is None


def test_beads_are_shown_in_order_and_a_missing_side_as_missing(page: BeautifulSoup) -> None:
    beads = page.select("#pair-zh1-en1 .bead")
    assert [b.select_one(".join span").get_text() for b in beads] == ["1-1", "1-2", "1-0"]  # type: ignore[union-attr]
    assert [b.select_one("[lang=zh-Hans]") is not None for b in beads] == [True] * 3
    assert "single" in beads[2]["class"]
    assert "Chinese only" in beads[2].get_text()
    assert "张明远" in beads[2].get_text()


def test_a_pair_without_sentences_shows_its_paragraphs(page: BeautifulSoup) -> None:
    shown = page.select_one("#pair-zh6-en6")
    assert shown is not None
    assert "共有12支队伍参赛。" in shown.get_text()
    assert "Twelve teams took part." in shown.get_text()
    assert shown.select_one(".beads.loose") is not None


def test_evidence_is_said_in_words_with_its_figures(page: BeautifulSoup) -> None:
    table = page.select_one("#pair-zh2-en2 .evidence")
    assert table is not None
    rows = {row.th.get_text(): row.get_text() for row in table.select("tbody tr") if row.th}
    ordinals = next(text for label, text in rows.items() if label.startswith("Ordinals"))
    assert "−1.00" in ordinals
    assert "contradict each other" in ordinals
    assert "相互矛盾" in ordinals
    assert any("nothing to compare" in text for text in rows.values())


def test_everything_said_is_said_in_both_languages(page: BeautifulSoup) -> None:
    english, chinese = page.select("span.e"), page.select("span.z")
    assert len(english) == len(chinese) > 200
    assert all(tag["lang"] == "en" for tag in english)
    assert all(re.search("[一-鿿]", tag.get_text()) for tag in chinese)


def test_a_certainty_is_never_claimed() -> None:
    assert [wording.probability(p) for p in (1.0, 0.994, 0.5, 0.001, None)] == [
        ">0.99", "0.99", "0.50", "<0.01", "–",
    ]  # fmt: skip


def judge(output: Path, verdicts: dict[str, str]) -> None:
    rows = []
    for n, (pair_id, verdict) in enumerate(verdicts.items()):
        zh, en = pair_id.split("-")
        rows.append(
            {
                "verdict_id": f"v{n}", "level": "pair", "pair_id": pair_id, "zh_id": zh,
                "en_id": en, "city": "taoyu" if pair_id == "zh6-en6" else "minghe",
                "verdict": verdict, "reviewer": "Wang", "judged_at": ALIGNED, "weight": 1.0,
                "plan": "all size=4", "stratum": "all",
            }
        )  # fmt: skip
    table = store.rows_to_table(rows, schema.REVIEWS)
    store.write_table(output / "reviews" / "wang.parquet", table)


def specimen(zh: str, en: str, count: int = 1, title: str = "标题") -> Specimen:
    row = pair("minghe", *(_bare(lang, title) for lang in ("zh", "en")), 0.9)
    sides = (
        Side("a", "zh", title, "http://x.example/"),
        Side("b", "en", title, "http://x.example/"),
    )
    return Specimen(row, *sides, tuple(Bead("1-1", zh, en, 0.9, ()) for _ in range(count)), ())


def _bare(lang: str, title: str) -> Article:
    return Article(article_id=lang, city="minghe", site="x.example", url="http://x.example/",
                   title=title, text="")  # fmt: skip


def test_what_does_not_fit_is_counted_and_said() -> None:
    seen = showing.view(specimen("很长的句子。" * 40, "A long sentence. " * 40, count=50), 20_000)
    assert 0 < len(seen.beads) < 50
    assert seen.hidden == 50 - len(seen.beads)
    assert seen.total == 50
    huge = showing.view(specimen("字" * 2_000_000, "x"), 60_000).beads[0]
    assert "… +1,997,000" in str(huge.zh)
    assert huge.zh is not None
    assert len(huge.zh) < 4_000


def test_the_page_stays_under_ten_megabytes_whatever_it_shows(tmp_path: Path) -> None:
    rows, sentences = [], []
    for n in range(300):
        title = "'" * 5_000
        zh, en = (
            Article(article_id=f"{lang}{n}", city="minghe", site="x", title=title, text="",
                    url="http://x.example/" + "'" * 400)
            for lang in ("zh", "en")
        )  # fmt: skip
        rows.append(pair("minghe", zh, en, n / 300))
        sentences += beads(f"zh{n}-en{n}", *(("1-1", "'" * 4_000, "&" * 4_000),) * 3)
    write_rows(tmp_path, "pairs", "minghe", rows)
    write_rows(
        tmp_path, "candidates", "minghe", [r | {"pair_id": f"{r['pair_id']}x"} for r in rows]
    )
    write_rows(tmp_path, "sentences", "minghe", sentences)
    assert 5_000_000 < len(report.render(tmp_path).encode()) < 10_000_000


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path: Path) -> None:
    text = BeautifulSoup(report.render(tmp_path), "html.parser").get_text()
    assert "There is nothing to report on yet" in text
    assert "尚无内容" in text


def test_a_city_of_articles_alone_gives_a_page_without_pairs(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    for table in ("pairs", "candidates", "sentences"):
        for path in (tmp_path / table).iterdir():
            path.unlink()
    page = report.render(tmp_path)
    assert "No pairs yet" in page
    assert [c.kept for c in tally.read(tmp_path).cities] == [0, 0]


def test_a_broken_table_is_named_and_the_old_page_stays(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    before = report.write(tmp_path).read_bytes()
    (tmp_path / "pairs" / "minghe.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(store.StoreError, match=r"minghe\.parquet"):
        report.write(tmp_path)
    assert (tmp_path / "reports" / "index.html").read_bytes() == before


def test_cities_go_by_their_names_where_these_are_known(corpus: Path) -> None:
    city = City(key="minghe", name_zh="明河市", name_en="Minghe", hosts=(), sources=())
    text = BeautifulSoup(report.render(corpus, {"minghe": city}), "html.parser").get_text()
    assert "明河市" in text
    assert "taoyu" in text


def test_dates_centuries_off_do_not_break_the_chart() -> None:
    svg = charts.months({12 * 1: (1, 0, 0), 12 * 2024: (0, 3, 1)}, 12, 12 * 2024, per=12 * 16)
    assert svg.count("<path") == 3
    assert len(svg) < 20_000


def test_scales_end_at_round_numbers_and_counts_stay_short() -> None:
    assert [charts.ceiling(n) for n in (0, 1, 3, 6, 23, 100, 4100)] == [2, 2, 4, 10, 40, 100, 5000]
    assert [charts.short(n) for n in (7, 950, 9_999, 12_345, 100_000, 1_234_567)] == [
        "7", "950", "9,999", "12.3k", "100k", "1.23M",
    ]  # fmt: skip


def test_the_yield_at_the_default_threshold_is_the_number_of_pairs_kept(
    page: BeautifulSoup,
) -> None:
    (note,) = page.select("#yield .note_marks text")
    assert note.get_text() == "3"


def test_every_figure_about_pairs_leads_to_pairs_that_are_shown(page: BeautifulSoup) -> None:
    chosen = {trait for pair in page.select(".pair") for trait in str(pair["data-traits"]).split()}
    links = [str(link["data-show"]) for link in page.select("a[data-show]")]
    assert {link.split("=")[0] for link in links} >= {
        "band", "bead", "city", "days", "doubt", "flag", "length", "relation",
    }  # fmt: skip
    chosen |= {f"city={pair['data-city']}" for pair in page.select(".pair")}
    assert {unquote(link) for link in links} <= chosen


def test_every_count_of_coverage_leads_to_what_it_counts(page: BeautifulSoup) -> None:
    rows = page.select("#counts + div tbody tr")
    alone = {"0", "–"}
    # The number of articles is the sum of what stands beside it.
    counts = [cell for row in rows for cell in row.select("td:not(.text, .share)")[1:]]
    assert counts
    for cell in counts:
        assert cell.a or cell.get_text(strip=True) in alone, cell
    anchors = {str(link["href"])[1:] for link in page.select("#coverage a[href^='#']")}
    assert {a.split("-")[0] for a in anchors} == {
        "duplicates", "flag", "pairs", "rejects", "unmatched",
    }  # fmt: skip
    for anchor in anchors:
        assert page.find(id=anchor), anchor


def test_a_sample_holds_examples_of_rare_traits(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    clash, rows = EVIDENCE | {"numbers": -0.5}, []
    for n in range(200):
        zh, en = (_bare(lang, f"{lang}{n}") for lang in ("zh", "en"))
        rows.append(pair("minghe", zh, en, 0.95) | {"pair_id": f"p{n}"})
    rows[77] |= {"evidence": clash, "relation": "part_of"}
    write_rows(tmp_path, "pairs", "minghe", rows)
    choice = specimens.choose(tmp_path, 20, wanted=["p150"])
    assert choice.size == 20
    assert {"doubt=numbers", "relation=part_of"} <= set(choice.traits["p77"])
    assert "p150" in choice.traits


def test_weaknesses_are_shares_of_something_and_the_greatest_comes_first(corpus: Path) -> None:
    found = weaknesses.of(tally.read(corpus))
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    told = {f"{one.of.en} {one.words.en}": (one.count, one.whole) for one in found}
    assert told["pairs have ordinals that contradict each other"] == (1, 3)
    assert told["sentence groups have one side only"] == (1, 4)
    assert told["English articles have no mate"] == (2, 5)
    assert told["Chinese articles repeat another one"] == (1, 6)
    assert told["pages gave no article"] == (3, 14)


def test_articles_stand_behind_every_figure_about_articles(page: BeautifulSoup) -> None:
    def behind(words: str) -> list[str]:
        (one,) = (d for d in page.select("details.reject") if words in d.summary.get_text())  # type: ignore[union-attr]
        return [title.get_text() for title in one.select(".headline")]

    assert behind("no date on the page") == ["老年大学报名通知"]
    assert behind("duplicates of another article") == [
        "市政府召开第29次常务会议（转载）", "市政府召开第29次常务会议",
    ]  # fmt: skip
    alone = [tag.get_text() for tag in page.select("#coverage .headline")]
    assert "No mate at all" in alone


def test_without_verdicts_the_page_says_how_to_get_them(page: BeautifulSoup) -> None:
    advice = page.select_one("#quality .advice")
    assert advice is not None
    assert "Nobody has judged pairs yet" in advice.get_text()
    assert "shizheng review" in advice.get_text()
    assert page.select_one(".chief dd").get_text().startswith("Not measured")  # type: ignore[union-attr]


def test_verdicts_give_precision_by_band_with_intervals_and_a_reliability_curve(
    tmp_path: Path,
) -> None:
    write_corpus(tmp_path)
    judge(tmp_path, {"zh1-en1": "translation", "zh2-en2": "different", "zh6-en6": "abridged"})
    page = BeautifulSoup(report.render(tmp_path), "html.parser")
    section = page.select_one("#quality")
    assert section is not None
    assert section.select_one(".advice") is None
    estimate = estimates.estimate(tmp_path).precision
    assert estimate is not None
    assert f"{estimate.value:.1%} tell the same thing" in section.get_text()
    assert f"{estimate.low:.1%}–{estimate.high:.1%}; 3 judged" in section.get_text()
    bands, reliability = section.select("svg")[:2]
    for chart in (bands, reliability):
        links = [str(link["data-show"]) for link in chart.select("a")]
        assert links == ["band=5", "band=9"]
        assert all("%–" in str(link["aria-label"]) for link in chart.select("a"))


def test_what_changed_since_the_last_run_is_counted_and_named(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    history.record(tmp_path, "r1", ALIGNED)
    page = BeautifulSoup(report.render(tmp_path), "html.parser")
    assert "the first run recorded here (2024-05-02 09:30 UTC)" in page.get_text()
    path = store.table_path(tmp_path, "pairs", "taoyu")
    path.unlink()
    history.record(tmp_path, "r2", ALIGNED + timedelta(days=1))
    page = BeautifulSoup(report.render(tmp_path), "html.parser")
    section = page.select_one("#changes")
    assert section is not None
    assert "1 pairs are gone" in " ".join(section.get_text().split())
    assert "桃屿市举行龙舟赛 · Taoyu races dragon boats" in section.get_text()


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


def test_the_hostile_title_is_hostile() -> None:
    # What the tests above rest on: unescaped, it would be markup.
    assert BeautifulSoup(HOSTILE_TITLE, "html.parser").script is not None
