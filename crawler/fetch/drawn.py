"""Download handler for pages drawn by a script.

A module of its own, because it can be imported with the browser extra alone.
"""

from scrapy.crawler import Crawler
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.fetch import certificates
from crawler.fetch.heads import BoundedHandler


class BrowserHandler(ScrapyPlaywrightDownloadHandler, BoundedHandler):  # type: ignore[misc]
    """Passes marked requests to the browser; all others are bounded as usual.

    The browser verifies certificates if the crawl does.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        waived = not crawler.settings.getbool(certificates.SETTING)
        contexts = self.config.startup_context_kwargs
        for name, options in contexts.items():
            contexts[name] = {**options, "ignore_https_errors": waived}
