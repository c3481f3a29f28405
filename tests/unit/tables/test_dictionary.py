"""The dictionary of a corpus has every column, and a page that is there stays."""

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.tables import dictionary, schema


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda of: of.metadata[b"table"].decode())
def test_a_table_s_columns_are_listed_with_type_and_meaning(table: pa.Schema) -> None:
    head = f"\n### {table.metadata[b'table'].decode()}\n\n{table.metadata[b'doc'].decode()}\n"
    _, found, rest = dictionary.dictionary().partition(head)
    assert found
    rows = [row.split(" | ") for row in rest.partition("\n### ")[0].splitlines() if "`" in row]
    inner = [
        (f"{field.name}.{part.name}", part)
        for field in table if pa.types.is_struct(field.type) for part in field.type
    ]  # fmt: skip
    expected = {name: field for field in table for name in [field.name]} | dict(inner)
    listed = {row[0].strip("| `"): (row[1], row[2].rstrip(" |")) for row in rows}
    assert listed.keys() == expected.keys()
    for name, field in expected.items():
        kind, meaning = listed[name]
        assert meaning == field.metadata[b"doc"].decode()
        if pa.types.is_list(field.type):
            assert kind == f"list<{field.type.value_type}>"
        else:
            assert kind == ("struct" if pa.types.is_struct(field.type) else str(field.type))


def test_the_repository_s_dictionary_is_in_step_with_the_schemas() -> None:
    page = Path(__file__).parents[3] / "output" / dictionary.FILE
    assert page.read_text(encoding="utf-8") == dictionary.dictionary(), "run: make dictionary"


def test_a_corpus_gets_a_dictionary_once(tmp_path: Path) -> None:
    page = tmp_path / dictionary.FILE
    dictionary.describe(tmp_path)
    assert page.read_text(encoding="utf-8") == dictionary.dictionary()
    page.write_text("My own notes.", encoding="utf-8")
    dictionary.describe(tmp_path)
    assert page.read_text(encoding="utf-8") == "My own notes."
