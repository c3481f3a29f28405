"""Pair model: features and weights of a conditional logit."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.prepared import Document, PreparedArticle

WORDS_PER_CHARACTER = 0.7
"""English words of a full translation for each Chinese character (news .65, officials .85)."""

# Scales that bring features to order one. They are set by hand and not measured one by one: the
# weights were learnt with them, so changing one means learning anew (`benchmarks.learn.fit_pairs`).
_FIGURES_AGREE, _NUMBERS = 12.0, 8.0
"""Bits of figures, in matching sentences and anywhere, that are worth 63%."""
_FIGURES_MORE = 4.0
"""Bits added to all figures, so that one figure is not a full clash."""
_LONGER = 6.0
"""Length over the usual that is still ordinary: a round-up is several times as long as its item."""
_STAGE_SURE = 3
"""Power of a clash of stages: one that not all words bear out is no sign."""
_MANY_RENDERED = 10.0
"""Sentences rendered in order after which the lack of common facts is worth a third."""
_WORDS_OFTEN, _WORDS = 0.3, 0.1
"""Share of an English lead's words that one free translation in twenty has on its own, and a large
share beyond it: of .2 to .45 it is the likeliest on the training siblings."""
_ONE_MATTER = 0.2
"""Share of an English text that a Chinese one renders, below which its lead is of other matters,
too: most of a round-up is other items. Of .1 to .2 no set of siblings changes."""
_SOON_DAYS = 7.0
"""Days after which a prompt English text is worth a third."""
_EARLY_FROM, _EARLY_DAYS = 2, 14.0
"""Days by which English may precede Chinese, and the further days to full weight."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """Weights over features, with a version for the `method` column."""

    version: str
    bias: float
    weights: Mapping[str, float]

    def score(self, features: Mapping[str, float]) -> float:
        """Return the log odds of the pair against no counterpart at all."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@cache
