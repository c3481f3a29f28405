"""A release's site in a real browser, from a plain file server: searched, browsed, attacked."""

import html
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from authored import HOSTILE_TEXT, HOSTILE_TITLE, HOSTILE_URL
from browser_page import Opened, opened
from loopback import files_of
from playwright.sync_api import Browser, Page, Route
from release_corpus import article, pair, release, site_value, write_city, write_corpus

from pipelines.release.formats.site import page_words
from pipelines.release.snapshot import Snapshot
from pipelines.tables.vocabulary import FLAGS, RELATIONS

TEMPLATES = Path(__file__).parents[2] / "pipelines/release/formats/site_templates"

TITLES = (
    ("产值增长百分之五点六", "Output of Xi'an rises 5.6%"),
    ("友城代表团来访", "Delegation from Port-Élaine on Line 2"),
    ("二〇二四年公交采购", "Malmø orders 1,200 buses, 56 of them electric"),
)
ALL = ("hf", "jsonl", "moses", "site", "tmx")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A release with a city of 453 pairs in three months, and one pair of hostile text."""
    output = write_corpus(tmp_path_factory.mktemp("site"))
    articles, pairs = [], []
    for n in range(450):
        day = 3 + 40 * (n % 2)
        zh = article("bolin", "zh", f"z{n}", f"第{n}座水库。", day)
        en = article("bolin", "en", f"e{n}", f"Reservoir number {n}.", day)
        zh = replace(zh, title=f"第{n}号水库除险加固")
        en = replace(en, title=f"Reservoir No. {n} made safe", url=f"{en.url}?a=1&b=2")
        articles += [zh, en]
        pairs.append(pair(zh, en, 0.99))
    for n, (zh_title, en_title) in enumerate(TITLES):
        zh = article("bolin", "zh", f"t{n}", f"第{n}条消息。", 70)
        en = article("bolin", "en", f"t{n}", f"News number {n}.", 70)
        zh, en = replace(zh, title=zh_title), replace(en, title=en_title)
        articles += [zh, en]
        pairs.append(pair(zh, en, 0.99))
    bad = article("anbei", "zh", "bad", HOSTILE_TEXT, 9)
    worse = article("anbei", "en", "bad", HOSTILE_TEXT, 9)
    bad = replace(bad, title="标题</script><b>", url=HOSTILE_URL)
    worse = replace(worse, title=HOSTILE_TITLE, published_at=bad.published_at + timedelta(days=1))
    write_city(output, "bolin", articles, pairs)
    write_city(output, "anbei", [bad, worse], [pair(bad, worse, 0.9)])
    return release(output, "1.0.0", formats=ALL)


@pytest.fixture(scope="module")
def address(made: Snapshot) -> Iterator[str]:
    """The release's folder on a plain file server."""
    with files_of(made.folder) as served:
        yield f"{served}/site/"


@pytest.fixture
def site(browser: Browser, address: str) -> Iterator[Opened]:
    seen = opened(browser, address)
    says(seen.page, "shown")
    yield seen
    seen.page.context.close()


def says(page: Page, words: str) -> str:
    """Wait until the status line has these words, and return it."""
    deadline = time.monotonic() + 10
    while words not in (said := page.locator("#status").inner_text()):
        assert time.monotonic() < deadline, said
        page.wait_for_timeout(20)
    return said


def search(page: Page, query: str, words: str) -> list[str]:
    """Search, wait for the status line, and return the English titles shown."""
    page.locator("#query").fill(query)
    page.locator("#query").press("Enter")
    says(page, words)
    return page.locator("#list li [lang=en]").all_inner_texts()


def test_titles_are_found_in_either_language_and_by_the_beginning_of_a_word(site: Opened) -> None:
    page = site.page
    assert search(page, "reservoir 217", "1 of 1 shown") == ["Reservoir No. 217 made safe"]
    assert search(page, "第217号水库", "“第217号水库”: 1 of 1") == ["Reservoir No. 217 made safe"]
    assert len(search(page, "RESERV", "20 of 450 shown")) == 20
    assert search(page, "dragon boat", "No title has “dragon boat”") == []
    assert search(page, "the", "Two letters or characters, or a number") == []
    assert site.complaints == []


def test_more_results_come_page_by_page_and_take_the_focus(site: Opened) -> None:
    page = site.page
    search(page, "reservoir", "20 of 450 shown")
    page.get_by_role("button", name="Show more").click()
    says(page, "40 of 450 shown")
    assert page.locator("#list li").count() == 40
    assert page.evaluate("document.activeElement.closest('li') === list.children[20]")


