"""Fills the templates in which a release tells people about itself, in Markdown."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from pipelines.release.about import quality
from pipelines.release.content import suspicion
from pipelines.release.tables import LAYOUTS


def render(name: str, manifest: Mapping[str, Any], **more: Any) -> str:
    """Return `templates/<name>` filled from a release's manifest."""
    counts = {table: of["all"] for table, of in manifest["counts"].items()}
    facts = {
        "m": manifest,
        "counts": counts,
        "stats": manifest["statistics"],
        "quality": manifest["quality"],
        "measured": suspicion.model()["held_apart"],
        "layouts": LAYOUTS,
    }
    return _environment().get_template(name).render(**facts, **more)


def share(count: int, whole: int) -> str:
    """Return a share in words; a dash where there is nothing to share."""
    return f"{100 * count / whole:.0f} %" if whole else "–"


def cell(value: object) -> str:
    """Return a value on one line in which Markdown and HTML find nothing to obey."""
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
    made.globals["share"] = share
    return made
