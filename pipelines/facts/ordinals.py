"""Ordinals and serial numbers with their labels: session, term, edition, batch.

第十六届政府第29次常务会议 and "the 29th executive meeting of the 16th authority" both give
(term, 16) and (meeting, 29). A clash needs the same label on both sides; the label is empty if
the text has no word for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from crawler.script import HAN
from pipelines.facts.lists import alternatives, words
from pipelines.text import numerals


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Rank with the label of its series, and its offsets."""

    label: str
    rank: int
    start: int = 0
    end: int = 0


INSTITUTIONS = words("institution", "zh")
"""Institutions that cities number: 第24中学."""


_N = rf"(?P<n>\d{{1,4}}万?|[{numerals.ZH_NUMERAL}]{{1,8}}|[\u2160-\u216b])"
_ZH = re.compile(
    rf"第\s?{_N}\s?(?P<c>届|次|期|批|阶段|号|轮|季度|季|周|个|名|位|场|版|座|条|章|节|家|产业|方阵|人民"
    rf"|(?:实验|高级|职业|初级)?(?:{alternatives('institution', 'zh')})|年)?"
)
_ZH_PLENUM = re.compile(
    r"(?P<t>十[一二三四五六七八九]|二十[一二三四]?)届(?P<n>[一二三四五六七八九])(?P<more>(?:中?、[一二三四五六七八九])*)中全会"
)
_ZH_CONGRESS = re.compile(
    rf"(?:党的)?(?P<n>十[一二三四五六七八九]|二十[一二三四]?)大(?![{HAN}]*学院)"
)
_ZH_PLAN = re.compile(
    r"[“\"‘]?(?P<n>十[一二三四五六七八]?)五[”\"’]?(?=规划|时期|期间|末|以来|[”\"’]|收官|开局)|第(?P<m>十[一二三四五六七八]?)个五年"
)
_ZH_TERM_SHORT = re.compile(
    r"(?<![第一二三四五六七八九十\d])(?P<t>[一二三四五六七八九十廿]{1,3}|\d{1,2})届"
    r"(?:(?=[市省区县]|全国|人大|政协|政府|常委)(?:(?:[市省区县]|全国)?(?:人大|政协|政府|委)?)|(?=(?:[一二三四五六七八九十]{1,3}|\d{1,2})次))"
    r"(?:(?P<s>[一二三四五六七八九十]{1,3}|\d{1,2})次(?P<k>会议|全会|全体会议))?"
)
_ZH_FIRST = re.compile(r"首届")
_ZH_PHASE = re.compile(
    r"(?<![第分共为])(?P<n>[一二三四五六七八九十]{1,2}|\d{1,2})期"
    r"(?=工程|项目|建设|改造|开工|竣工|启动|通车|投[产运用]|[已将]|预计|计划|扩[建容]|建成|完工|动工"
    r"|奠基|封顶|主体|用地|规划|招标|开通|运营|试运|交付|正式|全[面线部])"
)
_ZH_CENTURY = re.compile(r"(?P<n>\d{1,2}|[一二三四五六七八九十]{1,3})世纪")
_ZH_ANNIVERSARY = re.compile(rf"{_N}\s?周年")
_ZH_LINE = re.compile(
    rf"{_N}号(?P<line>线)|{_N.replace('P<n>', 'P<k>')}号(?:公告|令|文件|通告|台风)"
)

