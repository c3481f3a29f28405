"""Checks of arguments against a function's own annotations.

An annotation is read as `typing` reads it: classes, unions, `Literal`, and lists of these. Anything
that can be gone through counts as a list, and arrives as one; texts, mappings and tables do not.
"""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")

_NAMES = {
    str: ("a text (str)", "texts"),
    bytes: ("bytes", "bytes"),
    bool: ("True or False", "truth values"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    date: ("a date", "dates"),
    datetime: ("a datetime", "datetimes"),
    Mapping: ("a mapping", "mappings"),
    type(None): ("None", "None"),
}
"""Annotations in words: one, and several."""
_LISTS = (Sequence, Iterable)
_WIDER: dict[object, tuple[type, ...]] = {int: (Integral,), float: (Real,)}
"""Classes that numbers of other packages, such as numpy's, belong to."""


def checked(function: Callable[_Parameters, _Returned]) -> Callable[_Parameters, _Returned]:
    """Return a function that refuses arguments of other types than it names.

    A wrong type is a `TypeError`, another word than those of a `Literal` a `ValueError`, in a
    sentence with the function's name and the argument's.
    """
    signature, hints = inspect.signature(function), typing.get_type_hints(function)

    @functools.wraps(function)
    def call(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Returned:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function.__name__}: {error}") from None
        for name, value in bound.arguments.items():
            kept, problem = read(name, value, hints[name])
            if problem:
                words = typing.get_origin(hints[name]) is typing.Literal
                raise (ValueError if words else TypeError)(f"{function.__name__}: {problem}")
            bound.arguments[name] = kept
        return function(*bound.args, **bound.kwargs)

    return call


def read(name: str, value: Any, annotation: Any) -> tuple[Any, str]:
    """Return a value and the reason against it, if any, in words.

    Lists of any kind are returned as `list`.
    """
    options = _options(annotation)
    lists = next((one for one in options if typing.get_origin(one) in _LISTS), None)
    if any(_is_one(value, option) for option in options):
        return value, ""
    if lists is not None and _is_list(value):
        [inner] = typing.get_args(lists)
        value = list(value)
        problems = (read(f"{name}[{number}]", one, inner)[1] for number, one in enumerate(value))
        return value, next(filter(None, problems), "")
    given = repr(value) if isinstance(value, str) and _words(annotation) else type(value).__name__
    return value, f"{name}: expected {_named(options)}, not {given.removesuffix('Type')}"


def _options(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of an annotation."""
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if union else (annotation,)


def _words(annotation: Any) -> tuple[Any, ...]:
    """Return the words of a `Literal`; none of another annotation."""
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()


def _is_one(value: Any, option: Any) -> bool:
    """Return True for a value of one alternative, lists aside."""
    if words := _words(option):
        return isinstance(value, str) and value in words
    kind = typing.get_origin(option) or option
    if kind in _LISTS:
        return False
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, _WIDER.get(kind, kind))


def _is_list(value: Any) -> bool:
    """Return True for an iterable that is neither text nor table."""
    whole = isinstance(value, str | bytes | Mapping)
    return isinstance(value, Iterable) and not whole and getattr(value, "ndim", 1) == 1


def _named(options: Iterable[Any], number: int = 0) -> str:
    """Return alternatives in words; with 1, of several values."""
    return " or ".join(dict.fromkeys(_name(option, number) for option in options))


def _name(option: Any, number: int) -> str:
    if words := _words(option):
        return " or ".join(words)
    kind = typing.get_origin(option) or option
    if kind in _LISTS:
        return f"a list of {_named(_options(typing.get_args(option)[0]), 1)}"
    names = _NAMES.get(kind)
    return names[number] if names else "a path"
