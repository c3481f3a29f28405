"""Documents to align, from files of four kinds.

JSON Lines (`{"id", "zh": [sentences], "en": [sentences]}`, a document a line), tab-separated lines
(Chinese and English, or a document's id before them), one text in both languages line by line, and
a text in each language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from crawler.errors import ShizhengError
from crawler.script import HAN
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.vocabulary import LANGS
from pipelines.text.splitting import split

_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_LATIN_PER_HAN = 3
"""Latin letters that a Chinese text has for each character at most; names and units are in them."""


class AlignError(ShizhengError):
    """An unreadable file or row; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Document:
    """Two texts as sentences."""

    id: Any
    zh: list[str]
    en: list[str]


def read_documents(source: Path, english: Path | None, *, cut: bool) -> list[Document]:
    """Return the documents of a file, or of two texts.

    `cut`: lines, strings and lists are texts or paragraphs, to be split into sentences. Raises
    `AlignError` naming file and line for a row that is not one, and for swapped languages.
    """
    if english is not None:
        rows = [(str(source), source.stem, [_lines(source), _lines(english)])]
    elif source.suffix == ".tsv":
        rows = list(_tab_separated(source))
    elif source.suffix == ".txt":
        rows = [(str(source), source.stem, _both_languages(source))]
    else:
        rows = list(_json_lines(source, cut=cut))
    found = []
    for where, key, (zh, en) in rows:
        document = Document(
            key, *((_sentences(zh, "zh"), _sentences(en, "en")) if cut else (zh, en))
        )
        if _is_chinese(document.en) and _is_english(document.zh):
            raise AlignError(
                f'{where}: the languages are swapped; "zh" is in English and "en" in Chinese'
            )
        found.append(document)
    return found


_Row = tuple[str, Any, list[list[str]]]
"""Place, id, and the sides in the order of `LANGS`."""


def _json_lines(source: Path, *, cut: bool) -> Iterator[_Row]:
    for number, line in enumerate(_read(source).split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            row = parse_json(line)
        except JsonError as error:
            raise AlignError(f"{where}: {error}; expected one object a line") from error
        if not isinstance(row, dict) or "id" not in row:
            raise AlignError(f'{where}: expected an object with "id", "zh" and "en"')
        sides = []
        for lang in LANGS:
            listed = row.get(lang)
            if cut and isinstance(listed, str):
                listed = listed.split("\n")
            if not isinstance(listed, list) or not all(isinstance(s, str) for s in listed):
                raise AlignError(f'{where}: "{lang}" must be a list of sentences (strings)')
            sides.append(listed)
        yield where, row["id"], sides


def _tab_separated(source: Path) -> Iterator[_Row]:
    rows = []
    for number, line in enumerate(_lines(source), 1):
        cells = line.split("\t")
        if line.strip() and len(cells) not in (2, 3):
            raise AlignError(
                f"{source}:{number}: expected Chinese and English, or an id before them, separated "
                f"by tabs; there are {len(cells)} columns"
            )
        if line.strip():
            rows.append((number, cells[0] if len(cells) == 3 else source.stem, cells[-2:]))
    for key, group in groupby(rows, key=lambda row: row[1]):
        listed = list(group)
        sides = [[cells[k] for _, _, cells in listed if cells[k].strip()] for k in (0, 1)]
        yield f"{source}:{listed[0][0]}", key, sides


def _both_languages(source: Path) -> list[list[str]]:
    """Return the lines of each language, told apart by script."""
    sides: tuple[list[str], list[str]] = ([], [])
    for line in _lines(source):
        sides[not _HAN.search(line)].append(line)
    return list(sides)


def _lines(source: Path) -> list[str]:
    try:
        text = _read(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AlignError(f"{source}: is not UTF-8 text ({error.reason})") from error
    text = text.replace("\r\n", "\n").removesuffix("\n")
    return text.split("\n") if text else []


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise AlignError(f"{source}: cannot be read ({error.strerror})") from error


def _sentences(paragraphs: list[str], lang: str) -> list[str]:
    text = "\n".join(paragraphs)
    return [text[span.start : span.end] for span in split(text, lang)]


def _is_chinese(sentences: list[str]) -> bool:
    han, latin = _letters(sentences)
    return han * _LATIN_PER_HAN > latin


def _is_english(sentences: list[str]) -> bool:
    han, latin = _letters(sentences)
    return han * _LATIN_PER_HAN < latin


def _letters(sentences: list[str]) -> tuple[int, int]:
    text = "".join(sentences)
    return len(_HAN.findall(text)), len(_LATIN.findall(text))
