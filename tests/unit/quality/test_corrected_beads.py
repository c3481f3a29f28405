"""Corrected beads have the texts of the stored ones, at their places, or hold for nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from authored import article
from builders import store_rows
from hypothesis import given
from hypothesis import strategies as st

from pipelines.export import rows as exported
from pipelines.export.filters import Filters, Losses
from pipelines.quality import corrections, subjects
from pipelines.quality.corrections import Correction
from pipelines.quality.sampling import Drawn
from pipelines.quality.verdicts import Verdict
from pipelines.review import bead_editor, journal
from pipelines.review.stored_pairs import StoredPairs
from pipelines.sentences.flags import flags
from pipelines.tables import articles, parquet, schema
from pipelines.text.splitting import split

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
ZH = "湖心亭昨日重开。门票免费！\n龙舟赛下月举行，共十六队。售票处在南门。"
EN = "The lake pavilion reopened. Entry is free!\n\nSixteen dragon boats race next month. Tickets: south gate."  # noqa: E501


def bead(position: int, zh: tuple[int, int], en: tuple[int, int]) -> dict[str, Any]:
    """Return a stored bead of these sentences."""
    row: dict[str, Any] = {"pair_id": "p", "position": position, "probability": 0.5, "flags": []}
    for lang, text, (first, last) in (("zh", ZH, zh), ("en", EN, en)):
        spans = split(text, lang)[first:last]
        start, end = (spans[0].start, spans[-1].end) if spans else (None, None)
        row |= {lang: text[start:end] if spans else "", f"{lang}_start": start, f"{lang}_end": end}
    return row | {"kind": f"{zh[1] - zh[0]}-{en[1] - en[0]}"}


# As a program might align: the second and third sentences are in one bead, the last is alone.
STORED = [bead(0, (0, 1), (0, 1)), bead(1, (1, 3), (1, 3)), bead(2, (3, 4), (3, 3)),
          bead(3, (0, 0), (3, 4))]  # fmt: skip


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema.SENTENCES)


def sides(found: pa.Table) -> list[tuple[str, str]]:
    return [(row["zh"], row["en"]) for row in found.to_pylist()]


DIVIDED = (
    ("门票免费！", "Entry is free!"),
    ("龙舟赛下月举行，共十六队。", "Sixteen dragon boats race next month."),
)
JOINED = (("售票处在南门。", "Tickets: south gate."),)


def test_beads_are_divided_and_joined_with_kinds_offsets_and_positions() -> None:
    given_now = [Correction("p", 1, DIVIDED), Correction("p", 2, JOINED)]
    found, held = corrections.apply(table([*STORED, STORED[0] | {"pair_id": "q"}]), given_now)
    assert held == 2
    rows = found.to_pylist()
    assert [row["kind"] for row in rows[:4]] == ["1-1"] * 4
    assert [(row["pair_id"], row["position"]) for row in rows] == [
        *(("p", n) for n in range(4)), ("q", 0),
    ]  # fmt: skip
    assert [row["probability"] for row in rows] == [0.5, 1, 1, 1, 0.5]
    for row in rows:
        assert row["zh"] == ZH[row["zh_start"] : row["zh_end"]]
        assert row["en"] == EN[row["en_start"] : row["en_end"]]
        assert row["flags"] == list(flags(row["zh"], row["en"])) or row["probability"] != 1


def test_a_side_of_one_character_has_its_place() -> None:
    beads = (("门", "Entry"), ("票免费！", "is free!"), DIVIDED[1])
    found, held = corrections.apply(table(STORED), [Correction("p", 1, beads)])
    assert held == 1
    places = [(row["zh"], row["zh_start"], row["zh_end"]) for row in found.to_pylist()[1:3]]
    at = ZH.index("门票")
    assert places == [("门", at, at + 1), ("票免费！", at + 1, at + 5)]


@pytest.mark.parametrize(
    "beads",
    [
        (("门票收费！", "Entry is free!"),),  # rewritten
        (("门票免费！", "Entry is free!"),),  # a part is left out
        ((f"{STORED[1]['zh']}又", STORED[1]["en"]),),  # a character too many
        ((STORED[2]["zh"], ""),),  # another bead's
    ],
)
def test_a_correction_with_other_texts_holds_for_nothing(beads: tuple[tuple[str, str]]) -> None:
    found, held = corrections.apply(table(STORED), [Correction("p", 1, beads)])
    assert (held, sides(found)) == (0, sides(table(STORED)))
    assert corrections.apply(table(STORED), [Correction("gone", 0, beads)])[1] == 0


def test_of_two_that_overlap_the_first_holds() -> None:
    whole = ((STORED[1]["zh"] + STORED[2]["zh"], STORED[1]["en"]),)
    found, held = corrections.apply(
        table(STORED), [Correction("p", 1, whole), Correction("p", 2, JOINED)]
    )
    assert held == 1
    assert len(found) == 3


@given(st.data())
def test_any_cut_of_a_text_is_that_text(data: st.DataObject) -> None:
    source = data.draw(st.text(st.sampled_from("ab 。\n中\u3000é\u202e"), max_size=12)).strip()
    ends = sorted(data.draw(st.lists(st.integers(0, len(source)), max_size=4)))
    lines = [source[a:b] for a, b in zip([0, *ends], [*ends, len(source)], strict=True)]
    parts = corrections.cut(source, lines)
    assert ["".join(part.split()) for part in parts] == ["".join(line.split()) for line in lines]
    assert all(part == part.strip() and part in source for part in parts)
    with pytest.raises(ValueError, match="no character more or less"):
        corrections.cut(source, [*lines, "x"])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '["ab"]', "[[1, 2]]", '[["a"]]', '[["", " "]]', "[" * 10_000]
)
def test_what_is_no_correction_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a correction is a JSON list of"):
        corrections.parsed(text)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    both = (
        article("z", "zh", "湖", ZH, 1, city="anlan"),
        article("e", "en", "L", EN, 1, city="anlan"),
    )
    articles.write_articles(tmp_path, "anlan", list(both), run_id="r", now=NOW)
    pair = {"pair_id": "p", "zh_id": "z", "en_id": "e", "city": "anlan", "probability": 0.9,
            "relation": "translation"}  # fmt: skip
    store_rows(tmp_path, "pairs", "anlan", [pair])
    store_rows(tmp_path, "sentences", "anlan", STORED)
    return tmp_path


def say(output: Path, who: str, code: str | None, correction: str | None, plan: str = "s") -> None:
    at = NOW + timedelta(minutes=sum(1 for _ in (output / "reviews").glob("*")))
    digest = subjects.of_bead(STORED[1]["zh"], STORED[1]["en"])
    one = Verdict(f"{who}-{plan}", "bead", "anlan", "p", 1, "z", "e", code, None, who, at, plan,
                  judged_sha256=digest, correction=correction)  # fmt: skip
    journal.append(output, [{name: getattr(one, name) for name in schema.REVIEWS.names}])


def beads_of(output: Path) -> tuple[int, int]:
    losses = Losses()
    (found,) = exported.read(output, "sentences", Filters(), losses)
    return len(found), losses.corrected


def test_exports_have_corrections_once_no_reviewer_differs(output: Path) -> None:
    assert beads_of(output) == (4, 0)
    say(output, "anna", "partly", corrections.written(DIVIDED))
    assert beads_of(output) == (5, 1)
    say(output, "bo", "correct", None)
    assert beads_of(output) == (4, 0)
    say(output, "cleo", "partly", corrections.written(DIVIDED), "adjudication s")
    assert beads_of(output) == (5, 1)
    stored = parquet.read_table(output / "sentences/anlan.parquet", schema.SENTENCES)
    assert len(stored) == 4


def test_a_correction_goes_when_its_texts_go_and_follows_them_when_they_move(
    output: Path,
) -> None:
    say(output, "anna", "partly", corrections.written(DIVIDED))
    moved = [STORED[1] | {"position": 0}, STORED[0] | {"position": 1}, *STORED[2:]]
    store_rows(output, "sentences", "anlan", moved)
    assert beads_of(output) == (5, 1)
    store_rows(output, "sentences", "anlan", [STORED[0], STORED[1] | {"en": "Other."}])
    assert beads_of(output) == (2, 0)


def test_lines_of_the_editor_become_beads_with_the_spaces_of_the_article(output: Path) -> None:
    drawn = Drawn("pair", "anlan", "p", None, "z", "e", "s", "", None, None, None)
    stored = StoredPairs(output)
    run = bead_editor.read_run(stored, drawn, 1, 2, None)
    assert run is not None
    assert run.lines[0] == ("门票免费！ 龙舟赛下月举行，共十六队。", "售票处在南门。")
    made = bead_editor.corrected(
        run,
        "门票免费！\r\n龙舟赛下月举行，共十六队。售票处在南门。\r\n\r\n",
        "\r\nEntry is free! Sixteen dragon boats race next month.",
    )
    assert corrections.parsed(made) == (
        ("门票免费！", ""),
        ("龙舟赛下月举行，共十六队。售票处在南门。",
         "Entry is free!\n\nSixteen dragon boats race next month."),
    )  # fmt: skip
    again = bead_editor.read_run(stored, drawn, 1, 0, made)
    assert again is not None
    assert (again.count, again.lines[1][0]) == (2, "")
    assert bead_editor.read_run(stored, drawn, 4, 1, None) is None
    store_rows(output, "sentences", "anlan", [STORED[0] | {"zh": "长" * 5_001}])
    assert bead_editor.read_run(StoredPairs(output), drawn, 0, 1, None) is None
    store_rows(output, "sentences", "anlan", STORED)
    last = bead_editor.read_run(StoredPairs(output), drawn, 3, 9, None)
    assert last is not None
    assert last.count == 1
