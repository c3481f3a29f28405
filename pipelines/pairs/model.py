"""PairModel of document pairs: features and weights."""

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
"""English words a full translation has for each Chinese character (news .65, officials .85)."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """Weights of the conditional logit over features, with a version for the `method` column."""

    version: str
    bias: float
    weights: Mapping[str, float]

    def score(self, features: Mapping[str, float]) -> float:
        """Log odds of the pair against no mate at all."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@cache
def load_pair_model() -> PairModel:
    """Return the model that comes with the package."""
    text = (resources.files("pipelines.pairs") / "pairing.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    return PairModel(stored["version"], stored["bias"], stored["weights"])


def features(
    zh: PreparedArticle,
    en: PreparedArticle,
    coverage: Coverage,
    facts: FactComparison,
    *,
    edge: float,
    max_days: int,
) -> dict[str, float]:
    """Return the named numbers that the model weighs, each of order one."""
    ratio = en.size / (zh.size * WORDS_PER_CHARACTER)
    days = None if facts.moved else days_apart(zh.document, en.document)
    figures = coverage.figures_agree + coverage.figures_clash
    return {
        "similarity": coverage.similarity,
        "title": coverage.title,
        "covered_en": coverage.en,
        "covered_zh": coverage.zh,
        "order": coverage.order,
        "edge": 5 * edge,
        "figures_agree": 1 - math.exp(-coverage.figures_agree / 12),
        "figures_clash": coverage.figures_clash / (figures + 4),
        "numbers_agree": facts.numbers_agree * (1 - math.exp(-facts.numbers_bits / 8)),
        "numbers_missing": facts.numbers_missing,
        "dates_agree": facts.dates_agree,
        "dates_clash": facts.dates_clash,
        "dates_lead": facts.dates_lead,
        "years_agree": facts.years_agree,
        "years_clash": facts.years_clash,
        "periods_agree": facts.periods_agree,
        "periods_clash": facts.periods_clash,
        "ordinals_agree": facts.ordinals_agree,
        "ordinals_clash": facts.ordinals_clash,
        "sessions_agree": facts.sessions_agree,
        "names_agree": facts.names_agree,
        "names_missing": facts.names_missing,
        "guests_agree": facts.guests_agree,
        "guests_clash": facts.guests_clash,
        "places_agree": facts.places_agree,
        "places_missing": facts.places_missing,
        "titles_agree": coverage.titles_agree,
        "titles_clash": coverage.titles_clash,
        "stage_agree": facts.stage_agree,
        "stage_clash": facts.stage_clash,
        "longer": max(0.0, math.log(ratio / 1.3)),
        "shorter": max(0.0, -math.log(ratio / 0.7)) / 3,
        "soon": 0.0 if days is None else math.exp(-max(days, 0) / 7) * float(days >= -2),
        "early": 0.0 if days is None else min(1.0, max(0, -days - 2) / 14),
        "late": 0.0 if days is None else min(1.0, max(0.0, days - max_days / 2) / max_days),
        "link": float(linked(zh.document, en.document)),
    }


def days_apart(zh: Document, en: Document) -> int | None:
    """English publication minus Chinese in days; None when either is undated."""
    if zh.published is None or en.published is None:
        return None
    return (en.published.date() - zh.published.date()).days


_LANGUAGE_PART = re.compile(
    r"(?<=[/._-])(?:zh[_-]?(?:cn|hans|hant|tw|hk)?|chi|chs|cht|cn|tc|sc|gb|en(?:g|glish)?(?:[_-]us)?)(?=[/._-])",
    re.IGNORECASE,
)


def linked(zh: Document, en: Document) -> bool:
    """Whether both came from one page, or their URLs differ only in naming the language."""
    if not zh.url or not en.url:
        return False
    if zh.url == en.url:
        return True
    swapped = _LANGUAGE_PART.sub("*", zh.url)
    return swapped != zh.url and swapped == _LANGUAGE_PART.sub("*", en.url)
