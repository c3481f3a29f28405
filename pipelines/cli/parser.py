"""The command `shizheng`: reads the arguments, runs the command, turns errors into sentences.

Exit codes are those of `pipelines.cli.commands`.
"""

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crawler.errors import ExitCode
from pipelines.cli import signals
from pipelines.errors import exit_code, sentence
from pipelines.operations import webhook
from pipelines.terminal import complain, end_output, open_streams

Command = Callable[[argparse.Namespace], int]

_LISTS = ("cities", "warcs", "urls", "words", "what")
"""Arguments of any number, of which a command has one at most."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    open_streams()
    try:
        with signals.heeding_termination():
            return _carried_out(arguments)
    except BrokenPipeError:
        # The reader of our output went away (`| head`).
        return ExitCode.DONE
    except KeyboardInterrupt as error:
        how = str(error) or "interrupted"
        complain(f"{how}; what was stored is whole, run the command again to go on")
        return ExitCode.INTERNAL
    except Exception as error:
        complain(sentence(error))
        code = exit_code(error)
        if code is not None:
            return code
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exc()
        complain("set SHIZHENG_DEBUG=1 to see where, and please report it")
        return ExitCode.INTERNAL


def _carried_out(arguments: Sequence[str] | None) -> int:
    """Run the command; what it printed is written before its code is returned."""
    try:
        args = _parse(arguments)
        command: Command = args.command
        return command(args)
    finally:
        end_output()


def _output(value: str) -> Path:
    if "://" in value:
        raise argparse.ArgumentTypeError(f"{value}: only local folders can be written so far")
    try:
        str(Path(value).absolute()).encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError(
            f"{value!a}: expected a folder whose path is text in UTF-8; rename it, or name another"
        ) from error
    return Path(value)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; the words of a list may stand on both sides of an option."""
    parser = _parser()
    args, late = parser.parse_known_args(arguments)
    lists = [name for name in _LISTS if isinstance(getattr(args, name, None), list)]
    if late and (not lists or any(word.startswith("-") for word in late)):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    for word in late:
        # argparse ends a list at the first option behind it and gives the rest back.
        getattr(args, lists[0]).append(Path(word) if lists[0] == "warcs" else word)
    return args


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command; what `prepare` adds to it is added once it is the one asked."""

    prepare: Callable[[], None] = staticmethod(lambda: None)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        self.prepare()
        return super().parse_known_args(*args, **kwargs)


def _later(path: str) -> Command:
    """Return a command, such as `"cli.commands.demo_command"`, loaded when it is run."""
    module, _, name = path.rpartition(".")

    def run(args: argparse.Namespace) -> int:
        return int(getattr(import_module(f"pipelines.{module}"), name)(args))

    run.__name__, run.__qualname__ = name, path
    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shizheng",
        description="A bilingual corpus of Chinese municipal news: crawl, pair, align, store.",
    )
    parser.add_argument("--version", action="version", version=f"shizheng {version('shizheng')}")
    actions = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_CommandParser)
    output = os.environ.get("SHIZHENG_OUTPUT", "output")
    shared = _CommandParser(add_help=False)
    shared.add_argument(
        "--output",
        type=_output,
        default=output,  # a string: argparse then checks it like an argument
        metavar="DIR",
        help="folder of the corpus (default: %(default)s)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON for a program to read")
    cities = _CommandParser(add_help=False)
    cities.add_argument(
        "--cities-dir",
        type=Path,
        metavar="DIR",
        default=os.environ.get("SHIZHENG_CITIES") and Path(os.environ["SHIZHENG_CITIES"]),
        help="folder of city files (default: those that ship)",
    )
    encoder = _CommandParser(add_help=False)
    encoder.add_argument(
        "--encoder",
        metavar="NAME|PATH",
        help="sentence encoder: the bundled one by default, or a model on disk "
        "(.onnx, or a folder of ONNX or sentence-transformers)",
    )
    encoder.add_argument(
        "--jobs", type=_processes, metavar="N", help="processes (default: one per core)"
    )
    window = _CommandParser(add_help=False)
    window.add_argument(
        "--since",
        type=_day,
        metavar="DATE",
        help="skip what a listing dates before this day",
    )
    window.add_argument(
        "--until",
        type=_day,
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
    window.add_argument(
        "--time-limit",
        type=_seconds,
        default=os.environ.get("SHIZHENG_TIME_LIMIT") or None,
        metavar="SPAN",
        help="end a city's crawl that lasts longer, like 90s, 45m or 6h (default: 6h)",
    )

    def add(
        name: str,
        command: str,
        text: str,
        *parents: _CommandParser,
    ) -> _CommandParser:
        made = actions.add_parser(name, help=text, description=text, parents=[shared, *parents])
        made.set_defaults(command=_later(command))
        return made

    add(
        "demo",
        "cli.commands.demo_command",
        "the whole job on the embedded miniature web, over HTTP",
    )
    made = add(
        "crawl",
        "operations.round.crawl_command",
        "crawl live sites, taking only what is new",
        cities,
        window,
    )
    made.add_argument("cities", nargs="*", metavar="CITY")
    made.add_argument("--all", action="store_true", help="every city not paused, blocked or gone")
    made = add("extract", "cli.commands.extract_command", "articles from web archives", cities)
    made.add_argument("warcs", nargs="*", type=Path, metavar="WARC")
    made.add_argument("--all", action="store_true", help="every archive in the output folder")
    made.add_argument("--url-prefix", metavar="P", help="only pages whose URL starts so")
    made.add_argument("--any-host", action="store_true", help="pages of unnamed hosts, too")
    made.add_argument(
        "--again", action="store_true", help="read archives again that were read before"
    )
    made.add_argument(
        "--jobs", type=_processes, metavar="N", help="files read at once (default: one per core)"
    )
    made = add(
        "page",
        "cli.commands.page_command",
        "one page: the article or why there is none, rule by rule",
        cities,
    )
    made.add_argument("page", metavar="URL|FILE")
    made.add_argument("--url", metavar="U", help="the URL that a FILE was saved from")
    made = add(
        "import", "cli.commands.import_command", "articles from elsewhere, a JSON object a line"
    )
    made.add_argument("file", type=Path, metavar="FILE.jsonl")
    made = add(
        "align",
        "cli.commands.align_command",
        "pair articles and align their sentences",
        cities,
        encoder,
    )
    made.add_argument("cities", nargs="*", metavar="CITY")
    made.add_argument(
        "--explain",
        nargs=2,
        metavar=("ZH_ID", "EN_ID"),
        help="say in words why two articles are or are not a pair",
    )
    made = add(
        "align-sentences",
        "cli.commands.align_sentences_command",
        "beads for documents already split",
        encoder,
    )
    made.add_argument(
        "input",
        type=Path,
        metavar="IN.jsonl",
        help='a document a line: {"id": ..., "zh": [sentences], "en": [sentences]}',
    )
    made.add_argument(
        "result",
        type=Path,
        metavar="OUT.jsonl",
        help='a document a line: {"id": ..., "beads": [[[zh indices], [en indices]], ...]}',
    )
    made = add(
        "run",
        "operations.round.run_command",
        "what a scheduler calls: crawl, align, check, report",
        cities,
        window,
        encoder,
    )
    made.add_argument("cities", nargs="*", metavar="CITY")
    made.add_argument(
        "--webhook",
        type=_webhook,
        default=os.environ.get("SHIZHENG_WEBHOOK", ""),
        metavar="URL",
        help="where to post a JSON message when a run fails or recovers",
    )
    made.add_argument(
        "--metrics-dir",
        type=Path,
        default=os.environ.get("SHIZHENG_METRICS_DIR") and Path(os.environ["SHIZHENG_METRICS_DIR"]),
        metavar="DIR",
        help="folder of node_exporter's textfile collector, for a copy of the metrics",
    )
    made = add(
        "status", "cli.commands.status_command", "freshness, health, counts per city", cities
    )
    made.add_argument(
        "--runs", type=_runs, nargs="?", const=20, metavar="N", help="the last runs instead"
    )
    add("report", "cli.commands.report_command", "write the quality report, one HTML file", cities)
    made = add(
        "review", "cli.commands.review_command", "a local page where people judge pairs", cities
    )
    made.prepare = partial(_ask, "review.command", made)
    made = add(
        "evaluate",
        "cli.commands.evaluate_command",
        "how good the corpus is, by verdicts or against gold",
    )
    made.add_argument(
        "--gold",
        type=Path,
        metavar="FILE",
        help="tab-separated zh_id, en_id, relation with a header line; without: by the verdicts",
    )
    made = add(
        "calibrate",
        "cli.commands.calibrate_command",
        "learn the pairs' probabilities from the verdicts",
    )
    choice = made.add_mutually_exclusive_group()
    choice.add_argument("--list", action="store_true", help="every calibration kept")
    choice.add_argument("--revert", action="store_true", help="go back to the one before")
    choice.add_argument("--dry-run", action="store_true", help="show what it would bring")
    made = add(
        "release",
        "release.command.release_command",
        "an immutable snapshot to publish and cite; verify one; what changed between two",
        cities,
    )
    made.prepare = partial(_ask, "release.command", made, _day)
    group = actions.add_parser("cities", help="the catalogue of cities")
    actions_of = group.add_subparsers(metavar="ACTION", required=True)
    entries = {}
    for name, command, text in (
        ("list", "cli.commands.cities_list_command", "the cities and their sources"),
        (
            "check",
            "operations.cities.check_command",
            "are the city files valid, and do the sites work?",
        ),
        ("add", "operations.cities.add_command", "a city's file and fixtures from its list pages"),
    ):
        made = actions_of.add_parser(name, help=text, description=text, parents=[shared, cities])
        made.set_defaults(command=_later(command))
        entries[name] = made
    both = cache(partial(_ask, "operations.cities", entries["check"], entries["add"]))
    entries["check"].prepare = entries["add"].prepare = both
    return parser


def _ask(module: str, *parsers: Any) -> None:
    """Let a command's module add its arguments."""
    import_module(f"pipelines.{module}").add_arguments(*parsers)


def _processes(value: str) -> int:
    return _from_one(value, "a number of processes")


def _runs(value: str) -> int:
    return _from_one(value, "a number of runs")


def _from_one(value: str, what: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"expected {what} from 1 on, not {value!r}")
    return int(value)


def _seconds(value: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", value)
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"expected a span like 90s, 45m or 6h, not {value!r}")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _webhook(value: str) -> str:
    if not value:
        return value
    try:
        return webhook.checked(value)
    except webhook.WebhookError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a date like 2024-03-05, not {value!r}"
        ) from error


def _setting(value: str) -> str:
    if "=" not in value:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not {value!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
