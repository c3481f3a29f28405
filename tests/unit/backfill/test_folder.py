"""Archives in a folder, of any layout and in any state."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from test_strange_archives import BODY, MEMBER, RAW, URL
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.backfill.capture import Capture, Uncaptured
from crawler.backfill.client import ServiceError
from crawler.backfill.folder import Folder


def read(folder: Path) -> tuple[Counter[str], list[str]]:
    """Return captures and what was counted, and the reasons against files."""
    counts, reasons = Counter[str](), []
    with Folder(folder) as opened:
        for file in opened.files():
            try:
                for one in opened.captures(file):
                    if isinstance(one, Capture):
                        record = opened.record(one)
                        counts["whole" if record and record.body == BODY else "lost"] += 1
                    elif isinstance(one, Uncaptured):
                        counts[one.reason] += one.count
            except ServiceError as error:
                reasons.append(str(error))
    return counts, reasons


def test_a_revisit_has_the_body_of_a_capture_before_it_in_the_same_file(tmp_path: Path) -> None:
    with (tmp_path / "a.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for named in ("", "sha1:NOWHERE"):
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            whole = writer.create_warc_record(
                URL, "response", payload=io.BytesIO(BODY), http_headers=http
            )
            if not named:
                writer.write_record(whole)
            digest = named or whole.rec_headers.get_header("WARC-Payload-Digest")
            writer.write_record(
                writer.create_revisit_record(URL, digest, URL, "2018-01-01", http_headers=http)
            )
    assert read(tmp_path) == ({"whole": 2, "unresolved": 1}, [])


def test_wacz_files_of_any_layout_are_read_and_others_named(tmp_path: Path) -> None:
    (tmp_path / "a!b").mkdir()
    (tmp_path / "a!b/plain.warc.gz").write_bytes(MEMBER)
    for name, inner in (
        ("one.wacz", ("archive/x.warc.gz", "archive/y/x.warc.gz")),
        ("TWO.WACZ", ("x.WARC.GZ", "indexes/index.cdx", "pages/!.warc")),
        ("empty.wacz", ("datapackage.json",)),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            for path in inner:
                packed.writestr(path, RAW if path.endswith(".warc") else MEMBER)
    (tmp_path / "none.wacz").write_bytes(b"no zip")
    torn = (tmp_path / "one.wacz").read_bytes()
    (tmp_path / "torn.wacz").write_bytes(torn.replace(MEMBER[:60], b"\0" * 60))
    (tmp_path / "z.warc.zst").write_bytes(b"(\xb5/\xfd")
    counts, reasons = read(tmp_path)
    assert counts == {"whole": 5}
    named = sorted(word for reason in reasons for word in reason.replace(":", " ").split()
                   if word.startswith(str(tmp_path)))  # fmt: skip
    assert [Path(name).name for name in named] == [
        "empty.wacz", "none.wacz", "torn.wacz", "torn.wacz", "z.warc.zst",
    ]  # fmt: skip


def test_a_folder_without_archives_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"has no file \.warc"):
        read(tmp_path)
