"""Download of single pages within a crawl, and conversion of responses."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.http import Headers, Response

from crawler.archive.reader import Answer, merged, with_listed
from crawler.crawl.session import Session
from crawler.fetch import browser
from crawler.posted import Fields, post_of


def answer_of(response: Response) -> Answer:
    """Return a live response, its URL without fragment."""
    request = response.request
    listed = request.meta.get("listed", "") if request else ""
    headers = with_listed(lower_headers(response.headers), listed)
    url = address_of(request, response) if request else response.url
    return Answer(urldefrag(url)[0], response.status, headers, response.body)


def address_of(request: Request, response: Response) -> str:
    """Return the address of a response; a POST's has its body."""
    posted = request.meta.get("posted") if request.method == "POST" else None
    return posted or response.url


def request_to(
    address: str,
    meta: dict[str, object],
    headers: Mapping[str, str] | None = None,
    state: Fields = (),
) -> Request:
    """Return the request that an address names, by GET or POST.

    `state` are the fields that the page before gives a form.
    """
    post = post_of(address, state)
    if post is None:
        return Request(address, meta=meta, headers=dict(headers or {}))
    kind = {"Content-Type": post.kind}
    meta = meta | {"posted": as_requested(address)}
    return Request(post.url, method="POST", body=post.body, meta=meta, headers=kind)


async def get(
    session: Session, url: str, kind: str, *, drawn: bool = False, state: Fields = ()
) -> Answer:
    """Download a page in place, past the scheduler.

    An unmodified page comes from the archive; one not sent whole for days is asked for whole. All
    layers of a crawl apply: hosts, robots.txt, delays, retries, redirects, the archive. Raises
    their errors. A page that a script has `drawn` comes from the browser, always anew: it may
    change while its file does not. `state` goes with a form (`request_to`).
    """
    if drawn:
        return answer_of(await _download(session, url, {"kind": kind} | browser.meta()))
    visit = session.visits.get(as_requested(url))
    known = session.visits.validators(as_requested(url), session.now())
    response = await _download(session, url, {"kind": kind}, known, state)
    if response.status == 304 and visit is not None:
        record = session.archived(visit.place)
        if record is not None:
            return record
        response = await _download(session, url, {"kind": kind})  # the archive was moved away
    return answer_of(response)


async def _download(
    session: Session,
    url: str,
    meta: dict[str, object],
    headers: Mapping[str, str] | None = None,
    state: Fields = (),
) -> Response:
    request = request_to(url, meta, headers, state)
    return await session.crawler.engine.download_async(request)


def as_requested(url: str) -> str:
    """Return the spelling of a URL in requests and visits."""
    return urldefrag(Request(url).url)[0]


def lower_headers(headers: Headers) -> dict[str, str]:
    """Return headers as the archive's reader does.

    Names are in lower case, repeats joined.
    """
    return merged(header_pairs(headers))


def header_pairs(headers: Headers) -> list[tuple[str, str]]:
    """Return headers as (name, value), in order."""
    items = cast(Mapping[bytes, list[bytes]], dict(headers))
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in items.items()
        for value in values
    ]
