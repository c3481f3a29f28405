"""Pages of hosts that no city file names: stored under names that no command stumbles over."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from foreign import member

from pipelines.cli.app import main
from pipelines.tables import articles, files

PARAGRAPH = (
    "三月四日，市政府召开第二十九次常务会议，研究城市防汛和小区改造工作，市长陈立主持并讲话。"
)


def page(date: str) -> bytes:
    return (
        "<html><head><title>洛山市召开常务会议</title>"
        f"<meta name='PubDate' content='{date}'></head>"
        f"<body><h1>洛山市召开常务会议</h1><div class='TRS_Editor'><p>{PARAGRAPH}</p>"
        f"<p>{PARAGRAPH[::-1]}</p></div></body></html>"
    ).encode()


def archive(path: Path, *pages: tuple[str, str], fetched: str = "2024-05-01T08:00:00Z") -> Path:
    path.write_bytes(b"".join(member(url, page(date), WARC_Date=fetched) for url, date in pages))
    return path


ODD_HOSTS = ["政府", "_a", "dalian", "2024.parquet", "undated", "x" * 250, "[::1]", "con"]


@pytest.mark.slow
def test_every_command_reads_on_after_pages_of_odd_hosts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [(f"http://{host}/t20240305_1.html", "2024-03-05") for host in ODD_HOSTS]
    warc, output = archive(tmp_path / "a.warc.gz", *pages), tmp_path / "out"
    assert main(["extract", str(warc), "--any-host", "--jobs", "1", "--output", str(output)]) == 0
    keys = files.cities_with_articles(output)
    assert len(keys) == len(ODD_HOSTS)
    for key in keys:
        assert "__" in key
        assert articles.read_articles(output, key).num_rows == 1
    for command in (["status"], ["report"], ["align", "--jobs", "1"], ["evaluate", "--json"]):
        code = main([*command, "--output", str(output)])
        assert code in (0, 2), capsys.readouterr().err
    assert "internal error" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/1.html",
        "http:///1.html",
        "http://.../t20240305_1.html",
        "http://_/t20240305_1.html",
        "http://a b/t20240305_1.html",
        "http://a\0b.example/t20240305_1.html",
        "http://luoshan.example:99999/t20240305_1.html",
        "http://luoshan.example:²/t20240305_1.html",
        "http://anna:secret@luoshan.example/t20240305_1.html",
    ],
)
def test_a_page_whose_address_nobody_could_ask_for_is_counted_as_skipped(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = "http://luoshan.example/t20240305_1.html"
    warc = archive(tmp_path / "a.warc.gz", (url, "2024-03-05"), (sound, "2024-03-05"))
    output = tmp_path / "out"
    code = main(
        ["extract", str(warc), "--any-host", "--jobs", "1", "--json", "--output", str(output)]
    )
    told = json.loads(capsys.readouterr().out)
    assert (code, told["skipped"]) == (0, {"no_host": 1})
    assert list(told["cities"]) == ["luoshan__example"]


@pytest.mark.parametrize("stated", ["2042-03-05", "2024-05-09"])
def test_a_page_dated_after_it_was_fetched_is_undated_and_flagged(
    tmp_path: Path, stated: str
) -> None:
    warc = archive(tmp_path / "a.warc.gz", ("http://luoshan.example/1.html", stated))
    output = tmp_path / "out"
    assert main(["extract", str(warc), "--any-host", "--jobs", "1", "--output", str(output)]) == 0
    (row,) = articles.read_articles(output, "luoshan__example").to_pylist()
    assert row["published_at"] is None
    assert "implausible_date" in row["flags"]


def test_a_page_dated_before_it_was_fetched_keeps_its_date(tmp_path: Path) -> None:
    warc = archive(tmp_path / "a.warc.gz", ("http://luoshan.example/1.html", "2024-05-03"))
    output = tmp_path / "out"
    assert main(["extract", str(warc), "--any-host", "--jobs", "1", "--output", str(output)]) == 0
    (row,) = articles.read_articles(output, "luoshan__example").to_pylist()
    assert isinstance(row["published_at"], datetime)
    assert row["flags"] == []


def test_a_city_with_a_damaged_table_costs_the_archive_s_other_cities_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [(f"http://{host}.example/1.html", "2024-03-05") for host in ("anlan", "luoshan")]
    output, damaged = tmp_path / "out", tmp_path / "out/articles/anlan__example/2024.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("no table")
    command = ["extract", str(archive(tmp_path / "a.warc.gz", *both)), "--any-host", "--jobs", "1"]
    assert main([*command, "--output", str(output)]) == 3
    assert f"anlan__example: nothing was stored: {damaged}: not a" in capsys.readouterr().err
    assert articles.read_articles(output, "luoshan__example").num_rows == 1
    # Moved away, as the sentence asks for: the archive was not taken for read.
    damaged.unlink()
    assert main([*command, "--output", str(output)]) == 0
    assert articles.read_articles(output, "anlan__example").num_rows == 1


def test_an_archive_of_nothing_but_a_damaged_city_ends_with_four(tmp_path: Path) -> None:
    page_of = ("http://anlan.example/1.html", "2024-03-05")
    damaged = tmp_path / "out/articles/anlan__example/2024.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("no table")
    command = ["extract", str(archive(tmp_path / "a.warc.gz", page_of)), "--any-host"]
    assert main([*command, "--jobs", "1", "--output", str(tmp_path / "out")]) == 4
