"""Sentences about each kind of evidence, and articles that cannot be read."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipelines.facts.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs import comparison, explanation, pair
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import cover
from pipelines.pairs.explanation import KINDS, _Case, explain_pair
from pipelines.pairs.model import PairModel
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import Document, Unread, attempt, prepare
from pipelines.tables.damage import StoreError
from pipelines.vectors.load import load_encoder

DAY = datetime(2024, 3, 6, 9, 0)
ZH = "2024年3月5日，市长谭成旭率团访问法国巴黎，签约项目86个，金额743亿元，5G项目12个。"
EN = (
    "On March 5, 2024 Mayor Tan Chengxu visited Paris, France, with Wang Jianguo, and signed 86 "
    "contracts worth 74.3 billion yuan, of which 12 for 5G, and toured 37 farms in Italy."
)


@pytest.fixture(scope="module")
def case() -> _Case:
    encoder = load_encoder()
    (zh,) = prepare([Document("z", "zh", "市长访法", ZH, DAY)], encoder)
    (en,) = prepare([Document("e", "en", "Mayor visits France", EN, DAY)], encoder)
    none = Rarity({}, 0)
    coverage = cover(zh.sentences, en.sentences, zh.facts, en.facts)
    facts = comparison.compare(zh.facts, en.facts, none, none)
    return _Case(Scored(0, 0, {"longer": 0.0}, coverage, facts), zh, en)


def told(case: _Case, kind: str, **changed: Any) -> str:
    """Return the sentence of a kind, with other coverage, facts or features."""
    (of,) = [each for each in KINDS if each.name == kind]
    scored = case.scored
    for name, value in changed.items():
        part = "coverage" if hasattr(scored.coverage, name) else "comparison"
        if name in ("longer", "shorter"):
            scored = replace(scored, features={name: value, "longer": changed.get("longer", 0.0)})
        else:
            scored = replace(scored, **{part: replace(getattr(scored, part), **{name: value})})  # type: ignore[arg-type]
    return of.sentence(replace(case, scored=scored))


def test_facts_that_both_texts_have_are_listed_by_kind(case: _Case) -> None:
    assert "86" in told(case, "figures")
    assert "74,300,000,000 " in told(case, "figures")
    assert "only in English: 37" in told(case, "figures")
    assert told(case, "figures", figures_clash=2.0).endswith("give different figures.")
    assert "different figures" not in told(case, "figures", figures_clash=1.0)
    assert told(case, "days, months and years").startswith("Both name 2024-03-05")
    assert "named in both: tanchengxu" in told(case, "names").lower()
    assert "wangjianguo is not named in Chinese" in told(case, "names")
    places = told(case, "places and Latin words")
    assert places.startswith("In both: ")
    assert "5g" in places.lower()
    assert "ot named in Chinese: " in places
    assert told(case, "ordinals") == "Some ordinals are in both texts."


@pytest.mark.parametrize(
    ("kind", "changed", "expected"),
    [
        ("titles of documents", {"titles_agree": 0.5}, "name the same documents"),
        ("titles of documents", {"titles_agree": 0.5, "titles_clash": 0.5}, "name different docum"),
        ("tense", {"stage_agree": 0.5}, "report the same stage"),
        ("tense", {"stage_agree": 0.5, "stage_clash": 0.5}, "report another stage"),
        ("length", {"longer": 0.5}, "is longer than"),
        ("direction", {}, "go opposite ways"),
        ("link", {}, "The two pages are linked"),
        ("sentences", {"zh_part": 0.3}, "Compared with a part of the Chinese text (30%). The"),
        ("sentences", {"en_part": 0.4}, "Compared with a part of the English text (40%). The"),
        ("sentences", {"en": 0.7, "zh": 0.6, "order": 0.5, "similarity": 0.45},
         "The Chinese text covers 70% of the English one, and is covered by it to 60%; 50% in the "
         "same order (mean cosine 0.45)."),
    ],
)  # fmt: skip
def test_what_a_kind_of_evidence_shows_is_told(
    case: _Case, kind: str, changed: dict[str, float], expected: str
) -> None:
    assert expected in told(case, kind, **changed)


@pytest.mark.parametrize(
    ("days", "expected"), [(2, "2 days after"), (-3, "3 days before"), (0, "0 days after")]
)
def test_the_days_between_publications_are_told(case: _Case, days: int, expected: str) -> None:
    document = replace(case.en.document, published=DAY + timedelta(days=days))
    moved = replace(case, en=replace(case.en, document=document))
    assert expected in told(moved, "publication")


def test_years_that_go_together_are_told_without_a_day(case: _Case) -> None:
    encoder = load_encoder()
    (zh,) = prepare([Document("z", "zh", "", "2023年的计划。", DAY)], encoder)
    (en,) = prepare([Document("e", "en", "", "The plan of 2023.", DAY)], encoder)
    plain = replace(case, zh=zh, en=en, scored=replace(case.scored, comparison=FactComparison()))
    dates = "days, months and years"
    assert told(plain, dates, years_agree=0.5) == "The years go together."
    assert told(plain, dates, years_agree=0.5, years_clash=0.5) == "Dates differ."
    assert told(plain, "figures") == "Few figures to compare."


MODEL = PairModel("m", -1.0, {"covered_zh": 2.0, "link": 1.0})


def explained(case: _Case, pairing: Pairing, ids: tuple[str, str]) -> str:
    return explain_pair(pairing, [case.zh], [case.en], ids, MODEL)


def test_a_verdict_is_one_of_five(case: _Case) -> None:
    values = dict.fromkeys((name for kind in KINDS for name in kind.features), 0.0)
    scored = replace(case.scored, features=values | {"covered_zh": 1.0}, score=1.0,
                     relation="translation", probability=0.73)  # fmt: skip
    told = explained(case, Pairing((scored,), ()), ("z", "e"))
    assert "A pair (translation): probability 0.730, log odds +1.0." in told
    assert "[+2.0] The Chinese text covers" in told
    assert "[-1.0] Most candidates are no pair" in told
    unlikely = replace(scored, probability=0.3)
    told = explained(case, Pairing((unlikely,), ()), ("z", "e"))
    assert "Not a pair at the default threshold, though the best counterpart" in told
    told = explained(case, Pairing((), (unlikely,)), ("z", "e"))
    assert "Not a pair: to have no counterpart is likelier. This one: probability 0.300" in told
    taken = replace(scored, zh=0, en=0)
    other = replace(scored, probability=0.2)
    told = explained(case, Pairing((taken,), (other,)), ("z", "e"))
    assert "A pair" in told or "another counterpart" in told
    told = explained(case, Pairing((), (scored,)), ("q", "e"))
    assert told.startswith("Not a pair: q and e were not compared")
    assert "[z]: 0.730" in told
    assert explained(case, Pairing((), ()), ("q", "e")).endswith("probabilities: nothing.")


def test_an_article_of_few_words_of_its_language_was_not_compared(case: _Case) -> None:
    mute = replace(case, en=replace(case.en, readable=False))
    told = explained(mute, Pairing((), ()), ("z", "e"))
    assert told == ("Not a pair: e was not compared, because it is filed as English and has few "
                    "words of English.")  # fmt: skip


def test_as_many_facts_are_shown_as_fit_a_sentence() -> None:
    joined = explanation._joined(("", []), ("in both:", ["a", "b"]), ("", ["c"]), default="None.")
    assert joined == "In both: a, b; c."
    assert explanation._joined(("x", []), default="nothing here.") == "Nothing here."


DOCUMENT = Document("z9", "zh", "", "", url="http://a.example/9")


def fail(error: Exception) -> None:
    raise error


def test_an_article_that_cannot_be_read_costs_itself_and_files_and_memory_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unread: list[Unread] = []
    assert attempt(lambda: 7, DOCUMENT, unread) == 7
    long = ValueError("a\n b " + "x" * 400)
    assert attempt(lambda: fail(long), DOCUMENT, unread, action="split") is None
    (one,) = unread
    assert (one.article_id, one.url, len(one.reason)) == ("z9", "http://a.example/9", 300)
    assert one.reason.startswith("not split (ValueError: a b xxx")
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("SHIZHENG_DEBUG", "1")
    attempt(lambda: fail(long), DOCUMENT, unread)
    assert "Traceback" in capsys.readouterr().err
    with pytest.raises(ValueError, match="a\n b"):
        attempt(lambda: fail(long), DOCUMENT, None)
    for error in (MemoryError(), OSError("disk"), StoreError("x", None)):
        with pytest.raises(type(error)):
            attempt(lambda error=error: fail(error), DOCUMENT, unread)


def test_prepared_articles_are_read_from_where_they_were_spilled() -> None:
    documents = [
        Document(f"z{n}", "zh", "题", f"第{n}次会议于3月{n + 1}日召开。", DAY) for n in range(3)
    ]
    whole = prepare(documents, load_encoder())
    for article, document in zip(whole, documents, strict=True):
        assert article.facts.whole == f"题\n{document.text}"
        assert len(article.sentences.starts) == 2
        assert article.sentences.weights.sum() == pytest.approx(1, abs=1e-3)
    assert pair.pair(whole, []).pairs == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It opens at 9 a.m.", ["9:00"]), ("It rose by 9.5 percent.", ["9.5 %"]),
        ("Rain of 284 mm fell on 3 km of road.", ["0.284 m", "3,000 m"]),
        ("It covers 12 hectares.", ["120,000 m²"]), ("It took 43,000 containers.", ["43,000"]),
        ("It cost 5 million yuan.", ["5,000,000 CNY"]),
    ],
)  # fmt: skip
def test_figures_are_told_with_symbols_of_units(text: str, said: list[str]) -> None:
    assert [explanation._written(figure) for figure in facts(text, "en").figures] == said
