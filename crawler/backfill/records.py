"""Records of web archives, copied into a city's own archive.

By ranges of the archive's files, near ones joined; by replay of the original bytes; or from a
folder. A record that was cut by its crawler, refers to another or cannot be read is counted, not
copied.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from warcio.recordloader import ArcWarcRecordLoader

from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.writer import Exchange
from crawler.backfill.capture import Capture, joined
from crawler.backfill.capture import moment as moment_of
from crawler.backfill.cdx import replay_url
from crawler.backfill.client import Answer, Client, ServiceError
from crawler.backfill.folder import Folder
from crawler.backfill.plan import ARCHIVED, Plan, Wanted
from crawler.backfill.services import Opened, Service
from crawler.limits import mail_date, whole_number

GAP = 256 << 10
"""Bytes between two records that are read along: at half a megabyte a second, the pause between two
requests costs as much. Set by hand."""
LONGEST = 8 << 20
"""Bytes of one joined request, and so of memory."""
MAX_RECORD = 64 << 20
"""Bytes of one record, unpacked."""

KIND = "article"

_ARCHIVED = "x-archive-orig-"
_GONE = (400, 403, 404, 410, 451)
"""Statuses of a replay for a capture that is not to be had."""
_OF_PAGE = frozenset(("content-encoding", "content-language", "content-type", "last-modified"))
"""Headers that a replaying server repeats without a prefix."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A capture that was fetched, and its outcome."""

    wanted: Wanted
    outcome: str


def place_of(service: Service, capture: Capture) -> str:
    """Return the identity of a capture in its archive, mostly an address."""
    if service.records:
        return f"{service.records}{capture.file}#{capture.offset}"
    if service.replay:
        return replay_url(service.replay, capture.timestamp, capture.url)
    return f"{service.name}/{capture.file}#{capture.offset}"


def fetch(
    opened: Opened, plan: Plan, writer: CopyWriter, limit: int | None = None
) -> Iterator[Fetched]:
    """Copy the wanted captures of a plan, and yield each once noted.

    Raises `ServiceError`, `CeilingError`, `ArchiveError`, `PlanError`.
    """
    for group, copies in _groups(opened, islice(plan.wanted(), limit)):
        done = []
        for wanted, found in zip(group, copies, strict=True):
            if isinstance(found, str):
                done.append((wanted, found, ("", -1)))
                continue
            source = f"{opened.service.name} {wanted.capture.origin}".strip()
            copy = Copy(found, source, wanted.place, min(moment_of(wanted.first), found.fetched_at))
            done.append((wanted, ARCHIVED, writer.write(copy)))
        # The archive first: what is noted must be there after a power cut.
        writer.sync()
        plan.mark(done)
        for wanted, outcome, _ in done:
            yield Fetched(wanted, outcome)


def _groups(
    opened: Opened, stream: Iterator[Wanted]
) -> Iterator[tuple[list[Wanted], list[Exchange | str]]]:
    """Yield the wanted captures in groups, each with its responses or reasons."""
    service, client, folder = opened.service, opened.client, opened.folder
    if folder is not None:
        for wanted in stream:
            yield [wanted], [_local(folder, wanted.capture)]
    elif service.replay:
        for wanted in stream:
            yield [wanted], [_replayed(client, service, wanted.capture)]
    else:
        for group in _near(stream):
            yield group, _ranged(client, service, group)


def _near(stream: Iterator[Wanted]) -> Iterator[list[Wanted]]:
    """Yield captures in groups of one range each."""
    group: list[Wanted] = []
    for wanted in stream:
        spans = [_span(one.capture) for one in (*group, wanted)]
        same = group and group[0].capture.file == wanted.capture.file
        if group and not (same and len(joined(spans, gap=GAP, longest=LONGEST)) == 1):
            yield group
            group = []
        group.append(wanted)
    if group:
        yield group


def _span(capture: Capture) -> tuple[int, int]:
    return capture.offset, capture.offset + capture.length


