"""A crawl of a small city over real HTTP: what it fetches, keeps, reports and leaves alone."""

import gzip
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from conftest import (
    ELSEWHERE,
    EN,
    NEWS,
    NOTICES,
    PRESS,
    ROOT,
    ZH,
    Answer,
    Crawl,
    Crawled,
    Web,
    entry,
    href,
    listing,
    news,
    page,
)

from crawler.archive.reader import Record, read_records
from pipelines.tables import articles, files, parquet, schema

GONE, SHUT, AWAY = (NEWS + f"202403/t20240301_{n}.html" for n in (7003, 7004, 7002))
MOVED, CLOSED = NEWS + "202403/t20240301_7001.html", NEWS + "secret/202403/t20240301_7005.html"


def stored(output: Path) -> dict[str, dict[str, object]]:
    rows = articles.read_articles(output, "haiqing").to_pylist()
    return {row["url"]: row for row in rows}


def rejected(output: Path) -> dict[str, str]:
    table = parquet.read_table(files.table_path(output, "rejects", "haiqing"), schema.REJECTS)
    return {row["url"]: row["reason"] for row in table.to_pylist()}


def archived(output: Path, run: str = "*") -> list[Record]:
    skipped: Counter[str] = Counter()
    paths = sorted((output / "archive/haiqing").glob(f"{run}.warc.gz"))
    records = [record for path in paths for record in read_records(path, skipped)]
    assert not skipped
    return records


def test_every_article_of_every_page_of_every_list_is_stored(crawled: Crawled) -> None:
    assert crawled.ended.code == 0, crawled.ended.errors
    expected = {NEWS + href(n) for n in range(1, 19)}
    expected |= {NOTICES + href(n) for n in range(30, 33)}
    expected |= {PRESS + href(n) for n in range(50, 55)}
    found = stored(crawled.crawl.output)
    assert set(found) == expected
    assert Counter(row["lang"] for row in found.values()) == {"zh": 21, "en": 5}
    assert found[NEWS + href(7)]["title"] == entry(7)[1]
    assert str(found[NEWS + href(7)]["published_at"]) == "2024-03-08 09:30:00+08:00"


def test_progress_is_told_in_json_lines(crawled: Crawled) -> None:
    for line in crawled.ended.lines:
        assert {"city", "requests", "lists", "articles", "rejects", "issues", "queue"} <= set(line)
    assert [line.get("done", False) for line in crawled.ended.lines].count(True) == 1
    last = crawled.ended.last
    assert (last["done"], last["reason"], last["lists"], last["queue"]) == (True, "finished", 6, 0)
    assert (last["new"], last["rejects"], last["requests"]) == (26, 2, len(crawled.web.asked))


def test_the_pages_of_an_article_are_joined_in_order(crawled: Crawled) -> None:
    text = str(stored(crawled.crawl.output)[NEWS + href(5)]["text"])
    places = [text.index(f"第{n}标段") for n in (1, 2, 3)]
    assert places == sorted(places)


def test_a_page_is_asked_for_once_however_it_is_spelt(crawled: Crawled) -> None:
    asked = Counter(crawled.web.asked)
    # The page that moved leads to one that is also listed; either may be met first.
    assert {url for url, times in asked.items() if times > 1} <= {NEWS + href(3)}
    assert NEWS + href(17).replace(".html", "_print.html") not in asked


def test_only_hosts_the_city_names_are_asked(crawled: Crawled) -> None:
    assert not [url for url in crawled.web.asked if ELSEWHERE in url]
    assert ("off_host", AWAY) in crawled.crawl.issues()
    assert ("links_off_host", NEWS + "index.html") in crawled.crawl.issues()


def test_robots_txt_is_obeyed_and_what_it_forbids_is_reported(crawled: Crawled) -> None:
    assert CLOSED not in crawled.web.asked
    assert ("robots", CLOSED) in crawled.crawl.issues()
    assert crawled.web.asked.count(f"http://{ZH}/robots.txt") == 1


