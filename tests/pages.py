"""Whole pages of an invented site, and the article read from one."""

from collections.abc import Iterable

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article

ZH = (
    "松河市水务局上周完成了三座老旧泵站的改造，新增排涝能力每秒十二立方米，惠及沿河两个街道。",
    "施工期间，养护单位采取夜间作业的办法，把对周边居民出行的影响降到最低，群众普遍表示满意。",
    "市水务局负责人说，汛期到来之前还将对全市四十六处低洼路段逐一排查，发现隐患立即整改到位。",
)
EN = (
    "Songhe has rebuilt three ageing pumping stations along the river, adding twelve cubic metres.",
    "Crews worked at night so that traffic in the two riverside subdistricts was hardly disturbed.",
    "The water bureau said that it would check forty-six low-lying road sections before the rains.",
)
ADDRESS = "http://www.songhe.example/news/4711.html"
FOOT = "<div class='foot'><p>主办单位：松河市人民政府</p></div>"


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines as paragraphs of HTML."""
    return "".join(f"<p>{line}</p>" for line in lines)


def page(body: str, *, head: str = "", top: str = "", foot: str = FOOT) -> bytes:
    """Return a page with a menu and a foot around a body."""
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8">{head}</head><body>{top}'
        f'<div class="nav"><a href="/">首页</a> <a href="/xw/">新闻</a></div>{body}{foot}'
        "</body></html>"
    ).encode()


def article(source: bytes, url: str = ADDRESS) -> Article:
    """Return the article of a page, read without a city's help."""
    found = extract(url, source, {}, unnamed_city(url))
    assert isinstance(found, Article), found
    return found
