"""Requests by POST, each named by one address.

The body stands in the query behind a mark, as web archives write it (`__wb_method=POST`): a form as
it is sent, JSON as one value. So a page that is asked for by POST has a name of its own in lists,
archive and state, and its numbers of pages are found like those of any other address.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

_MARK = "__wb_method=POST"
_JSON = "__wb_post_json"
_STEP = "__wb_step"
"""Number of a step where all have the same body; it is not sent."""

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Post:
    """Request by POST: address, body, and its type."""

    url: str
    body: bytes
    kind: str


def with_form(url: str, fields: Iterable[tuple[str, str]], step: int = 0) -> str:
    """Return the address of a form sent to `url`."""
    pairs = [*fields, *([(_STEP, str(step))] if step else [])]
    return f"{url}{'&' if '?' in url else '?'}{_MARK}&{urlencode(pairs)}"


def with_text(url: str, body: str) -> str:
    """Return the address of a body as written: JSON or a form."""
    written = f"{_JSON}={quote(body, safe='')}" if body.startswith(("{", "[")) else body
    return f"{url}{'&' if '?' in url else '?'}{_MARK}&{written}"


def with_json(url: str, value: Mapping[str, Any]) -> str:
    """Return the address of a JSON object sent to `url`."""
    return with_text(url, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def post_of(address: str, state: Fields = ()) -> Post | None:
    """Return the request that an address names, or None for GET.

    `state` are the fields of a form that the page before had; those of the address replace them.
    """
    head, mark, written = address.partition(_MARK)
    if not mark or head[-1:] not in ("?", "&"):
        return None
    url, written = head[:-1], written.removeprefix("&")
    if written.startswith(f"{_JSON}="):
        return Post(url, unquote_plus(written.partition("=")[2]).encode(), "application/json")
    pairs = [pair for pair in written.split("&") if pair and not pair.startswith(f"{_STEP}=")]
    own = {unquote_plus(pair.partition("=")[0]) for pair in pairs}
    kept = urlencode([(name, value) for name, value in state if name not in own]) if state else ""
    body = "&".join(filter(None, (kept, *pairs)))
    return Post(url, body.encode(), "application/x-www-form-urlencoded")


def step_of(address: str) -> int:
    """Return the number of the step that an address names; 1 without."""
    written = dict(parse_qsl(address.partition(_MARK)[2])).get(_STEP, "1")
    return int(written) if written.isdecimal() else 1


def plain_url(address: str) -> str:
    """Return the address to which a request is sent."""
    post = post_of(address)
    return post.url if post else address
