"""Hong Kong's real releases: fields, end marks and mates, page by page.

    SHIZHENG_SHARED=... python -m benchmarks.accuracy.hongkong

Of each page of `data/hongkong`: the title is the head's, the date that of the address, the text has
no end mark, the linked mate is stored, and the language step flags no mismatch.
"""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from crawler.city_file import load_cities
from crawler.extract.article import extract
from crawler.extract.blocks import bare
from crawler.extract.dates import date_in_url
from crawler.extract.page import ParsedPage
from crawler.item import Article, article_id
from pipelines.articles.article_language import judge


def main() -> None:
    """Print each fault, and how many pages have none of a kind."""
    folder = Path(os.environ["SHIZHENG_SHARED"]) / "data" / "hongkong"
    faults: Counter[str] = Counter()
    with (folder / "pages.tsv").open(encoding="utf-8") as rows:
        pages = list(csv.DictReader(rows, delimiter="\t"))
    for page in pages:
        body = gzip.decompress((folder / "pages" / page["file"]).read_bytes())
        for fault in _faults(page["url"], body, page["mate_as_linked"]):
            faults[fault] += 1
            print(f"{page['file']}: {fault}")
    mates = sum(bool(page["mate_as_linked"]) for page in pages)
    print(f"{len(pages)} pages, {mates} with a mate; faults: {dict(faults) or 'none'}")


def _faults(url: str, body: bytes, mate: str) -> Iterator[str]:
    """Yield what is wrong with the article of a page."""
    found = extract(url, body, {}, load_cities()["hongkong"])
    if not isinstance(found, Article):
        yield f"refused as {found.reason}"
        return
    head = " ".join(
        "".join(node.itertext()) for node in ParsedPage(url, body, {}).tree.iter("title")
    )
    if bare(found.title) != bare(head):
        yield "title"
    day = date_in_url(url)
    if day is None or found.published_at is None or found.published_at.date() != day.at.date():
        yield "date"
    if found.text.rstrip().endswith("NNNN"):
        yield "end mark"
    if found.mate_id != (article_id(urljoin(url, mate)) if mate else None):
        yield "mate"
    for judged in judge(found):
        if not isinstance(judged, Article) or "lang_mismatch" in judged.flags:
            yield "language"


if __name__ == "__main__":
    main()
