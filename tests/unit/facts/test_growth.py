"""Reading a stored text takes time that grows with its length, whatever it is a long run of.

Of each reader and each run the processor time of a text is set against that of one an eighth as
long. Where time grows with the length, the ratio is about eight; where it grows with the square,
64. A reading that is quick is not looked into.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from pipelines.articles import bilingual_pages, duplicates, language
from pipelines.facts import facts as evidence
from pipelines.release.content import masking
from pipelines.report import fact_marks
from pipelines.sentences import flags
from pipelines.text import splitting

PAGE = datetime(2024, 3, 5, tzinfo=UTC)
MASKER = masking.Masker(["13900000000"])
RUNS = (
    "1", "0", "37", "１", "一", "十", "万", "五年", "十五", "2024", "1,", "1.", "000 ", "1-", "1 ",
    "a", "A", "A.", "Wei-", "Li ", "Jan-", "市", "市长", "汉·", "市长李伟、", " ", "\n", "\t", "。",
    "！", ".", ",", "\"", "“", "’", "(", "[", "《", "@", "a.", "/", "-", "—", "市。\"", "“市”说",
    "hundred ", "one hundred ", "1月1日", "31日，", "3倍", "3时", "百分之", "3.5 billion ",
    "1,234元，",     "Law of the ", "Regulations on Aaa ", "110101199003074477 ", "13912345678 ",
)  # fmt: skip
LONG, TIMES = 12_000, 8
QUICK = 1.5
"""CPU seconds of a reading below which nothing is compared.

What is compared in pairs up to a bound (400 figures a side) takes half a second at the bound, and a
square of the whole length takes many."""


def facts(text: str, lang: str) -> evidence.Facts:
    return evidence.facts(text, lang, title=text[:1], published=PAGE)


def row(text: str, lang: str) -> duplicates.PreparedText:
    return duplicates.prepare_text(duplicates.ArticleRow("x", lang, text, text, PAGE))


READERS: Mapping[str, Callable[[str], object]] = {
    "facts and marks": lambda text: fact_marks.marks(facts(text, "zh"), facts(text, "en")),
    "sentences": lambda text: [splitting.split(text, lang) for lang in ("zh", "en")],
    "duplicates": lambda text: [row(text, lang) for lang in ("zh", "en")],
    "exchanges": lambda text: list(duplicates.exchanges([f"{text}尾"], [f"{text}巴"])),
    "flags": lambda text: flags.flags(text, text),
    "language": lambda text: language.detect(text, ask=False),
    "titles of halves": lambda text: [
        bilingual_pages.title_in(text, lang) for lang in ("zh", "en")
    ],
    "masks": MASKER.mask,
}


def cost(reader: Callable[[str], object], text: str) -> float:
    """Return the processor time of one reading."""
    began = time.process_time()
    reader(text)
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_text_eight_times_as_long_takes_no_square_of_the_time(name: str) -> None:
    reader = READERS[name]
    reader("热身1，warm up")
    slow = {}
    for run in RUNS:
        taken = cost(reader, (run * LONG)[:LONG])
        if taken > QUICK:
            short = (run * LONG)[: LONG // TIMES]
            least = min(cost(reader, short) for _ in range(3))
            if taken > 3 * TIMES * least:  # again: other processes slow one reading down
                taken = min(cost(reader, (run * LONG)[:LONG]) for _ in range(3))
            if taken > 3 * TIMES * least:
                slow[run] = f"{taken:.2f} s against {least:.3f} s"
    assert slow == {}
