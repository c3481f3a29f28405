"""Promises to people at the command line: nothing invented, nothing left behind, nothing silent."""

import json
from pathlib import Path

import pytest
from builders import article, store_articles
from foreign import member

import crawler.settings
from crawler.city import unnamed_site
from crawler.city_file import load_cities
from crawler.errors import ExitCode
from pipelines.cli.app import main
from pipelines.errors import Stopped
from pipelines.operations import new_city
from pipelines.operations import status as statuses
from pipelines.tables import files, runs

ZH = "三月四日，市政府召开第二十九次常务会议，研究城市防汛和小区改造工作，市长陈立主持并讲话。"
EN = (
    "The municipal government held its 29th executive meeting on March 4 and discussed flood "
    "control and the renewal of housing estates. Mayor Chen Li presided and spoke."
)
CITY = """name: {zh: 洛山市, en: Luoshan}
hosts: [www.luoshan.example]
sources:
  - {lang: zh, cms: generic, list: "http://www.luoshan.example/list.html", articles: '/a/'}
"""


def page(text: str) -> bytes:
    head = "<meta charset='utf-8'><meta name='PubDate' content='2024-03-05'>"
    body = f"<h1>{text[:20]}</h1><div class='TRS_Editor'><p>{text}</p><p>{text[::-1]}</p></div>"
    if text == EN:
        body = f"<h1>{text[:40]}</h1><div class='TRS_Editor'><p>{text}</p><p>{text}</p></div>"
    return f"<html><head>{head}<title>{text[:20]}</title></head><body>{body}</body></html>".encode()


def archive(path: Path, *pages: tuple[str, str]) -> Path:
    path.write_bytes(
        b"".join(member(url, page(text), WARC_Date="2024-05-01T08:00:00Z") for url, text in pages)
    )
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["push"], "parameter URL requires"),
        (["pull"], "parameter URL requires"),
        (["push", "s3://"], "s3://: expected the URL of a bucket"),
        (["pull", "ftp://h/x"], "ftp://h/x: expected the URL of a bucket"),
        (["review", "--port", "x"], "expected a port from 0 (any that is free) to 65535, not 'x'"),
        (["review", "--port", "99999"], "to 65535, not '99999'"),
        (["review", "--port", "-1"], "to 65535, not '-1'"),
        (["extract"], "name WARC files, or --all for those in the output folder\n"),
        (["extract", "--all", "a.warc"], "in the output folder, not both"),
        (["extract", "--all"], "no archive in"),
        (["extract", "a.warc", "--city", "a b"], "--city names files"),
        (["backfill", "dalian", "--from", "nowhere"], "nowhere: expected common-crawl, wayback,"),
        (["crawl", "dalian", "-s", "ROBOTSTXT_OBEY=maybe"], "expected True or False, as in"),
        (["run", "dalian", "-s", "DOWNLOAD_DELAY=2s"], "expected a number, as in DOWNLOAD_DELAY="),
        (["import", "twice.csv"], "twice.csv: two columns are called text"),
        (["report"], "no such folder"),
        (["import", "texts.csv", "--column", "text=body"], "no column body; there are: zh, en"),
        (["import", "texts.csv", "--column", "id=doc"], "no column doc; there are: zh, en"),
        (["import", "texts.toml"], "expected a JSON object a line, a table"),
    ],
)
def test_a_refused_command_is_a_sentence_and_leaves_no_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.csv").write_text("zh,en\n港口开放。,The port opened.\n", encoding="utf-8")
    (tmp_path / "twice.csv").write_text("text,text\na,b\n")
    (tmp_path / "texts.toml").write_text("[project]\n")
    if "review" in arguments:
        (tmp_path / "output").mkdir()
    assert main(arguments) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert (tmp_path / "output").exists() == ("review" in arguments)


