"""Dataset card of a folder, by which `datasets` opens its tables.

`datasets` reserves the name `all`: rows of a release without a split are called `train`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from pipelines.release.about import citation, datasheet
from pipelines.release.about.features import features
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS, SPLITS, WHOLE
from pipelines.tables.vocabulary import LANGS

FILE = "README.md"
TABLES = ("sentences", "pairs", "articles")
"""Tables in the order of the card; the first that has rows is the default."""
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6),
          ("1M<n<10M", 10**7), ("10M<n<100M", 10**8), ("100M<n<1B", 10**9))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """Rows under one name of `load_dataset`: their features, and files by part."""

    name: str
    features: list[dict[str, Any]]
    files: dict[str, list[Path]]


def config(name: str, paths: Sequence[Path], columns: list[dict[str, Any]]) -> Config:
    """Return the config of files called `<split>-<number>.parquet`."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        found.setdefault(called(path.name.partition("-")[0]), []).append(path)
    return Config(name, columns, {split: found[split] for split in SPLITS if split in found})


def called(split: str) -> str:
    """Return the name of a part in `datasets`."""
    return SPLITS[0] if split == WHOLE else split


def of_table(table: str, paths: Sequence[Path]) -> Config:
    """Return the config of a release's table."""
    return config(table, paths, features(LAYOUTS[table].of))


def write(release: Snapshot) -> None:
    """Write the card of the release's own folder."""
    found = [of_table(table, release.files(table)) for table in TABLES if release.files(table)]
    write_into(release.folder, release, found)


def write_into(folder: Path, release: Snapshot, configs: Sequence[Config]) -> None:
    """Write the card of a folder that has the configs' files."""
    metadata = yaml.safe_dump(
        _metadata(folder, release, configs), allow_unicode=True, sort_keys=False, width=100
    )
    names = [one.name for one in configs]
    text = datasheet.render("card.md.j2", release.manifest, configs=names, title=citation.TITLE)
    (folder / FILE).write_text(f"---\n{metadata}---\n\n{text}", encoding="utf-8")


def _metadata(folder: Path, release: Snapshot, configs: Sequence[Config]) -> dict[str, Any]:
    """Return the YAML of the card, for the Hub and `datasets`."""
    largest = max(of["all"] for of in release.manifest["counts"].values())
    return {
        "pretty_name": citation.TITLE,
        "language": list(LANGS),
        "license": "other",
        "license_name": "rights-by-source",
        "multilinguality": ["translation"],
        "size_categories": [
            next((name for name, below in _SIZES if largest < below), "1B<n<10B"),
        ],
        "source_datasets": ["original"],
        "language_creators": ["found"],
        "annotations_creators": ["machine-generated"],
        "task_categories": ["translation", "sentence-similarity"],
        "tags": [
            "parallel-corpus",
            "comparable-corpus",
            "sentence-alignment",
            "news",
            "government",
        ],
        "configs": [
            {"config_name": one.name}
            | ({"default": True} if one is configs[0] else {})
            | {
                "data_files": [
                    {"split": split, "path": _pattern(folder, paths[0])}
                    for split, paths in one.files.items()
                ]
            }
            for one in configs
        ],
        "dataset_info": [_info(one) for one in configs],
    }


def _pattern(folder: Path, path: Path) -> str:
    return f"{path.parent.relative_to(folder).as_posix()}/{path.name.partition('-')[0]}-*.parquet"


def _info(of: Config) -> dict[str, Any]:
    """Return a config's features and sizes, in bytes of the uncompressed columns."""
    splits = []
    for name, paths in of.files.items():
        metadata = [pq.read_metadata(path) for path in paths]
        size = sum(
            m.row_group(at).total_byte_size for m in metadata for at in range(m.num_row_groups)
        )
        rows = sum(m.num_rows for m in metadata)
        splits.append({"name": name, "num_bytes": size, "num_examples": rows})
    return {
        "config_name": of.name,
        "features": of.features,
        "splits": splits,
        "download_size": sum(path.stat().st_size for paths in of.files.values() for path in paths),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }
