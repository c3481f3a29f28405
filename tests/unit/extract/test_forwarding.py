"""Pages that only lead elsewhere, by script or by a meta refresh."""

import time

import pytest

from crawler.extract.forwarding import forward_of
from crawler.extract.refusals import diagnose

URL = "http://www.lanxi.example/yw/202403/t20240311_88.html"
THERE = "http://www.lanxi.example/ztzl/chunfeng/3.shtml"
HTML = {"content-type": "text/html"}


def script(code: str) -> str:
    return f"<html><head><title>跳转</title></head><body><script>{code}</script></body></html>"


LEAVING = {
    "href": script("window.location.href = '/ztzl/chunfeng/3.shtml';"),
    "bare": script('location="/ztzl/chunfeng/3.shtml"'),
    "replace": script("top.location.replace('http://www.lanxi.example/ztzl/chunfeng/3.shtml')"),
    "assign": script("self.location.assign(`../../ztzl/chunfeng/3.shtml`)"),
    "document": script(r'document.location="http:\/\/www.lanxi.example/ztzl/chunfeng/3.shtml"'),
    "unicode": script(r"location.href='\u002fztzl\x2fchunfeng/3.shtml'"),
    "encoded": script("location.href=unescape('%2Fztzl%2Fchunfeng%2F3.shtml')"),
    "jquery": script("$(location).attr('href', '/ztzl/chunfeng/3.shtml')"),
    "wide meta": '<meta http-equiv=refresh content="0；url=/ztzl/chunfeng/3.shtml">',
    "bracket": script("window['location']; location['href'] = '/ztzl/chunfeng/3.shtml'"),
    "timer": script("setTimeout(\"location.href='/ztzl/chunfeng/3.shtml'\", 3000)"),
    "escaped": script("setTimeout('window.location=\\'/ztzl/chunfeng/3.shtml\\'', 0)"),
    "variable": script("var to = '/ztzl/chunfeng/3.shtml';\nwindow.location.href = to;"),
    "sum": script("var dir='/ztzl/'; location = dir + 'chunfeng/' + '3.shtml' + location.search"),
    "called": script("function go(){ location.href='/ztzl/chunfeng/3.shtml' } setTimeout(go, 10)"),
    "open": script("window.open('/ztzl/chunfeng/3.shtml', '_self')"),
    "device": script(
        "if(/iPhone/.test(navigator.userAgent)){location.href='/m/3.html'}"
        "else{location.href='/ztzl/chunfeng/3.shtml'}"
    ),
    "onload": "<body onload=\"javascript:location.href='/ztzl/chunfeng/3.shtml'\">请稍候</body>",
    "commented": script("<!--\n// location='/old'\nlocation='/ztzl/chunfeng/3.shtml'\n//-->"),
    "meta": '<head><meta http-equiv="refresh" content="0;url=/ztzl/chunfeng/3.shtml"></head>',
    "odd meta": "<META CONTENT='3; URL=&quot;/ztzl/chunfeng/3.shtml&quot;' HTTP-EQUIV = Refresh >"
    "3秒后跳转",
    "plain meta": "<meta content=0;url=/ztzl/chunfeng/3.shtml http-equiv=REFRESH>",
    "nameless meta": '<meta http-equiv="Refresh" content="1, /ztzl/chunfeng/3.shtml" />',
    "host": script("location.href='http://'+window.location.host+'/ztzl/chunfeng/3.shtml'"),
    "origin": script("window.location.replace(window.location.origin+'/ztzl/chunfeng/3.shtml')"),
    "sums": script("var d='/ztzl/'; var p=d+'chunfeng/3.shtml'; location.assign(p)"),
    "field": script("var at={to:'/ztzl/chunfeng/3.shtml'}; location.href=at.to"),
    "parameter": script("function go(u){location.href=u} go('/ztzl/chunfeng/3.shtml')"),
    "at once": script("(function(w,u){w.location=u})(window, '/ztzl/chunfeng/3.shtml')"),
    "brackets": script("window['location']['replace']('/ztzl/chunfeng/3.shtml')"),
    "template": script("let n=3+''; const d='chunfeng'; location.href=`/ztzl/${d}/3.shtml`"),
    "concat": script("location.href='/ztzl/'.concat('chunfeng/','3.shtml')"),
    "join": script("location.href=['/ztzl','chunfeng','3.shtml'].join('/')"),
    "hidden field": '<input type=hidden id=to value="/ztzl/chunfeng/3.shtml">'
    + script("location.href=document.getElementById('to').value"),
    "attribute": '<a id=to href="/ztzl/chunfeng/3.shtml"></a>'
    + script("location.href=$('#to').attr('href')"),
    "list": script("var l=['/ztzl/chunfeng/3.shtml']; location.href=l[0]"),
    "data": '<p id=d data-url="/ztzl/chunfeng/3.shtml"></p>'
    + script("location.href=document.getElementById('d').dataset.url"),
    "named link": '<a id=to href="/ztzl/chunfeng/3.shtml">进入</a>'
    + script("var a=document.getElementById('to');\na.click();"),
    "made link": script(
        "var a=document.createElement('a');a.href='/ztzl/chunfeng/3.shtml';a.click()"
    ),
    "written meta": script(
        "document.write('<meta http-equiv=\"refresh\" content=\"0;url=/ztzl/chunfeng/3.shtml\">')"
    ),
    "named form": '<form id=f action="/ztzl/chunfeng/3.shtml"></form>'
    + script("var f=document.getElementById('f'); f.submit();"),
    "click": '<a id=to href="/ztzl/chunfeng/3.shtml">进入</a>'
    + script("document.getElementById('to').click()"),
    "trigger": '<a class="b to" href="/ztzl/chunfeng/3.shtml"><i>进入</i></a>'
    + script("setTimeout(function(){ $('.to i')[0].trigger('click') }, 900)"),
    "first link": '<a href="/ztzl/chunfeng/3.shtml">进入</a>' + script("document.links[0].click()"),
    "form": '<body onload="document.forms[0].submit()"><form action="/ztzl/chunfeng/3.shtml">'
    "<button>继续</button></form>",
    "form by name": '<form name=f method=post action="/ztzl/chunfeng/3.shtml"></form>'
    + script("document.f.submit()"),
    "countdown": script(
        "var n=5,t=setInterval(function(){if(--n<1){location.href='/ztzl/chunfeng/3.shtml'}},1e3)"
    ),
    "base": '<base href="http://www.lanxi.example/ztzl/">' + script('location="chunfeng/3.shtml"'),
}  # fmt: skip


