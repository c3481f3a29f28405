"""First sheets of workbooks (XLSX, ECMA-376) as rows of texts.

Every cell is written as a text, in columns that are formatted as text, so that a spreadsheet
changes none of them. Read are the cells as Excel, LibreOffice and WPS store them: shared and
inline strings, numbers, truth values, and dates, which become ISO 8601.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from crawler.errors import ShizhengError
from crawler.unpacking import BROKEN_ZIP

LARGEST = 200_000_000
"""Bytes of a part of a workbook at most, unpacked; set by hand."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_NO_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_DATE = re.compile(r'[ymdhs](?=(?:[^"]*"[^"]*")*[^"]*$)', re.IGNORECASE)
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}


class WorkbookError(ShizhengError):
    """A file that is no workbook, with its fault in words."""


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows of texts as a workbook, byte for byte the same."""
    sheet = io.StringIO()
    sheet.write(f'<worksheet xmlns="{_MAIN}"><cols><col min="1" max="99" width="18" style="1"/>')
    sheet.write("</cols><sheetData>")
    for number, row in enumerate(rows, 1):
        sheet.write(f'<row r="{number}">')
        for at, text in enumerate(row):
            if text:
                ref = f"{_letters(at)}{number}"
                sheet.write(f'<c r="{ref}" s="1" t="inlineStr"><is><t xml:space="preserve">')
                sheet.write(f"{_escape(text)}</t></is></c>")
        sheet.write("</row>")
    sheet.write("</sheetData></worksheet>")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in (*_PARTS.items(), ("xl/worksheets/sheet1.xml", sheet.getvalue())):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, f'<?xml version="1.0" encoding="UTF-8"?>{content}'.encode())
    return made.getvalue()


def read(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the first sheet's rows as texts with their numbers.

    Raises `WorkbookError` for a file that is no workbook.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except BROKEN_ZIP as error:
        raise WorkbookError("not a workbook (.xlsx); save it as one") from error
    try:
        book = _part(package, "xl/workbook.xml")
        strings = [_text(one) for one in _part(package, "xl/sharedStrings.xml", or_none=True)]
        dates = _date_styles(_part(package, "xl/styles.xml", or_none=True))
        sheet = _part(package, _first_sheet(package, book))
        options = book.find(f"{{{_MAIN}}}workbookPr")
        from_1904 = options is not None and options.get("date1904") in ("1", "true")
        start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
        for number, row in enumerate(sheet.iter(f"{{{_MAIN}}}row"), 1):
            cells: list[str] = []
            for cell in row.iter(f"{{{_MAIN}}}c"):
                at = _column(cell.get("r")) if cell.get("r") else len(cells)
                cells += [""] * (at - len(cells))
                cells[at:] = [_value(cell, strings, dates, start)]
            yield int(row.get("r") or number), cells
    except (KeyError, ValueError, IndexError, OverflowError, etree.LxmlError) as error:
        raise WorkbookError(f"a damaged workbook ({str(error)[:100]}); save it again") from error
    except BROKEN_ZIP as error:
        raise WorkbookError(
            "a damaged or encrypted workbook; save it without a password"
        ) from error


def _part(package: zipfile.ZipFile, name: str, *, or_none: bool = False) -> Any:
    """Return a part's root, an empty one if the part may lack."""
    if or_none and name not in package.namelist():
        return etree.Element("none")
    if package.getinfo(name).file_size > LARGEST:
        raise WorkbookError(f"a workbook of more than {LARGEST // 1_000_000} MB; divide it")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    with package.open(name) as stream:
        return etree.fromstring(stream.read(LARGEST), parser)


def _first_sheet(package: zipfile.ZipFile, book: Any) -> str:
    wanted = next(book.iter(f"{{{_MAIN}}}sheet"), None)
    if wanted is None:
        raise WorkbookError("a workbook without a sheet")
    for link in _part(package, "xl/_rels/workbook.xml.rels"):
        if link.get("Id") == wanted.get(f"{{{_LINKS}}}id"):
            target = link.get("Target") or ""
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError("its first sheet")


def _date_styles(styles: Any) -> list[bool]:
    """Return whether each cell style shows a number as a date."""
    own = {
        one.get("numFmtId"): bool(
            _DATE.search(re.sub(r"\[[^]]*\]|\\.", "", one.get("formatCode", "")))
        )
        for one in styles.iter(f"{{{_MAIN}}}numFmt")
    }
    listed = styles.find(f"{{{_MAIN}}}cellXfs")
    found = [one.get("numFmtId", "0") for one in (listed if listed is not None else ())]
    return [own.get(key, int(key) in _BUILT_IN_DATES) for key in found]


def _value(cell: Any, strings: Sequence[str], dates: Sequence[bool], start: datetime) -> str:
    kind, content = cell.get("t", "n"), cell.find(f"{{{_MAIN}}}v")
    if kind == "inlineStr":
        inline = cell.find(f"{{{_MAIN}}}is")
        return _text(inline) if inline is not None else ""
    text = "" if content is None else content.text or ""
    if kind == "s":
        return strings[_place(text)]
    if kind in ("str", "d", "e"):
        return _unescape(text)
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if not text:
        return ""
    number, style = float(text), _place(cell.get("s", "0"))
    if style < len(dates) and dates[style]:
        when = start + timedelta(milliseconds=round(number * 86_400_000))
        return when.isoformat(sep=" ")
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else text


def _place(text: str) -> int:
    """Return a number from 0. Raises `ValueError`."""
    number = int(text)
    if number < 0:
        raise ValueError(f"place {number} of a list")
    return number


def _text(string: Any) -> str:
    """Return the text of a string, without readings of its characters."""
    parts = (
        one.text or ""
        for one in string.iter(f"{{{_MAIN}}}t")
        if one.getparent().tag != f"{{{_MAIN}}}rPh"
    )
    return _unescape("".join(parts))


def _escape(text: str) -> str:
    coded = _NO_XML.sub(lambda hit: f"_x{ord(hit[0]):04X}_", text)
    return coded.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), text)


def _letters(column: int) -> str:
    name = ""
    while column >= 0:
        name, column = chr(65 + column % 26) + name, column // 26 - 1
    return name


def _column(ref: str) -> int:
    number = 0
    for letter in ref.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - 64
    if not 0 < number <= 16_384:
        raise ValueError(f"a cell {ref[:20]}")
    return number - 1


_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="b" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
        '<sheet name="verdicts" sheetId="1" r:id="s"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="s" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="t" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>'
    ),
    # Two styles: none, and text (49).
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/>'
        '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}
