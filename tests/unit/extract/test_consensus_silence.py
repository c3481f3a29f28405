"""Extractors that find nothing, or one section of several, do not outvote another's text."""

import pytest

from crawler.extract import consensus, extractors
from crawler.extract.blocks import read_blocks
from crawler.extract.consensus import Opinion, ask_extractors, choose_blocks
from crawler.extract.page import parse

SECTIONS = [
    f"Section {n} explains how the harbour board plans quay number {n} and its {n * 7} berths, "
    f"with a note on dredging to {n + 4} metres and on the tides of month {n}."
    for n in range(1, 9)
]
EXTRA = (
    "Sign in to read the newsletter of the harbour board and manage the topics you follow there."
)


def chosen(trafilatura: list[str], readability: list[str], justext: list[str] | None) -> list[str]:
    texts = {"trafilatura": trafilatura, "readability": readability}
    if justext is not None:
        texts["justext"] = justext
    html = (
        "<html><body>"
        + "".join(f"<p>{line}</p>(" for line in [*SECTIONS, EXTRA])
        + ")</body></html>"
    )
    blocks = read_blocks(parse(html), frozenset())
    opinions = [Opinion(name, "\n".join(lines), 0.5) for name, lines in texts.items()]
    return [blocks[place].text for place in choose_blocks(blocks, opinions)]


def test_a_silent_readability_does_not_cut_the_text_to_what_both_others_share() -> None:
    assert chosen(SECTIONS, [], [*SECTIONS[:2], EXTRA]) == SECTIONS


def test_a_lone_opinion_counts() -> None:
    assert chosen(SECTIONS, [], []) == SECTIONS
    assert chosen([], SECTIONS, []) == SECTIONS
    assert chosen([], [], SECTIONS) == SECTIONS


@pytest.mark.parametrize("justext", [None, []])
def test_one_section_of_several_is_not_the_text(justext: list[str] | None) -> None:
    assert chosen(SECTIONS, SECTIONS[2:4], justext) == SECTIONS


def test_a_text_that_all_three_have_in_part_is_what_two_have() -> None:
    assert chosen([*SECTIONS, EXTRA], SECTIONS, SECTIONS[:3]) == SECTIONS


def test_sections_that_the_other_two_agree_on_count_without_readability() -> None:
    assert chosen([*SECTIONS, EXTRA], SECTIONS[:4], SECTIONS) == SECTIONS
    # One that has nearly all of it keeps its say on the rest.
    assert chosen(SECTIONS, SECTIONS[:6], SECTIONS) == SECTIONS[:6]


def test_a_section_between_others_is_known_from_trafilatura_alone() -> None:
    voted = [*SECTIONS[:3], *SECTIONS[4:]]
    assert chosen([*SECTIONS, EXTRA], SECTIONS[:2], voted) == SECTIONS


def test_trafilatura_is_asked_again_where_it_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(SECTIONS)
    monkeypatch.setattr(consensus, "by_trafilatura", lambda html, chinese: "")
    monkeypatch.setattr(consensus, "by_readability", lambda html, chinese: SECTIONS[0])
    monkeypatch.setattr(consensus, "by_justext", lambda html, chinese: text)
    monkeypatch.setattr(consensus, "trafilatura_at_ease", lambda html, chinese: text)
    found = {one.name: one.text for one in ask_extractors("<p>x</p>", False, 1)}
    assert found["trafilatura"] == text
    monkeypatch.setattr(consensus, "trafilatura_at_ease", lambda html, chinese: EXTRA)
    found = {one.name: one.text for one in ask_extractors("<p>x</p>", False, 1)}
    assert found["trafilatura"] == ""


def test_extractors_see_few_tables_within_each_other() -> None:
    # Trafilatura took the cube of their number: 17 seconds of a thousand.
    tree = extractors.tree_of("<table><tr><td>" * 200 + f"<p>{SECTIONS[0]}</p>" + "</table>" * 200)
    assert tree is not None
    assert max(len(list(table.iterancestors("table"))) for table in tree.iter("table")) < 8
    assert SECTIONS[0] in "".join(tree.itertext())
