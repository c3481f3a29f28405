"""Text garbled before it was sent: its signs and a certain repair.

A site that read UTF-8 letter by letter, or as GBK, and wrote the result as UTF-8 sends pages that
decode without an error. The way back is certain if every character of a stretch returns to bytes
that are valid UTF-8: other text practically never does.
"""

import re
from itertools import islice

from crawler.script import HAN, outside_ascii

_SAMPLE = 200_000
"""Characters of a page that are looked at for signs."""
_GARBLED = 0.002
"""Signs per character outside ASCII from which a text is garbled; set by hand, not measured."""
_FEWEST_BYTES = 6
"""Bytes of a stretch of Han that is turned back: two characters; set by hand, not measured."""
_RUNS = 200
"""Stretches that are tried before a page is taken for right; set by hand, not measured."""
_COMMON = 0.85
"""Share of first-level Han from which text read as GBK is ordinary; set by hand, not measured."""

# Signs of text that went through a wrong decoder before it reached us: lost characters; UTF-8 read
# as GBK; UTF-8 read as windows-1252; GBK read as latin-1. The first characters, quick to look for,
# show if the slow pattern is worth running.
_SIGNS = "\ufffd锟烫屯鐨鏄浜鍦涓鏈锛銆鈥âÃÂÐÖÊÕ"
_MOJIBAKE = re.compile(
    "\ufffd|锟斤|斤拷|烫烫烫|屯屯屯"
    "|[鐨鏄浜鍦涓鏈][勩殑浗鈥涓]|锛[屻岋]|銆[傚]|鈥[滃檚]"
    "|â€[™œ\u009d“”˜¦]|Ã[©¨¤¶¼±³¡]|Â[·»«°©®]"
    "|(?:[À-ß][¡-ÿ]){3}"
    # C1 controls and long runs of accented letters: Chinese in a decoder of one byte a letter.
    # Frames and lone kana among Han (but not の, which Chinese borrows): Big5 in GBK's decoder.
    "|[\x80-\x9f]|[¡-ÿŒœŠšŸŽž]{5}|"
    f"[{HAN}][\u2500-\u257f\u3041-\u306d\u306f-\u30f6][{HAN}]"
)
_SIGN = re.compile(f"[{_SIGNS}\x80-\x9f\u2500-\u257f\u3041-\u30f6]|[¡-ÿ]{{3}}")
_MAY_BE = re.compile(f"[{_SIGNS}\x80-ÿ\u2500-\u257f\u3041-\u30f6]")  # five times as quick
# windows-1252 with the bytes it leaves undefined, as browsers read them.
_LETTERS = bytes(range(0x80, 0x100)).decode("cp1252", "replace")
_BYTE_OF = {
    ord(letter if letter != "\ufffd" else chr(byte)): byte
    for byte, letter in enumerate(_LETTERS, 0x80)
} | {code: code for code in range(0x80, 0x100)}
_LETTER = re.escape("".join(map(chr, _BYTE_OF)))
_LETTERS_RUN = re.compile(f"[{_LETTER}]{{2,}}")
_DOUBLED = re.compile(f"[\u00c2-\u00f4][{_LETTER}]")
"""Start of a character of UTF-8 that was read letter by letter."""
_BLANK = bytes(0x20 if byte < 0x80 else byte for byte in range(0x100))
_LONG = 6
"""Characters of a stretch that is tried; set by hand, not measured."""
_WIDE_RUN = re.compile("[^\x00-\x7f]+")
_HAN = re.compile(f"[{HAN}]")
_MAY_BEGIN = frozenset(
    pair.decode("gb18030")
    for lead in range(0xC2, 0xF5)
    for pair in (bytes((lead, trail)) for trail in range(0x80, 0xC0))
)
"""Characters whose two bytes in GBK may begin a character of UTF-8."""


def is_garbled(text: str) -> bool:
    """Return True for a text with plain signs of a wrong decoding."""
    return garbled(text) > _GARBLED


def garbled(text: str) -> float:
    """Return signs of a wrong decoding per non-ASCII character.

    0 for clean text.
    """
    sample = text[:_SAMPLE]
    # Most of a page is markup, and every sign is outside ASCII.
    seen = outside_ascii(sample)
    first = _MAY_BE.search(seen)
    if not first or not _SIGN.search(seen, first.start()):
        return 0.0
    hits = sum(1 for _ in _MOJIBAKE.finditer(_wide(sample)))
    # A stray replacement character or two is a typing slip of the site, not a wrong decoder.
    return hits / len(seen) if hits > 2 else 0.0


def repaired(text: str) -> str:
    """Return a text with doubly encoded stretches turned back.

    Stretches that do not turn back entirely stay as they are; so does text in which characters were
    lost all over.
    """
    if text.isascii():
        return text
    # Most of a page is ASCII: only the rest shows if the slow patterns are worth running.
    rest = now = _wide(text)
    if _DOUBLED.search(rest):
        text = _LETTERS_RUN.sub(_of_letters, text)
        now = _wide(text)
    if not _HAN.search(rest):
        return text
    long = [run for run in now.split(" ") if len(run) >= _LONG]
    # The first characters of all stretches at once: in nearly all texts none can be turned back.
    if _MAY_BEGIN.isdisjoint(run[0] for run in long):
        return text
    if all(_of_han(run) == run for run in islice(long, _RUNS)):
        return text
    turned = _WIDE_RUN.sub(lambda run: _of_han(run[0]), text)
    return text if is_garbled(turned) else turned  # half a text would be worse than none


def _wide(text: str) -> str:
    """Return the stretches of a text outside ASCII, with blanks between."""
    return b" ".join(text.encode("utf-8", "replace").translate(_BLANK).split()).decode()


def _of_letters(run: re.Match[str]) -> str:
    """Return UTF-8, or GBK, that was read letter by letter."""
    data = bytes(_BYTE_OF[ord(letter)] for letter in run[0])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030") if len(data) >= _FEWEST_BYTES else ""
    except UnicodeDecodeError:
        return run[0]
    han = "".join(_HAN.findall(text))
    first = sum(0xB0 <= byte <= 0xD7 for byte in han.encode("gb2312", "ignore")[::2])
    return text if 2 * len(han) > len(text) and first > _COMMON * len(han) else run[0]


def _of_han(run: str) -> str:
    """Return UTF-8 that was read as GBK."""
    if run[0] not in _MAY_BEGIN:
        return run  # as nearly all ordinary text
    try:
        data = run.encode("gb18030")
        return data.decode("utf-8") if len(data) >= _FEWEST_BYTES else run
    except UnicodeError:
        return run
