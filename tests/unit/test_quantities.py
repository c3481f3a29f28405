"""Figures with units are the same figure in Chinese and English, or they are not."""

import pytest

from pipelines.quantities import Quantity, agree, quantities, shared_bits


def only(text: str, lang: str) -> Quantity:
    found = quantities(text, lang)
    assert len(found) == 1, found
    return found[0]


SAME = [
    ("660万人次", "6.6 million visits"),
    ("5945.82亿元", "594.582 billion yuan"),
    ("5945.82亿元", "594.6 billion yuan"),
    ("约4.72万亿元", "about 4.72 trillion yuan"),
    ("35万人", "350,000 people"),
    ("30.1万个单位", "301 000 flats"),
    ("8300万人次", "more than 83 million passengers"),
    ("240.9亿美元", "US$24.09 billion"),
    ("240.9亿美元", "24.09 billion US dollars"),
    ("3200万元", "RMB 32 million"),
    ("1.5亿元", "1.5 hundred million yuan"),
    ("增长6.5%", "up 6.5 percent"),
    ("百分之六点五", "6.5%"),
    ("千分之五", "0.5 percent"),
    ("0.3个百分点", "0.3 percentage points"),
    ("六成", "60 percent"),
    ("12.5万平方米", "125,000 square meters"),
    ("3.2平方公里", "3.2 square kilometers"),
    ("28.3公里", "28.3 kilometers"),
    ("120万吨", "1.2 million tonnes"),
    ("430万标准箱", "4.3 million TEU"),
    ("二十九个项目", "29 projects"),
    ("1842处", "1,842 hazards"),
    ("近300家企业", "nearly 300 companies"),
    ("300余家企业", "more than 300 companies"),
    ("8312.4万人次", "some 83 million visits"),
    ("4180套", "4,200 flats"),
    ("24小时", "24 hours"),
]
DIFFERENT = [
    ("660万人次", "66 million visits"),
    ("5945.82亿元", "59.4582 billion yuan"),
    ("增长6.5%", "up 6.3 percent"),
    ("6.5亿元", "6.5 percent"),
    ("0.3%", "0.3 percentage points"),
    ("240.9亿美元", "24.09 billion yuan"),
    ("1842处", "1,769 hazards"),
    ("742亿元", "74.9 billion yuan"),
    ("27处", "29 places"),
]


@pytest.mark.parametrize(("zh", "en"), SAME)
def test_the_same_figure_agrees_across_units_and_rounding(zh: str, en: str) -> None:
    assert agree(only(zh, "zh"), only(en, "en"))


@pytest.mark.parametrize(("zh", "en"), DIFFERENT)
def test_another_figure_or_unit_does_not_agree(zh: str, en: str) -> None:
    assert not agree(only(zh, "zh"), only(en, "en"))


def test_a_list_shares_the_unit_of_its_last_figure() -> None:
    found = quantities("grew by 3.8, 5.9 and 5.4 percent respectively", "en")
    assert [(q.kind, q.value) for q in found] == [
        ("percent", 3.8),
        ("percent", 5.9),
        ("percent", 5.4),
    ]


def test_a_range_gives_both_ends() -> None:
    assert [q.value for q in quantities("1.2万至1.5万平方米", "zh")] == [12000, 15000]
    assert [q.value for q in quantities("5 to 8 percent", "en")] == [5, 8]


def test_names_with_digits_are_no_figures() -> None:
    assert quantities("5G基站", "zh") == ()
    assert quantities("5G and 3D", "en") == ()


def test_more_digits_carry_more_information() -> None:
    exact, round_one = only("1,842 hazards", "en"), only("300 hazards", "en")
    assert exact.bits > 2 * round_one.bits
    assert shared_bits(exact, [only("1842处", "zh")]) > shared_bits(exact, [only("1800处", "zh")])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", ["", "1" * 40_000, "，。" * 20_000, "1,2,3," * 8_000])
def test_strange_text_gives_a_result(text: str, lang: str) -> None:
    assert isinstance(quantities(text, lang), tuple)
