"""A small finished corpus, for the report and the review page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from builders import NOW as CRAWLED
from builders import bead_row, store_articles, store_rows

from crawler.item import NEWS_TIME, Article, Reject
from pipelines.tables import articles, runs

ALIGNED = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)

HOSTILE_TITLE = "<script>window.hacked = 1</script> \u202efdp.exe & \"><img src=x onerror='hack()'>"
HOSTILE_TEXT = (
    "</style></script><svg onload=alert(1)> --> ]]> {{ 7 * 7 }} {% raw %} &lt;b&gt;\x07 "
    '<iframe src="http://tracker.example/"></iframe> <a href="javascript:hack()">点击</a>'
)
HOSTILE_URL = "javascript:window.hacked=1//www.minghe.example/"

EVIDENCE = {
    "similarity": 0.61, "order": 0.8, "numbers": 0.9, "dates": 1.0, "ordinals": 1.0, "names": None,
    "length_ratio": 1.1, "days_apart": 2, "link": False,
}  # fmt: skip


def article(key: str, lang: str, title: str, text: str, day: int | None, **more: Any) -> Article:
    host = f"{'www' if lang == 'zh' else 'en'}.{more['city']}.example"
    return Article(
        article_id=key, site=host, lang=lang, script="Hans" if lang == "zh" else "Latn",
        title=title, text=text,
        published_at=datetime(2024, 3 + day // 30, 1 + day % 28, tzinfo=NEWS_TIME)
        if day is not None else None,
        published_precision="day" if day is not None else None,
        **{"url": f"http://{host}/{key}.html", "source": "明河日报"} | more,
    )  # fmt: skip


def pair(city: str, zh: Article, en: Article, probability: float, **more: Any) -> dict[str, Any]:
    row = {
        "pair_id": f"{zh.article_id}-{en.article_id}", "city": city,
        "zh_id": zh.article_id, "en_id": en.article_id, "zh_url": zh.url, "en_url": en.url,
        "zh_title": zh.title, "en_title": en.title, "probability": probability,
        "relation": "translation", "score": 3.0, "margin": 2.0, "evidence": EVIDENCE,
        "method": "test-encoder 1", "aligned_at": ALIGNED,
    }  # fmt: skip
    return row | more


def beads(pair_id: str, *sides: tuple[str, str, str], flags: Mapping[int, list[str]] = {}) -> Any:
    return [
        bead_row(pair_id, i, kind, zh=zh, en=en, flags=flags.get(i, []))
        for i, (kind, zh, en) in enumerate(sides)
    ]


def numbered(count: int, city: str = "minghe") -> list[tuple[Article, Article]]:
    """Return numbered articles, each in both languages."""
    return [
        (
            article(f"zh{n}", "zh", f"第{n}条", "文", n, city=city),
            article(f"en{n}", "en", f"Item {n}", "Text", n, city=city),
        )
        for n in range(count)
    ]


def write_numbered(output: Path, count: int, mated: int, now: datetime, **fields: Any) -> None:
    """Write `count` articles of Minghe in each language.
    The first `mated` are pairs."""
    both = numbered(count)
    store_articles(output, *(one for sides in both for one in sides), now=now)
    rows = [pair("minghe", zh, en, 0.9, **fields) for zh, en in both[:mated]]
    store_rows(output, "pairs", "minghe", rows)


def write_corpus(output: Path) -> Path:
    """Write two cities.
    Minghe with five pairs' worth of everything, Taoyu without sentences."""
    c = {"city": "minghe"}
    zh1 = article("zh1", "zh", "市政府召开第29次常务会议", "第一段。\n第二段。", 3, **c)
    zh2 = article("zh2", "zh", "市政府召开第27次常务会议", "另一次会议。", 10, **c)
    zh3 = article("zh3", "zh", HOSTILE_TITLE, HOSTILE_TEXT, 40, **c | {"url": HOSTILE_URL})
    zh4 = article("zh4", "zh", "市政府召开第29次常务会议（转载）", "第一段。\n第二段。", 4, **c)
    zh5 = article("zh5", "zh", "老年大学报名通知", "请于本周报名。", None, flags=("undated",), **c)
    en1 = article("en1", "en", "29th executive meeting held", "One.\nTwo.", 5, **c)
    en2 = article("en2", "en", "30th executive meeting held", "Another meeting.", 12, **c)
    en3 = article("en3", "en", "A page from nowhere", "Text.", 41, **c)
    en4 = article("en4", "en", "No mate at all", "Alone.", 45, **c)
    nine = (zh1, zh2, zh3, zh4, zh5, en1, en2, en3, en4)
    store_articles(output, *nine, run="r1", now=CRAWLED)
    articles.mark_duplicates(output, "minghe", {"zh4": "zh1"})
    clash = EVIDENCE | {"ordinals": -1.0, "days_apart": -3}
    first = pair("minghe", zh1, en1, 0.998)
    second = pair("minghe", zh2, en2, 0.55, evidence=clash, relation="same_event", margin=0.1)
    third = pair("minghe", zh3, en3, 0.21, relation='"><b>bold', method="<i>m</i>")
    store_rows(output, "pairs", "minghe", [first, second, third])
    runner_up = pair("minghe", zh2, en1, 0.02, score=-4.0)
    worse = pair("minghe", zh5, en1, 0.01, score=-6.0)
    store_rows(output, "candidates", "minghe", [worse, runner_up])
    store_rows(
        output, "sentences", "minghe",
        [
            *beads(
                first["pair_id"],
                ("1-1", "5月8日，会议审议3.2万户改造。", "On May 8 it reviewed 32,000 homes."),
                ("1-2", "会议还研究了其他事项。", "It met again. Other matters were studied."),
                ("1-0", "散会后，市长张明远答记者问。", ""),
                flags={1: ["length_outlier"]},
            ),
            *beads(second["pair_id"], ("1-1", "投资5亿元。", "It cost 700 million yuan."),
                   flags={0: ["number_mismatch"]}),
            *beads(third["pair_id"], ("1-1", HOSTILE_TEXT, "Text."), ("<b>", "", HOSTILE_TEXT),
                   flags={0: ["<u>flag</u>"]}),
        ],
    )  # fmt: skip
    articles.write_rejects(
        output, "minghe",
        [
            Reject("http://www.minghe.example/a.html", "minghe", "challenge", "A script challenge"),
            Reject("http://www.minghe.example/b.html", "minghe", "challenge", "A script challenge"),
            Reject("http://www.minghe.example/<c>", "minghe", "too_short", "<em>short</em>"),
        ],
        run_id="r1", now=CRAWLED,
    )  # fmt: skip
    c = {"city": "taoyu"}
    zh6 = article("zh6", "zh", "桃屿市举行龙舟赛", "六月十日举行。\n共有12支队伍参赛。", 60, **c)
    en6 = article("en6", "en", "Taoyu races dragon boats", "Twelve teams took part.", 61, **c)
    store_articles(output, zh6, en6, run="r1", now=CRAWLED)
    store_rows(output, "pairs", "taoyu", [pair("taoyu", zh6, en6, 0.9, relation="abridged")])
    run = runs.start(output, "run", ("minghe", "taoyu"))
    runs.gather_issues(run, [{"city": "taoyu", "code": "list_empty", "url": "http://x.example/"}])
    runs.finish(run, {"minghe": {"articles": 9, "failed": False}, "taoyu": {"articles": 2}}, 3)
    return output
