"""Sentence alignment beside its peers: strict and lax F1, seconds.
All in one run.

    SHIZHENG_SHARED=... python -m benchmarks.accuracy.sentences \\
        [--bertalign FOLDER] [--vecalign FOLDER]
    # beside the bare encoder
    SHIZHENG_SHARED=... python -m benchmarks.accuracy.sentences --only shizheng
    SHIZHENG_SHARED=... python -m benchmarks.accuracy.sentences --only shizheng \\
        --anew 4 --rates 0.05 0.2

Sets: news with sentences split anew, the same abridged (both from SHIZHENG_SHARED), and literature
with many merges (invented, in `data/literary.jsonl`); of each, the odd documents, which the weights
were not learnt from, or with `--all` every document. Of literature by authors who had not seen the
aligner, and of which nothing was learnt (`data/literary_unseen.jsonl`), always all. One
configuration serves all sets. The abridged set is one draw, in which a bead is worth .0005 of lax
F1: `--anew` abridges the news several times more, at any rates. CPU seconds include the encoding;
all systems use the bundled encoder and one thread. The first row of a set is that encoder alone,
each sentence once and document by document: s/s are sentences a CPU second.

Peers, measured where they are installed: Gale-Church (`pip install galechurch`), and checkouts of
bertalign and vecalign (the latter built) whose folders are given: each with its defaults and with
its null price set for deletions. bertalign's algorithm runs without its model, language detection
and splitting; it needs numba and faiss.
"""

import argparse
import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.learn.sentence_sets import drop
from pipelines.sentences.align import align
from pipelines.vectors.encoder import Vectors
from pipelines.vectors.load import load_encoder

Beads = list[tuple[tuple[int, ...], tuple[int, ...]]]
Aligner = Callable[[list[str], list[str]], Beads]
_UNSEEN = "literary_unseen"


@dataclass(frozen=True, slots=True)
class Document:
    """One text pair with its gold beads."""

    key: str
    zh: list[str]
    en: list[str]
    gold: Beads


def main() -> None:
    """Print one row a system and set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bertalign", type=Path, help="a checkout of bfsujason/bertalign")
    parser.add_argument("--vecalign", type=Path, help="a checkout of thompsonb/vecalign, built")
    parser.add_argument("--only", help="one system, by the name it is printed with")
    parser.add_argument("--set", help="one set, by the name it is printed with")
    parser.add_argument("--rounds", type=int, default=1, help="times each system runs, in turns")
    parser.add_argument("--all", action="store_true", help="all documents, not only the odd ones")
    parser.add_argument("--anew", type=int, default=0, help="abridge the news so many times more")
    parser.add_argument(
        "--rates", type=float, nargs=2, default=(0.05, 0.2), help="shares of lines taken, zh and en"
    )
    args = parser.parse_args()
    systems: dict[str, Aligner] = {"shizheng": shizheng, **gale_church()}
    if args.bertalign:
        systems |= bertalign(args.bertalign)
    if args.vecalign:
        systems |= vecalign(args.vecalign)
    systems = {name: run for name, run in systems.items() if args.only in (None, name)}
    print(f"{'set':16}{'system':24}{'strict':>8}{'lax':>8}{'P':>8}{'R':>8}{'seconds':>9}{'s/s':>7}")
    with threadpool_limits(limits=1):
        load_encoder().encode(["预热", "warm up"])
        sets = read_sets(whole=args.all)
        if args.anew and "news_resplit" not in sets:
            parser.error("--anew abridges the news under SHIZHENG_SHARED, which is not set")
        for draw in range(args.anew):
            sets[f"anew_{draw + 1}"] = abridged_anew(sets["news_resplit"], draw, *args.rates)
        for name, documents in sets.items():
            if args.anew and not name.startswith("anew"):
                continue
            if args.set not in (None, name):
                continue
            count = sum(len(one.zh) + len(one.en) for one in documents)
            start = process_time()
            for one in documents:
                load_encoder().encode([*one.zh, *one.en])
            seconds = process_time() - start
            print(f"{name:16}{'the encoder alone':24}{'':32}{seconds:9.1f}{count / seconds:7.0f}")
            spent = dict.fromkeys(systems, 0.0)
            beads: dict[str, list[Beads]] = {}
            for run in systems.values():
                run(documents[0].zh, documents[0].en)  # compiles what compiles
            for _ in range(args.rounds):
                for system, run in systems.items():
                    start = process_time()
                    beads[system] = [run(one.zh, one.en) for one in documents]
                    spent[system] += (process_time() - start) / args.rounds
            for system, found in beads.items():
                seconds = spent[system]
                strict, lax, precision, recall = scores(documents, found)
                print(
                    f"{name:16}{system:24}{strict:8.4f}{lax:8.4f}{precision:8.4f}{recall:8.4f}"
                    f"{seconds:9.1f}{count / seconds:7.0f}",
                    flush=True,
                )


def read_sets(*, whole: bool) -> dict[str, list[Document]]:
    """Return the sets that can be found, by name."""
    own = Path(__file__).parent / "data"
    paths = {n: own / f"{n}.jsonl" for n in ("literary", _UNSEEN)}
    if shared := os.environ.get("SHIZHENG_SHARED"):
        folder = Path(shared) / "data" / "alignment"
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
            for row in (rows if whole or name == _UNSEEN else rows[1::2])
        ]
    return sets


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


def scores(documents: Sequence[Document], found: Sequence[Beads]) -> tuple[float, ...]:
    """Return strict F1, lax F1, strict precision and recall over all documents.

    Strict: the bead is a gold bead. Lax: it shares a sentence of each side with one. Nulls count in
    precision only, as right where gold has the same null.
    """
    both = [(one.gold, ours) for one, ours in zip(documents, found, strict=True)]
    right, touching, size = _counts(both)
    linked = ((_linked(ours), _linked(gold)) for gold, ours in both)
    known, touched, expected = _counts(linked)
    strict = (right / max(size, 1), known / max(expected, 1))
    lax = (touching / max(size, 1), touched / max(expected, 1))
    return _f1(*strict), _f1(*lax), *strict


def _counts(pairs: Iterable[tuple[Beads, Beads]]) -> tuple[int, int, int]:
    """Return counts of judged beads: in `true`, touching one, all."""
    exact = touching = size = 0
    for true, judged in pairs:
        whole = set(true)
        cells = {(i, j) for zh, en in true for i in zh for j in en}
        for bead in judged:
            size += 1
            exact += bead in whole
            touching += bead in whole or any((i, j) in cells for i in bead[0] for j in bead[1])
    return exact, touching, size


def _linked(beads: Beads) -> Beads:
    return [bead for bead in beads if bead[0] and bead[1]]


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / max(precision + recall, 1e-9)


def shizheng(zh: list[str], en: list[str]) -> Beads:
    """Our aligner, as every command runs it."""
    return [(bead.zh, bead.en) for bead in align(zh, en, load_encoder())]


def gale_church() -> dict[str, Aligner]:
    """Gale and Church's length-based alignment, if it is installed."""
    try:
        import galechurch
    except ImportError:
        return {}

    def run(zh: list[str], en: list[str]) -> Beads:
        # A Chinese character is worth 3.3 English ones; at the default of 1 it does worse.
        found = galechurch.align(zh, en, mean_xy=1 / 3.3)
        return [
            (tuple(range(b.source_start, b.source_end)), tuple(range(b.target_start, b.target_end)))
            for b in found.beads
        ]

    return {"Gale-Church": run}


