"""Authored articles of the miniature web, loaded strictly.

An error names file and key. One YAML file is a list of articles. A body's line is a paragraph. In
bodies of pairs with sentence gold, `{n}` opens bead n; the run lasts until the next marker or the
end of the paragraph. Markers are for gold only: `Entry.paragraphs` has none. An article with `trap:
interleaved` is written as its page reads, Chinese and English by turns, title included, and becomes
two entries, each the other's counterpart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import yaml

from crawler.errors import ExitCode, ShizhengError
from crawler.item import NEWS_TIME, RELATIONS
from crawler.script import HAN

CONTENT_DIR = Path(__file__).parent / "content"

COLUMNS = {"zh": ("news", "notices", "reports"), "en": ("news", "notices")}
TRAPS = (
    "gb18030",  # declared GB2312, with characters that only GB18030 has
    "lying_charset",  # UTF-8 bytes under a header with gb2312
    "twins",  # also there as print and mobile page and with a tracking query
    "repost",  # another source's nearly equal text: `repost_of` names the original
    "yesterday",  # gives its day by "Yesterday" alone
    "redirect",  # listed under an old URL
    "multipage",  # three pages, linked by a script only
    "traditional",  # in Traditional characters
    "interleaved",  # one page with both languages, paragraph by paragraph
)
_KEYS = ("key", "lang", "column", "title", "date", "source", "body")
_OPTIONAL = ("counterparts", "relation", "beads", "trap", "repost_of")
# libyaml, where PyYAML was built with it, reads the content in a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HAN = re.compile(rf"[{HAN}]")
_MARKER = re.compile(r"\{(\d+)\}")


class ContentError(ShizhengError):
    """Unusable authored content; the message names file, article and expectation."""

    exit_code = ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one paragraph that belongs to gold bead `bead`."""

    bead: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Authored article.

    `counterparts` are keys of the Chinese articles that it reports (English only); `runs` are the
    gold runs of its body, in order, empty without sentence gold.
    """

    city: str
    key: str
    lang: str
    column: str
    title: str
    date: datetime
    source: str
    paragraphs: tuple[str, ...]
    runs: tuple[Run, ...] = ()
    counterparts: tuple[str, ...] = ()
    relation: str | None = None
    beads: bool = False
    trap: str | None = None
    repost_of: str | None = None

    @property
    def text(self) -> str:
        """The body as extraction should give it: paragraphs joined by one newline."""
        return "\n".join(self.paragraphs)


def load_content(folder: Path = CONTENT_DIR) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of every city (a subfolder each), by city.

    In the order of the files. Raises `ContentError` for the first fault.
    """
    cities = {
        path.name: _load_city(path)
        for path in sorted(folder.iterdir() if folder.is_dir() else ())
        if path.is_dir() and any(path.glob("*.yaml"))
    }
    if not cities:
        raise ContentError(f"{folder}: expected one folder per city with *.yaml files, found none")
    return cities


def _load_city(folder: Path) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    files: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        for number, fields in enumerate(_articles(path), start=1):
            for entry in _by_language(path, _entry(path, number, fields, folder.name)):
                if entry.key in entries:
                    _fail(path, entry.key, f"the key is also in {files[entry.key].name}")
                entries[entry.key], files[entry.key] = entry, path
    for entry in entries.values():
        _check_links(files[entry.key], entry, entries)
    return tuple(entries.values())


