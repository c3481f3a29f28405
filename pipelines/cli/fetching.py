"""Commands that fetch from the web: crawl, run, backfill.

Steps are imported where they are used: loading all of them takes seconds, and `status` and
`--help` do without.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from crawler.errors import ExitCode
from pipelines.cli.checks import check_settings, check_window, crawled, writable
from pipelines.cli.options import (
    CRAWLING,
    SHARED,
    CitiesDir,
    City,
    Crawling,
    Day,
    Encoder,
    Engine,
    Jobs,
    MetricsDir,
    Shared,
    Webhook,
    counted,
    option,
)
from pipelines.errors import UsageError, check_words

if TYPE_CHECKING:
    from pipelines.operations.round import Order


def crawl(
    *cities: City,
    every: Annotated[bool, option("every city not paused, blocked or gone", name="--all")] = False,
    crawling: Crawling = CRAWLING,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Crawl live sites, taking only what is new."""
    from pipelines.operations import round as rounds

    if bool(cities) == every:
        raise UsageError(
            "name cities, or --all, not both" if every else "name at least one city, or --all"
        )
    return rounds.crawl(_order(cities, crawling, cities_dir, shared))


def run(
    *cities: City,
    crawling: Crawling = CRAWLING,
    encoder: Encoder = None,
    jobs: Jobs = None,
    engine: Engine = None,
    webhook: Webhook = "",
    metrics_dir: MetricsDir = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Do what a scheduler calls: crawl, align, check, report."""
    from pipelines import pool
    from pipelines.operations import round as rounds

    pool.choose_engine(engine)
    if encoder is not None:
        from pipelines.vectors.load import load_encoder

        load_encoder(encoder)  # A mistaken name is refused before hours of crawling, not after.
    order = _order(cities, crawling, cities_dir, shared)
    return rounds.run(
        replace(order, encoder=encoder, jobs=jobs, webhook=webhook, metrics_dir=metrics_dir)
    )


def _order(
    names: Sequence[str], crawling: Crawling, cities_dir: Path | None, shared: Shared
) -> "Order":
    """Return the round that a command line describes. Raises `UsageError`."""
    from pipelines.operations.crawl_processes import AT_ONCE, TIME_LIMIT, Options
    from pipelines.operations.round import Order

    check_window(crawling.since, crawling.until)
    settings = dict(setting.split("=", 1) for setting in crawling.settings)
    check_settings(settings)
    chosen = crawled(names, cities_dir)
    options = Options(
        cities_dir,
        crawling.since,
        crawling.until,
        settings,
        time_limit=crawling.time_limit or TIME_LIMIT,
        at_once=crawling.at_once or AT_ONCE,
    )
    return Order(
        writable(shared.output), chosen, options, json=shared.json, verbose=crawling.verbose
    )


def _pause(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ValueError(f"expected seconds from 0 to 3600, not {value!r}")
    return seconds


def backfill(
    *cities: City,
    source: Annotated[
        str,
        option(
            "common-crawl, wayback, the URL of an index, or a folder of archives",
            "ARCHIVE",
            name="--from",
        ),
    ],
    since: Annotated[Day, option("only captures made on this day or later")] = None,
    until: Annotated[Day, option("only captures made on this day or before")] = None,
    every: Annotated[
        bool, option("every text of an address, not only the newest", name="--every-capture")
    ] = False,
    dry_run: Annotated[bool, option("ask the index, show the plan, fetch nothing")] = False,
    limit: Annotated[
        int | None, option("fetch at most N captures of a city", "N", read=counted("a number"))
    ] = None,
    max_bytes: Annotated[
        int | None,
        option("fetch at most N bytes in all (default: 20 GiB)", "N", read=counted("bytes")),
    ] = None,
    delay: Annotated[
        float | None,
        option(
            "pause between requests; of a known service, its own at least", "SECONDS", read=_pause
        ),
    ] = None,
    records: Annotated[
        str | None, option("URL below which the files that an index names are", "URL")
    ] = None,
    again: Annotated[bool, option("ask an index again that may have grown")] = False,
    jobs: Annotated[Jobs, option("files extracted at once (default: one per core)")] = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Fetch a city's archived pages from web archives, and extract them."""
    from crawler.backfill.capture import Window
    from crawler.city_file import load_cities
    from pipelines.operations import backfill as step

    check_window(since, until)
    known = load_cities(cities_dir)
    if not cities:
        raise UsageError("name at least one city")
    check_words("city", cities, tuple(known))
    archive = step.service(source, records, delay)
    order = step.Order(
        writable(shared.output),
        {key: known[key] for key in cities},
        archive,
        Window(since, until),
        every=every,
        dry_run=dry_run,
        again=again,
        limit=limit,
        ceiling=max_bytes or step.CEILING,
        delay=delay,
        jobs=jobs,
    )
    return step.run(order, as_json=shared.json)
