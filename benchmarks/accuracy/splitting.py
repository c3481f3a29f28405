"""Splitting beside its peers: texts whose sentences all come out as marked.

    python -m benchmarks.accuracy.splitting [--texts FILE] [--last 65]

The texts are those of tests/unit/text/split_texts.tsv, or of a file of that form; `--last` takes
those at its end. Peers are measured where they are installed: `pip install pysbd syntok sentencex`.
The rules of shizheng were mended for the texts of the file; what it had right at first run is in
docs/measurements/sentences.md.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines.text.splitting import split

TEXTS = Path(__file__).parents[2] / "tests/unit/text/split_texts.tsv"

Splitter = Callable[[str, str], list[str]]


def _ours(text: str, lang: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text, lang)]


def _pysbd(peer: Any) -> Splitter:
    segmenters = {lang: peer.Segmenter(language=lang, clean=False) for lang in ("zh", "en")}
    return lambda text, lang: segmenters[lang].segment(text)  # type: ignore[no-any-return]


def _syntok(peer: Any) -> Splitter:
    def sentences(text: str, lang: str) -> list[str]:
        return [
            text[found[0].offset : found[-1].offset + len(found[-1].value)]
            for paragraph in peer.process(text)
            for found in paragraph
            if found
        ]

    return sentences


def _sentencex(peer: Any) -> Splitter:
    return lambda text, lang: list(peer.segment(lang, text))


PEERS: dict[str, tuple[str, Callable[[Any], Splitter]]] = {
    "pySBD": ("pysbd", _pysbd),
    "syntok": ("syntok.segmenter", _syntok),
    "sentencex": ("sentencex", _sentencex),
}


def splitters() -> dict[str, Splitter]:
    """Return shizheng's splitter and those of the peers that are installed."""
    found: dict[str, Splitter] = {"shizheng": _ours}
    for name, (module, make) in PEERS.items():
        try:
            found[name] = make(import_module(module))
        except ImportError:
            print(f"{name}: not installed")
    return found


def texts(path: Path, last: int | None) -> list[tuple[str, list[str]]]:
    """Return language and sentences of each text of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(lang, said.replace("\\n", "\n").split("|")) for lang, said in rows][-(last or 0) :]


def right(splitter: Splitter, examples: Iterable[tuple[str, list[str]]]) -> Counter[str]:
    """Return the texts of each language that a splitter parts as marked."""
    found: Counter[str] = Counter()
    for lang, expected in examples:
        got = [part.strip() for part in splitter("".join(expected), lang)]
        found[lang] += [part for part in got if part] == [part.strip() for part in expected]
    return found


def main() -> None:
    """Print a table, a row a splitter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=TEXTS)
    parser.add_argument("--last", type=int)
    asked = parser.parse_args()
    examples = texts(asked.texts, asked.last)
    total = Counter(lang for lang, _ in examples)
    print("| splitter | zh | en |\n|---|---|---|")
    for name, splitter in splitters().items():
        found = right(splitter, examples)
        print(f"| {name} | {found['zh']}/{total['zh']} | {found['en']}/{total['en']} |")


if __name__ == "__main__":
    main()
