"""Detection of a page's encoding, also against its header and meta tag.

The order, and its reasons:

1. a byte-order mark, which nobody writes by accident;
2. UTF-8 that decodes without an error and has enough multi-byte characters: text in GBK or Big5
   practically never does, while pages that *declare* gb2312 and are UTF-8 are common;
3. the encoding of the header, then of the meta tag, widened to the superset that sites really use
   (gb2312 and gbk to gb18030, big5 to Big5-HKSCS, latin-1 to windows-1252), unless the bytes read
   clearly better in another encoding of the region;
4. the encoding in which the bytes read best.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawler.extract.mojibake import is_garbled, repaired
from crawler.marked import Text
from crawler.script import HAN

_META = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*+["']?\s*+([\w.:-]{2,40})"""
    rb"""|<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""",
    re.I,
)
_HEADER = re.compile(r"charset\s*=\s*+[\"']?\s*+([\w.:-]{2,40})", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# What a declared name means in practice: the superset that decodes everything sites put under it.
# Names without their signs, which sites write in many ways.
_SUPERSET = {
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows936": "gb18030",
    "hzgb2312": "hz",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "xxbig5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "usascii": "cp1252",
    "ascii": "cp1252",
    "windows1252": "cp1252",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
}
_REGION = ("gb18030", "big5hkscs", "utf-8")
_SAMPLE = 200_000
_BELOW_THREE = bytes(range(0xE0))
# Stretches of text: from a byte above ASCII through everything a second or fourth byte may be.
_STRETCH = re.compile(rb"[\x80-\xff][\x30-\xff]{1,400}")
_LONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_ASCII = bytes(range(0x80))
_PAIR = re.compile(rb"[\x80-\xff]{2}")
_WIDE = re.compile("[^\x00-\x7f]+")
_EUROPEAN = re.compile("[\u00a0-\u024f\u0370-\u03ff\u2000-\u206f\u20a0-\u23ff\u2500-\u2bff]+")
# Accented letters within a word: two or three in a row, so that they are not alone.
_ACCENTED = re.compile(
    "(?<=[A-Za-z])[\u00c0-\u024f]{2,3}(?![\u0250-\uffff])"
    "|(?<![\u0080-\uffff])[\u00c0-\u024f]{2,3}(?=[A-Za-z])"
)
# Text between tags, with a byte above ASCII; and two Han in a row, which GBK hardly ever resembles.
_PIECE = re.compile(rb"[^<>\r\n\x80-\xff]*[\x80-\xff][^<>\r\n]*")
_UTF8_HAN = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){3}")
_PAIR_OF_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""Rare Han as Java and older databases write them, among text in UTF-8."""
_ALONE, _MANY = 0.7, 8
"""Share of lone signs, and number of signs, from which they are European; set by hand."""
_ENOUGH = 4_000
"""Bytes of a sample that are judged."""
_ZEROS, _OTHERS = 0.02, 0.3
"""Share of zero bytes from which text may be UTF-16, and of those in the other halves of its
characters, where few Han have one. Set by hand, not measured."""
_FEW = 4
"""Characters of three or more bytes from which undeclared UTF-8 is no accident; set by hand."""
_PLAIN, _UNLIKELY = 0.9, 0.3
"""Quality of letters that are no Han, and in windows-1252 of those that come in pairs: accents and
quotation marks are alone among ASCII letters, Chinese is not. Set by hand, not measured."""
_PAIRED = 0.15
"""Share of paired bytes from which text in windows-1252 is unlikely; set by hand, not measured."""
_BROKEN = 4.0
"""Cost of a broken or private character, in ordinary ones; set by hand, not measured."""
_HAN = re.compile(f"[{HAN}]+")
_PRIVATE_OR_CONTROL = re.compile("[\ue000-\uf8ff\x80-\x9f]")
_RARE_GB = bytes(byte for byte in range(0x100) if not 0xB0 <= byte <= 0xD7)
_RARE_BIG5 = bytes(byte for byte in range(0x100) if not 0xA4 <= byte <= 0xC6)
"""First bytes of characters outside the common rows of GB 2312 and Big5."""
_GOOD, _AS_GOOD = 0.85, 0.05
"""Quality from which a declared codec is taken at once, and what it may lack; set by hand."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Page as text, its codec, and flags of what went wrong.

    `flags` may contain `charset_mismatch` (header or meta named another encoding, or a piece of the
    page is in another) and `mojibake` (characters were lost, or the text was garbled before it was
    sent and could not be turned back).
    """

    text: str
    encoding: str
    flags: tuple[str, ...] = ()


def decode(body: bytes, headers: Mapping[str, str]) -> Decoded:
    """Decode a page. Never raises; `headers` are matched without regard to case."""
    body = _PAIR_OF_SURROGATES.sub(_joined, body) if b"\xed" in body else body
    stated = _HEADER.search(header_value(headers, "content-type"))
    header = _known(stated)
    meta = _declared_inside(body)
    declared = [name for name in (header, meta) if name]
    whole = _is_utf8(body)
    wide = stated and re.match(r"utf-?16", stated[1], re.I)
    pieces = None if whole else _in_pieces(body, declared)
    text, encoding = pieces or ("", _choose(body, header, meta, whole, bool(wide)))
    text = repaired(text or _read(body, encoding))
    flags: list[str] = []
    if pieces or (any(name != encoding for name in declared) and not body.isascii()):
        flags.append("charset_mismatch")
    if is_garbled(text):
        flags.append("mojibake")
    text = text.replace("\x00", "")
    # Queries of its links are sent in its own encoding, whatever it declares.
    if encoding != "utf-8" or meta not in (None, "utf-8"):
        text = Text.of(text, encoding)
    return Decoded(text, encoding, tuple(flags))


def _joined(pair: re.Match[bytes]) -> bytes:
    """Return a character that was written as two surrogates.

    Of three bytes each, as CESU-8 has them.
    """
    try:
        halves = pair[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        return halves.decode("utf-16-le").encode()
    except UnicodeError:
        return pair[0]


def header_value(headers: Mapping[str, str], name: str) -> str:
    """Return a header's value, or nothing; `name` is in lower case."""
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _choose(body: bytes, header: str | None, meta: str | None, whole: bool, wide: bool) -> str:
    """Return the codec of a page.

    `whole` if it is valid UTF-8, `wide` if its header states UTF-16.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    if body.isascii() and b"\x00" not in body and not wide:
        return "hz" if "hz" in (header, meta) else "utf-8"
    if utf16 := _utf16(body, stated=wide):
        return utf16
    declared = [name for name in (header, meta) if name]
    claimed = "utf-8" in declared or not declared or _multibyte(body) >= _FEW
    if whole and (claimed or _is_latin(body.decode("utf-8"))):
        return "utf-8"
    if "big5hkscs" in declared and _quality(_wide(body), "big5hkscs") > _GOOD:
        return "big5hkscs"  # every other byte of its characters may be an ASCII letter
    if _alone(body):
        # No encoding of Chinese leaves single bytes among ASCII letters.
        return next((name for name in declared if name not in (*_REGION, "hz")), "cp1252")
    return _best(_wide(body), declared)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_latin(text: str) -> bool:
    """Return True if the signs above ASCII are those of European text.

    The bytes of such a sign make a Han in GBK: one alone among Latin letters is none, and more than
    a few that all make signs are no accident.
    """
    signs = _WIDE.findall(text)
    alone = sum(len(sign) == 1 for sign in signs) + len(_ACCENTED.findall(text))
    return all(map(_EUROPEAN.fullmatch, signs)) and (
        alone > _ALONE * len(signs) or len(signs) >= _MANY
    )


def _in_pieces(body: bytes, declared: list[str]) -> tuple[str, str] | None:
    """Return text and main codec of a page in two, or None.

    Pages are put together from pieces of several systems. Text between two tags is in one encoding.
    """
    if not _UTF8_HAN.search(body):
        return None
    ours = others = 0
    broken: list[bytes] = []
    for piece in _PIECE.findall(body):
        if _is_utf8(piece):
            ours += len(piece) if _UTF8_HAN.search(piece) else 0
        else:
            broken.append(piece)
            others += len(piece)
    if not ours or not others:
        return None
    rest = [name for name in declared if name != "utf-8"]
    other = _best(_wide(b"\n".join(broken)), rest)
    if other == "utf-8":
        return None  # a damaged page in one encoding

    def read(piece: re.Match[bytes]) -> bytes:
        if _is_utf8(piece[0]) and (_UTF8_HAN.search(piece[0]) or ours > others):
            return piece[0]
        good = max(("utf-8", other), key=lambda name: _quality(piece[0], name))
        return _read(piece[0], good).encode("utf-8", "replace")

    return _PIECE.sub(read, body).decode("utf-8", "replace"), "utf-8" if ours > others else other


def _best(sample: bytes, declared: list[str]) -> str:
    """Return the codec in which a sample reads best.

    A declared one, if that reads as good.
    """
    if declared and _quality(sample, declared[0]) > _GOOD:
        return declared[0]
    candidates = list(dict.fromkeys([*declared, *_REGION, "cp1252"]))
    scores = {name: _quality(sample, name) for name in candidates}
    best = max(candidates, key=lambda name: scores[name])
    return next((name for name in declared if scores[name] >= scores[best] - _AS_GOOD), best)


def _alone(body: bytes) -> bool:
    """Return True if bytes above ASCII are isolated, as in one-byte text.

    Its accents and quotation marks are.
    """
    high = len(body[:_SAMPLE].translate(None, _ASCII))
    return len(_LONE.findall(body[:_SAMPLE])) > 0.8 * high > 0


def _wide(body: bytes) -> bytes:
    """Return a bounded sample of a page's text without ASCII markup."""
    found: list[bytes] = []
    total = 0
    for stretch in _STRETCH.finditer(body):
        found.append(stretch.group())
        total += len(found[-1])
        if total > _ENOUGH:
            break
    return b"\n".join(found)