def test_pairs_are_browsed_by_city_and_month(site: Opened) -> None:
    page = site.page
    page.get_by_label("City", exact=True).select_option(label="bolin bolin市 (453)")
    says(page, "bolin: 20 of 453 shown")
    months = page.locator("#month option").all_inner_texts()
    assert months == ["all months (453)", "2024-03 (3)", "2024-02 (225)", "2024-01 (225)"]
    page.get_by_label("Month").select_option("2024-01")
    says(page, "bolin, 2024-01: 20 of 225 shown")
    assert "2024-01-04" in page.locator("#list li p").first.inner_text()
    assert site.complaints == []


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("5.6%", "Output of Xi'an rises 5.6%"),
        ("5.6", "Output of Xi'an rises 5.6%"),
        ("５．６％", "Output of Xi'an rises 5.6%"),
        ("Xian", "Output of Xi'an rises 5.6%"),
        ("Port-Elaine", "Delegation from Port-Élaine on Line 2"),
        ("port-élaine", "Delegation from Port-Élaine on Line 2"),
        ("line 2", "Delegation from Port-Élaine on Line 2"),
        ("1200", "Malmø orders 1,200 buses, 56 of them electric"),
        ("1,200 malmo", "Malmø orders 1,200 buses, 56 of them electric"),
        ("二〇二四", "Malmø orders 1,200 buses, 56 of them electric"),
    ],
)
def test_figures_and_accented_names_are_found_as_people_type_them(
    site: Opened, query: str, title: str
) -> None:
    assert search(site.page, query, "1 of 1 shown") == [title]


def test_a_search_is_of_all_cities_or_of_the_one_chosen(site: Opened) -> None:
    page = site.page
    city = page.get_by_label("City", exact=True)
    assert city.input_value() == ""
    assert page.locator("#city option").all_inner_texts() == [
        "all cities (469)", "anbei anbei市 (1)", "bolin bolin市 (453)",
        "chunan chunan市 (5)", "dashi dashi市 (5)", "erhe erhe (5)",
    ]  # fmt: skip
    search(page, "reservoir", "Titles with “reservoir”: 20 of 450 shown")
    assert page.locator("#city option").all_inner_texts() == [
        "all cities (450)", "bolin bolin市 (450)",
    ]  # fmt: skip
    page.locator("#query").fill("")
    page.locator("#query").press("Enter")
    says(page, "All cities: 20 of 469 shown")
    city.select_option(label="anbei anbei市 (1)")
    says(page, "anbei: 1 of 1 shown")
    assert search(page, "reservoir", "No title has “reservoir”, anbei") == []
    assert page.locator("#city option").all_inner_texts() == [
        "all cities (450)", "anbei anbei市 (0)", "bolin bolin市 (450)",
    ]  # fmt: skip
    assert site.complaints == []


def test_the_address_keeps_what_is_asked_and_goes_back_to_it(
    site: Opened, browser: Browser
) -> None:
    page = site.page
    page.get_by_label("City", exact=True).select_option(label="bolin bolin市 (453)")
    says(page, "bolin: 20 of 453 shown")
    search(page, "reservoir 21", "Titles with “reservoir 21”, bolin: 1 of 1 shown")
    assert page.url.endswith("?q=reservoir+21&city=bolin")
    sent = opened(browser, page.url)
    says(sent.page, "Titles with “reservoir 21”, bolin: 1 of 1 shown")
    assert sent.page.locator("#query").input_value() == "reservoir 21"
    sent.page.context.close()
    page.go_back()
    says(page, "bolin: 20 of 453 shown")
    page.go_back()
    says(page, "All cities: 20 of 469 shown")
    assert page.locator("#query").input_value() == ""
    page.goto(f"{page.url.split('?')[0]}?city=nowhere&month=1999-01")
    says(page, "All cities: 20 of 469 shown")
    assert site.complaints == []


