"""Which pairs the report shows, and what of them: a sample, marks, links, and what fits."""

from itertools import pairwise
from pathlib import Path

import pytest
from authored import EVIDENCE, pair, write_corpus
from bs4 import BeautifulSoup
from builders import store_rows
from hypothesis import given
from hypothesis import strategies as st

from crawler.item import Article
from crawler.legible import visible
from pipelines.facts.facts import facts
from pipelines.report import fact_marks, pair_examples, pair_view, words
from pipelines.report.page import render
from pipelines.report.pair_examples import ArticleSide, PairExample, StoredBead
from pipelines.text import safe


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
    assert (safe.web_link(url) is not None) == linked


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5)
)
def test_marking_loses_no_text_and_adds_no_tag_but_its_own(
    text: str, spans: list[tuple[int, int]]
) -> None:
    marks = [fact_marks.Mark(min(s), max(s), "figure", group=1) for s in sorted(spans)]
    html = pair_view.marked(text, marks, 5)
    # In other elements the parser makes one blank of text that is nothing but blanks.
    parsed = BeautifulSoup(f"<pre>{html}</pre>", "html.parser")
    assert {tag.name for tag in parsed.find_all(True)} <= {"pre", "mark"}
    assert parsed.get_text() == visible(text)


def test_a_fact_in_both_texts_is_linked_and_one_in_one_only_stands_alone() -> None:
    zh = facts("5月8日，第29次会议通过3.2万户改造方案，投资5亿元。", "zh", title="会议")
    en = facts(
        "The 29th meeting on May 8 approved 32,000 homes at 700 million yuan.", "en", title="A"
    )
    ours, theirs = fact_marks.marks(zh, en)
    linked = {zh.whole[m.start : m.end]: m.group for m in ours if m.shared}
    mates = {m.group: en.whole[m.start : m.end] for m in theirs if m.shared}
    assert {text: mates[group] for text, group in linked.items()} == {
        "5月8日": "May 8", "第29次": "29th", "3.2万": "32,000",
    }  # fmt: skip
    assert [zh.whole[m.start : m.end] for m in ours if not m.shared] == ["5亿元"]
    assert [en.whole[m.start : m.end] for m in theirs if not m.shared] == ["700 million yuan"]


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("第九届岚港国际马拉松赛开赛。", "The Ninth Langang International Marathon has started."),
        ("第十二届海洋博览会开幕。", "The Twelfth Ocean Expo has opened."),
        ("第一届龙舟节举行。", "The first session of the dragon boat festival was held."),
    ],
)
def test_a_rank_that_both_texts_state_is_shared(chinese: str, english: str) -> None:
    zh, en = facts(chinese, "zh", title="消息"), facts(english, "en", title="News")
    for side in fact_marks.marks(zh, en):
        assert [mark.shared for mark in side if mark.kind == "rank"] == [True]


def test_a_name_is_found_by_its_sound() -> None:
    zh = facts("市长张明远出席。", "zh", title="会议")
    en = facts("Mayor Zhang Mingyuan attended.", "en", title="Meeting")
    ours, theirs = fact_marks.marks(zh, en)
    (here,), (there,) = ([m for m in side if m.kind == "name"] for side in (ours, theirs))
    assert (zh.whole[here.start : here.end], en.whole[there.start : there.end]) == (
        "张明远", "Zhang Mingyuan",
    )  # fmt: skip
    assert here.group == there.group > 0


def test_marks_never_overlap_and_thousands_of_figures_do_not_stall() -> None:
    zh = facts("1 2 3月4日 第5次 " * 800, "zh")
    en = facts("1 2 on March 4, 5th " * 800, "en")
    for side in fact_marks.marks(zh, en):
        assert len(side) <= fact_marks.MOST
        assert all(a.end <= b.start for a, b in pairwise(side))


