"""Tables of a release: those of the corpus, with columns added.

`data/<table>/<split>-<NNNNN>.parquet`; without a split every file is called `all-…`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.tables import schema
from pipelines.tables.schema import column

Integers = np.ndarray[Any, np.dtype[Any]]
"""Positions, days or parts, in any integer type."""

SPLITS = ("train", "validation", "test")
WHOLE = "all"
"""Only part of a release that was not split."""

_SCRIPT = column("zh_script", schema.STRING, "Script of the Chinese article: Hans or Hant")
ADDED = (_SCRIPT.name, "similarity", "length_ratio", "zh_lang", "en_lang")
"""Columns that earlier releases of the same schema version lack."""
_SPLIT = column("split", pa.string(), "train, validation or test; all where nothing was split")


def _table(of: pa.Schema, doc: str, *more: pa.Field) -> pa.Schema:
    return schema.table(of.metadata[b"table"].decode(), doc, *of, *more, _SPLIT)


ARTICLES = _table(
    schema.ARTICLES,
    "Articles in the newest revision, by city, date and id. What the source's rights do not allow "
    "is not there: text is null where held is metadata, a beginning where it is "
    "metadata+excerpt. Private contact data are masked by asterisks, one for each character. "
    "content_sha256 is of what is held.",
    column("held", pa.string(), "What this release holds: full, metadata+excerpt or metadata"),
    column(
        "mt_suspect",
        pa.float32(),
        "English only: suspicion that a machine translated it, 0-1, from the text held; suspect "
        "from 0.5. A score, no probability: people who translate closely set it off, too. Null: "
        "too short, or no text",
    ),
    column(
        "mt_signs",
        schema.STRINGS,
        "What mt_suspect rests on most: untranslated, figures, spacing, phrases, reporting, nouns, "
        "plain, sentences (docs/how-to/releases.md)",
    ),
)
PAIRS = _table(
    schema.PAIRS,
    "Document pairs at or above the release's threshold, by city and pair_id. Both articles are in "
    "the release, in the same split.",
    _SCRIPT,
)
SENTENCES = _table(
    schema.SENTENCES,
    "Aligned sentences of the pairs whose articles are both held in full, by city, pair_id and "
    "position. Offsets are into the text of the release's own articles.",
    column("city", pa.string(), "City key"),
    _SCRIPT,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of a table in Parquet.

    `group` and `file` are rows of a row group and a file; `repeated` have dictionaries.
    """

    of: pa.Schema
    group: int
    file: int
    repeated: tuple[str, ...]


# A row group of articles or sentences is some 20 MB of text: enough to scan fast, little enough
# to stream. Dictionaries only where values repeat: for text they cost time and save nothing.
LAYOUTS = {
    "articles": Layout(
        ARTICLES,
        16_384,
        524_288,
        (
            "city", "site", "lang", "script", "published_precision", "source", "column",
            "extractor", "rights", "run_id", "held", "split", "lang_evidence",
        ),
    ),
    "pairs": Layout(PAIRS, 32_768, 1_048_576, ("city", "relation", "method", "zh_script", "split")),
    "sentences": Layout(SENTENCES, 65_536, 4_194_304, ("kind", "city", "zh_script", "split")),
}  # fmt: skip
TABLES = tuple(LAYOUTS)
