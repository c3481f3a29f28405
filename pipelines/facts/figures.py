"""Figures with their units, comparable across Chinese and English.

A quantity is a value in the base unit of its class (people and things are one class, `count`),
with the precision of its notation: 4.72万亿元 and 4.72 trillion yuan are both 4.72e12,
give or take 5e9. Two agree if their difference is within the coarser precision, so rounding is
allowed as far as the rounded side admits it.
"""

from pipelines.facts.chinese_figures import chinese
from pipelines.facts.clocks import masked
from pipelines.facts.english_figures import english
from pipelines.facts.quantity import Quantity, agree, comparable, of_one_class, shared_bits

__all__ = ["Quantity", "agree", "comparable", "masked", "of_one_class", "quantities", "shared_bits"]


def quantities(text: str, lang: str) -> tuple[Quantity, ...]:
    """Return the figures of a text in reading order.

    `lang` is zh or en.
    Dates and ordinals must be `masked` by the caller, or they come back as counts.
    """
    found = chinese(text) if lang == "zh" else english(text)
    return tuple(sorted(found, key=lambda quantity: (quantity.start, quantity.value)))
