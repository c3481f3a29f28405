"""The review page in a real browser: by keyboard alone, by touch, and against hostile articles."""

from collections.abc import Callable
from pathlib import Path

import pytest
from authored import HOSTILE_TITLE
from playwright.sync_api import Browser, BrowserContext, Page
from review_corpus import HUGE
from review_server import Review

from pipelines.quality import corrections, verdicts
from pipelines.review import words

CODES = {choice.key: code for code, choice in words.PAIR.items()}


def opened(browser: Browser, review: Review, path: str, **options: object) -> Page:
    """Open a page of the server as a new reader; `page.complaints` is all the browser minds."""
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | options
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    name, _, value = review.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://{review.host}"}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: complaints.extend(
        [] if request.url.startswith(f"http://{review.host}/") else [f"asked: {request.url}"]
    ))  # fmt: skip
    page.complaints = complaints  # type: ignore[attr-defined]
    page.goto(f"http://{review.host}{path}")
    return page


def place(page: Page) -> str:
    return page.locator(".task").get_attribute("data-place") or ""


def press(page: Page, key: str, then: int | str) -> None:
    """Press a key and wait for the item it leads to."""
    page.wait_for_load_state()  # what a page shows comes before the script that hears keys
    page.keyboard.press(key)
    page.locator(f'.task[data-place="{then}"]').wait_for(state="attached", timeout=20_000)


def given(judged: Path, reviewer: str) -> list[str | None]:
    found = verdicts.counting(verdicts.read(judged))
    return [one.verdict for one in found if one.reviewer == reviewer and one.level == "pair"]


def test_twenty_pairs_by_keyboard_with_an_undo_and_a_reload(
    browser: Browser, review: Review, judged: Path
) -> None:
    page = opened(browser, review, "/")
    page.get_by_label("Your name").focus()
    page.keyboard.type("keys")
    page.get_by_label("How many").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    page.wait_for_url("**/judge/**")
    keys = "12345612341234561234"
    for n, key in enumerate(keys[:12]):
        assert place(page) == str(n)
        press(page, key, n + 1)
    last = words.PAIR[CODES[keys[11]]].name.en
    assert page.locator("#said").inner_text() == f"Stored: {last}"
    press(page, "u", 11)
    stated = [CODES[key] for key in keys[:11]]
    assert sorted(filter(None, given(judged, "keys"))) == sorted(stated)
    page.reload()
    assert place(page) == "11"
    assert page.locator(".so-far").inner_text().strip() == "11 judged by keys"
    for n, key in enumerate(keys[11:], 11):
        press(page, key, n + 1 if n < 19 else "")
    assert page.get_by_role("heading", level=1).inner_text() == "All judged"
    assert sorted(filter(None, given(judged, "keys"))) == sorted(CODES[key] for key in keys)
    press(page, "u", 19)
    assert len(given(judged, "keys")) == 19
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


def test_one_jumps_to_an_item_and_edits_a_verdict_from_the_list(
    browser: Browser, review: Review, judged: Path
) -> None:
    address = review.begin("ilse", size=6, seed=11)
    page = opened(browser, review, f"{address}?reviewer=ilse")
    press(page, "1", 1)
    page.get_by_label("Go to").fill("5")
    page.keyboard.press("Enter")
    page.locator('.task[data-place="4"]').wait_for(state="attached")
    page.get_by_text("Guidelines").click()
    for choice in words.PAIR.values():
        assert page.locator(".guide").get_by_text(choice.rule.en, exact=True).is_visible()
    press(page, "2", 5)
    page.get_by_role("link", name="My verdicts").click()
    rows = page.locator("tbody tr")
    rows.nth(1).wait_for()
    assert [row.split("\t")[0].strip() for row in rows.all_inner_texts()] == ["5", "1"]
    page.get_by_role("link", name="5", exact=True).click()
    page.locator(".given").wait_for()
    press(page, "1", 5)
    assert given(judged, "ilse") == [CODES["1"], CODES["1"]]
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


