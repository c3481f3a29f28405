"""Download handler for pages drawn by a script.

A module of its own, because it can be imported with the browser extra alone.
"""

from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.fetch.heads import BoundedHandler


class BrowserHandler(ScrapyPlaywrightDownloadHandler, BoundedHandler):  # type: ignore[misc]
    """Passes marked requests to the browser; all others are bounded as usual."""
