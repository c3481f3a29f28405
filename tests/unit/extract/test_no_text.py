"""Pages without a text of their own: films, pictures, framed documents on a site with notices."""

import pytest

from crawler.city import unnamed_city
from crawler.extract.article import extract
from crawler.item import Article, Reject

TITLE = "环湖绿道三期工程本周末开放"
PLAYER = "<div class='player'><video controls src='/v/512.mp4'></video></div>"
PICTURE = "<div class='pic'><img src='/upload/2023/lvdao.jpg'></div>"
EMPTY = "<div class='article-content'></div>"
STORY = (
    "环湖绿道三期工程将于本周末向市民开放，全长十二公里，串联起沿湖七处公园和三座码头。",
    "市园林局介绍，绿道沿线设置驿站九座，提供饮水、充电和自行车租借服务，夜间照明同步启用。",
)
NOTICES = {
    "browser": "建议您使用新版浏览器并将显示器分辨率调整为1440*900，以便获得最佳浏览效果。",
    "browser upgrade": (
        "您正在使用的浏览器版本过低，部分功能无法正常使用，请升级浏览器后再访问本站。"
    ),
    "player": "您的浏览器不支持播放该视频，请安装最新版Flash播放器或更换其他浏览器后重试。",
    "cookie": "本网站使用Cookie来改善您的浏览体验，继续访问即表示您同意我们使用Cookie。",
    "address": (
        "地址：湖滨市人民路1号市民中心 邮政编码：000000 联系电话：0000-0000000 传真：0000-0000001"
    ),
    "licence": (
        "湖滨市人民政府主办 湖滨市大数据局承办 备案号：省ICP备00000000号 政府网站标识码：0000000000"
    ),
    "share": "打开微信，点击底部的“发现”，使用“扫一扫”即可将网页分享至朋友圈。",
    "copyright": "版权所有：湖滨市人民政府门户网站，未经书面授权不得转载、摘编或者建立镜像。",
    "report": (
        "违法和不良信息举报电话：0000-12345，举报邮箱：jubao@hubin.example，欢迎社会各界监督。"
    ),
    "about": "湖滨市人民政府网站是市政府在互联网上统一发布政务信息、提供办事服务的平台，欢迎访问。",
}
NOTICES_EN = {
    "browser": (
        "This website is best viewed with a recent browser at a resolution of 1440 "
        "by 900 pixels or more."
    ),
    "player": (
        "Your browser does not support the video tag. Please upgrade your browser "
        "or install the player."
    ),
    "cookie": (
        "We use cookies to give you the best experience. By continuing to browse "
        "you agree to our use of cookies."
    ),
    "address": (
        "Address: Civic Centre, 1 Renmin Road, Hubin. Postal code: 000000. Tel: "
        "86-000-0000000. Fax: 86-000-0000001."
    ),
    "copyright": (
        "Copyright © The People's Government of Hubin. All rights reserved. No reproductio"
        "n without permission."
    ),
    "share": (
        "Scan the QR code with WeChat to share this page with your friends or read "
        "it on your mobile phone."
    ),
}
PLACES = (
    "<div class='footer'><p>{}</p></div>",
    "<footer><div>{}</div></footer>",
    "<div><p>{}</p></div>",
    "<table width='100%'><tr><td align='center'>{}</td></tr></table>",
)


def page(body: str, notice: str, title: str = TITLE) -> bytes:
    return (
        f"<html><head><meta charset='utf-8'><title>{title}</title></head><body>"
        "<div class='menu'><a href='/a/'>要闻</a><a href='/b/'>公告</a></div><h1>"
        f"{title}</h1><div class='time'>2023-07-02 来源：湖滨发布</div>{body}{notice}</body></html>"
    ).encode()


def read(
    body: str, notice: str, url: str = "http://www.hubin.example/v/512.html"
) -> Article | Reject:
    return extract(url, page(body, notice), {}, unnamed_city(url))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("body", [PLAYER, PICTURE, EMPTY])
def test_notice_of_the_site_is_no_article(body: str, kind: str, place: str) -> None:
    if kind == "about" and "foot" not in place and body == EMPTY:
        pytest.skip("nothing but its words tells this sentence from a short article")
    found = read(body, place.format(NOTICES[kind]))
    assert isinstance(found, Reject), found.text
    assert found.reason in ("too_short", "image_only")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NOTICES_EN)
def test_english_notice_of_the_site_is_no_article(kind: str, place: str) -> None:
    found = read(PLAYER, place.format(NOTICES_EN[kind]))
    assert isinstance(found, Reject), found.text


@pytest.mark.parametrize(
    ("url", "empty"),
    [
        ("http://www.hubin.example/art/2023/7/2/art_31_512.html", "<div id='zoom'></div>"),
        (
            "http://www.hubin.example/art/2023/7/2/art_31_512.html",
            "<div id='zoom'><p>&nbsp;</p></div>",
        ),
        ("http://www.hubin.example/xw/202307/t20230702_512.html", "<div class='TRS_Editor'></div>"),
    ],
)
def test_empty_place_of_the_family_is_no_text(url: str, empty: str) -> None:
    about = (
        "<div class='w1200'><p>湖滨市是省会以东的一座港口城市，下辖四区三县，常"
        "住人口二百六十万。</p></div>"
    )
    assert isinstance(read(empty, about, url), Reject)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NOTICES)
