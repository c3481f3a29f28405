"""`shizheng export pairs|sentences|documents [FILTERS] OUT`."""

from pathlib import Path
from typing import Annotated, Literal

from crawler.errors import ExitCode
from pipelines.cli.checks import check_window, new_file, readable
from pipelines.cli.options import SHARED, Shared, chosen_of, option
from pipelines.cli.selecting import OF_BEADS, SELECTING, Selecting
from pipelines.terminal import complain, say, say_json


def _formats() -> tuple[str, ...]:
    from pipelines.export.formats import FORMATS

    return tuple(FORMATS)


def export(
    kind: Annotated[
        Literal["pairs", "sentences", "documents"],
        option("links of articles, aligned sentences, or links with both whole texts"),
    ],
    out: Annotated[Path, option("file to write; its ending names the format", name="OUT")],
    /,
    *,
    selecting: Selecting = SELECTING,
    format: Annotated[  # noqa: A002 - the option's own name
        str | None,
        option(
            "format (default: by the ending; sheet is CSV that spreadsheets leave as it is)",
            "tsv|csv|sheet|jsonl|parquet|tmx|moses",
            converter=chosen_of(_formats),
        ),
    ] = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Write pairs, sentences or documents for other tools, filtered."""
    from pipelines.export import formats, rows
    from pipelines.export.filters import Losses

    check_window(selecting.since, selecting.until)
    filters = selecting.filters()
    filters.check_for(kind, OF_BEADS)
    losses, output = Losses(), readable(shared.output)
    new_file(out)
    found = rows.read(output, kind, filters, losses)
    formats.write(out, found, rows.columns(kind), format)
    if shared.json:
        say_json(
            {
                "file": str(out),
                "kept": losses.kept,
                "removed": dict(losses.removed),
                "pairs_removed": dict(losses.pairs),
                "corrected": losses.corrected,
            }
        )
    else:
        say(f"{out}: {losses.sentence(kind)}")
    if not losses.kept:
        complain(f"{out} has no {kind}: none passes the filters; loosen them")
    return ExitCode.DONE
