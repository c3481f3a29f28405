"""The commands themselves: each takes parsed arguments and returns an exit code.

Exit codes: 0 done; 1 internal error; 2 usage; 3 done, but some city failed;
4 nothing usable (all failed or blocked); 5 another run holds the lock.

The steps are imported where they are used: to load them all takes seconds, which `status` and
`--help` need not wait for.
"""

import argparse
import json
import os
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.city import CRAWLED, City
from crawler.city_file import load_cities
from pipelines import engine, errors, evaluate, lock, runs, standing, store
from pipelines.terminal import complain, progress, say, say_json, show_table

if TYPE_CHECKING:
    from pipelines.align import Summary
    from pipelines.preparation import Unread

DONE, INTERNAL, USAGE, UNWELL, UNUSABLE, BUSY = range(6)


class UsageError(ValueError):
    """A command line that cannot be carried out; the message says what was expected."""


def demo_command(args: argparse.Namespace) -> int:
    from pipelines import demo

    result = demo.run(writable(args.output))
    if args.json:
        say_json(result)
        return DONE
    demo.show(result, args.output)
    return DONE


def extract_command(args: argparse.Namespace) -> int:
    from pipelines import archives

    output = writable(args.output)
    if bool(args.warcs) == args.all:
        raise UsageError("name WARC files, or --all for those in the output folder, not both")
    paths = args.warcs or sorted((output / "archive").glob("*/*.warc.gz"))
    if not paths:
        raise UsageError(f"no archive in {output / 'archive'}; crawl first or name WARC files")
    cities = load_cities(args.cities_dir)
    run = runs.start(output, "extract", ())
    with progress() as tracker:
        found = archives.extract(
            output,
            paths,
            cities,
            run,
            tracker,
            prefix=args.url_prefix,
            any_host=args.any_host,
            jobs=args.jobs,
            again=args.again,
        )
    table = {key: asdict(count) for key, count in found.counts.items()}
    code = UNWELL if found.damaged else DONE
    if found.damaged and not table and not found.read_before:
        code = UNUSABLE
    runs.finish(run, table, code)
    for key, reason in found.damaged.items():
        complain(f"{key}: nothing was stored: {reason}")
    if mark_reposts(output):
        code = code or UNWELL
    if args.json:
        say_json(
            {
                "cities": table,
                "skipped": found.skipped,
                "read_before": found.read_before,
                "damaged": found.damaged,
            }
        )
    elif table:
        header = ("city", "records", "new", "revised", "unchanged", "rejected")
        show_table(header, [(key, *count.values()) for key, count in table.items()])
    for reason, count in sorted(found.skipped.items()):
        complain(f"{count} records were skipped: {reason}")
    if found.read_before and not args.json:
        say(f"{found.read_before} archives were read before; --again reads them again")
    if not table and not found.read_before and not found.damaged:
        complain(
            "no page of a known city in these archives; "
            "--any-host takes pages of hosts that no city file names"
        )
        return UNUSABLE
    return code


def page_command(args: argparse.Namespace) -> int:
    from pipelines import page

    explained = page.explain(args.page, args.url, load_cities(args.cities_dir))
    if args.json:
        say_json(page.as_json(explained))
    else:
        page.show(explained)
    return DONE


def import_command(args: argparse.Namespace) -> int:
    from pipelines import duplicates, imports

    articles, rejects = imports.read_articles(args.file)
    output = writable(args.output)
    cities = sorted({a.city for a in articles} | {r.city for r in rejects})
    with lock.hold(output, cities):
        run = runs.start(output, "import", tuple(cities))
        counts = {}
        for key in cities:
            changes = store.write_articles(
                output,
                key,
                [article for article in articles if article.city == key],
                run_id=run.run_id,
                now=run.started_at,
            )
            refused = [reject for reject in rejects if reject.city == key]
            store.write_rejects(output, key, refused, run_id=run.run_id, now=run.started_at)
            duplicates.cluster_shard(output, key)
            counts[key] = asdict(changes) | {"rejected": len(refused)}
        code = UNWELL if mark_reposts(output, held=cities) else DONE
        runs.finish(run, counts, code)
    if args.json:
        say_json(counts)
    else:
        rows = [(key, *count.values()) for key, count in counts.items()]
        show_table(("city", "new", "revised", "unchanged", "rejected"), rows)
    return code


