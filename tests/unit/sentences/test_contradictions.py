"""Facts that two sides cannot both have, by kind; what one side alone says contradicts nothing."""

import pytest

from pipelines.sentences.contradictions import contradict

BOTH = {
    "days": ("6月28日开通。", "It opens on June 28.", "It opens on June 26."),
    "calendars": ("农历六月二十八开通。", "It opens on June 20.", ""),
    "years": ("2019年建成。", "It was built in 2019.", "It was built in 2017."),
    "periods": ("1至6月完成。", "It was done from January to June.",
                "It was done from January to September."),
    "telephones": ("电话：0411-83641234。", "Tel: +86 411 8364 1234.", "Tel: 0411-83641235."),
    "mobiles": ("电话：13904112233。", "Tel: 139 0411 2233.", "Tel: 139 0411 2234."),
    "scores": ("主队以3比1获胜。", "The home team won 3-1.", "The home team won 3-2."),
    "turned scores": ("主队以3比1获胜。", "The guests lost 1-3.", "The guests lost 2-3."),
    "folds": ("产量翻了一番。", "Output doubled.", "Output tripled."),
    "twofold": ("产量翻两番。", "Output quadrupled.", "Output doubled."),
    "once more": ("产量增长一倍。", "Output doubled.", "Output quadrupled."),
    "levels": ("气温升至35℃。", "The temperature rose to 35 degrees.",
               "The temperature fell to 35 degrees."),
    "moves": ("价格由3元调整为2元。", "The price went from 3 yuan to 2 yuan.",
              "The price went from 2 yuan to 3 yuan."),
    "ranks": ("第35次会议。", "The 35th meeting.", "The 36th meeting."),
    "plain ranks": ("他是第四个报名的。", "He was the fourth person.", "He was the fifth person."),
    "figures": ("投资742亿元。", "It cost 74.2 billion yuan.", "It cost 7.42 billion yuan."),
    "percent": ("增长2%。", "It rose by 2 percent.", "It rose by 3 percent."),
    "trends": ("增长6.3%。", "It grew by 6.3 percent.", "It declined by 6.3 percent."),
    "clocks": ("15时开幕。", "It opens at 3 p.m.", "It opens at 4 p.m."),
    "half days": ("下午3时开幕。", "It opens at 15:00.", "It opens at 17:00."),
    "before noon": ("上午9时开会。", "It begins at 9 a.m.", "It begins at 9 p.m."),
    "rough figures": ("数百人参加。", "Hundreds of people came.", "Thousands of people came."),
    "small words": ("两人参加。", "A couple of people came.", ""),
    "tons": ("运货3.27万吨。", "It moved 32,700 tons.", "It moved 3,270 tons."),
}  # fmt: skip


@pytest.mark.parametrize(("zh", "same", "other"), BOTH.values(), ids=BOTH)
def test_a_fact_of_each_kind_agrees_or_contradicts(zh: str, same: str, other: str) -> None:
    assert not contradict(zh, same)
    assert not contradict(zh, "It was a fine day."), "one side alone"
    assert not contradict("天气很好。", same)
    if other:
        assert contradict(zh, other)
        # A further fact of the other side explains nothing away; the same one on it does.
        assert not contradict(zh, f"{same} {same}")


@pytest.mark.parametrize("kind", ["days", "years", "periods", "telephones", "ranks", "figures"])
def test_facts_of_a_kind_contradict_only_if_each_side_has_one_that_the_other_lacks(
    kind: str,
) -> None:
    zh, same, other = BOTH[kind]
    assert not contradict(zh, f"{same} {other}"), "all that Chinese says is there"
    assert contradict(zh, other)


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ("第一次看到。", "At second sight.", False),  # words of everyday language
        ("第三组到达。", "The fourth group came.", True),
        ("四分之一的人。", "A fourth of them.", False),
        ("第12条。", "Article 12.", False),
        ("第12条。", "Item 12 of the rules.", False),
        ("比分3比1。", "It was open 3-1.", False),  # no word of a game beside it
        ("80多家企业。", "Over 80 companies.", False),
        ("83家企业。", "Over 80 companies.", False),
        ("80多家企业。", "Over 800 companies.", True),
        ("约120人参加。", "About 110 people came.", False),
        ("约120人参加。", "About 60 people came.", True),
        ("共120人参加。", "The 110 people came.", True),
        ("1人参加。", "Two came.", False),
    ],
)
def test_words_that_are_no_figures_and_rough_ones_contradict_little(
    zh: str, en: str, expected: bool
) -> None:
    assert contradict(zh, en) is expected
