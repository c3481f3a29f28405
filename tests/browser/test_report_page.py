"""The report in a real browser: from a file, off the network, in both languages, on any screen."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from authored import ALIGNED, HOSTILE_TEXT, HOSTILE_TITLE, article, pair, write_corpus
from browser_page import Opened, opened
from builders import store_rows, store_verdicts, stored_rows, verdict_row
from playwright.sync_api import Browser, Page

from pipelines.quality import history
from pipelines.report.page import write
from pipelines.tables import articles


@pytest.fixture
def report(browser: Browser, page_url: str) -> Iterator[Opened]:
    seen = opened(browser, page_url)
    yield seen
    seen.page.context.close()


def eventually(page: Page, condition: str) -> None:
    """Wait for a JavaScript condition. Playwright's own way evaluates strings in the page, which
    the page's policy forbids."""
    deadline = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def visible_pairs(page: Page) -> list[str]:
    return page.eval_on_selector_all(".pair:not([hidden])", "found => found.map(pair => pair.id)")


def test_the_report_asks_for_nothing_but_its_own_file(report: Opened, page_url: str) -> None:
    page = report.page
    page.get_by_role("button", name="Open all").click()
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(200)
    assert report.requests == [page_url]
    assert report.complaints == []


def test_the_policy_lets_no_other_script_run_and_no_request_out(report: Opened) -> None:
    page = report.page
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = 1";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "http://127.0.0.1:9/leak.png";
            image.setAttribute("onerror", "window.injected = 2");
            document.body.append(image);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.injected") is None
    assert len(report.complaints) >= 2
    assert all("Content Security Policy" in complaint for complaint in report.complaints)


