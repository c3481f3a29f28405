"""Commands without subcommands: typed arguments in, exit code out.

Steps are imported where they are used: loading all of them takes seconds, and `status` and
`--help` do without.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Token

from crawler.errors import ExitCode
from pipelines.cli.checks import new_file, readable, writable
from pipelines.cli.options import (
    SHARED,
    CitiesDir,
    City,
    Encoder,
    Engine,
    Jobs,
    Shared,
    counted,
    named_values,
    option,
)
from pipelines.errors import UsageError
from pipelines.terminal import complain, number_of, progress, say, say_json, show_table

if TYPE_CHECKING:
    from pipelines.articles.archives import Extracted
    from pipelines.operations.steps import Aligned

LAST_RUNS = 20
"""Runs that `status --runs` shows without a number."""


def demo(*, shared: Shared = SHARED) -> ExitCode:
    """Do the whole job on the embedded miniature web, over HTTP."""
    from pipelines.operations import demo as job

    result = job.run(writable(shared.output))
    if shared.json:
        say_json(result)
    else:
        job.show(result, shared.output)
    return ExitCode.DONE


def extract(
    *warcs: Annotated[Path, option("files of web archives, .wacz too", name="WARC")],
    every: Annotated[bool, option("every archive in the output folder", name="--all")] = False,
    url_prefix: Annotated[str | None, option("only pages whose URL starts so", "P")] = None,
    any_host: Annotated[
        bool, option("pages of unnamed hosts, too; the hosts of one site are one city")
    ] = False,
    city: Annotated[
        str | None, option("city of the pages of unnamed hosts (implies --any-host)", "KEY")
    ] = None,
    again: Annotated[bool, option("read archives again that were read before")] = False,
    jobs: Annotated[Jobs, option("files read at once (default: one per core)")] = None,
    engine: Engine = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Extract articles from web archives."""
    from crawler.city import key_problem
    from crawler.city_file import load_cities
    from pipelines import pool
    from pipelines.articles import archives, wacz
    from pipelines.operations.steps import mark_reposts
    from pipelines.tables import runs

    pool.choose_engine(engine)
    if bool(warcs) == every:
        raise UsageError(
            "name WARC files, or --all for those in the output folder"
            f"{', not both' if every else ''}"
        )
    output = shared.output.resolve()
    paths = warcs or sorted((output / "archive").glob("*/*.warc.gz"))
    if not paths:
        raise UsageError(f"no archive in {output / 'archive'}; crawl first or name WARC files")
    cities = load_cities(cities_dir)
    problem = key_problem(city) if city is not None else None
    if problem is not None:
        raise UsageError(f"--city names files: {problem}; not {city!r}")
    run = runs.start(writable(output), "extract", ())
    with (
        runs.noting_end(run),
        progress() as tracker,
        tempfile.TemporaryDirectory(prefix=".wacz-", dir=output) as folder,
    ):
        found = archives.extract(
            output,
            list(wacz.unpacked(paths, Path(folder))),
            cities,
            run,
            tracker,
            prefix=url_prefix,
            any_host=any_host or city is not None,
            city=city,
            jobs=jobs,
            again=again,
        )
    code = ExitCode.UNWELL if found.damaged else ExitCode.DONE
    if not found.counts and not found.read_before:
        code = ExitCode.UNUSABLE
    runs.finish(run, {key: asdict(count) for key, count in found.counts.items()}, code)
    for key, reason in found.damaged.items():
        complain(f"{key}: nothing was stored: {reason}")
    if mark_reposts(output):
        code = code or ExitCode.UNWELL
    _show_extracted(found, url_prefix, as_json=shared.json)
    return code


def _show_extracted(found: "Extracted", prefix: str | None, *, as_json: bool) -> None:
    table = {key: asdict(count) for key, count in found.counts.items()}
    if as_json:
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
        complain(f"{number_of(count, 'record')} skipped: {reason}")
    if found.read_before and not as_json:
        say(f"{number_of(found.read_before, 'archive')} read before; --again reads again")
    if not table and not found.read_before and not found.damaged:
        complain(
            f"no page of a known city{f' under {prefix}' if prefix else ''} in these archives; "
            "--any-host takes pages of hosts that no city file names"
        )


