"""Language identification beside its peers: bodies, first lines, hard titles.

    SHIZHENG_SHARED=... python -m benchmarks.accuracy.language     # peers: pip install '.[peers]'

Bodies are news articles with professional translations; the Chinese ones a second time in
Traditional characters (OpenCC). Titles are their first lines, and two files in
`benchmarks/accuracy/data`, written for what misleads: names, figures, foreign letters. The rules
were improved on `titles.tsv`; `titles_unseen.tsv` was written afterwards. Every system answers zh,
en or other for every text; an exception counts as an answer that is wrong. Systems that know many
languages are asked among all of them, as a user would, except where a name says otherwise. Times
are CPU time.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from opencc import OpenCC

from crawler.rows import rows_in
from pipelines.articles.language import detect

TITLES = Path(__file__).parent / "data" / "titles.tsv"
UNSEEN = Path(__file__).parent / "data" / "titles_unseen.tsv"
CHINESE = ("zh", "yue", "wuu", "nan", "hak", "gan", "lzh")
"""Codes that all are zh here: py3langid knows varieties of Chinese apart."""
Judge = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and its language: zh, en, other, or none (empty)."""

    group: str
    lang: str
    text: str


def main() -> None:
    """Print right answers and speed, a column for each system.
    Right answers for each group; texts a CPU second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misses", action="store_true", help="print what shizheng gets wrong")
    args = parser.parse_args()
    samples = [*news(), *titles()]
    groups = list(dict.fromkeys(sample.group for sample in samples))
    systems = dict(judges())
    print(f"{'right answers, %':<34}{'texts':>6}" + "".join(f"{name:>18}" for name in systems))
    right: dict[str, dict[str, int]] = {}
    spent: dict[str, float] = {}
    for name, judge in systems.items():
        judge("市政府")  # loads models
        began = process_time()
        right[name] = dict.fromkeys(groups, 0)
        for sample in samples:
            hit = _answer(judge, sample.text) == sample.lang
            right[name][sample.group] += hit
            if args.misses and name == "shizheng" and not hit:
                print(f"  {sample.group}: {sample.lang or '-'}: {sample.text[:70]}: "
                      f"{detect(sample.text)}", file=sys.stderr)  # fmt: skip
        spent[name] = process_time() - began
    for group in groups:
        size = sum(sample.group == group for sample in samples)
        cells = "".join(f"{100 * right[name][group] / size:>18.2f}" for name in systems)
        print(f"{group:<34}{size:>6}{cells}")
    speed = "".join(f"{len(samples) / spent[name]:>18.0f}" for name in systems)
    print(f"{'texts a CPU second':<34}{len(samples):>6}{speed}")


def news() -> Iterator[Sample]:
    """Yield bodies and first lines of the shared news; nothing without `SHIZHENG_SHARED`."""
    folder = os.environ.get("SHIZHENG_SHARED")
    if not folder:
        print("SHIZHENG_SHARED is not set: titles of the project's own only", file=sys.stderr)
        return
    traditional = OpenCC("s2t")
    for name in ("news_resplit", "news_abridged"):
        path = Path(folder) / "data" / "alignment" / f"{name}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            zh, en = "\n".join(row["zh"]), "\n".join(row["en"])
            yield Sample("bodies: Simplified", "zh", zh)
            yield Sample("bodies: Traditional", "zh", traditional.convert(zh))
            yield Sample("bodies: English", "en", en)
            if name == "news_resplit":
                yield Sample("first lines: Simplified", "zh", row["zh"][0])
                yield Sample("first lines: Traditional", "zh", traditional.convert(row["zh"][0]))
                yield Sample("first lines: English", "en", row["en"][0])


def titles() -> Iterator[Sample]:
    """Yield the titles that were written to mislead."""
    for path, kind in ((TITLES, "hard titles"), (UNSEEN, "unseen titles")):
        for lang, script, title in rows_in(path.read_text(encoding="utf-8")):
            names = {"zh": f"Chinese, {script}", "en": "English", "-": "no language"}
            group = f"{kind}: {names.get(lang, 'other languages')}"
            yield Sample(group, "" if lang == "-" else lang, title)


def judges() -> Iterator[tuple[str, Judge]]:
    """Yield the systems that are installed, ours first."""
    yield "shizheng", lambda text: detect(text).lang
    yield "langdetect", _langdetect()
    try:
        from lingua import Language, LanguageDetectorBuilder
    except ImportError:
        print("lingua is not installed: pip install '.[peers]'", file=sys.stderr)
    else:
        every = LanguageDetectorBuilder.from_all_languages().build()
        two = LanguageDetectorBuilder.from_languages(Language.CHINESE, Language.ENGLISH).build()
        yield "lingua, all", _lingua(every)
        yield "lingua, {zh, en}", _lingua(two)
    try:
        import py3langid
    except ImportError:
        print("py3langid is not installed: pip install '.[peers]'", file=sys.stderr)
    else:
        yield "py3langid", lambda text: _coarse(str(py3langid.classify(text)[0]))


def _langdetect() -> Judge:
    import langdetect

    langdetect.DetectorFactory.seed = 0
    return lambda text: _coarse(langdetect.detect(text))


def _lingua(detector: object) -> Judge:
    def judge(text: str) -> str:
        found = detector.detect_language_of(text)  # type: ignore[attr-defined]
        return _coarse(found.iso_code_639_1.name.lower()) if found else ""

    return judge


def _coarse(code: str) -> str:
    return "zh" if code.partition("-")[0] in CHINESE else "en" if code == "en" else "other"


def _answer(judge: Judge, text: str) -> str:
    try:
        return judge(text)
    except Exception as error:
        return f"raised {type(error).__name__}"


if __name__ == "__main__":
    main()
