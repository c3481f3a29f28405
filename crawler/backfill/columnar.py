"""Common Crawl's columnar index: Parquet on a disk, over HTTP, in S3.

Layout: https://github.com/commoncrawl/cc-index-table. The files of a crawl are sorted by SURT key;
`crawl` and `subset` are names of folders, no columns. Row groups without a city's domain are passed
over by their statistics, others by their hosts; only the columns needed are read, and over HTTP
with ranges joined.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from crawler.backfill.capture import Capture, joined, problem_of
from crawler.backfill.client import Client, ServiceError
from crawler.ordinary import ordinary

if TYPE_CHECKING:
    import pyarrow.parquet as pq

HOST, DOMAIN = "url_host_name", "url_host_registered_domain"
COLUMNS = (
    "url",
    "fetch_time",
    "fetch_status",
    "content_digest",
    "content_mime_type",
    "content_mime_detected",
    "content_languages",  # since CC-MAIN-2018-39
    "content_truncated",  # since CC-MAIN-2019-47
    "warc_filename",
    "warc_record_offset",
    "warc_record_length",
)
TAIL = 1 << 16
"""Bytes read first, from the end of a file: the footer of thirty columns and a dozen row groups."""
GAP, LONGEST = 1 << 20, 32 << 20
"""Bytes between two column chunks that are read along rather than asked for apart, and bytes of one
request: at half a second's pause a request costs what a megabyte does. Set by hand."""
ROWS = 1 << 14
"""Rows decoded at a time: four megabytes."""

_LINK = re.compile(r"""href=["']([^"'?#]+)""", re.IGNORECASE)
_CRAWL = re.compile(r"crawl=([^/]+)/")
_SUBSET = re.compile(r"subset=([^/]+)/")


def table_files(client: Client, place: str) -> list[str]:
    """Return the Parquet files of a table's subset `warc`, sorted.

    `place` is a folder, the URL of one (s3://, or with a web server's list of its files), a Parquet
    file by path or URL, or the URL of a crawl's list of paths,
    `…/crawl-data/<crawl>/cc-index-table.paths.gz`. Raises `ServiceError`.
    """
    if place.endswith((".paths.gz", ".paths")):
        root = place.partition("crawl-data/")[0]
        found = [root + path for path in _paths(client, place)]
    elif place.endswith(".parquet"):
        found = [place]
    elif place.startswith(("http://", "https://")):
        found = list(_listed(client, place))
    elif "://" in place:
        import pyarrow as pa
        from pyarrow import fs

        try:
            system, path = fs.FileSystem.from_uri(place)
            every = system.get_file_info(fs.FileSelector(path, recursive=True))
        except (pa.ArrowException, OSError) as error:
            raise ServiceError(f"{place}: cannot be listed ({error})") from error
        scheme = place.partition("://")[0]
        found = [f"{scheme}://{info.path}" for info in every if info.path.endswith(".parquet")]
    else:
        found = [str(path) for path in Path(place).rglob("*.parquet")]
    wanted = (_SUBSET.search(path) for path in found)
    return sorted(
        path
        for path, subset in zip(found, wanted, strict=True)
        if subset is None or subset[1] == "warc"
    )


def _paths(client: Client, place: str) -> list[str]:
    """Return the lines of a list of paths."""
    data = client.listed(place)
    try:
        text = (gzip.decompress(data) if place.endswith(".gz") else data).decode()
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise ServiceError(f"{place}: is no list of paths ({error}); check it") from error
    paths = [line.strip() for line in text.splitlines() if line.strip()]
    if strange := [path for path in paths if not path.endswith(".parquet")]:
        raise ServiceError(f"{place}: expected paths of Parquet files, found {strange[0][:60]!r}")
    return paths


def _listed(client: Client, folder: str) -> Iterator[str]:
    """Yield the Parquet files in and below a listed folder."""
    page = client.listed(folder).decode("utf-8", "replace")
    for link in dict.fromkeys(_LINK.findall(page)):
        url = unquote(urljoin(folder, unescape(link)))  # crawl%3D… is how Python lists it
        if url.startswith(folder) and url != folder:
            if url.endswith(".parquet"):
                yield url
            elif url.endswith("/"):
                yield from _listed(client, url)


