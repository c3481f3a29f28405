"""Patterns of both packages timed on texts made to slow them, and readers on those texts.

`python -m benchmarks.cost.patterns [--only WORD]`: every pattern that a module keeps is tried on
texts made from the pattern itself: each of its characters, each beginning of what it matches, and
the one after the other, repeated. It is slow if four times the text takes more than ten times as
long. Many never see such a text: spaces are joined, lines cut, sizes bounded before. So each text
that slows a pattern is also given to the readers of pages, lists and articles, and what slows one
of them, too, is a finding. Exit code 1 if there is any.
"""

import argparse
import html
import importlib
import pkgutil
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from crawler.city import unnamed_city
from crawler.cms import FAMILIES
from crawler.extract.article import extract
from pipelines.articles import language
from pipelines.facts import facts
from pipelines.sentences.flags import flags
from pipelines.text.splitting import split

PACKAGES = ("crawler", "pipelines", "shizheng")
LENGTH, LONG = 1_000, 6_000
"""Characters of the first text: for a pattern, for a reader. The second has four times as many."""
FASTEST, QUICK = 0.001, 0.06
"""Seconds for the first text below which nothing is slow: of a pattern, of a reader."""
GROWTH = 10
"""Times as long for four times the text: linear is 4, quadratic 16."""
PATIENCE = 0.5
"""Seconds after which a pattern gives a text up; a reader has eight times as long."""
URL = "http://www.anlan.example/art/2024/3/5/art_1_77.html"
_SENTENCE = "市政府召开常务会议，研究部署安全生产工作，审议通过三年行动方案。"
_CATEGORIES = {
    "DIGIT": "1", "SPACE": " ", "WORD": "a", "NOT_DIGIT": "a", "NOT_SPACE": "a", "NOT_WORD": "-",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slow:
    """A text that takes more than its share of time: a beginning, what is repeated, an end."""

    text: tuple[str, str, str]
    seconds: tuple[float, float]


def known_patterns() -> dict[str, re.Pattern[Any]]:
    """Return the patterns that modules keep, by module and name."""
    found: dict[str, re.Pattern[Any]] = {}
    seen = set[re.Pattern[Any]]()
    for package in PACKAGES:
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, f"{package}."
        ):
            if module.name.endswith("__main__"):
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                for number, pattern in enumerate(_kept(value)):
                    if pattern not in seen:
                        seen.add(pattern)
                        found[f"{module.name}.{name}" + f"[{number}]" * (number > 0)] = pattern
    return found


