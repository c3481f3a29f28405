"""Downloader middlewares: only the city's hosts, robots.txt, only pages, unpacking, the archive.

And redirects: Scrapy's, with an error of their own for a target that is no address, and those that
a page makes by script or meta refresh.
"""

from urllib.parse import urldefrag, urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import BaseRedirectMiddleware, RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http import Headers, Response
from scrapy.robotstxt import RobotParser

from crawler.archive.writer import Exchange
from crawler.city import City
from crawler.crawl.session import CrawlPart, Session
from crawler.credentials import without_user
from crawler.extract.forwarding import forward_of
from crawler.extract.refusals import diagnose
from crawler.fetch.pages import address_of, header_pairs, lower_headers
from crawler.issues import BadRedirect, NotAPage, OffHost, RobotsUnreachable, of_error
from crawler.state.visits import visit_of
from crawler.unpacking import TOO_LARGE, is_packed, unpacked

MAX_ROBOTS = 500 << 10
"""Bytes of a robots.txt that are read: the least that RFC 9309, 2.5 allows."""

_NO_PAGES = (
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/pdf",
    "application/zip",
    "application/msword",
    "application/vnd.",
    "application/x-rar",
    "application/x-7z",
)
"""Declared types without an article. `application/octet-stream` may be anything: it is read."""


class HostGuard(CrawlPart):
    """Refuses requests to hosts outside the city file, redirects included."""

    def process_request(self, request: Request) -> Request | None:
        # A redirect may give a user name; it is neither requested, recorded nor archived.
        plain = without_user(request.url)
        check_host(plain, self.city)
        return None if plain == request.url else request.replace(url=plain)


class RobotsGuard(CrawlPart):
    """Refuses requests to a host with an unreachable robots.txt (RFC 9309, 2.3.1.4).

    Scrapy takes an error page for rules that allow everything. A robots.txt that is absent (4xx) or
    leads to another host does allow everything (2.3.1.3). Comes after Scrapy's own layer, the one
    that fetches the file, and asks its rules again: of the requests that wait there for one file,
    Scrapy (2.19) gives the rules to the first only, and the others pass.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._agent = str(crawler.settings["ROBOTSTXT_USER_AGENT"])
        self._unreachable: dict[str, tuple[str, str]] = {}
        self._rules: dict[str, RobotParser] = {}
        crawler.signals.connect(self._robots_parsed, signals.robots_parsed)

    def process_request(self, request: Request) -> None:
        if _is_robots(request):
            return
        if found := self._unreachable.get(_origin(request)):
            code, reason = found
            raise RobotsUnreachable(f"robots.txt cannot be had: {reason}", code)
        rules = self._rules.get(urlsplit(request.url).netloc)
        if rules and not rules.allowed(request.url, self._agent):
            raise IgnoreRequest("Forbidden by robots.txt")

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        self._rules[urlsplit(request.url).netloc] = robotparser

    def process_response(self, request: Request, response: Response) -> Response:
        if not _is_robots(request):
            return response
        if response.status >= 500:
            self._unreachable[_origin(request)] = "robots", f"status {response.status}"
        elif is_packed(lower_headers(response.headers)):
            self._unreachable[_origin(request)] = "robots", TOO_LARGE
        return response.replace(body=readable_robots(response.body))

    def process_exception(self, request: Request, exception: Exception) -> None:
        # A reason that hides robots.txt hides the pages, too; one off the hosts allows them.
        if _is_robots(request) and not isinstance(exception, OffHost):
            self._unreachable[_origin(request)] = of_error(exception)


class OnlyPages(CrawlPart):
    """Breaks off downloads of a declared type without an article.

    A list may link to a film; its body is neither wanted nor worth the site's bandwidth.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._refused: dict[str, str] = {}
        crawler.signals.connect(self._headers_received, signals.headers_received)

    def _headers_received(self, headers: Headers, request: Request) -> None:
        declared = (headers.get("Content-Type") or b"").decode("latin-1").lower()
        if declared.startswith(_NO_PAGES) and not _is_robots(request):
            self._refused[request.url] = declared
            raise StopDownload(fail=True)

    def process_exception(self, request: Request, exception: Exception) -> None:
        declared = self._refused.pop(request.url, None)
        if declared is not None:
            raise NotAPage(f"its type is {declared}") from exception


