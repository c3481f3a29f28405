"""Splits are by time or city; what belongs together stays together; no text leaks across."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from release_corpus import CITY, FIRST_DAY, article, pair, release, rows, sentences, write_city

from crawler.item import Article
from pipelines.articles import duplicates
from pipelines.articles.duplicates import cluster_shard, same
from pipelines.cli.app import main
from pipelines.release import verify
from pipelines.release.split import leaks as neighbours
from pipelines.release.split import splits
from pipelines.release.split.splits import SplitError
from pipelines.tables.articles import write_articles

RIGHTS = "rights: {text: full, terms: invented, checked: 2024-07-01}"
TRADITIONAL = str.maketrans("库桥园学医结渔码头航苗灯书场电泵处号项个湾东开进",
                            "庫橋園學醫結漁碼頭航苗燈書場電泵處號項個灣東開進")  # fmt: skip
MEETING = (
    "市政府召开第{}次常务会议，研究部署安全生产和春季农业生产工作，审议通过城市更新三年行动方案。"
    "会议指出，要牢牢守住粮食安全底线，抓紧备好种子、化肥等农资。会议强调，要深入排查整治风险隐患。"
)


def text(lang: str, seed: str, count: int = 8) -> str:
    return "\n".join(sentences(lang, seed, count))


def without_third(said: str) -> str:
    lines = said.split("\n")
    return "\n".join(lines[:2] + lines[3:])


def trapped(folder: Path) -> tuple[Path, dict[str, Article]]:
    """Write four cities with forty days of news and, early and late, texts that are the same.

    Returns the output folder and the traps by name; each has a twin `<name>'`.
    """
    cities, output = folder / "cities", folder / "output"
    cities.mkdir(parents=True)
    traps = {
        # one text in two cities, a line longer the second time
        "reprint": article("anbei", "zh", "reprint", text("zh", "叁"), 3),
        "reprint'": article("bolin", "zh", "reprint2", text("zh", "叁") + "\n（记者 高岑）", 198),
        # in Traditional characters
        "script": article("anbei", "zh", "script", text("zh", "肆"), 6),
        "script'": article("dashi", "zh", "script2", text("zh", "肆").translate(TRADITIONAL), 188),
        # in capitals, a paragraph gone
        "quotes": article("bolin", "en", "quotes", text("en", "V", 16), 9),
        "quotes'": article(
            "chunan", "en", "quotes-again", without_third(text("en", "V", 16)).upper(), 170
        ),
        # a few characters only
        "short": article("anbei", "zh", "short", "停水", 12),
        "short'": article("dashi", "zh", "short2", "停水。", 199),
        # a repost in its own city
        "repost": article("chunan", "zh", "repost", text("zh", "伍"), 15),
        "repost'": article("chunan", "zh", "repost2", text("zh", "伍"), 190),
        # not the same: another meeting
        "meeting": article("anbei", "zh", "meeting", MEETING.format(27), 18),
        "meeting'": article("bolin", "zh", "meeting2", MEETING.format(29), 195),
    }
    for key in ("anbei", "bolin", "chunan", "dashi"):
        said = CITY.format(key=key, rights=RIGHTS)
        (cities / f"{key}.yaml").write_text(said, encoding="utf-8")
        articles = [one for one in traps.values() if one.city == key]
        listed = []
        for n in range(20):
            zh = article(key, "zh", f"z{n}", text("zh", f"{key}{n}"), 10 * n)
            en = article(key, "en", f"e{n}", text("en", f"{key}{n}"), 10 * n + 6)
            articles += [zh, en]
            listed.append(pair(zh, en, 0.9))
        # The early article of a trap has a counterpart, which must not stay behind.
        if key == "anbei":
            counterpart = article(key, "en", "counterpart", text("en", "counterpart"), 5)
            articles.append(counterpart)
            listed.append(pair(traps["reprint"], counterpart, 0.9))
        write_city(output, key, articles, listed)
        cluster_shard(output, key)
    return output, traps


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Article]]:
    return trapped(tmp_path_factory.mktemp("trapped"))


@pytest.mark.parametrize("kind", [*splits.KINDS, "train=60,dev=20,test=20"])
def test_no_text_is_the_same_as_one_of_another_part(
    corpus: tuple[Path, dict[str, Article]], kind: str
) -> None:
    made = release(corpus[0], f"leak-{kind[:5]}", split=kind)
    listed = [
        (row["split"], duplicates.prepare_text(duplicates.ArticleRow(
            row["article_id"], row["lang"], row["title"], row["text"], None)), row["lang"])
        for row in rows(made, "articles")
    ]  # fmt: skip
    # Every pair across parts is compared, by the rule itself, not by candidates.
    assert [
        (one.key, other.key)
        for (a, one, lang), (b, other, spoken) in combinations(listed, 2)
        if a != b and lang == spoken and duplicates.alike(one, other)
    ] == []
    assert {part for part, _, _ in listed} == {"train", "validation", "test"}
    assert verify.problems(made) == []


def test_the_traps_are_traps(corpus: tuple[Path, dict[str, Article]]) -> None:
    traps = corpus[1]
    alike = {
        name: same(one, traps[f"{name}'"]) for name, one in traps.items() if not name.endswith("'")
    }
    # Titles of the short one differ, and so it is another text; the meeting differs in a number.
    assert alike == {
        "reprint": True, "script": True, "quotes": True, "short": False, "repost": True,
        "meeting": False,
    }  # fmt: skip


def test_parts_have_the_shares_of_pairs_that_were_asked_for(
    corpus: tuple[Path, dict[str, Article]],
) -> None:
    output = corpus[0]
    made = release(output, "shares", split="train=70,dev=10,test=20", formats=("hf",))
    counts = made.manifest["counts"]["pairs"]
    # Eighty pairs and one; near-duplicates that are left out may take a pair or two.
    assert abs(counts["train"] - 56) <= 3
    assert abs(counts["validation"] - 8) <= 2
    assert abs(counts["test"] - 16) <= 2
    part = {row["article_id"]: row["split"] for row in rows(made, "articles")}
    for row in rows(made, "pairs"):
        assert part[row["zh_id"]] == part[row["en_id"]] == row["split"]
    assert made.manifest["split"]["shares"] == pytest.approx(
        {"train": 0.7, "validation": 0.1, "test": 0.2}
    )
    for path in (made.folder / "datasheet.md", made.folder / "hf" / "README.md"):
        text = " ".join(path.read_text("utf-8").split())
        assert "shares of the pairs (train 70 %, validation 10 %, test 20 % asked for)" in text
        assert f"{counts['train']} train (" in text
    assert verify.problems(made) == []
    sized = release(output, "sized", split="train=rest,dev=5,test=12", formats=("hf",))
    counts = sized.manifest["counts"]["pairs"]
    assert abs(counts["validation"] - 5) <= 2
    assert abs(counts["test"] - 12) <= 2
    for path in (sized.folder / "datasheet.md", sized.folder / "README.md"):
        text = " ".join(path.read_text("utf-8").split())
        assert "numbers of pairs (train the rest, validation 5, test 12 asked for)" in text
        assert f"{counts['test']} test (" in text
    with pytest.raises(SplitError, match="81 pairs, and 90 were asked for"):
        release(output, "many", split="train=rest,test=90")
    two = release(output, "two", split="train=75,test=25")
    assert set(two.manifest["counts"]["pairs"]) == {"all", "train", "test"}


@pytest.mark.parametrize("seed", range(8))
def test_components_are_whole_and_shares_are_close(seed: int) -> None:
    draw = random.Random(seed)
    joined, pairs = [], []
    for _ in range(400):
        root, size = len(joined), draw.choice([1, 2, 2, 2, 3, 9])
        joined += [root] * size
        pairs += [1] * (size - 1) + [0]
    ids = [f"{seed}-{n}" for n in range(len(joined))]
    targets = splits.targets_of("train=8,validation=1,test=1")
    wanted = splits.shares_of(targets, sum(pairs))
    part, split = splits.by_shares(targets, np.array(joined), np.array(pairs), ids)
    assert all(part[at] == part[root] for at, root in enumerate(joined))
    got = np.bincount(part, weights=pairs) / sum(pairs)
    assert got == pytest.approx(wanted, abs=0.01)
    alone = np.bincount(part, weights=np.array(joined) == np.arange(len(joined)))
    assert alone / 400 == pytest.approx(wanted, abs=0.08)
    assert split.shares == wanted


def test_a_part_without_pairs_is_refused() -> None:
    joined = np.array([0, 0, 0, 0, 4])
    with pytest.raises(SplitError, match="too few pairs for these shares"):
        splits.by_shares((0.8, 0.1, 0.1), joined, np.array([1, 1, 0, 0, 0]), list("abcde"))


@pytest.mark.parametrize(
    "asked", ["", "day", "train=80", "train=80,test=x", "train=8,train=2", "train=0,test=0",
              "train=80;test=20", "train=-1,test=2", "train=nan,test=1", "all=80,test=20",
              "train=rest,test=rest", "train=rest", "train=rest,test=0", "rest=80,test=20",
              "train=rest,test=1.5", "train=rest,test=-5"]
)  # fmt: skip
def test_other_words_for_a_split_are_refused(
    asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SplitError, match="shares of the pairs"):
        splits.targets_of(asked)
    assert main(["release", "1", "--split", asked]) == 2
    assert "train=80,dev=10,test=10" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "total"),
    [("train=80,dev=30", "110"), ("train=0.8,dev=0.1", "0.9"), ("dev=500,test=500", "1000"),
     ("train=3,test=1", "4"), ("train=80,dev=10,test=8", "98")],
)  # fmt: skip
def test_shares_that_do_not_add_up_are_refused(
    asked: str, total: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "1", "--split", asked]) == 2
    said = capsys.readouterr().err
    assert f"the shares {asked} add up to {total}; expected 100" in said
    assert "for numbers of pairs ask like train=rest" in said


@pytest.mark.parametrize(
    "asked", ["train=80,dev=10,test=10", "train=80%,val=10%,test=10%", "train=0.8,valid=0.2",
              "train=8,dev=1,test=1", "train=rest,dev=5,test=7", "train=33,dev=33,test=33"]
)  # fmt: skip
def test_shares_that_add_up_are_taken(asked: str) -> None:
    assert splits.targets_of(asked)


def test_of_a_leak_the_earlier_part_gives_way_with_its_mate(
    corpus: tuple[Path, dict[str, Article]],
) -> None:
    output, traps = corpus
    made = release(output, "gives-way", split="time")
    part = {row["article_id"]: row["split"] for row in rows(made, "articles")}
    assert traps["reprint"].article_id not in part
    assert part[traps["reprint'"].article_id] == "test"
    counterpart = article("anbei", "en", "counterpart", "", 5)
    assert counterpart.article_id not in part
    # What is not the same stays where its day puts it.
    assert part[traps["meeting"].article_id] == "train"
    assert part[traps["meeting'"].article_id] == "test"
    assert made.manifest["left_out"]["near_duplicates_across_splits"] == 4


def test_reposts_and_mates_stand_in_one_part(corpus: tuple[Path, dict[str, Article]]) -> None:
    output, traps = corpus
    made = release(output, "together", split="time")
    part = {row["article_id"]: row["split"] for row in rows(made, "articles")}
    assert part[traps["repost"].article_id] == part[traps["repost'"].article_id] == "test"
    for row in rows(made, "pairs"):
        assert part[row["zh_id"]] == part[row["en_id"]] == row["split"]
    of_pair = {row["pair_id"]: row["split"] for row in rows(made, "pairs")}
    assert all(of_pair[row["pair_id"]] == row["split"] for row in rows(made, "sentences"))


def test_a_list_of_releases_counts_each_row_once(
    corpus: tuple[Path, dict[str, Article]], capsys: pytest.CaptureFixture[str]
) -> None:
    made = release(corpus[0], "counted", split="time")
    assert main(["release", "list", "--output", str(corpus[0])]) == 0
    (line,) = [row for row in capsys.readouterr().out.splitlines() if row.startswith("counted")]
    assert line.split()[2:] == [
        str(len(rows(made, table))) for table in ("articles", "pairs", "sentences")
    ]


def test_nothing_in_train_was_published_after_its_last_day(
    corpus: tuple[Path, dict[str, Article]],
) -> None:
    made = release(corpus[0], "days", split="time")
    stated = made.manifest["split"]
    for row in rows(made, "articles"):
        day = row["published_at"].date().isoformat()
        if row["split"] == "train":
            assert day <= stated["train_until"]
        if row["split"] == "validation":
            assert day <= stated["validation_until"]


def test_a_split_by_city_keeps_cities_whole(corpus: tuple[Path, dict[str, Article]]) -> None:
    made = release(corpus[0], "cities", split="city")
    parts: dict[str, set[str]] = {}
    for row in rows(made, "articles"):
        parts.setdefault(row["city"], set()).add(row["split"])
    assert all(len(found) == 1 for found in parts.values())
    stated = made.manifest["split"]["cities"]
    assert {key: {part} for part, keys in stated.items() for key in keys} == parts


def test_two_cities_make_no_validation_and_one_makes_no_split() -> None:
    part, split = splits.by_city(["a", "b"], [10, 10])
    assert sorted(part) == [0, 2]
    assert set(split.cities) == {"train", "test"}
    with pytest.raises(SplitError, match="at least two cities; try --split time"):
        splits.by_city(["a"], [10])


@pytest.mark.parametrize("seed", range(20))
def test_every_part_of_a_split_by_city_has_a_city(seed: int) -> None:
    draw = random.Random(seed)
    cities = [f"c{draw.random()}" for _ in range(draw.randint(3, 12))]
    sizes = [draw.choice([1, 10, 1000]) for _ in cities]
    part, split = splits.by_city(cities, sizes)
    assert set(part) == {0, 1, 2}
    assert (part, split) == splits.by_city(cities, sizes)


def test_articles_of_one_day_cannot_be_split_by_time() -> None:
    with pytest.raises(SplitError, match="articles of several days"):
        splits.by_time(np.array([5, 5, -1]), np.array([0, 1, 2]))


def test_what_has_no_day_at_all_is_in_no_part_of_a_split_by_time() -> None:
    days = np.array([1, 2, 3, 4, 5, -1, -1])
    part, _ = splits.by_time(days, np.array([0, 1, 2, 3, 4, 4, 6]))
    assert part.tolist() == [0, 0, 0, 0, 2, 2, -1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_texts_that_share_four_fifths_meet_in_a_band(lang: str) -> None:
    draw = random.Random(7)
    texts, twins = [], []
    for n in range(300):
        said = sentences(lang, f"x{n}", 12)
        texts.append("\n".join(said))
        del said[draw.randrange(len(said))]
        twins.append("\n".join(said))
    found = neighbours.keys(pa.array(texts + twins), lang)
    one, other = found[:300], found[300:]
    met = ((one == other) & (one != 0)).any(axis=1)
    assert met.mean() >= 0.99
    # and texts about other things seldom do
    strangers = ((one == np.roll(other, 1, axis=0)) & (one != 0)).any(axis=1)
    assert strangers.mean() <= 0.05


def test_keys_do_not_depend_on_the_texts_beside_them() -> None:
    texts = ["水库堤防巡查桥梁", "", "停水", "公园学校食堂医保结算渔港", "A１", "📷📷"]
    whole = neighbours.keys(pa.array(texts), "zh")
    alone = [neighbours.keys(pa.array([one]), "zh")[0] for one in texts]
    assert (whole == np.array(alone)).all()
    assert (whole[1] == 0).all()
    assert (whole[4] == neighbours.keys(pa.array(["a1"]), "zh")[0]).all()


def test_a_crowd_that_cannot_be_compared_is_left_out_of_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbours, "_MOST", 5)
    found = np.ones((6, neighbours.KEYS), dtype=np.uint64)
    part = np.array([0, 0, 0, 1, 2, 2], dtype=np.int8)
    leaks = neighbours.leaks(found, part, lambda positions: iter(()))
    assert set(leaks.crowded) == {0, 1, 2, 3}


def test_the_days_of_the_corpus_are_the_cities_days(tmp_path: Path) -> None:
    # Half past seven in the evening of the day before, in UTC.
    early = article("anbei", "zh", "early", text("zh", "日"), 0)
    assert FIRST_DAY.utcoffset() == timedelta(hours=8)
    (tmp_path / "cities").mkdir()
    said = CITY.format(key="anbei", rights=RIGHTS)
    (tmp_path / "cities" / "anbei.yaml").write_text(said, encoding="utf-8")
    moved = replace(early, published_at=FIRST_DAY.replace(hour=3))
    write_articles(tmp_path / "output", "anbei", [moved], run_id="r", now=FIRST_DAY)
    made = release(tmp_path / "output", since=FIRST_DAY.date(), until=FIRST_DAY.date())
    assert len(rows(made, "articles")) == 1
