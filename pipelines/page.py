"""One page, explained: what was found, by which rule, and what was cut."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crawler.city import City, unnamed_city
from crawler.extract import Explanation
from crawler.extract import explain as explain_page
from crawler.item import Article, Reject
from crawler.settings import USER_AGENT
from pipelines import language
from pipelines.terminal import say, show_table

_TIMEOUT = 30
_LARGEST = 50_000_000


class PageError(ValueError):
    """A page that cannot be had; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One page: what extraction says, and the articles or rejects after the language step."""

    url: str
    city: str
    page: Explanation
    results: tuple[Article | Reject, ...]


def explain(source: str, url: str | None, cities: Mapping[str, City]) -> Explained:
    """Read a page from the web or from a file and explain it.

    `url` is where a file was saved from; it decides the city and with it the rules. A page of a
    host that no city names is read with the general rules. Raises `PageError`.
    """
    if source.startswith(("http://", "https://")):
        url, body, headers = _fetch(source)
    else:
        body, headers = _read(Path(source)), {}
        url = url or f"http://saved.invalid/{Path(source).name}"
    city = next((city for city in cities.values() if city.allows(url)), None)
    city = city or unnamed_city(url)
    page = explain_page(url, body, headers, city)
    if isinstance(page.result, Reject):
        return Explained(url, city.key, page, (page.result,))
    return Explained(url, city.key, page, language.judge(page.result))


def show(explained: Explained) -> None:
    """Print what `explain` found."""
    page = explained.page
    rows = [("url", explained.url, ""), ("city", explained.city, "host named in its file")]
    rows += [("encoding", page.encoding, "")]
    rows += [(field.name, field.value, field.rule) for field in page.fields]
    show_table(("field", "value", "found by"), rows)
    if page.opinions:
        say("")
        show_table(
            ("extractor", "likeness to the others", "characters"),
            [(said.name, said.likeness, len(said.text)) for said in page.opinions],
        )
    if page.cut:
        say("")
        show_table(("cut", "because"), [(cut.text, cut.reason) for cut in page.cut])
    for result in explained.results:
        say("")
        if isinstance(result, Reject):
            say(f"rejected: {result.reason}: {result.detail}")
        else:
            flags = ", ".join(result.flags) or "no flags"
            say(f"article {result.article_id}: {result.lang} {result.script}, {flags}")
            say(f"language: {result.lang_evidence}")
            say(result.text)


def as_json(explained: Explained) -> dict[str, Any]:
    """Return what `explain` found as a JSON object."""
    page = explained.page
    return {
        "url": explained.url,
        "city": explained.city,
        "encoding": page.encoding,
        "fields": {field.name: {"value": field.value, "rule": field.rule} for field in page.fields},
        "cut": [asdict(cut) for cut in page.cut],
        "opinions": [
            {"name": said.name, "likeness": said.likeness, "characters": len(said.text)}
            for said in page.opinions
        ],
        "results": [
            {"kind": "reject" if isinstance(result, Reject) else "article"} | asdict(result)
            for result in explained.results
        ],
    }


def _fetch(url: str) -> tuple[str, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.geturl(), response.read(_LARGEST), headers
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise PageError(f"{url}: cannot be fetched: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PageError(f"{path}: cannot be read ({error.strerror})") from error
