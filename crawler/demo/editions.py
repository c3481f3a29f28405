"""Six editions of the miniature web: hosts, CMS families, URL shapes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from crawler.demo.content import Entry

Listing = Literal[
    "hanweb_groups",  # first records in the page, the rest by <nextgroup>
    "hanweb_records",  # the rest by record numbers that the script computes
    "jeecms",  # index_2.jhtml for page 2
    "trs_zero",  # createPageHTML from 0: index_1 is page 2
    "trs_one",  # createPageHTML from 1: index_2 is page 2
    "ucap_info",  # JSON, getInfoCommon
    "ucap_search",  # JSON, es-search
    "ucap_static",  # createPageHTML with an element's name: list_2 is page 2
    "generic",  # plain numbered links and rel=next
]


@dataclass(frozen=True, slots=True)
class Column:
    """Column of an edition: id or folder in URLs, label, paging."""

    path: str
    label: str
    listing: Listing
    page_size: int = 15


@dataclass(frozen=True, slots=True)
class Edition:
    """News of one city in one language.

    `templates` is the folder of its article and list templates; `shows` is the part of the date on
    its pages; `charset` is that of the Content-Type header; `address(column, entry)` is an
    article's path; `first_list(column)` the path of a column's first page. The column "empty" is a
    list that a redesign left without entries. The column `drawn` has, beside its own list, one of
    its newest articles that only a script draws.
    """

    city: str
    lang: str
    family: str
    host: str
    name: str
    templates: str
    shows: Literal["minute", "day", "nothing"]
    charset: str | None
    columns: Mapping[str, Column]
    address: Callable[[Column, Entry], str]
    first_list: Callable[[Column], str]
    mobile_host: str | None = None
    drawn: str | None = None

    def url(self, entry: Entry) -> str:
        """Return the URL of an entry's article."""
        return f"http://{self.host}{self.address(self.columns[entry.column], entry)}"

    def drawn_list(self, column: Column) -> str:
        """Return the path of the column's list that a script draws."""
        return f"{column.path}latest.html"

    def list_url(self, column: Column) -> str:
        """Return the URL of the first page of a column's list."""
        return f"http://{self.host}{self.first_list(column)}"


