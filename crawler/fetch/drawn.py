"""How pages that a script draws are downloaded; needs the browser extra (see `browser.py`)."""

from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.fetch.heads import BoundedHandler


class BrowserHandler(ScrapyPlaywrightDownloadHandler, BoundedHandler):  # type: ignore[misc]
    """A handler that gives marked requests to the browser; all others are bounded as usual."""
