"""Manifest of a release: choice, sources, rights, judged quality, counts and checksums."""

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
from pipelines.release.tables import SPLITS, TABLES
from pipelines.tables import atomic, files, schema
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.text_files import read_text


@dataclass(slots=True)
class ReleaseCounts:
    """Counts of a release, added to while it is written."""

    articles: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By city, language and level of `held`."""
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
    corrected: int = 0
    """Corrections of reviewers that its beads have."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Articles that a split left out, by reason."""
    removed: dict[str, Counter[str]] = field(
        default_factory=lambda: {table: Counter() for table in TABLES}
    )
    """Rows of the cities asked for that each filter removed, by table."""
    newest: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """Facts of a release: choice, sources, rights, judged quality and counts.

    `rulings` are the rights by city, `withdrawn` the digests of withdrawn articles, `inputs` the
    digest of everything that the release is made from.
    """

    version: str
    thresholds: Mapping[str, Any]
    split: Split | None
    rulings: Mapping[str, Any]
    names: Mapping[str, Mapping[str, str]]
    withdrawn: list[str]
    inputs: Mapping[str, Any]
    runs: list[dict[str, Any]]
    quality: Mapping[str, Any] | None
    formats: Iterable[str]
    counts: ReleaseCounts

    def as_json(self) -> dict[str, Any]:
        """Return the manifest without `files`. Nothing in it depends on the clock."""
        counts = self.counts
        levels = Counter[str]()
        for (_, _, level), count in counts.articles.items():
            levels[level] += count
        return {
            "release": self.version,
            "as_of": counts.newest.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "schema_version": schema.SCHEMA_VERSION,
            "shizheng": version("shizheng"),
            "pyarrow": version("pyarrow"),
            "models": dict(sorted(counts.methods.items())),
            "thresholds": dict(self.thresholds),
            "split": _split(self.split),
            "counts": {
                table: {"all": sum(counts.rows[table].values()), **_parts(counts.rows[table])}
                for table in TABLES
            },
            "relations": dict(sorted(counts.relations.items())),
            "statistics": counts.statistics.as_json(),
            "quality": self.quality,
            "cities": self._cities(),
            "rights": {"held": dict(sorted(levels.items()))},
            "masked": dict(sorted(counts.masked.items())),
            "removed": {
                table: {name: count for name, count in removed.items() if count}
                for table, removed in counts.removed.items()
            },
            "corrected": {"sentences": counts.corrected},
            "left_out": {"stale_sentences": counts.stale_beads, **counts.left_out},
            "withdrawn": {"articles": len(self.withdrawn), "digests": self.withdrawn},
            "inputs": dict(self.inputs),
            "runs": self.runs,
            "formats": sorted(self.formats),
        }

    def _cities(self) -> dict[str, Any]:
        cities: dict[str, Any] = {}
        for (key, lang, held), count in sorted(self.counts.articles.items()):
            city = cities.setdefault(key, {"articles": {}, "held": {}})
            city["articles"][lang] = city["articles"].get(lang, 0) + count
            city["held"][held] = city["held"].get(held, 0) + count
        for key, city in cities.items():
            city |= {
                "name": dict(self.names[key]),
                "pairs": self.counts.pairs_by_city[key],
                "sentences": self.counts.beads_by_city[key],
                "rights": self.rulings[key],
            }
        return cities


def source_runs(output: Path, run_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return id, command, versions and terms of the articles' runs."""
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
        stated_terms = ("robots_obeyed", "tls_verified", "tls_waivers", "rights")
        row |= {key: terms[key] for key in stated_terms if key in terms}
        found.append(row)
    return found


def _stated(path: Path) -> dict[str, Any]:
    """Return the content of a run's manifest. Raises `ReleaseError`."""
    try:
        found = parse_json(read_text(path, ReleaseError))
    except JsonError as error:
        found, reason = None, str(error)
    else:
        reason = "it holds no object"
    if not isinstance(found, dict):
        raise ReleaseError(
            f"{path}: not the manifest of a run ({reason}); put it right, or move it away: the "
            "release then tells of this run its id alone"
        )
    return found


def inputs(output: Path, paths: Iterable[Path], stated: Any) -> dict[str, Any]:
    """Return the digest of a release's sources: the files, and `stated`."""
    lines = [f"{files.sha256(path)}  {path.relative_to(output)}" for path in sorted(paths)]
    text = json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)
    whole = "\n".join([*lines, text])
    return {"files": len(lines), "digest": hashlib.sha256(whole.encode()).hexdigest()}


def complete(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write manifest and checksums, with size, rows and SHA-256 of every file."""
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
    whole = {**manifest, "files": listed}
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
    if split.shares:
        sizes = dict(zip(SPLITS, split.sizes, strict=False))
        return stated | {"shares": dict(zip(SPLITS, split.shares, strict=True)), "sizes": sizes}
    return stated | {"cities": split.cities}
