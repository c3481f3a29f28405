"""Names and rules of verdicts and plans, in English and Chinese."""

from typing import NamedTuple

from crawler.rows import rows
from pipelines.report.words import RELATIONS, Words


class Choice(NamedTuple):
    """One verdict: its key, its name, and when to give it."""

    key: str
    name: Words
    rule: Words


def _level(name: str) -> dict[str, Choice]:
    """Return the choices of a level of `choices.tsv` by code."""
    return {
        code: Choice(key, Words(en, zh) if en else RELATIONS[code], Words(rule_en, rule_zh))
        for level, code, key, en, rule_en, zh, rule_zh in rows("pipelines.review/choices.tsv")
        if level == name
    }


PAIR, BEAD, UNMATCHED = _level("pair"), _level("bead"), _level("unmatched")
LEVELS = {"pair": PAIR, "bead": BEAD, "unmatched": UNMATCHED}
PLANS = _level("plan")
