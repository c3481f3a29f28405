"""Answers of the miniature web, by a normal form of the URL."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

BUILT = "Mon, 01 Jul 2024 01:00:00 GMT"
"""Every static file's Last-Modified: the day the invented sites moved to new machines, and so, as
on real sites, no article's date."""

# Static files ignore their query; these endpoints answer by the parameters named.
_SIGNIFICANT = (
    (re.compile(r"/jpage/dataproxy\.jsp$"), ("columnid", "page", "startrecord", "endrecord")),
    (re.compile(r"/getInfoCommon/?$"), ("channelid", "currpage", "pagesize")),
    (re.compile(r"/es-search/search/\w+$"), ("page", "_pageSize")),
)


@dataclass(frozen=True, slots=True)
class Response:
    """Answer: body, status and headers.

    `headers` lacks Content-Length and Date, which the server adds.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str | None:
        return self.headers.get("ETag")


def request_key(url: str) -> str:
    """Return the part of a URL that decides the answer.

    Host, path and the significant query.
    """
    parts = urlsplit(url)
    path = parts.path or "/"
    for pattern, names in _SIGNIFICANT:
        if pattern.search(path):
            query = sorted((k, v) for k, v in parse_qsl(parts.query) if k in names)
            return f"{parts.netloc.lower()}{path}?{urlencode(query)}"
    return f"{parts.netloc.lower()}{path}"


def static(body: bytes, content_type: str, *, status: int = 200, etag: bool = True) -> Response:
    """Return a file as web servers send it, with validators.

    A later visit can use them.
    """
    headers = {"Content-Type": content_type, "Last-Modified": BUILT}
    if etag:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Response(body, status, headers)


def html(text: str, *, charset: str | None = "utf-8", status: int = 200) -> Response:
    """Return a page in UTF-8 with a `charset` in its header.

    None names no charset.
    """
    kind = f"text/html; charset={charset}" if charset else "text/html"
    if status != 200:
        return Response(text.encode(), status, {"Content-Type": kind})
    return static(text.encode(), kind)


def redirect(location: str) -> Response:
    """Return a permanent redirect."""
    return Response(b"", 301, {"Location": location, "Content-Type": "text/html"})
