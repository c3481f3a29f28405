"""Events and best links, by the rows of stored pairs."""

from typing import Any

from pipelines.pairs.events import set_events


def link(zh: str, en: str, probability: float, relation: str = "translation") -> dict[str, Any]:
    return {
        "pair_id": f"{zh}{en}", "zh_id": zh, "en_id": en, "probability": probability,
        "relation": relation, "score": 1.0,
    }  # fmt: skip


def events_of(*rows: dict[str, Any]) -> tuple[list[Any], list[bool]]:
    set_events(rows)
    return [row["event_id"] for row in rows], [row["best"] for row in rows]


def test_a_second_report_belongs_to_the_event_and_is_not_the_best_link() -> None:
    events, best = events_of(
        link("z2", "e1", 0.994, "same_event"), link("z1", "e1", 0.991), link("z3", "e3", 0.9)
    )
    assert events[0] == events[1] != events[2]
    assert best == [False, True, True]


def test_an_event_is_a_chain_of_likely_links() -> None:
    events, _ = events_of(
        link("z1", "e1", 0.9), link("z2", "e1", 0.8), link("z2", "e2", 0.7), link("z9", "e2", 0.3)
    )
    assert len({*events[:3]}) == 1
    assert events[3] is None


def test_the_same_id_in_both_languages_is_two_articles() -> None:
    events, best = events_of(link("a", "b", 0.9), link("b", "c", 0.9))
    assert events[0] != events[1]
    assert best == [True, True]


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [link("z1", "e1", 0.9), link("z1", "e2", 0.9), link("z2", "e2", 0.6)]
    whole, turned = events_of(*rows), events_of(*rows[::-1])
    assert whole == (turned[0][::-1], turned[1][::-1])
    assert whole[1] == [True, False, True]


def test_an_unlikely_pair_can_be_the_best_link_there_is() -> None:
    assert events_of(link("z", "e", 0.2)) == ([None], [True])
