"""Phrase lists: how rows are read, and that those that ship, and other tables, can be."""

import re
from pathlib import Path

import pytest

import crawler
import pipelines
from crawler.phrases import PhraseError, group, read_lists
from crawler.rows import rows

ROOT = Path(crawler.__file__).parents[1]
TABLES = sorted(
    path
    for package in (crawler, pipelines)
    for path in Path(package.__file__).parent.rglob("*.tsv")
)


def named(path: Path) -> str:
    """Return a file's package and name."""
    folder = path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    return f"{folder}/{path.name}"


LISTS = [
    path
    for path in TABLES
    if re.search(r"^#   [\w ]+: ", path.read_text(encoding="utf-8"), re.MULTILINE)
    and {row[1] for row in rows(named(path))} == {"zh", "en"}
]


def listed(text: str, *rows: str, whole_words: bool = False) -> str | None:
    """Return the start of a text that a list of these rows matches."""
    lines = ["#   list: phrases of a test", "", *(f"list\t{row}" for row in rows)]
    phrases = read_lists("\n".join(lines), "a.tsv")["list"]
    found = re.match(group(phrases, whole_words=whole_words), text)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("phrase", "texts", "others"),
    [
        ("责编", ["责编"], ["编"]),
        ("通讯[员]", ["通讯员", "通讯"], ["员"]),
        ("(上|下)一篇", ["上一篇", "下一篇"], ["一篇"]),
        ("[web |chief ]editor[s]", ["editor", "web editors"], ["webeditor"]),
        ("listen[ to [this ]story]", ["listen", "listen to story", "listen to this story"], []),
        ("索~引~号", ["索引号", "索 引\u3000号"], ["索-引号"]),
        ("第<number>页", ["第12页"], ["第页", "第二页"]),
        ("follow <word> on", ["follow @anlan on"], ["follow on"]),
        ("未经<any 3>许可", ["未经许可", "未经本站许可"], ["未经本网站的许可"]),
        ("<edge>WAF<edge>", ["WAF"], ["WAFER"]),
        (r"a\|b", ["a|b"], ["a"]),
        ("www.", ["www."], ["www!"]),
    ],
)
def test_a_sign_of_a_phrase_has_one_meaning(
    phrase: str, texts: list[str], others: list[str]
) -> None:
    assert [listed(text, f"zh\t{phrase}") for text in texts] == texts
    assert [listed(text, f"zh\t{phrase}") for text in others] == [None] * len(others)


def test_the_longer_phrase_is_tried_first_wherever_its_row_is() -> None:
    rows = ("en\tbig", "en\tshare[ this| on]", "en\tbigger", "en\tshare this (story|page)")
    assert listed("bigger", *rows) == "bigger"
    assert listed("share this story", *rows) == "share this story"
    assert listed("share on", *rows) == "share on"


def test_only_english_phrases_end_with_a_word() -> None:
    rows = ("en\tmore (on|from)", "en\tmore:", "zh\t另见")
    assert listed("more onions", *rows, whole_words=True) is None
    assert listed("more: onions", *rows, whole_words=True) == "more:"
    assert listed("另见下文", *rows, whole_words=True) == "另见"


@pytest.mark.parametrize(
    "row",
    [
        "责编",
        "fr\tpar",
        "zh\t",
        "zh\t 责编",
        "zh\t责(编",
        "zh\t责]编",
        "zh\t[责编]",
        "zh\t第<numbr>页",
        "zh\t1\t2",
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_file_and_line(row: str) -> None:
    with pytest.raises(PhraseError, match=r"^a\.tsv:4: "):
        listed("x", "zh\t好", row)


def test_a_list_that_the_head_of_the_file_does_not_name_is_a_mistake() -> None:
    with pytest.raises(PhraseError, match=r"^a\.tsv:2: there is no list 'lsit'; .* list, other$"):
        read_lists("#   list: some\nlsit\tzh\t好\n#   other: more\n", "a.tsv")


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_no_table_that_ships_has_a_row_twice(path: Path) -> None:
    listed = rows(named(path))
    assert sorted(set(listed)) == sorted(listed)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_list_that_ships_is_read(path: Path) -> None:
    for name, phrases in read_lists(path.read_text(encoding="utf-8"), path.name).items():
        assert phrases, name
        re.compile(group(phrases))