def _articles(path: Path) -> Sequence[Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(f"{path}: not YAML in UTF-8: {error}") from error
    if not isinstance(data, list):
        raise ContentError(f"{path}: expected a list of articles (- key: ...)")
    return data


def _entry(path: Path, number: int, fields: object, city: str) -> Entry:
    if not isinstance(fields, Mapping):
        _fail(path, f"article {number}", "expected a mapping with key:, lang:, ...")
    key = str(fields.get("key") or f"article {number}")
    _check_fields(path, key, fields)
    lines = [line.strip() for line in str(fields["body"]).splitlines() if line.strip()]
    paragraphs = tuple(_MARKER.sub("", line).strip() for line in lines)
    if any("{" in paragraph or "}" in paragraph for paragraph in paragraphs):
        _fail(path, key, "braces are for markers like {3} only")
    return Entry(
        city=city,
        key=key,
        lang=str(fields["lang"]),
        column=str(fields["column"]),
        title=str(fields["title"]).strip(),
        date=_moment(path, key, str(fields["date"])),
        source=str(fields["source"]).strip(),
        paragraphs=paragraphs,
        runs=_runs(path, key, lines),
        counterparts=tuple(str(other) for other in fields.get("counterparts") or ()),
        relation=fields.get("relation"),
        beads=bool(fields.get("beads")),
        trap=fields.get("trap"),
        repost_of=fields.get("repost_of"),
    )


def _check_fields(path: Path, key: str, fields: Mapping[str, Any]) -> None:
    for name in _KEYS:
        if not str(fields.get(name) or "").strip():
            _fail(path, key, f"lacks {name}:")
    for name in fields:
        if name not in _KEYS + _OPTIONAL:
            _fail(path, key, f"unknown field {name!r}; known: {', '.join(_KEYS + _OPTIONAL)}")
    lang = str(fields["lang"])
    if lang not in COLUMNS or not key.startswith(f"{lang}-"):
        _fail(path, key, f"lang must be zh or en and begin the key, not {lang!r}")
    _choice(path, key, "column", fields["column"], COLUMNS[lang])
    _choice(path, key, "trap", fields.get("trap"), (None, *TRAPS))
    _choice(path, key, "relation", fields.get("relation"), (None, *RELATIONS))
    counterparts = fields.get("counterparts") or []
    if not isinstance(counterparts, list) or bool(counterparts) != bool(fields.get("relation")):
        _fail(path, key, "counterparts: is a list of keys and goes with relation:")
    if counterparts and lang != "en":
        _fail(path, key, "only English articles name their counterparts")


def _moment(path: Path, key: str, written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=NEWS_TIME)
    except ValueError:
        _fail(path, key, f"date must be like 2024-03-05 09:30, not {written!r}")


def _by_language(path: Path, entry: Entry) -> tuple[Entry, ...]:
    """Return the entry, or the two of an interleaved page.

    The Chinese one first.
    """
    if entry.trap != "interleaved":
        return (entry,)
    zh = tuple(line for line in entry.paragraphs if _HAN.search(line))
    en = tuple(line for line in entry.paragraphs if not _HAN.search(line))
    title = re.fullmatch(rf"(.*[{HAN}\uff01-\uff5e]\S*)\s+([^{HAN}]+)", entry.title)
    if entry.lang != "zh" or entry.runs or title is None:
        _fail(path, entry.key, "interleaved: a zh- article, Chinese title first, without markers")
    if len(zh) != len(en) or entry.column not in COLUMNS["en"]:
        _fail(path, entry.key, "interleaved: as many Chinese as English lines, in news or notices")
    chinese = replace(entry, title=title[1], paragraphs=zh)
    english = replace(
        entry,
        key=f"en-{entry.key.removeprefix('zh-')}",
        lang="en",
        title=title[2],
        paragraphs=en,
        counterparts=(entry.key,),
        relation="translation",
    )
    return chinese, english


def _runs(path: Path, key: str, lines: Sequence[str]) -> tuple[Run, ...]:
    """Return the marked runs of a body.

    If any line is marked, every character must be in a run.
    """
    runs: list[Run] = []
    if not any(_MARKER.search(line) for line in lines):
        return ()
    for line in lines:
        before, *marked = _MARKER.split(line)
        if before.strip():
            _fail(path, key, f"text before the first marker of a paragraph: {before[:30]!r}")
        for number, text in zip(marked[::2], marked[1::2], strict=True):
            if not text.strip():
                _fail(path, key, f"bead {{{number}}} is empty")
            if runs and int(number) <= runs[-1].bead:
                _fail(path, key, f"bead {{{number}}} follows {{{runs[-1].bead}}}: numbers rise")
            runs.append(Run(int(number), text.strip()))
    return tuple(runs)


def _check_links(path: Path, entry: Entry, entries: Mapping[str, Entry]) -> None:
    for counterpart in entry.counterparts:
        if counterpart not in entries or entries[counterpart].lang != "zh":
            _fail(
                path, entry.key, f"counterparts: {counterpart!r} is no Chinese article of this city"
            )
    if entry.beads:
        if len(entry.counterparts) != 1:
            _fail(path, entry.key, "beads: true needs exactly one counterpart")
        if not entry.runs or not entries[entry.counterparts[0]].runs:
            _fail(path, entry.key, f"beads: true, but it or {entry.counterparts[0]} has no markers")
    if (entry.trap == "repost") != bool(entry.repost_of):
        _fail(path, entry.key, "trap: repost and repost_of: go together")
    if entry.repost_of and entry.repost_of not in entries:
        _fail(path, entry.key, f"repost_of: there is no {entry.repost_of!r}")


def _choice(path: Path, key: str, name: str, value: object, allowed: Sequence[object]) -> None:
    if value not in allowed:
        known = ", ".join(str(option) for option in allowed if option)
        _fail(path, key, f"{name} must be one of {known}, not {value!r}")


def _fail(path: Path, key: str, message: str) -> NoReturn:
    raise ContentError(f"{path}: {key}: {message}")
