"""English names in pinyin are heard in Chinese characters; foreign ones by their consonants."""

import pytest
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from pipelines.facts import names, places, sounds

ZH = (
    "市长谭成旭主持会议并讲话，市政府领导骆东升、靳国卫，经济区管委会主任杨光智，市政府秘书长卫国尉"
    "出席会议。副市长司徒明远、覃瑾列席。市人大常委会副主任李尔弓应邀参加，在长兴岛听取仇宁汇报。"
)


@pytest.mark.parametrize(
    "english",
    [
        "Tan Chengxu",
        "Chengxu Tan",
        "TAN Chengxu",
        "Wei Guo Wei",
        "Li Er Gong",
        "Yang Guang Zhi",
        "Situ Mingyuan",
        "Luo Dongsheng",
        "Qin Jin",
        "Tan Jin",
        "Qiu Ning",
        "Changxing Island",
    ],
)
def test_a_name_is_found_in_any_order_and_reading(english: str) -> None:
    found = names.english_names(f"it was said that {english} came.")
    assert len(found) == 1
    assert names.pinyin_index(ZH).find(found[0])


@pytest.mark.parametrize("english", ["Wang Jianguo", "Ouyang Jing", "Chen Qiufa"])
def test_a_name_that_is_not_there_is_missed(english: str) -> None:
    (name,) = names.english_names(f"it was said that {english} came.")
    assert name.person
    assert not names.pinyin_index(ZH).find(name)


def test_common_words_are_no_names() -> None:
    assert names.english_names("China said. He came. The Mayor of Hong Kong spoke.") == ()


def test_chinese_officials_are_read_after_their_posts() -> None:
    found = names.chinese_names(ZH)
    assert {"谭成旭", "骆东升", "靳国卫", "杨光智", "卫国尉", "司徒明远"} <= found


@pytest.mark.parametrize(
    ("zh", "en", "same"),
    [
        ("汉斯·米勒", "Hans Müller", True),
        ("会见总领事马克·范德堡一行", "Mark van der Berg", True),
        ("来访的总领事保罗·罗西率领的42人代表团", "Paolo Rossi", True),
        ("皮埃尔·杜邦", "Pierre Dupont", True),
        ("玛丽亚·科斯塔", "Maria Costa", True),
        ("汉斯·米勒", "Maria Costa", False),
        ("皮埃尔·杜邦", "John Harrison", False),
    ],
)
def test_foreign_names_are_told_apart_by_sound(zh: str, en: str, same: bool) -> None:
    (name,) = names.foreign_names(zh, "zh")
    assert (sounds.sound_alike(name, en) >= 0.53) is same


def test_places_have_one_form() -> None:
    zh = places.places("大阪和荷兰鹿特丹的客人", "zh")
    assert zh == places.places("guests from Osaka and Rotterdam in the Netherlands", "en")
    assert len(zh) == 3


def test_latin_tokens_survive_translation() -> None:
    assert {"5g", "apec"} <= places.latin("5G基站和APEC会议") & places.latin("APEC and 5G stations")


def test_readings_lose_their_tones_as_pypinyin_takes_them() -> None:
    toned = {one for listed in PINYIN_DICT.values() for one in listed.split(",") if one}
    plain = {one: to_normal(one).replace("ü", "v") for one in toned}
    for code in range(0x4E00, 0x9FA6):
        listed = PINYIN_DICT.get(code, "").split(",")
        assert {plain[one] for one in listed if one} <= set(names.readings(chr(code)))


def test_a_title_ends_before_the_first_word_of_the_text() -> None:
    found = names.english_names("A talk with Li Wei\nLi Na was there too.")
    assert [name.letters for name in found] == ["liwei", "lina"]
    assert not [name for name in names.english_names("Visit to Qinghe\nWang spoke.") if name.person]
