"""Documents to align, from files of four kinds.

JSON Lines (`{"id", "zh": [sentences], "en": [sentences]}`, a document a line), tab-separated lines
(Chinese and English, or a document's id before them; or as a first line of the names id, zh and en
has them), one text in both languages line by line, and a text in each language.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from crawler.errors import ShizhengError
from crawler.ordinary import ordinary
from crawler.script import HAN
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.vocabulary import LANGS
from pipelines.text.splitting import split

_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_LATIN_WORD, _ZH_END = re.compile("[A-Za-z]+"), re.compile(r"[。！？；：，、”》）]\s*$")
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
        rows = [(str(source), source.stem, _two_texts(source, english))]
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
        check_sides(document.zh, document.en, where)
        found.append(document)
    return found


def check_sides(zh: Sequence[str], en: Sequence[str], where: str) -> None:
    """Raise `AlignError` if each side is in the other's language."""
    if _is_chinese(en) and _is_english(zh):
        raise AlignError(
            f'{where}: the languages are swapped; "zh" is in English and "en" in Chinese'
        )


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
            raise AlignError(
                f"{where}: {error}; expected one object a line, or a file that ends in .tsv or .txt"
            ) from error
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
    rows: list[tuple[int, str, list[str]]] = []
    order = [-2, -1]
    for number, line in enumerate(_lines(source), 1):
        cells = line.split("\t")
        names = [cell.strip().casefold() for cell in cells]
        if not rows and {*LANGS} <= {*names} <= {"id", *LANGS}:
            order = [names.index(lang) - len(names) for lang in LANGS]
            continue
        if line.strip() and len(cells) not in (2, 3):
            raise AlignError(
                f"{source}:{number}: expected Chinese and English, or an id before them, separated "
                f"by tabs; there are {len(cells)} columns"
            )
        if line.strip():
            key = cells[0] if len(cells) == 3 else source.stem
            rows.append((number, key, [cells[at] for at in order]))
    for key, group in groupby(rows, key=lambda row: row[1]):
        listed = list(group)
        sides = [[cells[k] for _, _, cells in listed if cells[k].strip()] for k in (0, 1)]
        yield f"{source}:{listed[0][0]}", key, sides


def _both_languages(source: Path) -> list[list[str]]:
    """Return the lines of each language, told apart by script."""
    sides: tuple[list[str], list[str]] = ([], [])
    for line in _lines(source):
        sides[not _chinese_line(line)].append(line)
    for name, side in zip(("Chinese", "English"), sides, strict=True):
        if any(map(str.strip, (*sides[0], *sides[1]))) and not any(map(str.strip, side)):
            raise AlignError(
                f"{source}: has no lines in {name}; expected lines of both languages, or the "
                "English text with --english FILE"
            )
    return list(sides)


def _chinese_line(line: str) -> bool:
    """Return True for 由Apple Inc.投资。, not for Hall (大剧院)."""
    han = len(_HAN.findall(line))
    return han > len(_LATIN_WORD.findall(line)) or bool(han and _ZH_END.search(line))


def _two_texts(source: Path, english: Path) -> list[list[str]]:
    """Return the lines of a Chinese and of an English text."""
    for path in (source, english):
        if path.suffix in (".jsonl", ".json", ".tsv"):
            raise AlignError(f"{path}: expected a text; only the two texts go with --english")
    sides = [_lines(source), _lines(english)]
    if _is_chinese(sides[0]) and _is_chinese(sides[1]):
        raise AlignError(f"{english}: is in Chinese, too; expected the English text")
    if _is_english(sides[1]) and any(sides[0]) and not any(map(_HAN.search, sides[0])):
        raise AlignError(f"{source}: is in English, too; expected the Chinese text")
    return sides


def _lines(source: Path) -> list[str]:
    try:
        text = _read(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AlignError(
            f"{source}: is not UTF-8 text ({error.reason}); save it as UTF-8"
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return text.split("\n") if text else []


def _read(source: Path) -> bytes:
    try:
        content = ordinary(source).read_bytes()
    except OSError as error:
        raise AlignError(f"{source}: cannot be read ({error.strerror})") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise AlignError(f"{source}: is UTF-16; save it as UTF-8")
    return content


def _sentences(paragraphs: list[str], lang: str) -> list[str]:
    text = "\n".join(paragraphs)
    return [text[span.start : span.end] for span in split(text, lang)]


def _is_chinese(sentences: Sequence[str]) -> bool:
    han, latin = _letters(sentences)
    return han * _LATIN_PER_HAN > latin


def _is_english(sentences: Sequence[str]) -> bool:
    han, latin = _letters(sentences)
    return han * _LATIN_PER_HAN < latin


def _letters(sentences: Sequence[str]) -> tuple[int, int]:
    text = "".join(sentences)
    return len(_HAN.findall(text)), len(_LATIN.findall(text))
