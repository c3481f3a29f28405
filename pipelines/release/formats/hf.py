"""Hugging Face folder: a dataset card, Parquet files for `load_dataset`.

hf/
    README.md                                   the card: metadata in front, then prose
    articles/<split>-00000.parquet   pairs/…   sentences/…    the release's own files
    translation/<split>-00000.parquet           beads with both sides as {"en": …, "zh": …}

The files of the three tables are hard links to those in `data/` if the file system has links, and
take no room twice.
"""

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.about import card
from pipelines.release.about.features import features
from pipelines.release.shards import Shards
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS, TABLES, Layout
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


def write(release: Snapshot, folder: Path) -> None:
    """Write the card and the files of every table that has rows."""
    for table in TABLES:
        for path in release.files(table):
            target = folder / table / _called(path.name)
            target.parent.mkdir(exist_ok=True)
            _link(path, target)
    _write_translation(release, folder / TRANSLATION)
    found = [
        card.of_table(table, paths)
        for table in card.TABLES
        if (paths := sorted((folder / table).glob("*.parquet")))
    ]
    translated = sorted((folder / TRANSLATION).glob("*.parquet"))
    if translated:
        columns = features(_BEADS.of)
        columns[-1] = {"name": TRANSLATION, "dtype": {TRANSLATION: {"languages": list(LANGS)}}}
        found.append(card.config(TRANSLATION, translated, columns))
    card.write_into(folder, release, found)


def _called(name: str) -> str:
    split, dash, number = name.partition("-")
    return f"{card.called(split)}{dash}{number}"


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
                shards.write(table, card.called(split))
