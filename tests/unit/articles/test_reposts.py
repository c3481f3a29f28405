"""Reposts by another city are marked, and every shard stays what it is without them."""

import random
import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import builders
import numpy as np
import pytest
from builders import store_articles

from crawler.item import NEWS_TIME, Article
from pipelines import align
from pipelines.articles import duplicates, repost_index, reposts
from pipelines.articles.repost_index import UNDATED, Entry, Named, opened
from pipelines.tables import lock, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.files import articles_folder, cities_with_articles, table_path
from pipelines.tables.parquet import read_table, rows_to_table, write_table
from pipelines.text import minhash

NOW = datetime(2024, 4, 1, tzinfo=NEWS_TIME)
ZH = (
    "记者昨日从市林业局获悉，潮音湿地公园完成生态修复，今起恢复开放。公园总面积5120亩，其中红树林"
    "1860亩，去冬以来监测到越冬水鸟74种。我市先后清退养殖塘740亩，补种秋茄和桐花树，新建观鸟步道"
    "3.2公里。核心区每日限额入园，市民可在公众号上预约。市林业局负责人农学勤表示，下一步将与高校共建"
    "观测站，定期公布监测结果。"
)
EN = (
    "Chaoyin Wetland Park reopened on Friday after two years of work, the municipal forestry "
    "bureau said. The park covers 341 hectares, 124 of them mangroves, and 74 species of wintering "
    "birds have been counted there since last winter. Fish ponds were cleared, native trees were "
    "planted and a walkway of 3.2 kilometers was built for bird watchers. Visitors book a place in "
    "advance, because only a limited number is let into the core area each day."
)


def article(key: str, city: str, text: str = ZH, lang: str = "zh", day: int = 0) -> Article:
    title = "湿地公园恢复开放" if lang == "zh" else "Wetland park reopens"
    published = datetime(2024, 3, 5, tzinfo=NEWS_TIME) + timedelta(days=day)
    return builders.article(key, lang, published, city=city, title=title, text=text, url="")


def put(output: Path, *articles: Article) -> None:
    for one in articles:
        store_articles(output, one, now=NOW)
        duplicates.cluster_shard(output, one.city)


def marks(output: Path) -> dict[str, tuple[str | None, str | None]]:
    return {
        row["article_id"]: (row["duplicate_of"], row["duplicate_city"])
        for city in cities_with_articles(output)
        for row in read_articles(output, city).to_pylist()
    }


def files(output: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(output)): p.read_bytes() for p in output.glob("articles/**/*.parquet")
    }


@pytest.mark.parametrize(("text", "lang"), [(ZH, "zh"), (EN, "en")])
def test_the_later_of_two_cities_articles_names_the_earlier_and_its_city(
    tmp_path: Path, text: str, lang: str
) -> None:
    put(tmp_path, article("b1", "beihe", text, lang, day=1), article("a1", "anlan", text, lang, 2))
    assert reposts.mark(tmp_path).changed == 1
    assert marks(tmp_path) == {"b1": (None, None), "a1": ("b1", "beihe")}
    assert reposts.mark(tmp_path).changed == 0


@pytest.mark.parametrize(
    ("old", "new", "repost"),
    [
        ("我市先后", "北河市先后", True),
        ("下一步将", "将", True),
        ("定期公布监测结果。", "定期公布监测结果。（来源：北河发布）", True),
        ("潮音湿地公园", "月湖湿地公园", False),
        ("农学勤", "晁远志", False),
        ("74种", "75种", False),
    ],
)
def test_our_city_may_be_spelled_out_but_no_name_or_figure_exchanged(
    tmp_path: Path, old: str, new: str, repost: bool
) -> None:
    put(tmp_path, article("b1", "beihe"), article("a1", "anlan", ZH.replace(old, new), day=1))
    reposts.mark(tmp_path)
    assert marks(tmp_path)["a1"] == (("b1", "beihe") if repost else (None, None))


@pytest.mark.parametrize(
    ("old", "new", "repost"),
    [("本月底", "上月底", False), ("本港", "香港", True), ("本周日", "下周日", False)],
)
def test_our_before_a_time_is_no_city(tmp_path: Path, old: str, new: str, repost: bool) -> None:
    text = ZH.replace("今起", f"{old}起")
    put(
        tmp_path,
        article("b1", "beihe", text),
        article("a1", "anlan", text.replace(old, new), day=1),
    )
    reposts.mark(tmp_path)
    assert marks(tmp_path)["a1"] == (("b1", "beihe") if repost else (None, None))


def test_short_texts_of_two_cities_may_be_alike_by_chance(tmp_path: Path) -> None:
    notice = "根据上级部署，办事大厅春节期间放假，节后恢复正常办公，请市民合理安排时间，敬请谅解。"
    put(tmp_path, article("b1", "beihe", notice), article("a1", "anlan", notice))
    assert reposts.mark(tmp_path).changed == 0