class Unpacker(CrawlPart):
    """Removes the content coding of responses, within a size limit.

    A response that unpacks to more stays packed.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        if b"Content-Encoding" not in response.headers:
            return response
        headers, body = unpacked(lower_headers(response.headers), response.body)
        if "content-encoding" in headers:
            return response
        kept = {k: v for k, v in dict(response.headers).items() if k != b"Content-Encoding"}
        return response.replace(headers=kept, body=body)


class Archiver(CrawlPart):
    """Archives every response as sent, before any other layer.

    One off the city's hosts is refused: a browser behind a proxy follows redirects by itself.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        session = self.session
        check_host(response.url, session.city)
        kind = request.meta.get("kind") or ("robots" if _is_robots(request) else "other")
        # Behind a proxy the address would be the proxy's.
        address = None if "proxy" in request.meta else response.ip_address
        exchange = Exchange(
            url=urldefrag(address_of(request, response))[0],
            method=request.method,
            request_headers=header_pairs(request.headers),
            request_body=request.body,
            listed=request.meta.get("listed", ""),
            status=response.status,
            headers=header_pairs(response.headers),
            body=response.body,
            fetched_at=session.now(),
            kind=kind,
            protocol=response.protocol or "HTTP/1.1",
            ip=str(address) if address else None,
        )
        visits = session.visits
        if exchange.status == 304:
            session.archive.write(exchange, confirmed=visits.payload_of(exchange.url))
            visits.confirm(exchange.url, exchange.fetched_at)
            return response
        place = session.archive.write(exchange)
        visit = visit_of(
            exchange.url,
            exchange.status,
            lower_headers(response.headers),
            kind=kind,
            digest=exchange.digest,
            place=place,
        )
        visits.record(visit, exchange.fetched_at)
        return response


class Redirects(RedirectMiddleware):
    """Follows redirects; one without an address is a `BadRedirect`."""

    def process_response(  # type: ignore[override]  # Scrapy's may be given the spider, too
        self, request: Request, response: Response
    ) -> Request | Response:
        try:
            return super().process_response(request, response)
        except ValueError as error:
            target = (response.headers.get("Location") or b"").decode("latin-1")
            raise BadRedirect(f"it leads to no address: {target[:200]!r} ({error})") from error


class Forwards(BaseRedirectMiddleware):
    """Follows pages that only lead elsewhere, as redirects are followed.

    Comes after the unpacking; the hosts allowed are checked as for any request.
    """

    enabled_setting = "REDIRECT_ENABLED"

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status != 200 or _is_robots(request):
            return response
        url, headers = urldefrag(response.url)[0], lower_headers(response.headers)
        if diagnose(url, 200, headers, response.body) != "moved":
            return response
        target = forward_of(url, response.body, headers)
        assert target is not None  # that is what the diagnosis says
        followed = self._redirect_request_using_get(request, response, target)
        # It is another page: what the first was asked with is no condition for it.
        for name in ("If-None-Match", "If-Modified-Since"):
            followed.headers.pop(name, None)
        followed = self._redirect(followed, request, "page")
        session: Session | None = getattr(self.crawler.spider, "session", None)
        if session is not None:
            session.visits.lead(url, target)
        return followed


def readable_robots(body: bytes) -> bytes:
    """Return the whole lines in the first `MAX_ROBOTS` bytes of a robots.txt."""
    if len(body) <= MAX_ROBOTS:
        return body
    return body[: body.rfind(b"\n", 0, MAX_ROBOTS) + 1]


def check_host(url: str, city: City) -> None:
    """Raise `OffHost` for a URL on a foreign host."""
    if not city.allows(url):
        raise OffHost(f"{urlsplit(without_user(url)).netloc} is not among the hosts of {city.key}")


def _is_robots(request: Request) -> bool:
    """Return True for Scrapy's request for a robots.txt, redirected or not."""
    return bool(request.meta.get("dont_obey_robotstxt"))


def _origin(request: Request) -> str:
    parts = urlsplit(request.meta.get("redirect_urls", [request.url])[0])
    return f"{parts.scheme}://{parts.netloc}"
