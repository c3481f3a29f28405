"""Whole articles to compare, as HTML: escaped, cut, facts marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from markupsafe import Markup

from crawler.legible import visible
from pipelines.facts.facts import Facts, facts
from pipelines.report import fact_marks, pair_view
from pipelines.report.fact_marks import Mark
from pipelines.text import safe

_TEXT = 6_000
"""Characters of an article that a page shows; set by hand."""

_MARKED = 2_500
"""Characters whose facts are marked: dense texts must not stall the page. Set by hand."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article to compare.

    `paragraphs` are cut at a readable length, `cut` characters are left out.
    """

    article_id: str
    lang: str
    title: Markup
    href: str | None
    url: str
    published: date | None
    paragraphs: tuple[Markup, ...]
    cut: int


def compared(english: Row, chinese: Sequence[Row]) -> tuple[ArticleView, list[ArticleView]]:
    """Return an English article and Chinese ones with their common facts marked.

    A fact of the English article is shared if any of the Chinese articles states it; of theirs only
    what it states, too, is marked.
    """
    own = _read(english, "en")
    alone = fact_marks.marks(_read({}, "zh"), own)[1]
    stated = {(mark.start, mark.end, mark.kind): mark.shared for mark in alone}
    views = []
    for row in chinese:
        theirs, mine = fact_marks.marks(_read(row, "zh"), own)
        for mark in mine:
            spot = (mark.start, mark.end, mark.kind)
            stated[spot] = mark.shared or stated.get(spot, False)
        # Without groups, which are numbered anew with each article.
        views.append(_view(row, [replace(mark, group=0) for mark in theirs if mark.shared]))
    marks = [Mark(*spot, shared=shared) for spot, shared in stated.items()]
    # Of two that overlap the first is shown.
    marks.sort(key=lambda mark: (mark.start, not mark.shared, -mark.end))
    return _view(english, marks), views


def _read(row: Row, lang: str) -> Facts:
    return facts(
        (row.get("text") or "")[:_MARKED],
        lang,
        title=_title(row),
        published=row.get("published_at"),
        url=(row.get("url") or "")[:2_000],
    )


def _title(row: Row) -> str:
    return (row.get("title") or "")[: pair_view.LONGEST_TITLE]


def _view(row: Row, found: Sequence[Mark]) -> ArticleView:
    title, text = _title(row), row["text"] or ""
    marks = fact_marks.as_written(found, f"{title}\n{text[:_MARKED]}")
    paragraphs, at = [], len(title) + 1
    for paragraph in text[:_TEXT].split("\n"):
        end = at + len(paragraph)
        near = [mark for mark in marks if mark.start < end and mark.end > at]
        paragraphs.append(pair_view.marked(paragraph, near, at))
        at = end + 1
    script, when = {"Hans": "zh-Hans", "Hant": "zh-Hant"}, row["published_at"]
    return ArticleView(
        article_id=row["article_id"],
        lang="en" if row["lang"] == "en" else script.get(row["script"] or "", "zh"),
        title=pair_view.marked(title, [mark for mark in marks if mark.start < len(title)], 0),
        href=safe.web_link(row["url"] or ""),
        url=visible((row["url"] or "")[:200]),
        published=when.date() if when else None,
        paragraphs=tuple(paragraphs),
        cut=max(0, len(text) - _TEXT),
    )
