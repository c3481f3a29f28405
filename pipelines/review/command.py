"""The command `shizheng review`: serve the page, or exchange verdicts with other programs."""

import argparse
from dataclasses import asdict
from pathlib import Path

from crawler.city_file import load_cities
from pipelines.quality import sampling
from pipelines.report.words import Words
from pipelines.review import ReviewError, drawn_plans, journal, sheets
from pipelines.review.verdict_export import export_verdicts, label_studio_config
from pipelines.review.verdict_import import Imported, import_verdicts
from pipelines.tables import atomic, files
from pipelines.terminal import complain, end_output, say, say_json

ACTIONS = ("export", "import")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "what",
        nargs="*",
        metavar="CITY | export FILE | import FILE",
        help="cities to judge (default: all); or a .csv or .json file of verdicts",
    )
    parser.add_argument("--port", type=int, metavar="N", help="port on 127.0.0.1 (default: 8765)")
    parser.add_argument("--reviewer", metavar="NAME", default="", help="who judges")
    parser.add_argument(
        "--plan",
        metavar="PLAN",
        help="open this plan: stratified, uncertain, beads, unmatched or 'search text=…', "
        "with size=N seed=N if wanted",
    )


def run(args: argparse.Namespace, output: Path) -> None:
    """Carry out the command on the tables in `output`. Raises errors meant for the user."""
    try:
        reviewer = journal.reviewer_name(args.reviewer) if args.reviewer else ""
    except ValueError as error:
        raise ReviewError(str(error)) from error
    if args.what[:1] and args.what[0] in ACTIONS:
        if len(args.what) != 2:
            raise ReviewError(f"expected one file: shizheng review {args.what[0]} FILE.csv")
        action = _export if args.what[0] == "export" else _import
        action(args, output, Path(args.what[1]), reviewer)
        return
    _serve(args, output, tuple(args.what), reviewer)


def _serve(args: argparse.Namespace, output: Path, cities: tuple[str, ...], reviewer: str) -> None:
    # Not before it is needed: other commands start faster without the web server.
    from pipelines.review import server

    known = files.cities_in(output, "pairs")
    missing = [city for city in cities if city not in known]
    if missing or not known:
        raise ReviewError(
            f"{output}: nothing of {', '.join(missing) or 'any city'} to judge; "
            f"there are: {', '.join(known) or 'none, run `shizheng align` first'}"
        )
    named = load_cities(args.cities_dir)
    shown = {
        key: Words(named[key].name_en, named[key].name_zh) if key in named else Words(key, key)
        for key in cities or known
    }
    path = "/"
    if args.plan:
        path = f"/judge/{drawn_plans.open_plan(output, sampling.parse_plan(args.plan, cities)).key}"
        if not reviewer:
            raise ReviewError("--plan leads straight to judging: say who judges with --reviewer")
    journal.compact(output)
    made = server.site(output, shown, reviewer)
    listening = server.listen(args.port)
    port = listening.getsockname()[1]
    url = server.address(port, path, reviewer, made.keys)
    if args.json:
        say_json({"url": url, "port": port})
    else:
        say(f"review: {url}")
        say(
            "Open it in a browser on this machine. Ctrl-C ends it; every verdict is stored at once."
        )
    end_output()
    server.serve(made, listening)
    journal.compact(output)


def _export(args: argparse.Namespace, output: Path, path: Path, reviewer: str) -> None:
    kind = sheets.kind_of(path)
    drawn = drawn_plans.open_plan(output, sampling.parse_plan(args.plan)) if args.plan else None
    content = export_verdicts(output, kind, drawn, reviewer)
    with atomic.replacing(path) as file:
        file.write(content)
    said = {"file": str(path)}
    if kind == "json":
        levels = [drawn.level] if drawn else ["pair", "bead", "unmatched"]
        config = path.with_suffix(".config.xml")
        with atomic.replacing(config) as file:
            file.write(label_studio_config(levels).encode())
        said["label_studio_config"] = str(config)
    if args.json:
        say_json(said)
    else:
        say("written: " + ", ".join(said.values()))


def _import(args: argparse.Namespace, output: Path, path: Path, reviewer: str) -> None:
    kind = sheets.kind_of(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise sheets.ExchangeError(f"{path}: cannot be read ({error.strerror})") from error
    taken = import_verdicts(output, content, kind, name=str(path), reviewer=reviewer)
    if args.json:
        say_json(asdict(taken))
    else:
        corrected = f", {taken.corrected} corrected" if taken.corrected else ""
        say(f"verdicts: {taken.new} new{corrected}, {taken.known} known before")
        if taken.superseded:
            complain(
                f"{path}: {taken.superseded} of them do not count: the reviewer gave a newer "
                "verdict here; export again to see and correct it"
            )
        if taken.stale:
            complain(
                f"{path}: {taken.stale} of them do not count: they are on texts that the corpus "
                "has no more; export the plan again to judge those it has"
            )
        if taken == Imported(0, 0):
            complain(f"{path}: holds no verdict; a verdict is a row whose column verdict is filled")