# 大政发〔2024〕15号: the number of a document, with its year. Brackets differ from page to page.
# Macau prints the year after the number: 第8/2024号.
_ZH_DOCUMENT = re.compile(
    r"[〔\[［（(【](?:19|20)\d\d[〕\]］）)】]\s?第?(?P<n>\d{1,4})号"
    r"|第?(?P<of_year>\d{1,4})/(?:19|20)\d\d号"
)
_ZH_OF_YEAR = re.compile(
    r"[〔\[［（(【](?P<y>(?:19|20)\d\d)[〕\]］）)】]\s?第?(?P<n>\d{1,4})号"
    r"|第?(?P<n2>\d{1,4})/(?P<y2>(?:19|20)\d\d)号"
)
_EN_OF_YEAR = re.compile(
    r"\bNo\.? ?(?P<n>\d{1,4}) ?[〔\[(](?P<y>(?:19|20)\d\d)[〕\])]"
    r"|[〔\[(](?P<y2>(?:19|20)\d\d)[〕\])] ?No\.? ?(?P<n2>\d{1,4})\b"
    r"|\bNo\.? ?(?P<n3>\d{1,4})(?: of |/)(?P<y3>(?:19|20)\d\d)\b"
)
_PARTS = "航站楼|楼|展馆|馆|厅|门|泊位|机组|码头|井|出口|场馆|仓库|车间"
_ZH_PART = re.compile(
    rf"(?P<n>\d{{1,3}}|[{numerals.ZH_NUMERAL}]{{1,3}})号(?:{_PARTS})|T(?P<t>\d)(?=航站楼)"
)
_EN_PART = re.compile(
    r"\b(?:Terminal|Building|Hall|Gate|Berth|Unit|Pier|Block|Exit|Reactor|Pavilion|Wharf|Workshop) "
    r"(?:No\.? ?)?(?P<n>\d{1,3})\b|\bT(?P<t>\d)\b"
)
_ZH_RANKED = re.compile(
    rf"(?:排[名在]|(?<!安)排|跻身|升[至到]|位[居列]|名列|居|列|获得?|夺得|取得|斩获|摘得|拿下|跑出|名次)[{HAN}]{{0,6}}"
    r"第(?P<n>\d{1,3}|[一二三四五六七八九十]{1,3})(?:位|名)?"
)
_ZH_PRIZE = re.compile(r"(?P<n>[一二三四])等奖")
_EN_PRIZE = re.compile(
    r"\b(?P<n>first|second|third|fourth)[- ](?:(?:class|level) )?(?:prize|award)s?\b", re.IGNORECASE
)
_ZH_RUNNING = re.compile(r"连续(?:第)?(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,3})年")

_BODIES = re.compile(
    r"人大|人民代表大会|政府|政协|党代|代表大会|常委会|常务委员会|中央委员会|委员会|市委|省委|理事会|董事会|监事会|党组"
)
_EVENTS = re.compile(
    r"博览会|展|节|运动会|大赛|比赛|赛|论坛|大会|峰会|交易会|洽谈会|马拉松|书市|庙会|联赛|周|会"
)

