"""Errors meant for the user: one base class, each with the exit code of its command."""

import inspect
import pickle
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest

import crawler
import pipelines
from crawler.errors import ExitCode, ShizhengError
from pipelines import errors
from pipelines.tables.damage import StoreError
from pipelines.tables.lock import LockedError

BUILT_IN = (Exception, ValueError, RuntimeError, KeyError, OSError)


def public_errors() -> Iterator[type[Exception]]:
    for package in (crawler, pipelines):
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                members = vars(import_module(found.name)).values()
                yield from (
                    kind
                    for kind in members
                    if inspect.isclass(kind)
                    and issubclass(kind, Exception)
                    and kind.__module__ == found.name
                    and kind.__name__[0] != "_"
                )


def test_every_public_error_carries_its_exit_code() -> None:
    # Other bases are another library's protocol: Scrapy's own ways to end a download.
    own = [kind for kind in public_errors() if {ShizhengError, *BUILT_IN} & {*kind.__bases__}]
    assert len(own) > 25
    assert [kind.__name__ for kind in own if not issubclass(kind, ShizhengError)] == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ShizhengError("x"), ExitCode.USAGE),
        (StoreError("x", "dalian"), ExitCode.INTERNAL),
        (LockedError("x"), ExitCode.BUSY),
        (MemoryError(), ExitCode.INTERNAL),
        (FileNotFoundError(2, "No such file", "x"), ExitCode.INTERNAL),
        (ZeroDivisionError("x"), None),
    ],
)
def test_an_error_has_the_exit_code_of_its_class(error: Exception, code: ExitCode | None) -> None:
    assert errors.exit_code(error) == code


def test_the_documented_exit_codes() -> None:
    interrupted = [130, 143]  # as shells count: 128 and the signal's number
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, *interrupted]


def test_an_error_of_another_process_keeps_its_code_and_sentence() -> None:
    received = pickle.loads(pickle.dumps(LockedError("held by 4")))
    assert (errors.sentence(received), errors.exit_code(received)) == ("held by 4", 5)
