"""Parallel texts that people bring: TMX, Moses, tables with both languages.

The units of one document give two articles, a paragraph for each unit, that are mates of each
other: they are a certain pair, and the file's alignment is kept (`mate_groups`). A document is what
a file marks as one: the stem of numbered units (`pair.0`, `pair.1`), lines between blank ones, rows
of one id. Without marks, and beyond its limits, it is cut after so many units.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from lxml import etree

from crawler.item import LANGS, Article
from crawler.ordinary import ordinary
from pipelines.articles import contract
from pipelines.articles.records import ImportFileError, Record, Table, language_of
from pipelines.tables import text_files
from pipelines.text.normal import visible

UNITS, CHARACTERS = 200, 100_000
"""Units of a document, and characters of one side of it, at most. Set by hand; not measured."""

_TEXTUAL = ("hi", "sub")
"""Elements in a segment whose content is text; that of the others is code of another program."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Unit:
    """Both sides of a unit, its place and its document."""

    where: str
    document: str
    zh: str
    en: str


def articles(units: Iterable[Unit]) -> Iterator[Record]:
    """Yield the rows of two articles for each document.

    Their ids end in -zh and -en. Raises `ImportFileError`.
    """
    documents: dict[str, list[Unit]] = {}
    for unit in units:
        sides = {lang: contract.one_line(visible(getattr(unit, lang))) for lang in LANGS}
        for lang, text in sides.items():
            if len(text) > CHARACTERS:
                raise ImportFileError(
                    f"{unit.where}: the {lang} side has {len(text):,} characters, "
                    f"{CHARACTERS:,} at most are taken"
                )
        if all(sides.values()):
            documents.setdefault(unit.document, []).append(replace(unit, **sides))
    for name, members in documents.items():
        for number, part in enumerate(_parts(members), start=1):
            key = name if number == 1 else f"{name}-{number}"
            for lang in LANGS:
                text = "\n".join(getattr(unit, lang) for unit in part)
                yield part[0].where, {"id": f"{key}-{lang}", "lang": lang, "text": text}


def linked(found: Iterable[Article]) -> list[Article]:
    """Return the articles of `articles` as mates, paragraph by paragraph."""
    by_id = {article.article_id: article for article in found}
    for key, article in by_id.items():
        stem, _, lang = key.rpartition("-")
        mate = by_id.get(f"{stem}-{'en' if lang == 'zh' else 'zh'}")
        count = article.text.count("\n") + 1
        if mate is not None and mate.text.count("\n") + 1 == count:
            by_id[key] = replace(article, mate_id=mate.article_id, mate_groups=tuple(range(count)))
    return list(by_id.values())


def _parts(units: list[Unit]) -> Iterator[list[Unit]]:
    part: list[Unit] = []
    size = 0
    for unit in units:
        longer = max(len(unit.zh), len(unit.en)) + 1
        if part and (len(part) == UNITS or size + longer > CHARACTERS):
            yield part
            part, size = [], 0
        part.append(unit)
        size += longer
    if part:
        yield part


def moses(zh: Path, en: Path) -> Iterator[Unit]:
    """Yield the lines of two parallel files. Raises `ImportFileError`."""
    sides = [text_files.lines(text_files.read_text(path, ImportFileError)) for path in (zh, en)]
    if len(sides[0]) != len(sides[1]):
        raise ImportFileError(
            f"lines of {zh}: {len(sides[0]):,}, of {en}: {len(sides[1]):,}; expected line for line "
            "the same text in two languages"
        )
    lines = enumerate(zip(*sides, strict=True), start=1)
    blocks = groupby(lines, key=lambda line: any(side.strip() for side in line[1]))
    for number, (_, block) in enumerate((kept for kept in blocks if kept[0]), start=1):
        for line, (one, other) in block:
            yield Unit(f"{zh}:{line}", f"{zh.stem}-{number}", one, other)


def rows(table: Table, columns: Mapping[str, str]) -> Iterator[Unit] | None:
    """Return the units of a table of both languages, or None.

    They are in the columns `zh` and `en`, or in one such as `translation` of {"zh": …, "en": …}.
    """
    names = {key: columns.get(key, key) for key in ("id", "translation", *LANGS)}
    if names["translation"] in table.names:
        return _units(table, names, lambda row: _sides(row.get(names["translation"])))
    if all(names[lang] in table.names for lang in LANGS):
        return _units(table, names, lambda row: {lang: row.get(names[lang]) for lang in LANGS})
    return None


def _units(table: Table, names: Mapping[str, str], sides: Any) -> Iterator[Unit]:
    for where, row in table.rows:
        both = sides(row)
        for lang in LANGS:
            if not isinstance(both.get(lang) or "", str):
                raise ImportFileError(f"{where}: {lang} must be a text")
        name = str(row.get(names["id"]) or "rows")
        yield Unit(where, name, both.get("zh") or "", both.get("en") or "")


def _sides(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, text in (value if isinstance(value, dict) else {}).items():
        lang = language_of(tag)
        if lang is not None:
            found.setdefault(lang, text)
    return found


def tmx(path: Path) -> Iterator[Unit]:
    """Yield the units of a TMX file that have both languages.

    No entity is expanded and nothing outside the file is read. Raises `ImportFileError`.
    """
    seen: set[str] = set()
    some = False
    try:
        parsed = etree.iterparse(
            ordinary(path), events=("end",), tag="{*}tu", resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False,
        )  # fmt: skip
        for _, unit in parsed:
            where = f"{path}:{unit.sourceline}"
            sides: dict[str, str] = {}
            for variant in unit.iterfind("{*}tuv"):
                tag = variant.get(_LANG) or variant.get("lang") or ""
                seen.add(tag)
                lang, segment = language_of(tag), variant.find("{*}seg")
                if lang is not None and segment is not None:
                    sides.setdefault(lang, _text(segment, where))
            stem, dot, number = (unit.get("tuid") or "").rpartition(".")
            name = stem if dot and number.isdigit() else path.stem
            unit.clear()
            while unit.getprevious() is not None:
                del unit.getparent()[0]
            if len(sides) == len(LANGS):
                some = True
                yield Unit(where, name, sides["zh"], sides["en"])
    except OSError as error:
        if not path.exists():
            raise ImportFileError(f"{path}: there is no such file") from None
        raise ImportFileError(f"{path}: cannot be read as TMX ({error})") from error
    except etree.XMLSyntaxError as error:
        raise ImportFileError(
            f"{path}:{error.lineno or 1}: expected TMX, which is XML ({error.msg})"
        ) from error
    if not some:
        raise ImportFileError(
            f"{path}: no unit has Chinese and English; its languages are: "
            f"{', '.join(sorted(seen)) or 'none'}"
        )


def _text(segment: Any, where: str) -> str:
    """Return the text of a segment without the code of other programs."""
    parts = [segment.text or ""]
    for child in segment:
        if child.tag is etree.Entity:
            raise ImportFileError(
                f"{where}: refers to the entity {child.text}, which is not expanded; write the "
                "text itself"
            )
        if isinstance(child.tag, str) and etree.QName(child).localname in _TEXTUAL:
            parts.append(_text(child, where))
        parts.append(child.tail or "")
    return "".join(parts)
