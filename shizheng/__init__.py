"""Python API: from a page to pairs and aligned sentences.

>>> import shizheng
>>> shizheng.detect("岚港市召开第三次代表大会。").lang
'zh'

What is listed in `__all__` is stable by docs/reference/python-api.md; the packages below are not.
"""

from crawler.item import Article, Reject
from pipelines.articles.language import Verdict
from pipelines.facts.facts import Facts
from shizheng.corpus import Corpus, open  # noqa: A004 - read as shizheng.open
from shizheng.pairing import pair
from shizheng.texts import Bead, Sentence, align, detect, extract, facts, split

__all__ = [
    "Article",
    "Bead",
    "Corpus",
    "Facts",
    "Reject",
    "Sentence",
    "Verdict",
    "align",
    "detect",
    "extract",
    "facts",
    "open",
    "pair",
    "split",
]
