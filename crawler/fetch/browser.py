"""Browser for lists drawn by a script: Chromium, by the extra `[browser]`.

One page of one list at a time, without cookies, images or fonts, and only from the city's hosts.
"""

import os
import shutil
import socket
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from crawler.city import City
from crawler.credentials import user_of, without_user
from crawler.fetch.addresses import is_public
from crawler.settings import SHIZHENG_PRIVATE_ADDRESSES

MISSING = (
    'a list drawn by a script needs a browser: install the extra, `pip install "shizheng[browser]"`'
    ", and Chromium, or Playwright's own with `playwright install chromium`"
)
"""Remedy where the extra is not installed."""

_UNSEEN = frozenset(
    ("image", "media", "font", "stylesheet", "websocket", "eventsource", "manifest")
)
_SETTLED = 20_000
"""Milliseconds that a page has to draw its list; set by hand, not measured."""


def is_installed() -> bool:
    """Return True if the extra is installed."""
    return find_spec("scrapy_playwright") is not None


def needed(city: City) -> bool:
    """Return True if a list of the city needs the browser."""
    return any(source.render == "browser" for source in city.listings)


def settings(city: City) -> dict[str, Any]:
    """Return the Scrapy settings that send marked requests through the browser.

    Requests are marked with `meta`.
    """
    handler = "crawler.fetch.drawn.BrowserHandler"
    launch: dict[str, Any] = {
        "executable_path": shutil.which("chromium") or shutil.which("chromium-browser"),
        # No sandbox for root only: containers seldom allow one to it.
        "chromium_sandbox": getattr(os, "geteuid", lambda: 1)() != 0,
        "args": ["--disable-gpu", "--disable-background-networking", "--no-first-run"],
    }
    proxy = os.environ.get("http_proxy") or os.environ.get("https_proxy")
    if proxy:
        user, password = user_of(proxy)
        # Not in the address, which becomes an argument of the browser that every user can list.
        launch["proxy"] = {"server": without_user(proxy), "bypass": os.environ.get("no_proxy", "")}
        if user:
            launch["proxy"] |= {"username": user, "password": password}
    else:
        launch["args"] = [*launch["args"], f"--host-resolver-rules={_names(city)}"]
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch,
        "PLAYWRIGHT_CONTEXTS": {"default": {"service_workers": "block", "accept_downloads": False}},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": _SETTLED,
        "PLAYWRIGHT_ABORT_REQUEST": _refusal(city),
    }


def meta() -> dict[str, Any]:
    """Return the meta of a request to the browser.

    It answers once the page has settled.
    """
    return {"playwright": True, "playwright_page_goto_kwargs": {"wait_until": "networkidle"}}


def _names(city: City) -> str:
    """Return Chromium's name rules: only the city's hosts, at public addresses.

    So a redirect leads nowhere else either, though no layer here meets it.
    """
    rules = []
    for host in dict.fromkeys(host.partition(":")[0] for host in city.hosts):
        try:
            address = socket.gethostbyname(host)
        except OSError:
            continue
        if SHIZHENG_PRIVATE_ADDRESSES or is_public(address):
            rules.append(f"MAP {host} {address}")
    return ", ".join([*rules, "MAP * ~NOTFOUND"])


def _refusal(city: City) -> Callable[[Any], bool]:
    """Return a predicate of the requests the browser must not make."""

    def refuse(request: Any) -> bool:
        inline = urlsplit(request.url).scheme in ("data", "blob", "about")
        return request.resource_type in _UNSEEN or not (inline or city.allows(request.url))

    return refuse
