"""Chinese articles most like an English one, in its city.

To judge if an unmatched article has a counterpart after all, a reviewer must see the articles that
pairing may have missed. So besides the runners-up that pairing scored, every Chinese article of the
city is compared by the vector of its whole text.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.pairs import prepared
from pipelines.pairs.prepared import Document
from pipelines.tables import articles, files, parquet, schema
from pipelines.tables.vocabulary import LANGS
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.load import load_encoder

Vectors = npt.NDArray[np.float32]
SHOWN = 10
"""Chinese articles for each English one."""
_FEWEST = 20
"""Articles from which the mean vector of a side represents its language, not its subject.

Set by hand; not measured."""


def nearest(output: Path, city: str, en_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return at most `SHOWN` Chinese articles for each English one.

    Those that pairing scored come first, by probability, then those with the nearest vectors. These
    are left out if the city was never aligned: there are no vectors. Duplicates are left out.
    """
    scored = _scored(output, city, en_ids)
    alike = _alike(output, city, en_ids)
    return {
        key: tuple(dict.fromkeys((*scored[key][: SHOWN // 2], *alike[key], *scored[key])))[:SHOWN]
        for key in en_ids
    }


def _scored(output: Path, city: str, en_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[tuple[float, str]]] = {key: [] for key in en_ids}
    wanted = pa.array(en_ids, pa.string())
    for name, of in (("pairs", schema.PAIRS), ("candidates", schema.CANDIDATES)):
        path = files.table_path(output, name, city)
        table = parquet.read_table(path, of, ["zh_id", "en_id", "probability"])
        for row in table.filter(pc.is_in(table["en_id"], value_set=wanted)).to_pylist():
            found[row["en_id"]].append((-(row["probability"] or 0.0), row["zh_id"]))
    return {key: [zh for _, zh in sorted(rows)] for key, rows in found.items()}


def _alike(output: Path, city: str, en_ids: Sequence[str]) -> dict[str, list[str]]:
    encoder = load_encoder()
    path = output / "vectors" / city / f"{encoder.name}.parquet"
    if not path.exists() or not en_ids:
        return {key: [] for key in en_ids}
    cache = VectorCache(path, encoder)
    ids, vectors = {}, {}
    for lang in LANGS:
        side = _documents(output, city, lang)
        ids[lang] = [document.id for document in side]
        vectors[lang] = _centred(prepared.vectors(side, cache))
    place = {key: row for row, key in enumerate(ids["en"])}
    found: dict[str, list[str]] = {key: [] for key in en_ids}
    for key in en_ids:
        if key in place and ids["zh"]:
            likeness = vectors["zh"] @ vectors["en"][place[key]]
            order = np.lexsort((np.arange(len(likeness)), -likeness))[:SHOWN]
            found[key] = [ids["zh"][row] for row in order.tolist()]
    return found


def _documents(output: Path, city: str, lang: str) -> list[Document]:
    columns = ["article_id", "lang", "title", "text", "duplicate_of"]
    table = articles.read_articles(output, city, columns)
    alone = table.filter(pc.and_(pc.equal(table["lang"], lang), pc.is_null(table["duplicate_of"])))
    return [
        Document(row["article_id"], lang, row["title"] or "", row["text"] or "")
        for row in alone.to_pylist()
    ]


def _centred(rows: Vectors) -> Vectors:
    if len(rows) > _FEWEST:
        rows = rows - rows.mean(axis=0)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
