"""Pace of requests asked for by a host: Crawl-delay and Retry-After.

Scrapy's delay is one for all hosts, and its throttle ignores both. They are applied here for each
host, before a request enters Scrapy's queue for it.
"""

import asyncio
import math
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawler.crawl.session import CrawlPart
from crawler.issues import ComeLater
from crawler.limits import retry_after

_BUSY = (429, 503)
"""Statuses with a meaningful Retry-After (RFC 6585, RFC 9110)."""


class Pace(CrawlPart):
    """Spaces out the requests to each host as the host asks.

    A Crawl-delay above `SHIZHENG_MAX_DELAY` seconds is cut to it. A Retry-After of at most
    `SHIZHENG_MAX_WAIT` seconds is waited for; after a longer one the host is left alone.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._agent = str(crawler.settings["ROBOTSTXT_USER_AGENT"])
        self._max_delay = crawler.settings.getfloat("SHIZHENG_MAX_DELAY")
        self._max_wait = crawler.settings.getfloat("SHIZHENG_MAX_WAIT")
        self._delays: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._shut: dict[str, str] = {}
        crawler.signals.connect(self._robots_parsed, signals.robots_parsed)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if reason := self._shut.get(host):
            raise ComeLater(reason)
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next.get(host, 0.0))
        if delay := self._delays.get(host):
            self._next[host] = turn + delay
        if turn > now:
            await asyncio.sleep(turn - now)

    async def process_response(self, request: Request, response: Response) -> Response:
        header = response.headers.get("Retry-After")
        if response.status not in _BUSY or not header:
            return response
        seconds = retry_after(header.decode("latin-1"), datetime.now(UTC))
        host = urlsplit(request.url).netloc
        if seconds is None:
            return response
        if seconds > self._max_wait:
            reason = (
                f"{host} answered {response.status} and asked for {seconds:.0f} seconds of rest"
            )
            self._shut[host] = reason
            raise ComeLater(reason)
        self._next[host] = max(
            self._next.get(host, 0.0), asyncio.get_running_loop().time() + seconds
        )
        return response

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(self._agent)
        if delay and math.isfinite(delay) and delay > 0:
            self._delays[urlsplit(request.url).netloc] = min(float(delay), self._max_delay)
