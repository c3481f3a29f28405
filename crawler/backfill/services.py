"""Web archives by name, address or folder: their indexes and their records."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

from crawler.backfill import cdx, columnar
from crawler.backfill.capture import Found, Window
from crawler.backfill.client import Client
from crawler.backfill.folder import Folder
from crawler.credentials import without_user
from crawler.errors import ShizhengError

COLLINFO = "https://index.commoncrawl.org/collinfo.json"
COMMON_CRAWL_RECORDS = "https://data.commoncrawl.org/"
WAYBACK_INDEX = "https://web.archive.org/cdx/search/cdx"
WAYBACK_REPLAY = "https://web.archive.org/web/"

Kind = Literal["crawls", "pywb", "wayback", "columnar", "folder"]

_WAYBACK_PATH = re.compile(r"/cdx/search/cdx/?$")
_CRAWL_PATH = re.compile(r"/(CC-MAIN-[\w-]+)-index/?$")
_TABLE_PATH = re.compile(r"/cc-index/|/crawl=")
_STORES = ("s3", "gs", "gcs", "abfs", "abfss", "file")
"""Schemes of stores that list a folder of Parquet themselves."""
_NO_INDEX = (400, 403, 404, 405, 410)
_FORMS = ("/collinfo.json", "/cdx/search/cdx", "/cdx", "-index", "-cdx")
"""Indexes below an address, in the order in which they are asked for."""
_PYWB_PATH = re.compile(r"(?:/cdx|-cdx|-index)/?$")


class SourceError(ShizhengError):
    """Words that name no web archive."""


@dataclass(frozen=True, slots=True)
class Service:
    """Web archive.

    `name` is its name in the tables, `index` the place of its index. Records are read by ranges of
    the files below `records`, or else replayed below `replay`, or in a folder.
    """

    name: str
    kind: Kind
    index: str
    records: str = ""
    replay: str = ""

    @property
    def key(self) -> str:
        """Identity of the archive, in plans."""
        return f"{self.name} {self.index}"

    @property
    def file_name(self) -> str:
        """Beginning of the names of the files with its records."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40] or "archive"
        return f"backfill-{plain}-{hashlib.sha256(self.key.encode()).hexdigest()[:8]}"

    @property
    def is_remote(self) -> bool:
        """True for an archive that is asked over a network."""
        return self.kind != "folder"


