"""`shizheng release VERSION`, `release verify`, `release diff`: arguments in, exit codes out."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crawler.city import City
from crawler.city_file import load_cities
from crawler.demo import DEMO_CITIES
from crawler.errors import ExitCode
from pipelines.release import build, difference, snapshot, verify
from pipelines.release.content import selection, withdrawal
from pipelines.release.content.selection import Thresholds
from pipelines.release.formats import NAMES, PARQUET, SITE
from pipelines.release.snapshot import ReleaseError
from pipelines.release.split.splits import KINDS
from pipelines.tables.vocabulary import DECISION, LANGS, RELATIONS
from pipelines.terminal import complain, progress, say, say_json, show_table

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser, day: Any) -> None:
    """Give the command its arguments; `day` reads a date."""
    parser.usage = (
        "%(prog)s VERSION [options]\n       %(prog)s verify VERSION|DIR [options]\n"
        "       %(prog)s diff A B [options]"
    )
    parser.add_argument(
        "words",
        nargs="+",
        metavar="VERSION | verify VERSION|DIR | diff A B",
        help="make this release, check one, or say what changed between two",
    )
    parser.add_argument(
        "--min-probability",
        type=_share,
        default=DECISION,
        metavar="P",
        help="pairs at or above it (default: %(default)s)",
    )
    parser.add_argument(
        "--relation", nargs="+", choices=RELATIONS, default=RELATIONS, help="pairs so related"
    )
    parser.add_argument("--since", type=day, metavar="DATE", help="published on this day or later")
    parser.add_argument("--until", type=day, metavar="DATE", help="published on this day or before")
    parser.add_argument("--city", nargs="+", default=[], metavar="CITY", help="these cities only")
    parser.add_argument("--lang", nargs="+", choices=LANGS, default=LANGS, help="default: both")
    parser.add_argument(
        "--split", choices=KINDS, help="train, validation and test, parted by time or by city"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        choices=(*NAMES, "all"),
        default=[PARQUET, SITE],
        help="formats beside Parquet (default: the site; parquet: none)",
    )


def release_command(args: argparse.Namespace) -> int:
    """Make, verify or compare releases of an existing output folder."""
    output = args.output
    if not output.is_dir():
        raise ReleaseError(f"{output}: no such folder; crawl, extract or import something first")
    match args.words:
        case ["verify", named]:
            return _verify(output.resolve(), named, args.json)
        case ["diff", old, new]:
            return _diff(output.resolve(), old, new, args.json)
        case [version] if version not in build.RESERVED:
            return _build(args, output.resolve(), version)
    raise ReleaseError(
        "expected one of: release VERSION, release verify VERSION|DIR, release diff A B; "
        f"not: release {' '.join(args.words)}"
    )


def _build(args: argparse.Namespace, output: Path, version: str) -> int:
    if args.since and args.until and args.since > args.until:
        raise ReleaseError(f"--since {args.since} is later than --until {args.until}")
    named = set(NAMES if "all" in args.format else args.format)
    thresholds = Thresholds(
        args.min_probability,
        tuple(name for name in RELATIONS if name in args.relation),
        args.since,
        args.until,
        tuple(sorted(set(args.city))),
        tuple(lang for lang in LANGS if lang in args.lang),
    )
    wanted = build.Order(version, thresholds, args.split, tuple(sorted(named - {PARQUET})))
    with progress() as tracker:
        made = build.build(output, wanted, _cities(output, args.cities_dir), tracker)
    if args.json:
        say_json({"folder": str(made.folder)} | dict(made.manifest))
        return ExitCode.DONE
    _show(made)
    missed = selection.unknown(output, withdrawal.load(output))
    if missed:
        complain(
            f"{output / withdrawal.FILE}: no stored article is {', '.join(missed[:_SHOWN])}"
            f"{' …' if len(missed) > _SHOWN else ''} ({len(missed)} of its entries); look whether "
            "they are spelt right"
        )
    return ExitCode.DONE


def _cities(output: Path, folder: Path | None) -> Mapping[str, City]:
    """Return the city files; a demo's corpus brings the demo's own."""
    if folder is None and (output / ".shizheng-demo").exists():
        folder = DEMO_CITIES
    return load_cities(folder)


def _show(made: snapshot.Snapshot) -> None:
    facts = made.manifest
    counts = facts["counts"]
    parts = list(counts["articles"])
    show_table(
        ("table", *parts),
        [(table, *(of.get(part, 0) for part in parts)) for table, of in counts.items()],
    )
    held = ", ".join(f"{count} {level}" for level, count in facts["rights"]["held"].items())
    say(f"articles held: {held}")
    masked = ", ".join(f"{count} {kind}" for kind, count in facts["masked"].items()) or "nothing"
    say(f"masked: {masked}; withdrawn articles: {facts['withdrawn']['articles']}")
    for why, count in facts["left_out"].items():
        if count and why != "stale_sentences":
            say(f"left out by the split: {count} {why.replace('_', ' ')}")
    if facts["left_out"]["stale_sentences"]:
        complain(
            f"{facts['left_out']['stale_sentences']} sentences are no longer in their articles and "
            "were left out; align again"
        )
    closed = sorted(
        key
        for key, of in facts["cities"].items()
        if not of["rights"]["checked"] and of["rights"]["text"] != "metadata"
    )
    if closed:
        complain(
            f"metadata only, because nobody has checked their terms: {', '.join(closed)}; read the "
            "site's terms and set rights: {…, checked: <date>} in the city file"
        )
    say(f"release: {made.folder}")


def _verify(output: Path, named: str, as_json: bool) -> int:
    found = snapshot.find(output, named)
    problems = verify.problems(found)
    if as_json:
        say_json({"release": found.version, "valid": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            complain(problem)
    else:
        files = len(found.manifest["files"])
        say(f"{found.version}: {files} files are whole and agree with each other")
    return ExitCode.UNUSABLE if problems else ExitCode.DONE


def _diff(output: Path, old: str, new: str, as_json: bool) -> int:
    before, after = snapshot.find(output, old), snapshot.find(output, new)
    changes = difference.compare_releases(before, after)
    if as_json:
        say_json(changes)
        return ExitCode.DONE
    rows = [
        (table, what, why, len(ids))
        for table, kinds in changes["tables"].items()
        for what, reasons in kinds.items()
        for why, ids in reasons.items()
    ]
    if rows:
        show_table(("table", "change", "why", "rows"), rows)
    else:
        say(f"{before.version} and {after.version} hold the same rows")
    for name, values in changes["settings"].items():
        for part, was, now in _differing(name, *values):
            say(f"{part}: {was} -> {now}")
    return ExitCode.DONE


def _differing(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the differences of two settings, part by part."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield name, _text(before), _text(after)
        return
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield from _differing(f"{name}, {key}", before.get(key), after.get(key))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return "none" if value is None else str(value)


def _share(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a probability from 0 to 1, not {value!r}")
    return number
