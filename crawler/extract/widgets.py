"""Buttons, counters and page numbers."""

import re

from crawler.phrases import alternatives

NOISE = re.compile(r"[\W\d_]+")
WIDGET = re.compile(
    r"font ?size\s*[:：]?\s*[\[(]?\s*(?:[lms]\b\s*){2,3}[\])]?|"
    rf"{alternatives('crawler.extract/widgets.tsv', 'widget')}|[at]\s?[+＋\-－]+",
    re.IGNORECASE,
)
_PAGER = re.compile(
    rf"^[\s\[\]【】()（）<>«»‹›|.…·\d]*(?:{alternatives('crawler.extract/widgets.tsv', 'pager')}"
    r"[\s\[\]【】()（）<>«»‹›|.…·:：\d/]*)+$|"
    r"^(?:[\[【(（]\s*\d+\s*[\]】)）]\s*){2,}$|^\d{1,2}(?:\s+\d{1,2}){1,20}$",
    re.IGNORECASE,
)


def is_widget(text: str) -> bool:
    """Return True if a line is only buttons, counters and symbols."""
    if len(text) > 80:
        return False
    left, words = WIDGET.subn("", text)
    # Figures alone may be a cell or a time; between buttons they are counters.
    return not NOISE.sub("", left) and (words > 0 or not re.search(r"\w", text))


def is_pager(text: str) -> bool:
    """Return True if a line is a multi-page article's page numbers."""
    return len(text) <= 80 and bool(_PAGER.match(text))
