"""The command `shizheng`: reads the arguments, starts the work, says how it ended.

Exit codes: 0 done; 1 internal error; 2 usage; 3 done, but some city failed its assertions;
4 nothing usable (all failed or blocked); 5 another run holds the lock.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crawler.archive import ArchiveError
from crawler.city import CITIES_DIR, CRAWLED, City, CityError, load_cities, load_city
from pipelines import (
    align,
    archives,
    crawls,
    demo,
    duplicates,
    engine,
    evaluate,
    health,
    imports,
    lock,
    page,
    report,
    runs,
    sentences,
    store,
)
from pipelines.terminal import complain, progress, say, say_json, show_table

DONE, INTERNAL, USAGE, UNWELL, UNUSABLE, BUSY = range(6)


class UsageError(ValueError):
    """A command line that cannot be carried out; the message says what was expected."""


# Errors whose message is for the user: what was expected, where, what to do.
_USAGE = (
    UsageError,
    CityError,
    ArchiveError,
    imports.ImportFileError,
    evaluate.GoldError,
    page.PageError,
    demo.DemoError,
    sentences.InputError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = args.command
        return command(args)
    except _USAGE as error:
        complain(str(error))
        return USAGE
    except lock.LockedError as error:
        complain(str(error))
        return BUSY
    except store.StoreError as error:
        complain(str(error))
        return INTERNAL
    except BrokenPipeError:
        # The reader of our output went away (`| head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        complain("interrupted; what was stored is whole, run the command again to go on")
        return INTERNAL
    except Exception as error:
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exc()
        complain(f"internal error: {type(error).__name__}: {error}")
        complain("set SHIZHENG_DEBUG=1 to see where, and please report it")
        return INTERNAL


def _demo(args: argparse.Namespace) -> int:
    result = demo.run(args.output)
    if args.json:
        say_json(result)
        return DONE
    demo.show(result, args.output)
    return DONE


def _crawl(args: argparse.Namespace) -> int:
    cities = _chosen(args)
    output = _writable(args.output)
    with lock.hold(output, cities):
        run = runs.start(output, "crawl", tuple(cities))
        outcomes = _crawl_all(args, output, cities, run)
        failures = {key: outcome.reason for key, outcome in outcomes.items() if not outcome.usable}
        code = UNUSABLE if len(failures) == len(outcomes) else DONE
        return _finish(args, run, outcomes, {k: [v] for k, v in failures.items()}, code)


def _run(args: argparse.Namespace) -> int:
    """Crawl, align, check assertions, report: silent when all is well."""
    cities = _chosen(args)
    output = _writable(args.output)
    with lock.hold(output, cities):
        run = runs.start(output, "run", tuple(cities))
        outcomes = _crawl_all(args, output, cities, run)
        _align_all(args, output, [key for key in cities if outcomes[key].ended_well])
        now = datetime.now(UTC)
        failures = {}
        for key, outcome in outcomes.items():
            complaints = [] if outcome.usable else [outcome.reason]
            complaints += health.failures(output, cities[key], outcome.counts, now)
            if complaints:
                failures[key] = complaints
        report.write(output)
        unusable = all(not outcome.usable for outcome in outcomes.values())
        code = UNUSABLE if unusable else UNWELL if failures else DONE
        return _finish(args, run, outcomes, failures, code)


def _extract(args: argparse.Namespace) -> int:
    output = _writable(args.output)
    if bool(args.warcs) == args.all:
        raise UsageError("name WARC files, or --all for those in the output folder, not both")
    paths = args.warcs or sorted((output / "archive").glob("*/*.warc.gz"))
    if not paths:
        raise UsageError(f"no archive in {output / 'archive'}; crawl first or name WARC files")
    cities = load_cities(args.cities_dir)
    run = runs.start(output, "extract", ())
    with progress() as tracker:
        counts, skipped = archives.extract(
            output, paths, cities, run, tracker, prefix=args.url_prefix, any_host=args.any_host
        )
    table = {key: asdict(count) for key, count in counts.items()}
    runs.finish(run, table, DONE)
    if args.json:
        say_json({"cities": table, "skipped": skipped})
    elif counts:
        header = ("city", "records", "new", "revised", "unchanged", "rejected")
        show_table(header, [(key, *count.values()) for key, count in table.items()])
    for reason, count in sorted(skipped.items()):
        complain(f"{count} records were skipped: {reason}")
    if not counts:
        complain(
            "no page of a known city in these archives; "
            "--any-host takes pages of hosts that no city file names"
        )
        return UNUSABLE
    return DONE


def _page(args: argparse.Namespace) -> int:
    explained = page.explain(args.page, args.url, load_cities(args.cities_dir))
    if args.json:
        say_json(page.as_json(explained))
    else:
        page.show(explained)
    return DONE


def _import(args: argparse.Namespace) -> int:
    articles, rejects = imports.read_articles(args.file)
    output = _writable(args.output)
    cities = sorted({item.city for item in (*articles, *rejects)})
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
        runs.finish(run, counts, DONE)
    if args.json:
        say_json(counts)
    else:
        rows = [(key, *count.values()) for key, count in counts.items()]
        show_table(("city", "new", "revised", "unchanged", "rejected"), rows)
    return DONE


def _align(args: argparse.Namespace) -> int:
    output = _readable(args.output)
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
    with lock.hold(output, cities):
        summaries = _align_all(args, output, cities)
    if args.json:
        say_json(summaries)
    else:
        header = ("city", *next(iter(summaries.values())))
        show_table(header, [(key, *summary.values()) for key, summary in summaries.items()])
    return DONE


def _align_sentences(args: argparse.Namespace) -> int:
    sentences.align_file(args.input, args.result, jobs=args.jobs, encoder=args.encoder)
    return DONE


def _status(args: argparse.Namespace) -> int:
    output = _readable(args.output)
    standings = health.standings(output, load_cities(args.cities_dir), datetime.now(UTC))
    if args.json:
        say_json([asdict(standing) for standing in standings])
        return DONE
    header = ("city", "zh", "en", "pairs", "rejects", "newest", "last success", "health")
    show_table(
        header,
        [
            (s.city, s.zh, s.en, s.pairs, s.rejects, s.newest, s.last_success, s.health)
            for s in standings
        ],
    )
    return DONE


def _report(args: argparse.Namespace) -> int:
    say(f"report: {report.write(_readable(args.output))}")
    return DONE


def _evaluate(args: argparse.Namespace) -> int:
    output = _readable(args.output)
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


def _cities_list(args: argparse.Namespace) -> int:
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


def _cities_check(args: argparse.Namespace) -> int:
    folder = args.cities_dir or CITIES_DIR
    found, wrong = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(load_city(path).key)
        except CityError as error:
            wrong.append(str(error))
    if not found and not wrong:
        raise UsageError(f"{folder}: holds no city file (*.yaml)")
    if args.json:
        say_json({"valid": found, "errors": wrong})
    else:
        say(f"{len(found)} city files are valid")
        for message in wrong:
            complain(message)
    return USAGE if wrong else DONE


def _crawl_all(
    args: argparse.Namespace, output: Path, cities: dict[str, City], run: runs.Run
) -> dict[str, crawls.Outcome]:
    with progress() as tracker:
        return crawls.crawl(
            output,
            list(cities),
            run,
            tracker,
            cities_dir=args.cities_dir,
            since=args.since.isoformat() if args.since else None,
            until=args.until.isoformat() if args.until else None,
            settings=dict(setting.split("=", 1) for setting in args.set),
        )


def _align_all(
    args: argparse.Namespace, output: Path, cities: Sequence[str]
) -> dict[str, dict[str, Any]]:
    files = load_cities(args.cities_dir)
    days = {key: files[key].max_days for key in cities if key in files}
    step = partial(align.align_shard, output, encoder=args.encoder, max_days=days)
    with progress() as tracker:
        done: list[str] = []

        def on_done(city: str) -> None:
            done.append(city)
            tracker.update("aligning", len(done), len(cities), city)

        tracker.update("aligning", 0, len(cities))
        summaries = engine.map_shards(step, list(cities), jobs=args.jobs, on_done=on_done)
    return {key: asdict(summary) for key, summary in summaries.items()}


def _finish(
    args: argparse.Namespace,
    run: runs.Run,
    outcomes: dict[str, crawls.Outcome],
    failures: dict[str, list[str]],
    code: int,
) -> int:
    """Write the run's folder and say how it ended: on a terminal, for a program, or in trouble."""
    found = runs.gather_issues(
        run,
        [
            {"city": city, "code": "assertion", "detail": complaint}
            for city, complaints in failures.items()
            for complaint in complaints
        ],
    )
    counts = {
        key: {**outcome.counts, "failed": not outcome.usable or key in failures}
        for key, outcome in outcomes.items()
    }
    runs.finish(run, counts, code)
    if args.json:
        say_json(
            {
                "run_id": run.run_id,
                "exit_code": code,
                "cities": counts,
                "failures": failures,
                "issues": found,
            }
        )
        return code
    if sys.stdout.isatty() or args.verbose:
        header = ("city", "requests", "lists", "articles", "rejects", "issues")
        show_table(header, [(k, *(c.get(n, 0) for n in header[1:])) for k, c in counts.items()])
    for city, complaints in failures.items():
        for complaint in complaints:
            complain(f"{city}: {complaint}")
    if failures:
        complain(f"details: {run.folder / 'issues.jsonl'}")
    return code


