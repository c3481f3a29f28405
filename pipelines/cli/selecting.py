"""Options that choose pairs and beads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, Token

from pipelines.cli.options import Day, chosen_of, listed, option, probability, share_of_one
from pipelines.errors import UsageError
from pipelines.tables.vocabulary import DECISION, FLAGS, RELATIONS, SCRIPTS

if TYPE_CHECKING:
    from pipelines.export.filters import Filters


OF_BEADS = {
    "min_bead_probability": "--min-bead-probability",
    "min_similarity": "--min-similarity",
    "kinds": "--kind",
    "without_flags": "--without-flag",
}
"""Options that choose beads, by the names of their filters."""


def _kinds(kind: object, tokens: Sequence[Token]) -> tuple[str, ...]:
    from pipelines.export.filters import check_kinds

    words = listed(tokens)
    try:
        check_kinds(words)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return words


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Selecting:
    """Options that choose pairs and beads."""

    min_probability: Annotated[
        float, option(f"pairs at or above it (default: {DECISION})", "P", read=probability)
    ] = DECISION
    relation: Annotated[
        tuple[str, ...],
        option(
            "pairs so related (default: all)",
            "|".join(RELATIONS),
            converter=chosen_of(lambda: RELATIONS),
            consume_multiple=(1, None),
        ),
    ] = ()
    best: Annotated[bool, option("one to one: the best link of both articles")] = False
    city: Annotated[
        tuple[str, ...], option("these cities only", "CITY", consume_multiple=(1, None))
    ] = ()
    script: Annotated[
        tuple[str, ...],
        option(
            "Chinese in this script only",
            "|".join(SCRIPTS),
            converter=chosen_of(lambda: SCRIPTS),
            consume_multiple=(1, None),
        ),
    ] = ()
    since: Annotated[Day, option("both published on this day or later")] = None
    until: Annotated[Day, option("both published on this day or before")] = None
    min_bead_probability: Annotated[
        float, option("beads at or above it (default: 0)", "P", read=probability)
    ] = 0.0
    min_similarity: Annotated[
        float,
        option(
            "beads whose sides have this cosine or more, and corrected ones (default: 0)",
            "S",
            read=share_of_one("a cosine"),
        ),
    ] = 0.0
    kind: Annotated[
        tuple[str, ...],
        option("beads of these kinds", "1-1|1-2|…", converter=_kinds, consume_multiple=(1, None)),
    ] = ()
    without_flag: Annotated[
        tuple[str, ...],
        option(
            "no beads with these flags; any: with none",
            "|".join((*FLAGS, "any")),
            converter=chosen_of(lambda: (*FLAGS, "any")),
            consume_multiple=(1, None),
        ),
    ] = ()

    def filters(self) -> "Filters":
        """Return the options as filters."""
        from pipelines.export.filters import Filters

        return Filters(
            self.min_probability, self.relation, self.best, self.city, self.script, self.since,
            self.until, self.min_bead_probability, self.kind, self.without_flag,
            self.min_similarity,
        )  # fmt: skip


SELECTING = Selecting()
