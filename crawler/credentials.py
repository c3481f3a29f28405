"""Credentials in headers and URLs, none of which is ever stored.

Archives are handed on, reports are read by many, logs are shipped elsewhere.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

SECRET_HEADERS = frozenset(
    (
        "authorization",
        "cookie",
        "cookie2",
        "proxy-authorization",
        "set-cookie",
        "set-cookie2",
    )
)
"""Headers, of requests and responses, that are not archived. Cookies are never sent, either, and a
page does not depend on one that was offered."""

_USER = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_USERS = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")


def public_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers without credentials, in order."""
    return [pair for pair in headers if pair[0].lower() not in SECRET_HEADERS]


def without_user(url: str) -> str:
    """Return a URL without user name and password."""
    return _USER.sub(r"\1", url)


def masked(text: str) -> str:
    """Return a text with URLs free of user names and passwords."""
    return _USERS.sub("", text)


def user_of(url: str) -> tuple[str, str]:
    """Return user name and password of a URL, unescaped; empty if absent."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