def _stack(sentences: Sequence[str], width: int) -> tuple[Vectors, list[str]]:
    """Vectors of all runs of 1 to `width` sentences.
    Each row is at its run's last sentence."""
    n = len(sentences)
    lines = [
        " ".join(sentences[j - k : j + 1]) if j >= k else "PAD"
        for k in range(width)
        for j in range(n)
    ]
    unique = list(dict.fromkeys(lines))
    rows = {line: row for row, line in enumerate(unique)}
    vectors = load_encoder().encode(unique)[[rows[line] for line in lines]]
    return vectors.reshape(width, n, -1).copy(), lines


def bertalign(folder: Path) -> dict[str, Aligner]:
    """bertalign's two passes, from a checkout.
    At its default null price and at a higher one."""
    # The package imports its model and a translation service at once; only its core is wanted.
    package = ModuleType("bertalign")
    package.__path__ = [str(folder / "bertalign")]
    torch: Any = ModuleType("torch")
    torch.cuda = SimpleNamespace(is_available=lambda: False)
    sys.modules |= {"bertalign": package, "torch": sys.modules.get("torch", torch)}
    from bertalign import corelib  # type: ignore[import-not-found]

    def run(zh: list[str], en: list[str], skip: float) -> Beads:
        n, m, width = len(zh), len(en), 4
        zh_rows, zh_lines = _stack(zh, width)
        en_rows, en_lines = _stack(en, width)
        zh_sizes = np.array([len(s.encode()) for s in zh_lines]).reshape(width, n)
        en_sizes = np.array([len(s.encode()) for s in en_lines]).reshape(width, m)
        nearest = corelib.find_top_k_sents(zh_rows[0], en_rows[0], k=min(3, m))
        ones = corelib.get_alignment_types(2)
        window, path = corelib.find_first_search_path(n, m)
        pointers = corelib.first_pass_align(n, m, window, path, ones, *nearest)
        first = corelib.first_back_track(n, m, pointers, path, ones) or [(n, m)]
        shapes = corelib.get_alignment_types(width + 1)
        window, path = corelib.find_second_search_path(first, 5, n, m)
        ratio = zh_sizes[0].sum() / max(en_sizes[0].sum(), 1)
        pointers = corelib.second_pass_align(
            zh_rows, en_rows, zh_sizes, en_sizes, window, path, shapes, ratio, skip,
            margin=True, len_penalty=True,
        )  # fmt: skip
        found = corelib.second_back_track(n, m, pointers, path, shapes)
        return [(tuple(z), tuple(e)) for z, e in found]

    return {
        "bertalign": lambda zh, en: run(zh, en, -0.1),
        "bertalign, deletions": lambda zh, en: run(zh, en, 0.05),
    }


def vecalign(folder: Path) -> dict[str, Aligner]:
    """vecalign, from a checkout with its extension built in place.
    At two deletion percentiles."""
    sys.path.insert(0, str(folder))
    from vecalign import dp_utils  # type: ignore[import-not-found]

    def run(zh: list[str], en: list[str], fraction: float) -> Beads:
        random.seed(42)
        np.random.seed(42)
        width = 5
        found = dp_utils.vecalign(
            vecs0=_stack(zh, width)[0],
            vecs1=_stack(en, width)[0],
            final_alignment_types=dp_utils.make_alignment_types(width + 1),
            del_percentile_frac=fraction,
            width_over2=width // 2 + 6,
            max_size_full_dp=300,
            costs_sample_size=20000,
            num_samps_for_norm=100,
        )
        return [(tuple(z), tuple(e)) for z, e in found[0]["final_alignments"]]

    return {
        "vecalign": lambda zh, en: run(zh, en, 0.2),
        "vecalign, deletions": lambda zh, en: run(zh, en, 0.05),
    }


if __name__ == "__main__":
    main()
