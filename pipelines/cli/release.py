"""`shizheng release make|verify|diff|list`.

The room `release` is imported where it is used: `--help` of other commands does without.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from crawler.errors import ExitCode
from pipelines.cli.checks import check_window, existing
from pipelines.cli.options import SHARED, CitiesDir, Shared, chosen_of, option
from pipelines.cli.selecting import SELECTING, Selecting
from pipelines.tables.vocabulary import LANGS, RELATIONS
from pipelines.terminal import complain, number_of, progress, say, say_json, show_table

if TYPE_CHECKING:
    from pipelines.release.snapshot import Snapshot

_SHOWN = 10
"""Misspelt withdrawals named at most. Set by hand."""


def _split(value: str) -> str:
    from pipelines.release.split.splits import KINDS, SplitError, targets_of

    try:
        return value if value in KINDS or targets_of(value) else ""
    except SplitError as error:
        raise ValueError(str(error)) from None


def _formats() -> tuple[str, ...]:
    from pipelines.release.formats import NAMES

    return (*NAMES, "all")


def make(
    version: Annotated[str, option("name of the release, such as 1.0.0", name="VERSION")],
    /,
    *,
    selecting: Selecting = SELECTING,
    lang: Annotated[
        tuple[str, ...],
        option(
            "articles in these languages (default: both)",
            "|".join(LANGS),
            converter=chosen_of(lambda: LANGS),
            consume_multiple=(1, None),
        ),
    ] = LANGS,
    split: Annotated[
        str | None,
        option(
            "train, validation and test, parted by time, by city, by shares of the pairs, or by "
            "numbers of pairs: train=rest,dev=500,test=500",
            "time|city|train=80,dev=10,test=10",
            read=_split,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's own name
        tuple[str, ...],
        option(
            "formats beside Parquet (default: the site; parquet: none)",
            "parquet|hf|jsonl|moses|tmx|site|all",
            converter=chosen_of(_formats),
            consume_multiple=(1, None),
        ),
    ] = ("parquet", "site"),
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Make an immutable snapshot to publish and cite."""
    from crawler.city_file import load_cities
    from pipelines.release import build
    from pipelines.release.content import selection, withdrawal
    from pipelines.release.formats import NAMES, PARQUET

    output = existing(shared.output)
    check_window(selecting.since, selecting.until)
    thresholds = selection.Thresholds(
        selecting.min_probability,
        tuple(name for name in RELATIONS if name in (selecting.relation or RELATIONS)),
        selecting.since,
        selecting.until,
        tuple(sorted(set(selecting.city))),
        tuple(name for name in LANGS if name in lang),
        tuple(sorted(set(selecting.script))),
        selecting.best,
        selecting.min_bead_probability,
        tuple(sorted(set(selecting.kind))),
        tuple(sorted(set(selecting.without_flag))),
        selecting.min_similarity,
    )
    formats = set(NAMES if "all" in format else format) - {PARQUET}
    order = build.Order(version, thresholds, split, tuple(sorted(formats)))
    with progress() as tracker:
        made = build.build(output, order, load_cities(cities_dir), tracker)
    if shared.json:
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


def _show(made: "Snapshot") -> None:
    from pipelines.release.tables import WHOLE

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
    for table, removed in facts["removed"].items():
        if removed:
            gone = (f"{count:,} by {name}" for name, count in removed.items())
            say(f"{table} removed: {', '.join(gone)}")
    for why, count in facts["left_out"].items():
        if count and why != "stale_sentences":
            say(f"left out by the split: {why.replace('_', ' ')}: {count}")
    if facts["left_out"]["stale_sentences"]:
        complain(
            f"left out, because their articles no longer have them: "
            f"{number_of(facts['left_out']['stale_sentences'], 'sentence')}; align again"
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
    if not counts["pairs"][WHOLE]:
        complain("the release has no pairs: none passes the filters; loosen them")
    say(f"release: {made.folder}")


def verify(
    release: Annotated[str, option("a release, or a copy's folder", name="VERSION|DIR")],
    /,
    *,
    shared: Shared = SHARED,
) -> ExitCode:
    """Check a release against its manifest and checksums."""
    from pipelines.release import snapshot
    from pipelines.release import verify as checking

    found = snapshot.find(shared.output, release)
    problems = checking.problems(found)
    if shared.json:
        say_json({"release": found.version, "valid": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            complain(problem)
    else:
        files = len(found.manifest["files"])
        say(f"{found.version}: whole, and {number_of(files, 'file')} agree with each other")
    return ExitCode.UNUSABLE if problems else ExitCode.DONE


def diff(
    old: Annotated[str, option("the earlier release", name="A")],
    new: Annotated[str, option("the later release", name="B")],
    /,
    *,
    shared: Shared = SHARED,
) -> ExitCode:
    """Compare two releases: what changed, and why."""
    from pipelines.release import difference, snapshot

    before, after = snapshot.find(shared.output, old), snapshot.find(shared.output, new)
    changes = difference.compare_releases(before, after)
    if shared.json:
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
        say(f"{before.version} and {after.version} have the same rows")
    for name, values in changes["settings"].items():
        for part, former, latter in _differing(name, *values):
            say(f"{part}: {former} -> {latter}")
    return ExitCode.DONE


def list_releases(*, shared: Shared = SHARED) -> ExitCode:
    """List the releases in the output folder."""
    from pipelines.release import snapshot
    from pipelines.release.tables import WHOLE

    releases = snapshot.releases(existing(shared.output))
    if shared.json:
        say_json([{"folder": str(r.folder)} | dict(r.manifest) for r in releases])
        return ExitCode.DONE
    rows = [
        (
            r.version,
            r.manifest["as_of"],
            *(of[WHOLE] for of in r.manifest["counts"].values()),
        )
        for r in releases
    ]
    if not releases:
        say(f"no releases in {shared.output / 'releases'}; `shizheng release VERSION` makes one")
        return ExitCode.DONE
    tables = tuple(releases[0].manifest["counts"])
    show_table(("release", "as of", *tables), rows)
    return ExitCode.DONE


def _differing(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the differences between two settings, part by part."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield name, _words(before), _words(after)
        return
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield from _differing(f"{name}, {key}", before.get(key), after.get(key))


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return "none" if value is None else str(value)
