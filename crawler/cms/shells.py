"""Frames and endpoints of pages without entries of their own."""

import html as entities
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from lxml import etree

from crawler.cms.endpoints import UNIT, page_field
from crawler.cms.links import absolute, base_of, is_file, once, root_of

_UNIT_FIELDS = ("parseType", "webId", "tplSetId", "pageType", "tagId", "editType", "pageId")
_UNIT_DEFAULTS = {"parseType": "bulidstatic", "pageType": "column", "editType": "null"}
_COLUMN = re.compile(r"/col/?(?:col)?(\d+)/")
_NO_LIST = re.compile(
    r"visit|count(?:er)?\b|login|tree\.|share|foot|head(?:er)?\b|top\b|banner|\bnav|menu|weather|"
    r"video|player|map\b|search\.|calendar|qrcode|captcha|advert|bottom",
    re.IGNORECASE,
)
_LIST = re.compile(r"list|lb\b|news|xw|column|main|content|right|body|data|dynamic|dt\b", re.I)
_ROUTES = "//a/@href[starts-with(., '#/') or starts-with(., '#!/')]"
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-url", "_src", "lazy-src")
_FRAME_LOADED = re.compile(
    r"\.load\(\s*[\"']([^\"'\s]{3,300})|\.src\s*=\s*[\"']([^\"'\s]{3,300})[\"']|"
    r"\bsrc[\"']\s*,\s*[\"']([^\"'\s]{3,300})[\"']"
)
_INCLUDES = ("w3-include-html", "hx-get", "data-include", "ng-include", "include-html", "data-load")
_INCLUDING = "|".join(
    (*(f"//*[@{name}]" for name in _INCLUDES), "//*[@src and contains(name(), '-')]",
     "//*[@src and contains(name(), ':include')]")
)  # fmt: skip
_INCLUDED = re.compile(
    r"<!--#include\s+(?:virtual|file)\s*=\s*[\"']([^\"'<>\s]{1,300})[\"']", re.IGNORECASE
)
"""Order to its server that a page still has."""
_QUOTED = re.compile(r"[\"'`](?P<url>[^\"'`\s<>]{4,2000}+)(?=[\"'`])")
_DATA = re.compile(
    r"\.(?:json|xml)(?:\?|$)|/getInfoCommon/?\?|/es-search/search/|/gkmlpt/api/|/wp-json/|"
    r"/api/|/rest/|dataproxy|getMessage\.do|/front/search|/build/unit|"
    r"(?:list|query|search|page|find|get)\w*\.(?:do|action|ashx|jsp|php)\b|/(?:get|query|find)\w*list",
    re.IGNORECASE,
)
_DATA_SCRIPT = re.compile(
    r"(?:data|list|news|info|article|content|item|doc|json|xw|yw|gg|gz|lb)\w{0,12}\.(?:js|jsp|php|aspx?)$",
    re.I,
)
_PROGRAM = re.compile(
    r"jquery|\.min\.|/libs?/|plugin|vue|layui|swiper|echarts|bootstrap|polyfill|pag(?:e|ing|ination)|"
    r"datatable|datepicker|slide|scroll|tab|share|stat|count|visit|search|calendar|jsonp?\d",
    re.IGNORECASE,
)
"""Names of script files with data, and of those with programs."""
_MOST_SCRIPTS = 2
_MOST = 5
"""Endpoints of one page that are asked for; set by hand, not measured."""


def frames(text: str, url: str, *, every: bool) -> tuple[str, ...]:
    """Return the frames of a page that can have its list.

    On the page's own host. Only those named like lists, unless `every` one is asked for.
    """
    root = root_of(text)
    if root is None:
        return ()
    base = base_of(root, url)
    written = [node.get(name) for node, name in _framed(root)]
    if every:
        written += [node.get(name) for node, name in _included(root)]
        written += _INCLUDED.findall(text)
        written += [next(filter(None, match)) for match in _FRAME_LOADED.findall(text)]
    found = []
    for source in written:
        target = absolute(source, base)
        if target is None or urlsplit(target).netloc != urlsplit(url).netloc or is_file(target):
            continue
        path = urlsplit(target).path
        if not _NO_LIST.search(path) and (every or _LIST.search(path.rpartition("/")[2])):
            found.append(target)
    return once(found, url)


