"""A scheduled crawl takes what is new and what was corrected, and asks for nothing else."""

import gzip
import subprocess
import sys
import threading
from dataclasses import replace

from conftest import (
    NEWS,
    NOTICES,
    PRESS,
    ZH,
    Answer,
    Crawl,
    Web,
    entry,
    href,
    listing,
    news,
)
from fastwarc.warc import ArchiveIterator

from pipelines.tables import articles

FIRST = "-sSHIZHENG_NOW=2024-04-01T00:00Z"


def later(days: int) -> str:
    return f"-sSHIZHENG_NOW=2024-04-{1 + days:02d}T01:00Z"


def refused() -> list[str]:
    """Return the addresses answered with a challenge, from elsewhere or not at all."""
    return [f"{NEWS}202403/t20240301_{number}.html" for number in (7002, 7003, 7004)]


def tagged(web: Web) -> None:
    """Give every page an entity tag, as most servers do."""
    for url, answer in web.pages.items():
        if answer.status == 200:
            tag = f'"{hash(answer.body) & 0xFFFFFFFF:x}"'
            web.pages[url] = replace(answer, headers={**answer.headers, "ETag": tag})


def rows_of(crawl: Crawl) -> dict[str, dict[str, object]]:
    table = articles.read_articles(crawl.output, "haiqing")
    return {str(row["url"]): row for row in table.to_pylist()}


def test_a_second_run_of_an_unchanged_site_asks_for_lists_only_and_stores_nothing(
    web: Web, crawl: Crawl
) -> None:
    for url in [url for url in web.pages if "_700" in url]:
        del web.pages[url]  # what is refused or missing would be tried again
    rest = web.pages[NEWS + "index_1.html"].body.decode().replace("_700", "_nothing")
    web.pages[NEWS + "index_1.html"] = Answer(rest.encode())
    rest = web.pages[NEWS + "index_2.html"].body.decode().replace("_700", "_nothing")
    web.pages[NEWS + "index_2.html"] = Answer(rest.encode())
    tagged(web)
    assert crawl("run-1", FIRST).code == 0
    first, files = web.sent, {p: p.read_bytes() for p in crawl.output.glob("articles/**/*.parquet")}
    web.asked.clear()
    web.sent = 0
    ended = crawl("run-2", FIRST)
    assert ended.code == 0
    assert (ended.last["new"], ended.last["revised"], ended.last["issues"]) == (0, 0, 0)
    asked = {url for url in web.asked if "robots" not in url}
    assert asked == {name + "index.html" for name in (NEWS, NOTICES, PRESS)} == set(web.unmodified)
    assert web.sent < 0.03 * first
    assert files == {p: p.read_bytes() for p in crawl.output.glob("articles/**/*.parquet")}
    # What the site called unchanged is in the archive as that, and other readers verify it all.
    (path,) = (crawl.output / "archive/haiqing").glob("run-2*.warc.gz")
    assert gzip.decompress(path.read_bytes()).count(b"revisit/server-not-modified") == 3
    archives = sorted((crawl.output / "archive/haiqing").glob("*.warc.gz"))
    check = [sys.executable, "-m", "warcio.cli", "check", *map(str, archives)]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, len(archives)) == (0, "", 2), checked.stdout
    with archives[1].open("rb") as file:
        records = [r for r in ArchiveIterator(file, parse_http=False) if r.verify_block_digest()]
        kinds = [record.headers["WARC-Type"] for record in records]
    assert kinds.count("revisit") == 3


def test_corrections_are_found_when_articles_are_looked_at_again(web: Web, crawl: Crawl) -> None:
    tagged(web)
    crawl("run-1", FIRST)
    before = rows_of(crawl)
    corrected, part = NEWS + href(9), NEWS + href(5, 1)
    for url in (corrected, part):
        body = web.pages[url].body.decode().replace("工期", "总工期").encode()
        web.pages[url] = Answer(body)
    web.asked.clear()
    web.unmodified.clear()
    new = [NOTICES + href(n) for n in (33, 34)]
    web.pages |= {NOTICES + href(n): news(n) for n in (33, 34)}
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in range(34, 29, -1)])
    ended = crawl("run-2", later(1))
    assert (ended.last["revisits"], ended.last["new"], ended.last["revised"]) == (26, 2, 2)
    # Nothing else was asked for but the lists, what is refused or gone, and the article's parts.
    lists = {name + "index.html" for name in (NEWS, NOTICES, PRESS)}
    others = {NEWS + href(5, part) for part in (1, 2)} | set(refused())
    assert {url for url in web.asked if "robots" not in url} == set(before) | {
        *new,
        *lists,
        *others,
    }
    after = rows_of(crawl)
    assert "总工期" in str(after[corrected]["text"])
    assert [url for url in before if after[url] != before[url]] == [NEWS + href(5), corrected]
    assert set(after) == {*before, *new}
    assert after[corrected]["revision"] == 2
    same = {NEWS + href(n) for n in range(1, 19)} - {corrected}
    assert same <= set(web.unmodified)
    assert crawl("run-3", later(7)).last["revisits"] == 28


def test_what_a_killed_crawl_had_listed_is_fetched_though_the_list_forgot_it(
    web: Web, crawl: Crawl
) -> None:
    web.pages[NOTICES + href(31)] = Answer(b"busy", 503, {})
    crawl("run-1")
    assert NOTICES + href(31) not in rows_of(crawl)
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in (30, 32)])
    web.pages[NOTICES + href(31)] = news(31)
    crawl("run-2")
    assert NOTICES + href(31) in rows_of(crawl)