def align_command(args: argparse.Namespace) -> int:
    from pipelines import align, history

    output = readable(args.output)
    known = store.cities_with_articles(output)
    missing = [key for key in args.cities if key not in known]
    if missing or not known:
        have = ", ".join(known) or "none"
        raise UsageError(
            f"no articles of {', '.join(missing) or 'any city'} in {output}; there are: {have}"
        )
    cities = args.cities or known
    if args.explain:
        say(align.explain(output, *args.explain, encoder=args.encoder))
        return DONE
    writable(output)
    with lock.hold(output, cities):
        found = align_all(args, output, cities)
        history.record(output, "align", datetime.now(UTC))
    if args.json:
        failed = {key: {"failed": why} for key, why in found.failed.items()}
        say_json({key: asdict(one) for key, one in found.summaries.items()} | failed)
    elif found.summaries:
        header = ("city", "zh", "en", "pairs", "likely", "candidates", "sentences", "unread")
        rows = [
            (key, *(getattr(one, name) for name in header[1:-1]), len(one.unread))
            for key, one in found.summaries.items()
        ]
        show_table(header, rows)
    for key, one in found.summaries.items():
        for article in one.unread:
            complain(unread_sentence(key, article))
    for key, why in found.failed.items():
        complain(f"{key}: {why}")
    if not found.failed:
        return DONE
    return UNWELL if found.summaries else UNUSABLE


def unread_sentence(city: str, article: "Unread") -> str:
    """Return what is said of an article that aligning went on without."""
    where = f" ({article.url})" if article.url else ""
    return f"{city}: article {article.article_id}{where}: {article.reason}; the others were aligned"


def align_sentences_command(args: argparse.Namespace) -> int:
    from pipelines import sentences

    count = sentences.align_file(args.input, args.result, jobs=args.jobs, encoder=args.encoder)
    if args.json:
        say_json({"documents": count})
    return DONE


def status_command(args: argparse.Namespace) -> int:
    output = readable(args.output)
    if args.runs is not None:
        standing.show_runs(output, args.runs, as_json=args.json)
    else:
        cities = load_cities(args.cities_dir)
        if not standing.show(output, cities, datetime.now(UTC), as_json=args.json):
            return UNWELL
    return DONE


def report_command(args: argparse.Namespace) -> int:
    from pipelines import report

    damaged: dict[str, str] = {}
    path = report.write(readable(args.output), load_cities(args.cities_dir), damaged)
    if args.json:
        say_json({"report": str(path), "damaged": damaged})
    else:
        say(f"report: {path}")
    for city, why in damaged.items():
        complain(f"{city}: left out: {why}")
    return UNWELL if damaged else DONE


def review_command(args: argparse.Namespace) -> int:
    from pipelines.review import command

    command.run(args, readable(args.output))
    return DONE


def evaluate_command(args: argparse.Namespace) -> int:
    output = readable(args.output)
    if args.gold is None:
        from pipelines import summary

        if args.json:
            say_json(summary.evaluate(output))
        else:
            summary.show(output)
        return DONE
    result = evaluate.evaluate(output, args.gold)
    if args.json:
        say_json(result)
        return DONE
    show_table(
        ("precision", "recall", "f1", "claimed", "expected", "calibration error"),
        [
            (
                result["pairs"]["precision"],
                result["pairs"]["recall"],
                result["pairs"]["f1"],
                result["pairs"]["claimed"],
                result["pairs"]["expected"],
                result["calibration_error"],
            )
        ],
    )
    return DONE


def calibrate_command(args: argparse.Namespace) -> int:
    """Learn a calibration and put it in force, or list what there is, or go back by one."""
    from pipelines import calibrate, summary

    output = readable(args.output)
    if args.list:
        summary.show_calibrations(output, as_json=args.json)
        return DONE
    writable(output)
    with lock.hold(output, ["calibration"]):
        if args.revert:
            summary.show_reverted(*calibrate.revert(output), as_json=args.json)
        else:
            before = calibrate.in_force(output)
            record = calibrate.learn(output, keep=not args.dry_run)
            summary.show_learnt(record, before, dry=args.dry_run, as_json=args.json)
    return DONE


