"""The data dictionary: `README.md` of a corpus, generated from the schemas.

`make dictionary` renews that of the repository. By the metadata at its head `datasets` opens the
folder as it is, a table a config.
"""

from pathlib import Path

import pyarrow as pa

from crawler.rows import text_of
from pipelines.tables import atomic, schema

FILE = "README.md"


def dictionary() -> str:
    """Return the page as Markdown."""
    parts = [text_of("pipelines.tables/dictionary_head.md")]
    for table in schema.TABLES:
        metadata = {key.decode(): value.decode() for key, value in table.metadata.items()}
        parts.append(f"\n### {metadata['table']}\n\n{metadata['doc']}\n")
        parts.append("\n| column | type | meaning |\n|---|---|---|\n")
        parts += [_row(field, "") for field in table]
    return "".join(parts)


def describe(output: Path) -> None:
    """Write the dictionary into a corpus that has no page yet."""
    path = output / FILE
    if not path.exists():
        with atomic.replacing(path) as file:
            file.write(dictionary().encode())


def _row(field: pa.Field, prefix: str) -> str:
    doc = field.metadata[b"doc"].decode()
    kind = "struct" if pa.types.is_struct(field.type) else str(field.type)
    kind = kind.replace("list<element: ", "list<").replace("list<item: ", "list<")
    row = f"| `{prefix}{field.name}` | {kind} | {doc} |\n"
    if pa.types.is_struct(field.type):
        row += "".join(_row(inner, f"{field.name}.") for inner in field.type)
    return row


if __name__ == "__main__":
    Path(__file__).parents[2].joinpath("output", "README.md").write_text(
        dictionary(), encoding="utf-8"
    )
