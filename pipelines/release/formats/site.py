"""Static site of a release: statistics, downloads, title search, pairs by month.

site/
    index.html   site.css   site.js   icon.svg
    data/index.json                       cities, months and the files of their pairs
    data/pairs/<city number>/<month>-<n>.json    at most `ROWS` pairs
    data/search/<n>.json                  pairs by the words of their titles (`title_index`)

Serve the release's folder with any file server and open `site/`. The page asks for nothing else
than these files; all data reach it as JSON and are shown as text. However large the corpus, little
is read at once.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.compute as pc

from crawler.legible import visible
from pipelines.release.about import citation
from pipelines.release.content import suspicion
from pipelines.release.formats.title_index import TitleIndex
from pipelines.release.snapshot import Snapshot
from pipelines.tables.vocabulary import LANGS
from pipelines.text.safe import web_link

NAME = "site"
ROWS = 200
"""Pairs in one file: some 80 kB."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'"
)
_LONGEST = 300
"""Characters of a title that the page shows; set by hand."""
_UNDATED = "undated"
_SHOWN = 8
"""Examples on the first page; set by hand."""
_SURE = 0.9
"""Probability from which a bead may be an example; set by hand."""


def write(release: Snapshot, folder: Path) -> None:
    """Write the site, after everything it links to."""
    index = _write_pairs(release, folder / "data")
    _dump(folder / "data" / "index.json", index)
    facts = release.manifest
    templates = files("pipelines.release.formats").joinpath("site_templates")
    page = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters |= {"n": "{:,}".format, "size": _size}
    text = page.from_string(templates.joinpath("index.html.j2").read_text("utf-8")).render(
        m=facts,
        stats=facts["statistics"],
        counts={table: of["all"] for table, of in facts["counts"].items()},
        title=citation.TITLE,
        policy=_POLICY,
        quality=facts["quality"],
        measured=suspicion.model()["held_apart"],
        downloads=_downloads(release),
        examples=_examples(release),
    )
    (folder / "index.html").write_text(text, encoding="utf-8")
    for name in ("site.css", "site.js", "icon.svg"):
        (folder / name).write_bytes(templates.joinpath(name).read_bytes())


def _write_pairs(release: Snapshot, folder: Path) -> dict[str, Any]:
    """Write pairs and the index of titles; return that of files."""
    rows = _ordered(release)
    titles = TitleIndex(rows.num_rows)
    cities = list(release.manifest["cities"])
    listed: list[list[Any]] = []
    waiting: list[list[Any]] = []

    def flush() -> None:
        if waiting:
            city, month, number = listed[-1][:3]
            _dump(folder / "pairs" / str(city) / f"{month}-{number}.json", waiting)
            waiting.clear()

    done = 0
    for batch in rows.to_batches(max_chunksize=8_192):
        for row in batch.to_pylist():
            month = (row["day"] or _UNDATED)[:7]
            place = [cities.index(row["city"]), month]
            if not listed or listed[-1][:2] != place:
                flush()
                listed.append([*place, 0, 0])
            elif listed[-1][3] == ROWS:
                flush()
                listed.append([*place, listed[-1][2] + 1, 0])
            listed[-1][3] += 1
            shown = [visible(row[name] or "")[:_LONGEST] for name in ("zh_title", "en_title")]
            links = [web_link(row[name] or "") for name in ("zh_url", "en_url")]
            probability = round(row["probability"], 3)
            waiting.append([row["day"], *shown, *links, row["relation"], probability])
            for name in ("zh_title", "en_title"):
                titles.add(done, row[name] or "")
            done += 1
    flush()
    titles.write(folder / "search")
    named = [
        {"key": key, "zh": visible(of["name"]["zh"]), "en": visible(of["name"]["en"])}
        for key, of in release.manifest["cities"].items()
    ]
    return {"cities": named, "files": listed, "shards": titles.shards}


def _ordered(release: Snapshot) -> pa.Table:
    """Return the pairs with `day`, by city, newest month first.

    `day` is that of the English article, else of the Chinese one.
    """
    articles = release.read("articles", ["article_id", "published_at"])
    days = pc.strftime(pc.local_timestamp(articles["published_at"]), "%Y-%m-%d")
    kept = ["pair_id", "city", "zh_title", "en_title", "zh_url", "en_url", "relation"]
    pairs = release.read("pairs", [*kept, "zh_id", "en_id", "probability"])
    found = [
        days.take(pc.index_in(pairs[name], articles["article_id"])) for name in ("en_id", "zh_id")
    ]
    pairs = pairs.append_column("day", pc.coalesce(*found)).drop_columns(["zh_id", "en_id"])
    return pairs.sort_by([("city", "ascending"), ("day", "descending"), ("pair_id", "ascending")])


def _downloads(release: Snapshot) -> list[dict[str, Any]]:
    """Return name and bytes of the files to download.

    Those of the Hugging Face folder are the same and not listed.
    """
    found = []
    for path in sorted(release.folder.rglob("*")):
        name = path.relative_to(release.folder).as_posix()
        if path.is_file() and name.split("/")[0] not in ("hf", NAME):
            found.append({"name": name, "bytes": path.stat().st_size})
    return found


def _examples(release: Snapshot) -> list[dict[str, str]]:
    """Return the first sure beads of different pairs, as examples."""
    found: dict[str, dict[str, str]] = {}
    columns = ["pair_id", "kind", "zh", "en", "probability", "flags"]
    for batch in release.batches("sentences", None, columns, rows=4_096):
        sure = pc.and_(
            pc.greater_equal(batch["probability"], pa.scalar(_SURE, pa.float32())),
            pc.and_(pc.equal(batch["kind"], "1-1"), pc.less(pc.utf8_length(batch["en"]), 160)),
        )
        for row in batch.filter(sure).to_pylist():
            if not row["flags"] and len(row["zh"]) > 12:
                sides = {lang: visible(row[lang]) for lang in LANGS}
                found.setdefault(row["pair_id"], sides)
            if len(found) == _SHOWN:
                return list(found.values())
    return list(found.values())


def _dump(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Not every file server declares UTF-8, and a lone surrogate would be no UTF-8 at all.
    path.write_text(text, encoding="utf-8", errors="replace")


def _size(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size = round(size / 1000)
    return f"{size:,} GB"