def cities_list_command(args: argparse.Namespace) -> int:
    cities = load_cities(args.cities_dir)
    if args.json:
        say_json([_city_json(city) for city in cities.values()])
        return DONE
    rows = [
        (c.key, c.name_zh, c.name_en, c.status, " ".join(f"{s.lang}:{s.cms}" for s in c.sources))
        for c in cities.values()
    ]
    show_table(("city", "中文", "English", "status", "sources"), rows)
    return DONE


@dataclass(frozen=True, slots=True)
class Aligned:
    """What came of aligning cities: summaries, and why the others could not be, as sentences."""

    summaries: Mapping[str, "Summary"]
    failed: Mapping[str, str]


def align_all(args: argparse.Namespace, output: Path, cities: Sequence[str]) -> Aligned:
    """Align the cities; one that cannot be aligned keeps none of the others from it.

    What is wrong with the command line, and so with every city, is raised.
    """
    from pipelines import align

    files = load_cities(args.cities_dir)
    days = {key: files[key].max_days for key in cities if key in files}
    step = partial(align.align_shard, output, encoder=args.encoder, max_days=days)
    with progress() as tracker:
        done: list[str] = []

        def on_done(city: str) -> None:
            done.append(city)
            tracker.update("aligning", len(done), len(cities), city)

        tracker.update("aligning", 0, len(cities))
        found = engine.try_shards(step, list(cities), jobs=args.jobs, on_done=on_done)
    for error in found.errors.values():
        if errors.exit_code(error) == USAGE:
            raise error
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exception(error)
    return Aligned(
        found.results, {city: errors.sentence(error) for city, error in found.errors.items()}
    )


def mark_reposts(output: Path, held: Collection[str] = ()) -> Mapping[str, str]:
    """Mark what repeats another city's article; `held` are the cities whose locks are held.

    Returns the cities whose tables are damaged, with the reasons. Those that are not held are
    complained of here.
    """
    from pipelines import reposts

    marked = reposts.mark(output, held=held)
    for city in marked.busy:
        complain(f"{city}: another run is writing it; its reposts are marked by the next run")
    for city in marked.damaged.keys() - set(held):
        complain(f"{city}: {marked.damaged[city]}")
    return marked.damaged


def chosen(args: argparse.Namespace) -> dict[str, City]:
    """Return the cities a command is about; without names, every one that is crawled."""
    cities = load_cities(args.cities_dir)
    unknown = [key for key in args.cities if key not in cities]
    if unknown:
        raise UsageError(f"unknown city {', '.join(unknown)}; known: {', '.join(cities)}")
    if args.cities and getattr(args, "all", False):
        raise UsageError("name cities, or --all, not both")
    if not args.cities and not getattr(args, "all", True):
        raise UsageError("name at least one city, or --all")
    crawled = {key: city for key, city in cities.items() if city.status in CRAWLED}
    resting = [key for key in args.cities if key not in crawled]
    if resting:
        city = cities[resting[0]]
        raise UsageError(f"{city.key} is {city.status} since {city.since}: {city.reason}")
    if args.since and args.until and args.since > args.until:
        raise UsageError(f"--since {args.since} is later than --until {args.until}")
    if not crawled:
        raise UsageError("every city is paused, blocked or gone: there is nothing to crawl")
    return {key: cities[key] for key in args.cities} if args.cities else crawled


def writable(output: Path) -> Path:
    """Return `output` as an absolute folder that exists and can be written, or say why not."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written ({error.strerror}); "
            "name a folder you may write with --output or SHIZHENG_OUTPUT"
        ) from error
    return output.resolve()


def readable(output: Path) -> Path:
    if not output.is_dir():
        raise UsageError(f"{output}: no such folder; crawl, extract or import something first")
    for path in store.strays(output)[:3]:
        complain(f"{path}: no file of shizheng's and passed over; move it away")
    return output.resolve()


def _city_json(city: City) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(replace(city, file="")), default=str))  # type: ignore[no-any-return]
