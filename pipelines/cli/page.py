"""Explanation of one page: fields found, their rules, text cut."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from crawler.city import City, unnamed_city
from crawler.credentials import without_user
from crawler.errors import ExitCode, ShizhengError
from crawler.extract.article import Explanation, explain_page
from crawler.item import Article, Reject
from crawler.ordinary import ordinary
from pipelines.articles.article_language import judge
from pipelines.terminal import say, show_table

LIMIT = 180
"""Seconds for fetching a page: robots.txt, redirects and a retry included. Set by hand."""

_ADDRESS = "an address on the web, http://… or https://…"


class PageError(ShizhengError):
    """File or address that cannot be read. The message names the expectation."""


class PageNotHadError(ShizhengError):
    """Page refused by its site or a rule, with the reason."""

    exit_code = ExitCode.UNUSABLE


@dataclass(frozen=True, slots=True)
class Explained:
    """Extraction of a page, and its results after the language step."""

    url: str | None
    city: str | None
    page: Explanation
    results: tuple[Article | Reject, ...]


def explain(source: str, url: str | None, cities: Mapping[str, City]) -> Explained:
    """Explain a page from the web or from a file.

    `url` is the address that a file was saved from; it decides the city and with it the rules. A
    page of a host that no city names is read with the general rules. Raises `PageError`,
    `PageNotHadError`.
    """
    if _is_address(source):
        url, body, headers = _fetch(source, cities)
    elif "://" in source:
        raise PageError(f"{source}: expected {_ADDRESS}, or a file")
    else:
        if url is not None and not _is_address(url):
            raise PageError(f"{url}: expected {_ADDRESS} for --url")
        url = url and without_user(url)
        body, headers = _read(Path(source)), {}
    named = next((city for city in cities.values() if url and city.allows(url)), None)
    # Extraction needs an address. That of a file of which nobody gave it is not shown.
    address = url or f"http://saved.invalid/{quote(Path(source).name)}"
    page = explain_page(address, body, headers, named or unnamed_city(address))
    results = (page.result,) if isinstance(page.result, Reject) else judge(page.result)
    return Explained(url, named.key if named else None, page, results)


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def show(explained: Explained) -> None:
    """Print an explanation as tables."""
    page = explained.page
    rows = [("url", explained.url, "" if explained.url else "unknown: name it with --url")]
    rows += [("city", explained.city, "host named in its file" if explained.city else "no file")]
    rows += [("encoding", page.encoding, "")]
    rows += [(field.name, field.value, field.rule) for field in page.fields]
    show_table(("field", "value", "found by"), rows)
    if page.opinions:
        say("")
        show_table(
            ("extractor", "likeness to the others", "characters"),
            [(other.name, other.likeness, len(other.text)) for other in page.opinions],
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
    """Return an explanation as a JSON object."""
    page = explained.page
    return {
        "url": explained.url,
        "city": explained.city,
        "encoding": page.encoding,
        "fields": {field.name: {"value": field.value, "rule": field.rule} for field in page.fields},
        "cut": [asdict(cut) for cut in page.cut],
        "opinions": [
            {"name": other.name, "likeness": other.likeness, "characters": len(other.text)}
            for other in page.opinions
        ],
        "results": [
            {"kind": "reject" if isinstance(result, Reject) else "article"} | asdict(result)
            for result in explained.results
        ],
    }


def _fetch(url: str, cities: Mapping[str, City]) -> tuple[str, bytes, dict[str, str]]:
    """Return URL, body and headers of a page fetched as in crawls.

    A process of its own fetches it.
    """
    url = without_user(url)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
        city = next((city for city in cities.values() if city.allows(url)), None)
    except ValueError:
        usable, city = False, None
    if not usable:
        raise PageError(f"{url}: expected an address such as https://www.example.org/page.html")
    options = [f"--host={host}" for host in (city.hosts if city else ())]
    if city and not city.tls.verify:
        options.append(f"--tls-waiver={city.tls.reason}")
    command = [sys.executable, "-m", "crawler.crawl.probe", "fetch", *options, "--", url]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise PageNotHadError(
            f"{url}: cannot be fetched: not answered to the end within {LIMIT} seconds"
        ) from None
    try:
        page = json.loads(ended.stdout)[0]
    except (ValueError, IndexError):
        last = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise PageNotHadError(f"{url}: cannot be fetched: {last or 'no answer'}") from None
    if page["code"]:
        raise PageNotHadError(
            f"{url}: cannot be fetched: {page['evidence']} "
            f"({page['code']}, see docs/reference/crawling.md)"
        )
    return page["url"], base64.b64decode(page["body"]), page["headers"]


def _read(path: Path) -> bytes:
    try:
        return ordinary(path).read_bytes()
    except OSError as error:
        raise PageError(f"{path}: cannot be read ({error.strerror})") from error
