"""Text pairs to learn sentence alignment from.
News and literature, as they are and altered.

So that one model serves all kinds of text, each document is also seen with sentences joined or cut,
dropped, or replaced by blocks that only one side tells, with lines added such as sites add, and
with vectors that drift off or leak over a sentence's edge and words that no dictionary has, as in
free translation. (The drifted literary set is about as hard for other aligners as real literature.)

The news sets are professional translations of WMT test sets, whole documents where their lines are
marked by document and stretches of lines elsewhere; where a line has as many sentences on both
sides these are 1-1 beads, else the line is one bead.
"""

import json
import os
import random
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.sentences import text_pair
from pipelines.text.normal import normalised
from pipelines.vectors.encoder import Vectors, encode_spans
from pipelines.vectors.load import load_encoder

ROOT = Path(__file__).parents[2]
Texts = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Document:
    """A text pair with its gold beads, as sentences.
    Spans once it is encoded."""

    name: str
    texts: list[Texts]
    spans: tuple[list[Vectors], list[Vectors]] = field(default=([], []))

    def side(self, k: int) -> list[str]:
        return [sentence for bead in self.texts for sentence in bead[k]]


# Alterations. A bead is ([zh sentences], [en sentences]).


def glue(texts: list[Texts], rng: random.Random, rate: float) -> list[Texts]:
    """Join neighbouring beads.
    One side (rarely both, crossing) is written without its full stop."""
    result, i = [], 0
    while i < len(texts):
        k = rng.choice([2, 2, 2, 3, 3, 4]) if rng.random() < rate else 1
        zh = [s for bead in texts[i : i + k] for s in bead[0]]
        en = [s for bead in texts[i : i + k] for s in bead[1]]
        i += k
        if k > 1 and zh and en:
            way = rng.random()
            if way < 0.45:
                zh = ["".join(zh)]
            elif way < 0.9:
                en = [" ".join(en)]
            elif len(zh) > 2 and len(en) > 2:
                zh, en = ["".join(zh[:2]), *zh[2:]], [en[0], " ".join(en[1:])]
        result.append((zh, en))
    return result


def cut(texts: list[Texts], rng: random.Random, rate: float) -> list[Texts]:
    """Cut a sentence of a 1-1 bead in two at a comma."""
    result = []
    for zh, en in texts:
        side, marks, room = (zh, "[，；]", 6) if rng.random() < 0.5 else (en, "[,;](?= )", 15)
        if len(zh) == len(en) == 1 and rng.random() < rate:
            text = side[0]
            at = [m.start() for m in re.finditer(marks, text) if room < m.end() < len(text) - room]
            if at:
                here = rng.choice(at)
                stop = "。" if side is zh else "."
                halves = [text[: here - 1] + stop, text[here:].strip()]
                result.append((halves, en) if side is zh else (zh, halves))
                continue
        result.append((zh, en))
    return result


def drop(texts: list[Texts], rng: random.Random, zh_rate: float, en_rate: float) -> list[Texts]:
    """Take away one side of a bead: what is left are nulls."""
    result: list[Texts] = []
    for zh, en in texts:
        luck = rng.random()
        if luck < zh_rate:
            result += [([], [s]) for s in en]
        elif luck < zh_rate + en_rate:
            result += [([s], []) for s in zh]
        else:
            result.append((zh, en))
    return result


