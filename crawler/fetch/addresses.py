"""Guard against private IP addresses, whatever the name service answers.

A city file is data that anyone may contribute, and a name server may answer anything, so a name can
lead into the network that the crawl runs in. `SHIZHENG_PRIVATE_ADDRESSES` allows that, for a
mirror on one's own machine.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, NotConfigured
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawler.crawl.session import CrawlPart
from crawler.issues import PrivateAddress

_REFUSED: dict[str, str] = {}
"""Address of each refused name. Twisted drops the resolver's reason."""


def is_public(address: str) -> bool:
    """Return True for an IP address of the public Internet.

    False for any other text.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = _carried(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside an IPv6 one.

    Mapped, tunnelled (RFC 3056) or translated (RFC 6052).
    """
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver, without answers in a private network."""

    allowed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "GuardedResolver":
        """Return the resolver of a process; `SHIZHENG_PRIVATE_ADDRESSES` lifts the guard."""
        made: GuardedResolver = super().from_crawler(crawler, reactor)
        made.allowed = crawler.settings.getbool("SHIZHENG_PRIVATE_ADDRESSES")
        return made

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802
        """Resolve `name` to an IPv4 address.

        Fails with `DNSLookupError` for a private one.
        """
        found = super().getHostByName(name, timeout)
        # An address is no answer of a name server: it is the operator's proxy, or the guard's.
        if self.allowed or _is_address(name):
            return found
        return found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if is_public(address):
            return address
        _REFUSED[name] = address
        raise DNSLookupError(f"{name} leads to {address}, a private address")


class AddressGuard(CrawlPart):
    """Refuses private addresses in URLs, and names those that the resolver refused."""

    def __init__(self, crawler: Crawler) -> None:
        if crawler.settings.getbool("SHIZHENG_PRIVATE_ADDRESSES"):
            raise NotConfigured
        super().__init__(crawler)

    def process_request(self, request: Request) -> None:
        host = _host(request)
        if _is_address(host) and not is_public(host):
            raise PrivateAddress(f"{host} is a private address")

    def process_exception(self, request: Request, exception: Exception) -> None:
        address = _REFUSED.get(_host(request))
        if address and isinstance(exception, CannotResolveHostError):
            reason = f"{_host(request)} leads to {address}, a private address"
            raise PrivateAddress(reason) from exception


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(request: Request) -> str:
    return urlsplit(request.url).hostname or ""
