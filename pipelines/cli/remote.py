"""Commands for a corpus in an object store."""

import os
from collections.abc import Callable, Sequence
from inspect import BoundArguments
from pathlib import Path
from typing import Annotated

from crawler.errors import ExitCode
from pipelines.cli.checks import existing, writable
from pipelines.cli.options import SHARED, CitiesDir, City, Shared, chosen_of, option
from pipelines.errors import UsageError
from pipelines.terminal import complain, number_of, progress, say, say_json

Store = Annotated[str, option("a store, such as s3://bucket/corpus", name="URL")]

Parse = Callable[[Sequence[str]], tuple[Callable[..., int | None], BoundArguments]]


def push(url: Store, /, *cities: City, shared: Shared = SHARED) -> ExitCode:
    """Store the changes of a work folder: cities, reviews, reports, releases."""
    from pipelines.remote import transfer
    from pipelines.remote.heads import REPORTS, REVIEWS, city_unit
    from pipelines.remote.leases import leased
    from pipelines.remote.objects import Objects

    objects, output = Objects(url), existing(shared.output)
    chosen = list(cities) or transfer.local_cities(output)
    objects.probe()
    moved = transfer.Moved()
    with leased(objects, chosen), progress() as tracker:
        for done, unit in enumerate([*map(city_unit, chosen), REVIEWS, REPORTS]):
            tracker.update("storing", done, len(chosen) + 2, unit)
            moved += transfer.push(objects, output, unit)
        transfer.push_runs(objects, output)
        transfer.push_releases(objects, output)
    return _shown("stored", moved.files, moved.size, url, shared)


def pull(
    url: Store,
    /,
    *cities: City,
    without: Annotated[
        tuple[str, ...],
        option(
            "a part to leave: archive or vectors; may be repeated",
            "PART",
            converter=chosen_of(lambda: ("archive", "vectors")),
        ),
    ] = (),
    discard: Annotated[bool, option("lose what was changed here and not stored")] = False,
    shared: Shared = SHARED,
) -> ExitCode:
    """Make a work folder equal to a store."""
    from pipelines.remote import transfer
    from pipelines.remote.heads import REPORTS, REVIEWS, city_unit, stored_cities
    from pipelines.remote.objects import Objects

    objects = Objects(url)
    known = stored_cities(objects)
    if unknown := [city for city in cities if city not in known]:
        raise UsageError(f"{url}: has no city {', '.join(unknown)}; it has: {', '.join(known)}")
    chosen = cities or known
    output, moved = writable(shared.output), transfer.Moved()
    with progress() as tracker:
        for done, unit in enumerate([*map(city_unit, chosen), REVIEWS, REPORTS]):
            tracker.update("reading", done, len(chosen) + 2, unit)
            moved += transfer.pull(objects, output, unit, without=without, discard=discard)
        transfer.pull_runs(objects, output)
    return _shown("read", moved.files, moved.size, url, shared)


def gather(*, cities_dir: CitiesDir = None, shared: Shared = SHARED) -> ExitCode:
    """Do the steps over all cities: reposts, history, report."""
    from pipelines.operations import gather as steps

    found = steps.gather(existing(shared.output), cities_dir)
    if shared.json:
        say_json({"cities": list(found.cities), "damaged": found.damaged})
    else:
        say(f"gathered {len(found.cities)} cities; report: {found.report}")
    for city, why in found.damaged.items():
        complain(f"{city}: {why}")
    return ExitCode.UNWELL if found.damaged else ExitCode.DONE


def stated_store(arguments: Sequence[str]) -> str | None:
    """Return the store named by the output option, None for a folder."""
    given = [
        "".join(arguments[at + 1 : at + 2]) if word == "--output" else word[len("--output=") :]
        for at, word in enumerate(arguments)
        if word == "--output" or word.startswith("--output=")
    ]
    output = given[-1] if given else os.environ.get("SHIZHENG_OUTPUT", "")
    return output if "://" in output else None


def run_on_store(url: str, command: str, arguments: Sequence[str], parse: Parse) -> int:
    """Run a command on a store; return its exit code.

    Raises `UsageError` for a command that needs a folder.
    """
    from pipelines.remote.staging import NEEDS, scratch, staged

    if command not in NEEDS:
        raise UsageError(
            f"{url}: {command or 'this'} works on a local folder; name one with --output. "
            f"On a store work: {', '.join(sorted(NEEDS))}"
        )
    function, bound = parse(_localised(arguments, url, scratch(url)))
    named = bound.args if command in ("crawl", "run", "align", "backfill") else ()
    with staged(url, NEEDS[command], named, complain):
        code = function(*bound.args, **bound.kwargs) or ExitCode.DONE
        if command == "gather":
            from pipelines.remote.objects import Objects
            from pipelines.remote.transfer import sweep

            sweep(Objects(url))
    return code


def _localised(arguments: Sequence[str], url: str, folder: Path) -> list[str]:
    """Return the arguments with a folder in place of the store."""
    os.environ["SHIZHENG_OUTPUT"] = str(folder)
    return [
        word.replace(url, str(folder)) if word in (url, f"--output={url}") else word
        for word in arguments
    ]


def _shown(what: str, files: int, size: int, url: str, shared: Shared) -> ExitCode:
    if shared.json:
        say_json({"files": files, "bytes": size})
    else:
        say(f"{what}: {number_of(files, 'file')}, {size / 1e6:.1f} MB ({url})")
    return ExitCode.DONE
