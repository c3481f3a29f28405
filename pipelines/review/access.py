"""Access control of the review server: only its starter reads or writes.

A page on another site may send requests to this machine, under a name of its own that it makes
point here, and other users of the machine may knock: so requests must name this host, carry the key
that the start printed, and, where they write, come from our own page with its form's token.
"""

import hashlib
import hmac
from collections.abc import MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Bytes a request's body may have: a note of the greatest length, several times over."""

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_OPEN = ("/review.css", "/review.js", "/favicon.ico")
# Who has no key keeps no connection open: see pipelines.review.connections.
_CLOSED = {"connection": "close"}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types shizheng"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Secret of one start, and tokens derived from it."""

    secret: str

    @property
    def cookie(self) -> str:
        """Name of the cookie.

        Cookies do not distinguish ports, and two servers must not clash.
        """
        return f"shizheng-{self._derived('cookie')[:12]}"

    @property
    def form(self) -> str:
        """Token in every form."""
        return self._derived("form")

    def _derived(self, purpose: str) -> str:
        return hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    def opens(self, given: str) -> bool:
        """Return True if `given` is the secret, in constant time."""
        return hmac.compare_digest(given.encode(), self.secret.encode())

    def signs(self, given: str) -> bool:
        """Return True if `given` is the token of the forms."""
        return hmac.compare_digest(given.encode(), self.form.encode())


class AccessControl:
    """Middleware that refuses foreign requests and adds security headers."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1")
                   for name, value in scope["headers"]}  # fmt: skip
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        known = self._known(headers)
        if scope["path"] not in _OPEN and not known:
            await self._let_in(scope, send)
            return
        added = _raw(HEADERS if known else HEADERS | _CLOSED)

        async def confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await self._app(scope, receive, confined)

    def _refusal(self, scope: Scope, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Return status and reason of a refusal, None for none."""
        host = headers.get("host", "")
        if host.rpartition(":")[0] not in _HOSTS and host not in _HOSTS:
            return 421, "This server answers to 127.0.0.1 and localhost only."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "Only GET, HEAD and POST are understood."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            # A link from another site would show the page; nothing asks for that.
            return 403, "This page is not opened from other sites. Open its address yourself."
        if scope["method"] != "POST":
            return None
        if headers.get("origin") != f"http://{host}":
            return 403, "Verdicts are taken from the review page only (Origin)."
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            return 415, "Expected a form."
        length = headers.get("content-length", "")
        if not length.isdigit():
            return 411, "Expected a length."
        if int(length) > MOST_BYTES:
            return 413, f"A request has {MOST_BYTES:,} bytes at most."
        return None

    def _known(self, headers: MutableMapping[str, str]) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._keys.cookie)
        except CookieError:
            return False
        return found is not None and self._keys.opens(found.value)

    async def _let_in(self, scope: Scope, send: Send) -> None:
        """Exchange the key in the printed address for a cookie."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = next((value for name, value in query if name == "key"), "")
        if scope["method"] != "GET" or not self._keys.opens(given):
            await _answer(
                send, 403, "Open the address that `shizheng review` printed when it started: "
                "it holds the key."
            )  # fmt: skip
            return
        rest = urlencode([(name, value) for name, value in query if name != "key"])
        # One slash: an address that starts with two would lead to another host.
        where = "/" + scope["path"].lstrip("/\\") + (f"?{rest}" if rest else "")
        cookie = f"{self._keys.cookie}={self._keys.secret}; Path=/; HttpOnly; SameSite=Strict"
        await _answer(send, 303, "", {"location": _ascii(where), "set-cookie": cookie})


async def _answer(
    send: Send, status: int, text: str, extra: MutableMapping[str, Any] | None = None
) -> None:
    body = text.encode()
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    start = {"type": "http.response.start", "status": status}
    await send(start | {"headers": _raw(headers | HEADERS | _CLOSED | dict(extra or {}))})
    await send({"type": "http.response.body", "body": body})


def _raw(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _ascii(path: str) -> str:
    return quote(path, safe="/?=&%+-_.~")
