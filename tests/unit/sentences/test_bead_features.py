"""Features of beads against their definitions, bead by bead, on short texts and random vectors."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.sentences.features import features, kind
from pipelines.sentences.text_pair import SHAPES, TextPair, compare_texts

ZH = [
    "本市去年新增公园7座？",
    "投资660万元。",
    "张伟明出席！",
    "“天气好”。",
    "3月通车，共12公里。",
    "。",
]
EN = [
    "Did the city add 7 parks last year?", "It cost 6.6 million yuan.", "Zhang Weiming came.",
    '"The weather is fine!"', "It opened in March and is 12 km long.",
]  # fmt: skip
DIM = 6
Array = npt.NDArray[np.float32]


def spans(count: int, seed: int) -> list[Array]:
    """Return random unit vectors for the runs of 1 to 5 sentences."""
    random = np.random.default_rng(seed)
    found = [random.normal(size=(count - k, DIM)).astype(np.float32) for k in range(min(5, count))]
    return [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in found]


@pytest.fixture(scope="module")
def pair() -> TextPair:
    return compare_texts(ZH, EN, spans(len(ZH), 1), spans(len(EN), 2))


def of(pair: TextPair, shape: tuple[int, int]) -> dict[str, npt.NDArray[np.float64]]:
    """Return the features of a shape's beads, each as wide as the texts allow."""
    found = features(pair, shape)
    assert found is not None
    a, b = shape
    size = (len(ZH) - a + 1, len(EN) - b + 1)
    return {name: np.broadcast_to(np.asarray(value), size) for name, value in found.items()}


WHOLE = [shape for shape in SHAPES if shape[0] and shape[1]]


@pytest.mark.parametrize("shape", WHOLE)
def test_a_bead_gains_over_the_narrower_ones_within_it_and_loses_to_wider_ones(
    pair: TextPair, shape: tuple[int, int]
) -> None:
    a, b = shape
    zh, en = spans(len(ZH), 1), spans(len(EN), 2)

    def cosine(i: int, j: int, wide: int, high: int) -> float | None:
        if not (0 < wide <= 5 and 0 < high <= 5) or i < 0 or j < 0:
            return None
        if i + wide > len(ZH) or j + high > len(EN):
            return None
        return float(zh[wide - 1][i] @ en[high - 1][j])

    found = of(pair, shape)
    for i in range(len(ZH) - a + 1):
        for j in range(len(EN) - b + 1):
            own = cosine(i, j, a, b)
            assert own is not None
            assert found["cosine"][i, j] == pytest.approx(own, abs=1e-5)
            inner = [cosine(i + s, j, a - 1, b) for s in (0, 1)]
            inner += [cosine(i, j + s, a, b - 1) for s in (0, 1)]
            within = [value for value in inner if value is not None]
            if within:
                assert found["shrink"][i, j] == pytest.approx(own - max(within), abs=1e-5)
                assert found["shrink_loss"][i, j] == pytest.approx(
                    min(0, own - max(within)), abs=1e-5
                )
            outer = [cosine(i - s, j, a + 1, b) for s in (0, 1)]
            outer += [cosine(i, j - s, a, b + 1) for s in (0, 1)]
            around = [value for value in outer if value is not None]
            gain = max(around) - own if around else -0.1
            assert found["grow"][i, j] == pytest.approx(gain, abs=1e-5)
            assert found["grow_gain"][i, j] == pytest.approx(max(0, gain), abs=1e-5)
    assert ("shrink" in found) is (a + b > 2)


@pytest.mark.parametrize("shape", WHOLE)
def test_the_shape_of_a_bead_and_the_lengths_of_its_texts_are_features(
    pair: TextPair, shape: tuple[int, int]
) -> None:
    a, b = shape
    found = {name: values.flat[0] for name, values in of(pair, shape).items()}
    assert found["one"] == (a == b == 1)
    assert found["merge"] == (a + b > 2)
    assert found["beyond"] == max(0, a + b - 3)
    assert found["uneven"] == abs(a - b)
    assert found["crossed"] == min(a, b) - 1
    assert found["more"] == pytest.approx(math.log(6 / 7) * (b - a))
    assert ("wordless" in found) is (a + b > 2)
    assert ("words_one" in found) is (a == b == 1)


def test_vectors_are_centred_on_most_of_the_mean_of_their_text(pair: TextPair) -> None:
    zh, en = spans(len(ZH), 1), spans(len(EN), 2)
    for a, b in ((1, 1), (2, 1), (1, 3)):
        sides = []
        for rows, k in ((zh, a), (en, b)):
            apart = rows[k - 1] - 0.8 * rows[0].mean(axis=0)
            sides.append(apart / np.linalg.norm(apart, axis=1, keepdims=True))
        found = of(pair, (a, b))
        assert found["centred"] == pytest.approx(sides[0] @ sides[1].T, abs=1e-5)
        assert found["centred_each"] == pytest.approx(found["centred"] * (a + b) / 2, abs=1e-5)