def drop_block(texts: list[Texts], rng: random.Random) -> list[Texts]:
    """Drop one side of one piece of the text.
    Of up to half of it."""
    length = rng.randint(1, max(1, len(texts) // 2))
    start, zh_lost = rng.randint(0, len(texts) - length), rng.random() < 0.4
    middle = drop(texts[start : start + length], rng, float(zh_lost), 1.0)
    return [*texts[:start], *middle, *texts[start + length :]]


_LINES: Texts = (
    [
        "（记者 孙静 文/图）", "编辑：乔波", "图为新桥夜景。", "点击阅读更多新闻。", "来源：晚报",
        "责任编辑：林溪 校对：何苗", "相关链接：老城改造问答。", "扫描二维码，关注我们。",
    ],
    [
        "The picture shows the new bridge at dusk.", "Reporter: Sun Jing. Editor: Qiao Bo.",
        "File picture.", "This story was first carried by the evening radio.",
        "Source: Evening Post", "Scan the code to follow us on WeChat.",
        "Rendered into English by the news office.",
        "Further reading: questions and answers on the old town.",
        "The festival has been held every autumn since 1998.",
        "The district, home to 600,000 people, lies between the bay and the hills.",
        "A shuttle bus leaves the railway station every half hour.",
        "Earlier this year the firm had opened an office in the harbour quarter.",
    ],
)  # fmt: skip
"""What news sites set between the sentences, and what one language's readers are told besides."""


def add_lines(texts: list[Texts], rng: random.Random) -> list[Texts]:
    """Add lines that one side has alone."""
    result = list(texts)
    for _ in range(rng.randint(1, 3)):
        side = int(rng.random() < 0.75)
        line = [rng.choice(_LINES[side])]
        result.insert(rng.randint(1, len(result)), ([], line) if side else (line, []))
    return result


def swap(texts: list[Texts], other: list[Texts], rng: random.Random) -> list[Texts]:
    """Replace beads, or blocks of them, by what each text says alone."""
    rate, block = rng.choice([0.25, 0.5, 0.75, 0.9, 1.0]), rng.random() < 0.5
    result: list[Texts] = []
    strangers, left, alone = list(other), 0, False
    for zh, en in texts:
        if not left:
            left, alone = rng.randint(2, 8) if block else 1, rng.random() < rate
        left -= 1
        if not alone:
            result.append((zh, en))
            continue
        ours = rng.random() < 0.75
        result += [([s], []) for s in zh] if ours else [([], [s]) for s in en]
        if strangers and rng.random() < 0.7:
            stranger = strangers.pop(0)
            result += [([], [s]) for s in stranger[1]] if ours else [([s], []) for s in stranger[0]]
    return result


def drift(document: Document, pool: Vectors, rng: np.random.Generator, most: float) -> Document:
    """Mix other sentences into the vectors.
    As free translation does; twice as much in English."""
    sides = []
    for share, spans in zip((most / 2, most), document.spans, strict=True):
        n = len(spans[0])
        noise = pool[rng.integers(len(pool), size=n)] * rng.uniform(0, share, size=(n, 1))
        sides.append(
            [
                _unit(rows + sum(noise[i : i + len(rows)] for i in range(k)) / k**0.75)
                if len(rows)
                else rows
                for k, rows in enumerate(spans, 1)
            ]
        )
    texts = [(zh, [_reworded(one, rng) for one in en]) for zh, en in document.texts]
    return replace(
        document, name=f"{document.name}~{most}", texts=texts, spans=(sides[0], sides[1])
    )


_REWORDED = 0.3


def _reworded(sentence: str, rng: np.random.Generator) -> str:
    """Spell some of the words backwards.
    A free translator uses words that no dictionary has."""
    return re.sub(
        r"\b[a-z]{4,}\b",
        lambda word: word.group()[::-1] if rng.random() < _REWORDED else word.group(),
        sentence,
    )


def leak(document: Document, rng: np.random.Generator, most: float) -> Document:
    """Move content across the ends of sentences on one side.
    The neighbour renders part of a sentence."""
    k = int(rng.random() < 0.6)
    spans = document.spans[k]
    single, n = spans[0], len(spans[0])
    # At each inner edge: > 0, the next sentence loses to this one; < 0, the other way round.
    flow = rng.uniform(-most, most, size=n + 1) * (rng.random(n + 1) < 0.5)
    flow[[0, n]] = 0
    moved = []
    for width, rows in enumerate(spans, 1):
        new = rows.copy()
        for i in range(len(rows)):
            left, right, end = flow[i], flow[i + width], i + width
            change = np.zeros(rows.shape[1], np.float32)
            change += -0.7 * left * single[i] if left > 0 else -left * single[i - 1]
            if end < n:
                change += right * single[end] if right > 0 else 0.7 * right * single[end - 1]
            new[i] += change / width**0.75
        moved.append(_unit(new) if len(new) else new)
    sides = (moved, document.spans[1]) if k == 0 else (document.spans[0], moved)
    return replace(document, name=f"{document.name}^{most}", spans=sides)


def _unit(rows: npt.NDArray[np.floating]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


# Sets.


def read(path: Path) -> list[Document]:
    """Return documents from JSON Lines, in the normal form that `align` reads."""
    documents = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        zh, en = ([normalised(sentence) for sentence in row[lang]] for lang in ("zh", "en"))
        texts = [([zh[i] for i in z], [en[j] for j in e]) for z, e in row["gold"]]
        documents.append(Document(row["id"], texts))
    return documents


def sets(half: int, most: int) -> dict[str, list[Document]]:
    """Return the encoded documents of one half.
    Altered ones included, at most `most` a set."""
    folder = Path(os.environ["SHIZHENG_SHARED"]) / "data" / "alignment"
    news = read(folder / "news_resplit.jsonl")[half::2]
    literary = read(ROOT / "benchmarks/accuracy/data/literary.jsonl")[half::2]
    order = random.Random(1)
    order.shuffle(news)
    plain = {
        "resplit": news[:most],
        "abridged": order.sample(read(folder / "news_abridged.jsonl")[half::2], k=len(news))[:most],
        "literary": literary,
        "merged": _altered(news[:most], "m", lambda t, r: cut(glue(t, r, 0.3), r, 0.25)),
        "mixed": _altered(
            [*news[most // 2 :], *news][:most],
            "x",
            lambda t, r: drop(cut(glue(t, r, 0.25), r, 0.2), r, 0.05, 0.05),
        ),
        "thinned": _altered(
            news[:most],
            "t",
            lambda t, r: drop(t, r, r.choice([0.05, 0.15]), r.choice([0.2, 0.35])),
        ),
        "lines": _altered(news[:most], "l", add_lines),
        "block": _altered(
            news[::-1][:most],
            "b",
            lambda t, r: drop_block(drop(t, r, 0.08, r.choice([0.05, 0.3, 0.5])), r),
        ),
        "literary_merged": [
            one
            for rate in (0.03, 0.23)
            for one in _altered(
                literary, f"d{rate}", lambda t, r, rate=rate: drop(glue(t, r, 0.15), r, 0.02, rate)
            )
        ],
    }
    pool = {one.name: other for one, other in zip(news, [*news[1:], news[0]], strict=True)}
    plain["foreign"] = [
        replace(one, name=one.name + "#f", texts=swap(one.texts, pool[one.name].texts, _rng(one)))
        for one in news[:most]
    ]
    plain["long"] = [
        Document("+".join(one.name for one in group), [bead for one in group for bead in one.texts])
        for group in (plain["mixed"][i : i + 3] for i in range(0, most // 3, 3))
    ]
    ready = {name: [encoded(one) for one in listed] for name, listed in plain.items()}
    return ready | _drifted(ready)


def _altered(
    listed: Iterable[Document],
    mark: str,
    alter: Callable[[list[Texts], random.Random], list[Texts]],
) -> list[Document]:
    altered = [
        replace(one, name=f"{one.name}#{mark}", texts=alter(one.texts, _rng(one, mark)))
        for one in listed
    ]
    return [one for one in altered if one.side(0) and one.side(1)]


_DRIFTS = ((0.6, 0.1), (1.1, 0.25), (1.5, 0.4))
"""How far the vectors of literary documents drift, and leak over edges, in turn."""


def _drifted(ready: dict[str, list[Document]]) -> dict[str, list[Document]]:
    literary, news = ready["literary"], ready["resplit"]
    pool = np.concatenate([one.spans[1][0] for one in (*literary, *news)])
    pool = pool - 0.5 * pool.mean(axis=0)
    rng = np.random.default_rng(7)
    hard = [
        leak(drift(one, pool, rng, rng.choice([0.7, 1.1, 1.5])), rng, rng.choice([0.1, 0.2, 0.4]))
        for name in ("merged", "mixed", "block", "abridged", "foreign")
        for one in ready[name][::4]
    ]
    lines = (*literary, *ready["literary_merged"])
    free = [
        leak(drift(one, pool, rng, most), rng, edge)
        for one, (most, edge) in zip(lines, cycle(_DRIFTS), strict=False)
    ]
    return {"news_drifted": hard, "literary_drifted": free}


def _rng(document: Document, mark: str = "") -> random.Random:
    return random.Random(zlib.crc32(f"{document.name} {mark}".encode()))


def encoded(document: Document) -> Document:
    """Add the vectors of all runs."""
    encoder = load_encoder()
    zh, en = (encode_spans(encoder, document.side(k), text_pair.WIDTH) for k in (0, 1))
    return replace(document, spans=(zh, en))