def test_hostile_titles_are_text_and_run_nothing(site: Opened) -> None:
    page = site.page
    page.get_by_label("City", exact=True).select_option(label="anbei anbei市 (1)")
    says(page, "anbei: 1 of 1")
    item = page.locator("#list li").first
    assert item.locator("[lang=en]").inner_text() == HOSTILE_TITLE.replace("\u202e", "⟦U+202E⟧")
    assert item.locator("[lang=zh]").inner_text() == "标题</script><b>"
    # An address that is not of the web is no link.
    assert item.locator("a[lang=zh]").count() == 0
    assert (
        page.locator("a[href^='javascript'], iframe, #list img, [onload], [onerror]").count() == 0
    )
    page.locator("#query").fill(HOSTILE_TITLE)
    page.locator("#query").press("Enter")
    says(page, "1 of 1 shown")
    page.get_by_role("link", name="Side by side").click()
    says(page, "Both texts")
    assert "<script>" in page.locator("#list").inner_text()
    assert page.locator("#list").locator("script, img, iframe, svg").count() == 0
    assert page.evaluate("window.hacked") is None
    assert site.complaints == []


def test_no_data_stand_in_the_page_as_script_or_style(made: Snapshot) -> None:
    text = html.unescape((made.folder / "site" / "index.html").read_text("utf-8"))
    assert text.count("<script") == 1
    assert '<script src="site.js" defer></script>' in text
    assert "<style" not in text
    assert " style=" not in text
    assert "default-src 'none'; script-src 'self'" in text


def test_nothing_is_asked_of_anyone_else_and_little_at_once(site: Opened, address: str) -> None:
    search(site.page, "reservoir 44", "shown")
    assert all(url.startswith(address) for url in site.requests)
    folder = len(address)
    read = [url[folder:] for url in site.requests if "/data/" in url]
    assert {"data/index.js", "data/words.js"} < set(read)
    # At most a file for each of the twenty pairs shown at first; for the search its words' file,
    # and that of the pair shown.
    assert len(read) <= 2 + 20 + 2


def test_files_of_pairs_are_small_and_hold_every_pair_once(made: Snapshot) -> None:
    data = made.folder / "site" / "data"
    index = site_value(data / "index.js")
    assert sum(count for *_, count in index["files"]) == made.manifest["counts"]["pairs"]["all"]
    for city, month, part, count in index["files"]:
        rows = site_value(data / "pairs" / str(city) / f"{month}-{part}.js")
        assert len(rows) == count <= 200
        assert {row[0][:7] for row in rows} == {month}


def test_every_link_of_the_page_leads_to_a_file_of_the_release(
    site: Opened, made: Snapshot, address: str
) -> None:
    links = site.page.locator("#downloads a, #statistics a").evaluate_all(
        "all => all.map(a => a.href)"
    )
    root = address.removesuffix("site/")
    names = {link.removeprefix(root) for link in links}
    assert all((made.folder / name).is_file() for name in names)
    listed = {row["path"] for row in made.manifest["files"]}
    assert {n for n in listed if n.split("/")[0] not in ("hf", "site")} <= names


