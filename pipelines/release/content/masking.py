"""Masking of private telephone numbers, e-mail addresses and identity numbers.

A mask is one asterisk for each character, so every offset into a text stays right. Not masked:
short numbers (12345, 110, 95xxx), 400 and 800 numbers, e-mail addresses of government domains, and
landlines that belong to an office and to no person by the words before them. Mobile numbers are
always masked: even an official's is a person's. Names are never masked here.

Sources: numbering plan of the telephone network (area codes 010, 02x, 03xx-09xx; mobiles 13x-19x);
GB 11643 (18 digits, check character by ISO 7064 MOD 11-2) and the older 15 digits; RFC 5322 as far
as addresses are written in news.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from crawler.phrases import alternatives
from pipelines.text.script import simplified

# Full-width digits, letters and signs are compared as their ASCII forms: one character each.
_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Between the groups of a number: one space, dash or middle dot.
_S = r"[ \u00a0\u3000\-‐-―·]?"
_BEFORE = r"(?<![\d_/=&#])(?<!\d[.,])"
_AFTER = r"(?!\d)(?!\.\d)"
_COUNTRY = rf"(?:[(]?(?:\+|00)86[)]?{_S}|(?<!\d)86[- ])?"
_WORDS = "pipelines.release.content/contact_words.tsv"
_QUANTITY = rf"(?!\s*(?:余|多)?\s*{alternatives(_WORDS, 'quantity')})"

_MOBILE = re.compile(
    rf"{_BEFORE}{_COUNTRY}1[3-9]\d(?:{_S}\d{{4}}{_S}\d{{4}}|{_S}\d{{3}}{_S}\d{{5}})"
    rf"{_AFTER}{_QUANTITY}",
    re.IGNORECASE,
)
_AREA = r"(?:10|2\d|[3-9]\d{2})"
_LANDLINE = re.compile(
    rf"{_BEFORE}(?:"
    rf"(?:\+|00)86{_S}\(?0?{_AREA}\)?{_S}\d{{3,4}}{_S}\d{{4}}|"
    rf"(?<!\d)86-0?{_AREA}{_S}\d{{3,4}}{_S}\d{{4}}|"
    rf"\(0{_AREA}\){_S}\d{{3,4}}{_S}\d{{4}}|"
    rf"0{_AREA}{_S}\d{{3,4}}{_S}\d{{4}})"
    rf"(?:{_S}(?:转|ext\.?)\s?\d{{1,6}}|-\d{{1,5}})?{_AFTER}{_QUANTITY}",
    re.IGNORECASE,
)
_ABROAD = re.compile(
    rf"{_BEFORE}(?:\+|00)(?!86)[1-9]\d{{0,2}}{_S}(?:\(\d{{1,4}}\){_S})?\d{{2,4}}"
    rf"(?:{_S}\d{{2,4}}){{1,3}}{_AFTER}"
)
# Seven or eight digits are a telephone number only after a word for one.
_LOCAL = re.compile(
    rf"{alternatives(_WORDS, 'telephone')}"
    rf"[^\d\n。；;]{{0,10}}(?P<number>[2-9]\d{{2,3}}{_S}\d{{4}}){_AFTER}{_QUANTITY}",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9.%+-])[A-Za-z0-9][A-Za-z0-9._%+-]*(?:@|\s?[\[(]at[\])]\s?)"
    r"(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)
_OFFICIAL_DOMAIN = re.compile(r"(?:^|\.)gov\.(?:cn|hk|mo|taipei|tw)$", re.IGNORECASE)
_ID18 = re.compile(
    rf"(?<![\dA-Za-z])[1-9]\d{{5}}{_S}(?:18|19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"{_S}\d{{3}}[\dXx](?![\dA-Za-z])"
)
_ID15 = re.compile(r"(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\d{7,8}(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_OFFICE, _PERSON, _ID_WORDS, _PASSPORT_WORDS = (
    re.compile(alternatives(_WORDS, name), re.IGNORECASE)
    for name in ("office", "person", "identity", "passport")
)
_LINE_END = re.compile(r"[\n。；;！？!?]|\.\s")
_DOCUMENT_REACH = 20
"""Characters before a number searched for the name of a document; set by hand."""
_REACH = 48
"""Characters before a number, within its sentence, searched for its owner; set by hand."""

# RE2 syntax, for Arrow: a text without a match has nothing to be masked.
_SUSPECT = r"[@＠]|[\[(（]at[\])）]|[0-9０-９](?:[ \x{a0}\x{3000}\-－‐-―·()（）]{0,2}[0-9０-９]){6}"
# The same for Python, which is ten times as fast where a pattern begins with one set of characters.
_SUSPECT_HERE = re.compile(
    r"[@＠\[(（0-9０-９]"
    r"(?:(?<=[@＠])|(?<=[\[(（])at[\])）]|"
    r"(?<=[0-9０-９])(?:[ \u00a0\u3000\-－‐-―·()（）]{0,2}[0-9０-９]){6})"
)


@dataclass(frozen=True, slots=True)
class Mask:
    """A masked span: offsets in characters, end exclusive, and its kind."""

    start: int
    end: int
    kind: str


class Masker:
    """Masker of contact data, and of `contacts` in any spacing."""

    def __init__(self, contacts: Iterable[str] = ()) -> None:
        contacts = sorted(contacts)
        wanted = [_spaced(contact.translate(_WIDTHS)) for contact in contacts]
        self._contacts = re.compile("|".join(wanted), re.IGNORECASE) if wanted else None
        written = sorted({*contacts, *(contact.translate(_WIDTHS) for contact in contacts)})
        self._suspect = "|".join(
            [_SUSPECT, *(f"(?i:{_spaced(contact, re2=True)})" for contact in written)]
        )
        self._written = (
            re.compile("|".join(_spaced(contact) for contact in written), re.IGNORECASE)
            if written
            else None
        )

    def masks(self, text: str) -> list[Mask]:
        """Return the masks of a text, in order and without overlaps."""
        found: list[Mask] = []
        # A line at a time: nothing reaches over its end, and most lines have no number at all.
        for start, end in self._suspect_lines(text):
            found += [
                Mask(start + m.start, start + m.end, m.kind) for m in self._of_line(text[start:end])
            ]
        return found

    def _suspect_lines(self, text: str) -> list[tuple[int, int]]:
        """Return start and end of lines that may need masks, in order."""
        lines = set()
        for pattern in (_SUSPECT_HERE, self._written):
            at = 0
            while pattern is not None and (match := pattern.search(text, at)):
                end = text.find("\n", match.start())
                at = len(text) if end < 0 else end
                lines.add((text.rfind("\n", 0, match.start()) + 1, at))
        return sorted(lines)

    def _of_line(self, text: str) -> list[Mask]:
        text = text.translate(_WIDTHS)
        found = [*_identities(text), *_telephones(text)]
        if "@" in text or "at" in text:
            found += _emails(text)
        if self._contacts is not None:
            found += [Mask(*m.span(), "withdrawn") for m in self._contacts.finditer(text)]
        kept: list[Mask] = []
        for mask in sorted(found, key=lambda mask: (mask.start, -mask.end)):
            if kept and mask.start < kept[-1].end:
                kept[-1] = Mask(kept[-1].start, max(kept[-1].end, mask.end), kept[-1].kind)
            else:
                kept.append(mask)
        return kept

    def mask(self, text: str) -> str:
        """Return a text masked, of the same length."""
        return applied(text, self.masks(text))

    def found(self, values: pa.Array, counts: Counter[str] | None = None) -> dict[int, list[Mask]]:
        """Return the masks of a column by row; count them by kind."""
        suspects = pc.fill_null(pc.match_substring_regex(values, self._suspect), False)
        every = (
            (row, self.masks(values[row].as_py()))
            for row in pc.indices_nonzero(suspects).to_pylist()
        )
        found = {row: masks for row, masks in every if masks}
        if counts is not None:
            counts.update(mask.kind for masks in found.values() for mask in masks)
        return found

    def column(self, values: pa.Array, counts: Counter[str] | None = None) -> pa.Array:
        """Return a column of strings masked; count the masks by kind."""
        return masked(values, self.found(values, counts))


def masked(values: pa.Array, found: Mapping[int, Iterable[Mask]]) -> pa.Array:
    """Return a column of strings with the masks found in its rows."""
    if not found:
        return values
    news = [applied(values[row].as_py(), masks) for row, masks in found.items()]
    return pc.replace_with_mask(
        values, flags_at(found, len(values)), pa.array(news, type=values.type)
    )


def applied(text: str, masks: Iterable[Mask]) -> str:
    """Return `text` with its masks, which are in order, as asterisks."""
    parts, at = [], 0
    for mask in masks:
        parts += [text[at : mask.start], "*" * (mask.end - mask.start)]
        at = mask.end
    return "".join([*parts, text[at:]])


def flags_at(positions: Iterable[int], length: int) -> pa.Array:
    """Return `length` booleans, true at `positions`."""
    flags = bytearray(length)
    for position in positions:
        flags[position] = 1
    return pc.cast(pa.array(memoryview(flags), type=pa.uint8()), pa.bool_())


def valid_identity(number: str) -> bool:
    """Return True if an 18-digit number has its check character (GB 11643)."""
    digits = [int(char) for char in number[:17]]
    total = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def _identities(text: str) -> Iterable[Mask]:
    for match in _ID18.finditer(text):
        number = re.sub(_S[:-1] + "+", "", match.group())
        if valid_identity(number) or _ID_WORDS.search(
            text, max(0, match.start() - _DOCUMENT_REACH), match.start()
        ):
            yield Mask(*match.span(), "identity")
    for pattern, words in ((_ID15, _ID_WORDS), (_PASSPORT, _PASSPORT_WORDS)):
        for match in pattern.finditer(text):
            if words.search(text, max(0, match.start() - _DOCUMENT_REACH), match.start()):
                yield Mask(*match.span(), "identity")


def _emails(text: str) -> Iterable[Mask]:
    for match in _EMAIL.finditer(text):
        if not _OFFICIAL_DOMAIN.search(match["domain"]):
            yield Mask(*match.span(), "email")


def _telephones(text: str) -> Iterable[Mask]:
    for match in _MOBILE.finditer(text):
        yield Mask(*match.span(), "mobile")
    for pattern in (_LANDLINE, _ABROAD):
        for match in pattern.finditer(text):
            if not _of_office(text, match.start()):
                yield Mask(*match.span(), "landline")
    for match in _LOCAL.finditer(text):
        if not _of_office(text, match.start("number")):
            yield Mask(*match.span("number"), "landline")


def _of_office(text: str, start: int) -> bool:
    """Return True if the words before a number are an office's."""
    before = text[max(0, start - _REACH) : start]
    ends = [match.end() for match in _LINE_END.finditer(before)]
    before = simplified(before[ends[-1] :] if ends else before)
    return bool(_OFFICE.search(before)) and not _PERSON.search(before)


def _spaced(contact: str, *, re2: bool = False) -> str:
    """Return a pattern for a contact in any spacing of its digits."""
    between = r"[ \x{a0}\x{3000}\-－‐-―·]{0,2}" if re2 else r"[ \u00a0\u3000\-－‐-―·]{0,2}"
    digits = re.sub(r"[\s\-－‐-―·()（）+]", "", contact)
    if digits.isdecimal():
        return between.join(f"[{d}{chr(0xFF10 + int(d))}]" for d in digits)
    return re.escape(contact)