def test_what_is_new_on_later_pages_is_found_though_a_crawl_was_killed_amid_them(
    web: Web, crawl: Crawl
) -> None:
    crawl("run-1")
    numbers = range(90, 72, -1)
    for number in numbers:
        web.pages[NEWS + href(number)] = news(number)
    rows = [entry(n) for n in (*numbers, *range(18, 12, -1))]
    for at in range(4):
        name = f"index_{at}.html" if at else "index.html"
        web.pages[NEWS + name] = listing(rows[6 * at : 6 * at + 6], 4, at)
    killed, reached = threading.Event(), threading.Event()

    def hold(number: int) -> None:
        if web.asked[-1] == NEWS + "index_1.html":
            reached.set()
            killed.wait(60)

    web.on_request = hold
    with crawl.start("run-2") as process:
        assert reached.wait(60)
        process.kill()
        process.communicate()
    killed.set()
    web.on_request = lambda number: None
    # The first page names nothing new any more: the killed crawl had listed it.
    assert crawl("run-3").code == 0
    assert {NEWS + href(n) for n in numbers} <= set(rows_of(crawl))
    web.asked.clear()
    crawl("run-4")
    assert NEWS + "index_1.html" not in web.asked


def test_a_clock_that_was_ahead_once_lets_nothing_rest(web: Web, crawl: Crawl) -> None:
    tagged(web)
    # Far ahead, and long enough that lists that do not change are read less often.
    for moment in ("2031-01-01T00:00Z", "2031-03-25T00:00Z"):
        crawl("ahead", f"-sSHIZHENG_NOW={moment}")
    new = NEWS + href(19)
    web.pages[new] = news(19)
    front = web.pages[NEWS + "index.html"].body.decode()
    row = f"<ul class='list'><li><a href='{href(19)}'>新闻</a><span>2024-03-20</span></li>"
    web.pages[NEWS + "index.html"] = Answer(front.replace("<ul class='list'>", row).encode())
    web.asked.clear()
    ended = crawl("right", FIRST)
    assert (ended.last["rested"], ended.last["new"]) == (0, 1)
    assert ended.last["clock"] > 20
    assert ("clock", NEWS + "index.html") in crawl.issues("right")
    # The lists are read to their ends, and every article is looked at again.
    assert NEWS + "index_3.html" in web.asked
    assert set(rows_of(crawl)) <= set(web.asked)
    ended = crawl("next", later(0))
    assert ended.last["clock"] == 0
    assert "clock" not in {code for code, _ in crawl.issues("next")}
    # And they are looked at again when they come of age, as any.
    assert crawl("aged", later(2)).last["revisits"] == len(rows_of(crawl))


def test_a_clock_that_is_set_back_loses_nothing(web: Web, crawl: Crawl) -> None:
    tagged(web)
    assert crawl("first", later(1)).code == 0
    before = rows_of(crawl)
    ended = crawl("back", "-sSHIZHENG_NOW=1999-01-01T00:00Z")
    assert ended.last["clock"] > 20
    assert ended.last["rested"] == 0
    web.pages[NOTICES + href(33)] = news(33)
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in range(33, 29, -1)])
    ended = crawl("right", later(2))
    assert (ended.code, ended.last["new"], ended.last["clock"]) == (0, 1, 0)
    assert set(rows_of(crawl)) == {*before, NOTICES + href(33)}


def closed(folder: str) -> Answer:
    """Return a robots.txt that closes a folder, or nothing."""
    return Answer(f"User-agent: *\nDisallow: {folder}\n".encode(), headers={})


def test_what_robots_txt_forbids_for_a_day_is_fetched_the_day_after(web: Web, crawl: Crawl) -> None:
    robots = f"http://{ZH}/robots.txt"
    web.pages[robots] = closed("/xwzx/202403/")
    crawl("run-1", FIRST)
    before = {url for url in rows_of(crawl) if url.startswith(NEWS)}
    assert ("robots", NEWS + href(9)) in crawl.issues()
    web.asked.clear()
    crawl("run-2", later(1))  # still forbidden: reported once, not at every crawl
    assert NEWS + href(9) not in web.asked
    assert ("robots", NEWS + href(9)) not in crawl.issues("run-2")
    web.pages[robots] = closed("")
    web.asked.clear()
    crawl("run-3", later(2))
    articles_of_list = {NEWS + href(n) for n in range(1, 19)}
    assert {url for url in rows_of(crawl) if url.startswith(NEWS)} == articles_of_list > before
    moved_to = NEWS + href(3)  # asked for by another address, too
    assert all(web.asked.count(url) == 1 for url in articles_of_list - {moved_to})


def test_a_site_closed_for_a_day_loses_nothing_that_it_lists_then(web: Web, crawl: Crawl) -> None:
    crawl("run-1", FIRST)
    web.pages |= {NOTICES + href(n): news(n) for n in (33, 34)}
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in range(34, 29, -1)])
    open_rules = web.pages[f"http://{ZH}/robots.txt"]
    web.pages[f"http://{ZH}/robots.txt"] = closed("/*/202403/")
    crawl("run-2", later(1))
    assert NOTICES + href(34) not in rows_of(crawl)
    # By now the list has dropped them: only the crawl itself knows of them.
    web.pages[NOTICES + "index.html"] = listing([entry(n) for n in range(30, 33)])
    web.pages[f"http://{ZH}/robots.txt"] = open_rules
    crawl("run-3", later(2))
    assert {NOTICES + href(33), NOTICES + href(34)} < set(rows_of(crawl))
