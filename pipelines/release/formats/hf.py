"""Hugging Face folder: a dataset card, Parquet files for `load_dataset`.

hf/
    README.md                                   the card: metadata in front, then prose
    articles/<split>-00000.parquet   pairs/…   sentences/…    the release's own files
    translation/<split>-00000.parquet           beads with both sides as {"en": …, "zh": …}

The files of the three tables are hard links to those in `data/` if the file system has links, and
take no room twice. `datasets` reserves the name `all`: rows of a release without a split are called
`train`.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from pipelines.release.about import citation, datasheet
from pipelines.release.formats.features import features
from pipelines.release.shards import Shards
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS, SPLITS, TABLES, WHOLE, Layout
from pipelines.tables.vocabulary import LANGS

TRANSLATION = "translation"
# In the order of languages in a translation of `datasets`.
_BEADS = Layout(
    pa.schema(
        [
            ("pair_id", pa.string()),
            ("position", pa.int32()),
            ("probability", pa.float32()),
            ("city", pa.string()),
            ("zh_script", pa.string()),
            (TRANSLATION, pa.struct([("en", pa.string()), ("zh", pa.string())])),
        ]
    ),
    LAYOUTS["sentences"].group,
    LAYOUTS["sentences"].file,
    ("city", "zh_script"),
)
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6),
          ("1M<n<10M", 10**7), ("10M<n<100M", 10**8), ("100M<n<1B", 10**9))  # fmt: skip


def write(release: Snapshot, folder: Path) -> None:
    """Write the card and the files of every table that has rows."""
    for table in TABLES:
        for path in release.files(table):
            target = folder / table / _called(path.name)
            target.parent.mkdir(exist_ok=True)
            _link(path, target)
    _write_translation(release, folder / TRANSLATION)
    configs = [name for name in ("sentences", "pairs", "articles", TRANSLATION) if (
        folder / name).is_dir()]  # fmt: skip
    metadata = yaml.safe_dump(
        card_metadata(release, folder, configs), allow_unicode=True, sort_keys=False, width=100
    )
    text = datasheet.render("card.md.j2", release.manifest, configs=configs, title=citation.TITLE)
    (folder / "README.md").write_text(f"---\n{metadata}---\n\n{text}", encoding="utf-8")


def card_metadata(release: Snapshot, folder: Path, configs: list[str]) -> dict[str, Any]:
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
            {"config_name": name}
            | ({"default": True} if name == configs[0] else {})
            | {
                "data_files": [
                    {"split": split, "path": f"{name}/{split}-*.parquet"}
                    for split in _splits(folder / name)
                ]
            }
            for name in configs
        ],
        "dataset_info": [_info(folder / name) for name in configs],
    }


def _info(folder: Path) -> dict[str, Any]:
    """Return a config's features and sizes, in bytes of the uncompressed columns."""
    if folder.name == TRANSLATION:
        columns = features(_BEADS.of)
        columns[-1] = {"name": TRANSLATION, "dtype": {TRANSLATION: {"languages": list(LANGS)}}}
    else:
        columns = features(LAYOUTS[folder.name].of)
    splits = []
    for name in _splits(folder):
        metadata = [pq.read_metadata(path) for path in sorted(folder.glob(f"{name}-*.parquet"))]
        size = sum(
            m.row_group(at).total_byte_size for m in metadata for at in range(m.num_row_groups)
        )
        rows = sum(m.num_rows for m in metadata)
        splits.append({"name": name, "num_bytes": size, "num_examples": rows})
    return {
        "config_name": folder.name,
        "features": columns,
        "splits": splits,
        "download_size": sum(path.stat().st_size for path in folder.iterdir()),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _splits(folder: Path) -> list[str]:
    return [name for name in SPLITS if any(folder.glob(f"{name}-*.parquet"))]


def _called(name: str) -> str:
    return f"{SPLITS[0]}{name.removeprefix(WHOLE)}" if name.startswith(WHOLE) else name


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _write_translation(release: Snapshot, folder: Path) -> None:
    columns = ["pair_id", "position", "probability", "city", "zh_script", "zh", "en"]
    with Shards(folder, _BEADS) as shards:
        for split in release.splits("sentences"):
            for batch in release.batches("sentences", split, columns, rows=_BEADS.group):
                both = pc.and_(*(pc.not_equal(batch[side], "") for side in LANGS))
                kept = batch.filter(both)
                struct = pa.StructArray.from_arrays([kept["en"], kept["zh"]], ["en", "zh"])
                arrays = [kept[name] for name in columns[:5]]
                table = pa.Table.from_arrays([*arrays, struct], schema=_BEADS.of)
                shards.write(table, SPLITS[0] if split == WHOLE else split)
