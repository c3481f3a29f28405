"""Shares by which something rose or fell."""

import re

from pipelines.facts.lists import alternatives

_ZH_REACH, _EN_REACH = 12, 40
"""Characters before a figure in which its verb is looked for; set by hand, not measured."""


def _trends(lang: str) -> re.Pattern[str]:
    edge = "" if lang == "zh" else r"\b"
    return re.compile(
        "|".join(
            f"{edge}(?P<{name}>{alternatives(name, lang)}){edge}"
            for name in ("fell", "rose", "changed")
        ),
        re.IGNORECASE,
    )


_ZH, _EN = _trends("zh"), _trends("en")
_ZH_CLAUSE, _EN_CLAUSE = re.compile(r"[，。；：、！？\n（(]"), re.compile(r"[.,;:\n(](?!\d)")
# Beside the figure one character is a verb: 环比增三成.
_ZH_LAST = re.compile(r"(?:(?P<rose>[增升涨])|(?P<fell>[减降跌]))[了约近超逾]?$")
_ZH_LEVEL = re.compile(r"[至到]\D{0,2}$")
_EN_LEVEL = re.compile(r"\b(?:to|from|at|than)(?: \w+)? ?$", re.IGNORECASE)
_EN_AFTER = re.compile(r"(?: [\w-]+){0,2}? (?=\w)", re.IGNORECASE)


def trend(text: str, start: int, end: int, lang: str) -> int:
    """Return 1 if something rose by a figure, -1 if it fell.

    The nearest verb or noun of the clause decides. A level that something rose to is no trend.
    """
    pattern, reach = (_ZH, _ZH_REACH) if lang == "zh" else (_EN, _EN_REACH)
    clause = _ZH_CLAUSE if lang == "zh" else _EN_CLAUSE
    before = clause.split(text[max(0, start - reach) : start])[-1]
    if lang == "en" and (after := _noun_after(text, end)):
        return after
    if before.endswith(("-", "负", "minus ")):
        return -1
    if (_ZH_LEVEL if lang == "zh" else _EN_LEVEL).search(before):
        return 0
    if lang == "zh" and (last := _ZH_LAST.search(before)):
        return _sign(last)
    found = [*pattern.finditer(before)]
    return _sign(found[-1]) if found else 0


def _noun_after(text: str, end: int) -> int:
    """Return the trend of the noun after a figure: 3 percent drop."""
    if (gap := _EN_AFTER.match(text, end)) and (hit := _EN.match(text, gap.end())):
        return _sign(hit)
    return 0


def _sign(hit: re.Match[str]) -> int:
    return {"rose": 1, "fell": -1}.get(hit.lastgroup or "", 0)
