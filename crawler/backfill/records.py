"""Records of web archives, copied into a city's own archive.

By ranges of the archive's files, near ones joined; by replay of the original bytes; or from a
folder. A record that was cut by its crawler, refers to another or cannot be read is counted, not
copied.
"""

import base64
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import quote

from warcio.recordloader import ArcWarcRecordLoader

from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.writer import Exchange
from crawler.backfill.capture import Capture, checked, joined
from crawler.backfill.capture import moment as moment_of
from crawler.backfill.cdx import EXCLUDED, replay_url
from crawler.backfill.client import (
    MAX_ANSWER,
    Answer,
    BrokenOffError,
    Client,
    ServiceError,
    is_replayed,
)
from crawler.backfill.folder import Folder
from crawler.backfill.plan import ARCHIVED, Plan, Wanted
from crawler.backfill.services import Opened, Service
from crawler.item import canonical_url
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
_REFUSED = frozenset((401, 403))
"""Statuses of an archive that refuses a capture, or everything to this address."""
_GONE = frozenset(range(400, 500)) - {407, 408, 429}
"""Statuses for a capture that is not to be had, the refused ones among them."""
_DOUBTFUL = frozenset(("refused", "unproven", "broken_off"))
"""Outcomes that may be the archive's state of the hour and not the capture's."""
DOUBTS = 10
"""Doubtful outcomes on end after which the archive is asked for what it gave before; by hand."""
_REPLAYED = re.compile(r"/(\d{14})id_/(.+)$", re.ASCII)
_OF_PAGE = frozenset(("content-encoding", "content-language", "content-type", "last-modified"))
"""Headers that a replaying server repeats without a prefix."""


_Done = tuple[Wanted, str, tuple[str, int]]
"""A capture, its outcome, and file and offset of its copy."""


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

    A capture that cannot be had is replaced by the one before it, in a pass of its own. Raises
    `ServiceError`, `CeilingError`, `ArchiveError`, `PlanError`.
    """
    doubts: list[_Done] = []
    fetched, replaced = 0, True
    while replaced:
        doubtful = {wanted.place for wanted, _, _ in doubts}
        stream = (wanted for wanted in plan.wanted() if wanted.place not in doubtful)
        replaced = False
        for group, copies in _groups(opened, islice(stream, limit and limit - fetched)):
            done = [
                _done(opened.service, writer, wanted, found)
                for wanted, found in zip(group, copies, strict=True)
            ]
            # The archive first: what is noted must be there after a power cut.
            writer.sync()
            certain = [one for one in done if one[1] not in _DOUBTFUL]
            doubts += [one for one in done if one[1] in _DOUBTFUL]
            given = any(outcome == ARCHIVED for _, outcome, _ in done)
            if given or (len(doubts) >= DOUBTS and _serves(opened, plan)):
                certain, doubts = [*doubts, *certain], []
            plan.mark(certain)
            replaced = replaced or any(outcome != ARCHIVED for _, outcome, _ in certain)
            fetched += len(done)
            for wanted, outcome, _ in done:
                yield Fetched(wanted, outcome)
            if len(doubts) >= DOUBTS:
                raise ServiceError(
                    f"{opened.service.name}: nothing but refusals and answers that are no captures "
                    f"({doubts[-1][1]}), {len(doubts)} on end; they are asked for again by the "
                    "next command: run it later, or ask the archive's operators"
                )


def _done(service: Service, writer: CopyWriter, wanted: Wanted, found: Exchange | str) -> _Done:
    """Archive a capture that was had; return it with its outcome."""
    if isinstance(found, str):
        return wanted, found, ("", -1)
    source = f"{service.name} {wanted.capture.origin}".strip()
    first = min(moment_of(wanted.first), found.fetched_at)
    return wanted, ARCHIVED, writer.write(Copy(found, source, wanted.place, first))


def _serves(opened: Opened, plan: Plan) -> bool:
    """Return True if an archive still gives what it gave before."""
    place = plan.given()
    if not place or opened.folder is not None:
        return False
    url, _, offset = place.rpartition("#") if opened.service.records else (place, "", "")
    span = (int(offset), int(offset) + 1) if offset else None
    try:
        answer = opened.client.get(url, span=span, missing=_GONE)
    except BrokenOffError:
        return False
    return answer.status == 206 if span else is_replayed(answer.headers)


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
        same = same and not any(_unplaced(one.capture) for one in (group[0], wanted))
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
    if len(group) == 1 and (reason := _unplaced(first)):
        return [reason]
    start, end = first.offset, last.offset + last.length
    url = service.records + quote(first.file, safe="/%:?&=+,;@~!$'()*")
    try:
        answer = client.get(url, span=(start, end), missing=_GONE)
    except BrokenOffError:
        return ["broken_off"] * len(group)
    if answer.status in _GONE:
        return ["refused" if answer.status in _REFUSED else "missing"] * len(group)
    given = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    if given is None or int(given[1]) != start:
        raise ServiceError(f"{url}: the server answers another range than {start}-{end - 1}")
    return [
        record_of(answer.body[at - start : until - start], wanted.capture)
        for wanted in group
        for at, until in (_span(wanted.capture),)
    ]


def _unplaced(capture: Capture) -> str:
    """Return the reason for not asking for a record's range, or nothing."""
    if not capture.file or capture.length <= 0 or capture.offset < 0:
        return "unplaced"
    return "too_large" if capture.length > MAX_RECORD else ""


