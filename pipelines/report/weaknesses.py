"""Where a corpus is weak: what speaks against it, as shares that can be compared."""

from dataclasses import dataclass

from pipelines.report import words as wording
from pipelines.report.counts import CorpusCounts, is_one_sided
from pipelines.report.words import Words
from pipelines.tables.vocabulary import LANGS

SERIOUS = 0.05
"""A share from which a weakness is called out."""


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
"""What the doubts about pairs say of many."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing that speaks against a corpus: `count` out of `whole`, which are `of` that kind.

    `pairs`: it is about pairs and sentences, else about articles and pages. `show` is the query of
    the page's filter that leads to examples, or `anchor` the section that tells more.
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
    """Return what speaks against a corpus, the greatest share first; what is nil comes last."""
    kept = sum(city.kept for city in counted.cities)
    pairs, sentences = Words("pairs", "配对"), Words("sentence groups", "句组")
    found = [
        Weakness(words, pairs, counted.doubts.get(name, 0), kept, True, f"doubt={name}")
        for name, words in PAIRS.items()
    ]
    beads = sum(counted.kinds.values())
    one_sided = sum(count for kind, count in counted.kinds.items() if is_one_sided(kind))
    commonest = max(
        filter(is_one_sided, counted.kinds), key=counted.kinds.__getitem__, default="1-0"
    )
    words = Words("have one side only", "仅有一方")
    found.append(Weakness(words, sentences, one_sided, beads, True, f"bead={commonest}"))
    words, flag = Words("have figures that differ", "数字不一致"), "number_mismatch"
    count = counted.sentence_flags.get(flag, 0)
    found.append(Weakness(words, sentences, count, beads, True, f"flag={flag}"))
    everything = 0
    for index, lang in enumerate(LANGS):
        editions = [city.editions[index] for city in counted.cities]
        whole = Words(f"{wording.LANGS[lang].en} articles", f"{wording.LANGS[lang].zh}文章")
        articles = sum(edition.articles for edition in editions)
        everything += articles
        if lang == "en":
            # Most Chinese news has no English side: that is how cities publish, no weakness.
            words, count = (
                Words("have no counterpart", "没有对应"),
                sum(e.unmatched for e in editions),
            )
            found.append(Weakness(words, whole, count, articles, False, anchor="unmatched"))
        words, count = Words("show no date", "无日期"), sum(e.undated for e in editions)
        found.append(Weakness(words, whole, count, articles, False, anchor="articles"))
        words = Words("are not in the language of their column", "语言与栏目不符")
        count = counted.article_flags[lang].get("lang_mismatch", 0)
        found.append(Weakness(words, whole, count, articles, False, anchor="articles"))
        words, count = (
            Words("repeat another one", "与另一篇重复"),
            sum(e.duplicates for e in editions),
        )
        found.append(Weakness(words, whole, count, articles, False, anchor="articles"))
    words, rejects = (
        Words("gave no article", "未能成为文章"),
        sum(c.rejects for c in counted.cities),
    )
    whole = Words("pages", "页面")
    found.append(Weakness(words, whole, rejects, rejects + everything, False, anchor="rejects"))
    return sorted(found, key=lambda one: -one.share)
