"""Right results of the pipeline on the miniature web.

Only evaluation reads this.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crawler.demo.content import Entry, load_content
from crawler.demo.editions import EDITIONS, edition_of
from crawler.demo.site import city_oddities, interleaved, owner, url_of
from crawler.item import article_id

Content = Mapping[str, Sequence[Entry]]


def gold_articles(content: Content | None = None) -> Iterator[dict[str, Any]]:
    """Yield every article a complete crawl finds.

    `published` is the date on the page: to the minute, to the day, or null without any.
    `duplicate_of` names the original of a repost. Twins are one article, at its plain URL.
    """
    for entries in (load_content() if content is None else content).values():
        ids = _ids(entries)
        for entry in entries:
            yield {
                "article_id": ids[entry.key],
                "city": entry.city,
                "key": entry.key,
                "url": url_of(entry, entries),
                "lang": entry.lang,
                "title": entry.title,
                "text": entry.text,
                "published": _published(owner(entry, entries)),
                "duplicate_of": ids[entry.repost_of] if entry.repost_of else None,
                "trap": entry.trap,
            }


def gold_pairs(content: Content | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield (zh_id, en_id, relation) of every true pair."""
    for entries in (load_content() if content is None else content).values():
        ids = _ids(entries)
        for entry in entries:
            for counterpart in entry.counterparts:
                yield ids[counterpart], ids[entry.key], entry.relation or ""


def gold_beads(content: Content | None = None) -> Iterator[dict[str, Any]]:
    """Yield the sentence beads of every pair that has them.

    In order, nulls as empty strings.
    """
    for entries in (load_content() if content is None else content).values():
        ids = _ids(entries)
        by_key = {entry.key: entry for entry in entries}
        for entry in entries:
            if not entry.beads:
                continue
            counterpart = by_key[entry.counterparts[0]]
            zh = {run.bead: run.text for run in counterpart.runs}
            en = {run.bead: run.text for run in entry.runs}
            numbers = sorted(zh.keys() | en.keys())
            yield {
                "city": entry.city,
                "zh_id": ids[counterpart.key],
                "en_id": ids[entry.key],
                "beads": [[zh.get(n, ""), en.get(n, "")] for n in numbers],
            }


def gold_rejects(content: Content | None = None) -> Iterator[dict[str, Any]]:
    """Yield the listed URLs without an article, and the reasons."""
    cities = load_content() if content is None else content
    for edition in EDITIONS:
        if edition.city not in cities:
            continue
        for oddity in city_oddities(edition):
            yield {
                "url": edition.url(oddity.entry),
                "city": edition.city,
                "why": oddity.why,
                "status": oddity.status,
            }


def write_gold(folder: Path, content: Content | None = None) -> None:
    """Write articles.jsonl, pairs.tsv, beads.jsonl and rejects.jsonl into `folder`."""
    content = load_content() if content is None else content
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "articles.jsonl", map(_line, gold_articles(content)))
    _write(folder / "beads.jsonl", map(_line, gold_beads(content)))
    _write(folder / "rejects.jsonl", map(_line, gold_rejects(content)))
    rows = (("zh_id", "en_id", "relation"), *gold_pairs(content))
    _write(folder / "pairs.tsv", ("\t".join(row) for row in rows))


def _ids(entries: Sequence[Entry]) -> dict[str, str]:
    """Return the article ids by key.

    The languages of an interleaved page are variants of one.
    """
    shared = interleaved(entries)
    both = shared.keys() | {english.key for english in shared.values()}
    return {
        entry.key: article_id(url_of(entry, entries), entry.lang if entry.key in both else "")
        for entry in entries
    }


def _published(shown: Entry) -> str | None:
    shows = edition_of(shown).shows
    if shows == "nothing":
        return None
    return f"{shown.date:%Y-%m-%d}" if shows == "day" else shown.date.isoformat()


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _write(path: Path, lines: Iterator[str] | Sequence[str]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    partial.replace(path)
