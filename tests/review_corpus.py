"""Corpus to judge with a hostile article, a clock that ticks, and sheets of verdicts."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from authored import HOSTILE_TEXT, HOSTILE_TITLE, HOSTILE_URL, article, beads, pair
from builders import store_rows

from pipelines.tables import articles

CRAWLED = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)
PAIRS = 24
HUGE = "长" * 700_000 + "<script>window.hacked = 2</script>" + "文" * 20
"""A paragraph of 2 MB in UTF-8."""

_WORKS = (
    ("滨海公园", "Binhai Park"), ("城南水厂", "the southern waterworks"),
    ("海湾大桥", "the bay bridge"), ("文化馆", "the culture hall"),
    ("渔人码头", "the fishing wharf"), ("第二医院", "No. 2 Hospital"),
)  # fmt: skip


def write_judged(output: Path) -> Path:
    """Write two cities with `PAIRS` pairs to judge.
    And a third with the hostile pair alone."""
    for city, numbers in (("anlan", range(14)), ("beiyuan", range(14, PAIRS))):
        sides, pairs, sentences = [], [], []
        for n in numbers:
            zh, en = _sides(city, n)
            one = pair(city, zh, en, 0.03 + 0.04 * n, relation="abridged" if n % 3 else "part_of")
            sides += [zh, en]
            pairs.append(one)
            sentences += _beads(one["pair_id"], n)
        title, text = "Ferry timetable changes", "Two more sailings a day."
        alone = article(f"{city}-alone", "en", title, text, 9, city=city)
        articles.write_articles(output, city, [*sides, alone], run_id="r1", now=CRAWLED)
        store_rows(output, "pairs", city, pairs)
        store_rows(output, "sentences", city, sentences)
        runner_up = pair(city, sides[0], alone, 0.02, score=-4.0)
        store_rows(output, "candidates", city, [runner_up])
    _write_hostile(output)
    return output


def _sides(city: str, n: int) -> tuple[Any, Any]:
    zh_name, en_name = _WORKS[n % len(_WORKS)]
    title, text = f"{zh_name}第{n + 1}期工程开工", f"投资{n + 3}亿元。"
    zh = article(f"{city}-zh{n:02d}", "zh", title, text, n, city=city)
    title, text = f"Phase {n + 1} of {en_name} begins", "Work began."
    en = article(f"{city}-en{n:02d}", "en", title, text, n + 1, city=city)
    return zh, en


def _beads(pair_id: str, n: int) -> list[Any]:
    zh_name, en_name = _WORKS[n % len(_WORKS)]
    found: list[Any] = beads(
        pair_id,
        ("1-1", f"3月{n + 1}日，{zh_name}第{n + 1}期工程开工。",
         f"Phase {n + 1} of {en_name} began on March {n + 1}."),
        ("1-1", f"工程投资{n + 3}亿元，工期{n + 10}个月。",
         f"It costs {n + 3}00 million yuan and takes {n + 11} months."),
        ("1-0", "施工期间保留两条车道通行。", ""),
    )  # fmt: skip
    return found


def _write_hostile(output: Path) -> None:
    city = {"city": "chaoyin"}
    zh = article("evil-zh", "zh", HOSTILE_TITLE, f"{HOSTILE_TEXT}\n{HUGE}", 3,
                 **city | {"url": HOSTILE_URL, "source": "<b onclick=x>来源"})  # fmt: skip
    en = article("evil-en", "en", "</h2></main><script>hack()</script>", HOSTILE_TEXT, 4, **city)
    one = pair("chaoyin", zh, en, 0.5, relation="<i>", method="<i>")
    articles.write_articles(output, "chaoyin", [zh, en], run_id="r1", now=CRAWLED)
    store_rows(output, "pairs", "chaoyin", [one])
    sides = (
        ("1-1", HOSTILE_TEXT, HOSTILE_TEXT),
        ("<b>", HUGE, "\u202eA paragraph of 2 MB.\u2066"),
        ("1-1", "</li></ol></form><form action='http://tracker.example/'>", "</textarea><b>"),
    )
    store_rows(output, "sentences", "chaoyin",
               beads(one["pair_id"], *sides, flags={0: ["<u>flag</u>"]}))  # fmt: skip


class Clock:
    """A clock that moves by one step with each look."""

    def __init__(self, now: datetime, step: timedelta) -> None:
        self.now, self._step = now, step

    def __call__(self) -> datetime:
        self.now += self._step
        return self.now


def sheet_rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV sheet."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheet(rows: list[dict[str, str]]) -> bytes:
    """Return rows as a CSV sheet."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
