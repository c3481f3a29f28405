"""The loader of authored content: what it understands, and how it complains."""

from pathlib import Path

import pytest

from crawler.demo.content import ContentError, Entry, load_content

ZH = """\
- key: zh-a
  lang: zh
  column: news
  title: 甲
  date: 2024-03-05 09:30
  source: 某报
  body: |
    {1}第一句。{2}第二句。第三句。

    {4}第四句。
"""
EN = """\
- key: en-a
  lang: en
  column: news
  title: A
  date: 2024-03-06 10:00
  source: The Daily
  counterparts: [zh-a]
  relation: translation
  beads: true
  body: |
    {1}First. {2}Second and third.
    {3}Only here. {4}Fourth.
"""


def load(tmp_path: Path, *texts: str) -> dict[str, Entry]:
    folder = tmp_path / "town"
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    return {entry.key: entry for entry in load_content(tmp_path)["town"]}


def test_markers_are_gold_and_never_text(tmp_path: Path) -> None:
    entries = load(tmp_path, ZH, EN)
    assert entries["zh-a"].text == "第一句。第二句。第三句。\n第四句。"
    assert entries["en-a"].text == "First. Second and third.\nOnly here. Fourth."
    assert [(run.bead, run.text) for run in entries["en-a"].runs] == [
        (1, "First."),
        (2, "Second and third."),
        (3, "Only here."),
        (4, "Fourth."),
    ]


def test_an_interleaved_article_becomes_two_that_are_mates(tmp_path: Path) -> None:
    text = """\
- key: zh-tips
  lang: zh
  column: notices
  title: 办事提示 Tips for Newcomers
  date: 2024-03-20 10:00
  source: 某局
  trap: interleaved
  body: |
    一、第一条。
    1. The first.
    二、第二条。
    2. The second.
"""
    entries = load(tmp_path, text)
    assert entries["zh-tips"].title == "办事提示"
    assert entries["zh-tips"].text == "一、第一条。\n二、第二条。"
    assert entries["en-tips"].title == "Tips for Newcomers"
    assert entries["en-tips"].text == "1. The first.\n2. The second."
    assert entries["en-tips"].counterparts == ("zh-tips",)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("  source: 某报\n", "", "lacks source:"),
        ("  column: news", "  column: sports", "column must be one of news, notices, reports"),
        ("date: 2024-03-05 09:30", "date: 5 March", "date must be like 2024-03-05 09:30"),
        ("  source: 某报", "  source: 某报\n  tarp: twins", "unknown field 'tarp'"),
        ("  source: 某报", "  source: 某报\n  trap: twin", "trap must be one of"),
        ("{2}第二句", "{1}第二句", "bead {1} follows {1}"),
        ("{4}第四句。", "第四句。", "text before the first marker"),
        ("{4}第四句。", "{4}", "bead {4} is empty"),
        ("{4}第四句。", "{4}第四句{。", "braces are for markers"),
        ("key: zh-a", "key: a", "lang must be zh or en and begin the key"),
        ("{1}第一句。{2}第二句。第三句。\n\n    {4}第四句。", "第一句。", "has no markers"),
        ("- key: zh-a", "- key: zh-b", "'zh-a' is no Chinese article of this city"),
        ("  source: 某报", "  source: 某报\n  trap: repost", "trap: repost and repost_of:"),
    ],
)
def test_a_slip_is_named_by_file_and_key(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in ZH
    with pytest.raises(ContentError) as raised:
        load(tmp_path, ZH.replace(old, new), EN)
    message = str(raised.value)
    assert complaint in message
    assert ".yaml: " in message
    assert message.split(": ")[1] in ("zh-a", "zh-b", "en-a", "a")


def test_a_key_may_stand_only_once(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"1\.yaml: zh-a: the key is also in 0\.yaml"):
        load(tmp_path, ZH, ZH)


def test_a_file_that_is_no_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"0\.yaml: expected a list of articles"):
        load(tmp_path, "key: zh-a\n")


def test_a_folder_without_cities_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="expected one folder per city"):
        load_content(tmp_path)


def test_what_ships_loads() -> None:
    assert set(load_content()) == {"yunze", "langang", "qingya"}
