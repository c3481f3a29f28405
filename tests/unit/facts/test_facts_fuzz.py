"""Whatever figures, dates and names a text strings together, every reader comes to an end with it.

The texts are random and the same in each run: pieces of what readers look for, in any order, some
again and again, some in letters that only match where case is ignored.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from crawler.extract import dates, lines
from pipelines.articles import duplicates, language
from pipelines.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs import comparison
from pipelines.release.content import masking, suspicion
from pipelines.report import fact_marks
from pipelines.sentences import flags
from pipelines.text import splitting


def _pieces(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


PIECES = _pieces("""
    一 二 十 百 千 万 亿 零 〇 两 半 廿 第 次 届 会议 年 月 日 号 时 分 点 元 % ％ 百分之 分之
    成 倍 多 余 近 约 上午 下午 昨天 明天 上周五 本月 去年 同比 增长 亿元 万元 平方公里 31日，
    30日， 2月29日 2月30日 13月 前六个月 上半年 翻两番 周年 五年规划 民國 市长李伟 汉斯·米勒 、
    和 北京 1 2 9 0 00 000 1.5 3,000 1,2,3 1.2.3 0. １ ９ ０ ٣ 𝟗 ² ½ ① Ⅳ 2024 2023 24 31 12
    12:30 25:61 2024-13-45 -1 +1 . , ， 。 ： : - — ~ ～ / ( ) 《 》 “ ” ’ ' " @ one two six
    hundred thousand million billion trillion dozen and a half first second 29th 21st percent
    yuan RMB $ US$ USD January Feb. March May Sept. yesterday noon a.m. p.m. o'clock No. Line
    Phase II IV XX week quarter year years of the from to between Mr. Li Wei Zhang Xi'an Zhang-
    O'Neil Ambassador Müller sq km °C ℃ two-thirds doubled session meeting 13812345678
    0571-88889999 a@b.example 110101199003074477 http:// \u200b \ufeff é 😀
""")
PHRASES = ("on Sunday", "the 29th", "first six months", "Phase six", "February 29", "Chan Mo-po",
           " ", "\n", "\u3000")  # fmt: skip
ONLY_MATCHING = str.maketrans({"s": "ſ", "i": "ı", "k": "\u212a", "I": "İ"})
PAGES = (None, *(datetime(y, m, d, tzinfo=UTC) for y in (1, 1900, 2023, 2024, 9999)
                 for m in (1, 2, 3, 12) for d in (1, 10, 28)))  # fmt: skip
URLS = ("", "http://a.example/2024/13/45/x.html", "http://a.example/2024/2/30/x.html", "http://[x",
        "http://a.example/t99999999_1.html")  # fmt: skip
CASES = 150


def texts(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)
    for _ in range(count):
        pieces = chance.choices((*PIECES, *PHRASES), k=chance.randrange(1, 60))
        if chance.random() < 0.2:
            pieces += [chance.choice(PIECES)] * chance.randrange(1, 200)
        text = "".join(piece + chance.choice(("", "", " ")) for piece in pieces)
        yield text.translate(ONLY_MATCHING) if chance.random() < 0.2 else text


@pytest.mark.parametrize("seed", [1, 2])
def test_facts_of_any_text_are_read_compared_and_marked(seed: int) -> None:
    chance, rarity = random.Random(seed), Rarity({}, 10)
    for text in texts(seed, CASES):
        page, url = chance.choice(PAGES), chance.choice(URLS)
        zh, en = (
            facts.facts(text, lang, title=text[:50], published=page, url=url)
            for lang in ("zh", "en")
        )
        assert all(zh.keys | en.keys | en.weighed)
        comparison.compare(zh, en, rarity, rarity)
        fact_marks.marks(zh, en)
        for side in (zh, en):
            for day in side.calendar.days:
                assert date(day.year or 2024, day.month, day.day)
            assert all(figure.value < 1e40 for figure in side.figures)


@pytest.mark.parametrize("seed", [3, 4])
def test_any_text_is_split_flagged_masked_and_told_apart(seed: int) -> None:
    masker = masking.Masker(["13900000000"])
    for text in texts(seed, CASES):
        assert len(masker.mask(text)) == len(text)
        flags.flags(text, text)
        language.detect(text, ask=False)
        suspicion.suspicion_scores(pa.array([text * 5]))
        dates.moments(text), dates.leading_date(text)
        lines.read_line(text[:200])
        for lang in ("zh", "en"):
            spans = splitting.split(text, lang)
            assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
            duplicates.prepare_text(duplicates.ArticleRow("x", lang, text[:40], text, None))
