"""Seeded generator of municipal series.
They are full of near misses, as real cities are.

Eight kinds: executive meetings, meetings with guests, monthly figures, yearly reports,
announcement/event/round-up, projects reported stage by stage, facilities opened in one district or
another, and regulations adopted. All articles of a series share officials,
phrases and layout and differ in facts only. In the hard setting English is abridged and mostly
undated, its figures are dropped, rounded or wrong now and then, a third of it has no mate, and
Chinese articles are several times as many.

    # for `shizheng import`, `evaluate`
    python -m benchmarks.series.corpus --seed 7 OUT.jsonl GOLD.tsv
"""

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.series.city import FAMILY, GIVEN, HARD, City, Event, Setting, spelt
from benchmarks.series.kinds import festivals, guests, meetings, monthly, projects, yearly
from benchmarks.series.links import Publisher, Shares
from benchmarks.series.mentions import mention
from benchmarks.series.places import openings, regulations
from benchmarks.series.siblings import Row, siblings
from pipelines.pairs.prepared import Document

Kind = Callable[[City, int], list[Event]]
_DIGEST_DAYS = 10
Told = tuple[Event, dict[str, list[str]]]
KINDS: tuple[Kind, ...] = (
    meetings, guests, monthly, yearly, festivals, projects, openings, regulations,
)  # fmt: skip
__all__ = ["HARD", "City", "Setting", "generate"]


def generate(
    seed: int,
    *,
    half: int = 1,
    series: int = 4,
    length: int = 8,
    setting: Setting = HARD,
    kinds: Sequence[Kind] = KINDS,
    shares: Shares | None = None,
    mentions: int = 0,
    lone: Sequence[Row] = (),
) -> City:
    """Generate one city with `series` series of every kind.
    About `length` events each.

    `half` 0 words things as in training, 1 as in measuring. `shares`: second reports, instalments,
    digests and transcripts beside them, if given. `mentions`: names, days and figures that events
    of any series mention in passing. `lone`: siblings (`benchmarks.series.siblings`) beside them.
    """
    rng = random.Random(f"{seed}-{half}")
    city = City(rng, half, setting, f"series{seed}")
    city.name_zh, city.name_en = rng.choice(
        (
            ("清河", "Qinghe"),
            ("望海", "Wanghai"),
            ("安澜", "Anlan"),
            ("景平", "Jingping"),
            ("云溪", "Yunxi"),
        )
    )
    names: set[str] = set()
    while len(names) < 14:
        names.add(rng.choice(FAMILY) + "".join(rng.sample(GIVEN, rng.choice((1, 2, 2)))))
    city.officials = [(name, spelt(name)) for name in sorted(names)]
    rng.shuffle(city.officials)
    if shares is not None:
        # Digests gather what happens in a few weeks.
        first = rng.randint(0, 250)
        city.weeks = (first, first + 6)
    number = 0
    told: dict[tuple[str, int], list[Told]] = {}
    for kind in kinds:
        for at in range(series):
            for event in kind(city, length):
                number += 1
                own = (event, publish(city, event, number))
                told.setdefault((kind.__name__, at), []).append(own)
    for kind_of, event in siblings(city, lone):
        number += 1
        told.setdefault((kind_of, 0), []).append((event, publish(city, event, number)))
    if shares is not None:
        _tell_more(Publisher(city, shares), told)
    mention(city, [texts for listed in told.values() for _, texts in listed], mentions)
    rng.shuffle(city.articles)
    return city


def _tell_more(publisher: Publisher, series: Mapping[tuple[str, int], Sequence[Told]]) -> None:
    """Add the further texts of events that a setting's shares ask for."""
    rng, shares = publisher.rng, publisher.shares
    told = [each for listed in series.values() for each in listed]
    for event, texts in told:
        publisher.again(event, texts)
    for _ in range(round(shares.digests * len(told) / 10)):
        # Items of a digest are of a few days and seldom of one series.
        day = rng.choice(told)[0].day
        near = (min(listed, key=lambda each: abs(each[0].day - day)) for listed in series.values())
        items = [each for each in near if abs((each[0].day - day).days) <= _DIGEST_DAYS]
        if len(items) > 2:
            publisher.digest(rng.sample(items, min(len(items), rng.randint(3, 7))))
    for _ in range(shares.reports):
        publisher.report(rng.choice(told)[0].day)
    for _ in range(shares.transcripts):
        publisher.transcript(rng.choice(told)[0].day)


def publish(city: City, event: Event, number: int) -> dict[str, list[str]]:
    """Write an event in Chinese, and sometimes in English.
    As the setting has it; return the ids by language."""
    texts: dict[str, list[str]] = {"zh": [], "en": []}
    rng, setting = city.rng, city.setting
    has_english = rng.random() < setting.english
    mateless = has_english and rng.random() < setting.mateless
    zh_id, en_id = f"{city.key}-z{number:04d}", f"{city.key}-e{number:04d}"
    tz = ZoneInfo("Asia/Shanghai")
    zh_day = event.day + timedelta(days=rng.choice((0, 0, 1, 1, 2)))
    if not mateless:
        title, body = event.zh()
        city.told[zh_id] = len(body), 1.0
        when = datetime(zh_day.year, zh_day.month, zh_day.day, 9, tzinfo=tz)
        city.articles.append(Document(zh_id, "zh", title, _paragraphs(body, rng), when))
        texts["zh"].append(zh_id)
    if not has_english:
        return texts
    title, body = event.en()
    lead, rest = body[0], body[1:]
    keep = rng.uniform(*setting.keep)
    rest = [sentence for sentence in rest if rng.random() < keep] or rest[:1]
    late = 0 if event.prompt else int(rng.expovariate(1 / 5))
    en_day = zh_day + timedelta(days=min(late, 45))
    undated = rng.random() < setting.undated
    when = None if undated else datetime(en_day.year, en_day.month, en_day.day, 15, tzinfo=tz)
    for name, _ in city.officials:
        if rng.random() < setting.misspelt:
            slip = spelt(name[:-1] + rng.choice(GIVEN))
            lead, rest = (
                lead.replace(spelt(name), slip),
                [s.replace(spelt(name), slip) for s in rest],
            )
    text = " ".join([lead, *rest]) if rng.random() < 0.3 else _paragraphs([lead, *rest], rng, " ")
    city.articles.append(Document(en_id, "en", title, text, when))
    texts["en"].append(en_id)
    city.told[en_id] = 1 + len(rest), (1 + len(rest)) / len(body)
    if not mateless:
        city.gold.append((zh_id, en_id, city.relation(zh_id, en_id)))
    return texts


def _paragraphs(sentences: list[str], rng: random.Random, space: str = "") -> str:
    lines: list[list[str]] = [[]]
    for sentence in sentences:
        if lines[-1] and rng.random() < 0.5:
            lines.append([])
        lines[-1].append(sentence)
    return "\n".join(space.join(line) for line in lines)


def main() -> None:
    """Write a generated city and its gold.
    For `shizheng import` and `shizheng evaluate`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--series", type=int, default=4)
    parser.add_argument("articles", type=Path)
    parser.add_argument("gold", type=Path)
    args = parser.parse_args()
    city = generate(args.seed, series=args.series)
    with args.articles.open("w", encoding="utf-8") as file:
        for one in city.articles:
            row = {
                "id": one.id, "city": city.key, "lang": one.lang, "url": None, "title": one.title,
                "text": one.text,
                "published_at": one.published.isoformat() if one.published else None,
            }  # fmt: skip
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    rows = ["zh_id\ten_id\trelation", *("\t".join(pair) for pair in city.gold)]
    args.gold.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