def captures(client: Client, file: str, hosts: Iterable[str]) -> Iterator[Capture]:
    """Yield the captures of hosts in one file. Raises `ServiceError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    crawl = _CRAWL.search(file)
    origin = crawl[1] if crawl else Path(file).stem
    wanted = set(hosts)
    domains = {registered_domain(host) for host in wanted}
    try:
        with _opened(client, file) as source:
            parquet = pq.ParquetFile(source)
            lacking = {"url", "fetch_time", "warc_filename", HOST} - {*parquet.schema_arrow.names}
            if lacking:
                raise ServiceError(f"{file}: has no column {', '.join(sorted(lacking))}")
            for group in range(parquet.num_row_groups):
                if _may_have(parquet.metadata.row_group(group), domains) and _has(
                    parquet, source, group, wanted
                ):
                    yield from _group(parquet, source, group, hosts=wanted, origin=origin)
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:  # other types of columns
        raise ServiceError(f"{file}: cannot be read as Parquet ({error})") from error


def registered_domain(host: str) -> str:
    """Return the domain below the public suffix, or the host."""
    import tldextract

    # The list that comes with the package: nothing is fetched.
    split = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    return split(host).top_domain_under_public_suffix or host


def _may_have(group: Any, domains: set[str]) -> bool:
    """Return False for a row group without the domains, by statistics."""
    for position in range(group.num_columns):
        column = group.column(position)
        if column.path_in_schema == DOMAIN and column.is_stats_set:
            statistics = column.statistics
            if statistics.has_min_max:
                return any(statistics.min <= domain <= statistics.max for domain in domains)
    return True


def _has(parquet: "pq.ParquetFile", source: Any, group: int, hosts: set[str]) -> bool:
    _fetch(parquet, source, group, [HOST])
    return any(
        not hosts.isdisjoint(batch.column(0).unique().to_pylist())
        for batch in parquet.iter_batches(ROWS, row_groups=[group], columns=[HOST])
    )


def _group(
    parquet: "pq.ParquetFile", source: Any, group: int, *, hosts: set[str], origin: str
) -> Iterator[Capture]:
    """Yield the captures of hosts in one row group."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = set(parquet.schema_arrow.names)
    columns = [HOST, *(name for name in COLUMNS if name in known)]
    _fetch(parquet, source, group, columns)
    among = pa.array(sorted(hosts))
    for batch in parquet.iter_batches(ROWS, row_groups=[group], columns=columns):
        for row in batch.filter(pc.is_in(batch.column(HOST), value_set=among)).to_pylist():
            yield Capture(
                url=row["url"] or "",
                timestamp=f"{row['fetch_time']:%Y%m%d%H%M%S}" if row["fetch_time"] else "",
                digest=row.get("content_digest") or "",
                origin=origin,
                file=row["warc_filename"] or "",
                offset=row.get("warc_record_offset") or 0,
                length=row.get("warc_record_length") or 0,
                problem=problem_of(
                    str(row.get("fetch_status", 200)),
                    row.get("content_mime_type") or "",
                    truncated=row.get("content_truncated") or "",
                    languages=row.get("content_languages") or "",
                    detected=row.get("content_mime_detected") or "",
                ),
            )


def _fetch(parquet: "pq.ParquetFile", source: Any, group: int, columns: list[str]) -> None:
    """Read the chunks of columns of a remote file with few requests."""
    if not isinstance(source, _Remote):
        return
    metadata, spans = parquet.metadata.row_group(group), []
    for position in range(metadata.num_columns):
        column = metadata.column(position)
        if column.path_in_schema in columns:
            start = column.dictionary_page_offset or column.data_page_offset
            start = min(start, column.data_page_offset)
            spans.append((start, start + column.total_compressed_size))
    source.prefetch(sorted(spans))


@contextmanager
def _opened(client: Client, file: str) -> Iterator[Any]:
    if file.startswith(("http://", "https://")):
        yield _Remote(client, file)
    elif "://" in file:
        from pyarrow import fs

        system, path = fs.FileSystem.from_uri(file)
        with system.open_input_file(path) as source:
            yield source
    else:
        with ordinary(Path(file)).open("rb") as source:
            yield source


class _Remote(io.RawIOBase):
    """File over HTTP, read by ranges; the last ones stay in memory."""

    def __init__(self, client: Client, url: str) -> None:
        super().__init__()
        self._client, self._url, self._at = client, url, 0
        self._size, tail = client.tail(url, TAIL)
        self._parts = [(self._size - len(tail), tail)]

    def prefetch(self, spans: list[tuple[int, int]]) -> None:
        """Read ranges, near ones together, and forget those before."""
        self._parts = self._parts[:1]
        missing = [span for span in spans if self._found(*span) is None]
        for group in joined(missing, gap=GAP, longest=LONGEST):
            start, end = group[0][0], group[-1][1]
            self._parts.append((start, self._client.get(self._url, span=(start, end)).body))

    def _found(self, start: int, end: int) -> bytes | None:
        for offset, data in self._parts:
            if offset <= start and end <= offset + len(data):
                return data[start - offset : end - offset]
        return None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readall(self) -> bytes:
        return self.read(self._size - self._at)

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        data = self._found(self._at, end)
        if data is None:
            data = self._client.get(self._url, span=(self._at, end)).body if end > self._at else b""
        self._at += len(data)
        return data
