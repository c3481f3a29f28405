"""Coverage of two texts by each other, against its definition on small matrices of cosines."""

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.facts.facts import Facts, facts
from pipelines.pairs import coverage
from pipelines.pairs.coverage import Sentences
from pipelines.pairs.parts import part_of

Array = npt.NDArray[np.float32]
NONE = facts("", "zh")


def best_path(gain: Array) -> float:
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
    partner, order = coverage._in_order(cosine, *weights)
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


def sentences(vectors: list[list[float]], starts: list[int] | None = None) -> Sentences:
    rows = np.array(vectors, np.float16)
    count = len(rows)
    at = np.array(starts or list(range(count)), np.int64)
    return Sentences(at, np.full(count, 1 / count, np.float32), rows)


def unit(angle: float) -> list[float]:
    return [float(np.cos(angle)), float(np.sin(angle))]


def test_a_text_is_covered_by_the_weights_of_its_covered_sentences() -> None:
    zh = sentences([unit(0), unit(1.5), unit(3)])
    en = sentences([unit(0), unit(3)])
    found = coverage.cover(zh, en, NONE, NONE)
    assert found.similarity == pytest.approx(1, abs=1e-2)
    assert (found.title, found.en) == (pytest.approx(1, abs=1e-2), pytest.approx(1, abs=1e-2))
    assert found.zh == pytest.approx(2 / 3, abs=1e-2)
    assert found.zh_covered.tolist() == [True, False, True]
    assert found.best == pytest.approx([1, 1], abs=1e-2)
    assert found.order == pytest.approx(1, abs=1e-2)
    turned = coverage.cover(zh, sentences([unit(3), unit(0)]), NONE, NONE)
    assert turned.order == pytest.approx(1 / 2, abs=1e-2)
    assert turned.title == pytest.approx(np.cos(3), abs=1e-2)


@pytest.mark.parametrize(
    ("cosine", "agree", "clash"),
    [(0.9, 1, 0), (0.65, 1, 0), (0.525, 0.5, 0), (0.45, 0.2, 0.25), (0.3, 0, 1), (0.1, 0, 1)],
)
def test_titles_named_agree_or_clash_by_their_cosine(
    cosine: float, agree: float, clash: float
) -> None:
    zh = np.array([[1, 0]], np.float16)
    en = np.array([[cosine, np.sqrt(1 - cosine**2)]], np.float16)
    found = coverage._titles(zh, en)
    assert found == pytest.approx((agree, clash), abs=0.01)
    # The mean is over English titles: one without a counterpart is half of two.
    both = coverage._titles(zh, np.vstack([en, [[0, 1]]]).astype(np.float16))
    assert both == pytest.approx((agree / 2, (clash + 1) / 2), abs=0.01)
    assert coverage._titles(zh[:0], en) == coverage._titles(zh, en[:0]) == (0, 0)


def stated(*texts: str, lang: str) -> tuple[Facts, list[int]]:
    """Return the facts of sentences, title first, and where the sentences start."""
    whole, starts = "\n" + "".join(texts), []
    at = 1
    for text in texts:
        starts.append(at)
        at += len(text)
    return facts(whole[1:], lang), starts


def bits(zh: list[str], en: list[str], cosines: list[list[float]]) -> tuple[float, float]:
    (zh_facts, zh_at), (en_facts, en_at) = stated(*zh, lang="zh"), stated(*en, lang="en")
    cosine = np.array(cosines, np.float32)
    partner = np.where(cosine.max(axis=1) > 0.3, cosine.argmax(axis=1), -1)
    sides = sentences([[1, 0]] * len(zh), zh_at), sentences([[1, 0]] * len(en), en_at)
    return coverage._figures(*sides, zh_facts, en_facts, partner=partner, cosine=cosine)


ZH, OTHER = "共投资743亿元。", "新建学校86所。"
EN, SMALL = "It invested 74.3 billion yuan.", "It invested 712 million yuan."


def test_a_figure_agrees_in_a_matching_sentence_or_beside_it() -> None:
    agree, clash = bits([ZH, OTHER], [EN], [[0.9, 0.1]])
    assert agree > 0 == clash
    beside, clash = bits([ZH, OTHER], [EN], [[0.1, 0.9]])
    assert (beside, clash) == (agree, 0)
    far, clash = bits([ZH, "新建公园。", "很好。", OTHER], [EN], [[0.1, 0.2, 0.1, 0.9]])
    assert (far, clash) == (0, 0), "it is elsewhere in the text: neither agrees nor clashes"
    assert bits([ZH], [EN], [[0.39]]) == (0, 0), "the sentences do not match"
    assert bits([ZH], [EN], [[0.41]])[0] == agree


def test_a_figure_clashes_with_another_of_its_class_more_the_more_alike_the_sentences() -> None:
    found = [bits([ZH], [SMALL], [[cosine]]) for cosine in (0.42, 0.5, 0.65, 0.9)]
    assert all(agree == 0 for agree, _ in found)
    clashes = [clash for _, clash in found]
    assert 0 < clashes[0] < clashes[1] < clashes[2] == pytest.approx(clashes[3])
    assert clashes[1] == pytest.approx(0.7 * clashes[3])
    assert bits([ZH], ["It has 86 schools."], [[0.9]]) == (0, 0), "schools are no money"
    # Neither is found anywhere in the other text: else it is another fact.
    assert bits([ZH, "另投资7.12亿元。"], [SMALL], [[0.9, 0.1]])[1] == 0
    assert bits([ZH], [SMALL, EN], [[0.9], [0.1]])[1] == 0


COVERED = np.array([False, False, True, True, False, False, False])


def test_a_stretch_that_the_other_text_renders_is_a_part_of_a_text_with_a_title_of_its_own() -> (
    None
):
    shown = coverage.cover(
        sentences([unit(0.1 * n) for n in range(3)]), sentences([unit(0)]), NONE, NONE
    )
    item = np.array([0.9, 0.9], np.float32)
    digest = replace(shown, title=0.2, zh_covered=COVERED, best=item, en=1.0, zh=0.3)
    part = part_of(digest)
    assert part is not None
    assert (part.lang, part.first, part.end) == ("zh", 2, 4)
    assert part_of(replace(digest, title=0.5)) is None, "the title itself is rendered"
    assert part_of(replace(digest, en=0.16)) is not None, "its lead is covered"
    lead = np.array([0.1, 0.1, 0.9], np.float32)
    assert part_of(replace(digest, en=0.2, best=lead)) is None
    assert part_of(replace(digest, en=0.5, best=lead)) is None, "an end that many texts have"
    several = np.array([0.1, 0.1, 0.9, 0.9, 0.9, 0.9], np.float32)
    assert part_of(replace(digest, en=0.5, best=several)) is not None
    assert part_of(replace(digest, en=0.49, best=several)) is None
    assert part_of(replace(digest, en=0.1)) is None
    assert part_of(replace(digest, en=0.2, best=np.zeros(2, np.float32))) is None
    for covered in (
        [True] * 7,
        [False] * 7,
        [True, True, False, False, False, False, False],  # with its title it is no item
        [False, True, True, True, True, True, False],  # most of the text
        [False, False, True],  # too short to be a digest
        [True, False, False, True, True, False, True],  # scattered
    ):
        assert part_of(replace(digest, zh_covered=np.array(covered))) is None
