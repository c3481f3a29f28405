"""Would a bilingual lexicon help to pair documents? CC-CEDICT, and one learnt from sure pairs.

    python -m benchmarks.lexicons

The model is fitted with and without two more features (how much of the English text's words,
weighed by rarity, the Chinese text's words may be rendered by, and how much not) and measured on
series of wording and kinds that neither fit saw. CC-CEDICT is what `pipelines.sentences.cedict`
reads. The other lexicon is learnt in each city from its own pairs of probability .9 or more: word
stems and pairs of characters that occur in the same pairs.
"""

import argparse
import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from benchmarks.accuracy import documents as measured
from benchmarks.accuracy.documents import Case
from benchmarks.learn import fit_pairs
from benchmarks.series import corpus
from pipelines.pairs.model import PairModel
from pipelines.pairs.pair import decide
from pipelines.sentences import cedict


@lru_cache(maxsize=2048)
def glosses(text: str) -> frozenset[str]:
    """Return the stems that the words of a Chinese text may be rendered by."""
    return frozenset().union(*map(cedict.renderings, cedict.chinese_words(text)[1]))


Glosses = Callable[[str], frozenset[str]]


def none(case: Case) -> Glosses:
    """No lexicon."""
    return lambda text: frozenset()


def dictionary(case: Case) -> Glosses:
    """CC-CEDICT, the same for every city."""
    return glosses


def learnt(case: Case) -> Glosses:
    """A lexicon of stems by pairs of characters, from the sure pairs of a city (Dice from .6)."""
    sure = [p for p in decide(case.described, case.zh, case.en).pairs
            if p.probability >= 0.9]  # fmt: skip
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    for pair in sure:
        ours = _bigrams(case.zh[pair.zh].facts.whole)
        theirs = cedict.english_stems(case.en[pair.en].facts.whole)
        left.update(ours)
        right.update(theirs)
        both.update((a, b) for a in ours for b in theirs)
    table: dict[str, set[str]] = {}
    for (a, b), count in both.items():
        if count >= 3 and 2 * count >= 0.6 * (left[a] + right[b]):
            table.setdefault(a, set()).add(b)
    return lambda text: frozenset().union(*(table.get(a, ()) for a in _bigrams(text)))


def _bigrams(text: str) -> frozenset[str]:
    pairs = (text[at : at + 2] for at in range(len(text) - 1))
    return frozenset(one for one in pairs if all("\u4e00" <= char <= "\u9fff" for char in one))


def with_words(case: Case, of: Callable[[Case], Glosses]) -> Case:
    """Return the case with the two features of a lexicon added to every candidate."""
    known = of(case)
    words = [cedict.english_stems(one.facts.whole) for one in case.en]
    counts = Counter(word for one in words for word in one)
    whole = np.log(len(words) + 21)
    described = []
    for listed in case.described:
        rows = []
        for one in listed:
            found = known(case.zh[one.zh].facts.whole)
            weights = {w: (np.log((len(words) + 21) / (counts[w] + 1)) / whole) ** 2
                       for w in words[one.en]}  # fmt: skip
            total = sum(weights.values())
            hit = sum(weight for word, weight in weights.items() if word in found)
            more = {"words_agree": hit / (total + 1), "words_missing": (total - hit) / (total + 1)}
            rows.append(dataclasses.replace(one, features=dict(one.features) | more))
        described.append(rows)
    return dataclasses.replace(case, described=described)


def fitted(cases: Sequence[Case]) -> PairModel:
    """Fit the pairing model to the cases, with whatever features `pairing.PRIOR` names."""
    rows = [
        [((c.zh[o.zh].document.id, c.en[o.en].document.id) in c.gold, dict(o.features))
         for o in listed]
        for c in cases for listed in c.described if listed
    ]  # fmt: skip
    weights, bias = fit_pairs.fit(rows, steps=1500)
    named = dict(zip(fit_pairs.PRIOR, map(float, weights), strict=True))
    return PairModel("experiment", bias, named | fit_pairs.NEVER_LEARNT)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", type=int, default=12, help="training cities")
    parser.add_argument("--cities", type=int, default=5, help="measuring cities of each set")
    args = parser.parse_args()
    train = [
        measured.case(city.articles, {(zh, en): kind for zh, en, kind in city.gold})
        for city in (corpus.generate(seed, half=0, series=2) for seed in range(args.train))
    ]
    held = {
        "series, hard": measured.generated(range(6000, 6000 + args.cities), 3),
        "other kinds": measured.apart(range(6000, 6000 + args.cities)),
    }
    for name, of in (("no lexicon", none), ("CC-CEDICT", dictionary), ("learnt", learnt)):
        if of is none:
            fit_pairs.PRIOR.pop("words_agree", None)
            fit_pairs.PRIOR.pop("words_missing", None)
        else:
            fit_pairs.PRIOR.update({"words_agree": 2.0, "words_missing": -2.0})
        model = fitted([with_words(one, of) for one in train])
        for title, cases in held.items():
            told = measured.measure([with_words(one, of) for one in cases], model)
            print(told.line(f"{name}: {title}"), flush=True)


if __name__ == "__main__":
    main()
