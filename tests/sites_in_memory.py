"""Engine that answers a crawl's or a probe's requests from memory, and a probe upon it."""

from collections.abc import Mapping

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from crawler.city import City
from crawler.crawl.probe import Probe


class Pages:
    """Pages by URL, a status without a page, or an error to raise; else 404."""

    def __init__(self, pages: Mapping[str, str | int | Exception]) -> None:
        self.pages, self.asked = pages, list[str]()

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request.url)
        found = self.pages.get(request.url, 404)
        if isinstance(found, Exception):
            raise found
        status = found if isinstance(found, int) else 200
        body = f"<p>{found}</p>" if isinstance(found, int) else found
        head = {"Content-Type": "text/html; charset=utf-8"}
        return HtmlResponse(request.url, status, head, body.encode(), request=request)


def probe_of(city: City, pages: Pages, *, finding: bool = False) -> Probe:
    """Return a probe of a city whose pages are in memory."""
    crawler = get_crawler(Probe)
    crawler.engine = pages  # type: ignore[assignment]
    probe = Probe()
    probe.crawler, probe.city, probe.finding = crawler, city, finding
    return probe
