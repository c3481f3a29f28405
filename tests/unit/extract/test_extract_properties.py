"""Whatever bytes come, extraction answers with an article or a reject, and so does language."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.city import unnamed_city
from crawler.extract.article import explain_page, extract
from crawler.extract.consensus import ask_extractors
from crawler.item import Article, Reject
from pipelines.articles.article_language import judge
from pipelines.articles.language import detect

CITY = unnamed_city("http://www.haiqing.example/")
BOUNDED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
SENTENCE = "3月4日，海晴市召开防汛工作会议，部署水库除险加固和城区排涝设施检修。"
TOKENS = (
    *("<html>", "<head>", "</head>", "<body>", "</html>", "<title>", "</title>", "<h1>", "</h1>"),
    *("<p>", "</p>", "<p ", "<br>", "<div id=zoom>", "<div class=TRS_Editor>", "<ucapcontent>"),
    *("<table>", "<tr>", "<td>", "<ul><li>", "<a href='1.doc'>", "<a href='//[x'>", "</a>"),
    *("<img src='a.png' width=1>", "<base href='http://[/'>", "<!--", "-->", "<!--正文begin-->"),
    *("<!--正文end-->", "<script>", "</script>", "<style>", "<![CDATA[", "]]>", "<?xml ", "<svg>"),
    *("<meta name=PubDate content='2024-13-41'>", "<meta name=PubDate content='2024-03-05 09:30'>"),
    *("<meta charset=gb2312>", "<meta charset=x-none>", "createPageHTML(99, 0, 'a', 'html')"),
    *("时间：2024-03-05 来源：", "昨日", "责任编辑：", "附件：", "&#xd800;", "&#0;", "&nbsp;", "&"),
    *("\x00", "\ufffe", "\U0010ffff", "\u202e", "の", SENTENCE, SENTENCE * 3),
    *("The city council met on Monday. ", "O Governo anunciou ontem as medidas de apoio. "),
)
MARKUP = st.lists(st.sampled_from(TOKENS) | st.text(max_size=5), max_size=40).map("".join)
CODECS = ("utf-8", "gb18030", "big5hkscs", "utf-16", "latin-1")
BODIES = st.binary(max_size=300) | st.builds(
    lambda text, codec, cut: text.encode(codec, "ignore")[cut:],
    MARKUP,
    st.sampled_from(CODECS),
    st.integers(0, 3),
)
URLS = st.sampled_from(
    (
        "http://www.haiqing.example/art/2024/3/5/art_1_77.html",
        "http://www.haiqing.example/xwzx/202403/t20240305_1.html",
        "http://www.haiqing.example/99999999/t99999999_1.html",
        "http://www.haiqing.example/News/1.jhtml?a=%",
        "http://[",
        "\ud800",
        "",
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(("Content-Type", "content-type", "X")),
    st.sampled_from(("text/html", "text/html; charset=gb2312", "charset=\x00", "image/png", "")),
)


@BOUNDED
@given(URLS, BODIES, HEADERS)
def test_any_page_is_an_article_or_a_reject_and_is_read_alike_twice(
    url: str, body: bytes, headers: dict[str, str]
) -> None:
    result = extract(url, body, headers, CITY)
    assert isinstance(result, Article | Reject)
    assert extract(url, body, headers, CITY) == result
    assert explain_page(url, body, headers, CITY).result == result
    if isinstance(result, Reject):
        # The guard is for what nobody foresaw; what hypothesis finds has to be mended.
        # An address that is none is one answer of its own.
        assert result.reason != "unreadable" or url == "http://[", result.detail
        return
    assert result.title.strip()
    assert result.text.strip()
    (result.title + result.text).encode()
    judged = judge(result)
    assert judged
    assert all(isinstance(one, Article | Reject) for one in judged)
    assert all(one.lang in ("zh", "en") for one in judged if isinstance(one, Article))


@BOUNDED
@given(st.text() | MARKUP)
def test_any_text_has_a_verdict(text: str) -> None:
    verdict = detect(text)
    assert verdict.lang in ("zh", "en", "mixed", "other", "")
    assert detect(text) == verdict


def test_a_table_of_thousands_of_figures_is_not_put_to_the_extractor_that_takes_its_square() -> (
    None
):
    cells = f"<table>{'<tr>' + '<td>12.5</td>' * 30 + '</tr>'}</table>" * 60
    said = ask_extractors(
        f"<html><body>{cells}<p>{SENTENCE}</p></body></html>", True, 61, every=True
    )
    assert {opinion.name for opinion in said} == {"trafilatura", "readability"}
