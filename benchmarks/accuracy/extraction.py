"""Extraction beside its peers: text F1, speed, fields of real pages.

    SHIZHENG_SHARED=... python -m benchmarks.accuracy.extraction  # both sets, all systems
    # real pages, field by field
    SHIZHENG_SHARED=... python -m benchmarks.accuracy.extraction --fields
    SHIZHENG_SHARED=... python -m benchmarks.accuracy.extraction --speed     # three ratios
    # article pages of a copy of WCXB, its dev split, in two halves
    python -m benchmarks.accuracy.extraction --wcxb FOLDER

The peers of the extra `peers` (newspaper4k, goose3, resiliparse, gne, magic-html) are measured too
where they are installed; they fit no lock beside the project, so give them an environment of their
own. All systems get the text that `crawler.extract.charset` decoded, so that none is blamed for an
encoding, and run one after the other in one process. One configuration serves both languages; a
rejected page counts as an empty text. The score is the F1 of 4-grams, a Han character one token,
precision and recall averaged over pages.
"""

import argparse
import gzip
import json
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import justext
import trafilatura
from lxml import etree
from readability import Document

from benchmarks.accuracy.extraction_peers import PEERS
from benchmarks.cost import extraction_speed
from crawler.city import unnamed_city
from crawler.extract.article import explain_page, extract
from crawler.extract.charset import decode
from crawler.item import Article
from crawler.script import HAN

SETS = ("czh", "aeb")
_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_STOPWORDS = justext.get_stoplist("English")


@dataclass(frozen=True, slots=True)
class Sample:
    """One page with the text a person found on it."""

    key: str
    url: str
    body: bytes
    gold: str
    chinese: bool


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fields", action="store_true", help="explain the real pages instead")
    parser.add_argument("--speed", action="store_true", help="print ratios of speed instead")
    parser.add_argument("--wcxb", type=Path, metavar="FOLDER", help="measure on WCXB instead")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if args.speed:
        extraction_speed.family_rules()
        extraction_speed.processes()
        for name in SETS:
            samples = list(read_set(shared() / "extraction" / name))
            chinese = samples[0].chinese
            parts = [_alone(read, chinese) for read in (trafilatura_default, readability, jus_text)]
            extraction_speed.consensus(name, [(s.url, s.body) for s in samples], parts)
    elif args.wcxb:
        compare_halves(list(read_wcxb(args.wcxb)))
    elif args.fields:
        show_fields(shared() / "pages")
    else:
        compare(shared() / "extraction")


def _alone(read: Callable[[Sample, str], str], chinese: bool) -> Callable[[str, bytes], object]:
    return lambda url, body: read(Sample("", url, body, "", chinese), decode(body, {}).text)


def shared() -> Path:
    """Return the folder of the measuring data.
    Ends the program with a message if it is missing."""
    folder = os.environ.get("SHIZHENG_SHARED")
    if not folder or not (Path(folder) / "data").is_dir():
        sys.exit("SHIZHENG_SHARED must name the folder that holds data/extraction and data/pages")
    return Path(folder) / "data"


def compare(folder: Path) -> None:
    """Print the scores and speed of each system on each set.
    Precision, recall, F1 and pages a CPU second."""
    print(f"{'set':<5}{'system':<24}{'pages':>6}{'P':>8}{'R':>8}{'F1':>8}{'pages/s':>9}")
    for name in SETS:
        samples = list(read_set(folder / name))
        for system, read in SYSTEMS.items():
            found, seconds = {}, 0.0
            for sample in samples:
                text = decode(sample.body, {}).text
                start = process_time()
                found[sample.key] = read(sample, text)
                seconds += process_time() - start
            p, r, f1 = score({sample.key: sample.gold for sample in samples}, found)
            rate = len(samples) / seconds
            print(f"{name:<5}{system:<24}{len(samples):>6}{p:>8.4f}{r:>8.4f}{f1:>8.4f}{rate:>9.1f}")


def compare_halves(samples: Sequence[Sample]) -> None:
    """Print means over pages of precision, recall and F1 of words.

    Of each half of the pages, every second one: rules were chosen on the first.
    """
    print(f"{'half':<7}{'system':<24}{'pages':>6}{'P':>8}{'R':>8}{'F1':>8}")
    for half in (0, 1):
        part = samples[half::2]
        for system in ("shizheng", "trafilatura"):
            rows = [words_alike(s.gold, SYSTEMS[system](s, decode(s.body, {}).text)) for s in part]
            p, r, f1 = (sum(column) / len(rows) for column in zip(*rows, strict=True))
            print(f"{half + 1:<7}{system:<24}{len(part):>6}{p:>8.4f}{r:>8.4f}{f1:>8.4f}")


