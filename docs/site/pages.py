"""Pages of the site from outside docs/: mkdocs calls these functions while it builds.

The files in the repository link to each other as GitHub shows them. On the site a link to a page
leads to that page, and one to code, which the site does not have, becomes the path in words.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "overview.md",
    "README.zh-CN.md": "overview.zh-CN.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "output/README.md": "reference/tables.md",
}
"""Files outside docs/ that are pages of the site, with their places on it."""

BOOST = {"tutorial": 2, "how-to": 2, "contributing.md": 2, "measurements": 0.5}
"""Weight of a folder or page in the search, 1 if not here: people ask how to do something."""

_SOURCES = {place: source for source, place in OUTSIDE.items()}
_LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside."""
    for source, place in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite a page's links for the site, outside blocks of code."""
    place = page.file.src_uri
    source = _SOURCES.get(place, f"docs/{place}")
    page.meta["search"] = {"boost": BOOST.get(place.split("/")[0], 1)}
    parts = _FENCED.split(markdown)
    return "".join(
        part if part.lstrip().startswith("```") else rewritten(part, source, place)
        for part in parts
    )


def rewritten(text: str, source: str, place: str) -> str:
    """Return text from the file `source` with links as its page at `place` needs them."""

    def link(match: re.Match[str]) -> str:
        words, target = match[1], match[2]
        if "://" in target or target.startswith(("#", "mailto:")):
            return match[0]
        path, hash_, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if path in OUTSIDE:
            found = OUTSIDE[path]
        elif path.startswith("docs/") and (ROOT / path).is_file():
            found = path.removeprefix("docs/")
        else:
            return f"{words[1:-1]} (`{path}`)"
        return (
            f"{words}({posixpath.relpath(found, posixpath.dirname(place) or '.')}{hash_}{anchor})"
        )

    return _LINK.sub(link, text)
