"""`shizheng review`: serve the page, or exchange verdicts with other programs.

The room `review` is imported where it is used: `--help` of other commands does without.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from crawler.errors import ExitCode
from crawler.limits import whole_number
from crawler.ordinary import ordinary
from pipelines.cli.checks import new_file, readable
from pipelines.cli.options import SHARED, CitiesDir, City, Shared, option, share_of_one
from pipelines.terminal import complain, end_output, say, say_json

_LAST_PORT = 65535

Reviewer = Annotated[str, option("who judges", "NAME")]
Plan = Annotated[
    str | None,
    option(
        "open this plan: stratified, uncertain, beads, unmatched or 'search text=…', "
        "with size=N seed=N if wanted",
        "PLAN",
    ),
]
Exchanged = Annotated[Path, option("a .csv, .xlsx or .json file of verdicts", name="FILE")]


def _port(value: str) -> int:
    number = whole_number(value)
    if number is None or number > _LAST_PORT:
        raise ValueError(
            f"expected a port from 0 (any that is free) to {_LAST_PORT}, not {value!r}"
        )
    return number


_VERDICT = {
    "csv": "a row whose column verdict is filled",
    "xlsx": "a row whose column verdict is filled",
    "json": "an annotation with a choice; export from Label Studio once tasks are annotated",
}


def serve(
    *cities: City,
    port: Annotated[
        int | None, option("port on 127.0.0.1 (default: 8765)", "N", read=_port)
    ] = None,
    reviewer: Reviewer = "",
    plan: Plan = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Serve a local page where people judge pairs (default: of all cities)."""
    from crawler.city_file import load_cities
    from pipelines.quality import sampling
    from pipelines.report.words import Words
    from pipelines.review import ReviewError, drawn_plans, journal, server
    from pipelines.tables import files

    output, reviewer = readable(shared.output), _named(reviewer)
    known = files.cities_in(output, "pairs")
    missing = [city for city in cities if city not in known]
    if missing or not known:
        raise ReviewError(
            f"{output}: nothing of {', '.join(missing) or 'any city'} to judge; "
            f"there are: {', '.join(known) or 'none, run `shizheng align` first'}"
        )
    named = load_cities(cities_dir)
    shown = {
        key: Words(named[key].name_en, named[key].name_zh) if key in named else Words(key, key)
        for key in cities or known
    }
    path = "/"
    if plan:
        path = f"/judge/{drawn_plans.open_plan(output, sampling.parse_plan(plan, cities)).key}"
        if not reviewer:
            raise ReviewError("--plan leads straight to judging: say who judges with --reviewer")
    journal.compact(output)
    made = server.site(output, shown, reviewer)
    listening = server.listen(port)
    port = listening.getsockname()[1]
    url = server.address(port, path, reviewer, made.keys)
    if shared.json:
        say_json({"url": url, "port": port})
    else:
        say(f"review: {url}")
        say(
            "Open it in a browser on this machine. Ctrl-C ends it; every verdict is stored at once."
        )
    end_output()
    server.serve(made, listening)
    journal.compact(output)
    return ExitCode.DONE


def assign(
    *reviewers: Annotated[str, option("who judges", name="REVIEWER")],
    plan: Annotated[str, option("the plan, as for `shizheng review`", "PLAN")],
    double: Annotated[
        float,
        option(
            "share of its items that two judge, each alone", "SHARE", read=share_of_one("a share")
        ),
    ] = 0.0,
    shared: Shared = SHARED,
) -> ExitCode:
    """Deal a plan's items among reviewers, a share of them to two."""
    from pipelines.quality import sampling
    from pipelines.review import assignments, drawn_plans

    output = readable(shared.output)
    made = assignments.Assignment(assignments.reviewers_named(reviewers), double)
    drawn = drawn_plans.open_plan(output, sampling.parse_plan(plan))
    assignments.store(output, drawn.key, made)
    dealt = dict.fromkeys(made.reviewers, 0)
    for place in range(len(drawn.items)):
        for name in made.of(place):
            dealt[name] += 1
    if shared.json:
        say_json({"plan": str(drawn.plan), "items": len(drawn.items), "assigned": dealt})
    else:
        listed = ", ".join(f"{name} {count}" for name, count in dealt.items())
        say(f"{drawn.plan}: {len(drawn.items)} items; {listed}")
    return ExitCode.DONE


def export_verdicts(
    file: Exchanged, /, *, reviewer: Reviewer = "", plan: Plan = None, shared: Shared = SHARED
) -> ExitCode:
    """Write verdicts or a plan as CSV, XLSX or Label Studio tasks."""
    from pipelines.quality import sampling
    from pipelines.review import drawn_plans, sheets, verdict_export
    from pipelines.tables import atomic

    output, reviewer = readable(shared.output), _named(reviewer)
    kind = sheets.kind_of(new_file(file))
    drawn = drawn_plans.open_plan(output, sampling.parse_plan(plan)) if plan else None
    content = verdict_export.export_verdicts(output, kind, drawn, reviewer)
    with atomic.replacing(file) as stream:
        stream.write(content)
    written = {"file": str(file)}
    if kind == "json":
        levels = [drawn.level] if drawn else ["pair", "bead", "unmatched"]
        config = file.with_suffix(".config.xml")
        with atomic.replacing(config) as stream:
            stream.write(verdict_export.label_studio_config(levels).encode())
        written["label_studio_config"] = str(config)
    if shared.json:
        say_json(written)
    else:
        say("written: " + ", ".join(written.values()))
    return ExitCode.DONE


def import_verdicts(
    file: Exchanged, /, *, reviewer: Reviewer = "", shared: Shared = SHARED
) -> ExitCode:
    """Take verdicts from a CSV, XLSX or Label Studio file."""
    from pipelines.review import sheets, verdict_import

    output, reviewer = readable(shared.output), _named(reviewer)
    kind = sheets.kind_of(file)
    try:
        content = ordinary(file).read_bytes()
    except OSError as error:
        raise sheets.ExchangeError(f"{file}: cannot be read ({error.strerror})") from error
    taken = verdict_import.import_verdicts(output, content, kind, name=str(file), reviewer=reviewer)
    if shared.json:
        say_json(asdict(taken))
    else:
        corrected = f", {taken.corrected} corrected" if taken.corrected else ""
        say(f"verdicts: {taken.new} new{corrected}, {taken.known} known before")
        if taken.superseded:
            complain(
                f"{file}: {taken.superseded} of them do not count: the reviewer gave a newer "
                "verdict here; export again to see and correct it"
            )
        if taken.stale:
            complain(
                f"{file}: {taken.stale} of them do not count: they are on texts that the corpus "
                "has no more; export the plan again to judge those it has"
            )
        if taken == verdict_import.Imported(0, 0):
            complain(f"{file}: holds no verdict; a verdict is {_VERDICT[kind]}")
    return ExitCode.DONE


def _named(reviewer: str) -> str:
    """Return a reviewer's name after a check; "" for none."""
    from pipelines.review import ReviewError, journal

    try:
        return journal.reviewer_name(reviewer) if reviewer else ""
    except ValueError as error:
        raise ReviewError(str(error)) from error
