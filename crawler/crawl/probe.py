"""Polite look at a few pages of a site: `python -m crawler.crawl.probe`.

`fetch URL` downloads one page. `check FILE.yaml` reads one list page of each source and the first
articles it names. `detect URL…` finds the CMS family of lists, and reads an article of each. `find
URL…` looks for the news lists of a site from its home page. All print one JSON document. The layers
of a crawl apply (hosts, robots.txt, delays, limits); nothing is stored or archived.
"""

import argparse
import base64
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler import issues
from crawler.city import City, Source, Tls
from crawler.city_file import CityError, load_city
from crawler.cms import FAMILIES, columns, detection
from crawler.cms.data import read_json
from crawler.cms.family import Link, Listing
from crawler.crawl.articles import code_of, description
from crawler.crawl.finding import Look, find
from crawler.errors import ExitCode
from crawler.extract.article import extract
from crawler.extract.charset import decode
from crawler.extract.consensus import is_chinese
from crawler.fetch import browser, certificates
from crawler.fetch.guards import check_host
from crawler.fetch.pages import answer_of, request_to
from crawler.item import Article, Reject
from crawler.legible import visible
from crawler.marked import Address, patterns_of
from crawler.unpacking import opened

ARTICLES = 2
"""Articles read of each list; set by hand: one may be an odd page."""

