"""Titles of documents and works in a text.

In Chinese they are in 《…》, in English quoted or capitalised.
They are compared by their vectors: 《港口管理条例》 is the "Regulations on Port Management".
"""

import re

MOST = 12
"""Titles of a text that are compared, at most; set by hand, not measured."""

_ZH = re.compile(r"[《〈]([^《》〈〉\n]{3,60})[》〉]")
_EN_QUOTED = re.compile(r"[“\"]([A-Z][^“”\"\n]{9,160})[”\"]")
_EN_NAMED = re.compile(
    r"(?:[A-Z][\w’'-]{1,40} (?:and )?){0,6}"  # bounded: a word may begin at each of its capitals
    r"(?:Regulations?|Measures|Plan|Opinions|Notice|Guidelines?|Rules|Outline|Program(?:me)?|Law"
    r"|Provisions|Scheme|Ordinance|Bill|Guidance|Standards?|Agreement|Initiative|Declaration)"
    r" (?:on|for|of|to|Regarding|Concerning)"
    r"(?: (?:the|a|an|and|of|on|for|in|to|with|by|from|[A-Z][\w’'-]*|\d{4}(?:-\d{4})?)){1,16}"
)


def titles(text: str, lang: str) -> tuple[str, ...]:
    """Return the first `MOST` distinct titles in a text."""
    if lang == "zh":
        return tuple(dict.fromkeys(hit[1] for hit in _ZH.finditer(text)))[:MOST]
    quoted = [(hit.start(1), hit[1].rstrip(" ,.")) for hit in _EN_QUOTED.finditer(text)]
    named = [(hit.start(), hit.group()) for hit in _EN_NAMED.finditer(text)]
    inside = [(at, at + len(title)) for at, title in quoted]
    named = [found for found in named if not any(a <= found[0] < b for a, b in inside)]
    return tuple(dict.fromkeys(title for _, title in sorted(quoted + named)))[:MOST]