def test_a_folder_without_releases_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "list", "--output", str(tmp_path)]) == 0
    assert "no releases in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("www.luoshan.gov.cn", "en.luoshan.gov.cn", True),
        ("news.haiqing.com.cn", "english.haiqing.com.cn", True),
        ("haiqing.co.uk", "www.haiqing.co.uk", True),
        ("www.luoshan.example", "en.luoshan.example", True),
        ("www.luoshan.gov.cn", "www.haiqing.gov.cn", False),
        ("luoshan.com.cn", "haiqing.com.cn", False),
        ("198.51.100.7", "198.51.100.8", False),
    ],
)
def test_the_hosts_of_one_site_are_one_city(one: str, other: str, same: bool) -> None:
    keys = {unnamed_site(f"http://{host}/a.html").key for host in (one, other)}
    assert len(keys) == (1 if same else 2)
    assert all("__" in key for key in keys)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["extract", "--any-host", "--jobs", "1"], "luoshan__gov__cn"),
        (["extract", "--city", "luoshan", "--jobs", "1"], "luoshan"),
        (["import"], "luoshan__gov__cn"),
        (["import", "--city", "luoshan"], "luoshan"),
    ],
)
def test_both_editions_of_an_unnamed_site_are_in_one_city(
    tmp_path: Path, options: list[str], expected: str
) -> None:
    both = (
        ("http://www.luoshan.gov.cn/t1.html", ZH),
        ("http://en.luoshan.gov.cn/t2.html", EN),
    )
    warc, output = archive(tmp_path / "a.warc.gz", *both), tmp_path / "out"
    command, *rest = options
    assert main([command, str(warc), *rest, "--output", str(output)]) == 0
    assert files.cities_with_articles(output) == [expected]


@pytest.mark.parametrize(
    "arguments",
    [["extract", "FILE", "--any-host"], ["import", "FILE"], ["import", "FILE", "--city", "a b"]],
)
@pytest.mark.parametrize("name", ["bad.warc.gz", "bad.jsonl"])
def test_a_command_that_is_refused_leaves_no_run(
    tmp_path: Path, arguments: list[str], name: str
) -> None:
    bad = tmp_path / name
    bad.write_text("no archive and no article")
    output = tmp_path / "out"
    words = [str(bad) if word == "FILE" else word for word in arguments]
    assert main([*words, "--output", str(output)]) == 2
    assert list(runs.manifests(output)) == []


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (Stopped("stopped by SIGTERM"), 143)]
)
def test_a_run_that_is_interrupted_keeps_its_counts(
    tmp_path: Path, error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.start(tmp_path, "crawl", ("luoshan",))
    with (
        pytest.raises(KeyboardInterrupt),
        runs.noting_end(run, lambda: {"luoshan": {"new": 7, "revised": 2}}),
    ):
        raise error
    statuses.show_runs(tmp_path, 5, as_json=True)
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["exit_code"], shown["new"], shown["revised"]) == (code, 7, 2)


def test_an_interrupted_command_says_so_and_is_no_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.operations.status.show", interrupted)
    assert main(["status", "--output", str(tmp_path)]) == ExitCode.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a page.html", "中文.html"])
def test_a_saved_page_has_no_city_and_no_address_unless_they_are_told(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(page(ZH))
    assert main(["page", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["url"], told["city"]) == (None, None)
    assert ZH in told["results"][0]["text"]


def test_a_crawl_without_a_contact_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crawl(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.operations.crawl_processes.crawl", crawl)
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities/luoshan.yaml").write_text(CITY, encoding="utf-8")
    command = ["crawl", "luoshan", "--cities-dir", str(tmp_path / "cities"),
               "--output", str(tmp_path / "out")]  # fmt: skip
    for contact, warned in (("", True), ("me@example.org", False)):
        monkeypatch.setattr(crawler.settings, "_CONTACT", contact)
        main(command)
        assert ("SHIZHENG_CONTACT" in capsys.readouterr().err) == warned


def test_cities_beside_a_corpus_are_known_to_its_commands_and_add_to_those_that_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_articles(tmp_path, article("a", "zh", city="luoshan"))
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities/luoshan.yaml").write_text(CITY, encoding="utf-8")
    assert main(["status", "--output", str(tmp_path), "--json"]) == 0
    told = {row["city"]: row for row in json.loads(capsys.readouterr().out)}
    assert told["luoshan"]["status"] == "unverified"
    assert main(["cities", "list", "--output", str(tmp_path), "--json"]) == 0
    listed = {row["key"] for row in json.loads(capsys.readouterr().out)}
    assert {"luoshan", "dalian"} <= listed
    assert "luoshan" not in load_cities()
    assert main(["report", "--output", str(tmp_path)]) == 0
    assert "洛山市" in (tmp_path / "reports/index.html").read_text(encoding="utf-8")


def test_an_installed_package_is_no_place_for_a_users_city(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_city, "CITIES_DIR", tmp_path / "site-packages/crawler/cities")
    folder, fixtures = new_city.places(tmp_path / "output", None)
    assert folder == tmp_path / "output/cities"
    assert fixtures == folder / "recorded"
    monkeypatch.setenv("SHIZHENG_CITIES", str(tmp_path / "mine"))
    assert new_city.places(tmp_path / "output", None)[0] == tmp_path / "mine"
