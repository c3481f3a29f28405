"""The commands themselves: each takes parsed arguments and returns an exit code.

Exit codes: 0 done; 1 internal error; 2 usage; 3 done, but some city failed;
4 nothing usable (all failed or blocked); 5 another run holds the lock.

The steps are imported where they are used: to load them all takes seconds, which `status` and
`--help` need not wait for.
"""

import argparse
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.city import City
from crawler.city_file import load_cities
from crawler.errors import ExitCode
from pipelines.operations import status
from pipelines.operations.checks import UsageError, readable, writable
from pipelines.operations.steps import align_all, mark_reposts, unread_sentence
from pipelines.quality import gold
from pipelines.tables import files, lock, runs
from pipelines.tables.articles import write_articles, write_rejects
from pipelines.terminal import complain, progress, say, say_json, show_table

if TYPE_CHECKING:
    pass


def demo_command(args: argparse.Namespace) -> int:
    from pipelines.operations import demo

    result = demo.run(writable(args.output))
    if args.json:
        say_json(result)
        return ExitCode.DONE
    demo.show(result, args.output)
    return ExitCode.DONE


def extract_command(args: argparse.Namespace) -> int:
    from pipelines.articles import archives

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
    code = ExitCode.UNWELL if found.damaged else ExitCode.DONE
    if found.damaged and not table and not found.read_before:
        code = ExitCode.UNUSABLE
    runs.finish(run, table, code)
    for key, reason in found.damaged.items():
        complain(f"{key}: nothing was stored: {reason}")
    if mark_reposts(output):
        code = code or ExitCode.UNWELL
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
        return ExitCode.UNUSABLE
    return code


def page_command(args: argparse.Namespace) -> int:
    from pipelines.cli import page

    explained = page.explain(args.page, args.url, load_cities(args.cities_dir))
    if args.json:
        say_json(page.as_json(explained))
    else:
        page.show(explained)
    return ExitCode.DONE


def import_command(args: argparse.Namespace) -> int:
    from pipelines.articles import duplicates, imports

    articles, rejects = imports.read_articles(args.file)
    output = writable(args.output)
    cities = sorted({a.city for a in articles} | {r.city for r in rejects})
    with lock.hold(output, cities):
        run = runs.start(output, "import", tuple(cities))
        counts = {}
        for key in cities:
            changes = write_articles(
                output,
                key,
                [article for article in articles if article.city == key],
                run_id=run.run_id,
                now=run.started_at,
            )
            refused = [reject for reject in rejects if reject.city == key]
            write_rejects(output, key, refused, run_id=run.run_id, now=run.started_at)
            duplicates.cluster_shard(output, key)
            counts[key] = asdict(changes) | {"rejected": len(refused)}
        code = ExitCode.UNWELL if mark_reposts(output, held=cities) else ExitCode.DONE
        runs.finish(run, counts, code)
    if args.json:
        say_json(counts)
    else:
        rows = [(key, *count.values()) for key, count in counts.items()]
        show_table(("city", "new", "revised", "unchanged", "rejected"), rows)
    return code


def align_command(args: argparse.Namespace) -> int:
    from pipelines import align
    from pipelines.quality import history

    output = readable(args.output)
    known = files.cities_with_articles(output)
    missing = [key for key in args.cities if key not in known]
    if missing or not known:
        have = ", ".join(known) or "none"
        raise UsageError(
            f"no articles of {', '.join(missing) or 'any city'} in {output}; there are: {have}"
        )
    cities = args.cities or known
    if args.explain:
        say(align.explain(output, *args.explain, encoder=args.encoder))
        return ExitCode.DONE
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
        return ExitCode.DONE
    return ExitCode.UNWELL if found.summaries else ExitCode.UNUSABLE


def align_sentences_command(args: argparse.Namespace) -> int:
    from pipelines.sentences import jsonl

    count = jsonl.align_file(args.input, args.result, jobs=args.jobs, encoder=args.encoder)
    if args.json:
        say_json({"documents": count})
    return ExitCode.DONE


def status_command(args: argparse.Namespace) -> int:
    output = readable(args.output)
    if args.runs is not None:
        status.show_runs(output, args.runs, as_json=args.json)
    else:
        cities = load_cities(args.cities_dir)
        if not status.show(output, cities, datetime.now(UTC), as_json=args.json):
            return ExitCode.UNWELL
    return ExitCode.DONE


def report_command(args: argparse.Namespace) -> int:
    from pipelines.report import page as report

    damaged: dict[str, str] = {}
    path = report.write(readable(args.output), load_cities(args.cities_dir), damaged)
    if args.json:
        say_json({"report": str(path), "damaged": damaged})
    else:
        say(f"report: {path}")
    for city, why in damaged.items():
        complain(f"{city}: left out: {why}")
    return ExitCode.UNWELL if damaged else ExitCode.DONE


def review_command(args: argparse.Namespace) -> int:
    from pipelines.review import command

    command.run(args, readable(args.output))
    return ExitCode.DONE


def evaluate_command(args: argparse.Namespace) -> int:
    output = readable(args.output)
    if args.gold is None:
        from pipelines.quality import printed as summary

        if args.json:
            say_json(summary.evaluate(output))
        else:
            summary.show(output)
        return ExitCode.DONE
    result = gold.evaluate(output, args.gold)
    if args.json:
        say_json(result)
        return ExitCode.DONE
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
    return ExitCode.DONE


def calibrate_command(args: argparse.Namespace) -> int:
    """Learn a calibration and put it in force, or list what there is, or go back by one."""
    from pipelines.pairs import calibration
    from pipelines.quality import calibrate
    from pipelines.quality import printed as summary

    output = readable(args.output)
    if args.list:
        summary.show_calibrations(output, as_json=args.json)
        return ExitCode.DONE
    writable(output)
    with lock.hold(output, ["calibration"]):
        if args.revert:
            summary.show_reverted(*calibrate.revert(output), as_json=args.json)
        else:
            before = calibration.in_force(output)
            record = calibrate.learn(output, keep=not args.dry_run)
            summary.show_learnt(record, before, dry=args.dry_run, as_json=args.json)
    return ExitCode.DONE


def cities_list_command(args: argparse.Namespace) -> int:
    cities = load_cities(args.cities_dir)
    if args.json:
        say_json([_city_json(city) for city in cities.values()])
        return ExitCode.DONE
    rows = [
        (c.key, c.name_zh, c.name_en, c.status, " ".join(f"{s.lang}:{s.cms}" for s in c.sources))
        for c in cities.values()
    ]
    show_table(("city", "中文", "English", "status", "sources"), rows)
    return ExitCode.DONE


def _city_json(city: City) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(replace(city, file="")), default=str))  # type: ignore[no-any-return]
