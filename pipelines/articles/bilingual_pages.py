"""Pages with both languages by turns, split into two aligned articles.

Such a page (a foreign affairs office's notice, a bilingual guide) was aligned by its author, so
the alignment is known and stored: `mate_id` names the other article, `mate_groups` numbers, for
each paragraph, its group; paragraphs of both articles with one number correspond.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from crawler.item import LANGS, Article, Reject, article_id
from pipelines.articles.language import (
    Verdict,
    detect,
    has_han,
    latin_words,
    paragraph_lang,
    weight,
)
from pipelines.text.script import script_of

_LEAST_SHARE = 0.2
"""Share of a bilingual page in either language, by weight, at the least; set by hand, not
measured."""
_LEAST_TURNS, _LEAST_PARAGRAPHS = 3, 3
"""Changes of language, or paragraphs of either, of a bilingual page; set by hand, not measured."""
_HEADLINE = {"zh": 60, "en": 200}
"""Characters of a headline at most; set by hand, not measured."""


def split(article: Article, found: Sequence[Verdict]) -> tuple[Article | Reject, ...]:
    """Return the two articles of a bilingual page, or nothing.

    Bilingual is a page with two paragraphs or more and at least a fifth of the text in either
    language, if they take turns at least three times or both have three paragraphs. The paragraphs
    are assigned by script, so that names and figures stay with the text around them. `found`, their
    verdicts, are counted in the evidence. A half in a third language is a reject; two articles
    carry the alignment of their paragraphs.
    """
    paragraphs = [(line, paragraph_lang(line)) for line in article.text.split("\n")]
    known = [lang for _, lang in paragraphs if lang]
    turns = sum(before != after for before, after in pairwise(known))
    if not _is_bilingual(paragraphs, turns):
        return ()
    evidence = f"paragraphs: zh {known.count('zh')}, en {known.count('en')}, turns {turns}"
    if others := Counter(verdict.lang for verdict in found)["other"]:
        evidence += f", other {others}"
    halves = tuple(_half(article, paragraphs, lang, evidence) for lang in LANGS)
    articles = [half for half in halves if isinstance(half, Article)]
    return _linked(article.text, *articles) if len(articles) == 2 else halves


def _is_bilingual(paragraphs: Sequence[tuple[str, str]], turns: int) -> bool:
    fewest = min(sum(lang == each for _, lang in paragraphs) for each in LANGS)
    if not fewest:
        return False
    weights = {"zh": 0.0, "en": 0.0}
    for line, lang in paragraphs:
        if lang:
            weights[lang] += weight(line)
    if min(weights.values()) < _LEAST_SHARE * sum(weights.values()):
        return False
    return turns >= 1 and fewest >= (2 if turns >= _LEAST_TURNS else _LEAST_PARAGRAPHS)


def _half(
    article: Article, paragraphs: Sequence[tuple[str, str]], lang: str, evidence: str
) -> Article | Reject:
    """Return the article in one language, or its refusal."""
    own = [line for line, of in paragraphs if of == lang or (not of and re.search(r"\d", line))]
    verdict = detect("\n".join(own))
    if verdict.lang == "other":
        detail = f"One half of the page is neither Chinese nor English ({verdict.evidence})"
        return Reject(article.url, article.city, "other_language", detail)
    title = title_in(article.title, lang)
    if not title and len(own) > 1 and _is_headline(own[0], lang):
        title, own = own[0], own[1:]
    text = "\n".join(own)
    return replace(
        article,
        article_id=article_id(article.url, variant=lang),
        title=title or article.title,
        text=text,
        lang=lang,
        script=script_of(text) if lang == "zh" else "Latn",
        lang_evidence=evidence,
        flags=tuple(dict.fromkeys((*article.flags, "interleaved"))),
    )


def title_in(title: str, lang: str) -> str:
    """Return the part of a bilingual title in `lang`, or nothing."""
    if paragraph_lang(title) == lang and not (has_han(title) and latin_words(title) >= 4):
        return title
    if lang == "zh":
        runs = [run for run in re.findall(r"[^A-Za-z]+", title) if has_han(run)]
    else:
        runs = re.findall(r"[A-Za-z0-9][^\u3000-\u9fff\uff00-\uffef]*", title)
        runs = [run for run in runs if latin_words(run) >= 3]
    return max((run.strip(" -|/:：—·()（）") for run in runs), key=len, default="")


def _is_headline(paragraph: str, lang: str) -> bool:
    ended = re.search(r"[.。!！?？;；]\s*$", paragraph)
    return len(paragraph) <= _HEADLINE[lang] and not ended


def _linked(text: str, zh: Article, en: Article) -> tuple[Article, ...]:
    """Return the two articles with each other's ids and paragraph groups.

    `text` is the text of the whole page. A paragraph in neither article (a headline that became a
    title) is in no group; if an article is not made of the page's own paragraphs, none has one.
    """
    own = {"zh": zh.text.split("\n"), "en": en.text.split("\n")}
    numbers = groups(list(_lines(text.split("\n"), own["zh"], own["en"])))
    if any(len(numbers[side]) != len(own[side]) for side in own):
        numbers = {"zh": (), "en": ()}
    return (
        replace(zh, mate_id=en.article_id, mate_groups=numbers["zh"]),
        replace(en, mate_id=zh.article_id, mate_groups=numbers["en"]),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """Paragraph of the page with the languages of its articles."""

    text: str
    sides: frozenset[str]


def groups(lines: Sequence[Line]) -> Mapping[str, tuple[int, ...]]:
    """Return the group number of each paragraph of either side, from 0.

    A group begins when the leading language comes back. The leading one is found by length:
    paragraphs that correspond are about as long.
    """
    ways = [_numbered(lines, lead) for lead in LANGS]
    numbers = min(ways, key=lambda way: _misfit(lines, way))
    return {
        side: tuple(n for line, n in zip(lines, numbers, strict=True) if side in line.sides)
        for side in LANGS
    }


def _numbered(lines: Sequence[Line], lead: str) -> list[int]:
    numbers: list[int] = []
    before: frozenset[str] = frozenset()
    at = -1
    for line in lines:
        returns = lead in line.sides and before != line.sides
        if at < 0 or returns or len(line.sides) == 2 or len(before) == 2:
            at += 1
        numbers.append(at)
        before = line.sides
    return numbers


def _misfit(lines: Sequence[Line], numbers: Sequence[int]) -> float:
    """Return the sum of the groups' absolute log ratios of length."""
    sizes: dict[int, dict[str, float]] = {}
    for line, number in zip(lines, numbers, strict=True):
        group = sizes.setdefault(number, {"zh": 1.0, "en": 1.0})
        for side in line.sides:
            group[side] += weight(line.text)
    return sum(abs(math.log(group["zh"] / group["en"])) for group in sizes.values())


def _lines(whole: Sequence[str], zh: Sequence[str], en: Sequence[str]) -> Iterator[Line]:
    """Yield the paragraphs of the page that are in either article.

    Both articles are subsequences of the page.
    """
    at = {"zh": 0, "en": 0}
    own = {"zh": zh, "en": en}
    for paragraph in whole:
        sides = [s for s in own if at[s] < len(own[s]) and own[s][at[s]] == paragraph]
        for side in sides:
            at[side] += 1
        if sides:
            yield Line(paragraph, frozenset(sides))


def blocks(
    zh: Sequence[int], en: Sequence[int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield each group's start and end among the items of either side.

    `zh` and `en` are the group of each item (a sentence), in order.
    """
    i = j = 0
    while i < len(zh) or j < len(en):
        group = min([*zh[i : i + 1], *en[j : j + 1]])
        k, m = i, j
        while k < len(zh) and zh[k] <= group:
            k += 1
        while m < len(en) and en[m] <= group:
            m += 1
        yield (i, k), (j, m)
        i, j = k, m