def number(entry: Entry, digits: int = 7) -> int:
    """Return an article number that does not depend on other articles."""
    low: int = 10 ** (digits - 1)
    digest = hashlib.sha256(f"{entry.city}/{entry.key}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (9 * low)


def digest(entry: Entry) -> str:
    """Return 32 hex digits for an article, likewise stable."""
    return hashlib.sha256(f"{entry.city}/{entry.key}/id".encode()).hexdigest()[:32]


def _hanweb_first(column: Column, entry: Entry) -> str:
    day = entry.date
    return f"/art/{day.year}/{day.month}/{day.day}/art_{column.path}_{number(entry)}.html"


def _hanweb_later(column: Column, entry: Entry) -> str:
    if entry.column == "news":
        return f"/col{column.path}/art/{entry.date.year}/art_{column.path}_{number(entry)}.html"
    return f"/col/col{column.path}/art/{entry.date.year}/art_{digest(entry)}.html"


def _trs(column: Column, entry: Entry) -> str:
    extension = "shtml" if column.listing == "trs_one" else "html"
    return f"{column.path}{entry.date:%Y%m}/t{entry.date:%Y%m%d}_{number(entry)}.{extension}"


def _ucap(column: Column, entry: Entry) -> str:
    if column.listing == "ucap_search":
        return f"{column.path}{entry.date:%Y-%m/%d}/content_{digest(entry)}.shtml"
    return f"{column.path}{entry.date:%Y%m}/{digest(entry)}.shtml"


def _hanweb_list(column: Column) -> str:
    return f"/col/col{column.path}/index.html"


def _ucap_list(column: Column) -> str:
    return column.path + ("nav_list.shtml" if column.listing == "ucap_info" else "list.shtml")


YUNZE_ZH = Edition(
    city="yunze",
    lang="zh",
    family="hanweb",
    host="www.yunze.example",
    name="云泽市人民政府",
    templates="hanweb",
    shows="minute",
    charset=None,
    columns={
        "news": Column("1201", "云泽要闻", "hanweb_groups"),
        "notices": Column("1202", "通知公告", "hanweb_groups", 8),
        "reports": Column("1203", "数据报告", "hanweb_groups", 8),
        "empty": Column("1299", "热点专题", "hanweb_groups"),
    },
    address=_hanweb_first,
    first_list=_hanweb_list,
    mobile_host="m.yunze.example",
)
YUNZE_EN = Edition(
    city="yunze",
    lang="en",
    family="jeecms",
    host="en.yunze.example",
    name="Yunze, China",
    templates="jeecms",
    shows="nothing",
    charset=None,
    columns={
        "news": Column("/News/CityNews/", "City News", "jeecms"),
        "notices": Column("/Government/Notices/", "Notices", "jeecms", 8),
    },
    address=lambda column, entry: f"{column.path}{number(entry, 5)}.jhtml",
    first_list=lambda column: f"{column.path}index.jhtml",
)
LANGANG_ZH = Edition(
    city="langang",
    lang="zh",
    family="trs",
    host="www.langang.example",
    name="岚港市人民政府门户网站",
    templates="trs",
    shows="minute",
    charset="utf-8",
    columns={
        "news": Column("/xwzx/lgyw/", "岚港要闻", "trs_zero"),
        "notices": Column("/zwgk/tzgg/", "通知公告", "trs_one", 8),
        "reports": Column("/zwgk/tjbg/", "统计与报告", "trs_zero", 8),
        "empty": Column("/xwzx/ztzl/", "专题专栏", "trs_zero"),
    },
    address=_trs,
    first_list=lambda column: f"{column.path}index.html",
)
LANGANG_EN = Edition(
    city="langang",
    lang="en",
    family="hanweb",
    host="english.langang.example",
    name="Langang Municipal People's Government",
    templates="hanweb_en",
    shows="minute",
    charset="utf-8",
    columns={
        "news": Column("108249", "News", "hanweb_records"),
        "notices": Column("108306", "Notices", "hanweb_records", 8),
    },
    address=_hanweb_later,
    first_list=_hanweb_list,
)
QINGYA_ZH = Edition(
    city="qingya",
    lang="zh",
    family="ucap",
    host="www.qingya.example",
    name="青崖市人民政府",
    templates="ucap",
    shows="minute",
    charset="utf-8",
    columns={
        "news": Column("/qysrmzf/qyyw/", "青崖要闻", "ucap_info"),
        "notices": Column("/qysrmzf/c169603/", "公示公告", "ucap_search", 8),
        "reports": Column("/qysrmzf/bgxx/", "报告信息", "ucap_static", 2),
        "empty": Column("/qysrmzf/zthd/", "专题活动", "ucap_info"),
    },
    address=_ucap,
    first_list=_ucap_list,
)
QINGYA_EN = Edition(
    city="qingya",
    lang="en",
    family="generic",
    host="www.qingya.example",
    name="Qingya",
    templates="generic",
    shows="day",
    charset="utf-8",
    columns={
        "news": Column("/english/news/", "News", "generic"),
        "notices": Column("/english/notices/", "Notices", "generic", 8),
    },
    address=lambda column, entry: f"{column.path}{entry.date:%Y-%m/%d}/c_{number(entry, 6)}.htm",
    first_list=lambda column: column.path,
    drawn="news",
)

EDITIONS = (YUNZE_ZH, YUNZE_EN, LANGANG_ZH, LANGANG_EN, QINGYA_ZH, QINGYA_EN)


def edition_of(entry: Entry) -> Edition:
    """Return the edition an entry is published in."""
    return next(e for e in EDITIONS if (e.city, e.lang) == (entry.city, entry.lang))
