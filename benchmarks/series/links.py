"""Several texts of one event: second reports, instalments, digests, transcripts.

A city's office, broadcaster and district each report an event; a long report is printed in
instalments of either language; digests gather items of a week. Each is made of the events of other
kinds, in the same wording, and every true link is gold.
"""
# ruff: noqa: E501  sentences of both languages read better unbroken

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.series import texts
from benchmarks.series.city import City, Event, en_day, zh_day
from benchmarks.series.kinds import topic
from pipelines.pairs.prepared import Document

_ZONE = ZoneInfo("Asia/Shanghai")
_CLOSING = (
    (("（记者 {a}）", "本台记者{a}报道。"), ("", "")),
    (("来源：市融媒体中心。", "供稿：区政府办公室。"), ("", "")),
)  # fmt: skip
_DIGEST_ZH = ("一周要闻", "本周速览", "市政动态", "新闻集锦")
_DIGEST_EN = ("The week in brief", "News in brief", "City round-up", "In short")


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of events that are told once more, and of digests per ten events."""

    second_zh: float = 0.2
    second_en: float = 0.12
    digests: float = 0.5
    reports: int = 2
    transcripts: int = 1


class Publisher:
    """Writer of a city's further texts, which numbers and dates them."""

    def __init__(self, city: City, shares: Shares) -> None:
        self.city, self.shares, self.rng = city, shares, city.rng
        self.number = 0

    def add(self, lang: str, title: str, body: Sequence[str], day: date, *, undated: float) -> str:
        """Store a text and return its id."""
        self.number += 1
        key = f"{self.city.key}-{lang[0]}x{self.number:04d}"
        when = (
            None
            if self.rng.random() < undated
            else datetime(day.year, day.month, day.day, 10, tzinfo=_ZONE)
        )
        space = "" if lang == "zh" else " "
        text = "\n".join(body) if self.rng.random() < 0.6 else space.join(body)
        self.city.articles.append(Document(key, lang, title, text, when))
        return key

    def link(self, zh: str, en: str, relation: str) -> None:
        """Add a gold pair."""
        self.city.gold.append((zh, en, relation))

    def again(self, event: Event, told: dict[str, list[str]]) -> None:
        """Tell an event once more in a language, linked to what the other one told."""
        for lang, share in (("zh", self.shares.second_zh), ("en", self.shares.second_en)):
            others = told["en" if lang == "zh" else "zh"]
            if not others or self.rng.random() >= share:
                continue
            title, body = event.zh() if lang == "zh" else event.en()
            all_of_it, body = len(body), _retold(body, lang, self.city)
            title = _retitled(title, body, lang, self.rng)
            late = event.day + timedelta(days=self.rng.randint(0, 4))
            key = self.add(
                lang, title, body, late, undated=0.2 if lang == "zh" else self.city.setting.undated
            )
            self.city.told[key] = len(body), min(1.0, len(body) / all_of_it)
            for other in others:
                pair = (key, other) if lang == "zh" else (other, key)
                self.link(*pair, self.city.relation(*pair))
            told[lang].append(key)

    def digest(self, events: Sequence[tuple[Event, dict[str, list[str]]]]) -> None:
        """Gather events in one text of either language; each item keeps one or two sentences."""
        lang = self.rng.choice(("zh", "en"))
        other = "en" if lang == "zh" else "zh"
        if not any(told[other] for _, told in events):
            return
        body: list[str] = []
        for event, _ in events:
            title, sentences = event.zh() if lang == "zh" else event.en()
            if self.rng.random() < 0.5:
                body.append(title)
            body.append(
                ("" if lang == "zh" else " ").join(sentences[: self.rng.choice((1, 1, 2, 3))])
            )
        day = max(event.day for event, _ in events) + timedelta(days=1)
        title = self.rng.choice(_DIGEST_ZH if lang == "zh" else _DIGEST_EN)
        key = self.add(lang, title, body, day, undated=0.3)
        for _, told in events:
            for text in told[other]:
                self.link(*((key, text, "part_of") if lang == "zh" else (text, key, "digest")))

    def report(self, day: date) -> None:
        """Print a long report whole in one language and in instalments in the other."""
        rng, city = self.rng, self.city
        items = [topic(city, [chosen]) for chosen in rng.sample(range(len(texts.TOPICS)), 8)]
        year = day.year - 1
        zh = [f"{year}年，全市经济社会发展取得新成绩。", *(item[2] for item in items)]
        en = [f"In {year} the city made new progress.", *(item[3]() for item in items)]
        parts = rng.choice((2, 3))
        size = -(-len(items) // parts)
        whole_lang = rng.choice(("zh", "en"))
        whole, split = (zh, en) if whole_lang == "zh" else (en, zh)
        titles = {
            "zh": f"{city.name_zh}市{year}年工作回顾",
            "en": f"{city.name_en} in {year}: a review",
        }
        key = self.add(whole_lang, titles[whole_lang], whole, day, undated=0.3)
        other = "en" if whole_lang == "zh" else "zh"
        for part in range(parts):
            if part and rng.random() < 0.25:
                continue
            body = split[1 + part * size : 1 + (part + 1) * size]
            body = [split[0], *body] if part == 0 else body
            number = f"（{'一二三'[part]}）" if other == "zh" else f" (Part {part + 1})"
            text = self.add(
                other, titles[other] + number, body, day + timedelta(days=part + 1), undated=0.4
            )
            self.link(*((key, text, "part_of") if whole_lang == "zh" else (text, key, "digest")))

    def transcript(self, day: date) -> None:
        """Tell of one press conference twice, each text with other questions."""
        rng, city = self.rng, self.city
        who = rng.choice(city.officials)
        first, *rest = (topic(city, [chosen]) for chosen in rng.sample(range(len(texts.TOPICS)), 5))
        ask_zh, ask_en = rest[:3], rest[1:]
        zh_body = [
            f"{zh_day(day)}，市政府新闻办举行新闻发布会，副市长{who[0]}介绍{first[0]}情况并回答记者提问。", first[2],
            *(line for item in ask_zh for line in (f"记者：请介绍{item[0]}的情况。", f"{who[0]}：{item[2]}")),
        ]  # fmt: skip
        en_body = [
            f"Vice Mayor {who[1]} spoke about {first[1]} and took questions at a press conference {en_day(city, day, must=True)}.", first[3](),
            *(line for item in ask_en for line in (f"Question: What about {item[1]}?", f"{who[1]}: {item[3]()}")),
        ]  # fmt: skip
        zh = self.add("zh", f"市政府新闻发布会实录（{first[0]}）", zh_body, day, undated=0.1)
        en = self.add(
            "en", f"Transcript: press conference on {first[1]}", en_body, day, undated=0.4
        )
        self.link(zh, en, "same_event")


def _retold(body: Sequence[str], lang: str, city: City) -> list[str]:
    """Return another newsroom's version: some sentences dropped, one moved, a closing added."""
    rng = city.rng
    rest = [line for line in body[1:] if rng.random() < 0.7]
    if len(rest) > 2 and rng.random() < 0.4:
        rest.append(rest.pop(0))
    if lang == "zh" and rng.random() < 0.5:
        name = rng.choice(city.officials)[0]
        rest.append(rng.choice(_CLOSING)[0][city.half].format(a=name))
    return [body[0], *rest]


def _retitled(title: str, body: Sequence[str], lang: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return title
    if lang == "zh":
        return body[0].split("，")[-1].rstrip("。")[:24]
    return " ".join(body[0].split()[:9]).rstrip(".,")
