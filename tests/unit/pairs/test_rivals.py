"""Which articles of one language exclude each other, and which report one event."""

import pytest

from pipelines.pairs.prepared import Document, PreparedArticle, prepare
from pipelines.pairs.rivals import are_twins
from pipelines.vectors.load import load_encoder

RULES = (
    "The Measures for Lake Protection were adopted on March 20. There are 54 articles in all. "
    "Supervision of the lake will rest on firmer ground."
)
FAIR = "The 9th Tea Fair {} on May 18 at the Grand Hall. 320 tea firms from 12 cities take part."
MARKET = (
    "Qingyang District's market went into service {}. It has 167 stalls and cost 3 million yuan."
)


def prepared(*texts: tuple[str, str]) -> list[PreparedArticle]:
    documents = [Document(str(at), "en", *text) for at, text in enumerate(texts)]
    return prepare(documents, load_encoder())


@pytest.mark.parametrize(
    ("first", "second", "twins"),
    [
        # All that the shorter one states is in the longer one.
        (("New rules for the lake", RULES), ("Measures for Lake Protection adopted", RULES), True),
        (
            ("New rules for the lake", RULES),
            ("New rules for the river", RULES.replace("54", "61").replace("20", "29")),
            False,
        ),
        # "Yesterday" is of the page: a day more or less is one event.
        (
            ("Another market", MARKET.format("on April 25")),
            ("New market", MARKET.format("on April 26")),
            True,
        ),
        (
            ("Another market", MARKET.format("on April 25")),
            ("New market", MARKET.format("on July 9")),
            False,
        ),
        # A preview has the facts of the opening.
        (
            ("Tea Fair to open", FAIR.format("will open") + " Preparations are under way."),
            ("Tea Fair opens", FAIR.format("opened") + " It was launched by the mayor."),
            False,
        ),
    ],
)  # fmt: skip
def test_two_reports_of_one_event_share_their_facts_day_and_stage(
    first: tuple[str, str], second: tuple[str, str], *, twins: bool
) -> None:
    assert are_twins(*prepared(first, second)) is twins
