"""Odd pages of the invented sites: listed, but no articles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crawler.demo.content import Entry
from crawler.item import NEWS_TIME

Why = Literal["challenge", "missing", "disallowed", "image_only", "cover_notice"]


@dataclass(frozen=True, slots=True)
class Oddity:
    """Listed page that is no article; `why` is the expected outcome.

    `missing` answers `status` 404 or 410; `challenge` answers 200 (scripts alone), 412 or 521;
    `disallowed` is closed by robots.txt and must never be fetched.
    """

    entry: Entry
    why: Why
    status: int = 200


def oddities(city: str, name: str) -> tuple[Oddity, ...]:
    """Return the odd pages of a city, in its Chinese news column.

    `name` is as in 云泽.
    """
    blocked = {"yunze": 412, "langang": 200, "qingya": 521}[city]

    def entry(key: str, title: str, date: str, *paragraphs: str) -> Entry:
        return Entry(
            city=city,
            key=f"zh-odd-{key}",
            lang="zh",
            column="news",
            title=title,
            date=datetime.strptime(date, "%Y-%m-%d %H:%M").replace(tzinfo=NEWS_TIME),
            source=f"{name}市人民政府办公室",
            paragraphs=paragraphs,
        )

    return (
        Oddity(
            entry("challenge", f"{name}市政府信息公开申请办理情况", "2024-05-27 10:00"),
            "challenge",
            blocked,
        ),
        Oddity(
            entry("404", f"{name}市2023年秋季人才招聘会延期举行", "2023-10-09 15:20"),
            "missing",
            404,
        ),
        Oddity(entry("410", f"{name}市旧版便民地图下线公告", "2023-03-14 09:05"), "missing", 410),
        Oddity(
            entry(
                "closed",
                f"{name}市2021年政务信息工作简报（第12期）",
                "2021-12-20 17:30",
                "本期简报仅供内部工作交流使用，未经批准不得转载。",
            ),
            "disallowed",
        ),
        Oddity(
            entry("image", f"一图读懂{name}市2024年民生实事清单", "2024-02-06 11:40"), "image_only"
        ),
        Oddity(
            entry("doc", f"关于印发{name}市2024年重点建设项目名单的通知", "2024-03-01 16:45"),
            "cover_notice",
        ),
    )
