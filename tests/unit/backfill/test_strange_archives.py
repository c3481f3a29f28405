"""Answers that no archive should give: each ends in a counted outcome or in one sentence."""

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import foreign
import pytest
from loopback import HTTP, Handler, running

from crawler.archive.copies import CopyWriter
from crawler.archive.reader import read_records
from crawler.backfill import cdx, records
from crawler.backfill.capture import Capture, Found, Uncaptured, Window, checked
from crawler.backfill.client import Client, ServiceError
from crawler.backfill.plan import Plan
from crawler.backfill.services import Opened, Service
from crawler.city_file import load_cities

HOST = "http://en.dl.gov.cn"
URL, OTHER = f"{HOST}/News/ChinaNews/1.jhtml", f"{HOST}/News/ChinaNews/2.jhtml"
TIME, MEMENTO = "20181101020304", "Thu, 01 Nov 2018 02:03:04 GMT"
BODY = b"<p>text</p>"
DALIAN = load_cities()["dalian"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    """An answer; `length` is what it claims of its body, None to claim nothing."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1


@dataclass
class Strange:
    """A server with an answer for each beginning of a path, the last of several for ever."""

    folder: Path
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    client: Client = field(default_factory=lambda: Client("shizheng/test (+me@example.org)", 0.0))

    def reply(self, path: str) -> Reply:
        self.asked.append(path)
        found = [key for key in self.replies if path.startswith(key)]
        if not found:
            return Reply(b"nothing", 404)
        left = self.replies[max(found, key=len)]
        return left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strange]:
    monkeypatch.setenv("SHIZHENG_PACE_DIR", str(tmp_path / "pace"))
    monkeypatch.setattr("crawler.backfill.client.FIRST_PAUSE", 0.001)
    monkeypatch.setattr("crawler.backfill.client.LONGEST_PAUSE", 0.001)
    strange = Strange(tmp_path)

    class Answering(Handler):
        def do_GET(self) -> None:
            reply = strange.reply(self.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.length is not None:
                size = len(reply.body) if reply.length < 0 else reply.length
                self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(reply.body)

    with running(HTTP(Answering)) as host:
        strange.url = f"http://{host}"
        yield strange


def json_line(**fields: object) -> bytes:
    row = {"url": URL, "timestamp": TIME, "mime": "text/html", "status": "200", "digest": "A"}
    return json.dumps(row | fields).encode() + b"\n"


def plan(server: Strange, service: Service) -> Plan:
    return Plan.open(
        server.folder / "plan.sqlite", service.key, DALIAN, Window(), every=False,
        place=partial(records.place_of, service), replays=bool(service.replay), now=NOW,
    )  # fmt: skip


def rows(server: Strange, found: Iterator[Found]) -> dict[str, int]:
    """Return the rows of an index by what becomes of them."""
    with plan(server, Service("x", "pywb", "http://x.example/cdx")) as made:
        made.take("q", found)
        return made.rows()


# Indexes.

PLAIN = f"cn,gov,dl,en)/x {TIME} {URL} text/html 200 A"
GOOD = {
    "json": json_line(),
    "blank lines": b"\n\n" + json_line() + b"\n",
    "other names": json_line(mimetype="text/html", statuscode="200"),
    "cdxj": f"cn,gov,dl,en)/x {TIME} ".encode() + json_line(timestamp=TIME),
    "columns asked for": f"{TIME} {URL} text/html - 200 A 9 9 f - -\n".encode(),
    "cdx 7": f"{PLAIN} 900\n".encode(),
    "cdx 9": f" CDX N b a m s k r V g\n{PLAIN} - 900 f.warc.gz\n".encode(),
    "cdx 10": f"{PLAIN} - - 900 f.warc.gz\n".encode(),
    "cdx 11": f"{PLAIN} - - 70 900 f.warc.gz\n".encode(),
    "no newline": json_line().rstrip(),
    "numbers": json_line(status=200, timestamp=int(TIME)),
}


def pywb(server: Strange) -> Iterator[Found]:
    asked = cdx.Asked(f"{server.url}/cdx", "en.dl.gov.cn", Window())
    return cdx.pywb_captures(server.client, asked)


def wayback(server: Strange) -> Iterator[Found]:
    asked = cdx.Asked(f"{server.url}/cdx", "en.dl.gov.cn", Window())
    return cdx.wayback_captures(server.client, asked)


@pytest.mark.parametrize("form", GOOD)
def test_a_row_is_read_in_every_form_of_an_index(server: Strange, form: str) -> None:
    server.replies["/cdx"] = [Reply(GOOD[form])]
    assert rows(server, pywb(server)) == {"good": 1, "rows": 1}


@pytest.mark.parametrize(
    "row",
    [
        b'{"url": "http://en.dl.gov.cn/1.jhtml", "timest\n',
        b"{" * 5000 + b"\n",
        json_line(timestamp="2018"),
        json_line(timestamp="20991101020304"),
        json_line(timestamp="19700101000000"),
        json_line(url=None),
        json_line(url="http://en.dl.gov.cn/\ud800"),
        json_line(url="dns:en.dl.gov.cn"),
        json_line(digest="\udcff"),
        b'{"url": 1e999999999, "offset": -1}\n',
    ],
    ids=range(10),
)
def test_a_damaged_row_is_counted_and_costs_no_other(server: Strange, row: bytes) -> None:
    server.replies["/cdx"] = [Reply(row + json_line())]
    assert rows(server, pywb(server)) == {"good": 1, "invalid": 1, "rows": 2}


def test_bytes_of_an_address_that_are_no_utf8_stay_themselves() -> None:
    line = json_line(url=f"{HOST}/AAAA/1.jhtml").replace(b"AAAA", "新闻".encode("gbk"))
    [row] = cdx.rows_of([line], "api", ())
    found = checked(Capture(row["url"], TIME))
    assert found is not None
    assert found.url == f"{HOST}/%D0%C2%CE%C5/1.jhtml"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(b"<html>maintenance</html>"), "expected"),
        (Reply(json_line() + b"Internal error\n"), "expected"),
        (Reply(b'{"error": "index is being rebuilt"}'), "index is being rebuilt"),
        (Reply(json_line() + json_line()[:40]), "broke off"),
        (Reply(json_line(), length=4000), "broke off"),
        (Reply(b'{"pages": "many"}'), "number of pages"),
        (Reply(b'{"pages": ' + b"9" * 40 + b"}"), "number of pages"),
        (Reply(b"no", 418), "answered 418"),
    ],
)
def test_an_index_that_is_none_ends_the_query_with_a_sentence(
    server: Strange, answer: Reply, words: str
) -> None:
    server.replies["/cdx"] = [answer]
    with plan(server, Service("x", "pywb", "http://x.example/cdx")) as made:
        with pytest.raises(ServiceError, match=words):
            made.take("q", pywb(server))
        assert made.cursor("q") is not None  # it is asked again


@pytest.mark.parametrize("answer", [b'{"message": "No Captures found for: x"}', b"", b"\n", b"0\n"])
def test_an_index_without_captures_is_an_empty_one(server: Strange, answer: bytes) -> None:
    server.replies["/cdx"] = [Reply(answer)]
    assert rows(server, pywb(server)) == {}


def test_pages_that_are_empty_or_lost_are_passed_over(server: Strange) -> None:
    server.replies["/cdx"] = [
        Reply(b"3\n"), Reply(b""), Reply(b'{"message": "No Captures found"}', 404),
        Reply(json_line()),
    ]  # fmt: skip
    assert rows(server, pywb(server)) == {"good": 1, "rows": 1}
    assert len(server.asked) == 4


HEAD = ["timestamp", "original", "mimetype", "statuscode", "digest", "length"]
ROW = [TIME, URL, "text/html", "200", "A", "9"]


def test_both_forms_of_the_wayback_index_go_on_from_their_key(server: Strange) -> None:
    first = json.dumps([HEAD, ROW, [], ["a+b%2F"]]).encode()
    text = " ".join(ROW).encode() + b"\n"
    server.replies = {
        "/cdx": [Reply(first)],
        "/cdx?url=en.dl.gov.cn&matchType=host&output=json": [
            Reply(first), Reply(text + b"\nc+d\n"), Reply(text),
        ],
    }  # fmt: skip
    assert rows(server, wayback(server)) == {"good": 3, "rows": 3}
    assert [path.partition("resumeKey=")[2] for path in server.asked[1:]] == ["a+b%2F", "c+d"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([[HEAD, ROW, [], ["k1"]], [HEAD, ROW, [], ["k2"]], [HEAD, ROW, [], ["k1"]]], "again"),
        ([[ROW, ROW]], "names of its fields"),
        ([[HEAD, "x"]], "array of arrays"),
        ([{"a": 1}], "expected"),
    ],
)
def test_an_index_that_goes_round_or_has_other_rows_ends_with_a_sentence(
    server: Strange, answers: list[object], words: str
) -> None:
    server.replies["/cdx"] = [Reply(json.dumps(answer).encode()) for answer in answers]
    with pytest.raises(ServiceError, match=words):
        list(wayback(server))


def test_rows_of_any_length_and_an_empty_key_are_read(server: Strange) -> None:
    table = [HEAD, ROW, ROW[:3], [*ROW, "more"], [None] * 6, [], []]
    server.replies["/cdx"] = [Reply(json.dumps(table).encode())]
    found = rows(server, wayback(server))
    assert found == {"rows": 4, "good": 2, "status": 1, "invalid": 1}


def test_a_site_that_an_archive_leaves_out_is_counted_and_another_refusal_named(
    server: Strange,
) -> None:
    excluded = b"org.archive.util.io.RobotAccessControlException: Blocked By Robots"
    server.replies["/cdx"] = [Reply(excluded, 403)]
    assert list(wayback(server)) == [Uncaptured("excluded")]
    server.replies["/cdx"] = [Reply(b"<h1>Forbidden</h1>", 403)]
    with pytest.raises(ServiceError, match="answered 403"):
        list(wayback(server))


def test_an_index_of_every_answer_503_is_left_alone(server: Strange) -> None:
    for status in (408, 429, 503, 520):
        server.asked.clear()
        server.replies["/cdx"] = [Reply(b"<html>slow down</html>", status)]
        with pytest.raises(ServiceError, match=f"answered {status}.*8 times.*run the command"):
            list(wayback(server))
        assert len(server.asked) == 8


# Records by ranges.


def member(url: str = URL, at: str = TIME, *, status: str = "200 OK", body: bytes = BODY) -> bytes:
    moment = datetime.strptime(at, "%Y%m%d%H%M%S")
    return foreign.member(url, body, status=status, WARC_Date=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def fetched(server: Strange, service: Service, *captures: Capture) -> Counter[str]:
    """Return what becomes of captures; raises as fetching does."""
    opened = Opened(service, server.client)
    with (
        plan(server, service) as made,
        CopyWriter(server.folder / "archive", "backfill-x") as writer,
    ):
        made.take("q", captures)
        found = Counter(f.outcome for f in records.fetch(opened, made, writer))
        assert not found or found.total() == len(captures)
        return found


def ranged(server: Strange) -> Service:
    return Service("x", "pywb", f"{server.url}/cdx", f"{server.url}/w/")


def part(data: bytes, start: int = 0) -> Reply:
    return Reply(data, 206, {"Content-Range": f"bytes {start}-{start + len(data) - 1}/9999"})


VARIANTS = ("https://en.dl.gov.cn:443/News/ChinaNews/1.jhtml", f"<{URL}>", f"{URL}#top",
            "http://EN.dl.gov.cn:80/News/ChinaNews/1.jhtml")  # fmt: skip


@pytest.mark.parametrize("url", VARIANTS)
def test_a_record_is_of_its_capture_under_any_spelling_of_the_address(
    server: Strange, url: str
) -> None:
    data = member(url)
    server.replies["/w/f"] = [part(data)]
    capture = Capture(URL, TIME, file="f", length=len(data))
    assert fetched(server, ranged(server), capture) == {"archived": 1}


MEMBER = member()
RAW = gzip.decompress(MEMBER)
REPLIES: dict[str, tuple[Callable[[], Reply], str]] = {
    "another address": (lambda: part(member(OTHER)), "mismatch"),
    "another time": (lambda: part(member(at="20190101000000")), "mismatch"),
    "a redirect": (lambda: part(member(status="302 Found")), "status"),
    "an error": (lambda: part(member(status="503 Slow")), "status"),
    "a torn member": (lambda: part(MEMBER[:-20]), "broken"),
    "a page of HTML": (lambda: part(b"<html>busy</html>"), "broken"),
    "nothing there": (lambda: Reply(b"", 416), "missing"),
    "gone": (lambda: Reply(b"", 404), "missing"),
    "refused": (lambda: Reply(b"AccessDenied", 403), "refused"),
    "no compression": (lambda: part(RAW), "archived"),
    "cut without compression": (lambda: part(RAW[:-8]), "broken"),
    "broken off": (lambda: Reply(MEMBER[:50], 206, {"Content-Range": "bytes 0-99/999"}, 999),
                   "broken_off"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPLIES)
def test_a_range_ends_in_an_outcome(server: Strange, name: str) -> None:
    reply, outcome = REPLIES[name]
    server.replies["/w/f"] = [reply()]
    capture = Capture(URL, TIME, file="f", length=len(RAW))
    assert fetched(server, ranged(server), capture) == {outcome: 1}


@pytest.mark.parametrize(
    ("capture", "outcome"),
    [
        (Capture(URL, TIME, length=9), "unplaced"),
        (Capture(URL, TIME, file="f"), "unplaced"),
        (Capture(URL, TIME, file="f", offset=-5, length=9), "unplaced"),
        (Capture(URL, TIME, file="f", length=10**14), "too_large"),
    ],
)
def test_a_place_that_no_record_has_is_not_asked_for(
    server: Strange, capture: Capture, outcome: str
) -> None:
    assert fetched(server, ranged(server), capture) == {outcome: 1}
    assert server.asked == []


def test_a_name_with_blanks_is_asked_for_by_its_address(server: Strange) -> None:
    server.replies["/w/a%20b%0D%0A%E6%96%B0.warc.gz"] = [part(MEMBER)]
    capture = Capture(URL, TIME, file="a b\r\n新.warc.gz", length=len(MEMBER))
    assert fetched(server, ranged(server), capture) == {"archived": 1}


@pytest.mark.parametrize("start", [None, 7])
def test_a_server_that_gives_another_range_is_named(server: Strange, start: int | None) -> None:
    server.replies["/w/f"] = [Reply(MEMBER, 206) if start is None else part(MEMBER, start)]
    capture = Capture(URL, TIME, file="f", length=len(MEMBER))
    with pytest.raises(ServiceError, match="another range than 0-"):
        fetched(server, ranged(server), capture)


# Records by replay.


def replaying(server: Strange) -> Service:
    return Service("x", "wayback", f"{server.url}/cdx", replay=f"{server.url}/web/")


DIGEST = base64.b32encode(hashlib.sha1(BODY).digest()).decode()
HERE = f"/web/{TIME}id_/{URL}"
SIGNED = {"Memento-Datetime": MEMENTO}
BANNER = f"<script src='/web/{TIME}js_/http://en.dl.gov.cn/x.js'></script>".encode()
REPLAYS: dict[str, tuple[Reply, str]] = {
    "the page": (Reply(BODY, 200, SIGNED), "archived"),
    "without a sign but whole": (Reply(BODY), "archived"),
    "with its own headers only": (Reply(b"x", 200, {"X-Archive-Orig-Server": "y"}), "archived"),
    "another time": (
        Reply(BODY, 200, {"Memento-Datetime": "Fri, 02 Nov 2018 02:03:04 GMT"}), "mismatch",
    ),
    "an archived error": (Reply(b"x", 503, SIGNED), "status"),
    "an archived redirect": (Reply(b"", 302, SIGNED | {"Location": f"/web/{TIME}id_/{OTHER}"}),
                             "status"),
    "an archived page of 404": (Reply(b"x", 404, SIGNED), "status"),
    "a banner": (Reply(BANNER + BODY, 200, SIGNED), "rewritten"),
    "a page of the archive's": (Reply(b"<html>please wait</html>"), "unproven"),
    "led to another capture": (Reply(b"", 302, {"Location": f"/web/20190101000000id_/{URL}"}),
                               "mismatch"),
    "led to another address": (Reply(b"", 302, {"Location": f"/web/{TIME}id_/{OTHER}"}),
                               "mismatch"),
    "led to a calendar": (Reply(b"", 302, {"Location": "/calendar"}), "missing"),
    "led away": (Reply(b"", 302, {"Location": "http://127.0.0.2:9/x"}), "missing"),
    "led to an address of no bytes": (Reply(b"", 302, {"Location": "/\xe9 x"}), "missing"),
    "excluded": (Reply(b"", 403, {"X-Archive-Wayback-Runtime-Error":
                                  "AdministrativeAccessControlException: Blocked Site Error"}),
                 "excluded"),
    "refused": (Reply(b"", 403), "refused"),
    "a strange refusal": (Reply(b"", 422), "missing"),
    "broken off": (Reply(BODY, 200, SIGNED, length=999), "broken_off"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPLAYS)
def test_a_replay_ends_in_an_outcome(server: Strange, name: str) -> None:
    reply, outcome = REPLAYS[name]
    server.replies = {
        HERE: [reply],
        "/web/20190101000000": [Reply(b"later", 200, {"Memento-Datetime": "x"})],
        f"/web/{TIME}id_/{OTHER}": [Reply(b"other", 200, SIGNED)],
        "/calendar": [Reply(b"<html>calendar</html>")],
    }
    capture = Capture(URL, TIME, DIGEST)
    assert fetched(server, replaying(server), capture) == {outcome: 1}


def test_an_answer_that_broke_off_is_asked_for_again(server: Strange) -> None:
    server.replies[HERE] = [Reply(BODY[:3], 200, SIGNED, length=11), Reply(BODY, 200, SIGNED)]
    found = fetched(server, replaying(server), Capture(URL, TIME))
    assert found == {"archived": 1}
    [path] = (server.folder / "archive").iterdir()
    assert [record.body for record in read_records(path)] == [BODY]


def test_the_capture_before_a_broken_one_is_fetched_in_the_same_command(server: Strange) -> None:
    data = [member(at=f"{year}1101020304", body=f"<p>{year}</p>".encode()) for year in (2017, 2018)]
    server.replies = {"/w/a": [part(data[0])], "/w/b": [part(data[1][:-20])]}
    older, newer = (
        Capture(URL, f"{year}1101020304", f"{year}", file=file, length=len(data[0]))
        for year, file in ((2017, "a"), (2018, "b"))
    )
    found = fetched(server, ranged(server), older, newer)
    assert found == {"broken": 1, "archived": 1}
    [path] = (server.folder / "archive").iterdir()
    assert [record.body for record in read_records(path)] == [b"<p>2017</p>"]
    assert server.asked == ["/w/b", "/w/a"]
    assert fetched(server, ranged(server)) == {}


def several(first: int, last: int) -> list[Capture]:
    return [Capture(f"{HOST}/News/ChinaNews/{n}.jhtml", TIME, f"{n}") for n in range(first, last)]


def test_one_refused_capture_is_noted_and_everything_refused_ends_the_command(
    server: Strange,
) -> None:
    server.replies = {"/web/": [Reply(BODY, 200, SIGNED)], HERE: [Reply(b"", 403)]}
    service = replaying(server)
    found = fetched(server, service, *several(1, 3))
    assert found == {"refused": 1, "archived": 1}
    assert fetched(server, service) == {}  # both are noted
    server.replies = {"/web/": [Reply(b"<h1>Forbidden</h1>", 403)]}
    for _ in range(2):  # the second command asks again: nothing was noted
        server.asked.clear()
        with plan(server, service) as made, CopyWriter(server.folder / "archive", "x") as writer:
            made.take("more", several(100, 120))
            with pytest.raises(ServiceError, match="10 on end"):
                list(records.fetch(Opened(service, server.client), made, writer))
        assert len(server.asked) == 11  # ten, and one that it gave before


def test_refused_captures_are_noted_where_the_archive_still_gives_others(server: Strange) -> None:
    server.replies = {"/web/": [Reply(b"", 403)], HERE: [Reply(BODY, 200, SIGNED)]}
    service = replaying(server)
    assert fetched(server, service, Capture(URL, TIME)) == {"archived": 1}
    with plan(server, service) as made, CopyWriter(server.folder / "archive", "x") as writer:
        made.take("more", several(100, 125))
        found = Counter(
            f.outcome for f in records.fetch(Opened(service, server.client), made, writer)
        )
        assert found == {"refused": 25}
        assert made.outcomes() == {"archived": 1, "refused": 20}
