"""`croissant.json` of a release: Croissant 1.0 metadata (MLCommons, 2024).

Tools and search engines find the tables and their columns by it.

Each Parquet file is an object with its checksum; each table is a file set of all its files and a
record set of all its columns. Paths are relative to the release's folder.
"""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from crawler.rows import text_of
from pipelines.release.about import citation
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS, TABLES
from pipelines.tables import files

FILE = "croissant.json"
_PARQUET = "application/x-parquet"
_KEYS = {"articles": ["article_id"], "pairs": ["pair_id"], "sentences": ["pair_id", "position"]}


def write(release: Snapshot) -> None:
    """Write the metadata into the release's folder, after its tables."""
    text = json.dumps(metadata(release), ensure_ascii=False, indent=1)
    (release.folder / FILE).write_text(text + "\n", encoding="utf-8")


def metadata(release: Snapshot) -> dict[str, Any]:
    """Return the metadata as JSON-LD, without tables that have no rows."""
    cited = citation.content(release)
    filled = [table for table in TABLES if release.files(table)]
    return {
        "@context": json.loads(text_of("pipelines.release.about/croissant_context.json")),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "shizheng",
        "alternateName": citation.TITLE,
        "description": cited["abstract"],
        "version": release.version,
        "datePublished": release.manifest["as_of"],
        "inLanguage": ["zh", "en"],
        "keywords": cited["keywords"],
        "creator": [
            {"@type": "sc:Organization", "name": author["name"]} for author in citation.AUTHORS
        ],
        "license": "The texts are their publishers'; see the columns rights and held, and "
        "datasheet.md",
        "url": "datasheet.md",
        "citeAs": f"shizheng contributors ({cited['date-released'][:4]}). {citation.TITLE}. "
        f"Release {release.version}.",
        "isLiveDataset": False,
        "distribution": [file for table in filled for file in _files(release, table)],
        "recordSet": [_records(table) for table in filled],
    }


def _files(release: Snapshot, table: str) -> Iterator[dict[str, Any]]:
    for path in release.files(table):
        name = path.relative_to(release.folder).as_posix()
        yield {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{path.stat().st_size} B",
            "encodingFormat": _PARQUET,
            "sha256": files.sha256(path),
        }
    yield {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "description": f"All files of {table}, in every part",
        "encodingFormat": _PARQUET,
        "includes": f"data/{table}/*.parquet",
    }


def _records(table: str) -> dict[str, Any]:
    of = LAYOUTS[table].of
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": (of.metadata or {})[b"doc"].decode(),
        "key": [{"@id": f"{table}/{name}"} for name in _KEYS[table]],
        "field": [_field(table, column) for column in of],
    }


def _field(table: str, column: pa.Field) -> dict[str, Any]:
    """Return a column as a field; that of a struct has subfields."""
    name = f"{table}/{column.name}"
    source = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": column.name}}
    field = {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": column.metadata[b"doc"].decode(),
    }
    if not pa.types.is_struct(column.type):
        repeated = {"repeated": True} if pa.types.is_list(column.type) else {}
        return field | {"dataType": _kind(column.type), "source": source} | repeated
    parts = [column.type.field(at) for at in range(column.type.num_fields)]
    return field | {
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{part.name}",
                "name": f"{name}/{part.name}",
                "description": part.metadata[b"doc"].decode(),
                "dataType": _kind(part.type),
                "source": source | {"transform": {"jsonPath": part.name}},
            }
            for part in parts
        ]
    }


def _kind(of: pa.DataType) -> str:
    """Return schema.org's name for a type, or for a list's items."""
    if pa.types.is_list(of):
        return _kind(of.value_type)
    for matches, name in (
        (pa.types.is_boolean, "sc:Boolean"),
        (pa.types.is_integer, "sc:Integer"),
        (pa.types.is_floating, "sc:Float"),
        (pa.types.is_timestamp, "sc:DateTime"),
    ):
        if matches(of):
            return name
    return "sc:Text"