def _quality(sample: bytes, name: str) -> float:
    """Return the plausibility of `sample` in a codec.

    1 is ordinary text, 0 or less garbage. Chinese text uses the first-level characters of its own
    standard (GB 2312 rows 16-55, Big5 frequently used characters): more than nine in ten are there.
    The same bytes in the other standard scatter over rare characters.
    """
    text = sample.decode(name, "replace")
    wide = len(text) - len(text.encode("ascii", "ignore"))
    if not wide:
        return 1.0
    broken = text.count("\ufffd")
    odd = len(_PRIVATE_OR_CONTROL.findall(text))
    han = "".join(_HAN.findall(text))
    common = 0.0
    if han:
        gb = han.encode("gb2312", "ignore")[::2].translate(None, _RARE_GB)
        big = han.encode("big5", "ignore")[::2].translate(None, _RARE_BIG5)
        common = max(len(gb), len(big)) / len(han)
    letters = wide - broken - odd - len(han)
    plain = (
        _UNLIKELY if name == "cp1252" and len(_PAIR.findall(sample)) > _PAIRED * wide else _PLAIN
    )
    usual = (common * len(han) + plain * letters) / wide
    return usual - _BROKEN * (broken + odd) / wide


def _read(body: bytes, encoding: str) -> str:
    text = body.decode(encoding, "replace").removeprefix("\ufeff")
    if encoding == "big5hkscs" and "\ufffd" in text:
        # Taiwan's pages use code points that Microsoft added and Hong Kong's set lacks.
        other = body.decode("cp950", "replace")
        if other.count("\ufffd") < text.count("\ufffd"):
            return other
    return text