_FURTHER = 3
"""Pages that a list without entries names and that are looked at; set by hand."""
_FIELDS = ("title", "text", "published_at", "source", "author", "column")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page; or none, with the reason.

    `code` is an issue code, empty for a page.
    """

    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""
    evidence: str = ""

    @property
    def text(self) -> str:
        return decode(self.body, self.headers).text


@dataclass(frozen=True, slots=True)
class Read:
    """One article as tried: the fields found, or the reason for none."""

    url: str
    fields: dict[str, Any] = field(default_factory=dict)
    lang: str = ""
    code: str = ""
    evidence: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Probe(Spider):
    """Fetches the lists of `city`, or `urls` to detect, into `result`."""

    name = "probe"
    city: City
    urls: Sequence[str] = ()
    page: str = ""
    finding: bool = False
    result: list[dict[str, Any]]

    async def start(self) -> AsyncIterator[Any]:
        """Do the whole job, one awaited request after the other."""
        if self.page:
            self.result.append(_portable(await self._fetch(self.page, kind="page")))
            return
        for source in self.city.listings if not self.urls else ():
            self.result.append(await self._check(source))
        for url in self.urls:
            self.result += await find(self, url) if self.finding else [await self._detect(url)]
        return
        yield  # nothing is scheduled, and yet Scrapy wants an iterator

    async def _check(self, source: Source) -> dict[str, Any]:
        result: dict[str, Any] = {
            "line": source.line,
            "lang": source.lang,
            "cms": source.cms,
            "list": source.list,
            "links": 0,
            "pages": 0,
            "newest": None,
            "articles": [],
        }
        if source.render and not browser.is_installed():
            return result | _fault("browser_missing", browser.MISSING)
        page, listing = await self._list(source)
        if page.code:
            return result | _fault(page.code, page.evidence)
        if columns.is_home(page.url) and not columns.is_home(source.list):
            return result | _fault("redirected_away", f"it leads to the home page {page.url}")
        links = [link for link in listing.links if source.wants(link.url)]
        result |= {"links": len(links), "pages": 1 + len(listing.more), "newest": _newest(links)}
        allowed = [link for link in links if self.city.allows(link.url)]
        if not allowed:
            code, reason = "list_empty", f"{len(listing.links)} links, none of them an article's"
            if links:
                code = "links_off_host"
                reason = f"all {len(links)} articles are on hosts that the city does not name"
            return result | _fault(code, f"{page.url}: {reason} ({source.cms})")
        tried = [await self._read(link.url, self.city) for link in allowed[:ARTICLES]]
        result["articles"] = [_plain(read) for read in tried]
        if all(read.code for read in tried):
            return result | _fault(tried[0].code, tried[0].evidence)
        return result | _fault(None, None)

    async def _list(self, source: Source) -> tuple[Fetched, Listing]:
        """Return a list page, or the first further one with articles."""
        page = await self._fetch(source.list, kind="list", rendered=source.render is not None)
        if page.code:
            return page, Listing()
        listing = FAMILIES[source.cms].read_list(page.text, page.url)
        if any(source.wants(link.url) for link in listing.links):
            return page, listing
        for further in listing.more[:_FURTHER]:
            page = await self._fetch(further, kind="list")
            if page.code:
                continue
            at = Address.of(page.url, patterns_of(further))
            listing = FAMILIES[source.cms].read_list(page.text, at)
            if any(source.wants(link.url) for link in listing.links):
                break
        return page, listing

    async def _detect(self, url: str) -> dict[str, Any]:
        look = await self.look(url)
        return look.facts if look.code else look.facts | await self.sample(look)

    async def read_page(self, url: str) -> tuple[str, str, str]:
        """Return final address, text, and issue code ("" for a page)."""
        page = await self._fetch(url, kind="list")
        return page.url, "" if page.code else page.text, page.code

    def admit(self, url: str) -> None:
        """Let the host of a URL be asked."""
        host = urlsplit(url).netloc
        if host and not self.city.allows(url):
            self.city = replace(self.city, hosts=(*self.city.hosts, host))

    async def look(self, url: str) -> Look:
        """Return a list page as looked at: family, entries, or the fault."""
        result: dict[str, Any] = {"list": url, "render": None, **_fault(None, None)}
        page = await self._fetch(url, kind="list")
        if page.code:
            return Look(result | _fault(page.code, page.evidence))
        found = detection.family_of(page.text, page.url) or await self._behind(page)
        if found is None and browser.is_installed():
            drawn = await self._fetch(url, kind="list", rendered=True)
            found = detection.family_of(drawn.text, drawn.url)
            if found is not None:
                page, result["render"] = drawn, "browser"
        if found is None:
            reason = f"{len(page.body)} bytes, and no family knows its links"
            if not browser.is_installed():
                reason += f" ({browser.MISSING})"
            return Look(result | _fault("list_empty", reason))
        listing: Listing = found.listing
        if found.data_url:
            answer = await self._fetch(found.data_url, kind="list")
            listing = FAMILIES[found.cms].read_list(answer.text, answer.url)
        if self.finding:
            for link in listing.links:
                if columns.site_of(link.url) == columns.site_of(url):
                    self.admit(link.url)
        links = [link for link in listing.links if self.city.allows(link.url)]
        if not links:
            others = sorted({urlsplit(link.url).netloc for link in listing.links})
            reason = f"{len(listing.links)} articles, all on {', '.join(others)} ({found.cms})"
            return Look(result | _fault("links_off_host", reason))
        result |= {
            "cms": found.cms,
            "links": len(links),
            "hosts": sorted({urlsplit(link.url).netloc for link in links}),
            "newest": _newest(links),
            "name": detection.city_name(page.text),
            "pattern": detection.pattern_of(links),
            "column": detection.column_of(links),
        }
        return Look(result, links)

    async def _behind(self, page: Fetched) -> detection.FamilyGuess | None:
        """Return the data that a page without entries loads, or None."""
        family = FAMILIES["generic"]
        for further in family.read_list(page.text, page.url).more[:_FURTHER]:
            answer = await self._fetch(further, kind="list")
            if answer.code or read_json(answer.text) is None:
                continue
            at = Address.of(answer.url, patterns_of(further))
            listing = family.read_list(answer.text, at)
            if len(listing.links) >= detection.ENOUGH:
                return detection.FamilyGuess(family.name, listing)
        return None

    async def sample(self, look: Look) -> dict[str, Any]:
        """Return language and article of a list, or the fault."""
        return await self._sample(look.facts["cms"], look.facts["list"], look.links)

    async def _sample(self, cms: str, url: str, links: Sequence[Link]) -> dict[str, Any]:
        """Return the first readable article of a list, or the fault."""
        host = urlsplit(url).netloc
        source = Source(lang="zh", cms=cms, list=url)
        hosts = (host, *{urlsplit(link.url).netloc for link in links} - {host})
        trial = City(key="probe", name_zh="", name_en="", hosts=hosts, sources=(source,))
        last = Read(url)
        for link in links[: ARTICLES + 1]:
            last = await self._read(link.url, trial)
            if not last.code:
                page = {"url": last.url, "fields": last.fields, "headers": last.headers}
                return {"lang": last.lang, "article": page | {"body": last.body.hex()}}
        return _fault(last.code, f"{last.url}: {last.evidence}")

    async def _read(self, url: str, city: City) -> Read:
        page = await self._fetch(url, kind="article")
        if page.code:
            return Read(page.url, code=page.code, evidence=page.evidence)
        found = extract(page.url, page.body, page.headers, city)
        if isinstance(found, Reject):
            return Read(page.url, code=found.reason, evidence=found.detail)
        lang = "zh" if is_chinese(found.text) else "en"
        return Read(page.url, _fields(found), lang, body=page.body, headers=page.headers)

    async def _fetch(self, url: str, *, kind: str, rendered: bool = False) -> Fetched:
        request = request_to(url, {"kind": kind} | (browser.meta() if rendered else {}))
        try:
            response = await self.crawler.engine.download_async(request)
            if rendered:
                check_host(response.url, self.city)
        except Exception as error:
            code, evidence = issues.of_error(error)
            return Fetched(url, code=code, evidence=evidence)
        answer = answer_of(response)
        headers = dict(answer.headers)
        code = code_of(answer)
        if kind == "page" and 200 <= answer.status < 300:
            code = ""  # its faults are to be explained
        if not code or (code == "empty_shell" and kind == "list"):
            return Fetched(answer.url, opened(answer.body), headers)
        return Fetched(answer.url, answer.body, headers, code, description(answer))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one probe and return the exit code.

    0 if there is a result, 2 for a usage error.
    """
    parser = argparse.ArgumentParser(prog="python -m crawler.crawl.probe", description=__doc__)
    parser.add_argument("task", choices=("check", "detect", "find", "fetch"))
    parser.add_argument("subjects", nargs="+", metavar="FILE|URL")
    parser.add_argument("--host", action="append", default=[], help="another host of the site")
    parser.add_argument("--tls-waiver", default="", help="reason to accept any TLS certificate")
    args = parser.parse_args(argv)
    if args.task == "fetch":
        page = args.subjects[0]
        result = _run(_anywhere([page], args.host, args.tls_waiver), (), page)
    elif args.task == "check":
        try:
            city = load_city(Path(args.subjects[0]))
        except CityError as error:
            sys.stderr.write(visible(str(error)) + "\n")
            return ExitCode.USAGE
        result = _run(city, ())
    else:
        site = _anywhere(args.subjects, args.host, args.tls_waiver)
        result = _run(site, args.subjects, finding=args.task == "find")
    sys.stdout.write(json.dumps(result) + "\n")
    return ExitCode.DONE


