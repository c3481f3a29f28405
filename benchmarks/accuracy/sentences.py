"""Sentence alignment beside its peers: strict and lax F1, seconds.
All in one run.

    SHIZHENG_SHARED=... python -m benchmarks.accuracy.sentences \\
        --bertalign FOLDER --vecalign FOLDER [--mac FOLDER] --anew 4 --write

`--write` puts the whole table into docs/measurements/sentences.md. `alignment_sets` has the sets.
One configuration serves all of them. The abridged news is one draw, in which a bead is worth .0005
of lax F1: `--anew` abridges the news several times more, at any rates, as one more set. "Alone" is
the share of sentences left alone. CPU seconds include the encoding; all systems use the bundled
encoder and one thread. A run of sentences that several systems encode is encoded once, and counted
in the seconds of each by its share of characters. Peers do not change with the aligner:
`--earlier` takes their rows from what an earlier run printed.

Peers, measured where they are installed: Gale-Church (`pip install galechurch`), and checkouts of
bertalign and vecalign (the latter built) whose folders are given: each with its defaults and with
its null price set for deletions. bertalign's algorithm runs without its model, language detection
and splitting; it needs numba and faiss.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.alignment_sets import Beads, Document, abridged_anew, read_sets
from pipelines.sentences.align import align
from pipelines.vectors.encoder import Vectors
from pipelines.vectors.load import load_encoder

Aligner = Callable[[list[str], list[str]], Beads]
PAGE = Path(__file__).parents[2] / "docs/measurements/sentences.md"
_MARKS = ("<!-- the table of benchmarks.accuracy.sentences -->\n", "<!-- its end -->")
_SHARED_RUNS = ("news_resplit", "news_abridged", "abridged_anew")
"""Sets of the same sentences."""
_ABOUT = {
    "news_resplit": "news, odd documents; weights learnt from the even ones",
    "news_abridged": "the same abridged, odd documents; likewise",
    "abridged_anew": "{draws} further draws of the abridged; nothing chosen on them",
    "literary": "invented literature, odd documents; weights learnt from the even ones",
    "literary_unseen": "by who had not seen the aligner; how many steps to learn was chosen on all",
    "literary_third": "ten more, by who had not seen it, measured once; nothing chosen on it",
    "literary_fourth": "a further ten, likewise written last and measured once",
    "official_free": "invented official prose, freely told in English; measured once",
    "official_held": "twelve more such texts; nothing chosen on them",
    "official_development": "twenty-four such texts to choose by; looked at",
    "mac_held": "fiction in published translations, 003, 004 and 006; nothing learnt from them",
    "mac_learnt": "the same, 001, 002 and 005; the regimes were learnt from them",
    "tico19": "every unit is a bead; nothing learnt from or chosen on it",
    "legco": "no gold beads: the share of sentences left alone; nothing chosen on it",
}
"""What a set is, and what was learnt from or chosen on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one system did on one set."""

    name: str
    system: str
    strict: float
    lax: float
    alone: float
    seconds: float


def main() -> None:
    """Print one row a system and set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bertalign", type=Path, help="a checkout of bfsujason/bertalign")
    parser.add_argument("--vecalign", type=Path, help="a checkout of thompsonb/vecalign, built")
    parser.add_argument("--mac", type=Path, help="bertalign's data/mac/dev, of commit 3c432d0")
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    parser.add_argument(
        "--earlier", type=Path, help="what an earlier run printed: its peers are not run again"
    )
    parser.add_argument("--only", help="one system, by the name it is printed with")
    parser.add_argument("--set", help="one set, by the name it is printed with")
    parser.add_argument("--all", action="store_true", help="all documents, not only the odd ones")
    parser.add_argument("--anew", type=int, default=0, help="abridge the news so many times more")
    parser.add_argument(
        "--rates", type=float, nargs=2, default=(0.05, 0.2), help="shares of lines taken, zh and en"
    )
    args = parser.parse_args()
    if args.write and (args.only or args.set or args.all):
        parser.error("--write writes the whole table: leave out --only, --set and --all")
    systems: dict[str, Aligner] = {"shizheng": shizheng, **gale_church()}
    if args.bertalign:
        systems |= bertalign(args.bertalign)
    if args.vecalign:
        systems |= vecalign(args.vecalign)
    systems = {name: run for name, run in systems.items() if args.only in (None, name)}
    rows: list[Row] = []
    earlier = [*_printed(args.earlier)] if args.earlier else []
    print(f"{'set':16}{'system':24}{'strict':>8}{'lax':>8}{'alone':>8}{'seconds':>9}")
    with threadpool_limits(limits=1):
        for name, documents in _sets(args, parser).items():
            if args.set in (None, name):
                known = [row for row in earlier if row.name == name and row.system in systems]
                run = {k: v for k, v in systems.items() if k not in {one.system for one in known}}
                rows += [*_measured(name, documents, run), *known]
                if args.write:
                    _write(rows, args.anew)


