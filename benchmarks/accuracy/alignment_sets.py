"""Text pairs with gold beads to measure sentence alignment on.

News with sentences split anew, the same abridged, TICO-19's documents and, without gold beads, the
LegCo pairs (all from SHIZHENG_SHARED); literature with many merges (invented, in
`data/literary.jsonl`); of the news and this, the odd documents, which the weights were not learnt
from, or every document. Literature by authors who had not seen the aligner, and of which nothing
was learnt (`data/literary_unseen.jsonl`, `_third`, `_fourth`), and official prose in free English
(`data/official_free.jsonl`, `official_held.jsonl`, and `official_development.jsonl`, to choose by),
always all. The development half of MAC, Chinese fiction in published translations, where a
checkout of bertalign has it: the three documents of which nothing was learnt, and the three others.
"""

import ast
import csv
import gzip
import html
import json
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.learn.sentence_sets import drop
from pipelines.text.splitting import split

Beads = list[tuple[tuple[int, ...], tuple[int, ...]]]
_UNSEEN = (
    "literary_unseen",
    "literary_third",
    "literary_fourth",
    "official_free",
    "official_held",
    "official_development",
)
MAC_LEARNT = ("001", "002", "005")
"""Documents of MAC's development half that the weights were learnt from."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text pair with its gold beads."""

    key: str
    zh: list[str]
    en: list[str]
    gold: Beads


def read_sets(*, whole: bool, mac: Path | None = None) -> dict[str, list[Document]]:
    """Return the sets that can be found, by name."""
    own = Path(__file__).parent / "data"
    paths = {n: own / f"{n}.jsonl" for n in ("literary", *_UNSEEN)}
    shared = (
        Path(os.environ["SHIZHENG_SHARED"]) / "data" if "SHIZHENG_SHARED" in os.environ else None
    )
    if shared:
        folder = shared / "alignment"
        paths = {n: folder / f"{n}.jsonl" for n in ("news_resplit", "news_abridged")} | paths
    sets = {}
    for name, path in paths.items():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        sets[name] = [
            Document(
                row["id"],
                row["zh"],
                row["en"],
                [(tuple(zh), tuple(en)) for zh, en in row["gold"]],
            )
            for row in (rows if whole or name in _UNSEEN else rows[1::2])
        ]
    if mac:
        documents = [_mac(mac, path.stem) for path in sorted((mac / "gold").glob("*.align"))]
        sets["mac_held"] = [one for one in documents if one.key not in MAC_LEARNT]
        sets["mac_learnt"] = [one for one in documents if one.key in MAC_LEARNT]
    if shared:
        sets["tico19"] = _tico(shared / "tico19" / "all.en-zh.tmx.gz")
        sets["legco"] = _legco(shared / "legco")
    return sets


def _mac(folder: Path, key: str) -> Document:
    zh, en = (
        [line.strip() for line in (folder / lang / key).read_text(encoding="utf-8").splitlines()]
        for lang in ("zh", "en")
    )
    gold = [
        tuple(tuple(ast.literal_eval(side)) for side in re.findall(r"\[.*?\]", line))
        for line in (folder / "gold" / f"{key}.align").read_text(encoding="utf-8").splitlines()
    ]
    return Document(key, zh, en, [(bead[0], bead[1]) for bead in gold if bead])


def _tico(path: Path) -> list[Document]:
    """Return TICO-19's documents; every unit is one bead."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        units = re.findall(r'<tu tuid="([^"]*):\d+">(.*?)</tu>', file.read(), re.DOTALL)
    for key, unit in units:
        sides = found.setdefault(key, ([], []))
        for side, lang in zip(sides, ("zh", "en"), strict=True):
            text = re.search(rf'xml:lang="{lang}">\s*<seg>(.*?)</seg>', unit, re.DOTALL)
            side.append(html.unescape(text[1]).strip() if text else "")
    return [
        Document(key, zh, en, [((at,), (at,)) for at in range(len(zh))])
        for key, (zh, en) in found.items()
    ]


def _legco(folder: Path) -> list[Document]:
    """Return the LegCo pairs, split into sentences, without gold beads."""
    lines = (folder / "import.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    found = []
    with (folder / "gold.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            zh, en = texts[row["zh_id"]], texts[row["en_id"]]
            sides = [
                [text[span.start : span.end] for span in split(text, lang)]
                for text, lang in ((zh, "zh"), (en, "en"))
            ]
            found.append(Document(row["zh_id"], sides[0], sides[1], []))
    return found


def abridged_anew(
    documents: Sequence[Document], draw: int, zh_rate: float, en_rate: float
) -> list[Document]:
    """Take away one side of beads at random.
    As the abridged news was made."""
    found = []
    for one in documents:
        rng = random.Random(f"{one.key} {draw}")
        texts = [([one.zh[i] for i in zh], [one.en[j] for j in en]) for zh, en in one.gold]
        sides: tuple[list[str], list[str]] = ([], [])
        gold: Beads = []
        for zh, en in drop(texts, rng, zh_rate, en_rate):
            i, j = len(sides[0]), len(sides[1])
            gold.append((tuple(range(i, i + len(zh))), tuple(range(j, j + len(en)))))
            sides[0].extend(zh)
            sides[1].extend(en)
        if all(sides):
            found.append(Document(one.key, *sides, gold))
    return found
