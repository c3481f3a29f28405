"""Siblings measured one by one: each English report beside one Chinese one, own or not.

    python -m benchmarks.accuracy.siblings                # checking and measuring, 124 each way
    python -m benchmarks.accuracy.siblings --set held     # of kinds that nothing was learnt from

A lone sibling is the English report of one matter beside the Chinese report of the other, of the
same day and institution; any link is wrong.
"""

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.series import siblings
from benchmarks.series.siblings import Row
from pipelines.pairs.pair import pair
from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.tables.vocabulary import DECISION
from pipelines.vectors.load import load_encoder

SETS = {
    "training": siblings.TRAINING,
    "reported": [*siblings.CHECKING, *siblings.MEASURING],
    "held": siblings.HELD,
}
_TZ = ZoneInfo("Asia/Shanghai")
_WHEN = {"zh": datetime(2024, 3, 5, 9, tzinfo=_TZ), "en": datetime(2024, 3, 5, 15, tzinfo=_TZ)}


def documents(row: Row, *, dated: bool = True) -> dict[str, list[Document]]:
    """Return a row's two reports in each language, English `dated` or not."""
    when = {"zh": _WHEN["zh"], "en": _WHEN["en"] if dated else None}
    return {
        lang: [Document(f"{lang}{at}", lang, row[first], row[first + 1], when[lang])
               for at, first in enumerate((column, column + 4))]
        for lang, column in (("zh", 1), ("en", 3))
    }  # fmt: skip


def prepared(
    listed: Sequence[Row], *, dated: bool = True
) -> Iterator[tuple[PreparedArticle, PreparedArticle, bool]]:
    """Yield each English report with its sibling's Chinese one and with its own."""
    for row in listed:
        texts = documents(row, dated=dated)
        zh, en = (prepare(texts[lang], load_encoder()) for lang in ("zh", "en"))
        for first in range(2):
            for other in range(2):
                yield zh[other], en[first], first == other


def stated(listed: Sequence[Row], *, dated: bool = True) -> list[tuple[float, bool]]:
    """Return the probability of each pair, and whether it is right."""
    found = []
    for zh, en, right in prepared(listed, dated=dated):
        pairs = pair([zh], [en], learning=False).pairs
        found.append((pairs[0].probability if pairs else 0.0, right))
    return found


def main() -> None:
    """Print wrong and missed links."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="reported", dest="name")
    args = parser.parse_args()
    for dated in (True, False):
        judged = stated(SETS[args.name], dated=dated)
        wrong = sum(p >= DECISION for p, right in judged if not right)
        missed = sum(p < DECISION for p, right in judged if right)
        brier = np.mean([(p - right) ** 2 for p, right in judged])
        print(
            f"{args.name}, English {'dated' if dated else 'undated'}: of {len(judged) // 2} lone "
            f"siblings {wrong} called pairs, of as many pairs {missed} missed; Brier {brier:.3f}"
        )


if __name__ == "__main__":
    main()