def test_what_is_asked_before_the_index_has_come_is_answered(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/data/index.js", hold)
    page.goto(address, wait_until="commit")
    page.locator("#query").fill("reservoir")
    while not held:
        page.wait_for_timeout(20)
    page.locator("#query").press("Enter")
    held[0].continue_()
    says(page, "20 of 450 shown")
    page.close()


@pytest.mark.parametrize(
    ("view", "state"),
    [
        (("light", 1280), "?q=reservoir"),
        (("dark", 390), "?q=reservoir"),
        (("light", 390), "zh.html?q=reservoir&in=sentences"),
        (("dark", 1280), "zh.html?in=sentences&q=reservoir"),
        (("light", 1280), "?pair=3&bead=2"),
        (("dark", 390), "?pair=3&bead=2"),
    ],
)
def test_the_site_is_accessible_and_fits_every_screen(
    browser: Browser,
    address: str,
    violations: Callable[[Page], list[str]],
    view: tuple[str, int],
    state: str,
) -> None:
    scheme, width = view
    size = {"width": width, "height": 844}
    seen = opened(browser, address + state, viewport=size, color_scheme=scheme)
    seen.page.locator("#list li .titles").nth(1).wait_for()
    assert violations(seen.page) == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    seen.page.context.close()


def test_it_is_worked_by_keyboard_alone(site: Opened) -> None:
    page = site.page
    page.locator("#query").focus()
    page.keyboard.type("reservoir 8")
    page.keyboard.press("Enter")
    says(page, "shown")
    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert order == ["BUTTON", "in", "city", "month"]


def test_from_the_disk_it_is_searched_and_keeps_its_address(
    browser: Browser, made: Snapshot
) -> None:
    seen = opened(browser, (made.folder / "site" / "index.html").as_uri())
    page = seen.page
    says(page, "All cities: 20 of 469 shown")
    assert search(page, "reservoir 217", "1 of 1 shown") == ["Reservoir No. 217 made safe"]
    page.get_by_role("link", name="Side by side").click()
    says(page, "Both texts, 2 beads")
    page.reload()
    says(page, "Both texts, 2 beads")
    page.go_back()
    says(page, "Titles with “reservoir 217”: 1 of 1 shown")
    assert seen.complaints == []
    page.context.close()


def test_a_sentence_is_found_in_either_language_with_its_other_side(site: Opened) -> None:
    page = site.page
    page.get_by_label("In", exact=True).select_option("sentences")
    says(page, "All sentences: 20 shown, more below")
    sides = page.locator("#list .sides [lang]")
    search(page, "number 217", "Sentences with “number 217”: 1 shown, all there are")
    assert sides.all_inner_texts() == ["第217座水库。", "Reservoir number 217."]
    assert page.locator("#list mark").all_inner_texts() == ["217", "number", "217"]
    assert page.url.endswith("?q=number+217&in=sentences")
    search(page, "第217座水", "2 shown, all there are")
    assert page.locator("#list mark").all_inner_texts() == ["第217座水", "217", "第217座水"]
    search(page, "reservoir", "20 shown, more below")
    page.get_by_role("button", name="Show more").click()
    says(page, "40 shown")
    page.get_by_label("City", exact=True).select_option(label="anbei anbei市")
    says(page, "No sentence has “reservoir”, anbei")
    search(page, "dragon boat", "No sentence has “dragon boat”, anbei")
    assert site.complaints == []


def test_both_texts_of_a_pair_are_side_by_side_and_the_address_names_the_bead(
    site: Opened, browser: Browser
) -> None:
    page = site.page
    page.get_by_label("In", exact=True).select_option("sentences")
    says(page, "All sentences")
    search(page, "number 217", "all there are")
    page.get_by_role("link", name="Side by side").click()
    says(page, "Both texts, 2 beads")
    assert page.locator("#list .bead .sides").all_inner_texts() == [
        "第217座水库。\nReservoir number 217.",
        "第217座水库。",
    ]
    assert page.locator("#list .bead p").all_inner_texts() == ["a fragment"]
    assert page.locator("#list [aria-current]").inner_text().startswith("第217座水库。")
    sent = opened(browser, page.url)
    says(sent.page, "Both texts, 2 beads")
    assert sent.page.locator("#list [aria-current]").count() == 1
    sent.page.context.close()
    page.get_by_role("link", name="All pairs").click()
    says(page, "All cities: 20 of 469 shown")
    page.goto(f"{page.url.split('?')[0]}?pair=999999")
    says(page, "All cities: 20 of 469 shown")
    assert site.complaints == []


def test_texts_that_a_release_may_not_hold_are_not_on_its_site(site: Opened) -> None:
    page = site.page
    page.get_by_label("City", exact=True).select_option(label="dashi dashi市 (5)")
    says(page, "dashi: 5 of 5 shown")
    assert page.get_by_role("link", name="Side by side").count() == 0


def test_the_page_is_in_chinese_as_well_and_keeps_what_was_asked(site: Opened) -> None:
    page = site.page
    search(page, "reservoir 217", "1 of 1 shown")
    page.get_by_role("link", name="中文").click()
    says(page, "标题含“reservoir 217”：共 1 条，已显示 1 条")
    assert page.url.endswith("zh.html?q=reservoir+217")
    page.get_by_label("范围").select_option("sentences")
    says(page, "句子含“reservoir 217”：共 1 条，已全部显示")
    page.get_by_role("link", name="双语对照").click()
    says(page, "双语文本，2 个句对")
    page.get_by_role("link", name="English").click()
    says(page, "Both texts, 2 beads")
    assert site.complaints == []


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    words = page_words()
    code = (TEMPLATES / "index.html.j2").read_text("utf-8") + (TEMPLATES / "site.js").read_text(
        "utf-8"
    )
    for key, text in words["en"].items():
        fields = sorted(re.findall(r"{\w+}", text))
        assert fields == sorted(re.findall(r"{\w+}", words["zh"][key])), key
    used = set(re.findall(r"say\(['\"](\w+)['\"]", code))
    assert used <= set(words["en"])
    assert set(RELATIONS) | set(FLAGS) <= set(words["en"])


def test_without_script_statistics_and_downloads_are_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert "need JavaScript" in page.locator("main").inner_text()
    assert page.locator("#downloads a").count() > 5
    assert page.locator("#statistics tbody tr").count() > 3
    context.close()
