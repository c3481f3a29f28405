"""WMT22 test sets as documents with gold beads.
Professional translations of news and general texts.

    python -m benchmarks.learn.wmt_documents CHECKOUT OUT.jsonl

CHECKOUT is a checkout of github.com/wmt-conference/wmt22-news-systems (research use). Both
references of both directions are taken, English to Chinese by document, Chinese to English in
stretches, because its file of documents is too large for some mirrors. Lines are split as `align`
splits them: as many sentences on both sides are taken for 1-1 beads, else a line is one bead. This
is how the news sets under SHIZHENG_SHARED were made, of other years.
"""

import argparse
import json
import random
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.sentences import text_pair
from pipelines.text.splitting import split

_LEAST = 7
"""Beads a document has at least: shorter ones are chats and lists of goods."""
Lines = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    listed = [*by_document(args.checkout), *by_stretch(args.checkout)]
    rows = [row for key, lines in listed if (row := document(key, lines))]
    random.Random(3).shuffle(rows)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    args.out.write_text(text, encoding="utf-8")
    print(f"{len(rows)} documents, {sum(len(row['gold']) for row in rows)} beads")


def by_document(checkout: Path) -> Iterator[tuple[str, Lines]]:
    """Yield English-to-Chinese documents, as (zh, en) lines.
    One for each document of the test set and reference."""
    root = ET.parse(checkout / "xml" / "wmttest2022.en-zh.all.xml").getroot()
    for one in root.iter("doc"):
        (source,) = one.findall("src")
        english = _segments(source)
        for reference in one.findall("ref"):
            chinese = _segments(reference)
            key = f"en-zh/{one.get('id')}/{reference.get('translator')}"
            yield key, [(chinese[n], line) for n, line in english.items() if n in chinese]


def by_stretch(checkout: Path) -> Iterator[tuple[str, Lines]]:
    """Chinese to English: stretches of about 20 lines."""
    folder, name = checkout / "txt", "generaltest2022.zh-en"
    chinese = _lines(folder / "sources" / f"{name}.src.zh")
    rng, cuts = random.Random(3), [0]
    while cuts[-1] < len(chinese):
        cuts.append(cuts[-1] + rng.randint(12, 26))
    for translator in "AB":
        english = _lines(folder / "references" / f"{name}.ref.{translator}.en")
        for start, end in pairwise(cuts):
            lines = list(zip(chinese[start:end], english[start:end], strict=True))
            yield f"zh-en/{start}/{translator}", lines


def document(key: str, lines: Lines) -> dict[str, Any] | None:
    """Return a row of the benchmark's format.
    None if the document is short or has a bead of no shape."""
    zh: list[str] = []
    en: list[str] = []
    gold = []
    for chinese, english in lines:
        ours, theirs = _sentences(chinese, "zh"), _sentences(english, "en")
        if not ours or not theirs:
            continue
        pieces = [([x], [y]) for x, y in zip(ours, theirs, strict=False)]
        for left, right in pieces if len(ours) == len(theirs) else [(ours, theirs)]:
            if (len(left), len(right)) not in text_pair.SHAPES:
                return None
            gold.append(
                [
                    list(range(len(zh), len(zh) + len(left))),
                    list(range(len(en), len(en) + len(right))),
                ]
            )
            zh += left
            en += right
    return {"id": key, "zh": zh, "en": en, "gold": gold} if len(gold) >= _LEAST else None


def _sentences(line: str, lang: str) -> list[str]:
    cut = (line[span.start : span.end].strip() for span in split(line, lang))
    return [sentence for sentence in cut if sentence]


def _segments(element: ET.Element) -> dict[str | None, str]:
    return {one.get("id"): (one.text or "").strip() for one in element.iter("seg")}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


if __name__ == "__main__":
    main()