def page(
    source: Annotated[str, option("page on the web, or a saved one", name="URL|FILE")],
    /,
    *,
    url: Annotated[str | None, option("the URL that a FILE was saved from", "U")] = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Explain one page, rule by rule: its article or the reject."""
    from crawler.city_file import load_cities
    from pipelines.cli import page as pages

    explained = pages.explain(source, url, load_cities(cities_dir))
    if shared.json:
        say_json(pages.as_json(explained))
    else:
        pages.show(explained)
    return ExitCode.DONE


def import_articles(
    file: Annotated[
        Path,
        option(
            "an article a line, as JSON; a .csv, .tsv or .parquet, a dataset's folder, with the "
            "columns text or zh and en; a .tmx; a folder with zh/*.txt and en/*.txt; a web archive",
            name="FILE",
        ),
    ],
    /,
    *,
    column: Annotated[
        tuple[str, ...],
        option(
            "a column's name in a table, like text=body; may be repeated",
            "KEY=NAME",
            converter=named_values,
        ),
    ] = (),
    english: Annotated[
        Path | None,
        option("the English lines of a Moses corpus; FILE has the Chinese ones", "FILE"),
    ] = None,
    city: Annotated[
        str | None,
        option("city of articles without one (default: imported, or an archive's site)", "KEY"),
    ] = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Import articles or parallel texts from elsewhere."""
    from pipelines.articles import duplicates, imports
    from pipelines.operations.steps import mark_reposts
    from pipelines.tables import lock, runs
    from pipelines.tables.articles import write_articles, write_rejects

    if file.name.lower().endswith(imports.ARCHIVES):
        if column or english:
            raise UsageError(f"{file}: a web archive has pages; --column and --english have no use")
        return extract(file, any_host=True, city=city, shared=shared)
    columns = dict(name.split("=", 1) for name in column)
    if len(columns) < len(column):
        raise UsageError("--column names a column of ours twice; each has one column of yours")
    own = "imported" if city is None else city
    articles, rejects = imports.read_file(file, columns, own, english)
    output = writable(shared.output)
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
        code = ExitCode.DONE if articles else ExitCode.UNUSABLE
        if mark_reposts(output, held=cities):
            code = code or ExitCode.UNWELL
        runs.finish(run, counts, code)
    if shared.json:
        say_json(counts)
    else:
        rows = [(key, *count.values()) for key, count in counts.items()]
        show_table(("city", "new", "revised", "unchanged", "rejected"), rows)
    for reason, count in Counter(reject.reason for reject in rejects).items():
        first = next(reject for reject in rejects if reject.reason == reason)
        complain(f"{number_of(count, 'article')} rejected ({reason}): {first.url}: {first.detail}")
    return code


def align(
    *cities: City,
    encoder: Encoder = None,
    jobs: Jobs = None,
    engine: Engine = None,
    explain: Annotated[
        tuple[str, str] | None,
        option("explain in words why two articles are or are not a pair", "ZH_ID EN_ID"),
    ] = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Pair articles and align their sentences."""
    from pipelines import align as step
    from pipelines import pool
    from pipelines.operations.steps import align_all
    from pipelines.quality import history
    from pipelines.tables import files, lock

    pool.choose_engine(engine)
    output = readable(shared.output)
    known = files.cities_with_articles(output)
    missing = [key for key in cities if key not in known]
    if missing or not known:
        have = ", ".join(known) or "none"
        raise UsageError(
            f"no articles of {', '.join(missing) or 'any city'} in {output}; there are: {have}"
        )
    chosen = cities or known
    if explain:
        say(step.explain(output, *explain, cities=cities, encoder=encoder))
        return ExitCode.DONE
    writable(output)
    with lock.hold(output, chosen):
        found = align_all(output, chosen, cities_dir=cities_dir, encoder=encoder, jobs=jobs)
        history.record(output, "align", datetime.now(UTC))
    _show_aligned(found, as_json=shared.json)
    if not found.failed:
        return ExitCode.DONE
    return ExitCode.UNWELL if found.summaries else ExitCode.UNUSABLE


def _show_aligned(found: "Aligned", *, as_json: bool) -> None:
    from pipelines.operations.steps import unread_sentence

    if as_json:
        failed = {key: {"failed": why} for key, why in found.failed.items()}
        say_json({key: asdict(summary) for key, summary in found.summaries.items()} | failed)
    elif found.summaries:
        header = ("city", "zh", "en", "pairs", "likely", "candidates", "sentences", "unread")
        rows = [
            (key, *(getattr(summary, name) for name in header[1:-1]), len(summary.unread))
            for key, summary in found.summaries.items()
        ]
        show_table(header, rows)
    for key, summary in found.summaries.items():
        for article in summary.unread:
            complain(unread_sentence(key, article))
    for key, why in found.failed.items():
        complain(f"{key}: {why}")


def align_sentences(
    source: Annotated[
        Path,
        option(
            'a document a line: {"id": ..., "zh": [sentences], "en": [sentences]}; or .tsv '
            "(Chinese, English; an id before them if there are several documents), or .txt "
            "(lines of both languages)",
            name="IN.jsonl",
        ),
    ],
    result: Annotated[
        Path,
        option(
            'a document a line: {"id": ..., "beads": [[[zh indices], [en indices]], ...], '
            '"probabilities": [...]}',
            name="OUT.jsonl",
        ),
    ],
    /,
    *,
    english: Annotated[
        Path | None, option("the English text, a line a sentence; IN is the Chinese one", "FILE")
    ] = None,
    split: Annotated[
        bool, option("split texts into sentences first, and write them beside the beads")
    ] = False,
    encoder: Encoder = None,
    jobs: Jobs = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Align the sentences of documents outside a corpus."""
    from pipelines.sentences import jsonl

    new_file(result)
    count = jsonl.align_file(source, result, english=english, cut=split, jobs=jobs, encoder=encoder)
    if shared.json:
        say_json({"documents": count})
    return ExitCode.DONE


def _runs(kind: object, tokens: Sequence[Token]) -> tuple[int, ...]:
    return tuple(counted("a number of runs")(token.value) for token in tokens)


def status(
    *cities: City,
    runs: Annotated[
        tuple[int, ...] | None,
        option(
            f"the last runs instead (default: {LAST_RUNS} of them)",
            "[N]",
            converter=_runs,
            consume_multiple=(0, 1),
        ),
    ] = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Show freshness, health and counts of cities (default: those with anything stored)."""
    from crawler.city_file import load_cities
    from pipelines.operations import status as statuses

    output = readable(shared.output)
    if runs is not None:
        statuses.show_runs(output, *(runs or (LAST_RUNS,)), as_json=shared.json)
        return ExitCode.DONE
    known = load_cities(cities_dir)
    now = datetime.now(UTC)
    whole = statuses.show(output, known, now, named=cities, as_json=shared.json)
    return ExitCode.DONE if whole else ExitCode.UNWELL


def report(*, cities_dir: CitiesDir = None, shared: Shared = SHARED) -> ExitCode:
    """Write the quality report, one HTML file."""
    from crawler.city_file import load_cities
    from pipelines.report import page as pages

    damaged: dict[str, str] = {}
    path = pages.write(readable(shared.output), load_cities(cities_dir), damaged)
    if shared.json:
        say_json({"report": str(path), "damaged": damaged})
    else:
        say(f"report: {path}")
    for city, why in damaged.items():
        complain(f"{city}: left out: {why}")
    return ExitCode.UNWELL if damaged else ExitCode.DONE


def evaluate(
    *,
    gold: Annotated[
        Path | None,
        option(
            "tab-separated zh_id, en_id, relation with a header line; without: by the verdicts",
            "FILE",
        ),
    ] = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Measure the quality of the corpus, by verdicts or against gold."""
    from pipelines.quality import gold as scores
    from pipelines.quality import printed

    output = readable(shared.output)
    if gold is None:
        if shared.json:
            say_json(printed.evaluate(output))
        else:
            printed.show(output)
        return ExitCode.DONE
    result = scores.evaluate(output, gold)
    if shared.json:
        say_json(result)
        return ExitCode.DONE
    header = ("precision", "recall", "f1", "claimed", "expected")
    row = (*(result["pairs"][name] for name in header), result["calibration_error"])
    show_table((*header, "calibration error"), [row])
    if result["not_stored"]:
        complain(
            f"{gold}: {result['not_stored']} of its pairs name articles that are not stored; they "
            "count as missed; compare with the column article_id"
        )
    return ExitCode.DONE


def calibrate(
    *,
    listed: Annotated[bool, option("every calibration kept", name="--list")] = False,
    revert: Annotated[bool, option("go back to the one before")] = False,
    dry_run: Annotated[bool, option("show what it would bring")] = False,
    shared: Shared = SHARED,
) -> ExitCode:
    """Learn the pairs' probabilities from the verdicts."""
    from pipelines.pairs import calibration
    from pipelines.quality import calibrate as learning
    from pipelines.quality import printed
    from pipelines.tables import lock

    if listed + revert + dry_run > 1:
        raise UsageError("name one of --list, --revert and --dry-run, not several")
    output = readable(shared.output)
    if listed:
        printed.show_calibrations(output, as_json=shared.json)
        return ExitCode.DONE
    writable(output)
    with lock.hold(output, ["calibration"]):
        if revert:
            printed.show_reverted(*learning.revert(output), as_json=shared.json)
        else:
            before = calibration.in_force(output)
            record = learning.learn(output, keep=not dry_run)
            printed.show_learnt(record, before, dry=dry_run, as_json=shared.json)
    return ExitCode.DONE