def _chosen(args: argparse.Namespace) -> dict[str, City]:
    """Return the cities a command is about; without names, every one that is crawled."""
    cities = load_cities(args.cities_dir)
    unknown = [key for key in args.cities if key not in cities]
    if unknown:
        raise UsageError(f"unknown city {', '.join(unknown)}; known: {', '.join(cities)}")
    if args.cities and getattr(args, "all", False):
        raise UsageError("name cities, or --all, not both")
    if not args.cities and args.command is _crawl and not args.all:
        raise UsageError("name at least one city, or --all")
    crawled = {key: city for key, city in cities.items() if city.status in CRAWLED}
    resting = [key for key in args.cities if key not in crawled]
    if resting:
        city = cities[resting[0]]
        raise UsageError(f"{city.key} is {city.status} since {city.since}: {city.reason}")
    return {key: cities[key] for key in args.cities} if args.cities else crawled


def _writable(output: Path) -> Path:
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


def _readable(output: Path) -> Path:
    if not output.is_dir():
        raise UsageError(f"{output}: no such folder; crawl, extract or import something first")
    return output.resolve()


def _city_json(city: City) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(replace(city, file="")), default=str))  # type: ignore[no-any-return]


def _output(value: str) -> Path:
    if "://" in value:
        raise argparse.ArgumentTypeError(f"{value}: only local folders can be written so far")
    return Path(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shizheng",
        description="A bilingual corpus of Chinese municipal news: crawl, pair, align, store.",
    )
    parser.add_argument("--version", action="version", version=f"shizheng {version('shizheng')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    output = os.environ.get("SHIZHENG_OUTPUT", "output")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--output",
        type=_output,
        default=_output(output),
        metavar="DIR",
        help="folder of the corpus (default: %(default)s)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON for a program to read")
    cities = argparse.ArgumentParser(add_help=False)
    cities.add_argument(
        "--cities-dir",
        type=Path,
        metavar="DIR",
        default=os.environ.get("SHIZHENG_CITIES") and Path(os.environ["SHIZHENG_CITIES"]),
        help="folder of city files (default: those that ship)",
    )
    encoder = argparse.ArgumentParser(add_help=False)
    encoder.add_argument(
        "--encoder", metavar="NAME", help="sentence encoder (default: the bundled one)"
    )
    encoder.add_argument("--jobs", type=int, metavar="N", help="processes (default: one per core)")
    window = argparse.ArgumentParser(add_help=False)
    window.add_argument(
        "--since",
        type=date.fromisoformat,
        metavar="DATE",
        help="skip what a listing dates before this day",
    )
    window.add_argument(
        "--until",
        type=date.fromisoformat,
        metavar="DATE",
        help="skip what a listing dates after this day",
    )
    window.add_argument(
        "-s",
        dest="set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="a Scrapy setting for this crawl",
    )
    window.add_argument("--verbose", action="store_true", help="print the counts in a pipe, too")

    def add(
        name: str,
        command: Callable[[argparse.Namespace], int],
        text: str,
        *parents: argparse.ArgumentParser,
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared, *parents])
        made.set_defaults(command=command)
        return made

    add("demo", _demo, "the whole job on the embedded miniature web, over HTTP on loopback")
    made = add("crawl", _crawl, "crawl live sites, taking only what is new", cities, window)
    made.add_argument("cities", nargs="*", metavar="CITY")
    made.add_argument("--all", action="store_true", help="every city not paused, blocked or gone")
    made = add("extract", _extract, "articles from web archives", cities)
    made.add_argument("warcs", nargs="*", type=Path, metavar="WARC")
    made.add_argument("--all", action="store_true", help="every archive in the output folder")
    made.add_argument("--url-prefix", metavar="P", help="only pages whose URL starts so")
    made.add_argument("--any-host", action="store_true", help="pages of unnamed hosts, too")
    made = add("page", _page, "one page: the article or why there is none, rule by rule", cities)
    made.add_argument("page", metavar="URL|FILE")
    made.add_argument("--url", metavar="U", help="the URL that a FILE was saved from")
    made = add("import", _import, "articles from elsewhere, a JSON object a line")
    made.add_argument("file", type=Path, metavar="FILE.jsonl")
    made = add("align", _align, "pair articles and align their sentences", cities, encoder)
    made.add_argument("cities", nargs="*", metavar="CITY")
    made.add_argument(
        "--explain",
        nargs=2,
        metavar=("ZH_ID", "EN_ID"),
        help="say in words why two articles are or are not a pair",
    )
    made = add("align-sentences", _align_sentences, "beads for documents already split", encoder)
    made.add_argument("input", type=Path, metavar="IN.jsonl")
    made.add_argument("result", type=Path, metavar="OUT.jsonl")
    made = add(
        "run", _run, "what a scheduler calls: crawl, align, check, report", cities, window, encoder
    )
    made.add_argument("cities", nargs="*", metavar="CITY")
    add("status", _status, "freshness, health and counts per city", cities)
    add("report", _report, "write the quality report, one HTML file")
    made = add("evaluate", _evaluate, "precision, recall, F1 and calibration against gold")
    made.add_argument(
        "--gold",
        type=Path,
        required=True,
        metavar="FILE",
        help="tab-separated zh_id, en_id, relation with a header line",
    )
    group = commands.add_parser("cities", help="the catalogue of cities")
    catalogue = group.add_subparsers(metavar="ACTION", required=True)
    for name, command, text in (
        ("list", _cities_list, "the cities and their sources"),
        ("check", _cities_check, "are all city files valid?"),
    ):
        made = catalogue.add_parser(name, help=text, description=text, parents=[shared, cities])
        made.set_defaults(command=command)
    return parser


def _setting(value: str) -> str:
    if "=" not in value:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not {value!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