def test_a_repost_is_still_paired_in_its_own_city_and_a_duplicate_within_it_is_not(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        article("b1", "beihe"),
        article("a1", "anlan", day=1),
        article("a2", "anlan", day=2),
        article("a3", "anlan", EN, "en", day=3),
    )
    reposts.mark(tmp_path)
    assert marks(tmp_path) == {
        "b1": (None, None),
        "a1": ("b1", "beihe"),
        "a2": ("a1", None),
        "a3": (None, None),
    }
    zh, en = align._documents(tmp_path, "anlan")
    assert ([one.id for one in zh], [one.id for one in en]) == (["a1"], ["a3"])


def test_step_by_step_and_in_any_order_gives_what_one_run_from_scratch_gives(
    tmp_path: Path,
) -> None:
    texts = [ZH, ZH + "（完）", ZH.replace("74种", "90种"), EN]
    rows = [
        article(f"{city}{n}", city, texts[n % 4], "en" if n % 4 == 3 else "zh", day=(7 * n + k) % 5)
        for k, city in enumerate(("anlan", "beihe", "caitan"))
        for n in range(4)
    ]
    whole = tmp_path / "whole"
    put(whole, *rows)
    reposts.mark(whole)
    assert sum(city is not None for _, city in marks(whole).values()) >= 4
    for seed in range(1):
        random.Random(seed).shuffle(rows)
        steps = tmp_path / f"steps-{seed}"
        for one in rows:
            put(steps, one)
            reposts.mark(steps)
        assert files(steps) == files(whole)
        shutil.rmtree(steps / "sketches")
        assert reposts.mark(steps).changed == 0


def test_a_city_that_another_run_is_writing_is_left_and_named(tmp_path: Path) -> None:
    put(tmp_path, article("b1", "beihe"), article("a1", "anlan", day=1))
    with lock.hold(tmp_path, ["anlan"]):
        assert reposts.mark(tmp_path) == reposts.Marked(0, ("anlan",))
        assert marks(tmp_path)["a1"] == (None, None)
        assert reposts.mark(tmp_path, held=["anlan"]).changed == 1
    assert marks(tmp_path)["a1"] == ("b1", "beihe")


def test_comparing_the_shard_again_keeps_the_mark_until_the_original_is_gone(
    tmp_path: Path,
) -> None:
    put(tmp_path, article("b1", "beihe"), article("a1", "anlan", day=1))
    reposts.mark(tmp_path)
    before = files(tmp_path)
    duplicates.cluster_shard(tmp_path, "anlan")
    assert files(tmp_path) == before
    put(tmp_path, article("b1", "beihe", "市林业局今天公布了另一份材料，与此前的报道无关。"))
    reposts.mark(tmp_path)
    assert marks(tmp_path)["a1"] == (None, None)


def test_sketches_are_kept_by_content_and_made_anew_by_another_method(tmp_path: Path) -> None:
    put(tmp_path, article("b1", "beihe"), article("a1", "anlan", day=1))
    reposts.mark(tmp_path)
    path = table_path(tmp_path, "sketches", "anlan")
    (row,) = read_table(path, schema.SKETCHES).to_pylist()
    assert (row["size"], row["method"]) == (len(duplicates.prepare_text(article("x", "y")).tokens),
                                            reposts.METHOD)  # fmt: skip
    stale = row | {"method": "another", "signature": bytes(256)}
    write_table(path, rows_to_table([stale], schema.SKETCHES))
    (tmp_path / "state" / "reposts.index.sqlite").unlink()
    assert reposts.find(tmp_path) == {"anlan": {"a1": ("b1", "beihe")}}


def test_a_city_without_a_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, article("b1", "beihe"), article("a1", "anlan", day=1))
    assert reposts.mark(tmp_path).changed == 1
    put(tmp_path, article("c1", "chuan", day=2))
    read: list[str] = []
    for name in ("_entries", "_marked"):
        step = getattr(reposts, name)
        monkeypatch.setattr(
            reposts, name, lambda output, city, step=step: read.append(city) or step(output, city)
        )
    assert reposts.mark(tmp_path).changed == 1
    assert set(read) == {"chuan"}
    read.clear()
    assert reposts.mark(tmp_path) == reposts.Marked(0)
    assert read == []


