"""Records that leave the crawler: `Article`, or `Reject` with its reason."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

NEWS_TIME = ZoneInfo("Asia/Shanghai")
"""News is dated in the time of the cities; runs are timed in UTC."""

EARLIEST, LATEST = date(1949, 1, 1), date(2099, 12, 31)
"""Range of dates of publication. Earlier ones are mistakes or placeholders; no clock or archive
makes a later one true."""

LISTED = "shizheng-listed-title"
"""Name under which the headers of a page have the title that a list gave it: no server sends it,
and an archive's record has it, so that a page read again is read alike."""

LANGS = ("zh", "en")
"""Languages of the articles."""

RELATIONS = ("translation", "abridged", "part_of", "digest", "same_event")
"""Relations of the two articles of a pair, from closest to loosest."""

Precision = Literal["minute", "day", "month", "year"]

# Query parameters that only name the page the reader came from, a cache or a session.
# Every other parameter is kept: on some systems the article's whole identity is in the query
# (english.gov.taipei).
_TRACKING = re.compile(
    r"^(?:utm_\w+|spm(?:_\w+)?|from|from_?source|(?:is_?)?share\w*|isappinstalled|wx\w*|_t|timestamp|"
    r"(?:[gyd]|tw|tt|ms|fb)clid|msclkid|igsh(?:id)?|gad_source|mkt_tok|_hs(?:enc|mi)|ivk_sa|"
    r"mc_[ce]id|_ga|_gl|bd_vid|hmsr|hmpl|hmcu|hmkw|hmci|tdsourcetag|nsukey|clicktime|enterid|"
    r"weixin\w*|rnd|random|nocache|_r|_|jsessionid|phpsessid|aspsessionid\w*|session_?id|cfid|cftoken|"
    r"(?:sub)?scene|chksm|vd_source|cmpid|ocid|icid|mibextid|li_fat_id|epik)$"
)
# Parameters that name the place a reader came from in words: with a number they may be an id.
_PLACE = frozenset(("ref", "referer", "referrer", "fr"))
# Values that pass a cache by: the time as a script counts it, and a random number.
_STAMPED = frozenset(("t", "ts", "tm", "tt", "time", "v", "ver", "r", "d", "stamp", "_dc"))
_STAMP = re.compile(r"1\d{9}(?:\d{3})?")
_RANDOM = re.compile(r"0\.\d{6,}")
_OTHER_VIEW = frozenset(("print", "isprint", "printable", "mobile", "ismobile", "amp", "wap"))
_YES = frozenset(("", "1", "y", "yes", "true"))
_NO = frozenset(("0", "n", "no", "false"))
_VIEW_NAMES = frozenset(
    ("view", "format", "output", "layout", "mode", "action", "op", "do", "type", "style", "tmpl")
)
_VIEWS = frozenset(
    ("amp", "mobile", "wap", "print", "printer", "printable", "printview", "component")
)
# Parameters that change how a page is drawn, whatever their value: the size of its letters, and the
# frame of Hanweb's catalogue around it.
_DRAWN = frozenset(("fontsize", "font_size", "textsize", "text_size", "xxgkhide"))
# Taipei's pages are named by `s` alone; `sms` is the list that the reader came from.
_ASPX_LIST = "sms"
# Sessions in a path: of Java, and of ASP.NET without cookies.
_SESSION = re.compile(
    r";jsessionid=[^/?#]*|/\((?:[A-Z]\([^()/]{1,80}\)){1,4}\)(?=/)", re.IGNORECASE
)
# Names that servers give the page of a folder.
_INDEX = re.compile(r"(?<=/)(?:index|default)\.(?:[sxj]?html?|php|jsp|aspx?)$", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Gateways that convert a page to Simplified characters on the way: sc.isd.gov.hk/TuniS/<host>/...,
# sc.isd.gov.hk/gb/<host>/..., www.info.gov.hk/TuniS/... . Only Hong Kong's own /gb/ needs no host:
# elsewhere it may be an edition that people write.
_CONVERTED = re.compile(
    r"^/(?:tunis|gb)/(?P<host>[\w-]+(?:\.[\w-]+)*\.(?:hk|mo|cn|tw|com|net|org))(?=/|$)",
    re.IGNORECASE,
)
_CONVERTED_HERE = re.compile(r"^/(?:tunis|gb)(?=/)", re.IGNORECASE)
# Other views of one page: for the printer, the captions of its photographs, for telephones.
_VIEW = re.compile(
    r"[_-]print(?=\.\w+$)|_photo(?:_\d{1,9})?(?=\.\w+$)|\.amp(?=\.\w+$)|"
    r"(?<=\d)_(?:app|wap|mobile)(?=\.\w+$)|(?<=/)m(?=post_\d+\.html$)|"
    r"(?<=/)(?:amp|mobile|print)/|(?<=^/)(?:m|wap)/|/(?:amp|print)/?$"
)
_PRINTED_RELEASE = re.compile(r"(?<=/)(P\d{10,14})p(?=\.html?$)", re.IGNORECASE)
_TELEPHONE_HOST = re.compile(r"^(?:m|wap|3g|mobile|amp)\.(?=[^.]+\.)")


@dataclass(frozen=True, slots=True)
class Article:
    """News article of one city in one language, as extraction found it.

    `text` is paragraphs joined by one newline. `published_at` is aware, in Asia/Shanghai, cut to
    `published_precision`; both are None for an undated page. `lang` and `script` are empty until
    the language step has judged the text; the source's declared language is `lang_declared`.
    `parts` names the URLs of pages 2..n of a multi-page article, in order, until
    `extract.article.join_parts` has used them up; `following` those after a page that is itself one
    of these. A page from a web archive names it in
    `fetched_from`; `captured_at` is the time of its capture, `first_capture` that of its address's
    first one (UTC).
    """

    article_id: str
    city: str
    site: str
    url: str
    title: str
    text: str
    lang: str = ""
    script: str = ""
    lang_declared: str | None = None
    published_at: datetime | None = None
    published_precision: Precision | None = None
    source: str | None = None
    author: str | None = None
    column: str | None = None
    keywords: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    extractor: str = ""
    extract_agreement: float | None = None
    lang_evidence: str | None = None
    flags: tuple[str, ...] = ()
    rights: str | None = None
    parts: tuple[str, ...] = ()
    following: tuple[str, ...] = ()
    mate_id: str | None = None
    mate_groups: tuple[int, ...] = ()
    fetched_from: str | None = None
    captured_at: datetime | None = None
    first_capture: datetime | None = None

    @property
    def content_sha256(self) -> str:
        """Digest of title and text; a revision has another one."""
        return hashlib.sha256(f"{self.title}\n\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reject:
    """Fetched page without an article, and the reason.

    `reason` is a code to count by, `detail` a sentence.
    """

    url: str
    city: str
    reason: str
    detail: str


def canonical_url(url: str) -> str:
    """Return the one spelling of a URL that identifies its page.

    Never raises. http and https, host case, default ports, fragments, escapes of plain characters,
    doubled slashes, `./` and `../`, a folder and its index, the order of a query, sessions,
    tracking parameters and stamps against caches become one, and so do the other views of a page:
    for print, for telephones, in larger letters, amp, the captions of its photographs, and the same
    page converted to Simplified characters by a machine. Every other part of the query stays, in
    its own encoding.
    """
    return _spelled(url)[0]


def is_twin(url: str) -> bool:
    """Return True if a URL names another view of a page.

    Such as print, photographs, mobile, amp, converted characters. If both are stored, the page
    itself is the article.
    """
    return _spelled(url)[1]


@lru_cache(maxsize=4096)  # a crawl asks for the name of a page five times
def _spelled(url: str) -> tuple[str, bool]:
    """Return the canonical URL, and True if more than spelling changed."""
    spelled, twin = _plainer(url)
    # A view of a view (/TuniS/TuniS/) comes to the page itself, too. Each step makes it shorter.
    while (again := _plainer(spelled))[0] != spelled and len(again[0]) < len(spelled):
        spelled, twin = again[0], True
    return spelled, twin


def _plainer(url: str) -> tuple[str, bool]:
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        # No URL at all; itself is the best name there is.
        return url, False
    if not host:
        return url.partition("#")[0], False
    path = _INDEX.sub("", _direct(_SESSION.sub("", _escaped(parts.path.replace("\\", "/")))))
    plain_host, plain_path = _itself(host, path)
    query, views = _query(parts.query, path)
    netloc = plain_host + (f":{port}" if port and port not in (80, 443) else "")
    twin = (plain_host, plain_path) != (host, path) or views > 0
    return urlunsplit(("http", netloc, plain_path, query, "")), twin


def _query(query: str, path: str) -> tuple[str, int]:
    """Return the query that names a page, and its views left out."""
    kept: list[tuple[str, str, str]] = []
    views = 0
    # An ampersand escaped twice, and a second mark of a query.
    query = re.sub(r"\?(?=\w{1,40}=)", "&", query.replace("&amp;", "&"))
    for pair in query.split("&"):
        if not pair:
            continue
        key, _, value = (_plain_value(part) for part in pair.partition("="))
        name, low = key.lower(), value.lower()
        if _is_view(name, low):
            views += 1
        elif not _says_nothing(name, low):
            kept.append((name, key, value))
    if path.lower().endswith(".aspx") and any(name == "s" and value for name, _, value in kept):
        kept = [pair for pair in kept if pair[0] != _ASPX_LIST]
    kept.sort(key=lambda pair: pair[0])
    return "&".join(f"{key}={value}" for _, key, value in kept), views


def _is_view(name: str, value: str) -> bool:
    """Return True for a parameter of another view of a page."""
    if name in _DRAWN or (name in _OTHER_VIEW and value in _YES):
        return True
    return name in _VIEW_NAMES and value in _VIEWS


def _says_nothing(name: str, value: str) -> bool:
    """Return True for a parameter that names no part of a page."""
    if _TRACKING.match(name) or (name in _OTHER_VIEW and value in _NO):
        return True
    if name in _PLACE:
        return not re.search(r"\d", value)
    if _RANDOM.fullmatch(value or name):
        return True
    return name in _STAMPED and _STAMP.fullmatch(value) is not None


def _direct(path: str) -> str:
    """Return a path without doubled slashes, `.` and `..`."""
    found: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            del found[-1:]
        elif part not in ("", "."):
            found.append(part)
    end = "/" if parts[-1] in ("", ".", "..") and found else ""
    return "/" + "/".join(found) + end


def _plain_value(text: str) -> str:
    """Return a part of a query with only the escapes it needs.

    Bytes are escaped as they are, in whatever encoding: ASP pages escape GBK. A space is `+`.
    """
    # A surrogate, which no URL has, must not raise.
    data = unquote_to_bytes(text.replace("+", " ").encode("utf-8", "replace"))
    return quote(data, safe=" ").replace(" ", "+")


def _itself(host: str, path: str) -> tuple[str, str]:
    """Return host and path of the page behind another view."""
    converted = _CONVERTED.match(path)
    if converted:
        host, path = converted["host"].lower(), path[converted.end() :] or "/"
    elif host.endswith(".gov.hk") or path[:7].lower() == "/tunis/":
        path = _CONVERTED_HERE.sub("", path, count=1)
    path = _PRINTED_RELEASE.sub(r"\1", _VIEW.sub("", path)) or "/"
    return _TELEPHONE_HOST.sub("www.", host), path


def _escaped(path: str) -> str:
    """Return a path in ASCII, with only the escapes it needs.

    They are in upper case.
    """

    def upper(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return quote(_ESCAPE.sub(upper, path), safe="%/:@!$&'()*+,;=~", errors="replace")


def article_id(url: str, variant: str = "") -> str:
    """Return the stable id of an article: 16 hex digits.

    They are of the digest of its canonical URL. `variant` distinguishes two articles of one page
    (the languages of an interleaved page).
    """
    key = canonical_url(url) + (f"#{variant}" if variant else "")
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:16]
