"""What lets someone in: passwords of proxies, cookies, names in URLs. None of it is ever kept.

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
    """Return headers without those that hold credentials, in order."""
    return [pair for pair in headers if pair[0].lower() not in SECRET_HEADERS]


def without_user(url: str) -> str:
    """Return a URL without the user name and password that may stand before its host."""
    return _USER.sub(r"\1", url)


def masked(text: str) -> str:
    """Return a text without the user names and passwords of the URLs in it."""
    return _USERS.sub("", text)


def user_of(url: str) -> tuple[str, str]:
    """Return the user name and password that a URL gives, unescaped; empty where it gives none."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