def test_a_sample_takes_evenly_from_the_strata() -> None:
    strata = {
        "a": [f"a{i}" for i in range(100)],
        "b": ["b1", "b2"],
        "c": [f"c{i}" for i in range(9)],
    }
    chosen = pair_examples.stratified(strata, 12)
    assert len(chosen) == 12
    assert {s: sum(k.startswith(s) for k in chosen) for s in "abc"} == {"a": 5, "b": 2, "c": 5}
    assert pair_examples.stratified(strata, 12, seed="another") != chosen


def test_more_pairs_in_one_stratum_leave_the_choice_from_the_others() -> None:
    few, many = [f"a{i}" for i in range(50)], [f"a{i}" for i in range(500)]
    other = [f"b{i}" for i in range(50)]
    before = pair_examples.stratified({"a": few, "b": other}, 20)
    after = pair_examples.stratified({"a": many, "b": other}, 20)
    assert {k for k in before if k[0] == "b"} == {k for k in after if k[0] == "b"}


def test_a_sample_is_called_one(corpus: Path) -> None:
    page = BeautifulSoup(render(corpus, shown=2), "html.parser")
    assert len(page.select(".pair")) == 2
    assert "A sample: 2 of 4 pairs" in page.get_text()
    assert "All 4 pairs are shown" in BeautifulSoup(render(corpus), "html.parser").get_text()


def test_the_runner_up_is_the_best_candidate_that_shares_an_article(corpus: Path) -> None:
    found = {
        s.row["pair_id"]: s.rival
        for s in pair_examples.read_examples(corpus, pair_examples.choose(corpus, 9))
    }
    rival = found["zh1-en1"]
    assert rival is not None
    assert (rival.side.article_id, rival.side.lang) == ("zh2", "zh")
    assert rival.side.published_at is not None
    assert found["zh6-en6"] is None


def test_a_certainty_is_never_claimed() -> None:
    assert [words.probability(p) for p in (1.0, 0.994, 0.5, 0.001, None)] == [
        ">0.99", "0.99", "0.50", "<0.01", "–",
    ]  # fmt: skip


def example(zh: str, en: str, count: int = 1, title: str = "标题") -> PairExample:
    row = pair("minghe", *(_bare(lang, title) for lang in ("zh", "en")), 0.9)
    sides = (
        ArticleSide("a", "zh", title, "http://x.example/"),
        ArticleSide("b", "en", title, "http://x.example/"),
    )
    return PairExample(
        row, *sides, tuple(StoredBead("1-1", zh, en, 0.9, ()) for _ in range(count)), ()
    )


def _bare(lang: str, title: str) -> Article:
    return Article(article_id=lang, city="minghe", site="x.example", url="http://x.example/",
                   title=title, text="")  # fmt: skip


def test_what_does_not_fit_is_counted_and_said() -> None:
    seen = pair_view.view(example("很长的句子。" * 40, "A long sentence. " * 40, count=50), 20_000)
    assert 0 < len(seen.beads) < 50
    assert seen.hidden == 50 - len(seen.beads)
    assert seen.total == 50
    huge = pair_view.view(example("字" * 2_000_000, "x"), 60_000).beads[0]
    assert "… +1,997,000" in str(huge.zh)
    assert huge.zh is not None
    assert len(huge.zh) < 4_000


def test_a_sample_holds_examples_of_rare_traits(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    clash, rows = EVIDENCE | {"numbers": -0.5}, []
    for n in range(200):
        zh, en = (_bare(lang, f"{lang}{n}") for lang in ("zh", "en"))
        rows.append(pair("minghe", zh, en, 0.95) | {"pair_id": f"p{n}"})
    rows[77] |= {"evidence": clash, "relation": "part_of"}
    store_rows(tmp_path, "pairs", "minghe", rows)
    choice = pair_examples.choose(tmp_path, 20, wanted=["p150"])
    assert choice.size == 20
    assert {"doubt=numbers", "relation=part_of"} <= set(choice.traits["p77"])
    assert "p150" in choice.traits
