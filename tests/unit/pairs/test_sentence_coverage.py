"""Coverage of two texts by each other, on vectors of which every cosine is known."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.facts.facts import facts
from pipelines.pairs.coverage import Coverage, Sentences, _in_order, cover

DIMENSIONS = 8


def axis(place: int, cosine: float = 1.0) -> list[float]:
    """A unit vector with a cosine to one axis; the rest of it is along the last."""
    vector = np.zeros(DIMENSIONS)
    vector[place], vector[-1] = cosine, (1 - cosine**2) ** 0.5
    return vector.tolist()


def sentences(
    vectors: Sequence[list[float]],
    *,
    starts: Sequence[int] | None = None,
    titles: Sequence[list[float]] = (),
) -> Sentences:
    """Sentences of equal weight."""
    count = len(vectors)
    return Sentences(
        np.array(starts or range(count), np.int64),
        np.full(count, 1 / count, np.float32),
        np.array(vectors, np.float16),
        np.array(titles, np.float16).reshape(len(titles), DIMENSIONS),
    )


def covered(zh: Sentences, en: Sentences, zh_text: str = "", en_text: str = "") -> Coverage:
    return cover(zh, en, facts(zh_text, "zh"), facts(en_text, "en"))


@pytest.mark.parametrize(
    ("cosine", "agree", "clash"),
    [
        (0.2, 0, 1),
        (0.3, 0, 1),
        (0.4, 0, 0.5),
        (0.45, 0.2, 0.25),
        (0.5, 0.4, 0),
        (0.65, 1, 0),
        (0.9, 1, 0),
    ],
)
def test_named_titles_agree_in_full_from_a_cosine_of_65_and_clash_in_full_below_30(
    cosine: float, agree: float, clash: float
) -> None:
    result = covered(
        sentences([axis(0)], titles=[axis(1), axis(2)]),
        sentences([axis(0)], titles=[axis(1, cosine)]),
    )
    assert result.titles_agree == pytest.approx(agree, abs=0.01)
    assert result.titles_clash == pytest.approx(clash, abs=0.01)


def test_titles_named_on_one_side_only_neither_agree_nor_clash() -> None:
    plain, named = sentences([axis(0)]), sentences([axis(0)], titles=[axis(1)])
    for result in (covered(plain, named), covered(named, plain)):
        assert (result.titles_agree, result.titles_clash) == (0, 0)


def test_sentences_in_another_order_are_covered_but_not_in_order() -> None:
    same = sentences([axis(0), axis(1), axis(2), axis(3)])
    turned = sentences([axis(3), axis(2), axis(1), axis(0)])
    straight, crossed = covered(same, same), covered(same, turned)
    assert straight.order == pytest.approx(1, abs=0.01)
    assert crossed.order == pytest.approx(0.25, abs=0.01)
    assert (crossed.zh, crossed.en) == (pytest.approx(1, abs=0.01), pytest.approx(1, abs=0.01))


def test_a_sentence_split_in_two_by_the_translator_is_covered_in_order() -> None:
    whole, split = sentences([axis(0), axis(1)]), sentences([axis(0), axis(1), axis(1)])
    assert covered(whole, split).order == pytest.approx(1, abs=0.01)
    assert covered(split, whole).order == pytest.approx(1, abs=0.01)


def test_a_sentence_that_only_one_text_has_is_not_covered() -> None:
    result = covered(sentences([axis(0), axis(1), axis(2), axis(3)]), sentences([axis(0), axis(1)]))
    assert result.zh == pytest.approx(0.5, abs=0.01)
    assert result.en == pytest.approx(1, abs=0.01)
    assert result.zh_covered.tolist() == [True, True, False, False]
    assert result.similarity == pytest.approx(1, abs=0.01)


def test_titles_are_compared_with_each_other() -> None:
    title, body = axis(0), axis(1)
    assert covered(sentences([title, body]), sentences([title, body])).title == pytest.approx(1)
    assert covered(sentences([title, body]), sentences([body, title])).title == pytest.approx(0)


ZH = "湖区疏浚\n湖区疏浚工程投资743亿元。"
AT = (0, 5)


@pytest.mark.parametrize(
    ("en", "cosine", "agrees", "clashes"),
    [
        ("Lake\nDredging costs 74.3 billion yuan.", 0.9, True, False),
        ("Lake\nDredging costs 712 million yuan.", 0.9, False, True),
        ("Lake\nDredging costs 712 million yuan.", 0.41, False, True),
        ("Lake\nDredging costs 712 million yuan.", 0.39, False, False),
        ("Lake\nDredging costs 74.3 billion yuan.", 0.39, False, False),
        ("Lake\nDredging covers 712 hectares.", 0.9, False, False),
    ],
)
def test_figures_are_compared_in_sentences_that_match(
    en: str, cosine: float, agrees: bool, clashes: bool
) -> None:
    zh_side = sentences([axis(0), axis(1)], starts=AT)
    en_side = sentences([axis(2), axis(1, cosine)], starts=AT)
    result = covered(zh_side, en_side, ZH, en)
    assert (result.figures_agree > 0, result.figures_clash > 0) == (agrees, clashes)


def of_four(*cosines: float) -> Sentences:
    """Sentences of which the second to fifth have these cosines to one axis."""
    rows = [axis(0), *(axis(1, cosine) for cosine in cosines)]
    return sentences(rows, starts=[0, 5, 16, 22, 26][: len(rows)])


def test_a_figure_agrees_beside_its_sentence_and_is_neither_said_nor_missed_further_off() -> None:
    zh = "湖区疏浚\n共投资743亿元人民币。新建公园。很好。新建学校86所。"
    en = sentences([axis(2), axis(1)], starts=AT)
    said = "Lake\nIt invested 74.3 billion yuan."
    own = covered(of_four(0.9, 0, 0, 0), en, zh, said).figures_agree
    beside = covered(of_four(0.1, 0.9, 0, 0), en, zh, said)
    further = covered(of_four(0.1, 0.1, 0.1, 0.9), en, zh, said)
    assert (beside.figures_agree, beside.figures_clash) == (own, 0)
    assert (further.figures_agree, further.figures_clash) == (0, 0)
    other = covered(
        of_four(0.9, 0, 0, 0),
        en,
        zh + "另投资7.12亿元。",
        f"{said[:5]}It invested 712 million yuan.",
    )
    assert other.figures_clash == 0, "found elsewhere in the other text: another fact"


def test_contradicting_figures_of_unlike_sentences_count_fewer_bits() -> None:
    def clash(cosine: float) -> float:
        en = sentences([axis(2), axis(1, cosine)], starts=AT)
        zh = sentences([axis(0), axis(1)], starts=AT)
        return covered(zh, en, ZH, "Lake\nDredging costs 712 million yuan.").figures_clash

    assert clash(0.5) == pytest.approx(0.7 * clash(0.9), abs=0.05)
    assert clash(0.65) == pytest.approx(clash(0.9), abs=0.05)


def best_path(gain: npt.NDArray[np.float32]) -> float:
    """Return the most that a monotone path of English partners gains."""
    rows, columns = gain.shape
    most = 0.0
    for choice in product(range(-1, columns), repeat=rows):
        taken = [at for at in choice if at >= 0]
        if taken == sorted(taken):
            most = max(most, sum(float(gain[i, at]) for i, at in enumerate(choice) if at >= 0))
    return most


@pytest.mark.parametrize("seed", range(12))
def test_partners_are_on_the_best_monotone_path(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = random.integers(1, 5, 2)
    cosine = random.uniform(-0.2, 1, (rows, columns)).astype(np.float32)
    weights = [np.full(n, 1 / n, np.float32) for n in (rows, columns)]
    partner, order = _in_order(cosine, *weights)
    taken = [at for at in partner.tolist() if at >= 0]
    assert taken == sorted(taken)
    gain = np.maximum(cosine - 0.3, 0)
    gained = sum(float(gain[i, at]) for i, at in enumerate(partner.tolist()) if at >= 0)
    assert gained == pytest.approx(best_path(gain), abs=1e-4)
    assert all(cosine[i, at] > 0.3 for i, at in enumerate(partner.tolist()) if at >= 0)
    soft = [1 / (1 + np.exp(-20 * (cosine[i, at] - 0.5))) if at >= 0 else 0.0
            for i, at in enumerate(partner.tolist())]  # fmt: skip
    zh = [max((s for s, at in zip(soft, partner, strict=True) if at == j), default=0.0)
          for j in range(columns)]  # fmt: skip
    assert order == pytest.approx(max(np.mean(soft), np.mean(zh)), abs=1e-4)