def _printed(path: Path) -> Iterator[Row]:
    """Yield the peers' rows of what a run printed."""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, system, *figures = line[:16].strip(), line[16:40].strip(), *line[40:].split()
        if name in _ABOUT and system != "shizheng":
            yield Row(name, system, *map(float, figures))


def _sets(args: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, list[Document]]:
    sets = read_sets(whole=args.all, mac=args.mac)
    if args.anew and "news_resplit" not in sets:
        parser.error("--anew abridges the news under SHIZHENG_SHARED, which is not set")
    if args.anew:
        sets["abridged_anew"] = [
            one
            for draw in range(args.anew)
            for one in abridged_anew(sets["news_resplit"], draw, *args.rates)
        ]
    return {name: sets[name] for name in _ABOUT if name in sets}


def _measured(
    name: str, documents: Sequence[Document], systems: dict[str, Aligner]
) -> Iterator[Row]:
    """Run the systems; print and yield their rows."""
    if name not in _SHARED_RUNS:
        _RUNS.clear()
    for system, run in systems.items():
        run(documents[0].zh, documents[0].en)  # compiles what compiles
        start, before = process_time(), _RUNS.lent
        found = [run(one.zh, one.en) for one in documents]
        seconds = process_time() - start + _RUNS.lent - before
        strict, lax, *_ = scores(documents, found)
        row = Row(name, system, strict, lax, alone(found), seconds)
        print(f"{name:16}{system:24}{strict:8.4f}{lax:8.4f}{row.alone:8.3f}{seconds:9.1f}",
              flush=True)  # fmt: skip
        yield row


def _write(rows: Sequence[Row], draws: int) -> None:
    """Replace the table in the page of measurements."""
    names = list(dict.fromkeys(row.name for row in rows))
    systems = sorted({row.system for row in rows}, key=lambda name: (name != "shizheng", name))
    cells = {(row.system, row.name): row for row in rows}
    best = {name: max(row.strict for row in rows if row.name == name) for name in names}
    head = ["| system | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines = [f"* {name}: {_ABOUT[name].format(draws=draws)}" for name in names]
    lines += ["", "Strict and lax F1, or the share of sentences left alone:", "", *head]
    for system in systems:
        listed = [_scored(cells[system, name], best[name]) for name in names]
        lines.append(f"| {system} | " + " | ".join(listed) + " |")
    lines += ["", "Seconds of CPU:", "", *head]
    for system in systems:
        spent = [f"{cells[system, name].seconds:.1f}" for name in names]
        lines.append(f"| {system} | " + " | ".join(spent) + " |")
    before, rest = PAGE.read_text(encoding="utf-8").split(_MARKS[0])
    after = rest.split(_MARKS[1])[1]
    table = "\n" + "\n".join(lines) + "\n\n"
    PAGE.write_text(before + _MARKS[0] + table + _MARKS[1] + after, encoding="utf-8")


def _scored(row: Row, best: float) -> str:
    if not row.strict and not row.lax:
        return f"{row.alone:.1%}"
    shown = f"{row.strict:.4f}/{row.lax:.4f}"
    return f"**{shown}**" if row.strict == best else shown


def alone(found: Sequence[Beads]) -> float:
    """Return the share of sentences that are left alone."""
    left = sum(len(zh) + len(en) for beads in found for zh, en in beads if not (zh and en))
    return left / max(1, sum(len(zh) + len(en) for beads in found for zh, en in beads))


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


class _Runs:
    """Vectors of runs of sentences, with the seconds that each took."""

    def __init__(self) -> None:
        self.lent = 0.0
        self._kept: dict[str, tuple[Vectors, float]] = {}

    def clear(self) -> None:
        self._kept.clear()

    def encode(self, lines: Sequence[str]) -> Vectors:
        """Return vectors; `lent` grows by the seconds of those at hand."""
        self.lent += sum(self._kept[line][1] for line in lines if line in self._kept)
        new = [line for line in lines if line not in self._kept]
        start = process_time()
        vectors = load_encoder().encode(new) if new else []
        each = (process_time() - start) / max(1, sum(map(len, new)))
        for line, vector in zip(new, vectors, strict=True):
            self._kept[line] = vector.astype(np.float16), each * len(line)
        return np.array([self._kept[line][0] for line in lines], np.float32)


_RUNS = _Runs()


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
    vectors = _RUNS.encode(unique)[[rows[line] for line in lines]]
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
