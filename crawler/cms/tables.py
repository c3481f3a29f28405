"""Lists in tables of script libraries: endpoint, page and size.

A table is given an endpoint, and the library adds the numbers of page and entries under names of
its own: `table.render({url: '/list', page: true})` of layui asks for `/list?page=1&limit=10`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit

from lxml import etree

from crawler.cms.links import absolute, is_file, once, root_of
from crawler.cms.literals import code_of, literal_at, scripts_of
from crawler.cms.posts import fields_of, known_values
from crawler.posted import with_form, with_json


@dataclass(frozen=True, slots=True)
class _Library:
    """Names and first values of a library's requests.

    `paged_by` are the options with which it asks for pages, `other` the names that it uses with an
    option of its own. Without options that say so, it is `always` asking for pages or never.
    """

    page: str
    size: str
    first: int = 1
    entries: int = 10
    method: str = "get"
    paged_by: tuple[str, ...] = ()
    always: bool = False


_LIBRARIES = {
    "render": _Library("page", "limit", paged_by=("page",)),
    "bootstraptable": _Library("offset", "limit", 0, paged_by=("sidePagination",)),
    "datatable": _Library("start", "length", 0, paged_by=("serverSide", "bServerSide")),
    "datagrid": _Library("page", "rows", method="post", paged_by=("pagination",)),
    "jqgrid": _Library("page", "rows", entries=20, always=True),
    "flexigrid": _Library("page", "rp", entries=15, method="post", always=True),
    "pagination": _Library("pageNumber", "pageSize", always=True),
    "tabulator": _Library("page", "size", paged_by=("pagination",)),
    "kendogrid": _Library("page", "pageSize", paged_by=("serverPaging",)),
    "kendolistview": _Library("page", "pageSize", paged_by=("serverPaging",)),
    "miniui": _Library("pageIndex", "pageSize", 0, method="post", always=True),
}
"""Libraries by the function that makes a table."""
_CALL = re.compile(
    r"(?:\.|\bnew\s{1,9})(render|bootstrapTable|DataTable|datagrid|jqGrid|flexigrid|pagination|kendoGrid|kendoListView|"
    r"Tabulator)\s*\(",
    re.IGNORECASE,
)
_URLS = ("url", "ajaxURL", "ajax", "sAjaxSource", "dataSource")
_METHODS = ("method", "type", "mtype", "sServerMethod", "ajaxType")
_SENT = ("where", "queryParams", "postData", "data", "ajaxParams", "params")
_SIZES = ("limit", "pageSize", "pageLength", "iDisplayLength", "rowNum", "rp", "paginationSize")
_OFF = frozenset(("", "0", "false", "none", "no", "client", "local"))
_CALLS, _ELEMENTS, _MOST, _LONGEST = 40, 20, 3, 400_000
"""Calls, elements, requests and characters of scripts that are looked at; set by hand."""


def table_requests(text: str, url: str) -> tuple[str, ...]:
    """Return the requests for the first pages of a page's tables."""
    found = [*_of_scripts(text), *_of_elements(text)]
    requests = [_request(library, options, url) for library, options in found]
    return once(filter(None, requests), url)[:_MOST]


def _of_scripts(text: str) -> Iterator[tuple[_Library, Mapping[str, Any]]]:
    """Yield library and options of each table that a script makes."""
    script = "\n;".join(scripts_of(text))[:_LONGEST]
    if not _CALL.search(script):
        return
    code = code_of(script)
    known = known_values(code)
    for call in islice(_CALL.finditer(script), _CALLS):
        first, end = literal_at(code, call.end(), known)
        second, _ = literal_at(code, end + 1, known) if code.starts(",", end) else (None, 0)
        options = next((each for each in (first, second) if isinstance(each, dict)), None)
        if options:
            yield _LIBRARIES[call[1].lower()], options


def _of_elements(text: str) -> Iterator[tuple[_Library, Mapping[str, Any]]]:
    """Yield library and options of each table that attributes describe."""
    root = root_of(text)
    if root is None:
        return
    nodes = root.xpath(
        "//*[@data-toggle='table' or @lay-data or contains(@class, 'easyui-datagrid')"
        " or contains(@class, 'mini-datagrid')]"
    )
    for node in nodes[:_ELEMENTS]:
        classes = node.get("class") or ""
        if node.get("data-toggle") == "table":
            yield _LIBRARIES["bootstraptable"], _own_options(node)
        elif "mini-datagrid" in classes:
            size = {"pageSize": node.get("pagesize")} if node.get("pagesize") else {}
            yield _LIBRARIES["miniui"], {"url": node.get("url"), **size}
        else:
            name = "datagrid" if "easyui" in classes else "render"
            written = node.get("data-options") or node.get("lay-data") or ""
            code = code_of(f"{{{written.strip().strip('{}')}}}")
            given, _ = literal_at(code, 0, {})
            options = given if isinstance(given, dict) else {}
            yield _LIBRARIES[name], {"url": node.get("url")} | options


def _own_options(node: etree._Element) -> dict[str, str]:
    """Return the `data-` attributes of an element as options."""
    found = {}
    for name, value in node.attrib.items():
        head, *rest = str(name).removeprefix("data-").split("-")
        found[head + "".join(part.capitalize() for part in rest)] = str(value)
    return found


def _request(library: _Library, options: Mapping[str, Any], url: str) -> str | None:
    """Return the request for the first page of a table, or None."""
    asked = next((options[name] for name in _URLS if options.get(name)), None)
    inner: dict[str, Any] = {}
    while isinstance(asked, dict):  # {transport: {read: {url: ..}}}
        inner, asked = (
            inner | asked,
            asked.get("url") or asked.get("read") or asked.get("transport"),
        )
    target = absolute(_text(asked), url)
    if target is None or urlsplit(target).netloc != urlsplit(url).netloc or is_file(target):
        return None
    every = {**options, **{name: value for name, value in inner.items() if name != "url"}}
    given_fields = (every[name] for name in _SENT if isinstance(every.get(name), dict))
    sent = {name: value for name, value in next(given_fields, {}).items() if value is not None}
    if _is_paged(library, every):
        sent |= _numbers(library, every)
    given = next((str(every[name]) for name in _METHODS if name in every), library.method)
    if given.lower() != "post":
        sign = "&" if urlsplit(target).query else "?"
        return f"{target}{sign}{urlencode(fields_of(sent))}" if sent else target
    if "json" in str(every.get("contentType", "")).lower():
        return with_json(target, sent)
    return with_form(target, fields_of(sent))


def _is_paged(library: _Library, options: Mapping[str, Any]) -> bool:
    named = [str(options[name]).lower() for name in library.paged_by if name in options]
    return any(value not in _OFF for value in named) if named else library.always


def _numbers(library: _Library, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of first page and entries by name."""
    within = options.get("page")
    sizes = {**(within if isinstance(within, dict) else {}), **options}
    size = next((sizes[name] for name in _SIZES if _is_number(sizes.get(name))), library.entries)
    named = options.get("request") or options.get("prmNames")
    names: Mapping[str, Any] = named if isinstance(named, dict) else {}
    first, page, rows = library.first, library.page, library.size
    if "sAjaxSource" in options:
        page, rows = "iDisplayStart", "iDisplayLength"
    elif library.page == "offset" and options.get("queryParamsType", "limit") != "limit":
        first, page, rows = 1, "pageNumber", "pageSize"
    page = str(names.get("pageName") or names.get("page") or page)
    rows = str(names.get("limitName") or names.get("rows") or rows)
    return {page: first, rows: size}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | str) and re.fullmatch(r"[1-9]\d{0,3}", str(value)) is not None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
