"""A page in a browser, with its requests and complaints."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page


@dataclass
class Opened:
    """A page with everything it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def opened(browser: Browser, url: str, **options: object) -> Opened:
    """Open a page in a context of its own.
    `options` are those of the context."""
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | options
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    seen = Opened(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    page.goto(url)
    return seen
