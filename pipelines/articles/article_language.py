"""Language and script of an article, or its refusal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from crawler.item import LANGS, Article, Reject
from pipelines.articles import bilingual_pages
from pipelines.articles.language import Verdict, detect, paragraphs, prevailing
from pipelines.text.script import script_of

_FOREIGN_SHARE = 0.1
"""Share of a text, in characters, from which paragraphs in another language are flagged; set by
hand, not measured."""


def judge(article: Article) -> tuple[Article | Reject, ...]:
    """Set the language and script of an article, or refuse it.

    Never raises. A page that interleaves both languages paragraph by paragraph becomes its Chinese
    and its English article, flagged `interleaved`; if one half is in a third language (Portuguese,
    in Macau), a reject for that half. A language other than the source declares is flagged
    `lang_mismatch`, paragraphs in another language than the article's `foreign_paragraphs`.
    """
    found = paragraphs(article.text)
    if halves := bilingual_pages.split(article, found):
        return halves
    verdict = detect(article.text)
    lang: str = verdict.lang
    if lang in ("mixed", ""):
        lang = prevailing(article.text) or detect(article.title).lang or article.lang_declared or ""
    if lang not in LANGS:
        detail = f"The text is neither Chinese nor English ({verdict.evidence})"
        return (Reject(article.url, article.city, "other_language", detail),)
    flags, evidence = list(article.flags), verdict.evidence
    if verdict.lang == "mixed":
        flags.append("mixed_language")
    if foreign := _foreign_paragraphs(article.text, found, lang):
        flags.append("foreign_paragraphs")
        evidence += foreign
    if article.lang_declared and article.lang_declared != lang:
        flags.append("lang_mismatch")
    judged = replace(
        article,
        lang=lang,
        script=script_of(article.text) if lang == "zh" else "Latn",
        lang_evidence=evidence,
        flags=tuple(dict.fromkeys(flags)),
    )
    return (judged,)


def _foreign_paragraphs(text: str, found: Sequence[Verdict], lang: str) -> str:
    """Return evidence of many paragraphs in other languages, or nothing."""
    sizes: Counter[str] = Counter()
    for paragraph, verdict in zip(text.split("\n"), found, strict=True):
        sizes[verdict.lang] += len(paragraph)
    foreign = sum(size for other, size in sizes.items() if other not in (lang, "mixed", ""))
    if foreign < _FOREIGN_SHARE * sum(sizes.values()):
        return ""
    counts = Counter(verdict.lang for verdict in found if verdict.lang)
    return "; paragraphs: " + ", ".join(f"{key} {counts[key]}" for key in sorted(counts))
