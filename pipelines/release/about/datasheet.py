"""`datasheet.md` of a release, and the templates of its descriptions.

The datasheet follows Gebru et al. (2021): collection, composition, known biases, uses.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from pipelines.release.about import quality
from pipelines.release.content import suspicion
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS

FILE = "datasheet.md"


def write(release: Snapshot) -> None:
    """Write the datasheet into the release's folder."""
    text = render("datasheet.md.j2", release.manifest)
    (release.folder / FILE).write_text(text, encoding="utf-8")


def render(name: str, manifest: Mapping[str, Any], **variables: Any) -> str:
    """Return `templates/<name>` filled from a release's manifest."""
    facts = {
        "m": manifest,
        "counts": {table: counts["all"] for table, counts in manifest["counts"].items()},
        "stats": manifest["statistics"],
        "quality": manifest["quality"],
        "measured": suspicion.model()["held_apart"],
        "layouts": LAYOUTS,
    }
    return _environment().get_template(name).render(**facts, **variables)


def percentage(count: int, whole: int) -> str:
    """Return a share as a percentage; a dash if `whole` is 0."""
    return f"{100 * count / whole:.0f} %" if whole else "–"


def cell(value: object) -> str:
    """Return a value on one line, with Markdown and HTML escaped."""
    words = " ".join(str(value).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#&!" else char for char in words)


@cache
def _environment() -> jinja2.Environment:
    folder = files("pipelines.release.about").joinpath("templates")
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Markdown, not HTML: what comes from outside goes through `cell`.
        autoescape=False,
    )
    made.filters["doc"] = lambda field: field.metadata[b"doc"].decode()
    made.filters |= {"n": "{:,}".format, "cell": cell, "rate": quality.percent}
    made.globals["share"] = percentage
    return made
