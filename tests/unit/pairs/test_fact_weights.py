"""Shares of facts that agree, are missing or clash, by where and how they are stated."""

from dataclasses import asdict
from datetime import datetime

import pytest

from pipelines.facts.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs import comparison
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.model import linked
from pipelines.pairs.prepared import Document

NONE = Rarity({}, 0)
FILL_ZH, FILL_EN = (
    "有关部门的负责人介绍了情况。" * 30,
    "Officials of the offices explained it. " * 30,
)
"""What puts the words behind it outside a lead."""


def compare(zh: str, en: str, page: str = "", en_page: str = "") -> FactComparison:
    at = datetime.fromisoformat(page) if page else None
    en_at = datetime.fromisoformat(en_page) if en_page else at
    zh_facts, en_facts = facts(zh, "zh", published=at), facts(en, "en", published=en_at)
    return comparison.compare(zh_facts, en_facts, NONE, NONE)


def test_texts_without_facts_agree_and_clash_in_nothing() -> None:
    for zh, en in (("", ""), ("天气很好。", "The weather is fine."), ("", "On May 3, 2024, 7 km.")):
        found = asdict(compare(zh, en))
        agreed = {name: value for name, value in found.items() if value}
        # Of facts that only one text has, no more than their absence is said.
        assert agreed.keys() <= {"numbers_missing", "numbers_lost"}
        assert found["remarks"] == ()


def test_shares_of_figures_are_of_the_english_text_and_sum_to_all() -> None:
    zh = "投资742.36亿元，改造小区86个。"
    found = compare(zh, "It cost 74.236 billion yuan, for 86 compounds, 41 gates and 913 lamps.")
    assert found.numbers_said
    assert found.numbers_agree + found.numbers_missing == pytest.approx(1)
    assert 0 < found.numbers_missing < 1
    assert found.numbers_agree == pytest.approx(
        found.numbers_bits / (found.numbers_bits + found.numbers_lost)
    )
    twice = compare(
        zh, "It cost 74.236 billion yuan, for 86, and 86, compounds, 41 gates, 913 lamps."
    )
    assert twice.numbers_lost == found.numbers_lost
    assert compare(zh, "It has 41 gates.").numbers_agree == 0
    assert not compare("改造小区。", "It has 41 gates.").numbers_said


@pytest.mark.parametrize(
    ("zh", "en", "agree", "clash"),
    [
        ("3月5日召开会议。", "The meeting was held on March 5.", 1, 0),
        # A day of two, and a day in the lead twice as much as one behind it.
        ("3月5日召开会议。", "From March 5 on; the next is on June 20.", 1 / 2, 0),
        (f"3月5日开会。{FILL_ZH}", f"On March 5. {FILL_EN} Until June 20.", 2 / 3, 0),
        # Only a clash that both leads state is whole.
        ("3月5日召开会议。", "The meeting was held on June 20.", 0, 1),
        (f"{FILL_ZH}3月5日召开会议。", "The meeting was held on June 20.", 0, 0.5),
        # Where one text's first day occurs anywhere in the other, nothing clashes.
        (f"3月5日开会。{FILL_ZH}6月20日结束。", "It ended on June 20.", 1, 0),
    ],
)
def test_days_agree_by_share_and_clash_by_place(
    zh: str, en: str, agree: float, clash: float
) -> None:
    found = compare(zh, en)
    assert found.dates_said
    assert found.dates_agree == pytest.approx(agree)
    assert found.dates_clash == pytest.approx(clash)
    assert bool(found.remarks) is bool(clash)


@pytest.mark.parametrize(
    ("zh", "en", "same"),
    [
        ("2024年3月5日开会。", "It met on March 5, 2024.", True),
        ("2024年3月5日开会。", "It met on March 5, 2023.", False),
        ("2024年3月5日开会。", "It met on March 6, 2024.", False),
        ("农历三月初五开会。", "It met on March 5.", False),
    ],
)
def test_a_day_is_the_same_in_its_year_and_calendar(zh: str, en: str, same: bool) -> None:
    assert (compare(zh, en).dates_agree > 0) is same


@pytest.mark.parametrize(
    ("days", "same"), [(-3, False), (-1, True), (0, True), (30, True), (40, False)]
)
def test_an_english_yesterday_follows_the_event_by_a_month_at_most(days: int, same: bool) -> None:
    page = datetime(2024, 3, 6).fromordinal(datetime(2024, 3, 6).toordinal() + days)
    found = compare("3月5日，会议召开。", "Yesterday the meeting was held.", "2024-03-05",
                    page.isoformat())  # fmt: skip
    assert (found.dates_agree > 0) is same


def test_a_rare_day_of_both_leads_identifies_the_event() -> None:
    zh, en = "3月5日召开会议。", "The meeting was held on March 5."
    rare = compare(zh, en).dates_lead
    common = Rarity.of([facts(zh, "zh").keys] * 40)
    found = comparison.compare(facts(zh, "zh"), facts(en, "en"), common, NONE)
    assert 0 < found.dates_lead < rare == 1
    assert compare(f"{FILL_ZH}{zh}3月9日", f"March 9. {FILL_EN} {en}").dates_lead == 0