def _ranged(client: Client, service: Service, group: list[Wanted]) -> list[Exchange | str]:
    """Return the responses of a group of records, read with one request."""
    first, last = group[0].capture, group[-1].capture
    if not first.file or not all(wanted.capture.length for wanted in group):
        return ["unplaced"] * len(group)
    start, end = first.offset, last.offset + last.length
    answer = client.get(service.records + first.file, span=(start, end), missing=_GONE)
    if answer.status in _GONE:
        return ["missing"] * len(group)
    return [
        record_of(answer.body[at - start : until - start], wanted.capture)
        for wanted in group
        for at, until in (_span(wanted.capture),)
    ]


def record_of(member: bytes, capture: Capture) -> Exchange | str:
    """Return the response in a gzip member, or the reason for none."""
    inflate = zlib.decompressobj(wbits=31)
    try:
        content = inflate.decompress(member, MAX_RECORD)
        whole = inflate.eof and not inflate.unconsumed_tail
        raw = ArcWarcRecordLoader(verify_http=False).parse_record_stream(
            io.BytesIO(content), known_format="warc"
        )
        fields, http = raw.rec_headers, raw.http_headers
        moment = datetime.fromisoformat(fields.get_header("WARC-Date"))
        url = fields.get_header("WARC-Target-URI") or ""
        body = raw.raw_stream.read()
    except Exception:  # zlib's and warcio's parsers raise whatever a damaged record makes them
        return "broken"
    if not whole:
        return "broken"
    if raw.rec_type == "revisit":
        return "revisit"
    status = whole_number(http.get_statuscode(), digits=3) if http is not None else None
    if raw.rec_type != "response" or status is None or url.strip("<>") == "":
        return "broken"
    if fields.get_header("WARC-Truncated"):
        return "truncated"
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.astimezone(UTC).strftime("%Y%m%d%H%M%S") != capture.timestamp:
        return "mismatch"
    return Exchange(
        url=capture.url, method="GET", request_headers=(), status=status,
        headers=tuple(http.headers), body=body, fetched_at=moment, kind=KIND,
    )  # fmt: skip


def _replayed(client: Client, service: Service, capture: Capture) -> Exchange | str:
    """Return a capture's response as replayed, or the reason for none."""
    url = replay_url(service.replay, capture.timestamp, capture.url)
    try:
        answer = client.get(url, missing=_GONE)
    except ServiceError as error:
        # Led on to a live page or to another capture: this one is not to be had.
        if "leads to" in str(error) or "led on" in str(error):
            return "missing"
        raise
    if answer.status in _GONE or "id_/" not in answer.url:
        return "missing"
    at = mail_date(answer.headers.get("memento-datetime", ""))
    moment = at.replace(tzinfo=at.tzinfo or UTC) if at else moment_of(capture.timestamp)
    return Exchange(
        url=capture.url, method="GET", request_headers=(), status=answer.status,
        headers=_original_headers(answer), body=answer.body, fetched_at=moment, kind=KIND,
    )  # fmt: skip


def _original_headers(answer: Answer) -> tuple[tuple[str, str], ...]:
    """Return the headers of the page itself.

    Its own have a prefix; those that describe the bytes may come without.
    """
    own = [
        (name[len(_ARCHIVED) :], value)
        for name, value in answer.header_list
        if name.lower().startswith(_ARCHIVED)
    ]
    kept = [
        (name, value)
        for name, value in own
        if name.lower() not in ("transfer-encoding", "content-length", "content-encoding")
    ]
    known = {name.lower() for name, _ in kept}
    kept += [
        (name, value)
        for name, value in answer.header_list
        if name.lower() in _OF_PAGE and name.lower() not in known
    ]
    return tuple(kept)


def _local(folder: Folder, capture: Capture) -> Exchange | str:
    record = folder.record(capture)
    if record is None:
        return "broken"
    return Exchange(
        url=capture.url, method="GET", request_headers=(), status=record.status,
        headers=tuple(record.headers.items()), body=record.body, fetched_at=record.fetched_at,
        kind=KIND,
    )  # fmt: skip
