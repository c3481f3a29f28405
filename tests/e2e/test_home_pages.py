"""A city is added from its home page alone, and lists that moved are found again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from home_sites import Web, huwan, luoqiao, page, tingxi
from operating import Ended, ended

from crawler.city import City
from crawler.city_file import load_city
from crawler.demo.server import serve

TODAY = date.today()
SITES: list[tuple[str, Callable[..., Web], str, str, str]] = [
    ("luoqiao", luoqiao, "trs", "http://www.luoqiao.example/xwzx/lqyw/",
     "http://en.luoqiao.example/news/"),
    ("huwan", huwan, "guangdong", "http://www.huwan.example/xwzx/jrhw/",
     "http://www.huwan.example/english/pr/"),
    ("tingxi", tingxi, "generic", "http://www.tingxi.example/list.php?cid=3",
     "http://www.tingxi.example/en/list.php?cid=31"),
]  # fmt: skip


@contextmanager
def web(site: Web) -> Iterator[Callable[..., Ended]]:
    """Serve a site behind a proxy and yield a runner of commands."""
    with serve(site) as port:  # type: ignore[arg-type]
        yield partial(ended, port)


def add(run: Callable[..., Ended], folder: Path, key: str, *more: str) -> Ended:
    (folder / "cities").mkdir(exist_ok=True)
    places = ("--cities-dir", str(folder / "cities"), "--fixtures", str(folder / "fixtures"))
    return run("cities", "add", f"http://www.{key}.example/", *places, *more)


def lists(city: City) -> dict[str, tuple[str, str]]:
    """Return the first list of each language, with its family."""
    return {source.lang: (source.cms, source.list) for source in reversed(city.sources)}


@pytest.mark.parametrize("site", SITES, ids=[row[0] for row in SITES])
def test_the_news_of_both_languages_is_found_from_the_home_page(
    tmp_path: Path, site: tuple[str, Callable[..., Web], str, str, str]
) -> None:
    key, make, cms, zh, en = site
    with web(make(TODAY)) as run:
        ended = add(run, tmp_path, key, "--json")
        assert ended.code == 0, ended.errors
        city = load_city(tmp_path / "cities" / f"{key}.yaml")
        assert lists(city) == {"zh": (cms, zh), "en": (cms, en)}
        assert {source.seen.when for source in city.sources if source.seen} == {str(TODAY)}
        chosen = [each for each in ended.plain["proposals"] if each["chosen"]]
        assert {each["list"] for each in chosen} == {source.list for source in city.sources}
        assert all(any("called" in reason for reason in each["reasons"]) for each in chosen)
        cases = {case.name for case in (tmp_path / "fixtures" / key).iterdir()}
        assert cases == {f"{cms}-zh", f"{cms}-en"}
        checked = run("cities", "check", "--live", "--json", "--cities-dir", f"{tmp_path}/cities")
        assert checked.code == 0
        assert checked.plain["patches"] == []


@pytest.mark.parametrize(
    ("key", "make", "moved"),
    [
        ("luoqiao", luoqiao, "/news/zhyw/"),
        ("huwan", huwan, "/xwzx/hwxw/"),
        ("tingxi", tingxi, "/list.php?cid=12"),
    ],
)
def test_a_list_that_moved_is_found_and_written_on_demand(
    tmp_path: Path, key: str, make: Callable[..., Web], moved: str
) -> None:
    with web(make(TODAY)) as run:
        assert add(run, tmp_path, key).code == 0
    file = tmp_path / "cities" / f"{key}.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + "# A note of the maintainer's.\n", encoding="utf-8")
    english = [source for source in load_city(file).sources if source.lang == "en"]
    places = ("--cities-dir", str(file.parent), "--json")
    with web(make(TODAY, moved)) as run:
        looked = run("cities", "check", "--live", *places)
        assert looked.code in (3, 4)
        [proposed] = looked.plain["patches"]
        assert f"http://www.{key}.example{moved}" in proposed["diff"]
        assert file.read_text(encoding="utf-8").startswith(before), "proposed, not written"
        assert run("cities", "check", "--fix", *places).code == 0
        city = load_city(file)
        assert f"http://www.{key}.example{moved}" in {source.list for source in city.sources}
        assert [(s.lang, s.list) for s in city.sources if s.lang == "en"] == [
            (s.lang, s.list) for s in english
        ]
        assert file.read_text(encoding="utf-8").endswith("# A note of the maintainer's.\n")
        assert run("cities", "check", "--live", *places).code == 0


def test_a_silent_list_is_replaced_by_one_with_news(tmp_path: Path) -> None:
    with web(luoqiao(TODAY)) as run:
        assert add(run, tmp_path, "luoqiao").code == 0
    file = tmp_path / "cities" / "luoqiao.yaml"
    old = luoqiao(TODAY - timedelta(days=90))
    new = luoqiao(TODAY, "/xwzx/xinwen/")
    with web(Web({**old.pages, **new.pages})) as run:
        ended = run("cities", "check", "--fix", "--json", "--cities-dir", str(file.parent))
    assert ended.code == 0
    [moved] = ended.plain["patches"][0]["moved"]
    assert moved["list"].endswith("/xwzx/lqyw/")
    assert moved["new"].endswith("/xwzx/xinwen/")
    assert "silent for 91 days" in moved["why"]


def test_a_home_page_without_news_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    empty = Web({"www.leer.example/": page("雷尔市", "<p>建设中</p>", "")})
    with web(empty) as run:
        ended = add(run, tmp_path, "leer")
    assert ended.code == 4
    assert "nothing was written" in ended.errors
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
