"""An index that grew, shrank and changed has what one made anew has."""

import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from pipelines.articles import repost_index
from pipelines.articles.repost_index import UNDATED, Entry, Named, opened
from pipelines.text import minhash

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
