"""Features of a pair by their definitions: parts, lengths, delays, and the lack of facts."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from test_decisions import article, covered

from pipelines.facts.rarity import Rarity
from pipelines.pairs import model, parts, rows
from pipelines.pairs.candidates import compare_candidates
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.pair import Scored
from pipelines.pairs.prepared import Document, PreparedArticle, prepare, readable, vectors
from pipelines.vectors.load import load_encoder

DAY = datetime(2024, 3, 5, 9, 0)
ZH, EN = article("z"), article("e", size=70)


def dated(of: PreparedArticle, published: int | None, latest: int | None = None) -> PreparedArticle:
    """Return an article published, or at the latest, so many days after `DAY`."""
    at, bound = (None if n is None else DAY + timedelta(days=n) for n in (published, latest))
    return replace(of, document=replace(of.document, published=at, latest=bound))


def features(
    zh: PreparedArticle = ZH, en: PreparedArticle = EN, /, facts: Any = None, **coverage: Any
) -> dict[str, float]:
    facts = FactComparison(**facts or {})
    return model.features(zh, en, replace(covered(), **coverage), facts, max_days=60)


def test_a_pair_is_of_parts_if_either_text_is_compared_in_part() -> None:
    assert features()["part"] == 0
    assert features(zh_part=0.4)["part"] == features(en_part=0.4)["part"] == 1


def test_coverage_and_facts_of_no_scale_are_features_as_they_are() -> None:
    found = features(zh=0.3, order=0.4, titles_agree=0.5, titles_clash=0.6,
                     facts={"stage_agree": 0.7, "stage_clash": 0.5, "hours_clash": 0.8}
                     )  # fmt: skip
    assert (found["covered_zh"], found["order"]) == (0.3, 0.4)
    assert (found["titles_agree"], found["titles_clash"]) == (0.5, 0.6)
    assert (found["stage_agree"], found["hours_clash"]) == (0.7, 0.8)
    assert found["stage_clash"] == pytest.approx(0.125), "not borne out by all words"


def test_figures_count_by_their_bits() -> None:
    found = features(figures_agree=12.0, figures_clash=4.0,
                     facts={"numbers_agree": 0.5, "numbers_bits": 8.0,
                            "numbers_missing": 0.25, "numbers_lost": 16.0})  # fmt: skip
    assert found["figures_agree"] == pytest.approx(1 - math.exp(-1))
    assert found["figures_clash"] == pytest.approx(4 / 20)
    assert found["numbers_agree"] == pytest.approx(0.5 * (1 - math.exp(-1)))
    assert found["numbers_missing"] == pytest.approx(0.25 * (1 - math.exp(-2)))
    nothing = features()
    assert not any(value for name, value in nothing.items() if name.startswith(("fig", "num")))


@pytest.mark.parametrize(
    ("size", "parts_of", "ratio"),
    [(70, {}, 1), (140, {}, 2), (70, {"zh_part": 0.5}, 2), (70, {"en_part": 0.5}, 0.5)],
)
def test_length_is_compared_with_that_of_a_translation_of_the_parts(
    size: int, parts_of: dict[str, float], ratio: float
) -> None:
    en = replace(EN, size=size)
    assert model.length_ratio(ZH, en, replace(covered(), **parts_of)) == pytest.approx(ratio)
    assert features(ZH, en, **parts_of)["longer"] == 0
    longer = replace(en, size=size * 12)
    assert features(ZH, longer, **parts_of)["longer"] == pytest.approx(max(0, math.log(2 * ratio)))


def test_a_pair_is_bare_without_facts_and_the_less_so_the_more_is_rendered() -> None:
    rendered = math.exp(-0.8 * 6 / 10)
    assert features()["bare"] == pytest.approx(rendered)
    assert features(order=0.0)["bare"] == 1
    assert features(order=0.0, best=np.ones(0, np.float32))["bare"] == 1
    worths = {"dates_lead": 1, "sessions_agree": 1, "names_agree": 0.5, "periods_agree": 0.5,
              "places_agree": 0, "guests_agree": 0}  # fmt: skip
    for fact, worth in worths.items():
        found = features(order=0.0, facts={fact: 0.5})["bare"]
        assert found == pytest.approx(1 - 0.5 * worth), fact
    both = features(order=0.0, facts={"dates_lead": 0.5, "names_agree": 1.0})["bare"]
    assert both == pytest.approx(0.25)
    assert features(order=0.0, facts={"dates_lead": 1.0})["bare"] == 0


def test_missing_words_count_where_they_are_many_and_no_fact_is_of_one_matter_only() -> None:
    found = [features(order=0.0, words_missing=share)["words_missing"] for share in (0, 0.3, 0.4)]
    assert found == pytest.approx([0, 0, 1])
    for fact, left in {"sessions_agree": 0, "dates_lead": 1, "names_agree": 1}.items():
        known = features(order=0.0, words_missing=0.4, facts={fact: 1.0})
        assert known["words_missing"] == pytest.approx(left), fact


@pytest.mark.parametrize(
    ("days", "soon", "early", "late"),
    [
        (0, 1, 0, 0), (7, math.exp(-1), 0, 0), (-2, 1, 0, 0), (-3, 0, 1 / 14, 0), (-9, 0, 0.5, 0),
        (-90, 0, 1, 0), (30, math.exp(-30 / 7), 0, 0), (60, math.exp(-60 / 7), 0, 0.5),
        (300, math.exp(-300 / 7), 0, 1),
    ],
)  # fmt: skip
def test_english_comes_soon_early_or_late(
    days: int, soon: float, early: float, late: float
) -> None:
    found = features(dated(ZH, 0), dated(EN, days))
    assert [found[name] for name in ("soon", "early", "late")] == pytest.approx([soon, early, late])
    moved = features(dated(ZH, 0), dated(EN, days), facts={"moved": True})
    assert not any(moved[name] for name in ("soon", "early", "late"))


@pytest.mark.parametrize(
    ("zh", "en", "early", "late"),
    [
        ((None, None), (None, None), 0, 0),
        ((0, None), (None, -9), 0.5, 0),  # archived before the Chinese was published
        ((0, None), (None, 9), 0, 0),
        ((None, 0), (60, None), 0, 0.5),
        ((None, 0), (-60, None), 0, 0),
        ((None, 0), (None, -60), 0, 0),
    ],
)
def test_of_an_undated_text_only_the_latest_possible_time_is_known(
    zh: tuple[int | None, int | None], en: tuple[int | None, int | None], early: float, late: float
) -> None:
    found = features(dated(ZH, *zh), dated(EN, *en))
    expected = pytest.approx([0, early, late])
    assert [found[name] for name in ("soon", "early", "late")] == expected


def test_a_row_has_its_evidence_within_bounds_and_no_empty_address() -> None:
    zh, en = dated(ZH, 0), dated(EN, 3)
    en = replace(en, document=replace(en.document, url="http://a.example/en/1", title="T"))
    for cosine, order in ((-0.1, 1.2), (0.4, 0.5), (1.1, 0.0)):
        coverage = covered(similarity=cosine, order=order, zh_part=0.5)
        scored = Scored(0, 0, {}, coverage, FactComparison(), 1.5, 0.75, margin=0.25, relation="r")
        row = rows.pair_row("x", scored, [zh], [en], "m")
        evidence = row["evidence"]
        assert evidence["similarity"] == pytest.approx(min(1, max(0, cosine)))
        assert evidence["order"] == pytest.approx(min(1, order))
        assert (evidence["length_ratio"], evidence["days_apart"]) == (2, 3)
        assert evidence["link"] is False
        assert (row["zh_url"], row["en_url"]) == (None, "http://a.example/en/1")
        assert (row["zh_id"], row["en_id"], row["zh_title"], row["en_title"]) == ("z", "e", "", "T")
        assert (row["score"], row["probability"], row["margin"]) == (1.5, 0.75, 0.25)
        assert (row["city"], row["method"], row["relation"]) == ("x", "m", "r")
    other = rows.pair_row("x", scored, [zh], [EN], "m")
    assert (other["en_url"], other["evidence"]["days_apart"]) == (None, None)


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("zh", "市 Dalian port expo", True), ("zh", "市 Dalian port expo city", False),
        ("zh", "1 2 3", False), ("zh", "市", True), ("zh", "", False),
        ("en", "Dalian 市政府", True), ("en", "Dalian 市政府会", False),
        ("en", "Dalian", True), ("en", "5 G", False), ("en", "", False),
    ],
)  # fmt: skip
def test_an_article_is_read_if_most_words_are_of_its_language(
    lang: str, text: str, expected: bool
) -> None:
    assert readable(Document("a", lang, "", text)) is expected


ITEMS = (
    "市图书馆新馆开放，藏书120万册。",
    "地铁五号线通车，全长24公里。",
    "市民公园扩建，新增绿地37公顷。",
    "老旧小区改造，惠及居民8600户。",
    "春季招聘会举行，提供岗位9200个。",
    "港口新开航线，货物可直达西亚。",
    "中小学体育馆周末免费开放。",
    "博物馆展出清代瓷器340件。",
)


def test_an_item_of_a_digest_is_compared_with_the_digest_and_with_its_part() -> None:
    encoder = load_encoder()
    digest, alone = prepare(
        [Document("z1", "zh", "一周要闻", "".join(ITEMS), DAY),
         Document("z2", "zh", "市民公园扩建", ITEMS[2] + "公园内有步道和球场。", DAY)], encoder
    )  # fmt: skip
    (en,) = prepare([Document("e", "en", "Citizens' park expanded", "The city's park was expanded "
                              "by 37 hectares of green space.", DAY)], encoder)  # fmt: skip
    none = Rarity({}, 0)
    ((of_digest, of_alone),) = compare_candidates([(en, [digest, alone])], (none, none))
    assert len(of_alone) == 1
    whole, part = (coverage for coverage, _ in of_digest)
    assert (whole.zh_part, whole.en_part, part.en_part) == (1, 1, 1)
    assert 0 < part.zh_part < 0.5
    assert part.zh > whole.zh
    assert part.best.tolist() == whole.best.tolist()


@pytest.mark.parametrize(("first", "end"), [(1, 3), (2, 4), (6, 9)])
def test_a_part_has_its_sentences_and_the_title_only_with_the_lead(first: int, end: int) -> None:
    document = Document("z", "zh", "一周要闻", "".join(ITEMS), DAY)
    (digest,) = prepare([document], load_encoder())
    sides = parts.sides(digest, digest, parts.Part("zh", first, end))
    for sentences, facts, share in zip(sides.sentences, sides.facts, sides.shares, strict=True):
        title = "一周要闻" if first == 1 else ""
        assert facts.whole == f"{title}\n{''.join(ITEMS[first - 1 : end - 1])}"
        starts = [facts.whole.index(item) for item in ITEMS[first - 1 : end - 1]]
        assert sentences.starts.tolist() == starts
        assert sentences.weights.sum() == pytest.approx(1)
        assert share == pytest.approx(digest.sentences.weights[first:end].sum())
    whole = parts.sides(digest, digest, parts.Part("en", first, end))
    assert whole.shares == (1, 1)


@pytest.mark.parametrize(
    ("lang", "text", "size"),
    [
        ("zh", "大连港5G基站已建成37座。", 9), ("zh", "2024", 1), ("zh", "", 1),
        ("en", "The city's 5G network grew by 12.5%, co-operation said.", 9), ("en", "……", 1),
        ("en", "", 1),
    ],
)  # fmt: skip
def test_the_size_of_a_text_is_in_characters_or_words(lang: str, text: str, size: int) -> None:
    (one,) = prepare([Document("a", lang, "题 title", text, DAY)], load_encoder())
    assert one.size == size


def test_vectors_of_texts_are_those_of_prepared_articles() -> None:
    documents = [Document(f"z{n}", "zh", f"题{n}", item, DAY) for n, item in enumerate(ITEMS)]
    encoder = load_encoder()
    found = vectors(documents, encoder)
    assert found.shape == (len(ITEMS), encoder.dim)
    for row, one in zip(found, prepare(documents, encoder), strict=True):
        assert row == pytest.approx(one.vector.astype(np.float32), abs=2e-3)
    assert vectors([], encoder).shape == (0, encoder.dim)
