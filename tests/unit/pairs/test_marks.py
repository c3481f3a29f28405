"""Marks of one event: what two texts contradict, and what one of them only leaves out."""

import pytest

from pipelines.facts.facts import facts
from pipelines.pairs import marks


def compare(zh: tuple[str, str], en: tuple[str, str]) -> marks.Marks:
    return marks.compare(facts(zh[1], "zh", title=zh[0]), facts(en[1], "en", title=en[0]))


FURTHER_DOWN = "市民可凭证件入场。" * 12 + "\n"
STORM = ("台风登陆", "8月5日13时，台风登陆沙坞镇。\n" + FURTHER_DOWN + "地铁高架段自11时起停运。")


@pytest.mark.parametrize(
    ("en", "clash"),
    [
        ("The storm came ashore at 1 p.m. on August 5.", 0),
        ("The storm came ashore at 9 a.m. on August 5.", 1),
        ("The storm came ashore on August 5.", 0),
        # An hour that only one text mentions, of something else, is no contradiction.
        ("The storm came ashore on August 5." + " It rained." * 50 + " Ferries left at 4 p.m.", 0),
    ],
)
def test_hours_contradict_each_other_in_leads_only(en: str, clash: float) -> None:
    assert compare(STORM, ("Storm comes ashore", en)).hours_clash == clash


def test_weekdays_contradict_each_other_in_leads_only() -> None:
    zh = ("讲座", "本周六举行讲座。")
    assert compare(zh, ("Lecture", "The lecture is on Sunday.")).weekday_clash == 1
    later = "The lecture is free." + " All are welcome." * 40 + " The library is shut on Monday."
    assert compare(zh, ("Lecture", later)).weekday_clash == 0


@pytest.mark.parametrize(
    ("zh", "en", "clash"),
    [
        ("到訪屯門區，參觀社區會堂。", "He visited Tuen Mun District and a community hall.", 0),
        ("到訪元朗區。", "He visited Yuen Long District.", 0),
        ("到访观塘区。", "He visited Kwun Tong District.", 0),
        ("到访屯门区。", "He visited Yuen Long District.", 1),
        ("到访栖霞区。", "He visited Jinwu District.", 1),
        # A community, a scenic area and a countryside have no name.
        ("走访社区、景区和农村。", "He visited Jinwu District.", 0),
        ("道路和铁路沿线受到影响。", "Jinwu Road is closed.", 0),
    ],
)
def test_districts_and_roads_differ_by_name_in_any_romanisation(
    zh: str, en: str, clash: float
) -> None:
    assert compare(("工作动态", zh), ("A visit", en)).sites_clash == clash


@pytest.mark.parametrize(
    ("zh", "en", "clash"),
    [
        ("市长会见鹿特丹市市长。", "The mayor met the mayor of Rotterdam.", 0),
        ("市长会见热那亚市市长。", "The mayor met the mayor of Rotterdam.", 1),
        ("市长会见意大利热那亚市市长。", "The mayor met guests from Italy.", 0),
        ("市长会见德国客人。", "The mayor met guests from Japan.", 1),
        (
            "香港代表会见热那亚市市长。",
            "The delegates of Hong Kong met the mayor of Rotterdam.",
            0.4,
        ),
        ("香港代表会见客人。", "The delegates of Hong Kong met the mayor of Rotterdam.", 0),
    ],
)
def test_countries_and_cities_of_leads_differ(zh: str, en: str, clash: float) -> None:
    assert compare(("会见", zh), ("A meeting", en)).countries_clash == clash


@pytest.mark.parametrize(
    ("zh", "en", "clash"),
    [
        (
            ("前三季度进口增长6.4%", "进口增长6.4%。"),
            ("Exports up", "Exports rose 6.4 percent."),
            1,
        ),
        (
            ("前三季度出口增长6.4%", "出口增长6.4%。"),
            ("Exports up", "Exports rose 6.4 percent."),
            0,
        ),
        (
            ("大桥开工", "大桥开工，明年建成。"),
            ("Bridge completed", "Work on it was completed."),
            0.5,
        ),
        (("大桥开工", "大桥今日开工。"), ("Bridge completed", "The bridge was completed."), 1),
        (("航线恢复", "航线恢复。"), ("Ferries suspended", "Ferries were suspended."), 1),
        # Both sides in one title are no contrast.
        (("进出口增长：出口快于进口", "出口增长。"), ("Imports up", "Imports rose."), 0),
        (
            ("女篮联赛开赛", "女篮联赛开赛。"),
            ("Men's league starts", "The men's league started."),
            1,
        ),
    ],
)
def test_titles_with_the_other_side_of_a_contrast_tell_of_two_events(
    zh: tuple[str, str], en: tuple[str, str], clash: float
) -> None:
    assert compare(zh, en).direction_clash == clash


@pytest.mark.parametrize(
    ("zh", "en", "differ"),
    [
        ("副市长孙丽华会见客商。", "Vice Mayor Zhao Haiming met entrepreneurs.", True),
        ("副市长赵海明会见客商。", "Vice Mayor Zhao Haiming met entrepreneurs.", False),
        # A misspelt given name is no other person, nor is a name in Cantonese.
        ("副市长赵海明会见客商。", "Vice Mayor Zhao Haimin met entrepreneurs.", False),
        ("局长孙丽华会见客商。", "Director Chan Mo-po met entrepreneurs.", False),
        ("副市长孙丽华会见客商。", "The vice mayor met entrepreneurs.", False),
        ("副市长孙丽华、赵海明会见客商。", "Vice Mayor Zhao Haiming met entrepreneurs.", False),
    ],
)
def test_officials_differ_by_their_family_names(zh: str, en: str, *, differ: bool) -> None:
    found = marks.officials(facts(zh, "zh"), facts(en, "en"), frozenset())
    assert (found is not None) is differ
    assert marks.officials(facts(zh, "zh"), facts(en, "en"), {"zhaohaiming"}) is None
