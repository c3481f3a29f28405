"""Options that several commands share, and how their values are read."""

import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from crawler.errors import ShizhengError
from crawler.limits import whole_number
from pipelines.errors import known_ones

_DIGITS = 15
"""Digits of a number at most: more are no count of anything, and no index of anything in Python."""

OUTPUT = "output"
"""Folder of the corpus, where neither an option nor a variable names one."""


def option(
    text: str, metavar: str | None = None, read: Callable[[str], object] | None = None, **more: Any
) -> Parameter:
    """Return an option with its help `text`; `read` converts its one word."""
    # A value that is not given leaves that of an enclosing type in force.
    if metavar is not None:
        more["metavar"] = metavar
    if read is not None:
        more["converter"] = lambda kind, tokens: read(tokens[0].value)
    return Parameter(help=text, **more)


def _day(kind: object, tokens: Sequence[Token]) -> date:
    try:
        return date.fromisoformat(tokens[0].value)
    except ValueError:
        raise ValueError(f"expected a date like 2024-03-05, not {tokens[0].value!r}") from None


def counted(noun: str) -> Callable[[str], int]:
    """Return a reader of numbers from 1 on, called `noun` in errors."""

    def read(value: str) -> int:
        number = whole_number(value, digits=_DIGITS)
        if not number:
            most = f" and of {_DIGITS} digits at most" if len(value) > _DIGITS else ""
            raise ValueError(f"expected {noun} from 1 on{most}, not {value[:40]!r}")
        return number

    return read


def share_of_one(noun: str) -> Callable[[str], float]:
    """Return a reader of numbers up to 1, called `noun` in errors."""

    def read(value: str) -> float:
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1 or value.endswith("%"):
            percent = 10 <= number <= 100 or (value.endswith("%") and number >= 0)
            hint = f"; did you mean {number / 100:g}?" if percent else ""
            raise ValueError(f"expected {noun} from 0 to 1, not {value!r}{hint}")
        return number

    return read


probability = share_of_one("a probability")


def listed(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return words that are separated by spaces or commas."""
    return tuple(word for token in tokens for word in token.value.split(","))


def chosen_of(
    choices: Callable[[], Sequence[str]],
) -> Callable[[Any, Sequence[Token]], str | tuple[str, ...]]:
    """Return a cyclopts converter of words among `choices`, loaded late."""

    def convert(kind: Any, tokens: Sequence[Token]) -> str | tuple[str, ...]:
        several = typing.get_origin(kind) is tuple
        words, known = listed(tokens) if several else (tokens[0].value,), choices()
        wrong = next((word for word in words if word not in known), None)
        if wrong is not None:
            raise ValueError(f"invalid choice: {wrong!r}; {known_ones(wrong, known)}")
        return words if several else words[0]

    return convert


def _folder(value: str) -> Path:
    if "://" in value:
        raise ValueError(f"{value}: expected a folder")
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
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh])", value)
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


def named_values(kind: object, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return words like NAME=VALUE. Raises `ValueError`."""
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
        option(
            f"folder of the corpus (default: {OUTPUT})",
            "DIR",
            read=_folder,
            env_var="SHIZHENG_OUTPUT",
        ),
    ] = Path(OUTPUT)
    json: Annotated[bool, option("print JSON for a program to read")] = False


SHARED = Shared()

CitiesDir = Annotated[
    Path | None,
    option(
        "folder of city files (default: those that ship, and your own in SHIZHENG_CITIES or in "
        "the output's folder cities)",
        "DIR",
        read=_path_or_none,
    ),
]

City = Annotated[str, option("key of a city, such as dalian", name="CITY")]

Jobs = Annotated[
    int | None,
    option("processes (default: one per core)", "N", read=counted("a number of processes")),
]

Engine = Annotated[
    str | None,
    option(
        "where steps run: pool, processes of this machine, or ray, a cluster (default: pool, or "
        "ray where RAY_ADDRESS names one)",
        "pool|ray",
        env_var="SHIZHENG_ENGINE",
        converter=chosen_of(lambda: ("pool", "ray")),
    ),
]

Encoder = Annotated[
    str | None,
    option(
        "sentence encoder: the bundled one by default, or a model on disk "
        "(.onnx, or a folder of ONNX or sentence-transformers)",
        "NAME|PATH",
    ),
]

Day = Annotated[date | None, Parameter(converter=_day, metavar="DATE")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Crawling:
    """Options of the commands that crawl."""

    since: Annotated[Day, option("skip what a listing dates before this day")] = None
    until: Annotated[Day, option("skip what a listing dates after this day")] = None
    settings: Annotated[
        tuple[str, ...],
        option(
            "a Scrapy setting for this crawl; may be repeated",
            "NAME=VALUE",
            name="-s",
            converter=named_values,
        ),
    ] = ()
    verbose: Annotated[bool, option("print the counts in a pipe, too")] = False
    time_limit: Annotated[
        float | None,
        option(
            "end a city's crawl that lasts longer, like 90s, 45m or 6h (default: 6h)",
            "SPAN",
            read=_seconds,
            env_var="SHIZHENG_TIME_LIMIT",
        ),
    ] = None
    at_once: Annotated[
        int | None,
        option(
            "cities crawled side by side (default: 24); each takes some 110 MB of memory",
            "N",
            read=counted("a number of cities"),
            env_var="SHIZHENG_AT_ONCE",
        ),
    ] = None


CRAWLING = Crawling()

Webhook = Annotated[
    str,
    option(
        "where to post a JSON message when a run fails or recovers",
        "URL",
        read=_webhook,
        env_var="SHIZHENG_WEBHOOK",
    ),
]

MetricsDir = Annotated[
    Path | None,
    option(
        "folder of node_exporter's textfile collector, for a copy of the metrics",
        "DIR",
        read=_path_or_none,
        env_var="SHIZHENG_METRICS_DIR",
    ),
]
