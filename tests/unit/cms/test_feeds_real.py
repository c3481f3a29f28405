"""Feeds and sitemaps as sites write them: bases, other languages, bare signs, plain lists."""

from datetime import date

import pytest

from crawler.cms import FAMILIES
from crawler.unpacking import opened

HERE = "http://www.a.example/feed/news.xml"
read = FAMILIES["feeds"].read_list


def links(text: str) -> list[str]:
    return [link.url for link in read(text, HERE).links]


def rss(item: str, *, channel: str = "", attributes: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="gb2312"?><rss version="2.0"{attributes}><channel>'
        f"<title>滨江要闻</title>{channel}<item>{item}</item></channel></rss>"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rss("<link>5.html</link>", attributes=' xml:base="/yw/"'), "/yw/5.html"),
        (
            rss("<link>5.html</link>", attributes=' xml:base="http://www.a.example/yw/list.html"'),
            "/yw/5.html",
        ),
        (rss("<link>5.html</link>", channel="<link>http://www.a.example/yw/</link>"), "/yw/5.html"),
        (
            rss(
                "<link>/yw/5.html</link>",
                channel="<link>http://b.example/</link>",
                attributes=' xml:base="http://www.a.example/x/"',
            ),
            "/yw/5.html",
        ),
        (
            rss('<link xml:base="/zh/yw/">5.html</link>', attributes=' xml:base="/en/"'),
            "/en/5.html",
        ),
        (rss('<guid isPermaLink="true">/yw/5.html</guid>'), "/yw/5.html"),
        (rss("<guid>http://www.a.example/yw/5.html</guid>"), "/yw/5.html"),
        (rss("<link/><guid>http://www.a.example/yw/5.html</guid>"), "/yw/5.html"),
        (rss("<link>http://www.a.example/show?id=5&lm=2</link>"), "/show?id=5&lm=2"),
        (rss("<link>http://www.a.example/show?id=5&amp;lm=2</link>"), "/show?id=5&lm=2"),
        (rss("<link><![CDATA[http://www.a.example/show?id=5&lm=2]]></link>"), "/show?id=5&lm=2"),
        (rss("<title>甲&nbsp;乙 R&D</title><link>/yw/5.html</link>"), "/yw/5.html"),
        ("\n " + rss("<link>/yw/5.html</link>"), "/yw/5.html"),
        ("<br />\n<b>Warning</b>: x<br />" + rss("<link>/yw/5.html</link>"), "/yw/5.html"),
        (rss("<link>/show?id=5&amp;amp;lm=2</link>"), "/show?id=5&lm=2"),
        (rss("<x:link>/6.html</x:link><link>/yw/5.html</link>"), "/6.html"),
        (
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/yw/"><entry>'
            '<link rel="self" href="5.atom"/><link rel="alternate" type="text/html" href="5.html"/>'
            "</entry></feed>",
            "/yw/5.html",
        ),
        (
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry xml:base="/yw/"><link href="5.html"/>'
            '<link rel="enclosure" href="5.pdf"/></entry></feed>',
            "/yw/5.html",
        ),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns="http://purl.org/rss/1.0/"><channel><link>http://www.a.example/yw/</link>'
            '</channel><item rdf:about="x"><title>甲</title><link>5.html</link></item></rdf:RDF>',
            "/yw/5.html",
        ),
        ("http://www.a.example/\nhttp://www.a.example/yw/5.html\n", "/yw/5.html"),
    ],
)
def test_an_entry_leads_to_its_page(text: str, expected: str) -> None:
    assert links(text) == [f"http://www.a.example{expected}"]


@pytest.mark.parametrize(
    "item",
    [
        '<guid isPermaLink="false">5</guid>',
        '<title>甲</title><guid isPermaLink="False">http://www.a.example/5.html</guid>',
        "<title>甲</title><enclosure url='/5.mp3'/>",
    ],
)
def test_an_entry_without_a_page_is_left_out(item: str) -> None:
    assert links(rss(item)) == []


XHTML = 'xmlns:x="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    "entry",
    [
        '<loc>/zh/5.html</loc><x:link rel="alternate" hreflang="en" href="/en/5.html"/>',
        '<x:link rel="alternate" hreflang="en" href="/en/5.html"/><loc>/zh/5.html</loc>',
        "<loc>/zh/5.html</loc><image:image xmlns:image='i'><image:loc>/5.jpg</image:loc>"
        "</image:image>",
        "<n:news xmlns:n='n'><n:title>甲</n:title></n:news><loc> /zh/5.html </loc>",
    ],
)
def test_a_page_in_another_language_is_not_the_entrys(entry: str) -> None:
    text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {XHTML}><url>{entry}</url>'
    assert links(f"{text}</urlset>") == ["http://www.a.example/zh/5.html"]


def test_an_index_names_sitemaps_and_they_are_no_articles() -> None:
    text = (
        "<sitemapindex><sitemap><loc>/s1.xml.gz</loc></sitemap>"
        "<sitemap><loc>/s2.xml?y=2024&m=1</loc></sitemap></sitemapindex>"
    )
    assert read(text, HERE).more == (
        "http://www.a.example/s1.xml.gz",
        "http://www.a.example/s2.xml?y=2024&m=1",
    )
    assert links(text) == []


@pytest.mark.parametrize("declared", [" xmlns:dc='d'", ""])
def test_titles_and_dates_of_entries(declared: str) -> None:
    (link,) = read(
        rss(
            "<title>&lt;b&gt;甲&lt;/b&gt;乙</title><link>/5.html</link>"
            f"<dc:date{declared}>2024-06-07T20:00:00Z</dc:date>"
        ),
        HERE,
    ).links
    assert (link.title, link.date) == ("甲乙", date(2024, 6, 8))


def test_a_gzip_file_is_opened_and_anything_else_left() -> None:
    import gzip

    text = rss("<link>/yw/5.html</link>").encode()
    assert opened(gzip.compress(text)) == text
    assert opened(gzip.compress(text)[:-4]) == text
    assert opened(text) == text