def test_two_reviewers_agree_so_far_and_a_third_settles(
    browser: Browser, review: Review, judged: Path
) -> None:
    said = {"ada": "1122334455", "ben": "1122334412"}
    for name, keys in said.items():
        address = review.begin(name, size=10, seed=5)
        page = opened(browser, review, f"{address}?reviewer={name}")
        for n, key in enumerate(keys):
            assert "ada" not in page.locator("main").inner_text() or name == "ada"
            press(page, key, n + 1 if n < 9 else "")
        page.context.close()
    page = opened(browser, review, "/progress?reviewer=cleo")
    box = page.locator(".agreement", has_text="ada · ben")
    # By hand: agreed .8; chance .2 x (.3 + .3 + .2 + .2) = .2; kappa (.8 - .2) / (1 - .2) = .75.
    assert box.locator("dd").all_inner_texts()[:2] == ["10", "80%"]
    assert box.locator("dd").nth(2).inner_text().startswith("0.75 [")
    assert "2 differ or are flagged, 0 of them settled" in page.locator("main").inner_text()
    page.get_by_role("link", name="Settle them").click()
    page.locator(".others tbody tr").nth(1).wait_for()
    assert page.locator(".others tbody tr").count() == 2
    assert "Probability" in page.locator("main").inner_text()
    press(page, "5", 9)
    press(page, "2", "")
    page.goto(f"http://{review.host}/progress?reviewer=cleo")
    assert "2 differ or are flagged, 2 of them settled" in page.locator("main").inner_text()
    judged = verdicts.by_item([one for one in verdicts.read(judged) if "seed=5" in str(one.plan)])
    assert sorted(str(one.verdict) for one in judged if one.adjudication) == [
        "abridged", "different",
    ]  # fmt: skip
    assert not any(one.disputed for one in judged)
    page.context.close()


def test_beads_are_judged_in_passing(browser: Browser, review: Review, judged: Path) -> None:
    address = review.begin("sam")
    page = opened(browser, review, f"{address}?reviewer=sam")
    page.keyboard.press("ArrowDown")
    assert page.locator(".bead.chosen").get_attribute("data-position") == "0"
    page.keyboard.press("c")
    page.locator('.bead.chosen[data-position="1"]').wait_for()
    page.keyboard.press("p")
    page.locator('.bead.chosen[data-position="2"]').wait_for()
    assert page.locator(".mine").all_inner_texts() == ["correct", "partly", ""]
    page.keyboard.press("u")
    page.locator("#said", has_text="Taken back").wait_for()
    assert page.locator(".mine").all_inner_texts() == ["correct", "", ""]
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    page.get_by_role("link", name="Take in the next bead").click()
    page.locator('#editor input[name=beads][value="2"]').wait_for(state="attached")
    lines = page.get_by_label("Chinese")
    apart = lines.input_value().replace("，", "，\n").split("\n")
    lines.fill("别的文字")
    page.get_by_role("button", name="partly").click()
    page.locator("#trouble", has_text="no character more or less").wait_for()
    lines.fill("\n".join(apart))
    page.get_by_role("button", name="partly").click()
    page.locator("#said", has_text="Stored: partly").wait_for()
    assert page.locator(".mine").all_inner_texts() == ["correct", "partly, corrected", ""]
    press(page, "4", 1)
    stand = [one for one in verdicts.counting(verdicts.read(judged)) if one.reviewer == "sam"]
    assert [(one.level, one.verdict, one.weight is None) for one in stand] == [
        ("bead", "correct", True), ("bead", "partly", True), ("pair", "same_event", False),
    ]  # fmt: skip
    made = corrections.parsed(stand[1].correction or "")
    assert [zh for zh, _ in made] == apart
    assert len(made) == 3
    page.context.close()