def endpoints(text: str, url: str) -> tuple[str, ...]:
    """Return the endpoints that a page's scripts can load its list from."""
    found = [*_units(text, url)]
    for match in _QUOTED.finditer(text):
        if len(found) >= _MOST:
            break
        if not _DATA.search(match["url"]) or "${" in match["url"]:
            continue
        target = absolute(entities.unescape(match["url"]), url)
        if target and urlsplit(target).netloc == urlsplit(url).netloc and _is_whole(target):
            found.append(target)
    return once(found[:_MOST], url)


def data_scripts(text: str, url: str) -> tuple[str, ...]:
    """Return the script files that can have a list's entries."""
    root = root_of(text)
    base = url if root is None else base_of(root, url)
    sources = root.xpath("//script/@src") if root is not None else []
    found = []
    for source in sources:
        target = absolute(str(source), base)
        parts = urlsplit(target or "")
        if target is None or parts.netloc != urlsplit(url).netloc or _PROGRAM.search(parts.path):
            continue
        if _DATA_SCRIPT.search(parts.path.rpartition("/")[2]) or "/data/" in parts.path:
            found.append(target)
    return once(found[:_MOST_SCRIPTS], url)


def named(text: str, *, scripts: bool) -> str:
    """Return the frame, endpoint or script of a page without entries.

    Empty if it has none. Most pages have `scripts`, so that they are evidence only without entries.
    """
    root = root_of(text)
    for node, name in _framed(root) if root is not None else ():
        if node.get(name):
            return f"a frame: {node.get(name)}"
    routes = root.xpath(_ROUTES) if root is not None else []
    if len(routes) > 1:
        return f"routes of a script, which are no addresses: {routes[0]}"
    for match in _QUOTED.finditer(text):
        if _DATA.search(match["url"]):
            return f"an endpoint: {match['url']}"
    sources = root.xpath("//script/@src") if scripts and root is not None else []
    return f"a script: {sources[-1]}" if sources else ""


def _framed(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for node in root.iter("iframe", "frame", "object", "embed"):
        name = "data" if node.tag == "object" else "src"
        blank = (node.get(name) or "#").strip().startswith(("#", "about:", "javascript:"))
        lazy = next((other for other in _LAZY if node.get(other)), name)
        yield node, lazy if blank else name


def _included(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Yield elements that include a page, and the attribute with it."""
    for node in root.xpath(_INCLUDING):
        yield node, next(name for name in (*_INCLUDES, "src") if node.get(name))


def _is_whole(target: str) -> bool:
    """Return True if an address needs no value that a script adds."""
    parts = urlsplit(target)
    if page_field(target) or parts.path.endswith((".json", ".xml")):
        return True
    return bool(parts.query) and not target.endswith("=") and bool(parse_qsl(parts.query))


def _units(text: str, url: str) -> Iterator[str]:
    """Yield the requests of a jpaas page, one of each `queryData`."""
    if "jpaas-publish-server" not in text and "querydata" not in text.lower():
        return
    root = root_of(text)
    nodes = root.xpath("//*[@querydata]") if root is not None else []
    found = [(node.get("url"), _pairs(node.get("querydata"))) for node in nodes]
    if not found:
        found = [(None, _pairs(text))]
    for written, pairs in found:
        column = _COLUMN.search(urlsplit(url).path)
        if column:
            pairs.setdefault("pageId", column[1])
        if not {"webId", "pageId"} <= pairs.keys():
            continue
        endpoint = absolute(written or f"/api-gateway{UNIT}", url)
        fields = _UNIT_DEFAULTS | pairs
        known = {name: fields[name] for name in _UNIT_FIELDS if name in fields}
        rest = {name: value for name, value in pairs.items() if name not in known and written}
        if endpoint:
            yield f"{endpoint}?{urlencode(known | rest, quote_via=quote)}"


def _pairs(text: str) -> dict[str, str]:
    """Return the fields of an object as a script writes it."""
    found: dict[str, str] = {}
    names = "|".join((*_UNIT_FIELDS, r"\w{1,30}")) if len(text) < 4000 else "|".join(_UNIT_FIELDS)
    pattern = rf"[\"']?\b({names})[\"']?\s*[:=]\s*[\"']([^\"'<>]{{1,200}})[\"']"
    for name, value in re.findall(pattern, entities.unescape(text)):
        found.setdefault(name, value)
    return found