def test_a_missing_page_and_a_challenge_are_rejects_and_issues(crawled: Crawled) -> None:
    assert rejected(crawled.crawl.output) == {GONE: "http_error", SHUT: "challenge"}
    assert {("http_4xx", GONE), ("blocked_challenge", SHUT)} <= set(crawled.crawl.issues())


def test_everything_received_is_archived_as_it_came(crawled: Crawled) -> None:
    records = archived(crawled.crawl.output)
    assert Counter(record.url for record in records) == Counter(crawled.web.asked)
    kinds = {record.url: (record.kind, record.status) for record in records}
    assert kinds[f"http://{ZH}/robots.txt"] == ("robots", 200)
    assert kinds[NEWS + "index_1.html"] == ("list", 200)
    assert kinds[MOVED] == ("article", 301)
    assert kinds[SHUT] == ("article", 521)
    assert kinds[NEWS + href(5, 1)] == ("part", 200)
    sent = crawled.web.pages[NEWS + href(4)].body
    read_back = next(record.body for record in records if record.url == NEWS + href(4))
    assert read_back == gzip.decompress(sent)
    (path,) = (crawled.crawl.output / "archive/haiqing").glob("*.warc.gz")
    assert sent in gzip.decompress(path.read_bytes())


def test_a_host_whose_robots_txt_fails_and_an_empty_list_are_loud(web: Web, crawl: Crawl) -> None:
    web.pages[f"http://{EN}/robots.txt"] = Answer(b"sorry", 503)
    web.pages[NOTICES + "index.html"] = listing([])
    web.pages[NEWS + href(6)] = Answer(page("空", "<div id='app'></div>"))
    web.pages[NEWS + href(8)] = Answer(b"%PDF-1.4 no page at all", 200, {})
    ended = crawl()
    assert ended.code == 0
    assert not [url for url in web.asked if url.startswith(PRESS)]
    assert ("robots", PRESS + "index.html") in crawl.issues()
    assert ("list_empty", NOTICES + "index.html") in crawl.issues()
    # Pages that are none are rejects; the crawl goes on.
    reasons = rejected(crawl.output)
    assert (reasons[NEWS + href(6)], reasons[NEWS + href(8)]) == ("empty_shell", "not_html")
    assert ("empty_shell", NEWS + href(6)) in crawl.issues()
    assert len(stored(crawl.output)) == 16


def test_a_city_of_which_no_list_can_be_read_is_no_success(web: Web, crawl: Crawl) -> None:
    for name in (NEWS, NOTICES, PRESS):
        web.pages[name + "index.html"] = Answer(b"no", 403)
    ended = crawl()
    assert ended.code == 1
    assert (ended.last["lists"], ended.last["reason"]) == (0, "finished")
    assert [code for code, _ in crawl.issues()] == ["http_4xx"] * 3