def test_a_note_is_typed_without_judging_and_stored_with_the_verdict(
    browser: Browser, review: Review, judged: Path
) -> None:
    address = review.begin("nora")
    page = opened(browser, review, f"{address}?reviewer=nora")
    page.keyboard.press("t")
    page.keyboard.type("1 of 2: 缺")
    assert place(page) == "0"
    page.keyboard.press("Escape")
    # Ten minutes without a sign of the reader count as one.
    page.evaluate("(now => { performance.now = () => now + 600_000; })(performance.now())")
    press(page, "2", 1)
    mine = [one for one in verdicts.read(judged) if one.reviewer == "nora"]
    assert 60 <= (mine[0].seconds or 0) < 180
    assert [(one.verdict, one.note) for one in mine] == [("abridged", "1 of 2: 缺")]
    press(page, "ArrowLeft", 0)
    assert page.locator("textarea").input_value() == "1 of 2: 缺"
    assert page.get_by_role("button", name="abridged").get_attribute("aria-pressed") == "true"
    page.context.close()


def test_by_touch_on_a_phone(browser: Browser, review: Review, judged: Path) -> None:
    address = review.begin("touch")
    phone = {"width": 390, "height": 844}
    page = opened(browser, review, f"{address}?reviewer=touch", viewport=phone, has_touch=True,
                  is_mobile=True)  # fmt: skip
    page.locator(".bead").nth(1).tap()
    page.locator("#beadbar").get_by_role("button", name="wrong", exact=True).tap()
    page.locator('.bead.chosen[data-position="2"]').wait_for()
    button = page.get_by_role("button", name="different")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    button.tap()
    page.locator('.task[data-place="1"]').wait_for(state="attached")
    assert given(judged, "touch") == ["different"]
    page.context.close()


def test_a_hostile_article_is_text_and_runs_nothing(browser: Browser, review: Review) -> None:
    address = review.begin("eve", city="chaoyin")
    page = opened(browser, review, f"{address}?reviewer=eve")
    shown = page.locator(".side h2").first.inner_text()
    assert shown == HOSTILE_TITLE.replace("\u202e", "⟦U+202E⟧")
    assert "javascript:" in page.locator(".side .url").first.inner_text()
    assert page.locator("a[href^='javascript'], iframe, img, svg").count() == 0
    assert page.locator("main form").count() == 4
    assert page.locator(".bead").count() == 3
    text = page.locator("main").inner_text()
    assert "⟦U+202E⟧A paragraph of 2 MB.⟦U+2066⟧" in text
    assert f"+{len(HUGE) - 3_000:,}" in text
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    page.get_by_role("button", name="Unfold").first.click()
    press(page, "5", "")
    press(page, "u", 0)
    assert page.evaluate("[window.hacked, document.title]") == [None, "Item 1 of 1 · shizheng"]
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


def test_the_policy_lets_no_script_in(browser: Browser, review: Review) -> None:
    page = opened(browser, review, "/")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            try { script.textContent = "window.injected = 1"; } catch {}
            document.body.append(script);
            try { document.body.innerHTML += "<img src=x onerror='window.injected = 2'>"; } catch {}
            fetch("http://127.0.0.1:9/leak").catch(() => {});
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.injected") is None
    page.context.close()