_EN = re.compile(
    rf"\b(?P<n>{numerals.EN_ORDINAL}|inaugural)\b(?=(?P<after>(?: [\w'’&-]+){{0,7}}))",
    re.IGNORECASE,
)
_EN_MEETING_OF = re.compile(r"(?:meeting|session) of (?:the |its )?$", re.IGNORECASE)
_EN_NUMBER = re.compile(
    r"\b(?:No\.?|Number) ?(?P<n>\d{1,4})\b(?=(?P<after>(?: [\w'’&-]+){0,3}))"
    r"|\bLine (?P<line>\d{1,2})\b"
)
_EN_NUMBERED = re.compile(
    r"\b(?:(?P<article>Article)|(?P<chapter>Chapter)|(?P<issue>Issue)) (?:No\.? ?)?"
    r"(?:(?P<n>\d{1,4})|(?P<roman>[IVXLC]{1,7}))\b"
)
_EN_RANKED = re.compile(
    r"\b(?:rank(?:ed|s|ing)?|placed|came|finished|stood|listed)\b[^.;,\d]{0,24}?"
    rf"\b(?:No\.? ?(?P<no>\d{{1,3}})|(?P<n>{numerals.EN_ORDINAL}))\b",
    re.IGNORECASE,
)
_EN_RUNNING = re.compile(
    rf"\b(?P<n>{numerals.EN_ORDINAL}) (?:consecutive|straight|successive) (?:year|time)"
    rf"|\b(?P<m>{numerals.EN_ORDINAL}) year (?:running|in a row|in succession)",
    re.IGNORECASE,
)
_EN_LABELS: tuple[tuple[str, str], ...] = (
    (r"plenary|plenum", "plenum"),
    (r"census|survey\b", "census"),
    (
        r"(?:people's |middle |high |primary |elementary |senior |junior |experimental )*"
        rf"(?:{alternatives('institution', 'en')})\b",
        "institution",
    ),
    (r"five-year", "plan"),
    (r"anniversary|birthday", "anniversary"),
    (
        r"(?:executive |standing |regular |plenary |working |leading |committee |group |special )*"
        r"(?:meeting|session|conference)s?\b",
        "meeting",
    ),
    (r"centur(?:y|ies)", "century"),
    (r"quarter|half|industr|sector|floor|place|day|time\b", ""),
    (r"phase|stage\b", "phase"),
    (r"batch|group(?: of\b|s?\s*$)|round|lot\b|season\b", "batch"),
    (r"week (?:of|in)\b|weeks? ?$", "week"),
    (r"issue|announcement", "number"),
    (r"board\b", "term"),
    (r"(?:terminal|building|berth|gate|pier|wharf|workshop|generating unit)\b", "part"),
    (
        r"congress|government|authority|council|committee|cppcc|npc\b|administration|term\b|assembly"
        r"|deput",
        "term",
    ),
    (
        r"expo|fair|festival|games|marathon|forum|summit|exhibition|tournament|convention|cup\b"
        r"|race|contest|competition|shows?\b|carnival|week|edition|exposition|league|symposium",
        "event",
    ),
)
_EN_PATTERNS = tuple(
    (re.compile(rf"\b(?:{pattern})", re.IGNORECASE), label) for pattern, label in _EN_LABELS
)
_EN_PHASE = re.compile(
    r"\b(?i:phase|stage) (?:(?P<roman>[IVX]{1,4})|(?P<n>\d{1,2})"
    r"|(?P<word>(?i:one|two|three|four|five|six)))\b"
)
_EN_WEEK = re.compile(r"\b[Ww]eek (?P<n>\d{1,2})\b")
_EN_BATCH = re.compile(
    r"\b(?i:season|round|batch|tranche|episode) (?:No\.? ?)?(?:(?P<roman>[IVX]{1,4})|(?P<n>\d{1,3})"
    r"|(?P<word>(?i:one|two|three|four|five|six|seven|eight|nine|ten)))\b(?! ?%| percent)"
)
_ROMAN = re.compile(
    r"\b(?P<n>[IVXLC]{2,7})\b (?=(?:[A-Z][\w'’-]* ){0,2}"
    r"(?:Session|Meeting|Summit|Festival|Games|Congress|Expo|Fair|Olympi|Forum|Cup))"
    r"|(?<=Session |Meeting )(?P<m>[IVXLC]{2,7})\b"
)


def ordinals(text: str, lang: str) -> tuple[Ordinal, ...]:
    """Return the ordinals of a text in reading order."""
    found = sorted(
        _chinese(text) if lang == "zh" else _english(text),
        key=lambda item: (item.start, -item.end),
    )
    kept: list[Ordinal] = []
    for item in found:
        if item.rank > 0 and not any(
            item.start < other.end and other.start < item.end and item.label == other.label
            for other in kept[-2:]
        ):
            kept.append(item)
    return tuple(kept)


def _rank(text: str | None) -> int:
    if not text:
        return 0
    if text[0].isdecimal() and text[-1] == "万":
        return 10_000 * int(text[:-1])
    if "\u2160" <= text <= "\u216b":
        return ord(text) - ord("\u2160") + 1  # Ⅱ
    value = float(text) if text.isdecimal() else numerals.chinese(text)
    return int(value) if value is not None else 0


_AFTER, _BEFORE = 24, 40
"""Characters after a Chinese ordinal, and before an English one, that may name its series; set by
hand, not measured."""


def _zh_after(text: str, hit: re.Match[str]) -> str:
    """Return the rest of the phrase after an ordinal."""
    return re.split(r"[，。；、：\n“”第]", text[hit.end() : hit.end() + _AFTER], maxsplit=1)[0]


