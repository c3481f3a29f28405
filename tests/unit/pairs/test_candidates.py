"""Candidates are compared again only if something that the comparison depends on has changed."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.facts.facts import Facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs import candidates, comparison, pair
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.pair import Pairing
from pipelines.pairs.prepared import Document, prepare
from pipelines.tables import parquet, schema
from pipelines.tables.cache import ByteCache
from pipelines.vectors.load import load_encoder

TOPICS = ("防汛", "养老", "供热", "绿化", "教育", "消防", "港口", "冬泳")
ENGLISH = ("flood control", "elderly care", "heating", "trees", "schools", "fires", "port", "swims")


def chinese(number: int, topic: str) -> Document:
    text = (
        f"3月{number}日，全市{topic}工作会议召开，计划投资{number * 137 + 211}万元，由龙岭区承担。"
    )
    return Document(f"zh{number:02}", "zh", f"全市{topic}工作会议", text, datetime(2024, 3, number))


def english(number: int, topic: str) -> Document:
    text = (
        f"A city meeting on {topic} was held on March {number}. It plans to invest "
        f"{(number * 137 + 211) / 100} million yuan in Longling District."
    )
    return Document(f"en{number:02}", "en", f"City meeting on {topic}", text)


ZH = [chinese(number, topic) for number, topic in enumerate(TOPICS, 4)]
EN = [english(number, topic) for number, topic in enumerate(ENGLISH, 4)]


def paired(zh: Sequence[Document], en: Sequence[Document], folder: Path | None) -> Pairing:
    caches = [ByteCache(folder / f"{name}.parquet") if folder else None for name in ("a", "c")]
    left, right = (prepare(side, load_encoder(), caches[0]) for side in (zh, en))
    found = pair.pair(left, right, cache=caches[1])
    for one in caches:
        if one:
            one.save()
    return found


def described(pairing: Pairing) -> list[tuple[object, ...]]:
    return [
        (one.zh, one.en, one.score, one.probability, one.margin, one.relation, dict(one.features))
        for one in (*pairing.pairs, *pairing.unassigned)
    ]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The texts whose facts are really compared, as they are."""
    seen: list[tuple[str, str]] = []
    honest = comparison.compare

    def watched(zh: Facts, en: Facts, *rest: Any) -> FactComparison:
        seen.append((zh.whole.split("\n")[0], en.whole.split("\n")[0]))
        return honest(zh, en, *rest)

    monkeypatch.setattr(comparison, "compare", watched)
    return seen


def test_nothing_is_compared_again_where_nothing_is_new(
    tmp_path: Path, compared: list[tuple[str, str]]
) -> None:
    first = paired(ZH, EN, tmp_path)
    assert len(compared) == len(ZH) * len(EN)
    compared.clear()
    assert described(paired(ZH, EN, tmp_path)) == described(first)
    assert compared == []


def test_a_new_article_is_compared_and_of_others_only_those_whose_facts_it_makes_less_rare(
    tmp_path: Path, compared: list[tuple[str, str]]
) -> None:
    paired(ZH, EN, tmp_path)
    compared.clear()
    new = chinese(25, "扫雪")
    grown = described(paired([*ZH, new], EN, tmp_path))
    assert {zh for zh, _ in compared} == {new.title}
    assert grown == described(paired([*ZH, new], EN, None))
    same_day = Document("zh99", "zh", "冬泳", "3月6日，四人下海。", datetime(2024, 3, 7))
    compared.clear()
    grown = described(paired([*ZH, new, same_day], EN, tmp_path))
    assert {en for zh, en in compared if zh != "冬泳"} == {EN[2].title}
    assert grown == described(paired([*ZH, new, same_day], EN, None))


@pytest.mark.parametrize("steps", [(2, 5), (1, 2, 3, 4, 5, 6, 7), (7,)])
def test_growing_in_steps_gives_what_all_at_once_gives(
    tmp_path: Path, steps: tuple[int, ...]
) -> None:
    for step in (*steps, len(ZH)):
        found = paired(ZH[:step], EN[:step], tmp_path / "steps")
    assert described(found) == described(paired(ZH, EN, tmp_path / "whole"))
    for name in ("a", "c"):
        steps_file, whole_file = (
            (tmp_path / f / f"{name}.parquet").read_bytes() for f in ("steps", "whole")
        )
        assert steps_file == whole_file


def test_a_changed_text_is_read_again_and_a_removed_one_forgotten(tmp_path: Path) -> None:
    paired(ZH, EN, tmp_path)
    changed = [Document("zh04", "zh", ZH[0].title, ZH[0].text + "共12个项目。"), *ZH[2:]]
    assert described(paired(changed, EN, tmp_path)) == described(paired(changed, EN, None))
    cached = parquet.read_table(tmp_path / "c.parquet", schema.VALUE_CACHE)
    assert cached.num_rows == len(changed) * len(EN)


def test_rarity_is_asked_only_of_facts_that_the_english_text_is_known_to_state() -> None:
    zh, en = (prepare(side, load_encoder()) for side in (ZH, EN))
    zh_rarity, en_rarity = (Rarity.of(one.keys for one in side) for side in (zh, en))
    for one in en:
        zh_rarity.used.clear()
        en_rarity.used.clear()
        for other in zh:
            comparison.compare(other.facts, one.facts, zh_rarity, en_rarity)
        assert zh_rarity.used | en_rarity.used <= set(one.weighed)
        assert len(candidates.find(zh, [one])[0]) == len(zh)
