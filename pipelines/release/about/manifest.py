"""What a release says of itself: how it was chosen, from what, by what, and what it holds."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.release.about.statistics import Statistics
from pipelines.release.snapshot import MANIFEST, SUMS, ReleaseError
from pipelines.release.split.splits import Split
from pipelines.release.tables import TABLES
from pipelines.tables import atomic, files, schema
from pipelines.tables.text_files import read_text


@dataclass(slots=True)
class Tally:
    """What is counted while a release is written."""

    articles: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By city, language and how much is held."""
    masked: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    runs: set[str] = field(default_factory=set)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows by table and part."""
    pairs_by_city: Counter[str] = field(default_factory=Counter)
    beads_by_city: Counter[str] = field(default_factory=Counter)
    statistics: Statistics = field(default_factory=Statistics)
    stale_beads: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Articles that a split left out, by why."""
    newest: datetime = datetime(1970, 1, 1, tzinfo=UTC)


def facts(
    release: str,
    *,
    thresholds: Mapping[str, Any],
    split: Split | None,
    rulings: Mapping[str, Any],
    withdrawn: list[str],
    inputs: Mapping[str, Any],
    runs: list[dict[str, Any]],
    names: Mapping[str, Mapping[str, str]],
    quality: Mapping[str, Any] | None,
    formats: Iterable[str],
    tally: Tally,
) -> dict[str, Any]:
    """Return the manifest without `files`. Says nothing that depends on the clock."""
    by_city: dict[str, Any] = {}
    for (city, lang, held), count in sorted(tally.articles.items()):
        of = by_city.setdefault(city, {"articles": {}, "held": {}})
        of["articles"][lang] = of["articles"].get(lang, 0) + count
        of["held"][held] = of["held"].get(held, 0) + count
    for city in by_city:
        by_city[city] |= {
            "name": dict(names[city]),
            "pairs": tally.pairs_by_city[city],
            "sentences": tally.beads_by_city[city],
            "rights": rulings[city],
        }
    levels = Counter[str]()
    for (_, _, level), count in tally.articles.items():
        levels[level] += count
    return {
        "release": release,
        "as_of": tally.newest.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "schema_version": schema.SCHEMA_VERSION,
        "shizheng": version("shizheng"),
        "pyarrow": version("pyarrow"),
        "models": dict(sorted(tally.methods.items())),
        "thresholds": dict(thresholds),
        "split": _split(split),
        "counts": {
            table: {"all": sum(tally.rows[table].values()), **_parts(tally.rows[table])}
            for table in TABLES
        },
        "relations": dict(sorted(tally.relations.items())),
        "statistics": tally.statistics.as_json(),
        "quality": quality,
        "cities": by_city,
        "rights": {"held": dict(sorted(levels.items()))},
        "masked": dict(sorted(tally.masked.items())),
        "left_out": {"stale_sentences": tally.stale_beads, **tally.left_out},
        "withdrawn": {"articles": len(withdrawn), "digests": withdrawn},
        "inputs": dict(inputs),
        "runs": runs,
        "formats": sorted(formats),
    }


def source_runs(output: Path, run_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the manifests of the runs that articles came from: what each went by."""
    found = []
    kept = ("command", "started_at", "shizheng", "scrapy")
    for run_id in sorted(run_ids):
        path = output / "runs" / run_id / "manifest.json"
        stated: dict[str, Any] = {}
        if path.exists():
            stated = _stated(path)
        row = {"run_id": run_id} | {key: stated[key] for key in kept if key in stated}
        # The user agent stays out: an operator's own address may be in it.
        terms = stated.get("terms", {})
        row |= {key: terms[key] for key in ("robots_obeyed", "rights") if key in terms}
        found.append(row)
    return found


def _stated(path: Path) -> dict[str, Any]:
    """Return what a run's manifest says. Raises `ReleaseError`."""
    try:
        found = json.loads(read_text(path, ReleaseError))
    except json.JSONDecodeError as error:
        found, reason = None, f"line {error.lineno}: {error.msg}"
    else:
        reason = "it holds no object"
    if not isinstance(found, dict):
        raise ReleaseError(
            f"{path}: not the manifest of a run ({reason}); put it right, or move it away: the "
            "release then tells of this run its id alone"
        )
    return found


def inputs(output: Path, paths: Iterable[Path], stated: Any) -> dict[str, Any]:
    """Return the digest of everything a release is made from: files, and what was `stated`."""
    lines = [f"{files.sha256(path)}  {path.relative_to(output)}" for path in sorted(paths)]
    said = json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)
    whole = "\n".join([*lines, said])
    return {"files": len(lines), "digest": hashlib.sha256(whole.encode()).hexdigest()}


def complete(folder: Path, manifest: dict[str, Any]) -> None:
    """Add every file with its size, rows and checksum; write manifest and checksums."""
    listed = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        row: dict[str, Any] = {
            "path": name,
            "bytes": path.stat().st_size,
            "sha256": files.sha256(path),
        }
        if path.suffix == ".parquet":
            row["rows"] = pq.read_metadata(path).num_rows
        listed.append(row)
    whole = manifest | {"files": listed}
    with atomic.replacing(folder / MANIFEST) as file:
        file.write(json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n")
    sums = [f"{row['sha256']}  {row['path']}\n" for row in listed]
    sums.append(f"{files.sha256(folder / MANIFEST)}  {MANIFEST}\n")
    with atomic.replacing(folder / SUMS) as file:
        file.write("".join(sums).encode())


def _parts(rows: Mapping[str, int]) -> dict[str, int]:
    return {split: count for split, count in sorted(rows.items()) if split != "all"}


def _split(split: Split | None) -> dict[str, Any] | None:
    if split is None:
        return None
    stated: dict[str, Any] = {"by": split.kind}
    if split.until:
        train, validation = (
            (date(1970, 1, 1) + timedelta(days=day)).isoformat() for day in split.until
        )
        return stated | {"train_until": train, "validation_until": validation}
    return stated | {"cities": split.cities}
