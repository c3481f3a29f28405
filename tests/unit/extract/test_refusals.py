"""What is no page is told from a page, and why."""

import pytest

from crawler.extract.refusals import REASONS, diagnose

URL = "http://www.anlan.example/art/1.html"
HTML = {"content-type": "text/html"}
NEWS = (
    "<p>全市网络安全宣传周启动，专家介绍网站防火墙（WAF）和安全验证的原理，"
    "提醒市民防范钓鱼网站。</p>"
) * 20
JIASULE = (
    "<script>document.cookie=('__jsl_clearance=1700000000.1|-1|x;')+'path=/';"
    "location.href=location.pathname+location.search</script>"
)
RUISHU = (
    '<!DOCTYPE html><html><head><meta id="9DhefwqGPrzGxEp9hPaoag" content="x" r="m">'
    "<script>$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.nsd=1;_$cR();</script></head>"
    "<body></body></html>"
)
SHELL = (
    '<html><head><title>市政府</title><script src="/app.js"></script></head>'
    '<body><div id="app"></div></body></html>'
)


@pytest.mark.parametrize("status", [412, 512, 521])
def test_challenge_statuses_are_challenges(status: int) -> None:
    assert diagnose(URL, status, HTML, JIASULE.encode()) == "challenge"


@pytest.mark.parametrize(
    "body",
    [
        JIASULE,
        RUISHU,
        "<html><body>当前访问疑似黑客攻击，已被创宇云防御拦截</body></html>",
        (
            "<html><head><title>Just a moment...</title></head><body>Checking your "
            "browser</body></html>"
        ),
        "<html><body><h1>请求被拦截</h1>您的请求存在可疑行为，请稍后再试</body></html>",
        (
            "<html><body><script>var "
            "arg1='3A';acw_sc__v2='';setTimeout('reload()',2)</script></body></html>"
        ),
    ],
)
def test_page_that_only_defends_the_site_is_a_challenge_whatever_its_status(body: str) -> None:
    assert diagnose(URL, 200, HTML, body.encode()) == "challenge"
    assert diagnose(URL, 403, HTML, body.encode()) == "challenge"


def test_news_about_firewalls_is_news() -> None:
    body = f"<html><body><h1>网络安全宣传周</h1>{NEWS}<script>{JIASULE}</script></body></html>"
    assert diagnose(URL, 200, HTML, body.encode()) is None


def test_article_is_no_challenge_in_gbk_either() -> None:
    assert diagnose(URL, 200, HTML, f"<html><body>{NEWS}</body></html>".encode("gbk")) is None


def test_mount_point_of_a_script_application_is_an_empty_shell() -> None:
    assert diagnose(URL, 200, HTML, SHELL.encode()) == "empty_shell"
    assert diagnose(URL, 200, HTML, b"  ") == "empty_shell"


@pytest.mark.parametrize("status", [301, 404, 500, 503])
def test_error_statuses_are_errors(status: int) -> None:
    assert diagnose(URL, status, HTML, b"<html><body>Sorry</body></html>") == "http_error"
    assert diagnose(URL, status, HTML, b"") == "http_error"


def test_soft_not_found_is_an_error() -> None:
    body = "<html><body><h2>对不起，您访问的页面不存在</h2><a href='/'>返回首页</a></body></html>"
    assert diagnose(URL, 200, HTML, body.encode()) == "http_error"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 ...", "text/html"),
        (b"PK\x03\x04....", ""),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b'{"total": 3}', "application/json"),
        (b"User-agent: *", "text/plain"),
    ],
)
def test_other_kinds_of_file_are_not_html(body: bytes, kind: str) -> None:
    assert diagnose(URL, 200, {"Content-Type": kind}, body) == "not_html"


def test_page_served_as_a_download_is_still_a_page() -> None:
    body = f"<html><body>{NEWS}</body></html>".encode()
    assert diagnose(URL, 200, {"content-type": "application/octet-stream"}, body) is None


def test_every_diagnosis_has_a_sentence() -> None:
    for reason in ("challenge", "http_error", "not_html", "empty_shell"):
        assert REASONS[reason].endswith(tuple("abcdefghijklmnopqrstuvwxyz"))


@pytest.mark.parametrize(
    "page",
    [
        "<title>市民邮箱登录</title><form><input name=u><input type='password'></form><p>欢迎</p>",
        "<title>政务网</title><form><input name='smsCode'></form><p>请先登录，再查看本页</p>",
        "<title>登录</title><h3>扫码登录</h3><p>请使用微信扫描二维码登录</p>",
        "<title>用户登录</title><p>您尚未登录或登录已超时，请重新登录</p>",
        "<title>Sign in</title><p>Please sign in to continue</p><input type=email>",
        "<title>Staff portal</title><input type=password><p>Please sign in. Forgot password?</p>",
    ],
)
def test_a_form_to_log_in_is_a_login_wall(page: str) -> None:
    assert diagnose(URL, 200, HTML, page.encode()) == "login_wall"


def test_an_article_on_a_site_with_a_form_in_its_header_is_none() -> None:
    text = "全区新建的四座便民驿站本周开放，市民可在此休息、充电和借阅图书。" * 12
    page = f"<div><form>用户登录<input type=password></form></div><p>{text}</p>"
    assert diagnose(URL, 200, HTML, page.encode()) is None
    short = "<title>统一身份认证平台上线</title><p>市民今起可以用一个账号办理各项业务。</p>"
    assert diagnose(URL, 200, HTML, short.encode()) is None
