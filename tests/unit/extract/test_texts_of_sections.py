"""Texts of many sections, of which extractors find some, and ends that they pass over."""

from collections.abc import Mapping

import pages
import pytest
from pages import ZH, article, paragraphs

from crawler.extract.blocks import read_blocks
from crawler.extract.consensus import ask_extractors
from crawler.extract.fullest import fullest
from crawler.extract.page import parse
from crawler.extract.sections import with_sections

HEADS = ("Before you go", "Papers", "Fees", "Appeals")
SECTIONS = [
    "Ask the harbour office of Songhe for a berth two weeks ahead, by letter or at its counter.",
    "Every owner brings form nine, an insurance policy and a picture of the hull above water.",
    "Small sailing boats pay forty yuan a night, motor yachts eighty, and rescue craft nothing.",
    "Whoever was refused may complain to the maritime court within thirty days of the letter.",
]
ASIDE = "Our newsletter tells you every week how the harbour grows and when ships come to visit."
TITLE = "松河市完成三座老旧泵站改造工程"


def text(
    found: list[str], texts: Mapping[str, list[str]], again: list[str], heads: int
) -> list[str]:
    """Return the lines of a page with sections, of which the votes found some."""
    body = "".join(
        f"<h2>{head}</h2><p>{line}</p>" if place < heads else f"<p>{line}</p>"
        for place, (head, line) in enumerate(zip(HEADS, SECTIONS, strict=True))
    )
    blocks = read_blocks(parse(f"<html><body>{body}<p>{ASIDE}</p></body></html>"), frozenset())
    chosen = [place for place, block in enumerate(blocks) if block.text in found]
    answers = {name: "\n".join(lines) for name, lines in texts.items()}
    more = {"recall": "\n".join(again)}
    kept = with_sections(blocks, chosen, answers, (), lambda: more)
    return [blocks[place].text for place in kept]


WHOLE = [line for pair in zip(HEADS, SECTIONS, strict=True) for line in pair]


def test_an_answer_with_all_of_the_text_and_many_sections_more_is_the_text() -> None:
    assert text(SECTIONS[:1], {"trafilatura": WHOLE}, [], 4) == WHOLE


def test_one_story_needs_more_than_one_answer() -> None:
    assert text(SECTIONS[:1], {"trafilatura": WHOLE}, WHOLE, 0) == SECTIONS[:1]
    assert text(SECTIONS[:1], {"trafilatura": WHOLE}, WHOLE, 1) == SECTIONS[:1]


def test_an_answer_without_the_text_found_adds_nothing() -> None:
    assert text([ASIDE], {"trafilatura": WHOLE}, WHOLE, 4) == [ASIDE]


def test_what_is_found_at_ease_needs_a_second() -> None:
    some = {"trafilatura": SECTIONS[:1], "readability": SECTIONS[:1]}
    assert text(SECTIONS[:1], some, WHOLE, 4) == SECTIONS[:1]
    assert text(SECTIONS[:1], some | {"justext": SECTIONS}, WHOLE, 4) == WHOLE


ROWS = (("大白菜", "1.80"), ("鸡蛋", "5.60"), ("猪肉", "14.50"))


@pytest.mark.parametrize(
    ("end", "lines"),
    [
        (
            "<table>{}</table>".format(
                "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in ROWS)
            ),
            [f"{a} | {b}" for a, b in ROWS],
        ),
        (
            "<ul>{}</ul>".format("".join(f"<li>{a}：每斤{b}元</li>" for a, b in ROWS)),
            [f"{a}：每斤{b}元" for a, b in ROWS],
        ),
    ],
    ids=["table", "list"],
)
def test_rows_beside_the_last_paragraph_are_text(end: str, lines: list[str]) -> None:
    body = f"<h1>{TITLE}</h1><div class='con'>{paragraphs(ZH)}{end}</div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.text.split("\n") == [*ZH, *lines]


def test_links_below_a_text_are_none_and_make_no_list_of_it() -> None:
    links = "".join(f"<li><a href='/{n}'>松河市第{n}座泵站开工建设</a></li>" for n in range(12))
    body = f"<h1>{TITLE}</h1><div class='con'>{paragraphs(ZH)}</div><div><ul>{links}</ul></div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.text.split("\n") == list(ZH)


def test_heading_of_the_first_section_is_text() -> None:
    heads = ("一、施工", "二、影响", "三、计划")
    parts = "".join(f"<h3>{h}</h3><p>{line}</p>" for h, line in zip(heads, ZH, strict=True))
    body = f"<h1>{TITLE}</h1><div class='con'>{parts}</div>"
    found = article(pages.page(body, head=f"<title>{TITLE}</title>"))
    assert found.text.split("\n") == [x for pair in zip(heads, ZH, strict=True) for x in pair]


def test_date_within_a_heading_is_no_part_of_it() -> None:
    body = f"<h1>{TITLE}<span>2023-04-18 09:05</span></h1><div>{paragraphs(ZH)}</div>"
    found = article(pages.page(body, head="<title>松河市人民政府</title>"))
    assert (found.title, f"{found.published_at:%Y-%m-%d %H:%M}") == (TITLE, "2023-04-18 09:05")


STORY = f"<h1>{TITLE}</h1><div class='con'>{paragraphs(ZH)}</div>"


@pytest.mark.parametrize(
    ("beside", "names"),
    [
        ("", {"readability", "fullest element"}),
        (paragraphs(ZH[:2]), {"readability", "trafilatura"}),
    ],
    ids=["one story", "prose elsewhere"],
)
def test_trafilatura_is_not_asked_where_the_fullest_element_is_the_story(
    beside: str, names: set[str]
) -> None:
    source = pages.page(f"<div>{STORY}</div><div>{beside}</div>").decode()
    blocks = read_blocks(parse(source), frozenset())
    said = ask_extractors(source, True, len(blocks), own=fullest(blocks, ()))
    assert names <= {each.name for each in said}
    assert ("trafilatura" in {each.name for each in said}) == ("trafilatura" in names)