def test_figures_names_marks_and_words_are_missed_where_a_side_lacks_them(pair: TextPair) -> None:
    found = of(pair, (1, 1))
    # Sentences with the same figures, 7, 6.6 million, 3 and 12, lack none of them.
    for i, j in ((0, 0), (1, 1), (4, 4)):
        assert found["figures_zh"][i, j] == found["figures_en"][i, j] == 0
        assert found["words_share"][i, j] >= found["words_share"][i].min()
    assert found["figures_zh"][1, 0] > 0
    assert found["figures_en"][0, 1] > 0
    assert found["figures_zh"][4, 0] > found["figures_zh"][1, 0]
    assert found["names_zh"][2, 2] == found["names_en"][2, 2] == 0
    assert found["names_zh"][2, 0] == found["names_en"][0, 2] > 0
    assert (found["question"][0] == [-0.5, 1, 1, 1, 1]).all()
    assert (found["question"][1] == [1, 0, 0, 0, 0]).all()
    assert (found["exclamation"][2] == [1, 1, 1, 0 - 0.5, 1]).all()
    assert (found["quote"][3] == [1, 1, 1, -0.5, 1]).all()
    assert (found["short"][[0, 3, 5], 1] == [0, 1, 1]).all()


def test_a_run_has_what_any_of_its_sentences_has(pair: TextPair) -> None:
    one, two = of(pair, (1, 1)), of(pair, (2, 1))
    assert two["figures_en"][0, 1] == 0, "the figure of the second sentence"
    assert two["figures_en"][2, 1] == one["figures_en"][2, 1] > 0
    assert (two["wordless"].any(axis=1) == [False, False, False, False, True]).all()
    assert (of(pair, (1, 2))["wordless"].all(axis=1) == [False] * 5 + [True]).all()
    assert (two["question"][0] == one["question"][0]).all()
    assert (two["question"][1] == one["question"][1]).all()


@pytest.mark.parametrize("of_zh", [True, False])
def test_a_null_is_judged_by_its_best_counterparts(pair: TextPair, of_zh: bool) -> None:
    found = features(pair, (1, 0) if of_zh else (0, 1))
    assert found is not None
    cosine = pair.cosine[1, 1] if of_zh else pair.cosine[1, 1].T
    share = pair.share if of_zh else pair.share.T
    for name, values in (("", cosine), ("_words", share)):
        best = values.max(axis=1)
        nearest = np.sort(values, axis=1)[:, -4:].mean(axis=1)
        assert found["null_words" if name else "null_best"] == pytest.approx(best)
        margin = found["null_words_margin" if name else "null_margin"]
        assert margin == pytest.approx(best - nearest, abs=1e-5)
    sign = -1 if of_zh else 1
    assert found["null"] == 1
    assert found["null_more"] == pytest.approx(sign * math.log(6 / 7))
    assert found["null_longer"] == pytest.approx(sign * pair.log_letters)
    assert found["null_lacking"] == max(0, sign * pair.log_letters)
    lengths = (pair.zh if of_zh else pair.en).lengths[0]
    assert np.argmax(found["null_length"]) == np.argmax(lengths)
    figures = np.asarray(found["null_figures"])
    assert ((figures > 0) == ([1, 1, 0, 0, 1, 0] if of_zh else [1, 1, 0, 0, 1])).all()


def test_texts_of_few_sentences_have_margins_over_all_of_them() -> None:
    small = compare_texts(ZH[:2], EN[:3], spans(2, 1), spans(3, 2))
    found = features(small, (1, 0))
    assert found is not None
    cosine = small.cosine[1, 1]
    assert found["null_margin"] == pytest.approx(cosine.max(axis=1) - cosine.mean(axis=1), abs=1e-5)
    assert features(small, (3, 1)) is None
    assert features(small, (2, 3)) is not None


def test_a_text_much_longer_than_the_other_is_so_up_to_a_bound() -> None:
    long = compare_texts(["好。"], EN * 8, spans(1, 1), spans(40, 2))
    assert (long.log_letters, long.log_sentences) == (1.5, 1.5)
    short = compare_texts(ZH * 8, ["Good."], spans(48, 1), spans(1, 2))
    assert (short.log_letters, short.log_sentences) == (-1.5, -1.5)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), 0), ((1, 0), 1), ((0, 1), 2), ((1, 2), 3), ((2, 1), 4), ((2, 2), 5), ((4, 4), 5),
     ((3, 4), 3), ((4, 3), 4)],
)  # fmt: skip
def test_shapes_are_of_six_kinds(shape: tuple[int, int], expected: int) -> None:
    assert kind(shape) == expected