def record_of(member: bytes, capture: Capture) -> Exchange | str:
    """Return the response in a gzip member, or the reason for none."""
    try:
        content, whole = _unpacked(member)
        raw = ArcWarcRecordLoader(verify_http=False).parse_record_stream(
            io.BytesIO(content), known_format="warc"
        )
        fields, http = raw.rec_headers, raw.http_headers
        moment = datetime.fromisoformat(fields.get_header("WARC-Date"))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        url = fields.get_header("WARC-Target-URI") or ""
        body = raw.raw_stream.read()
        whole = whole and not getattr(raw.raw_stream, "limit", 0)
    except Exception:  # zlib's and warcio's parsers raise whatever a damaged record makes them
        return "broken"
    if not whole:
        return "too_large" if len(content) >= MAX_RECORD else "broken"
    if raw.rec_type == "revisit":
        return "revisit"
    status = whole_number(http.get_statuscode(), digits=3) if http is not None else None
    if raw.rec_type != "response" or status is None or url.strip("<>") == "":
        return "broken"
    if fields.get_header("WARC-Truncated"):
        return "truncated"
    if not _is_of(capture, url.strip("<>"), moment):
        return "mismatch"
    if not 200 <= status < 300:
        return "status"
    return Exchange(
        url=capture.url, method="GET", request_headers=(), status=status,
        headers=tuple(http.headers), body=body, fetched_at=moment, kind=KIND,
    )  # fmt: skip


def _unpacked(member: bytes) -> tuple[bytes, bool]:
    """Return the bytes of a record, and True if whole."""
    if member.startswith(b"WARC/"):  # of a file that is not compressed
        return member, True
    inflate = zlib.decompressobj(wbits=31)
    content = inflate.decompress(member, MAX_RECORD)
    return content, inflate.eof and not inflate.unconsumed_tail


def _is_of(capture: Capture, url: str, moment: datetime) -> bool:
    """Return True if address and time (UTC) are a capture's."""
    named = checked(replace(capture, url=url))
    same = named is not None and canonical_url(named.url) == canonical_url(capture.url)
    return same and f"{moment:%Y%m%d%H%M%S}" == capture.timestamp


def _replayed(client: Client, service: Service, capture: Capture) -> Exchange | str:
    """Return a capture's response as replayed, or the reason for none."""
    url = replay_url(service.replay, capture.timestamp, capture.url)
    try:
        answer = client.get(url, missing=_GONE)
    except BrokenOffError:
        return "broken_off"
    except ServiceError as error:
        # Led on to a live page or to another capture: this one is not to be had.
        if "leads to" in str(error) or "led on" in str(error):
            return "missing"
        raise
    if reason := _reason_against(answer, capture):
        return reason
    moment = _memento(answer) or moment_of(capture.timestamp)
    return Exchange(
        url=capture.url, method="GET", request_headers=(), status=answer.status,
        headers=_original_headers(answer), body=answer.body, fetched_at=moment, kind=KIND,
    )  # fmt: skip


def _memento(answer: Answer) -> datetime | None:
    """Return the time (UTC) of the capture that an archive replays."""
    at = mail_date(answer.headers.get("memento-datetime", ""))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) if at else None


def _reason_against(answer: Answer, capture: Capture) -> str:
    """Return the reason against an answer as a capture's bytes."""
    if not is_replayed(answer.headers) and answer.status in _GONE:
        if answer.status not in _REFUSED:
            return "missing"
        told = answer.headers.get("x-archive-wayback-runtime-error", "").encode()
        return "excluded" if EXCLUDED.search(told + answer.body[:2000]) else "refused"
    replayed = _REPLAYED.search(answer.url)
    if replayed is None:
        return "missing"
    moment = _memento(answer) or moment_of(capture.timestamp)
    if replayed[1] != capture.timestamp or not _is_of(capture, replayed[2], moment):
        return "mismatch"
    if not 200 <= answer.status < 300:
        return "status"
    if len(answer.body) >= MAX_ANSWER:
        return "too_large"
    # A server that knows no `id_` leads links to itself, and frames the page.
    if re.search(rf"/{capture.timestamp}(?:[a-z]{{2}}_)?/https?:".encode(), answer.body):
        return "rewritten"
    # An archive that says nothing may send its own page of an error as a good one.
    archived = any(name.startswith(_ARCHIVED) for name in answer.headers)
    if is_replayed(answer.headers) or archived or _is_whole(answer.body, capture.digest):
        return ""
    return "unproven"


def _is_whole(body: bytes, digest: str) -> bool:
    """Return True for the body of a digest (SHA-1, base 32)."""
    sha1 = hashlib.sha1(body, usedforsecurity=False).digest()
    return digest.removeprefix("sha1:") == base64.b32encode(sha1).decode()


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