def test_marks_of_and_upon_a_damaged_city_stay_and_the_others_are_set(tmp_path: Path) -> None:
    put(tmp_path, article("b1", "beihe", day=1), article("a1", "anlan", day=2))
    assert reposts.mark(tmp_path).changed == 1
    put(tmp_path, article("c1", "chuan", EN, "en", 1), article("d1", "dalu", EN, "en", 2))
    path = next(articles_folder(tmp_path, "beihe").glob("*.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    done = reposts.mark(tmp_path)
    assert (done.changed, list(done.damaged)) == (1, ["beihe"])
    assert f"{path}: not a readable Parquet file" in done.damaged["beihe"]
    path.write_bytes(whole)
    assert marks(tmp_path) == {
        "b1": (None, None), "a1": ("b1", "beihe"), "c1": (None, None), "d1": ("c1", "chuan")
    }  # fmt: skip


# An index that grew, shrank and changed has what one made anew has.
CITIES = ("anlan", "beihe", "caitan", "dalu")
Corpus = dict[tuple[str, str], Entry]


def signature(content: str) -> bytes | None:
    """Of a family and its variant: variants of one family are similar."""
    family, _, variant = content.partition("-")
    if family == "short":
        return None
    bins = np.random.default_rng(int(family)).integers(0, 2**32, minhash.BINS, dtype=np.uint32)
    for at in random.Random(content).sample(range(minhash.BINS), 4 * int(variant)):
        bins[at] = random.Random(f"{content} {at}").randrange(2**32)
    return bins.astype("<u4").tobytes()


def judge(later: Named, earlier: Named) -> bool:
    return (len(later.content) + ord(later.content[-1]) + ord(earlier.content[-1])) % 3 > 0


def entry(chance: random.Random, key: str) -> Entry:
    content = chance.choice(["short", *(f"{n}-{m}" for n in (1, 2, 3) for m in range(4))])
    time = chance.choice([UNDATED, *range(12)])
    return Entry(key, chance.choice(["zh", "zh", "en"]), time, content)


def store(path: Path, corpus: Corpus) -> list[tuple[str, str, str, str]]:
    """Bring an index to a corpus, as `reposts` does."""
    with opened(path, "1") as index:
        for city in sorted({*index.stamps()} - {city for city, _ in corpus}):
            index.forget(city)
        for city in sorted({city for city, _ in corpus}):
            wanted = {one for (of, _), one in corpus.items() if of == city}
            known = index.entries(city)
            index.set_city(city, "")
            index.remove(city, known - wanted)
            index.add(city, [(one, signature(one.content)) for one in wanted - known])
        index.settle(lambda named: judge)
        return list(index.originals())


def near(path: Path) -> list[tuple[int, int]]:
    with sqlite3.connect(path) as database:
        return database.execute("SELECT later, earlier FROM near").fetchall()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most", [3, 1000])
def test_changes_leave_what_an_index_made_anew_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, most: int
) -> None:
    monkeypatch.setattr(repost_index, "MOST", most)
    chance, corpus, reposts = random.Random(seed), Corpus(), 0
    for step in range(12):
        for _ in range(chance.choice([1, 2, 25])):
            city, key = chance.choice(CITIES), f"{chance.randrange(20):02}"
            if chance.random() < 0.25:
                corpus.pop((city, key), None)
            else:
                corpus[city, key] = entry(chance, key)
        if chance.random() < 0.1:
            gone = chance.choice(CITIES)
            corpus = {key: one for key, one in corpus.items() if key[0] != gone}
        fresh = tmp_path / f"{step}.sqlite"
        found = store(tmp_path / "grown.sqlite", corpus)
        assert found == store(fresh, corpus)
        assert near(tmp_path / "grown.sqlite") == near(fresh)
        reposts += len(found)
    assert reposts > 10


def test_an_original_is_the_earliest_and_repeats_nothing(tmp_path: Path) -> None:
    corpus = {
        (city, "1"): Entry("1", "zh", time, "1-0")
        for city, time in zip(CITIES, (5, 3, 3, UNDATED), strict=True)
    }
    assert store(tmp_path / "i.sqlite", corpus) == [
        ("anlan", "1", "1", "beihe"), ("caitan", "1", "1", "beihe"), ("dalu", "1", "1", "beihe")
    ]  # fmt: skip


def test_what_is_known_is_not_judged_again(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    corpus = {
        (city, str(n)): Entry(str(n), "zh", n, f"{n}-{place}")
        for n in range(10)
        for place, city in enumerate(CITIES[:2])
    }
    store(path, corpus)
    asked: set[Named] = set()
    with opened(path, "1") as index:
        index.set_city("caitan", "")
        index.add("caitan", [(Entry("x", "zh", 50, "4-3"), signature("4-3"))])
        index.settle(lambda named: asked.update(named) or judge)  # type: ignore[func-returns-value]
    assert {one.content.partition("-")[0] for one in asked} == {"4"}


@pytest.mark.parametrize("spoil", ["version", "damage"])
def test_an_index_of_another_version_or_damaged_is_made_anew(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "i.sqlite"
    corpus = {(city, "1"): Entry("1", "zh", 1, "1-0") for city in CITIES}
    found = store(path, corpus)
    if spoil == "damage":
        path.write_bytes(b"not a database" * 99)
    with opened(path, "1" if spoil == "damage" else "2") as index:
        assert index.stamps() == {}
    path.unlink()
    assert store(path, corpus) == found
