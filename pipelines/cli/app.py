"""The program `shizheng`: its commands, and errors as sentences with exit codes."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from inspect import BoundArguments
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter
from cyclopts.completion.detect import ShellDetectionError
from cyclopts.exceptions import UnusedCliTokensError

from crawler.errors import ExitCode
from pipelines.cli import cities, commands, export, fetching, release, remote, review, signals
from pipelines.cli.options import SHARED, option
from pipelines.errors import UsageError, exit_code, sentence
from pipelines.tables import vocabulary
from pipelines.terminal import OUT, complain, end_output, open_streams, say

app = App(
    name="shizheng",
    help="A bilingual corpus of Chinese municipal news: crawl, pair, align, store.",
    version=lambda: f"shizheng {version('shizheng')}",
    console=OUT,
    help_format="plaintext",
    help_formatter="plain",
    default_parameter=Parameter(negative=(), show_default=False, allow_repeating=True),
)
app.command(commands.demo)
app.command(fetching.crawl)
app.command(fetching.backfill)
app.command(commands.extract)
app.command(commands.page)
app.command(commands.import_articles, name="import")
app.command(commands.align)
app.command(commands.align_sentences)
app.command(fetching.run)
app.command(commands.status)
app.command(commands.report)
app.command(export.export)

_review = App(name="review", help="Judge pairs on a local page; exchange verdicts as files.")
_review.default(review.serve)
_review.command(review.serve)
_review.command(review.assign)
_review.command(review.export_verdicts, name="export")
_review.command(review.import_verdicts, name="import")
app.command(_review)

app.command(commands.evaluate)
app.command(commands.calibrate)

_release = App(name="release", help="Make, check, compare and list immutable snapshots to publish.")
_release.default(release.make)
_release.command(release.make, name="make")
_release.command(release.verify)
_release.command(release.diff)
_release.command(release.list_releases, name="list")
app.command(_release)

app.command(remote.push)
app.command(remote.pull)
app.command(remote.gather)

_cities = App(name="cities", help="List, check and add city files.")
_cities.command(cities.list_cities, name="list")
_cities.command(cities.check)
_cities.command(cities.add)
app.command(_cities)


@app.command(name="--install-completion")
def install_completion(
    *,
    shell: Annotated[
        Literal["bash", "zsh", "fish"] | None,
        option("shell to complete in (default: the one in use)", "bash|zsh|fish"),
    ] = None,
) -> ExitCode:
    """Install completion for your shell and exit."""
    try:
        path = app.install_completion(shell=shell)
    except ShellDetectionError:
        raise UsageError("the shell in use is not known; name it: --shell bash|zsh|fish") from None
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be written ({error.strerror})") from error
    say(f"completion: {path}; start a new shell to use it")
    return ExitCode.DONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    open_streams()
    try:
        with signals.heeding_termination():
            return _run(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        # The reader of our output went away (`| head`).
        return ExitCode.DONE
    except KeyboardInterrupt as error:
        how = str(error) or "interrupted"
        complain(f"{how}; what was stored is whole, run the command again to go on")
        return exit_code(error) or ExitCode.INTERRUPTED
    except CycloptsError as error:
        complain(_usage(error))
        return ExitCode.USAGE
    except Exception as error:
        complain(sentence(error))
        code = exit_code(error)
        if code is not None:
            return code
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exc()
        complain("set SHIZHENG_DEBUG=1 to see where, and please report it")
        return ExitCode.INTERNAL


def _run(arguments: Sequence[str]) -> int:
    """Run the command and return its code once its output is written."""
    try:
        store = remote.stated_store(arguments)
        if store is not None:
            named, _, _ = app.parse_commands(list(arguments))
            return remote.run_on_store(store, "".join(named[:1]), arguments, parse)
        command, bound = parse(arguments)
        with _cities_of(bound.arguments.get("shared", SHARED).output):
            return command(*bound.args, **bound.kwargs) or ExitCode.DONE
    finally:
        end_output()


@contextmanager
def _cities_of(output: Path) -> Iterator[None]:
    """Let a corpus's own city files add to those that ship."""
    own = output / vocabulary.OWN_CITIES
    if not any(own.glob("*.yaml")):
        yield
        return
    from crawler.city_file import OWN_CITIES

    if os.environ.get(OWN_CITIES):
        yield
        return
    os.environ[OWN_CITIES] = str(own.resolve())
    try:
        yield
    finally:
        del os.environ[OWN_CITIES]


def parse(arguments: Sequence[str]) -> tuple[Callable[..., int | None], BoundArguments]:
    """Return the function of a command line and its arguments.

    Raises `CycloptsError`, and `UsageError` where no command is named.
    """
    named, apps, rest = app.parse_commands(list(arguments))
    if not rest and apps[-1].default_command is None:
        raise UsageError(f"expected a command (see {' '.join(('shizheng', *named))} --help)")
    command, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
    return command, bound


def _usage(error: CycloptsError) -> str:
    """Return an error of the command line as a sentence."""
    error.verbose = False
    problem = str(error)
    if isinstance(error, UnusedCliTokensError):
        problem = f"Unexpected argument: {' '.join(error.unused_tokens or ())}."
    command = " ".join(("shizheng", *(error.command_chain or ())))
    return f"{problem} (see {command} --help)"
