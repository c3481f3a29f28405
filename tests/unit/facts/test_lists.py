"""Word lists of names and stages: every word works, in both languages."""

import pytest

from crawler.rows import rows
from pipelines.facts import names
from pipelines.facts.facts import facts
from pipelines.facts.lists import words

STAGES = ("coming", "opening", "over")


def test_no_list_has_an_empty_word_or_one_twice() -> None:
    for name, lang, _ in rows("pipelines.facts/words.tsv"):
        listed = words(name, lang)
        assert all(word.strip() == word != "" for word in listed), name
        assert len(set(listed)) == len(listed), name


@pytest.mark.parametrize("stage", STAGES)
def test_every_word_of_a_stage_counts_for_it(stage: str) -> None:
    for lang in ("zh", "en"):
        for word in words(stage, lang):
            assert facts(f" {word} ", lang).stage[STAGES.index(stage)] > 0, word


def test_a_post_before_a_chinese_name_makes_it_a_person() -> None:
    for post in words("post", "zh"):
        assert names.chinese_names(f"{post}陆文渊主持会议") == {"陆文渊"}, post


def test_a_title_before_a_foreign_name_makes_it_a_person() -> None:
    for title in words("title", "en"):
        assert names.foreign_names(f"{title} Hans Müller spoke.", "en") == {"Hans Müller"}, title


def test_a_place_word_after_a_name_in_pinyin_makes_it_a_place() -> None:
    for word in words("place", "en"):
        found = names.english_names(f"in Wei Yunling {word}.")[0]
        assert not found.person, word
        assert found.place == (word not in words("place translated", "en")), word