@pytest.mark.parametrize(
    ("zh", "en", "agree", "clash"),
    [
        ("2023年的计划。", "The plan of 2023.", 1, 0),
        ("2023年的计划。", "The plan of 2021.", 0, 1),
        ("2023年的计划。", "The plan of 2023 and of 2021.", 1 / 2, 0),
        # A year of the lead counts three times.
        (f"2023年的计划。{FILL_ZH}", f"The plan of 2023. {FILL_EN} As in 2021.", 3 / 4, 0),
        (f"2023年的计划。{FILL_ZH}2020年。", f"The plan of 2021. {FILL_EN} 2020.", 1 / 4, 3 / 4),
    ],
)
def test_years_agree_by_their_mentions(zh: str, en: str, agree: float, clash: float) -> None:
    found = compare(zh, en)
    assert found.years_agree == pytest.approx(agree)
    assert found.years_clash == pytest.approx(clash)
    assert any(r.startswith("years clash") for r in found.remarks) is (clash > 0)


@pytest.mark.parametrize(
    ("zh", "en", "agree", "clash"),
    [
        ("1至6月，产量增加。", "Output rose from January to June.", 1, 0),
        ("1至6月，产量增加。", "Output rose from January to September.", 0, 1),
        ("2024年1至6月，产量增加。", "Output rose in the first half of 2023.", 0, 1),
        ("1至6月，产量增加。", "From January to June, and from January to September.", 1 / 2, 0),
    ],
)
def test_periods_agree_by_their_months_and_year(
    zh: str, en: str, agree: float, clash: float
) -> None:
    found = compare(zh, en)
    assert found.periods_said
    assert found.periods_agree == pytest.approx(agree)
    assert found.periods_clash == pytest.approx(clash)
    assert any(r.startswith("periods clash") for r in found.remarks) is (clash > 0)


def test_numbers_of_meetings_clash_most_in_both_leads_and_least_among_others() -> None:
    def clash(zh: str, en: str) -> float:
        return compare(zh, en).ordinals_clash

    zh, en = "市政府召开第29次常务会议。", "The city held its 27th executive meeting."
    assert clash(zh, en) == 1
    assert clash(f"{FILL_ZH}{zh}", en) == pytest.approx(0.8)
    several = f"{FILL_ZH}{zh}会前召开了第31次常务会议。"
    assert clash(several, en) == pytest.approx(0.5)
    same = compare(zh, "The city held its 29th executive meeting.")
    assert (same.ordinals_clash, same.sessions_agree) == (0, 1)
    assert same.ordinals_said
    assert same.ordinals_agree > 0.9
    shared = f"{zh}{FILL_ZH}第27次常务会议的决定。"
    assert 0 < clash(shared, en) < 0.5, "both leads differ, although the texts share a rank"
    assert compare(zh, en).sessions_agree == 0
    assert "meeting numbers clash: [29] against [27]" in compare(zh, en).remarks
    # A plenum or plan has its number in hundreds of articles.
    assert clash("十九届五中全会", "The sixth plenum of the 19th Central Committee") < 0.5


@pytest.mark.parametrize(("year", "clash"), [(2022, 0.8), (2023, 0)])
def test_titles_with_different_years_are_of_different_reports(year: int, clash: float) -> None:
    zh = facts("报告全文。", "zh", title="2023年政府工作报告")
    en = facts("It is given in full.", "en", title=f"Report on the Work of the Government, {year}")
    assert comparison.compare(zh, en, NONE, NONE).ordinals_clash == pytest.approx(clash)


def test_a_page_years_younger_than_its_text_has_been_moved() -> None:
    for year, moved in ((2024, False), (2023, False), (2022, True), (2015, True)):
        assert compare(f"{year}年的会议。", "A meeting.", "2024-03-05").moved is moved
    assert not compare("2015年的会议。", "A meeting.").moved


def test_names_weigh_by_how_sure_they_are() -> None:
    zh = "副市长司徒明远、罗怀瑾出席会议。"
    both = compare(zh, "Situ Mingyuan and Luo Huaijin attended.")
    one = compare(zh, "Situ Mingyuan and Wang Jianguo attended.")
    none = compare(zh, "Wang Jianguo and Li Weimin attended.")
    assert both.names_said
    assert (both.names_missing, none.names_agree) == (0, 0)
    assert both.names_agree == pytest.approx(none.names_missing) == pytest.approx(2 / 2.5)
    assert one.names_agree == pytest.approx(one.names_missing) == pytest.approx(1 / 2.5)
    assert "wangjianguo is not named in Chinese" in one.remarks
    assert not compare(zh, "The meeting was held.").names_said
    twice = compare(zh, "Situ Mingyuan came. Situ Mingyuan spoke.")
    assert twice.names_agree == pytest.approx(1 / 1.5)


