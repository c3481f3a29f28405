"""Lists of the miniature web, paged the way each CMS family pages."""

import hashlib
import html as entities
import json
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote, urlencode

from crawler.demo.editions import Column, Edition
from crawler.demo.pages import Item, render
from crawler.demo.response import Response, html

Answers = Iterator[tuple[str, Response]]


def list_pages(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    """Yield every URL of a column's list with its response.

    `items` are in the list's order.
    """
    yield from _LISTERS[column.listing](edition, column, items)


def drawn_list(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    """Yield a list that a script draws, and the data for it.

    It has a column's newest articles.
    """
    page = f"http://{edition.host}{edition.drawn_list(column)}"
    data = f"{edition.drawn_list(column).rpartition('.')[0]}.json"
    stories = [
        {"path": item.href, "name": item.title, "day": f"{item.date:%Y-%m-%d}"}
        for item in items[: column.page_size]
    ]
    text = render(f"{edition.templates}/drawn.html", **_context(edition, column), data=data)
    yield page, html(text, charset=edition.charset)
    yield f"http://{edition.host}{data}", _json(stories)


def _context(edition: Edition, column: Column) -> dict[str, object]:
    labelled = [{"url": edition.list_url(c), "label": c.label} for c in edition.columns.values()]
    return {"edition": edition, "column": column, "columns": labelled}


def _chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[at : at + size] for at in range(0, len(items), size)] or [()]


def _record(item: Item, place: int, cut: int) -> str:
    """Return a Hanweb record with cut text and unclosed tags.

    The whole title is in an attribute.
    """
    title = entities.escape(item.title, quote=True)
    shown = item.title if len(item.title) <= cut else item.title[:cut] + "..."
    closing = "" if place % 3 == 2 else "</li>"
    return (
        f'<li><a href="{item.href if place % 5 else item.url}" title="{title}" target="_blank">'
        f"{entities.escape(shown)}</a><b>{item.date:%Y-%m-%d}</b>{closing}"
    )


def _unit(column: Column) -> str:
    return f"{int(column.path) % 90000 + 10000}"


def _proxy(edition: Edition, fields: dict[str, object]) -> str:
    return f"http://{edition.host}/module/web/jpage/dataproxy.jsp?{urlencode(fields, safe='/%')}"


def _datastore(records: Sequence[str], next_group: str | None) -> Response:
    group = f'<nextgroup><![CDATA[<a href="{next_group}"></a>]]></nextgroup>' if next_group else ""
    body = "".join(f"<record><![CDATA[{record}]]></record>" for record in records)
    text = f"<datastore>{group}<recordset>{body}</recordset></datastore>"
    return Response(text.encode(), 200, {"Content-Type": "text/xml;charset=UTF-8"})


def _hanweb_groups(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    chunks = _chunks(items, column.page_size)

    def group_url(page: int) -> str | None:
        if page >= len(chunks):
            return None
        return (
            f"/module/web/jpage/dataproxy.jsp?page={page}&appid=1&webid=12&path=/"
            f"&columnid={column.path}&unitid={_unit(column)}"
            f"&webname={quote(quote(edition.name))}&permissiontype=0"
        )

    for page, chunk in enumerate(chunks):
        records = [_record(item, place, 16) for place, item in enumerate(chunk)]
        if page == 0:
            text = render(
                f"{edition.templates}/list.html",
                **_context(edition, column),
                unit=_unit(column),
                next_group=group_url(1),
                records=records,
            )
            yield edition.list_url(column), html(text, charset=edition.charset)
        else:
            url = _proxy(edition, {"page": page, "columnid": column.path})
            yield url, _datastore(records, group_url(page + 1))


def _hanweb_records(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    group = column.page_size - column.page_size % 3
    chunks = _chunks(items, group)
    for page, chunk in enumerate(chunks):
        records = [_record(item, place, 60) for place, item in enumerate(chunk)]
        if page == 0:
            text = render(
                f"{edition.templates}/list.html",
                **_context(edition, column),
                unit=_unit(column),
                per_page=group // 3,
                total=len(items),
                records=records,
            )
            yield edition.list_url(column), html(text, charset=edition.charset)
        else:
            first = page * group + 1
            fields: dict[str, object] = {
                "columnid": column.path,
                "startrecord": first,
                "endrecord": min(first + group - 1, len(items)),
            }
            yield _proxy(edition, fields), _datastore(records, None)


def _static_lists(
    edition: Edition,
    column: Column,
    items: Sequence[Item],
    file: Callable[[int], str],
    **extra: object,
) -> Answers:
    """Yield numbered list pages.

    `file(n)` names page n (from 1) within the column's folder.
    """
    chunks = _chunks(items, column.page_size)
    for page, chunk in enumerate(chunks, start=1):
        text = render(
            f"{edition.templates}/list.html",
            **_context(edition, column),
            items=chunk,
            page=page,
            pages=len(chunks),
            total=len(items),
            **{name: value(page) if callable(value) else value for name, value in extra.items()},
        )
        url = f"http://{edition.host}{column.path}{file(page)}"
        yield url, html(text, charset=edition.charset)


def _jeecms(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    yield from _static_lists(
        edition, column, items, lambda n: f"index_{n}.jhtml" if n > 1 else "index.jhtml"
    )


def _trs_zero(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    yield from _static_lists(
        edition,
        column,
        items,
        lambda n: f"index_{n - 1}.html" if n > 1 else "index.html",
        first=1,
        current=lambda n: n - 1,
    )


def _trs_one(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    yield from _static_lists(
        edition,
        column,
        items,
        lambda n: f"index_{n}.html" if n > 1 else "index.html",
        first=2,
        current=lambda n: n,
    )


def _generic(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    yield from _static_lists(edition, column, items, lambda n: f"list-{n}.html" if n > 1 else "")


def _ucap_static(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    yield from _static_lists(
        edition,
        column,
        items,
        lambda n: f"list_{n}.shtml" if n > 1 else "list.shtml",
        channel=None,
        endpoint=None,
    )


def _channel(column: Column) -> str:
    return hashlib.sha256(column.path.encode()).hexdigest()[:32]


def _ucap_shell(edition: Edition, column: Column, endpoint: str, channel: str | None) -> Answers:
    """Yield a list page without entries, which a script fills."""
    text = render(
        f"{edition.templates}/list.html",
        **_context(edition, column),
        items=(),
        page=1,
        pages=1,
        total=0,
        channel=channel,
        endpoint=endpoint,
    )
    yield edition.list_url(column), html(text, charset=edition.charset)


def _json(data: object) -> Response:
    body = json.dumps(data, ensure_ascii=False).encode()
    return Response(body, 200, {"Content-Type": "application/json;charset=UTF-8"})


def _ucap_info(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    def endpoint(page: int) -> str:
        return (
            f"/szinf/info/getInfoCommon/?pagesize={column.page_size}&currpage={page}"
            f"&channelid={_channel(column)}"
        )

    yield from _ucap_shell(edition, column, endpoint(1), None)
    # This endpoint names no total: a reader learns that it is past the end from an empty answer.
    for page, chunk in enumerate([*_chunks(items, column.page_size), ()], start=1):
        entries = [
            {"title": item.title, "link": item.href, "pubtime": f"{item.date:%Y-%m-%d %H:%M:%S}"}
            for item in chunk
        ]
        yield f"http://{edition.host}{endpoint(page)}", _json({"infolist": entries})


def _ucap_search(edition: Edition, column: Column, items: Sequence[Item]) -> Answers:
    def endpoint(page: int) -> str:
        return (
            f"/es-search/search/{_channel(column)}?_template=ucap/qy_list&_isAgg=1"
            f"&_pageSize={column.page_size}&page={page}"
        )

    yield from _ucap_shell(edition, column, endpoint(1), _channel(column))
    for page, chunk in enumerate(_chunks(items, column.page_size), start=1):
        entries = [
            {
                "title": item.title,
                "url": item.url,
                "publishedTimeStr": f"{item.date:%Y-%m-%d %H:%M:%S}",
            }
            for item in chunk
        ]
        data = {"data": {"page": page, "total": len(items), "results": entries}}
        yield f"http://{edition.host}{endpoint(page)}", _json(data)


_LISTERS: dict[str, Callable[[Edition, Column, Sequence[Item]], Answers]] = {
    "hanweb_groups": _hanweb_groups,
    "hanweb_records": _hanweb_records,
    "jeecms": _jeecms,
    "trs_zero": _trs_zero,
    "trs_one": _trs_one,
    "ucap_info": _ucap_info,
    "ucap_search": _ucap_search,
    "ucap_static": _ucap_static,
    "generic": _generic,
}
