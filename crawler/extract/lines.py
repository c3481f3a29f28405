"""Lines that are not news: dates, sources, widgets, credits, breadcrumbs, pagers.

Each is recognised here once, for two uses: fields are read from them, and the text is rid of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from crawler.extract.dates import Moment, date_apart, leading_date, moments, strip_dates
from crawler.extract.widgets import NOISE, WIDGET, is_pager, is_widget
from crawler.phrases import alternatives
from crawler.script import HAN, MONTH

_LABELS, _LINKS = "crawler.extract/labels.tsv", "crawler.extract/related.tsv"
_DAYS = ("published", "updated", "written")
_FIELDS = (*_DAYS, "source", "author", "editor")
_START = r"(?:^|(?<=[\s\x1f|丨｜/,，;；(（)）【】\[\]·&>\u3000\u00a0])|(?<=[\d分秒]))[【\[(（]?\s*"
_LABEL = re.compile(
    _START
    + "(?:"
    + "|".join(f"(?P<{field}>{alternatives(_LABELS, field)})" for field in _FIELDS)
    + f"|(?P<other>{alternatives(_LABELS, 'other', 'other day')})"
    + r")\s*$",
    re.IGNORECASE,
)
_UNMARKED = re.compile(
    rf"({_START}{alternatives(_LABELS, *_DAYS, 'other day')})[\s\x1f|]+"
    rf"(?=\d|民[國国]|中[華华]民|(?:{MONTH})\b)",
    re.IGNORECASE,
)
"""Label of a date without its colon: alone in a cell, or an English verb."""
_APART = re.compile(
    rf"((?:^|(?<=[\x1f|]))\s*{alternatives(_LABELS, 'source', 'author', 'editor')}\s*)"
    r"(?:\x1f\s*)+(?=[^\s\x1f|:：])",
    re.IGNORECASE,
)
"""Label of a name without its colon, in an element of its own."""
_OF_BOXES = ("headline", "property", *_FIELDS, "other", "other day")
_ALONE = re.compile(
    rf"\s*{alternatives(_LABELS, 'catalogue', *_OF_BOXES)}\s*[:：]?\s*", re.IGNORECASE
)
_BANNER = re.compile(alternatives(_LABELS, "banner"), re.IGNORECASE)
_UNKNOWN_LABEL = re.compile(r"[^\W\d][)）]?\s*[:：]\s*$")
_HAN = re.compile(f"[{HAN}]")
_COLON = re.compile(r"[:：]")
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_LONGEST_CREDIT, _LONGEST_NEIGHBOUR, _LONGEST_HEADING, _LONGEST_POINTER = 80, 120, 60, 300
_LONGEST_BYLINE, _LONGEST_ENTRY, _LONGEST_NAME = 60, 160, 60
_LONGEST_LEAD, _LONGEST_TAIL, _LONGEST_SECTION = 90, 60, 40
"""Most characters of a credit, link and so on: longer lines are text. Set by hand, not measured."""
_LONGEST_LABEL = 28
"""Characters before a colon among which a label is looked for."""
_LONGEST_READ = 600
"""Characters of a line that are read for fields; set by hand, not measured."""
_LONGEST_META = 160
"""Most characters of a date-and-source line; set by hand, not measured."""
_LONGEST_OUTLET = 100
"""Most characters of a line with an outlet in brackets and a date; set by hand, not measured."""
_SHORT_META = 30
"""Characters below which a line without a date may be a source line with some rest; set by hand."""
_REST = 4
"""Most letters of a date-and-source line outside its fields; set by hand, not measured."""
_SPACED_LABEL = re.compile(
    r"(?<=[来來作日时時责編编])[\s\u3000\u00a0]+(?=[源者期间間编輯辑]\s*[:：])"
)
# Where a value ends although no label follows: a separator, wide space, or a widget.
_VALUE_END = re.compile(
    r"\x1f|[|丨｜]|[\u3000\u00a0\t]|\s{2,}|[\]】)）]\s*$|"
    rf"(?<=\s){alternatives('crawler.extract/widgets.tsv', 'after a value')}",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    rf"^[【\[(（]?\s*{alternatives(_LABELS, 'editor', 'credit')}\s*[:：丨|]",
    re.IGNORECASE,
)
_CREDIT_TAIL = re.compile(
    rf"[\s\u3000]*[【\[(（]\s*{alternatives(_LABELS, 'credit at the end')}\s*[:：]?\s*"
    r"(?P<name>[^】\])）]{1,30})[】\])）]\s*$",
    re.IGNORECASE,
)
_HOME = alternatives(_LABELS, "home")
_CRUMBS = re.compile(
    rf"^{alternatives(_LABELS, 'place')}\s*(?:是|为)?\s*[:：]|^{_HOME}\s*[>»›/→＞]|"
    rf"^{_HOME}(?<=[{HAN}])\s*[-－—|·]",
    re.IGNORECASE,
)
_TRAIL = re.compile(r"^[^>»\s]{1,12}\s*(?:>>?|»)\s*[^>»]{1,20}(?:(?:>>?|»)[^>»]{1,40})*$")
_CRUMB_MARK = re.compile(r"\s*(?:>+|»|›|→|＞+|/|\s-\s|::|\|)\s*")
_NEIGHBOUR = re.compile(
    rf"^[【\[<«]?\s*{alternatives(_LINKS, 'neighbour')}\s*[】\]>»]?\s*[:：>》]?",
    re.IGNORECASE,
)
_RELATED = re.compile(
    rf"^[【\[■◆●▼•\s]*{alternatives(_LINKS, 'related')}\s*[】\]]?\s*[:：>»]*\s*$",
    re.IGNORECASE,
)
_POINTER = re.compile(
    rf"^[【\[(（■◆●▼▶►>\s]*{alternatives(_LINKS, 'pointer', whole_words=True)}",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    rf"^[□■◎●\s—-]*(?:(?:本报|本刊|本网|本台|[{HAN}]{{2,12}}(?:社|网|报|频道|在线|电视台|"
    r"融媒))?\s*(?:全媒体|见习|实习|首席|特约|通讯员)?"
    r"(?:记者|通讯员|实习生|"
    rf"特派员))\s*[:：/]?\s*(?P<names>[{HAN}·\s、/，,和（）()]{{2,40}})$|"
    r"^[Bb]y\s+(?P<en>[A-Z][\w.'’-]+(?:\s+(?:[A-Z][\w.'’-]*|and|,|&)){1,8})\s*$"
)
_SIGNED = re.compile(
    rf"^[（(【\[—\s-]*(?:本报|本刊|本网|本台|[{HAN}]{{2,10}}(?:社|网|报|频道|电视台|融媒))?\s*"
    r"(?:全媒体|见习|实习|首席|特约)*(?:记者|通讯员)\s*[:：/]?\s*"
    rf"(?P<names>[{HAN}]{{2,4}}(?:[\s、，,/]+(?:记者|通讯员|实习生)?\s*[{HAN}]{{2,4}}){{0,6}})"
    r"\s*[）)】\]]?$"
)
_LEAD = re.compile(
    r"^[^。！？]{0,30}[讯訊電电]?\s*[（(【]\s*(?:本报|本网|全媒体|见习|实习|首席|特约)*"
    rf"(?:记者|記者|文/)\s*[:：]?\s*(?P<names>[{HAN}·]{{2,4}}"
    rf"(?:[\s、，,/]+(?!(?:整合|摄影|报道|文|图)[\s）)】])[{HAN}·]{{2,4}})*)"
    r"[^）)】]{0,20}[）)】]"
)
_TAIL = re.compile(
    r"(?<=[。！？”])\s*[（(【\[](?:本报|本网|全媒体|见习|实习|首席|特约)*(?:记者|記者)\s*[:：]?\s*"
    rf"(?P<names>[{HAN}·]{{2,4}}(?:[\s、，,/]+[{HAN}·]{{2,4}})*)\s*[）)】\]]$"
)
_CATALOGUE = re.compile(rf"^{alternatives(_LABELS, 'catalogue')}\s*[:：|]")
_PROPERTY = re.compile(rf"^{alternatives(_LABELS, *_OF_BOXES)}\s*[:：|]", re.IGNORECASE)
_END_MARK = re.compile(
    r"[（(【\[〔]\s*(?:全文)?[完终終]\s*[)）】\]〕]|[-—–－─=*~～〜·\s]*(?:全文)?[完]\s*[-—–－─=*~～〜·\s]+|"
    r"[-—–－─=*~～〜]+\s*(?:全文)?[完终終]|(?:本文|全文)?(?:完结|完結|完毕|完畢)|全文(?:完|终)|"
    r"[-—–*=#~]+\s*(?:the )?ends?\s*[-—–*=#~]*|(?:the )?ends?\s*[-—–*=#~/／]+|"
    r"[(\[（【]\s*(?:the )?ends?\s*[)\]）】]|ends?\s*[/／]\s*[a-z]{3,6}day\b[\w, ]{0,24}|"
    r"the end\.?|end\s?items?|N{4,}|[#＃](?:\s*[#＃]){1,4}|[-—–]\s?30\s?[-—–]",
    re.I,
)
"""Ends of a text: 完, Ends, and the wire services' NNNN, ### and -30-."""
_END_TAIL = re.compile(rf"(?<=[。！？!?.”\"])\s*(?:{_END_MARK.pattern})$", _END_MARK.flags)
_NO_MORE = re.compile(
    rf"[:：]\s*{alternatives(_LINKS, 'no neighbour')}\s*[)）]?$",
    re.IGNORECASE,
)
_OUTLET = re.compile(
    r"[(（]\s*((?!(?:File |Photo|Updated|Edited|Local |Beijing Time|GMT|UTC))[A-Z][\w.'’& -]{3,40}?"
    rf"|[a-z][\w-]+\.[a-z.]{{2,}}|[{HAN}]{{1,14}}(?:网|报|社|台|在线|发布|办公室|局|委))"
    r"\s*[)）]"
)
_ATTACHED = re.compile(
    rf"^[【\[(（]?\s*{alternatives(_LABELS, 'attachment')}\s*\d*\s*[】\])）]?\s*[:：]?\s*\d*$",
    re.IGNORECASE,
)
# Hong Kong's press releases end in `Ends/Monday, May 20, 2024` or `完／2024年5月20日（星期一）`.
_WEEKDAY = re.compile(
    r"^\s*(?:ends?|完)\s*[/／]|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|"
    r"(?:星期|周|週)[一二三四五六日天]",
    re.IGNORECASE,
)
_MOON = re.compile(rf"(?:农历|農曆|阴历|陰曆)[{HAN}\s]{{2,14}}")
_CLOCK = re.compile(
    r"^(?:香港時間|香港时间|issued at HKT)\s*\d{1,2}\s*[:：時时]\s*\d{2}", re.IGNORECASE
)
_BY = re.compile(
    r"(?:^|[\x1f|])\s*By\s+([A-Z][\w.'’-]+(?:\s+[A-Z][\w.'’-]*){1,3})\s*(?=$|[\x1f|,(（])"
)
_OFFICE = re.compile(
    rf"^(?:[{HAN}]{{0,12}}?)(?:全媒体|全媒體|融媒体?|见习|見習|实习|實習|首席|特约|特約)*"
    rf"(?:记者|記者|通讯员|通訊員|特派员)[\s:：/]*(?=[{HAN}]{{2}})"
)
_THIS_TEXT = re.compile(alternatives(_LABELS, "this text"), re.IGNORECASE)
_IS_HOME = re.compile(_HOME, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MetaLine:
    """Fields of a date-and-source line.

    `written` is the day of another step than publication, such as the entry into a system; `bare`
    a date without a label, `aside` one away from title and text; `rest` is the text outside
    labels, dates and widgets.
    """

    published: Moment | None = None
    updated: Moment | None = None
    written: Moment | None = None
    bare: Moment | None = None
    aside: Moment | None = None
    source: str | None = None
    author: str | None = None
    editor: str | None = None
    rest: str = ""

    @property
    def has_fields(self) -> bool:
        """True if the line has any field."""
        return bool(self.bare) or not self.is_unlabelled

    @property
    def is_unlabelled(self) -> bool:
        """True if no field of the line has a label."""
        days = (self.published, self.updated, self.written)
        return not any((*days, self.source, self.author, self.editor))


@lru_cache(maxsize=256)  # a page's date line is read in its family's element and near the body
def read_line(pieces: str) -> MetaLine:
    """Read a line such as `时间：2019-09-18 06:23 来源： 山西日报 打印`.

    A separator between inline elements in `pieces` ends a value.
    """
    text = _SPACED_LABEL.sub("", pieces[:_LONGEST_READ].translate(_WIDE_DIGITS))
    text = _APART.sub(r"\1：", _UNMARKED.sub(r"\1：", text))
    marks = list(_labels(text))
    values: dict[str, str] = {}
    when: dict[str, Moment] = {}
    rest = [text[: marks[0][1]] if marks else text]
    for (name, _, end_of_label), following in zip_longest(marks, marks[1:]):
        raw = text[end_of_label : following[1] if following else len(text)]
        lead = len(raw) - len(raw.lstrip(" \x1f\u3000\u00a0\t\r\n"))
        raw = raw[lead:]
        if name in _DAYS:
            moment = _first_of(
                leading_date(raw.replace("\x1f", " "), day_first=not _HAN.search(text)),
                date_apart(raw),
            )
            if moment:
                when.setdefault(name, moment)
                rest.append(raw[moment.end :])
            else:
                rest.append(raw)
            continue
        end = _VALUE_END.search(raw)
        value = raw[: end.start()] if end else raw
        values.setdefault(name, _clean(value))
        # The number after a view counter, the sizes after a font widget: nothing but noise.
        rest.append(raw[end.start() :] if end else "")
    loose = "\x1f".join(rest)
    by = _BY.search(loose)
    if by and "author" not in values:
        values["author"] = by[1]
        loose = loose[: by.start()] + loose[by.end() :]
    outlet = _OUTLET.search(loose)
    if outlet and len(text) <= _LONGEST_OUTLET and "source" not in values and moments(text):
        values["source"] = _clean(outlet[1].replace("\x1f", ""))
    # Beside a source, the moon's day or a greeting is no clock of the page.
    banner = "source" not in values and "author" not in values and _BANNER.search(loose)
    bare = None if banner else _bare(loose)
    left = _MOON.sub("", strip_dates(loose.replace("\x1f", " ")))
    left = WIDGET.sub("", _WEEKDAY.sub("", left))
    return MetaLine(
        published=when.get("published"),
        updated=when.get("updated"),
        written=when.get("written"),
        bare=bare,
        source=plausible_name(values.get("source")),
        author=plausible_name(values.get("author")),
        editor=plausible_name(values.get("editor")),
        rest=NOISE.sub("", left),
    )


def _first_of(written: Moment | None, apart: Moment | None) -> Moment | None:
    """Return the better of two readings."""
    return apart if written is None or (apart and written.precision == "month") else written


def _bare(text: str) -> Moment | None:
    """Return the first date without any label."""
    found = moments(text.replace("\x1f", " "))
    if not found and len(text) <= _LONGEST_META:
        return date_apart(text)
    first = next((m for m in found if not _UNKNOWN_LABEL.search(text[: m.start])), None)
    # Some systems write the day, and again the day with its hour.
    same = (m for m in found if first and m.at.date() == first.at.date())
    return next((m for m in same if m.precision == "minute"), first)


def _labels(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield field, start and end of each label, from left to right.

    The end includes the colon. Labels are looked for backwards from colons, which are few.
    """
    done = 0
    for colon in _COLON.finditer(text):
        start = max(done, colon.start() - _LONGEST_LABEL)
        match = _LABEL.search(text[start : colon.start()])
        if match:
            done = colon.end()
            yield str(match.lastgroup), start + match.start(), done


def is_meta_line(text: str, found: MetaLine) -> bool:
    """Return True if a line is a date-and-source line.

    It has fields and hardly any other text.
    """
    dated = bool(found.published or found.updated or found.written or found.bare)
    if len(text) > _LONGEST_META or not found.has_fields or not (dated or found.source):
        return False
    rest = len(found.rest)
    if dated and found.source and len(text) <= _LONGEST_OUTLET:
        rest -= len(NOISE.sub("", found.source)) if found.source in _outlets(text) else 0
    return rest <= (_REST if dated or len(text) < _SHORT_META else 0)


def _outlets(text: str) -> list[str]:
    return [_clean(name) for name in _OUTLET.findall(text)]


def is_clock(text: str) -> bool:
    """Return True if a line is a Hong Kong press release's hour."""
    return bool(_CLOCK.match(text.translate(_WIDE_DIGITS)))


def is_end(text: str, *, after_clock: bool) -> bool:
    """Return True if a line is an end mark.

    `ends` alone is one only below an hour.
    """
    return bool(_END_MARK.fullmatch(text)) or (
        text == "完" or (after_clock and bool(re.fullmatch(r"ends?", text, re.IGNORECASE)))
    )


def without_end(text: str) -> str:
    """Return a paragraph without an end mark after its last sentence."""
    match = _END_TAIL.search(text[-_LONGEST_TAIL:])
    return text[: -len(match[0])] if match else text


def is_credit(text: str) -> bool:
    """Return True if a line only credits editors and the like."""
    return len(text) <= _LONGEST_CREDIT and bool(_CREDIT.match(text))


def credit_tail(text: str) -> tuple[str, str | None]:
    """Split an editor's credit in brackets off the end of a paragraph."""
    match = _CREDIT_TAIL.search(text)
    if not match:
        return text, None
    return text[: match.start()].rstrip(), plausible_name(match["name"])


@lru_cache(maxsize=4096)  # the lines of a site's menu are the same on all its pages
def is_breadcrumb(text: str) -> bool:
    """Return True if a line is the page's path through the site."""
    return bool(_CRUMBS.match(text)) or bool(_TRAIL.match(text))


def is_furniture(text: str) -> bool:
    """Return True for a widget, pager, date line, credit or breadcrumb."""
    return (
        is_widget(text)
        or is_credit(text)
        or is_breadcrumb(text)
        or is_pager(text)
        or is_meta_line(text, read_line(text))
    )


def without_bare_date(found: MetaLine) -> MetaLine:
    """Return `found` without the date that no label announced."""
    return replace(found, bare=None)


def with_date_aside(found: MetaLine) -> MetaLine:
    """Return `found` with its bare date aside."""
    return replace(found, bare=None, aside=found.bare)


def is_clock_of_the_page(text: str) -> bool:
    """Return True if a line may date the visit."""
    return bool(_BANNER.search(text) or _WEEKDAY.search(text))


def is_neighbour(text: str, *, linked: bool, last: bool = False) -> bool:
    """Return True if a line leads to the previous or next article.

    Without a link it must state that there is none, or be among the `last` lines.
    """
    if len(text) > _LONGEST_NEIGHBOUR or not _NEIGHBOUR.match(text):
        return False
    return linked or bool(_NO_MORE.search(text)) or (last and bool(re.search(r"[:：]", text[:12])))


def is_related_heading(text: str) -> bool:
    """Return True if a short line heads links to other articles."""
    return len(text) <= _LONGEST_HEADING and bool(_RELATED.match(text))


def is_pointer(text: str) -> bool:
    """Return True if a linked line sends the reader to another article."""
    return len(text) <= _LONGEST_POINTER and bool(_POINTER.match(text))


def byline(text: str) -> str | None:
    """Return the reporters in an opening line of names alone, or None."""
    match = _BYLINE.match(text) if len(text) <= _LONGEST_BYLINE else None
    if not match:
        return None
    return re.sub(r"\s+", " ", match["names"] or match["en"]).strip(" ，,、") or None


def signature(text: str) -> str | None:
    """Return the reporters in a closing line of names alone, or None."""
    match = _SIGNED.match(text) if len(text) <= _LONGEST_BYLINE else None
    return re.sub(r"\s+", " ", match["names"]).strip() if match else None


def reporter(paragraph: str) -> str | None:
    """Return the reporters whom a paragraph names in brackets, or None.

    In its first words, `本报讯（记者 方可）`, or at its end, `……抓好落实。（记者 方可）`. Unlike an
    editor's credit, this is part of the report and stays in its text.
    """
    match = _LEAD.match(paragraph[:_LONGEST_LEAD]) or _TAIL.search(paragraph[-_LONGEST_TAIL:])
    return re.sub(r"\s+", " ", match["names"]).strip() if match else None


def is_catalogue(text: str) -> bool:
    """Return True for an entry of an official document's catalogue box."""
    return len(text) <= _LONGEST_ENTRY and bool(_CATALOGUE.match(text))


def is_label(text: str) -> bool:
    """Return True for the label of a field alone on a line."""
    return len(text) <= _LONGEST_LABEL and bool(_ALONE.fullmatch(text))


def is_property(text: str) -> bool:
    """Return True for a line like one in a box of properties."""
    return is_catalogue(text) or (len(text) <= _LONGEST_ENTRY and bool(_PROPERTY.match(text)))


def is_attachment_label(text: str) -> bool:
    """Return True if a line only announces attachments."""
    return bool(_ATTACHED.match(text))


def column_of(text: str, title: str) -> str | None:
    """Return the last section in a breadcrumb, or None.

    The title and words for `this text` after it do not count.
    """
    trail = re.sub(r"^[^:：>»]{0,16}[:：]", "", text)
    parts = [part.strip(" \x1f") for part in _CRUMB_MARK.split(trail.replace("\x1f", " "))]
    for named_part in reversed(parts):
        part = re.sub(r"\s+", " ", named_part).strip()
        if not part or len(part) > _LONGEST_SECTION or (len(part) >= 6 and part in title):
            continue
        if _THIS_TEXT.fullmatch(part):
            continue
        return None if _IS_HOME.fullmatch(part) else part
    return None


def person(name: str) -> str:
    """Return a name without the office before it: `安澜日报记者 方可` is `方可`."""
    return _OFFICE.sub("", name) or name


def _clean(value: str) -> str:
    return re.sub(r"\s+", " ", value.replace("\x1f", " ")).strip(
        ' 　:：;；,，|丨【】[]（）()《》"“”'
    )


def plausible_name(value: str | None) -> str | None:
    """Return a name, or None for a value that cannot be one.

    It is not empty, not a number, not a sentence.
    """
    if not value:
        return None
    value = re.sub(r"^(?:来源|來源|作者|source|author)\s*[:：]\s*", "", value, flags=re.I)
    value = _clean(value)
    if not value or len(value) > _LONGEST_NAME or not NOISE.sub("", value) or is_widget(value):
        return None
    return value
