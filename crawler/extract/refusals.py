"""Answers without a page: challenges, firewalls, empty shells.

They are recognised, never worked around.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate

from crawler.extract.charset import header_value
from crawler.extract.forwarding import forward_of
from crawler.phrases import alternatives

REASONS: dict[str, str] = {
    "challenge": "The site answered with a script challenge or a firewall page instead of news",
    "empty_shell": "The page holds no text: its content would be drawn by scripts, or is missing",
    "http_error": "The site answered with an error",
    "login_wall": "The page asks its reader to log in",
    "redirected_away": "The listed address led to a page that is not the promised one",
    "same_page": "Several addresses that lists promise different articles at show this page",
    "moved": "The page only leads to another address",
    "not_html": "The body is not a web page",
    "listing": "The page is a list of links to articles",
    "image_only": "The article is a picture without text",
    "cover_notice": "The page only announces a document that is attached",
    "too_short": "There is too little text to be an article",
    "too_large": "The page is too large to be one article",
    "unreadable": "Reading the page failed",
    "other_language": "The text is neither Chinese nor English",
}
"""Every reason by which a fetched page gives no article, as a sentence."""

_CHALLENGE_STATUS = frozenset((412, 512, 521))
# Marks of the defences municipal sites use (Jiasule, Ruishu, Aliyun, Baidu, Yunsuo, Cloudflare,
# Incapsula, Akamai): cookies and variables of their scripts.
_SCRIPT_MARKS = re.compile(
    rb"__jsl_clearance|jsluid|\$_ts\s*=|_\$[a-zA-Z0-9]{2}\s*=|acw_sc__v[23]|yunsuo_session|"
    rb"srcurl=[^\"]{1,200}security_session_verify|_cf_chl_|cf-browser-verification|"
    rb"/cdn-cgi/challenge|"
    rb"_Incapsula_Resource|ak_bmsc|sucuri_cloudproxy|captcha-delivery|TencentCaptcha|EO_Bot_Ssid|"
    rb"document\.cookie\s*=\s*[^;]{0,80}(?:clearance|challenge|security|verify)",
    re.IGNORECASE,
)
_TEXT_MARKS = re.compile(alternatives("crawler.extract/refusals.tsv", "challenge"), re.IGNORECASE)
_MISSING = re.compile(alternatives("crawler.extract/refusals.tsv", "missing"), re.IGNORECASE)
_ABROAD = re.compile(alternatives("crawler.extract/refusals.tsv", "abroad"), re.IGNORECASE)
_LOGIN = re.compile(alternatives("crawler.extract/refusals.tsv", "login"), re.IGNORECASE)
_LOGIN_TITLE = re.compile(
    alternatives("crawler.extract/refusals.tsv", "login title"), re.IGNORECASE
)
_FORM = re.compile(rb"<input\b[^<>]*(?:password|captcha|verif|sms_?code|user_?name|account)", re.I)
_TITLE = re.compile(rb"<title\b[^<>]*>([^<]{0,300})", re.I)
_SENTENCE = re.compile(rb">([^<>]{60,}(?:\xe3\x80\x82|\xa1\xa3|\. )[^<>]*)<")
"""Text of some length with a full stop (also in GBK), which menus and footers lack. By hand."""
_HIDDEN = re.compile(
    rb"<(script|style|noscript|template|svg)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)",
    re.I | re.S,
)
_HEAD, _HEAD_END = re.compile(rb"<head\b", re.I), re.compile(rb"</head\s*>", re.I)
# Brackets are excluded on either side, so that a page of nothing else takes no square of its time.
_TAG = re.compile(rb"<[^<>]*>|&\w{2,8};|&#\d{1,8};")
_ACTS = re.compile(
    rb"document\.cookie|eval\s*\(|location(?:\.href|\.replace|\.reload)?\s*[=(]|setTimeout|"
    rb"fromCharCode|"
    rb"http-equiv\s*=\s*[\"']?refresh",
    re.IGNORECASE,
)
_OTHER_FILES = (
    b"%PDF", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"\xd0\xcf\x11\xe0", b"Rar!",
    b"\x1f\x8b", b"RIFF", b"ID3", b"7z\xbc\xaf",
)  # fmt: skip
"""First bytes of documents, pictures, archives and recordings."""
_OTHER_TYPES = (
    "json", "javascript", "css", "image/", "audio/", "video/", "pdf", "zip", "msword",
    "officedocument", "octet-stream",
)  # fmt: skip
"""Parts of content types that are no page's."""
_MARKUP = re.compile(
    rb"<(?:!doctype|html|head|body|meta|div|p|table|title|\?xml|!--|script|h\d|span|a|"
    rb"center|font|br)\b|<!--",
    re.IGNORECASE,
)
_LONG_RUN = re.compile(rb">([^<>]{60,}+)</(?:p|div|td|span)")
_READ = 400_000
"""Bytes of a page that are looked at."""
_PLENTY = 1500
"""Bytes in long runs of text above which a page shows text; set by hand, not measured."""
_EMPTY = 40
"""Bytes of visible text below which a page has none; set by hand, not measured."""
_LARGEST_CHALLENGE = 60_000
"""Bytes of a challenge at most; set by hand, not measured."""
_LITTLE_MORE = 2
"""Letters beside the words for a log-in in the title of a page for that alone; set by hand."""
_LITTLE = 400
"""Bytes of visible text under which a page may be a defence: an article about one has more."""
TELLING = 3 * _LITTLE
"""Bytes of visible text above which no answer is refused for what it shows."""