@pytest.mark.parametrize("page", LEAVING.values(), ids=LEAVING)
def test_a_page_that_only_leads_elsewhere_is_no_challenge(page: str) -> None:
    assert forward_of(URL, page.encode()) == THERE
    assert diagnose(URL, 200, HTML, page.encode()) == "moved"


STAYING = {
    "reload": script("document.cookie='clearance=1'; location.href='/yw/202403/t20240311_88.html'"),
    "task": script("document.cookie='k='+run(); location.replace('/yw/2.html')"),
    "eval": script("eval(function(p){return p}('location=1')); location.href='/x.html'"),
    "itself": '<meta http-equiv="refresh" content="1;url=t20240311_88.html?_=5">',
    "renewal": '<meta http-equiv="refresh" content="600;url=/index.html">',
    "unknown": script("location.href = makeAddress()"),
    "unused": script("function search(){ location.href='/search.html' }"),
    "telephone": script("if(/Android/i.test(navigator.userAgent)) location.href='/m/88.html'"),
    "comparison": script("if (top.location == 'http://www.lanxi.example/a.html') { x() }"),
    "hidden": '<noscript><meta http-equiv="refresh" content="0;url=/nojs.html"></noscript>',
    "sign-on": '<form method=post action="/sso"><input type=hidden name=q value=1></form>'
    + script("document.forms[0].submit()"),
    "answer": '<form id=c action="/check"><input type=hidden name=a></form>'
    + script("c.a.value = 3 * 7; document.getElementById('c').submit()"),
    "search": '<form action="/search"><input name=q></form>' + script("document.forms[0].submit()"),
    "handler": '<a id=go href="#">返回</a>'
    + script("$('#go').on('click', function(){ location.href='/index.html' })"),
    "click": script("document.onclick = function(){ location.href='/index.html' }"),
    "no page": script("location.href='javascript:void(0)'"),
}


@pytest.mark.parametrize("page", STAYING.values(), ids=STAYING)
def test_what_may_be_a_defence_or_an_application_leads_nowhere(page: str) -> None:
    assert forward_of(URL, page.encode()) is None
    assert diagnose(URL, 200, HTML, page.encode()) != "moved"


@pytest.mark.parametrize("body", ["", "<p>请稍候</p>"])
def test_a_header_may_refresh_a_page(body: str) -> None:
    headers = HTML | {"refresh": "3; url=/ztzl/chunfeng/3.shtml"}
    assert forward_of(URL, body.encode(), headers) == THERE
    assert diagnose(URL, 200, headers, body.encode()) == "moved"
    assert diagnose(URL, 200, HTML | {"refresh": "900; url=/"}, body.encode()) == "empty_shell"


def test_fields_of_a_form_are_sent_with_it() -> None:
    fields = '<input type=hidden name=id value="9"><input type=submit value="继续">'
    page = f"<form id=f action='/show.jsp?x=1'>{fields}</form>" + script("$('#f').submit()")
    assert forward_of(URL, page.encode()) == "http://www.lanxi.example/show.jsp?id=9"


def test_an_article_with_a_script_that_leaves_is_an_article() -> None:
    text = "全县春季植树活动在北山林场举行，干部群众三百余人参加了劳动。" * 6
    page = f"<body><p>{text}</p><script>if(x)location.href='/m.html'</script></body>"
    assert diagnose(URL, 200, HTML, page.encode()) is None


@pytest.mark.parametrize(
    "piece",
    [
        "<meta ",
        "<script ",
        "/* ",
        "a$",
        "location",
        "location=a+",
        "function f(",
        "x" * 9,
        "'",
        "= ",
        "a={b:'c'},",
        "$('a').",
        "['a',",
        "'a'.concat(",
        "function(a){",
        "<a href=x>",
        "a='b'+",
    ],
)
def test_a_hostile_page_takes_no_square_of_time(piece: str) -> None:
    page = "<script>" + piece * (59_000 // len(piece))
    begun = time.process_time()
    forward_of(URL, page.encode())
    assert time.process_time() - begun < 2
