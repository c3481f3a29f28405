"""Weaknesses of a corpus, as comparable shares."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.report import words
from pipelines.report.counts import CorpusCounts, is_one_sided
from pipelines.report.words import Words
from pipelines.tables.vocabulary import LANGS

SERIOUS = 0.05
"""Share from which a weakness is highlighted. Set by hand; not measured."""


PAIRS = {
    "numbers": Words("have figures that contradict each other", "数字相互矛盾"),
    "dates": Words("have dates that contradict each other", "日期相互矛盾"),
    "ordinals": Words("have ordinals that contradict each other", "届次相互矛盾"),
    "names": Words("have names that contradict each other", "名称相互矛盾"),
    "near": Words("have a probability of 0.4 to 0.6", "概率在 0.4 至 0.6 之间"),
    "close": Words("have a rival that scores nearly as well", "另有得分相近的候选"),
    "length": Words("have one side under half its usual length", "一方长度不足通常的一半"),
    "apart": Words("were published more than 30 days apart", "发布日期相隔超过 30 天"),
}
"""Doubts about pairs as words about many of them."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """A weakness of a corpus: `count` of `whole` items.

    `of` names the items. `pairs`: it is about pairs and sentences, else about articles and pages.
    `show` is the query of the page's filter for examples, or `anchor` the section with details.
    """

    words: Words
    of: Words
    count: int
    whole: int
    pairs: bool
    show: str = ""
    anchor: str = ""

    @property
    def share(self) -> float:
        return self.count / self.whole if self.whole else 0.0

    @property
    def serious(self) -> bool:
        return self.share >= SERIOUS


def of(counted: CorpusCounts) -> list[Weakness]:
    """Return the weaknesses of a corpus, the greatest share first."""
    found = [*_of_pairs(counted), *_of_sentences(counted), *_of_articles(counted)]
    return sorted(found, key=lambda weakness: -weakness.share)


def _of_pairs(counted: CorpusCounts) -> Iterator[Weakness]:
    kept = sum(city.kept for city in counted.cities)
    pairs = Words("pairs", "配对")
    for name, text in PAIRS.items():
        yield Weakness(text, pairs, counted.doubts.get(name, 0), kept, True, f"doubt={name}")


def _of_sentences(counted: CorpusCounts) -> Iterator[Weakness]:
    groups, beads = Words("sentence groups", "句组"), sum(counted.kinds.values())
    one_sided = {kind: count for kind, count in counted.kinds.items() if is_one_sided(kind)}
    commonest = max(one_sided, key=one_sided.__getitem__, default="1-0")
    count, text = sum(one_sided.values()), Words("have one side only", "仅有一方")
    yield Weakness(text, groups, count, beads, True, f"bead={commonest}")
    flag, text = "number_mismatch", Words("have figures that differ", "数字不一致")
    count = counted.sentence_flags.get(flag, 0)
    yield Weakness(text, groups, count, beads, True, f"flag={flag}")


def _of_articles(counted: CorpusCounts) -> Iterator[Weakness]:
    everything = 0
    for index, lang in enumerate(LANGS):
        editions = [city.editions[index] for city in counted.cities]
        whole = Words(f"{words.LANGS[lang].en} articles", f"{words.LANGS[lang].zh}文章")
        articles = sum(edition.articles for edition in editions)
        everything += articles
        if lang == "en":
            # Most Chinese news has no English side: that is how cities publish, no weakness.
            text, count = (
                Words("have no counterpart", "没有对应"),
                sum(e.unmatched for e in editions),
            )
            yield Weakness(text, whole, count, articles, False, anchor="unmatched")
        other_language = counted.article_flags[lang].get("lang_mismatch", 0)
        for text, count in (
            (Words("show no date", "无日期"), sum(e.undated for e in editions)),
            (Words("are not in the language of their column", "语言与栏目不符"), other_language),
            (Words("repeat another one", "与另一篇重复"), sum(e.duplicates for e in editions)),
        ):
            yield Weakness(text, whole, count, articles, False, anchor="articles")
    rejects = sum(city.rejects for city in counted.cities)
    text, pages = Words("gave no article", "未能成为文章"), Words("pages", "页面")
    yield Weakness(text, pages, rejects, rejects + everything, False, anchor="rejects")
