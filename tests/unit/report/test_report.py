"""The report's page says what was counted, leads to examples, and runs nothing it shows."""

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from authored import ALIGNED, HOSTILE_TITLE, article, beads, pair, write_corpus
from bs4 import BeautifulSoup
from builders import store_rows, store_verdicts, verdict_row

from crawler.city import City
from pipelines.quality import estimates, history
from pipelines.report import counts
from pipelines.report.page import render, write
from pipelines.tables import articles, damage, files


@pytest.fixture(scope="module")
def page(corpus: Path) -> BeautifulSoup:
    return BeautifulSoup(render(corpus), "html.parser")


def test_the_same_tables_give_the_same_page(corpus: Path, tmp_path: Path) -> None:
    assert render(corpus) == render(corpus)
    write_corpus(tmp_path)
    for run in (tmp_path / "runs").iterdir():
        (run / "counts.json").unlink()
    assert counts.read_counts(tmp_path).as_of == ALIGNED


def test_the_page_is_written_under_reports_and_replaced_whole(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    path = write(tmp_path)
    assert path == tmp_path / "reports" / "index.html"
    assert path.read_text(encoding="utf-8") == render(tmp_path)
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


def test_pairs_come_by_city_the_most_probable_first(page: BeautifulSoup) -> None:
    ids = [str(pair["id"]) for pair in page.select(".pair")]
    assert ids == ["pair-zh1-en1", "pair-zh2-en2", "pair-zh3-en3", "pair-zh6-en6"]


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


def test_evidence_is_content_of_words_with_its_figures(page: BeautifulSoup) -> None:
    table = page.select_one("#pair-zh2-en2 .evidence")
    assert table is not None
    rows = {row.th.get_text(): row.get_text() for row in table.select("tbody tr") if row.th}
    ordinals = next(text for label, text in rows.items() if label.startswith("Ordinals"))
    assert "−1.00" in ordinals
    assert "contradict each other" in ordinals
    assert "相互矛盾" in ordinals
    assert any("nothing to compare" in text for text in rows.values())


def test_everything_said_is_content_of_both_languages(page: BeautifulSoup) -> None:
    english, chinese = page.select("span.e"), page.select("span.z")
    assert len(english) == len(chinese) > 200
    assert all(tag["lang"] == "en" for tag in english)
    assert all(re.search("[一-鿿]", tag.get_text()) for tag in chinese)


def judge(output: Path, verdicts: dict[str, str]) -> None:
    rows = []
    for n, (pair_id, verdict) in enumerate(verdicts.items()):
        zh, en = pair_id.split("-")
        city = "taoyu" if pair_id == "zh6-en6" else "minghe"
        row = {"pair_id": pair_id, "zh_id": zh, "en_id": en, "city": city}
        rows.append(verdict_row(row, verdict, n, judged_at=ALIGNED, plan="all size=4"))
    store_verdicts(output, rows, "wang")


@pytest.mark.slow
def test_the_page_stays_under_ten_megabytes_whatever_it_shows(tmp_path: Path) -> None:
    rows, sentences = [], []
    for n in range(120):
        title, url = "'" * 5_000, "http://x.example/" + "'" * 400
        zh, en = (
            article(f"{lang}{n}", lang, title, "", None, city="minghe", url=url)
            for lang in ("zh", "en")
        )
        rows.append(pair("minghe", zh, en, n / 120))
        sentences += beads(f"zh{n}-en{n}", *(("1-1", "'" * 4_000, "&" * 4_000),) * 3)
    store_rows(tmp_path, "pairs", "minghe", rows)
    store_rows(
        tmp_path, "candidates", "minghe", [r | {"pair_id": f"{r['pair_id']}x"} for r in rows]
    )
    store_rows(tmp_path, "sentences", "minghe", sentences)
    assert 5_000_000 < len(render(tmp_path).encode()) < 10_000_000


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path: Path) -> None:
    text = BeautifulSoup(render(tmp_path), "html.parser").get_text()
    assert "There is nothing to report on yet" in text
    assert "尚无内容" in text
    assert "shizheng crawl CITY" in text


def test_an_edition_without_a_date_has_no_chart(tmp_path: Path) -> None:
    found = [article(f"z{n}", "zh", "题", "文。", n, city="minghe") for n in range(2)]
    found += [article("e0", "en", "Title", "Text.", None, city="minghe")]
    articles.write_articles(tmp_path, "minghe", found, run_id="r", now=ALIGNED)
    zh, en = BeautifulSoup(render(tmp_path), "html.parser").select("#coverage figure")
    assert zh.svg
    assert not en.svg
    assert "none has a date" in en.get_text()