def test_story_keeps_its_text_and_loses_the_notice(kind: str, place: str) -> None:
    story = "<div class='article-content'>" + "".join(f"<p>{line}</p>" for line in STORY) + "</div>"
    found = read(story, place.format(NOTICES[kind]))
    assert isinstance(found, Article)
    assert found.text.split("\n")[:2] == list(STORY)


def test_short_article_at_the_place_of_a_text_stays() -> None:
    found = read(
        f"<div class='article-content'><p>{STORY[0]}</p></div>",
        PLACES[0].format(NOTICES["licence"]),
    )
    assert isinstance(found, Article)
    assert found.text == STORY[0]


DOCUMENT = "/upload/2023/lvdao.pdf"


@pytest.mark.parametrize(
    "frame",
    [
        "<iframe src='{}'></iframe>",
        "<iframe data-src='{}' width=800></iframe>",
        "<embed src='{}' type='application/pdf'>",
        "<object data='{}' type='application/pdf' width=800></object>",
        "<object classid='x'><param name='src' value='{}'></object>",
        "<iframe src='/plugins/pdfjs/web/viewer.html?file={}'></iframe>",
        (
            "<iframe src='/plugins/pdfjs/web/viewer.html?file=%2Fupload%2F2023%2Flvdao.pdf#pag"
            "e=1'></iframe>"
        ),
        (
            "<iframe src='https://view.officeapps.example/op/embed.aspx?src=http%3A%2F%2Fwww.h"
            "ubin.example{}'></iframe>"
        ),
        "<div id='pdf'></div><script>PDFObject.embed('{}', '#pdf');</script>",
        "<div id='pdf'></div><script>var pdfUrl = \"{}\"; new Viewer(pdfUrl);</script>",
        "<a href='javascript:void(0)' onclick=\"window.open('{}')\">点击查看</a>",
        "<a href='#' data-url='{}'>全文</a>",
        "<p>附件：<a href='{}'>环湖绿道三期工程.pdf</a></p>",
        "<a href='/download.jsp?file=lvdao.pdf&path={}'>下载</a>",
        "<canvas data-pdf='{}'></canvas>",
    ],
)
@pytest.mark.parametrize("place", ["<div id='zoom'>{}</div>", "<div class='nr'>{}</div>"])
@pytest.mark.parametrize("document", [DOCUMENT, "/upload/2023/lvdao.docx"])
def test_document_in_place_of_a_text_is_named(frame: str, place: str, document: str) -> None:
    shown = place.format(frame.format(document).replace("lvdao.pdf", document[13:]))
    url = "http://www.hubin.example/art/2023/7/2/art_31_512.html"
    found = read(shown, "<div class='foot'><p>主办单位：湖滨市人民政府</p></div>", url)
    assert isinstance(found, Reject), found.text
    assert found.reason == "cover_notice"
    assert document[13:] in found.detail


def test_framed_document_beside_a_text_is_attached() -> None:
    story = "".join(f"<p>{line}</p>" for line in STORY * 3)
    found = read(f"<div class='nr'>{story}<iframe src='{DOCUMENT}'></iframe></div>", "")
    assert isinstance(found, Article)
    assert found.attachments == (f"http://www.hubin.example{DOCUMENT}",)


@pytest.mark.parametrize(
    "frame", ["<iframe src='/map.html'></iframe>", "<iframe src='//v.example/p?id=3'></iframe>"]
)
def test_other_frame_is_no_document(frame: str) -> None:
    found = read(frame, "")
    assert isinstance(found, Reject)
    assert found.reason != "cover_notice"


def boxed(shown: str, *, inside: bool) -> Article | Reject:
    """Read a page whose box has headline and film, and with `inside` also the words."""
    words = "<div>湖滨市四季分明，常住人口二百六十万人，是省会以东的港口城市。</div>"
    rest = "<div class='foot'><p>友情链接</p></div>"
    info = "<h1>湖滨风光</h1><div>2023-07-02 来源：湖滨台</div>"
    box = f"<div class='box'>{info}{shown}{words if inside else ''}</div>"
    source = f"<html><body>{box}{'' if inside else words}{rest}</body></html>"
    url = "http://www.hubin.example/v/512.html"
    return extract(url, source.encode(), {}, unnamed_city(url))


FILM = "<div><video src='/v/1.mp4'></video></div>"


def test_words_outside_the_box_of_headline_and_film_are_no_article() -> None:
    assert isinstance(boxed(FILM, inside=False), Reject)
    assert isinstance(boxed(FILM, inside=True), Article)
    assert isinstance(boxed("", inside=False), Article)
