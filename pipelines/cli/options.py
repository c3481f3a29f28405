"""Options that several commands share, and how their values are read."""

import difflib
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from crawler.errors import ShizhengError

OUTPUT = "output"
"""Folder of the corpus, where neither an option nor a variable names one."""


def read_by(read: Callable[[str], object]) -> Callable[[Any, Sequence[Token]], Any]:
    """Return a cyclopts converter of one word by `read`."""
    return lambda kind, tokens: read(tokens[0].value)


def day(value: str) -> date:
    """Return a date in ISO 8601. Raises `ValueError`."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"expected a date like 2024-03-05, not {value!r}") from None


def counted(noun: str) -> Callable[[str], int]:
    """Return a reader of numbers from 1 on, called `noun` in errors."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdigit()) or int(value) < 1:
            raise ValueError(f"expected {noun} from 1 on, not {value!r}")
        return int(value)

    return read


def share(value: str) -> float:
    """Return a probability. Raises `ValueError`."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError(f"expected a probability from 0 to 1, not {value!r}")
    return number


def chosen_of(
    choices: Callable[[], Sequence[str]],
) -> Callable[[Any, Sequence[Token]], str | tuple[str, ...]]:
    """Return a cyclopts converter of words among `choices`, loaded late."""

    def convert(kind: Any, tokens: Sequence[Token]) -> str | tuple[str, ...]:
        words, known = tuple(token.value for token in tokens), choices()
        wrong = next((word for word in words if word not in known), None)
        if wrong is not None:
            near = difflib.get_close_matches(wrong, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"invalid choice: {wrong!r} (choose from {', '.join(known)}){hint}")
        return words if typing.get_origin(kind) is tuple else words[0]

    return convert


def _folder(value: str) -> Path:
    if "://" in value:
        raise ValueError(f"{value}: only local folders can be written so far")
    try:
        str(Path(value).absolute()).encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{value!a}: expected a folder whose path is text in UTF-8; rename it, or name another"
        ) from None
    return Path(value or OUTPUT)


def _path_or_none(value: str) -> Path | None:
    """Return a path; None for an empty variable of the environment."""
    return Path(value) if value else None


def _seconds(value: str) -> float | None:
    if not value:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", value)
    if found is None or not float(found[1]):
        raise ValueError(f"expected a span like 90s, 45m or 6h, not {value!r}")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _webhook(value: str) -> str:
    if not value:
        return value
    from pipelines.operations import webhook

    try:
        return webhook.checked(value)
    except ShizhengError as error:
        raise ValueError(str(error)) from None


def _settings(kind: object, tokens: Sequence[Token]) -> tuple[str, ...]:
    wrong = next((token.value for token in tokens if "=" not in token.value), None)
    if wrong is not None:
        raise ValueError(f"expected NAME=VALUE, not {wrong!r}")
    return tuple(token.value for token in tokens)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Shared:
    """Options of every command."""

    output: Annotated[
        Path,
        Parameter(
            converter=read_by(_folder),
            env_var="SHIZHENG_OUTPUT",
            metavar="DIR",
            help=f"folder of the corpus (default: {OUTPUT})",
        ),
    ] = Path(OUTPUT)
    json: Annotated[bool, Parameter(help="print JSON for a program to read")] = False


SHARED = Shared()

CitiesDir = Annotated[
    Path | None,
    Parameter(
        converter=read_by(_path_or_none),
        env_var="SHIZHENG_CITIES",
        metavar="DIR",
        help="folder of city files (default: those that ship)",
    ),
]

City = Annotated[str, Parameter(name="CITY", help="key of a city, such as dalian")]

Jobs = Annotated[
    int | None,
    Parameter(
        converter=read_by(counted("a number of processes")),
        metavar="N",
        help="processes (default: one per core)",
    ),
]

Encoder = Annotated[
    str | None,
    Parameter(
        metavar="NAME|PATH",
        help="sentence encoder: the bundled one by default, or a model on disk "
        "(.onnx, or a folder of ONNX or sentence-transformers)",
    ),
]

Day = Annotated[date | None, Parameter(converter=read_by(day), metavar="DATE")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Crawling:
    """Options of the commands that crawl."""

    since: Annotated[Day, Parameter(help="skip what a listing dates before this day")] = None
    until: Annotated[Day, Parameter(help="skip what a listing dates after this day")] = None
    settings: Annotated[
        tuple[str, ...],
        Parameter(
            name="-s",
            converter=_settings,
            metavar="NAME=VALUE",
            help="a Scrapy setting for this crawl; may be repeated",
        ),
    ] = ()
    verbose: Annotated[bool, Parameter(help="print the counts in a pipe, too")] = False
    time_limit: Annotated[
        float | None,
        Parameter(
            converter=read_by(_seconds),
            env_var="SHIZHENG_TIME_LIMIT",
            metavar="SPAN",
            help="end a city's crawl that lasts longer, like 90s, 45m or 6h (default: 6h)",
        ),
    ] = None


CRAWLING = Crawling()

Webhook = Annotated[
    str,
    Parameter(
        converter=read_by(_webhook),
        env_var="SHIZHENG_WEBHOOK",
        metavar="URL",
        help="where to post a JSON message when a run fails or recovers",
    ),
]

MetricsDir = Annotated[
    Path | None,
    Parameter(
        converter=read_by(_path_or_none),
        env_var="SHIZHENG_METRICS_DIR",
        metavar="DIR",
        help="folder of node_exporter's textfile collector, for a copy of the metrics",
    ),
]
