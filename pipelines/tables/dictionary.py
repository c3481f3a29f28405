"""The data dictionary: `README.md` of a corpus, generated from the schemas.

`make dictionary` renews that of the repository. By the metadata at its head `datasets` opens the
folder as it is, a table a config.
"""

from pathlib import Path

import pyarrow as pa

from pipelines.tables import atomic, schema

FILE = "README.md"
_HEAD = """---
configs:
  - {config_name: sentences, default: true, data_files: "sentences/*.parquet"}
  - {config_name: pairs, data_files: "pairs/*.parquet"}
  - {config_name: articles, data_files: "articles/*/*.parquet"}
---

# Contents of this folder

Everything shizheng makes. It is data only and ignored by git, this page apart. Plain paths, all
columns inside the files, so any reader opens any of them:

```python
import pandas as pd
pairs = pd.read_parquet("output/pairs")
```

| path | contents |
|---|---|
| `articles/<city>/<YYYY>.parquet` | each article's newest revision, by year published, or undated |
| `revisions/<city>.parquet` | earlier revisions of corrected articles |
| `rejects/<city>.parquet` | pages that gave no article, with the reason |
| `pairs/<city>.parquet` | document pairs with probability and evidence |
| `candidates/<city>.parquet` | the runners-up |
| `sentences/<city>.parquet` | aligned sentences |
| `archive/<city>/*.warc.gz` | every response fetched, once, as WARC |
| `state/<city>.sqlite` | URLs fetched, with times and validators |
| `state/<city>.backfill.sqlite` | captures of web archives, wanted and fetched |
| `vectors/<city>/<encoder>.parquet` | sentence vectors: a cache, safe to delete |
| `vectors/<city>/<encoder>.beads.parquet` | alignments of the last run: a cache, safe to delete |
| `vectors/<city>/<encoder>.articles.parquet` | facts of articles: a cache, safe to delete |
| `vectors/<city>/<encoder>.candidates.parquet` | comparisons: a cache, safe to delete |
| `runs/<run_id>/` | manifest, counts, issues and metrics of each run |
| `reports/index.html` | the quality report |
| `releases/<version>/` | releases: docs/how-to/releases.md |
| `withdrawn.yaml` | articles that no later release may contain |

An article is stored once under an id made from its canonical URL; imported ones have their own.
Files are replaced whole (temporary name, fsync, rename): a reader never sees half of one. Every
file has its table's name and `schema_version` in its metadata.

## Data dictionary

This part is generated from `pipelines/tables/schema.py`. Every column may be null.
"""


def dictionary() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
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