def test_a_hostile_article_is_text_and_runs_nothing(report: Opened) -> None:
    page = report.page
    page.get_by_role("button", name="Open all").click()
    # Not the inner text: that of a pair off the screen is not laid out.
    title = page.locator("#pair-zh3-en3 h3").first
    assert title.text_content() == HOSTILE_TITLE.replace("\u202e", "⟦U+202E⟧")
    address = page.locator("#pair-zh3-en3 .url").first.text_content()
    assert address is not None
    assert address.startswith("javascript:")
    assert page.locator("a[href^='javascript'], [onload], iframe, img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert report.complaints == []


def test_the_language_switch_changes_every_word_of_the_page(report: Opened) -> None:
    page = report.page
    heading = page.get_by_role("heading", level=1)
    assert heading.inner_text() == "Corpus quality report"
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_label("中文").check()
    assert heading.inner_text() == "语料质量报告"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.locator(".e").evaluate_all("all => all.every(tag => !tag.checkVisibility())")
    assert page.locator("output[name=shown]").inner_text() == "显示 4 / 4 对"
    page.reload()
    assert heading.inner_text() == "语料质量报告"


def test_a_chinese_browser_is_met_in_chinese(browser: Browser, page_url: str) -> None:
    seen = opened(browser, page_url, locale="zh-CN")
    assert seen.page.get_by_role("heading", level=1).inner_text() == "语料质量报告"
    seen.page.context.close()


def test_without_scripts_everything_is_there(browser: Browser, page_url: str) -> None:
    seen = opened(browser, page_url, java_script_enabled=False)
    assert seen.page.locator(".pair").count() == 4
    assert not seen.page.locator(".filter").is_visible()
    seen.page.get_by_label("中文").check()
    assert seen.page.get_by_role("heading", level=1).inner_text() == "语料质量报告"
    seen.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_the_page_fits_the_screen(browser: Browser, page_url: str, width: int, scheme: str) -> None:
    seen = opened(browser, page_url, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"
    assert dark == (scheme == "dark")
    page.context.close()


def test_sentences_stand_side_by_side_on_a_desk_and_below_each_other_on_a_phone(
    browser: Browser, page_url: str
) -> None:
    for width, beside in ((1440, True), (390, False)):
        seen = opened(browser, page_url, viewport={"width": width, "height": 844})
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        zh, en = (
            seen.page.locator("#pair-zh1-en1 .bead").first.locator(".cell").nth(n).bounding_box()
            for n in (0, 1)
        )
        assert zh is not None
        assert en is not None
        assert (zh["x"] + zh["width"] <= en["x"]) == beside
        assert (zh["y"] + zh["height"] <= en["y"]) == (not beside)
        seen.page.context.close()


def test_in_print_colours_are_light_and_controls_are_gone(browser: Browser, page_url: str) -> None:
    seen = opened(browser, page_url, color_scheme="dark")
    page = seen.page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.locator(".filter, .switch, .contents").evaluate_all(
        "all => all.some(tag => tag.checkVisibility())"
    )
    assert page.pdf().startswith(b"%PDF")
    page.context.close()


def test_filters_narrow_the_pairs_and_can_be_cleared(report: Opened) -> None:
    page = report.page
    page.get_by_label("City").select_option("taoyu")
    assert visible_pairs(page) == ["pair-zh6-en6"]
    page.get_by_role("button", name="Clear").click()
    eventually(page, "document.querySelectorAll('.pair:not([hidden])').length === 4")
    page.get_by_label("Words in a title").fill("EXECUTIVE")
    assert visible_pairs(page) == ["pair-zh1-en1", "pair-zh2-en2"]
    assert page.locator("output[name=shown]").inner_text() == "2 of 4 shown"


def test_a_doubt_and_a_column_lead_to_their_pairs(report: Opened) -> None:
    page = report.page
    page.get_by_role("link", name="have ordinals that contradict each other").click()
    assert visible_pairs(page) == ["pair-zh2-en2"]
    page.locator("svg a[data-show='band=9']").click()
    assert visible_pairs(page) == ["pair-zh1-en1", "pair-zh6-en6"]
    assert page.url.endswith("#pairs")


def test_a_figure_about_sentences_opens_and_marks_them(report: Opened) -> None:
    page = report.page
    page.locator("#kinds").get_by_role("link", name="1-2").click()
    assert visible_pairs(page) == ["pair-zh1-en1"]
    assert page.locator(".bead.sought").count() == 1
    assert page.locator(".bead.sought .join > span").text_content() == "1-2"
    page.get_by_role("button", name="Clear").click()
    eventually(page, "document.querySelectorAll('.pair:not([hidden])').length === 4")
    assert page.locator(".bead.sought").count() == 0


def test_a_threshold_can_be_tried_by_keyboard(report: Opened) -> None:
    page = report.page
    slider = page.get_by_label("Try a threshold")
    told = page.locator("output[for=threshold]")
    assert told.inner_text().startswith("≥ 0.50: 3 pairs")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert told.inner_text().startswith("≥ 0.60: 2 pairs")


def test_everything_that_can_be_pressed_is_reached_by_the_tab_key(report: Opened) -> None:
    page = report.page
    wanted = page.evaluate(
        """[...document.querySelectorAll(
            "a[href], summary, select, input:not([type=radio]), button, [tabindex='0']"
        )]
            .filter(tag => tag.checkVisibility())
            .filter(tag => !tag.closest("details:not([open]) > :not(summary)"))
            .map((tag, n) => tag.dataset.stop = n).length"""
    )
    reached = set()
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.stop"))
    assert len(reached - {None}) == wanted


def test_with_verdicts_and_a_history_the_page_is_as_hostile_proof_and_accessible(
    browser: Browser, tmp_path: Path, violations: Callable[[Page], list[str]]
) -> None:
    write_corpus(tmp_path)
    history.record(tmp_path, "r1", ALIGNED)
    huge = article("zh9", "zh", HOSTILE_TITLE, HOSTILE_TEXT + "字" * 2_000_000, 50, city="minghe")
    other = article("en9", "en", HOSTILE_TITLE, "</div></section>" * 50, 51, city="minghe")
    articles.write_articles(tmp_path, "minghe", [huge, other], run_id="r2", now=ALIGNED)
    rows = stored_rows(tmp_path, "pairs", "minghe")
    rows[0] |= {"aligned_at": ALIGNED + timedelta(days=1)}
    store_rows(tmp_path, "pairs", "minghe", [*rows, pair("minghe", huge, other, 0.97)])
    judged = [
        verdict_row(row, code, n, reviewer="<b>Wang</b>", note=HOSTILE_TEXT, plan="all size=4")
        for n, (row, code) in enumerate(zip(rows, ("translation", "different"), strict=False))
    ]
    store_verdicts(tmp_path, judged, "wang")
    history.record(tmp_path, "r2", ALIGNED + timedelta(days=2))
    written = write(tmp_path)
    assert written.stat().st_size < 1_000_000
    seen = opened(browser, written.as_uri())
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.locator("#quality svg").count() == 4
    assert "1 pairs are new" in " ".join(page.locator("#changes").inner_text().split())
    page.locator("#changes").get_by_role("link").first.click()
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("a[href^='javascript'], [onload], iframe, img, u").count() == 0
    assert violations(page) == []
    assert seen.requests == [written.as_uri()]
    assert seen.complaints == []
    page.context.close()


def test_a_link_to_a_pair_opens_it(browser: Browser, page_url: str) -> None:
    seen = opened(browser, f"{page_url}#pair-zh2-en2")
    seen.page.locator("#pair-zh2-en2 .bead").first.wait_for(state="visible", timeout=10_000)
    # At the top of the window, or as near to it as the end of the page allows.
    eventually(
        seen.page,
        """Math.abs(document.getElementById("pair-zh2-en2").getBoundingClientRect().top) < 5
            || scrollY + innerHeight >= document.documentElement.scrollHeight - 5""",
    )
    seen.page.context.close()


def test_a_count_of_articles_opens_its_examples(report: Opened) -> None:
    link = report.page.locator("#coverage a[href^='#unmatched-']").first
    folded = report.page.locator(str(link.get_attribute("href")))
    assert folded.get_attribute("open") is None
    link.click()
    folded.locator(".headline").first.wait_for(state="visible", timeout=10_000)
    link = report.page.locator("#coverage a[data-show^='city=']").first
    city = str(link.get_attribute("data-show")).partition("=")[2]
    link.click()
    eventually(
        report.page,
        f"""[...document.querySelectorAll(".pair")]
            .every((pair) => pair.hidden !== (pair.dataset.city === "{city}"))""",
    )
    report.page.locator("button[type=reset]").click()


def test_pointing_at_a_fact_lights_it_in_both_texts(report: Opened) -> None:
    page = report.page
    page.get_by_role("button", name="Open all").click()
    page.locator("#pair-zh1-en1 mark", has_text="3.2万").hover()
    assert page.locator("mark.lit").all_inner_texts() == ["3.2万", "32,000"]
    page.get_by_role("heading", level=2).last.hover()
    assert page.locator("mark.lit").count() == 0


def test_the_page_can_be_read_by_keyboard_alone(report: Opened) -> None:
    page = report.page
    page.evaluate("document.querySelectorAll('.pair details').forEach(d => { d.open = false; })")
    page.locator("#pair-zh1-en1 summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    at = "document.activeElement.querySelector('.join > span')?.textContent"
    assert page.evaluate(at) == "1-1"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(at) == "1-0"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(at) == "1-2"
    page.locator("#ui-en").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("heading", level=1).inner_text() == "语料质量报告"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_axe_finds_no_violation(
    browser: Browser,
    page_url: str,
    violations: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    seen = opened(browser, page_url, viewport={"width": width, "height": 844}, color_scheme=scheme)
    seen.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert violations(seen.page) == []
    seen.page.get_by_label("中文").check()
    assert violations(seen.page) == []
    seen.page.context.close()
