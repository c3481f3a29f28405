"""Words that tell one matter from another where no fact does."""

import pytest

from pipelines.facts.content_words import content_words, missing
from pipelines.facts.facts import facts


def test_english_words_are_of_title_and_lead_and_in_the_dictionary() -> None:
    whole = "Gas dearer in Qinghe\nTariffs rise by 5 million yuan. They will go up. Later: bridges."
    found = content_words(whole, whole.index("Later"), "en")
    assert found == {"gas", "dearer", "tariffs", "rise", "yuan"}


def test_chinese_words_are_of_the_whole_text_in_either_script() -> None:
    for text in ("水费上调\n煤气公司", "水費上調\n煤氣公司"):
        assert {"水费", "上调", "煤气", "公司"} <= content_words(text, 0, "zh")


@pytest.mark.parametrize(
    ("zh", "en", "lost"),
    [
        ("煤气涨价", "gas", []),
        ("水费上调", "gas", ["gas"]),
        ("自行车运动员夺金", "bicycles", []),
        ("桥梁隧道", "bridge tunnels harbour", ["harbour"]),
        ("", "bridge", ["bridge"]),
        ("桥梁", "", []),
    ],
)
def test_a_word_is_missing_that_renders_no_chinese_one(zh: str, en: str, lost: list[str]) -> None:
    assert missing(content_words(zh, 0, "zh"), frozenset(en.split())) == lost


def test_words_are_facts_of_a_text() -> None:
    assert "煤气" in facts("煤气涨价。", "zh").words
    assert facts("Gas is dearer.", "en", title="Bridge").words == {"gas", "dearer", "bridge"}
