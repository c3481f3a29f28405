"""A small corpus to release: cities under different rights, with traps."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import builders
import pyarrow.parquet as pq
from builders import store_articles, store_rows

from crawler.city import City
from crawler.city_file import load_cities
from crawler.item import NEWS_TIME, Article, article_id
from pipelines.release import build
from pipelines.release.content.selection import Thresholds
from pipelines.release.snapshot import Snapshot
from pipelines.tables import parquet, runs
from pipelines.terminal import progress
from pipelines.text.splitting import split

NOW = datetime(2024, 9, 1, 8, 0, tzinfo=UTC)
FIRST_DAY = datetime(2024, 1, 1, 9, 0, tzinfo=NEWS_TIME)
MOBILE, EMAIL = "13812345678", "chen.lu88@163.com"
_MASKED_AS = {"zh": "联系人：陈女士，手机", "en": "Contact Ms Chen at "}

CITY = """name: {{zh: {key}市, en: {key}}}
hosts: [www.{key}.example, en.{key}.example]
{rights}
sources:
  - {{lang: zh, cms: generic, list: "http://www.{key}.example/"}}
  - {{lang: en, cms: generic, list: "http://en.{key}.example/"}}
"""
RIGHTS = {
    "anbei": "rights: {text: full, terms: invented, checked: 2024-07-01}",
    "bolin": "rights: {text: full, terms: invented, checked: 2024-07-01}",
    "chunan": "rights: {text: full, terms: nobody has read them, checked: null}",
    "dashi": "rights: {text: metadata+excerpt, terms: invented, checked: 2024-07-01}",
}
SECRET = {"zh": "水下古桥的桩基", "en": "piles of the drowned bridge"}
"""In every text and no title: what must not be found where text may not be held."""

_ZH = "水库堤防巡查桥梁公园学校食堂医保结算渔港码头航道苗圃灯塔古井书院菜场电梯路灯泵站"
_WORDS = {
    "zh": [_ZH[at : at + 2] for at in range(0, len(_ZH), 2)],
    "en": ["reservoir", "dike", "patrol", "bridge", "park", "school", "canteen", "insurance",
           "wharf", "harbour", "channel", "nursery", "lighthouse", "well", "academy", "market",
           "lift", "lamp", "pump", "ferry"],
}  # fmt: skip


def sentences(lang: str, seed: str, count: int = 6) -> list[str]:
    """Return sentences that no other seed gives."""
    draw = random.Random(f"{lang}{seed}")
    made = []
    for n in range(count):
        some = draw.sample(_WORDS[lang], 6)
        if lang == "zh":
            made.append(f"{seed}号工程的{'、'.join(some)}已经完成{draw.randint(10, 99)}处。")
        else:
            made.append(f"Project {seed} finished {draw.randint(10, 99)} of the {', '.join(some)}.")
        if n == 2:
            made[-1] = f"{made[-1][:-1]}{SECRET[lang]}。" if lang == "zh" else (
                f"{made[-1][:-1]} and the {SECRET[lang]}."
            )  # fmt: skip
    return made


def article(
    city: str, lang: str, key: str, text: str, day: int | None, *, rights: str | None = "full"
) -> Article:
    url = f"http://{'www' if lang == 'zh' else 'en'}.{city}.example/{key}.html"
    published = FIRST_DAY + timedelta(days=day) if day is not None else None
    return builders.article(
        article_id(url), lang, published, city=city, site=url.split("/")[2], url=url, text=text,
        title=f"{city} {key} 工程进展" if lang == "zh" else f"Progress of {city} {key}",
        rights=rights,
    )  # fmt: skip


def pair(
    zh: Article, en: Article, probability: float, relation: str = "translation"
) -> parquet.Row:
    return {
        "pair_id": f"{zh.article_id[:8]}{en.article_id[:8]}", "city": zh.city,
        "zh_id": zh.article_id, "en_id": en.article_id, "zh_url": zh.url, "en_url": en.url,
        "zh_title": zh.title, "en_title": en.title, "probability": probability,
        "relation": relation, "score": 2.0, "margin": 1.0, "method": "an-encoder a-model",
        "evidence": {"similarity": 0.8, "days_apart": 2}, "aligned_at": NOW,
    }  # fmt: skip


def beads(row: parquet.Row, zh: Article, en: Article) -> list[parquet.Row]:
    """Return one bead for each sentence, and a null bead.
    With offsets into the articles' texts."""
    zh_spans, en_spans = split(zh.text, "zh"), split(en.text, "en")
    made: list[parquet.Row] = []
    for n, (a, b) in enumerate(zip(zh_spans, en_spans, strict=False)):
        made.append({
            "pair_id": row["pair_id"], "position": n, "kind": "1-1", "probability": 0.9,
            "zh": zh.text[a.start : a.end], "zh_start": a.start, "zh_end": a.end,
            "en": en.text[b.start : b.end], "en_start": b.start, "en_end": b.end, "flags": [],
        })  # fmt: skip
    last = made[-1] | {"position": len(made), "kind": "1-0", "en": "", "en_start": None,
                       "en_end": None, "flags": ["fragment"]}  # fmt: skip
    return [*made, last]


