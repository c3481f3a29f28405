"""Static site of a release: pairs, concordance, statistics, downloads.

site/
    index.html   zh.html   site.css   site.js   icon.svg
    data/                                 what the pages show (`site_data`)

Opened from the disk or from any file server. The pages ask for nothing else than these files; all
data reach them as JSON and are shown as text. However large the corpus, little is read at once.
"""

from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import pyarrow as pa
import pyarrow.compute as pc

from crawler.legible import visible
from crawler.rows import rows
from pipelines.release.about import citation
from pipelines.release.formats import site_data
from pipelines.release.formats.page_data import store
from pipelines.release.snapshot import Snapshot
from pipelines.tables.vocabulary import LANGS

NAME = "site"
PAGES = {"en": "index.html", "zh": "zh.html"}
"""Pages by the language of their own words."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'"
)
_SHOWN = 8
"""Examples on the first page; set by hand."""
_SURE = 0.9
"""Probability from which a bead may be an example; set by hand."""


def write(release: Snapshot, folder: Path) -> None:
    """Write the site, after everything it links to."""
    site_data.write(release, folder / "data")
    words = page_words()
    store(folder / "data", "words", words)
    facts = release.manifest
    templates = files("pipelines.release.formats").joinpath("site_templates")
    page = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters |= {"n": "{:,}".format, "size": _size, "percent": "{:.0%}".format}
    template = page.from_string(templates.joinpath("index.html.j2").read_text("utf-8"))
    shown = {"downloads": _downloads(release), "examples": _examples(release)}
    for lang, name in PAGES.items():
        text = template.render(
            m=facts,
            stats=facts["statistics"],
            counts={table: of["all"] for table, of in facts["counts"].items()},
            title=citation.TITLE,
            policy=_POLICY,
            quality=facts["quality"],
            lang=lang,
            pages=PAGES,
            say=partial(_say, words[lang]),
            **shown,
        )
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("site.css", "site.js", "icon.svg"):
        (folder / name).write_bytes(templates.joinpath(name).read_bytes())


def page_words() -> dict[str, dict[str, str]]:
    """Return the words of the pages by language and key."""
    listed = rows("pipelines.release.formats/site_templates/words.tsv")
    return {lang: {row[0]: row[at] for row in listed} for at, lang in enumerate(PAGES, 1)}


def _say(words: dict[str, str], key: str, **facts: Any) -> markupsafe.Markup:
    """Return a text of the page, its fillings escaped."""
    return markupsafe.Markup(words[key]).format(**facts)


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


def _size(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size = round(size / 1000)
    return f"{size:,} GB"