def _multibyte(body: bytes) -> int:
    """Count lead bytes of characters of three or more UTF-8 bytes.

    In valid UTF-8, of the start of a page.
    """
    return len(body[:_SAMPLE].translate(None, _BELOW_THREE))


def _utf16(body: bytes, *, stated: bool) -> str | None:
    """Return a UTF-16 codec for a page without a mark, or None.

    Every other byte of its ASCII signs is zero. A text of Han alone has none: then the header must
    have `stated` it.
    """
    start = body[:_ENOUGH]
    even, odd = start[::2].count(0), start[1::2].count(0)
    some = even + odd > _ZEROS * len(start) and min(even, odd) <= _OTHERS * max(even, odd)
    if len(start) < 16 or not (some or stated):
        return None
    names = ("utf-16-le", "utf-16-be")
    likely = names[even > odd :][:1] if some else names
    best = max(likely, key=lambda name: _quality(start, name))
    return best if _quality(start, best) > _GOOD else None


def _declared_inside(body: bytes) -> str | None:
    found = None
    for length in (16_384, _SAMPLE):  # styles and scripts of a whole system may stand before it
        head = body[:length]
        if b"<!--" in head:
            end = (
                head.rfind(b"-->") + 3
            )  # after it no comment is closed, and each is searched in vain
            head = _COMMENT.sub(b"", head[:end]) + head[end:]
        if found := _META.search(head):
            break
    if not found:
        return None
    raw = found.group(1) or found.group(2)
    return _codec(raw.decode("ascii", "ignore"))


def _known(found: re.Match[str] | None) -> str | None:
    return _codec(found.group(1)) if found else None


def _codec(name: str) -> str | None:
    """Return the codec for a declared charset name, or None."""
    name = name.lower().strip("\"' ;")
    plain = re.sub(r"[^a-z0-9]", "", name)
    if plain in _SUPERSET:
        return _SUPERSET[plain]
    try:
        "x".encode(name)
    except (LookupError, ValueError, TypeError):
        return None
    return None if name.startswith(("utf-16", "utf-32")) else name