def test_a_known_alias_is_named_if_its_person_is() -> None:
    known = {"henry lowe": "罗怀瑾"}
    en = facts("Mayor Henry Lowe attended the meeting.", "en")
    assert "henry lowe" in en.person_names
    found = comparison.compare(facts("罗怀瑾出席会议。", "zh"), en, NONE, NONE, known)
    assert found.names_agree > 0
    assert "Henry Lowe is 罗怀瑾, as other pairs show" in found.remarks
    absent = comparison.compare(facts("会议召开。", "zh"), en, NONE, NONE, known)
    assert (absent.names_agree, absent.names_missing > 0) == (0, True)


def test_an_official_with_an_alias_is_no_guest() -> None:
    zh = facts("市长会见法国驻华大使皮埃尔·杜邦一行，罗怀瑾出席。", "zh")
    en = facts("Mayor Henry Lowe met with the visiting delegation.", "en")
    assert (zh.foreign, en.foreign) == ({"皮埃尔·杜邦"}, {"Henry Lowe"})
    for aliases, clash in (({}, 1), ({"henry lowe": "罗怀瑾"}, 0), ({"john smith": "罗怀瑾"}, 1)):
        assert comparison.compare(zh, en, NONE, NONE, aliases).guests_clash == clash


def test_places_that_only_english_names_are_missing() -> None:
    zh = "代表团访问了法国和德国。"
    both = compare(zh, "The delegation visited France and Germany.")
    assert both.places_agree == pytest.approx(2 / 3)
    assert both.places_missing == 0
    other = compare(zh, "The delegation visited France and Italy.")
    assert other.places_agree == pytest.approx(other.places_missing) == pytest.approx(1 / 3)
    assert any(remark.startswith("not named in Chinese: ") for remark in other.remarks)


def test_countries_of_the_leads_distinguish_guests_of_whom_no_name_sounds_alike() -> None:
    zh = "市长会见韩国客人。"
    other = compare(zh, "The mayor met guests from Japan.")
    assert other.guests_clash == 1
    assert "guests differ: South Korea against Japan" in other.remarks
    assert compare(zh, "The mayor met guests from the Republic of Korea.").guests_clash == 0
    assert compare(f"{zh}日本客人也来了。", "The mayor met guests from Japan.").guests_clash == 0


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ("http://a.example/cn/1.html", "http://a.example/en/1.html", True),
        ("http://a.example/1.html", "http://a.example/1.html", True),
        ("http://p.example/2015/chi/p61.html", "http://p.example/2015/eng/p61.html", True),
        ("http://p.example/2015/chi/p61.html", "http://p.example/2015/eng/p62.html", False),
        ("http://a.example/1.html", "http://a.example/2.html", False),
        ("http://a.example/cn/1.html", "http://a.example/en/2.html", False),
        ("", "", False),
        ("http://a.example/cn/1.html", "", False),
    ],
)
def test_pages_are_linked_by_one_address_or_two_that_differ_in_language(
    zh: str, en: str, expected: bool
) -> None:
    assert (
        linked(Document("z", "zh", "", "", url=zh), Document("e", "en", "", "", url=en)) is expected
    )


@pytest.mark.parametrize(
    ("page", "same"),
    [("2024-03-01", True), ("2024-03-11", True), ("2024-03-12", False), ("2024-02-29", False)],
)
def test_without_a_year_yesterday_is_within_days_of_the_event(page: str, same: bool) -> None:
    found = compare("3月5日，会议召开。", "Yesterday the meeting was held.", "", page)
    assert (found.dates_agree > 0) is same


@pytest.mark.parametrize(
    ("en", "clash"),
    [
        ("A park opened in Longling District.", 0),
        ("A park opened in Xinhe District.", 1),
        (f"A park opened. {FILL_EN} It is larger than that of Xinhe District.", 0),
        ("A park opened on Longling Road.", 0),
    ],
)
def test_only_the_leads_name_the_district_that_a_report_is_about(en: str, clash: float) -> None:
    assert compare("龙岭区新建公园。", en).sites_clash == clash


def test_a_day_off_by_one_is_a_slip_rather_than_another_event() -> None:
    slip = compare("3月25日，会议召开。", "The meeting was held on March 26.")
    other = compare("3月25日，会议召开。", "The meeting was held on April 2.")
    assert 0 < slip.dates_clash < 0.5 * other.dates_clash


def test_rounded_figures_agree_and_unknown_ones_are_missing() -> None:
    zh = "投资742.36亿元，改造小区86个，惠及3.2万户。"
    assert compare(zh, "742 billion yuan").numbers_missing == 1
    found = compare(
        zh, "Investment came to about 74 billion yuan, for 86 compounds and 32,000 homes."
    )
    assert found.numbers_agree == 1


def test_common_facts_weigh_less_than_rare_ones() -> None:
    articles = [facts("3月5日，市政府召开第29次常务会议。", "zh")] * 30
    rarity = Rarity.of(one.keys for one in articles)
    assert rarity(("ordinal", "meeting", "29")) < 0.3 < rarity(("ordinal", "meeting", "30"))