def write_city(
    output: Path,
    city: str,
    articles: Sequence[Article],
    rows: Iterable[parquet.Row],
    run: str = "r1",
) -> None:
    """Store a city's articles and pairs, with beads for every pair."""
    store_articles(output, *articles, run=run, now=NOW)
    by_id = {article.article_id: article for article in articles}
    listed = sorted(rows, key=lambda row: str(row["pair_id"]))
    made = [b for row in listed for b in beads(row, by_id[row["zh_id"]], by_id[row["en_id"]])]
    store_rows(output, "pairs", city, listed)
    store_rows(output, "sentences", city, made)


def write_corpus(folder: Path) -> Path:
    """Write city files and a corpus of five cities; return the output folder.

    The city `erhe` has no file. Each city has six pairs (probability .95, .9, … falling by .1) and
    an unpaired article of each language. In every second pair both sides name a private telephone
    number and an address.
    """
    cities, output = folder / "cities", folder / "output"
    cities.mkdir(parents=True)
    for key, rights in RIGHTS.items():
        text = CITY.format(key=key, rights=rights)
        (cities / f"{key}.yaml").write_text(text, encoding="utf-8")
    for number, city in enumerate((*RIGHTS, "erhe")):
        articles, rows = [], []
        for n in range(7):
            day = 30 * n + number
            sides = []
            for lang in ("zh", "en"):
                said = sentences(lang, f"{city}{n}")
                if n % 2:
                    stop = "。" if lang == "zh" else "."
                    said.insert(3, f"{_MASKED_AS[lang]}{MOBILE}, {EMAIL}{stop}")
                text = "\n".join([(" " if lang == "en" else "").join(said[:3]), *said[3:]])
                recorded = None if city == "erhe" else "full"
                sides.append(article(city, lang, f"{lang}{n}", text, day, rights=recorded))
            articles += sides
            if n < 6:
                relation = "same_event" if n == 2 else "translation"
                rows.append(pair(sides[0], sides[1], 0.95 - 0.1 * n, relation))
        run = f"20240901T08000{number}Z-aaaa"
        write_city(output, city, articles, rows, run)
    started = runs.start(output, "import", ("erhe",))
    runs.finish(started, {}, 0)
    return output


def cities_of(output: Path) -> dict[str, City]:
    return load_cities(output.parent / "cities")


def release(output: Path, version: str = "1", /, **more: Any) -> Snapshot:
    """Make a release; keywords are those of `Order` and of `Thresholds`."""
    order = {name: more.pop(name) for name in ("split", "formats") if name in more}
    wanted = build.Order(version, Thresholds(**more), **order)
    with progress() as tracker:
        return build.build(output, wanted, cities_of(output), tracker)


def rows(made: Snapshot, table: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    return made.read(table, columns).to_pylist()  # type: ignore[no-any-return]


def content_of(folder: Path) -> str:
    """Return the content of every file as text: its bytes, and of Parquet also the rows.

    The statistics of Parquet are in its bytes.
    """
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.append(path.read_bytes().decode("utf-8", "replace"))
        if path.suffix == ".parquet":
            found += [str(row) for row in pq.ParquetFile(path).read().to_pylist()]
    return "\n".join(found)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def site_value(path: Path) -> Any:
    """Return the value in a file of a site's data, which is a call with a name and JSON."""
    call, _, rest = path.read_text("utf-8").partition(",")
    assert call.startswith('shizheng("')
    return json.loads(rest.rstrip().removesuffix(")"))