def test_an_unmatched_article_is_searched_for_and_its_mate_chosen(
    browser: Browser, review: Review, judged: Path
) -> None:
    address = review.begin("una", kind="unmatched", size=4)
    page = opened(browser, review, f"{address}?reviewer=una")
    city = "anlan" if "anlan" in page.locator(".side .where").inner_text() else "beiyuan"
    page.keyboard.press("/")
    page.keyboard.type("渔人码头 开工" if city == "anlan" else "海湾大桥")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="found").wait_for()
    assert page.locator(".candidate").count() >= 1
    assert page.locator("mark").count() > 4  # colours of the key, and of the articles
    page.keyboard.press("t")
    page.keyboard.type("by its phase")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_text("How do the two belong together?").wait_for()
    page.keyboard.press("d")
    page.locator("#said", has_text="Flagged for discussion").wait_for()
    press(page, "2", 1)
    for n in (2, 3, ""):
        press(page, "0", n)
    mine = {one.verdict: one for one in verdicts.read(judged) if one.reviewer == "una"}
    assert mine.keys() == {"missed", "none"}
    found = mine["missed"]
    assert (found.relation, found.note, found.discuss) == ("abridged", "by its phase", True)
    assert str(found.zh_id).startswith(f"{city}-zh")
    assert all(one.seconds and one.seconds < 60 for one in mine.values())
    page.goto(f"http://{review.host}/progress?reviewer=una")
    assert "For discussion: item 1 (una)" in page.locator("main").inner_text()
    page.context.close()


def test_a_verdict_that_did_not_arrive_is_said_and_the_item_stays(
    browser: Browser, review: Review, judged: Path
) -> None:
    address = review.begin("gone")
    page = opened(browser, review, f"{address}?reviewer=gone")
    page.context.set_offline(True)
    page.keyboard.press("1")
    page.locator("#trouble", has_text="Not stored").wait_for()
    assert place(page) == "0"
    assert given(judged, "gone") == []
    page.context.set_offline(False)
    press(page, "1", 1)
    assert given(judged, "gone") == ["translation"]
    page.context.close()


def test_every_control_is_reached_by_tab_and_seen(browser: Browser, review: Review) -> None:
    address = review.begin("tab")
    page = opened(browser, review, f"{address}?reviewer=tab")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 30)"))
        if page.evaluate("document.activeElement.name") == "note":
            break
    wanted = {"Plans", "Progress", "EN", "中文", "Keys ?", "1 translation", "6 cannot tell"}
    assert wanted <= reached
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("?")
    assert not page.locator("dialog").is_visible()
    page.context.close()


@pytest.mark.parametrize("screen", [(390, "dark", "zh"), (1280, "light", "en")])
def test_axe_finds_no_violation_and_every_page_fits(
    browser: Browser,
    review: Review,
    violations: Callable[[Page], list[str]],
    screen: tuple[int, str, str],
) -> None:
    width, scheme, ui = screen
    address = review.begin("axel", size=4, seed=9)
    other = review.begin("axel", kind="unmatched", size=3)
    beads = review.begin("axel", kind="beads", size=3)
    for name, codes in (("axel", ("different", "abridged")), ("bea", ("abridged", "abridged"))):
        for n, code in enumerate(codes):
            review.post(address, reviewer=name, place=n, code=code)
    page = opened(browser, review, f"/?ui={ui}", viewport={"width": width, "height": 844},
                  color_scheme=scheme)  # fmt: skip
    paths = ["/?reviewer=axel", "/progress?reviewer=axel", f"{address}?reviewer=axel&item=1",
             f"{address}?reviewer=axel&adjudicating=1", f"{other}?reviewer=axel&item=1",
             f"{beads}?reviewer=axel&item=1", f"{beads}?reviewer=axel&item=1&edit=0&beads=2",
             f"{address.replace('/judge/', '/mine/')}?reviewer=axel"]  # fmt: skip
    for path in paths:
        page.goto(f"http://{review.host}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        if "judge" in path and "adj" not in path:
            page.keyboard.press("ArrowDown")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"http://{review.host}{paths[2]}")
    page.keyboard.press("?")
    assert violations(page) == []
    page.context.close()


def test_in_print_the_texts_are_there_and_the_controls_are_gone(
    browser: Browser, review: Review
) -> None:
    address = review.begin("print")
    page = opened(browser, review, f"{address}?reviewer=print", color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.locator(".switch, .steps, .top nav").evaluate_all(
        "all => all.some(tag => tag.checkVisibility())"
    )
    assert page.locator(".bead .cell").first.is_visible()
    assert page.pdf().startswith(b"%PDF")
    page.context.close()