def _chinese(text: str) -> Iterator[Ordinal]:
    for hit in _ZH.finditer(text):
        counter = hit["c"] or ""
        yield Ordinal(_zh_label(counter, _zh_after(text, hit)), _rank(hit["n"]), *hit.span())
    for hit in _ZH_PLENUM.finditer(text):
        yield Ordinal("plenum", _rank(hit["n"]), *hit.span("n"))
        for at, char in enumerate(hit["more"], hit.start("more")):
            if char not in "中、":
                yield Ordinal("plenum", _rank(char), at, at + 1)
        yield Ordinal("party", _rank(hit["t"]), *hit.span())
    for pattern, label in _ZH_LABELLED:
        for hit in pattern.finditer(text):
            rank = _rank(next(filter(None, hit.groups()), None))
            yield Ordinal(label, rank, *hit.span())
    yield from _documents(_ZH_OF_YEAR, text)
    for hit in _ZH_PLAN.finditer(text):
        yield Ordinal("plan", _rank(hit["n"] or hit["m"]), *hit.span())
    for hit in _ZH_TERM_SHORT.finditer(text):
        yield Ordinal("term", _rank(hit["t"]), *hit.span("t"))
        if hit["s"]:
            kind = "meeting" if hit["k"] == "会议" else "plenum"
            yield Ordinal(kind, _rank(hit["s"]), *hit.span("s"))
    for hit in _ZH_FIRST.finditer(text):
        yield Ordinal(_zh_term_or_event(_zh_after(text, hit)), 1, *hit.span())
    for hit in _ZH_LINE.finditer(text):
        label = "line" if hit["line"] else "number"
        yield Ordinal(label, _rank(hit["n"] or hit["k"]), *hit.span())


_ZH_LABELLED = (
    (_ZH_DOCUMENT, "number"),
    (_ZH_PART, "part"),
    (_ZH_RANKED, "place"),
    (_ZH_RUNNING, "running"),
    (_ZH_PRIZE, "prize"),
    (_ZH_CONGRESS, "party"),
    (_ZH_PHASE, "phase"),
    (_ZH_ANNIVERSARY, "anniversary"),
    (_ZH_CENTURY, "century"),
)
_ZH_LABELS = {"阶段": "phase", "期": "batch", "批": "batch", "轮": "batch", "季": "batch",
              "号": "number", "章": "chapter", "条": "article", "名": "person",
              "位": "person"}  # fmt: skip
_ZH_ISSUE = re.compile(r"简报|公报|通讯|杂志|刊|报告")
_ZH_HEARING = re.compile(r"(?:发布|座谈|宣讲|报告|推介|招聘|听证|吹风)会|会议")
_ZH_CENSUS = re.compile(r"普查|国土调查|土地调查|国情调查")


def _zh_label(counter: str, after: str) -> str:
    """Return the label for a measure word and the text after it."""
    if counter == "届":
        return _zh_term_or_event(after)
    if counter == "次" or (counter == "场" and _ZH_HEARING.search(after)):
        return _zh_meeting(after)
    if counter == "期" and re.match(r"工程|项目|建设|改造", after):
        return "phase"
    if counter == "期" and _ZH_ISSUE.search(after):
        return "number"
    if counter.endswith(INSTITUTIONS) or (counter == "人民" and after.startswith(INSTITUTIONS)):
        return "institution"
    if counter == "周":
        return "" if re.match(r"[岁年六日]", after) else "week"
    if counter == "个":
        return "plan" if "五年" in after else ""
    return _ZH_LABELS.get(counter, "")


def _zh_term_or_event(after: str) -> str:
    if after.startswith("会议"):
        return "meeting"
    body, event = _BODIES.search(after), _EVENTS.search(after)
    if body and (not event or body.start() <= event.start()):
        return "party" if "全国代表大会" in after or "中央委员会" in after else "term"
    return "event" if event else "term" if not after else ""


def _zh_meeting(after: str) -> str:
    if re.search(r"全国代表大会|党代会|党代表大会", after):
        return "party"
    if re.search(r"全体会议|全会", after):
        return "plenum"
    if _ZH_CENSUS.search(after):
        return "census"
    return "meeting" if "会" in after else ""


def _documents(pattern: re.Pattern[str], text: str) -> Iterator[Ordinal]:
    """Yield document numbers with their year: 20240015 for 〔2024〕15号."""
    for hit in pattern.finditer(text):
        groups = {name[0]: value for name, value in hit.groupdict().items() if value}
        yield Ordinal("document", 10_000 * int(groups["y"]) + int(groups["n"]), *hit.span())