def test_a_second_crawl_fetches_lists_news_and_what_failed(web: Web, crawl: Crawl) -> None:
    part = web.pages.pop(NEWS + href(5, 2))
    crawl("run-1")
    before = stored(crawl.output)
    incomplete = before[NEWS + href(5)]
    assert ("part_missing", NEWS + href(5, 2)) in crawl.issues("run-1")
    assert "parts_missing" in incomplete["flags"]  # type: ignore[operator]
    assert "第3标段" not in str(incomplete["text"])

    web.pages |= {NEWS + href(5, 2): part, SHUT: news(20), NOTICES + href(33): news(33)}
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in range(33, 29, -1)])
    web.asked.clear()
    ended = crawl("run-2")
    assert ended.code == 0
    assert (ended.last["new"], ended.last["revised"]) == (2, 1)
    # The first page of a listing says that nothing is new behind it.
    lists = {url for url in web.asked if "index" in url}
    assert lists == {name + "index.html" for name in (NEWS, NOTICES, PRESS)}
    # Known articles are not asked for; of the incomplete one, only the part that was missing.
    asked = {url for url in web.asked if "/t2024" in url}
    assert asked == {GONE, SHUT, AWAY, NOTICES + href(33), NEWS + href(5, 2)}

    after = stored(crawl.output)
    assert set(after) == {*before, SHUT, NOTICES + href(33)}
    assert SHUT not in rejected(crawl.output)
    whole = after[NEWS + href(5)]
    assert (whole["revision"], "第3标段" in str(whole["text"])) == (2, True)
    same = before.keys() - {NEWS + href(5)}
    assert {url: after[url] for url in same} == {url: before[url] for url in same}

    # What came before is referred to, not archived again, and reads as if it were there.
    first, second = ({r.url: r for r in archived(crawl.output, f"run-{n}*")} for n in (1, 2))
    unchanged = NEWS + "index.html"
    raw = gzip.decompress((crawl.output / "archive/haiqing/run-2-00000.warc.gz").read_bytes())
    assert raw.count(b"WARC-Type: revisit") == 2  # the lists that did not change
    assert second[unchanged].body == first[unchanged].body


def test_a_window_of_dates_bounds_lists_and_links(web: Web, crawl: Crawl) -> None:
    ended = crawl("run-1", "--since", "2024-03-09", "--until", "2024-03-14")
    assert ended.code == 0
    found = {url for url in stored(crawl.output) if url.startswith(NEWS)}
    assert found == {NEWS + href(n) for n in range(8, 14)}
    assert ended.last["outside"] > 0
    # The third page is wholly older, so nothing after it can be in the window.
    assert NEWS + "index_2.html" in web.asked
    assert NEWS + "index_3.html" not in web.asked


def test_what_could_not_be_stored_is_stored_later_without_asking_again(
    web: Web, crawl: Crawl
) -> None:
    (crawl.output / "articles").mkdir(parents=True)
    (crawl.output / "articles/haiqing").write_text("a file where a folder should be")
    ended = crawl("run-1")
    assert (ended.code, ended.last["reason"]) == (1, "store_failed")
    assert "store" in {code for code, _ in crawl.issues("run-1")}
    (crawl.output / "articles/haiqing").unlink()
    asked = set(web.asked)
    web.asked.clear()
    assert crawl("run-2").code == 0
    assert len(stored(crawl.output)) == 26
    again = asked & {url for url in web.asked if "/t2024" in url}
    assert again <= {MOVED, NEWS + href(3), AWAY, GONE, SHUT}


def test_a_crawl_that_cannot_archive_stops_and_stores_nothing(web: Web, crawl: Crawl) -> None:
    crawl.output.mkdir()
    (crawl.output / "archive").write_text("a file where a folder should be")
    ended = crawl()
    assert ended.code == 1
    assert "archive" in {code for code, _ in crawl.issues()}
    assert not (crawl.output / "articles").exists()
    assert len(web.asked) <= 6


def test_scrapys_own_commands_know_the_cities(web: Web, crawl: Crawl) -> None:
    environment = {**os.environ, "SHIZHENG_CITIES": str(crawl.cities)}
    environment |= {"http_proxy": f"http://127.0.0.1:{web.port}", "SHIZHENG_DELAY": "0"}
    environment |= {"SHIZHENG_OUTPUT": str(crawl.output), "SHIZHENG_AUTOTHROTTLE": "0"}

    def scrapy(*words: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "scrapy", *words]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment
        )
        return ended.returncode, ended.stdout, ended.stderr

    assert {"haiqing", "dalian"} <= set(scrapy("list")[1].split())
    code, _, said = scrapy("crawl", "haiqin")
    assert (code, "did you mean haiqing?" in said) == (2, True)
    assert scrapy("crawl", "haiqing", "-a", "since=2024-03-01")[0] == 0
    assert len(stored(crawl.output)) == 26