@dataclass(frozen=True, slots=True)
class Query:
    """Part of an index that is asked for at once.

    `origin` is its crawl or collection; `settled` is True if it never grows, such as the index of a
    crawl.
    """

    key: str
    place: str
    host: str = ""
    origin: str = ""
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A web archive in use, with its client or folder."""

    service: Service
    client: Client
    folder: Folder | None = None


def service_of(source: str, records: str | None = None, client: Client | None = None) -> Service:
    """Return the archive that a command names.

    `common-crawl`, `wayback`, the URL of an index (a `collinfo.json`, a CDX server of pywb or of
    the Wayback Machine's kind, Parquet of Common Crawl's columnar index), or a folder of WARC,
    WACZ or such Parquet files. `records` is the URL below which an index's files are. With a
    `client`, any other address is asked for an index. Raises `SourceError`, and `ServiceError`
    where one that was asked does not answer.
    """
    prefix = f"{records.rstrip('/')}/" if records else ""
    if records and not re.match("https?://[^/]", records):
        raise SourceError(f"{records}: expected the http address below which the files are")
    if source == "common-crawl":
        return Service(source, "crawls", COLLINFO, prefix or COMMON_CRAWL_RECORDS)
    if source == "wayback":
        return Service(source, "wayback", WAYBACK_INDEX, replay=WAYBACK_REPLAY)
    if "://" not in source:
        return _local(Path(source), prefix)
    source = without_user(source)  # no index takes one, and the address is stored and shown
    try:
        parts = urlsplit(source)
    except ValueError as error:
        raise SourceError(f"{source}: is no address of an index ({error})") from error
    name, path, remote = parts.netloc or parts.scheme, parts.path, parts.scheme in ("http", "https")
    if not remote and parts.scheme not in _STORES:
        raise SourceError(
            f"{source}: expected an address that begins with http, https, {', '.join(_STORES)}, "
            f"not {parts.scheme or 'none'}"
        )
    if remote and not parts.hostname:
        raise SourceError(f"{source}: is no address of an index (it names no host)")
    if path.endswith((".parquet", ".paths.gz", ".paths")) or not remote:
        root = source.partition("crawl-data/")[0].partition("cc-index/")[0]
        prefix = prefix or (root if remote else COMMON_CRAWL_RECORDS)
        return Service(name, "columnar", source, prefix)
    if path.endswith("collinfo.json"):
        return Service(name, "crawls", source, prefix or urljoin(source, "."))
    if _WAYBACK_PATH.search(path):
        base = _WAYBACK_PATH.sub("/web/", source.partition("?")[0])
        return Service(name, "wayback", source, replay=base)
    if _CRAWL_PATH.search(path):
        official = parts.hostname == urlsplit(COLLINFO).hostname
        root = COMMON_CRAWL_RECORDS if official else urljoin(source, ".")
        return Service(name, "pywb", source, prefix or root)
    if _PYWB_PATH.search(path):
        base = _PYWB_PATH.sub("/", source.partition("?")[0])
        return Service(name, "pywb", source, prefix, "" if prefix else base)
    if path.endswith("/") and _TABLE_PATH.search(path):
        root = source.partition("cc-index/")[0].partition("crawl=")[0]
        return Service(name, "columnar", source, prefix or root)
    found = _probed(client, source.partition("?")[0].rstrip("/")) if client else None
    if found is not None:
        return service_of(found, records)
    raise SourceError(
        f"{source}: is no known form of an index; expected …/collinfo.json, …/cdx/search/cdx, "
        "…/<collection>/cdx, …-index, …/cc-index-table.paths.gz or ….parquet"
    )


def _probed(client: Client, base: str) -> str | None:
    """Return the address of an index below an address, or None."""
    for form in _FORMS:
        asked = base + form + ("" if form.endswith(".json") else "?url=example.com")
        if client.get(asked, missing=_NO_INDEX).status == 200:
            return base + form
    return None


def _local(path: Path, prefix: str) -> Service:
    if path.is_file() and path.suffix == ".parquet":
        return Service("common-crawl", "columnar", str(path), prefix or COMMON_CRAWL_RECORDS)
    if not path.is_dir():
        raise SourceError(
            f"{path}: expected common-crawl, wayback, the URL of an index, or a folder"
        )
    if next(path.rglob("*.parquet"), None) is not None:
        return Service("common-crawl", "columnar", str(path), prefix or COMMON_CRAWL_RECORDS)
    return Service(path.resolve().name, "folder", str(path))


def queries(opened: Opened, hosts: tuple[str, ...], window: Window) -> Iterator[Query]:
    """Yield the parts of an index, oldest first. Raises `ServiceError`."""
    service, client, folder = opened.service, opened.client, opened.folder
    if folder is not None:
        for file in folder.files():
            name = file.encode("utf-8", "backslashreplace").decode()
            yield Query(f"{name} {folder.size(file)}", file, origin=Path(file).name)
    elif service.kind == "columnar":
        for file in columnar.table_files(client, service.index):
            yield Query(file, file)
    elif service.kind == "crawls":
        for crawl in cdx.crawls(client, service.index, window):
            for host in hosts:
                yield Query(f"{crawl.name} {host}", crawl.api, host, crawl.name)
    else:
        for host in hosts:
            named = _CRAWL_PATH.search(urlsplit(service.index).path)
            origin = named[1] if named else ""
            key = f"{service.index} {host}"
            yield Query(key, service.index, host, origin, settled=named is not None)


def captures(
    opened: Opened, query: Query, hosts: tuple[str, ...], window: Window, cursor: str
) -> Iterator[Found]:
    """Yield the captures of one query, from a cursor on. Raises `ServiceError`."""
    service, client, folder = opened.service, opened.client, opened.folder
    if folder is not None:
        yield from folder.captures(query.place)
    elif service.kind == "columnar":
        yield from columnar.captures(client, query.place, hosts)
    else:
        asked = cdx.Asked(query.place, query.host, window, query.origin)
        ask = cdx.wayback_captures if service.kind == "wayback" else cdx.pywb_captures
        yield from ask(client, asked, cursor)