def _english(text: str) -> Iterator[Ordinal]:
    yield from _en_ordinals(text)
    yield from _en_numbers(text)
    for pattern, label in ((_EN_PHASE, "phase"), (_EN_BATCH, "batch")):
        for hit in pattern.finditer(text):
            word = numerals.english(hit["word"]) if hit["word"] else None
            rank = numerals.roman(hit["roman"]) if hit["roman"] else int(word or hit["n"])
            if rank is not None:
                yield Ordinal(label, rank, *hit.span())
    for pattern, label in ((_EN_PART, "part"), (_EN_WEEK, "week")):
        for hit in pattern.finditer(text):
            yield Ordinal(label, int(next(filter(None, hit.groups()))), *hit.span())
    yield from _documents(_EN_OF_YEAR, text)
    for hit in _ROMAN.finditer(text):
        rank = numerals.roman(hit["n"] or hit["m"])
        if rank is not None:
            yield Ordinal("", rank, *hit.span())


def _en_numbers(text: str) -> Iterator[Ordinal]:
    """Yield serial numbers: Meeting No. 20, No. 24 Middle School, Article 12."""
    for hit in _EN_NUMBER.finditer(text):
        label = "line" if hit["line"] else _en_number_label(text, hit)
        end = hit.end() if hit["line"] else hit.end("n")
        yield Ordinal(label, int(hit["n"] or hit["line"]), hit.start(), end)
    for hit in _EN_NUMBERED.finditer(text):
        rank = numerals.roman(hit["roman"]) if hit["roman"] else int(hit["n"])
        label = "article" if hit["article"] else "chapter" if hit["chapter"] else "number"
        if rank is not None:
            yield Ordinal(label, rank, *hit.span())
    for hit in _EN_RANKED.finditer(text):
        rank = int(hit["no"]) if hit["no"] else numerals.ordinal(hit["n"])
        if rank is not None:
            yield Ordinal("place", rank, hit.start("no" if hit["no"] else "n"), hit.end())
    for hit in _EN_PRIZE.finditer(text):
        if (rank := numerals.ordinal(hit["n"])) is not None:
            yield Ordinal("prize", rank, *hit.span())
    for hit in _EN_RUNNING.finditer(text):
        rank = numerals.ordinal(hit["n"] or hit["m"])
        if rank is not None:
            yield Ordinal("running", rank, *hit.span())


_EN_MEETING_NUMBER = re.compile(r"(?:meeting|session|conference),? $", re.IGNORECASE)


def _en_number_label(text: str, hit: re.Match[str]) -> str:
    """Return the label of a number by the words around it."""
    before = text[max(0, hit.start() - _BEFORE) : hit.start()]
    label = _first_label(re.split(r"\b(?:of|and|in|at|on)\b", hit["after"])[0])
    if _EN_MEETING_NUMBER.search(before):
        return "meeting"
    return label if label in ("meeting", "institution", "part") else "number"


def _first_label(after: str) -> str:
    """Return the first label in the words after an ordinal, or nothing."""
    found = [(match.start(), label) for pattern, label in _EN_PATTERNS
             if (match := pattern.search(after))]  # fmt: skip
    return min(found, key=itemgetter(0), default=(0, ""))[1]


_NO_WORD = 100
"""Rank from which an ordinal in words is none of everyday language."""


def _en_ordinals(text: str) -> Iterator[Ordinal]:
    """Yield ordinals but for "first" and "second" as plain words."""
    for hit in _EN.finditer(text):
        named = numerals.folded(hit["n"])
        rank = 1 if named == "inaugural" else numerals.ordinal(named)
        if rank is None:
            continue
        label = _en_label(text, hit)
        edition = label == "event" and text.endswith(("The ", "the "), 0, hit.start())
        plain = label == "" or (
            label in ("event", "institution", "part") and hit["n"] == "first" and not edition
        )
        if hit["n"][0].isdigit() or not plain or rank >= _NO_WORD:
            yield Ordinal(label, rank, hit.start(), hit.end("n"))


_EN_PARTY = re.compile(r"cpc|party|national congress|central committee", re.IGNORECASE)


def _en_label(text: str, hit: re.Match[str]) -> str:
    """Return the first label in the words after an ordinal, or nothing."""
    after = re.split(r"\b(?:of the|of|held|and|in|at|on)\b", hit["after"], maxsplit=1)[0]
    label = _first_label(after)
    if label == "term" and _EN_PARTY.search(after):
        return "party"
    before = max(0, hit.start() - _BEFORE)
    if label == "meeting" and _EN_MEETING_OF.search(text, before, hit.start()):
        return "term"  # "the 46th executive meeting of the 15th session" is 第十五届第46次
    return label