def test_a_city_of_articles_alone_gives_a_page_without_pairs(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    for table in ("pairs", "candidates", "sentences"):
        for path in (tmp_path / table).iterdir():
            path.unlink()
    page = render(tmp_path)
    assert "No pairs yet" in page
    assert [c.kept for c in counts.read_counts(tmp_path).cities] == [0, 0]


@pytest.mark.parametrize("table", ["pairs", "candidates", "sentences", "rejects", "articles"])
def test_a_city_with_a_damaged_table_is_named_and_left_out_of_the_page(
    tmp_path: Path, table: str
) -> None:
    write_corpus(tmp_path)
    path = files.table_path(tmp_path, table, "minghe")
    if table == "articles":
        path = next(files.articles_folder(tmp_path, "minghe").glob("*.parquet"))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PAR1 not really")
    damaged: dict[str, str] = {}
    page = BeautifulSoup(write(tmp_path, damaged=damaged).read_text("utf-8"), "html.parser")
    assert list(damaged) == ["minghe"]
    assert f"{path}: not a readable Parquet file" in damaged["minghe"]
    notice = page.select_one("[role=alert]")
    assert notice is not None
    assert "minghe" in notice.get_text()
    assert "taoyu" in page.select_one("#coverage").get_text()  # type: ignore[union-attr]


def test_a_record_that_is_no_citys_is_named_and_the_old_page_stays(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    before = write(tmp_path).read_bytes()
    (tmp_path / "reports" / "history.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(damage.StoreError, match=r"history\.jsonl:1"):
        write(tmp_path)
    assert (tmp_path / "reports" / "index.html").read_bytes() == before


def test_cities_go_by_their_names_where_these_are_known(corpus: Path) -> None:
    city = City(key="minghe", name_zh="明河市", name_en="Minghe", hosts=(), sources=())
    text = BeautifulSoup(render(corpus, {"minghe": city}), "html.parser").get_text()
    assert "明河市" in text
    assert "taoyu" in text


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
    page = BeautifulSoup(render(tmp_path), "html.parser")
    section = page.select_one("#quality")
    assert section is not None
    assert section.select_one(".advice") is None
    estimate = estimates.estimate(tmp_path).precision
    assert estimate is not None
    assert f"{estimate.value:.1%} tell the same thing" in section.get_text()
    doubt = "counted" if estimate.counted else f"{estimate.low:.1%}–{estimate.high:.1%}"
    assert f"{doubt}; 3 judged" in section.get_text()
    bands, reliability = section.select("svg")[:2]
    for chart in (bands, reliability):
        links = [str(link["data-show"]) for link in chart.select("a")]
        assert links == ["band=5", "band=9"]
        assert all("%–" in str(link["aria-label"]) for link in chart.select("a"))


def test_what_changed_since_the_last_run_is_counted_and_named(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    history.record(tmp_path, "r1", ALIGNED)
    page = BeautifulSoup(render(tmp_path), "html.parser")
    assert "the first run recorded here (2024-05-02 09:30 UTC)" in page.get_text()
    path = files.table_path(tmp_path, "pairs", "taoyu")
    path.unlink()
    history.record(tmp_path, "r2", ALIGNED + timedelta(days=1))
    page = BeautifulSoup(render(tmp_path), "html.parser")
    section = page.select_one("#changes")
    assert section is not None
    assert "1 pairs are gone" in " ".join(section.get_text().split())
    assert "桃屿市举行龙舟赛 · Taoyu races dragon boats" in section.get_text()


def test_the_hostile_title_is_hostile() -> None:
    # What the tests above rest on: unescaped, it would be markup.
    assert BeautifulSoup(HOSTILE_TITLE, "html.parser").script is not None


ODD = "\u2028\u2029\x85\x00\x07\x1b\x7f\uffff\ufffe\u202e\u200f\u2066"


def test_any_character_of_an_article_is_shown_and_ends_nothing(tmp_path: Path) -> None:
    output = write_corpus(tmp_path / "odd")
    odd: dict[str, Any] = {"city": "wenxi", "source": ODD}
    zh = article("z1", "zh", ODD + "题" * 3_000, f"一{ODD}。", 3, **odd, url=ODD)
    en = article("e1", "en", ODD + "T" * 3_000, f"one{ODD}.", 4, **odd, column=ODD)
    alone = article("e2", "en", ODD, ODD, 5, **odd)
    articles.write_articles(output, "wenxi", [zh, en, alone], run_id="r2", now=ALIGNED)
    row = pair("wenxi", zh, en, 0.9)
    store_rows(output, "pairs", "wenxi", [row])
    store_rows(output, "sentences", "wenxi", beads(row["pair_id"], ("1-1", ODD, ODD)))
    for run in ("r2", "r3"):
        history.record(output, run, ALIGNED)
        read = BeautifulSoup(render(output), "html.parser")
    assert "⟦U+2028⟧⟦U+2029⟧⟦U+0085⟧␀␇␛⟦U+007F⟧⟦U+FFFF⟧" in read.text
    assert not set(read.text) & set(ODD)