def diagnose(url: str, status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Return the reason code for an answer without an article, or None.

    The codes are keys of `REASONS`: challenge, http_error, not_html, moved, login_wall,
    empty_shell. A page with real text is never called a challenge for its words.
    """
    if status in _CHALLENGE_STATUS:
        return "challenge"
    error = "http_error" if status >= 300 else None
    if not body.strip():
        return error or ("moved" if forward_of(url, body, headers) else "empty_shell")
    if not is_document(headers, body):
        return error or "not_html"
    if error is None and (len(body) > _READ or _plenty(body)):
        return None
    seen = visible(body)
    if _defends(seen, body):
        return "challenge"
    if error or (len(seen) <= 2 * _LITTLE and _MISSING.search(_lenient(seen))):
        return "http_error"
    if len(seen) <= _LITTLE and forward_of(url, body, headers):
        return "moved"
    if _asks_to_log_in(seen, body):
        return "login_wall"
    if len(seen) < _EMPTY:
        return "challenge" if _is_script_alone(body) else "empty_shell"
    return None


def _defends(seen: bytes, body: bytes) -> bool:
    """Return True if a page with little text is a defence.

    By the marks of its script or by its words.
    """
    if len(seen) <= _LITTLE and _SCRIPT_MARKS.search(body[:_READ]):
        return True
    return len(seen) <= TELLING and bool(_TEXT_MARKS.search(_lenient(seen)))


def _asks_to_log_in(seen: bytes, body: bytes) -> bool:
    """Return True for a log-in form with little text beside it.

    Many sites have a small one in the header of every article. A page without a form, which shows a
    code to scan or asks to log in elsewhere, has less text.
    """
    form = _FORM.search(body[:_READ])
    if len(seen) > (TELLING if form else _LITTLE):
        return False
    said = (_lenient(run) for run in _SENTENCE.findall(_HIDDEN.sub(b" ", body[:_READ])))
    if any(not _LOGIN.search(sentence) for sentence in said):
        return False
    title = _TITLE.search(body[:_READ])
    named = _lenient(title[1]) if title else ""
    if not form:
        rest, count = _LOGIN_TITLE.subn("", named.strip())
        return bool(count and len(rest) <= _LITTLE_MORE and _LOGIN.search(_lenient(seen)))
    return bool(_LOGIN_TITLE.search(named) or _LOGIN.search(_lenient(seen)))


def _is_script_alone(body: bytes) -> bool:
    """Return True if a page without text is a reloading script.

    No application is.
    """
    start = body[:_READ].lower()
    scripts = b"<script" in start or b"refresh" in start
    small = len(body) < _LARGEST_CHALLENGE
    return scripts and small and bool(_ACTS.search(body[:_READ])) and not _app(body)


def refusal_kind(status: int, body: bytes) -> str:
    """Return the kind of a refusal, or nothing.

    geo_blocked, blocked_waf, or blocked_challenge, for an answer that `diagnose` calls a challenge,
    and for any 403 or 451. A firewall states that it refused; a challenge sets a task to be let in;
    a 403 that shows neither has no kind.
    """
    seen = _lenient(visible(body))
    if status == 451 or _ABROAD.search(seen):
        return "geo_blocked"
    if _SCRIPT_MARKS.search(body[:_READ]) or (_ACTS.search(body[:_READ]) and len(seen) < _EMPTY):
        return "blocked_challenge"
    if _TEXT_MARKS.search(seen):
        return "blocked_waf"
    return "blocked_challenge" if status in _CHALLENGE_STATUS else ""


def evidence(body: bytes) -> str:
    """Return the evidence of a refusal: script mark or first words.

    Empty for a page that has neither.
    """
    seen = _lenient(visible(body))
    for pattern in (_ABROAD, _TEXT_MARKS):
        if found := pattern.search(seen):
            return f"it says {seen[max(0, found.start() - 20) : found.end() + 20].strip()!r}"
    if mark := _SCRIPT_MARKS.search(body[:_READ]):
        return f"its script has {mark[0][:40].decode('latin-1')!r}"
    return f"it says {seen[:60]!r}" if seen else ""


def visible(body: bytes) -> bytes:
    """Return the text that a browser without scripts shows, as bytes.

    Of the start of a page.
    """
    shown = _HIDDEN.sub(b" ", body[:_READ])
    head = _HEAD.search(shown)
    end = _HEAD_END.search(shown, head.end()) if head else None
    if head and end:
        shown = shown[: head.start()] + shown[end.end() :]
    shown = _TAG.sub(b" ", shown)
    return b" ".join(shown.split())


def is_drawn(body: bytes) -> bool:
    """Return True if a page without text loads scripts to draw it."""
    return _app(body) or bool(re.search(rb"<script[^>]+src=", body[:_READ], re.I))


@lru_cache(maxsize=16)  # several layers of a crawl look at one response
def _plenty(body: bytes) -> bool:
    """Return True if a page plainly shows text, without parsing it."""
    runs = (len(found[1]) for found in _LONG_RUN.finditer(body[:_READ]))
    return any(shown > _PLENTY for shown in accumulate(runs))


def _app(body: bytes) -> bool:
    """Return True if a page is a script application's shell.

    It has a mount point and bundles.
    """
    return bool(
        re.search(rb"<div[^>]+id=[\"']?(?:app|root|__next|__nuxt|main)[\"'\s>]", body[:_READ], re.I)
    )


def is_document(headers: Mapping[str, str], body: bytes) -> bool:
    """Return True if the answer is a web page.

    By its declared type and its first bytes.
    """
    kind = header_value(headers, "content-type").lower()
    start = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start.startswith(_OTHER_FILES):
        return False
    # In UTF-16 every other byte of markup is zero.
    markup = b"<" in start and bool(_MARKUP.search(body[:20_000].replace(b"\x00", b"")))
    if any(name in kind for name in _OTHER_TYPES):
        return markup and "octet-stream" in kind
    return markup or "html" in kind


def _lenient(shown: bytes) -> str:
    try:
        return shown.decode("utf-8")
    except UnicodeDecodeError:
        return shown.decode("gb18030", "replace")