def load_pair_model() -> PairModel:
    """Return the model of the package."""
    text = (resources.files("pipelines.pairs") / "pairing.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return PairModel(stored["version"], stored["bias"], stored["weights"])


def features(
    zh: PreparedArticle,
    en: PreparedArticle,
    coverage: Coverage,
    facts: FactComparison,
    *,
    max_days: int,
) -> dict[str, float]:
    """Return the features of a pair by name, each of order one."""
    figures = coverage.figures_agree + coverage.figures_clash
    measured = {
        "covered_zh": coverage.zh,
        "order": coverage.order,
        "part": float(coverage.zh_part < 1 or coverage.en_part < 1),
        "figures_agree": 1 - math.exp(-coverage.figures_agree / _FIGURES_AGREE),
        "figures_clash": coverage.figures_clash / (figures + _FIGURES_MORE),
        "numbers_agree": facts.numbers_agree * (1 - math.exp(-facts.numbers_bits / _NUMBERS)),
        "numbers_missing": facts.numbers_missing * (1 - math.exp(-facts.numbers_lost / _NUMBERS)),
    }
    for name in _AS_COMPARED:
        measured[name] = getattr(facts, name)
    measured |= {"titles_agree": coverage.titles_agree, "titles_clash": coverage.titles_clash}
    measured["stage_agree"] = facts.stage_agree
    measured["stage_clash"] = facts.stage_clash**_STAGE_SURE
    measured["bare"] = _bare(measured, facts, coverage, _IDENTIFYING)
    lost = max(0.0, coverage.words_missing - _WORDS_OFTEN) / _WORDS
    lost *= min(1.0, coverage.en / _ONE_MATTER)
    measured["words_missing"] = lost * _bare(measured, facts, coverage, _MATTERS)
    ratio = length_ratio(zh, en, coverage)
    measured["longer"] = max(0.0, math.log(ratio / _LONGER))
    days = None if facts.moved else days_apart(zh.document, en.document)
    measured |= _delay(days, max_days)
    if days is None and not facts.moved:
        measured |= _bounded(zh.document, en.document, max_days)
    measured["link"] = float(linked(zh.document, en.document))
    return measured


_MATTERS = {"figures_agree": 1.0, "numbers_agree": 1.0, "sessions_agree": 1.0, "titles_agree": 1.0}
"""Facts that distinguish a matter from others of one day and office, by how surely one does."""
_IDENTIFYING = _MATTERS | {"dates_lead": 1.0, "names_agree": 0.5, "periods_agree": 0.5}
"""Facts that distinguish an event from its kin, by how surely one does: reports of a month all have
its period, officials are in hundreds of articles, and guests or places in news of any kind."""


def _bare(
    measured: Mapping[str, float],
    facts: FactComparison,
    coverage: Coverage,
    identifying: Mapping[str, float],
) -> float:
    """Return 1 if no fact of `identifying` is common, else less.

    A member of a series is as similar as its counterpart: without facts similarity is worth less,
    unless many sentences are rendered in order.
    """
    known = {"periods_agree": facts.periods_agree, **measured}
    lacking = math.prod(1 - worth * min(1.0, known[name]) for name, worth in identifying.items())
    rendered = coverage.order * min(len(coverage.best), len(coverage.zh_covered))
    return float(lacking * math.exp(-rendered / _MANY_RENDERED))


_AS_COMPARED = (
    "dates_clash", "dates_lead", "years_agree", "years_clash", "periods_clash",
    "ordinals_clash", "sessions_agree",
    "names_agree", "names_missing", "guests_clash", "places_agree",
    "places_missing", "direction_clash", "hours_clash",
    "weekday_agree", "weekday_clash", "countries_clash", "sites_clash",
)  # fmt: skip
"""Features that are fields of `FactComparison`."""


def _delay(days: int | None, max_days: int) -> dict[str, float]:
    """Return the features of the days from Chinese to English publication."""
    if days is None:
        return {"soon": 0.0, "early": 0.0, "late": 0.0}
    return {
        "soon": math.exp(-max(days, 0) / _SOON_DAYS) * float(days >= -_EARLY_FROM),
        "early": min(1.0, max(0, -days - _EARLY_FROM) / _EARLY_DAYS),
        "late": min(1.0, max(0.0, days - max_days / 2) / max_days),
    }


def _bounded(zh: Document, en: Document, max_days: int) -> dict[str, float]:
    """Return features of the delay from one side's latest possible time.

    English that was archived before the Chinese was published came too early, if not by how much.
    """
    if zh.published and en.latest and en.latest < zh.published:
        days = (en.latest.date() - zh.published.date()).days
        return {"early": _delay(days, max_days)["early"]}
    if zh.latest and en.published and zh.latest < en.published:
        days = (en.published.date() - zh.latest.date()).days
        return {"late": _delay(days, max_days)["late"]}
    return {}


def length_ratio(zh: PreparedArticle, en: PreparedArticle, coverage: Coverage) -> float:
    """Return English length over a translation's, of the parts compared."""
    return en.size * coverage.en_part / (zh.size * coverage.zh_part * WORDS_PER_CHARACTER)


def days_apart(zh: Document, en: Document) -> int | None:
    """Return English publication minus Chinese in days; None if either is undated."""
    if zh.published is None or en.published is None:
        return None
    return (en.published.date() - zh.published.date()).days


_LANGUAGE_PART = re.compile(
    r"(?<=[/._-])(?:zh[_-]?(?:cn|hans|hant|tw|hk)?|chi|chs|cht|cn|tc|sc|gb|en(?:g|glish)?(?:[_-]us)?)(?=[/._-])",
    re.IGNORECASE,
)


def linked(zh: Document, en: Document) -> bool:
    """Return True for one URL, or two that differ only in language."""
    if not zh.url or not en.url:
        return False
    if zh.url == en.url:
        return True
    swapped = _LANGUAGE_PART.sub("*", zh.url)
    return swapped != zh.url and swapped == _LANGUAGE_PART.sub("*", en.url)