def words_alike(gold: str, found: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of words, as WCXB counts them."""
    want, got = (Counter(re.findall(r"\w+", text.lower())) for text in (gold, found))
    if not want or not got:
        return (1.0, 1.0, 1.0) if want == got else (0.0, 0.0, 0.0)
    hit = (want & got).total()
    p, r = hit / got.total(), hit / want.total()
    return p, r, 2 * p * r / max(p + r, 1e-9)


def read_wcxb(folder: Path) -> Iterator[Sample]:
    """Yield the article pages of the dev split, by id."""
    files = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))["files"]
    for key, row in sorted(files.items()):
        if (row["split"], row["page_type"]) == ("dev", "article"):
            truth = folder / "dev/ground-truth" / f"{key}.json"
            told = json.loads(truth.read_text(encoding="utf-8"))
            body = gzip.decompress((folder / "dev/html" / f"{key}.html.gz").read_bytes())
            yield Sample(
                key, told["url"], body, told["ground_truth"].get("main_content") or "", False
            )


def read_set(folder: Path) -> Iterator[Sample]:
    """Yield the pages of one set with their gold text."""
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Sample(
            key=row["id"],
            url=row.get("url") or "http://unknown.invalid/article/1.html",
            body=gzip.decompress((folder / row["html"]).read_bytes()),
            gold=row["text"],
            chinese=row["lang"] == "zh",
        )


def ours(sample: Sample, _: str) -> str:
    """Read the page as the crawler does, from its bytes.
    Without the help of a city file."""
    found = extract(sample.url, sample.body, {}, unnamed_city(sample.url))
    return found.text if isinstance(found, Article) else ""


def trafilatura_default(_: Sample, html: str) -> str:
    """Ask trafilatura as its documentation does."""
    return trafilatura.extract(html, include_comments=False) or ""


def trafilatura_precise(_: Sample, html: str) -> str:
    """Ask trafilatura to favour precision."""
    return trafilatura.extract(html, include_comments=False, favor_precision=True) or ""


def readability(_: Sample, html: str) -> str:
    """Ask readability-lxml, its summary as plain lines."""
    try:
        tree = etree.fromstring(
            Document(html).summary().encode(), etree.HTMLParser(encoding="utf-8")
        )
    except Exception:
        return ""
    return "" if tree is None else "\n".join(tree.itertext())


def jus_text(sample: Sample, html: str) -> str:
    """Extract with jusText.
    For Chinese without stop words and with lengths of Chinese paragraphs."""
    try:
        if sample.chinese:
            found = justext.justext(
                html.encode(),
                frozenset(),
                20,
                50,
                stopwords_low=0,
                stopwords_high=0,
                encoding="utf-8",
            )
        else:
            found = justext.justext(html.encode(), _STOPWORDS, encoding="utf-8")
    except Exception:
        return ""
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


SYSTEMS: Mapping[str, Callable[[Sample, str], str]] = {
    "shizheng": ours,
    "trafilatura": trafilatura_default,
    "trafilatura, precision": trafilatura_precise,
    "readability-lxml": readability,
    "jusText": jus_text,
} | {
    name: lambda sample, html, read=read: read(html, sample.chinese) for name, read in PEERS.items()
}


def score(gold: Mapping[str, str], found: Mapping[str, str]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of 4-grams.
    Pages without gold text are left out."""
    precisions, recalls = [], []
    for key, text in gold.items():
        if not text.strip():
            continue
        want, got = grams(text), grams(found.get(key, ""))
        hit = (want & got).total()
        recalls.append(hit / want.total())
        if got:
            precisions.append(hit / got.total())
    p, r = (sum(part) / max(len(part), 1) for part in (precisions, recalls))
    return p, r, 2 * p * r / max(p + r, 1e-9)


def grams(text: str) -> Counter[tuple[str, ...]]:
    """Return the 4-grams of a text with their counts."""
    tokens = _TOKEN.findall(text.lower())
    return Counter(tuple(tokens[at : at + 4]) for at in range(max(1, len(tokens) - 3)) if tokens)


def show_fields(folder: Path) -> None:
    """Print what is found on each real page, and by which rule."""
    for path in sorted(folder.glob("*/1.html")):
        told = explain_page(
            f"http://{path.parent.name}.invalid/1.html", path.read_bytes(), {}, _ANY
        )
        print(f"== {path.parent.name}: {type(told.result).__name__}, {told.encoding}")
        for field in told.fields:
            print(f"   {field.name:<14}{field.value[:90]:<92}{field.rule}")
        for cut in told.cut:
            print(f"   cut           {cut.text[:90]:<92}{cut.reason}")


_ANY = unnamed_city("http://any.invalid/")

if __name__ == "__main__":
    main()
