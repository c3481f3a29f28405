"""Very long texts: cut where they meet, whatever is in them, within bounded time and memory."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from pipelines.sentences import align, cuts
from pipelines.sentences import text_pair as beads
from pipelines.vectors.encoder import Vectors
from pipelines.vectors.load import load_encoder

PLACES = ("East Harbor", "West Hill", "South Lake", "North Gate")
NAMES = ("东港", "西山", "南湖", "北门")
WORKS = (
    ("新建一所小学", "A primary school is being built in {}."),
    ("修复了一座古桥", "An old bridge was repaired in {}."),
    ("举办了龙舟比赛", "Dragon boats raced in {}."),
    ("种下了五千棵树", "Five thousand trees were planted in {}."),
    ("开通了夜间公交", "Night buses now run in {}."),
    ("建成了污水处理厂", "A sewage plant was completed in {}."),
)


def chronicle(count: int) -> tuple[list[str], list[str]]:
    rng = random.Random(4)
    zh, en = [], []
    for _ in range(count):
        place, (zh_work, en_work) = rng.randrange(len(PLACES)), rng.choice(WORKS)
        number = rng.randrange(100, 999)
        zh.append(f"{NAMES[place]}{zh_work}，投入{number}万元。")
        en.append(en_work.format(PLACES[place])[:-1] + f", at {number / 100} million yuan.")
    return zh, en


@pytest.mark.slow
def test_long_texts_are_cut_and_their_beads_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "WHOLE", 150 * 150)
    monkeypatch.setattr(cuts, "_LONG", 100)
    zh, en = chronicle(400)
    en = [sentence for at, sentence in enumerate(en) if not 130 <= at < 190]
    beads = align.align(zh, en, load_encoder())
    assert [i for bead in beads for i in bead.zh] == list(range(400))
    assert [j for bead in beads for j in bead.en] == list(range(340))
    right = {((i,), (i if i < 130 else i - 60,)) for i in range(400) if not 130 <= i < 190}
    assert len(right & {(bead.zh, bead.en) for bead in beads}) > 0.9 * len(right)


@pytest.mark.slow
def test_work_grows_with_the_length_of_a_pair_not_with_its_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuts, "WHOLE", 60 * 60)
    monkeypatch.setattr(cuts, "_LONG", 40)
    monkeypatch.setattr(align, "_AHEAD", 10)
    cells: list[int] = []
    compare = beads.compare_texts

    def counted(
        zh: Sequence[str], en: Sequence[str], zh_spans: list[Vectors], en_spans: list[Vectors]
    ) -> beads.TextPair:
        cells.append(len(zh) * len(en))
        return compare(zh, en, zh_spans, en_spans)

    monkeypatch.setattr(beads, "compare_texts", counted)
    work = {}
    for count in (100, 400):
        cells.clear()
        align.align(*chronicle(count), load_encoder())
        work[count] = sum(cells)
    assert work[400] < 6 * work[100]


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        (["好。"] * 5000, ["Good."] * 2000),
        (["12"] * 900, [str(n % 300) for n in range(12_000)]),
        ([str(n % 300) for n in range(12_000)], ["", "x"] * 400),
        ([""] * 4000, ["a"] * 4000),
    ],
)
def test_sections_lead_from_the_beginning_to_the_end_in_bounds(
    zh: list[str], en: list[str]
) -> None:
    ends = [(0, 0), *cuts.sections(zh, en, load_encoder())]
    assert ends[-1] == (len(zh), len(en))
    for (i, j), (k, m) in pairwise(ends):
        assert k > i
        assert m > j
        assert (k - i) * (m - j) <= cuts.WHOLE
