"""Gain from names learnt of a city's own pairs.
Pairing with and without them, held apart.

    python -m benchmarks.accuracy.aliases [--seed 8000] [--cities 10] [--half 1]

Prints, for series whose officials have unexplained English names and for the other two generated
sets, the figures without and with learning, and which names were learnt, right and wrong.
"""

import argparse

from benchmarks.accuracy import documents as measured
from benchmarks.series import apart, corpus
from benchmarks.series.aliases import OFFICIALS, generate
from benchmarks.series.city import City
from pipelines.pairs import aliases, pair


def main() -> None:
    """Print two lines a set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=8000)
    parser.add_argument("--cities", type=int, default=10)
    parser.add_argument("--half", type=int, default=1, choices=(0, 1))
    args = parser.parse_args()
    seeds = range(args.seed, args.seed + args.cities)
    sets = {
        "unexplained names": [generate(seed, half=args.half) for seed in seeds],
        "series, hard": [corpus.generate(seed, half=args.half, series=2) for seed in seeds],
    }
    if args.half:
        sets["other kinds"] = [apart.generate(seed) for seed in seeds]
    known = {en: zh for zh, en in OFFICIALS[args.half]}
    for name, cities in sets.items():
        found: dict[str, list[str]] = {"right": [], "wrong": []}
        cases: dict[bool, list[measured.Case]] = {False: [], True: []}
        for city in cities:
            for learning in (False, True):
                cases[learning].append(_case(city, learning=learning))
            for form, person in _learnt(cases[False][-1]).items():
                found["right" if known.get(form.title()) == person else "wrong"].append(form)
        print(measured.measure(cases[False]).line(name))
        print(measured.measure(cases[True]).line("  with names learnt"))
        wrong = ", ".join(sorted(found["wrong"])) or "none"
        print(f"    learnt: {len(found['right'])} right, wrong: {wrong}")


def _case(city: City, *, learning: bool) -> measured.Case:
    gold = {(zh, en): kind for zh, en, kind in city.gold}
    return measured.case(city.articles, gold, learning=learning)


def _learnt(case: measured.Case) -> dict[str, str]:
    pairing = pair.decide(case.described, case.zh, case.en)
    certain = [one for one in pairing.pairs if one.probability >= aliases.CERTAIN]
    return aliases.learn((case.zh[one.zh], case.en[one.en]) for one in certain)


if __name__ == "__main__":
    main()
