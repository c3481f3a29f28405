"""Functions of one page, one text, or two texts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from crawler.city import unnamed_site
from crawler.extract.article import extract as extract_page
from crawler.item import Article, Reject
from pipelines.articles import language
from pipelines.articles.article_language import judge
from pipelines.facts.facts import Facts
from pipelines.facts.facts import facts as read_facts
from pipelines.sentences.align import align as align_split
from pipelines.sentences.documents import check_sides
from pipelines.text import splitting
from pipelines.vectors.load import load_encoder
from shizheng.arguments import checked

Lang = Literal["zh", "en"]


class Sentence(NamedTuple):
    """A sentence, and its place in its text (the end exclusive)."""

    text: str
    start: int
    end: int


class Bead(NamedTuple):
    """Aligned sentences by index, with the probability of exactly this bead.

    One side is empty for a sentence that only one text has.
    """

    zh: tuple[int, ...]
    en: tuple[int, ...]
    probability: float


@checked
def extract(
    html: bytes | str, url: str, *, headers: Mapping[str, str] | None = None
) -> Article | Reject:
    """Read the article of a page, or the reason for none.

    `html` is best given as bytes, as the server sent them, with its headers. Nothing is fetched,
    and no page raises anything. Of a page in two languages the Chinese article is returned.

    >>> text = "<p>岚港新港三月五日开港，首航六艘货轮。</p>" * 3
    >>> page = f"<h1>岚港新港开港</h1><div>{text}</div>"
    >>> article = extract(page, "http://www.langang.example/2024/0305.html")
    >>> article.title, article.lang, article.script
    ('岚港新港开港', 'zh', 'Hans')
    >>> extract("", "http://www.langang.example/0306.html").reason
    'empty_shell'
    """
    given = dict(headers or {})
    if isinstance(html, str):
        html, given = html.encode(errors="replace"), {"content-type": "text/html; charset=utf-8"}
    found = extract_page(url, html, given, unnamed_site(url))
    return found if isinstance(found, Reject) else judge(found)[0]


@checked
def detect(text: str) -> language.Verdict:
    """Return the language and script of a text, with the evidence.

    >>> verdict = detect("The city opened its third metro line.")
    >>> verdict.lang, verdict.script
    ('en', 'Latn')
    """
    return language.detect(text)


@checked
def split(text: str, lang: Lang) -> list[Sentence]:
    """Split a text into sentences.

    >>> [sentence.text for sentence in split("地铁三号线开通。市民试乘！", "zh")]
    ['地铁三号线开通。', '市民试乘！']
    """
    found = splitting.split(text, lang)
    return [Sentence(text[start:end], start, end) for start, end in found]


@checked
def facts(
    text: str, lang: Lang, *, title: str = "", published: datetime | None = None, url: str = ""
) -> Facts:
    """Read the figures, dates, ordinals and names that a text states.

    >>> found = facts("第九届博览会吸引1.36亿元投资。", "zh")
    >>> found.ordinals[0].rank, [float(figure.value) for figure in found.figures]
    (9, [136000000.0])
    """
    return read_facts(text, lang, title=title, published=published, url=url)


@checked
def align(
    zh: str | Sequence[str], en: str | Sequence[str], *, encoder: str | None = None
) -> list[Bead]:
    """Align two texts, or two lists of sentences.

    The beads cover both in order. The indices of beads count sentences, of a text those of
    `split`. `encoder` names a sentence encoder on disk; by default it is the bundled one. Raises
    `AlignError` if each side is in the other's language.

    >>> zh = "地铁三号线昨日开通。市民免费试乘。"
    >>> beads = align(zh, "Metro Line 3 opened yesterday. Rides were free.")
    >>> [(bead.zh, bead.en) for bead in beads]
    [((0,), (0,)), ((1,), (1,))]
    """
    zh_side = [one.text for one in split(zh, "zh")] if isinstance(zh, str) else zh
    en_side = [one.text for one in split(en, "en")] if isinstance(en, str) else en
    check_sides(zh_side, en_side, "align(zh, en)")
    found = align_split(zh_side, en_side, load_encoder(encoder))
    return [Bead(bead.zh, bead.en, bead.probability) for bead in found]