def _kept(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping | tuple | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _kept(one)


def units(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Return beginnings, what is repeated after them, and ends, made from a pattern."""
    text = (
        pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    )
    parsed = parser.parse(text, pattern.flags & ~re.DEBUG)
    signs = sorted(set(_signs(parsed)))[:40]
    samples = {_sample(parsed, choice, times) for choice in range(4) for times in (0, 1, 2)}
    starts = sorted(
        {sample[:end] for sample in samples for end in range(1, min(len(sample), 24) + 1)}
    )
    found = [("", sign, end) for sign in signs for end in ("", "\0")]
    found += [("", start, "") for start in starts]
    found += [("", start + sign, "") for start in starts[-30:] for sign in signs[:8]]
    found += [(start, sign, "\0") for start in starts[-30:] for sign in signs[:12]]
    return found


def _signs(parsed: Iterable[Any]) -> Iterator[str]:
    """Yield a character for every place of a pattern."""
    for code, given in parsed:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(given) if code is codes.LITERAL else ("a" if given != 97 else "b")
        elif code is codes.ANY:
            yield "a"
        elif code is codes.IN:
            yield from _members(given)
        else:
            for part in _parts(given):
                yield from _signs(part)


def _members(given: list[Any]) -> Iterator[str]:
    """Yield characters of a set, or one outside a negated one."""
    if given[0][0] is codes.NEGATE:
        yield from (sign for sign in "a 1中-" if not any(sign in _range(one) for one in given[1:]))
        return
    for one in given[:6]:
        yield next(iter(_range(one)))


def _range(one: tuple[Any, Any]) -> str:
    code, given = one
    if code is codes.LITERAL:
        return chr(given)
    if code is codes.RANGE:
        return "".join(map(chr, range(given[0], min(given[1], given[0] + 200) + 1)))
    return _CATEGORIES[str(given).removeprefix("CATEGORY_")]


def _parts(given: Any) -> Iterator[Any]:
    """Yield the patterns inside an operation's arguments."""
    if isinstance(given, parser.SubPattern):
        yield given
    elif isinstance(given, list | tuple):
        for one in given:
            yield from _parts(one)


def _sample(parsed: Iterable[Any], choice: int, times: int) -> str:
    """Return a text near what a pattern matches, taking one branch and repeating so often more."""
    found = ""
    for code, given in parsed:
        if code in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN):
            signs = list(_signs([(code, given)])) or ["a"]
            found += signs[choice % len(signs)]
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = given
            found += _sample(inner, choice, times) * min(least + times, int(most))
        elif code is codes.BRANCH:
            found += _sample(given[1][choice % len(given[1])], choice, times)
        elif code in (codes.SUBPATTERN, codes.ATOMIC_GROUP, codes.ASSERT):
            for part in _parts(given):
                found += _sample(part, choice, times)
    return found


def slow(
    read: Callable[[Any], Any],
    texts: Iterable[tuple[str, str, str]],
    length: int,
    quick: float,
    patience: float = PATIENCE,
) -> Slow | None:
    """Return the first text that is read in more than linear time."""
    for text in texts:
        first = seconds(read, _written(text, length), patience)
        if first >= quick:  # once more: another program may have had the processor's caches
            first = min(first, seconds(read, _written(text, length), patience))
        if first < quick:
            continue
        second = seconds(read, _written(text, 4 * length), patience)
        if second > GROWTH * first or second >= patience:
            return Slow(text, (first, second))
    return None


def _written(text: tuple[str, str, str], length: int) -> str:
    start, unit, end = text
    return start + unit * (length // len(unit)) + end


def seconds(read: Callable[[Any], Any], text: str, patience: float) -> float:
    """Return the processor's seconds for a text; `patience` if it was given up."""
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, patience)
    began = time.process_time()
    try:
        read(text)
    except _GivenUp:
        return patience
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - began


class _GivenUp(BaseException):
    """The patience is over. No Exception: readers catch those."""


def _give_up(*_: object) -> None:
    raise _GivenUp


def matching(pattern: re.Pattern[Any]) -> Callable[[str], None]:
    """Return the search for all matches of a pattern."""
    plain = isinstance(pattern.pattern, str)

    def read(text: str) -> None:
        for _ in pattern.finditer(text if plain else text.encode("utf-8", "replace")):
            pass

    return read


def readers() -> dict[str, Callable[[str], Any]]:
    """Return the readers of pages, lists and articles, as functions of a text."""

    def page(form: str, *, escaped: bool = False) -> Callable[[str], Any]:
        return lambda text: extract(
            URL,
            form.replace("@", html.escape(text) if escaped else text).encode("utf-8", "replace"),
            {"content-type": "text/html"},
            unnamed_city(URL),
        )

    around = f"<html><body><h1>市政府召开会议</h1><p>{_SENTENCE * 6}</p>@<p>{_SENTENCE * 6}</p>"
    found = {
        "markup": page(around),
        "text": page(around.replace("@", "<p>@</p>"), escaped=True),
        "script": page(around.replace("@", "<script>@</script>")),
        "attribute": page(around.replace("@", '<p class="@" style="@">x</p>'), escaped=True),
        "title": page(f"<title>@</title><h1>@</h1><p>{_SENTENCE * 9}</p>", escaped=True),
        "facts, zh": lambda text: facts.facts(text, "zh"),
        "facts, en": lambda text: facts.facts(text, "en"),
        "language": language.detect,
        "sentences, zh": lambda text: split(text, "zh"),
        "sentences, en": lambda text: split(text, "en"),
        "flags": lambda text: flags(text, text),
    }
    for name, family in FAMILIES.items():
        found[f"list, {name}"] = lambda text, family=family: family.read_list(text, URL)  # type: ignore[misc]
    return found


def main() -> int:
    """Time patterns and readers, print what is slow; return the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", default="", help="patterns whose module or name has this word")
    options = arguments.parse_args()
    patterns = {name: one for name, one in known_patterns().items() if options.only in name}
    of_patterns = {
        name: found
        for name, pattern in patterns.items()
        if (found := slow(matching(pattern), units(pattern), LENGTH, FASTEST))
    }
    print(f"{len(of_patterns)} of {len(patterns)} patterns are slow on a text of their own")
    reached = 0
    for name, one in of_patterns.items():
        for reader, read in readers().items():
            if found := slow(read, [one.text], LONG, QUICK, 8 * PATIENCE):
                first, second = found.seconds
                print(
                    f"{name}, {reader}: {first:.2f} s, {second:.2f} s: {one.text!r:.100}",
                    flush=True,
                )
                reached += 1
    print(f"{reached} readers are slow on such a text")
    return int(reached > 0)


if __name__ == "__main__":
    sys.exit(main())