def _run(
    city: City, urls: Sequence[str], page: str = "", *, finding: bool = False
) -> list[dict[str, Any]]:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    layers = dict(settings.getdict("DOWNLOADER_MIDDLEWARES"))
    layers["crawler.fetch.guards.Archiver"] = None
    given: dict[str, Any] = {
        "DOWNLOADER_MIDDLEWARES": layers,
        "ITEM_PIPELINES": {},
        "LOG_LEVEL": "ERROR",
        "RETRY_TIMES": 1,
        **certificates.settings(city),
    }
    if browser.is_installed() and (urls or browser.needed(city)):
        given |= browser.settings(city)
    settings.setdict(given, priority="cmdline")
    result: list[dict[str, Any]] = []
    job = {"city": city, "urls": tuple(urls), "page": page, "finding": finding, "result": result}
    probe = type("CityProbe", (Probe,), job)
    process = AsyncCrawlerProcess(settings)
    process.crawl(probe)
    process.start()
    return result


def _anywhere(urls: Sequence[str], others: Sequence[str], waiver: str = "") -> City:
    """Return a city with the hosts of `urls` and the `others`.

    `waiver` is the reason to accept any TLS certificate of theirs.
    """
    hosts = tuple(dict.fromkeys([*(urlsplit(url).netloc for url in urls), *others]))
    tls = Tls(verify=False, reason=waiver) if waiver else Tls()
    return City(key="probe", name_zh="", name_en="", hosts=hosts, sources=(), tls=tls)


def _fault(code: str | None, evidence: str | None) -> dict[str, Any]:
    """Return the part of a result for a fault, or for none."""
    return {"code": code, "evidence": evidence}


def _newest(links: Sequence[Link]) -> str | None:
    """Return the newest day that a list shows, or None."""
    return max((link.date.isoformat() for link in links if link.date), default=None)


def _portable(page: Fetched) -> dict[str, Any]:
    """Return a page as JSON values."""
    return asdict(page) | {"body": base64.b64encode(page.body).decode()}


def _fields(article: Article) -> dict[str, Any]:
    values = asdict(article)
    found = {name: values[name] for name in (*_FIELDS, "published_precision", "extractor")}
    found |= {name: list(values[name]) for name in ("keywords", "images", "attachments")}
    found |= {name: list(values[name]) for name in ("captions", "flags", "parts")}
    at = article.published_at
    return found | {"published_at": at.isoformat(timespec="minutes") if at else None}


def _plain(read: Read) -> dict[str, Any]:
    """Return an article's part of a check's result.

    The names of the fields found, and the extractor that found them.
    """
    found = [name for name in _FIELDS if read.fields.get(name)]
    result: dict[str, Any] = {"url": read.url, "code": read.code or None}
    if read.code:
        return result | {"evidence": read.evidence}
    return result | {
        "fields": found,
        "title": read.fields["title"],
        "published_at": read.fields["published_at"],
        "characters": len(read.fields["text"]),
        "extractor": read.fields["extractor"],
        "lang": read.lang,
    }


if __name__ == "__main__":
    sys.exit(main())
