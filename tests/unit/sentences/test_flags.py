"""Flags of beads: faults, possible faults, and false alarms."""

from importlib import resources

import pytest

from pipelines.sentences.flags import flags


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ("总投资196.5亿元。", "It costs 19.65 billion yuan.", []),
        ("总投资196.5亿元。", "It costs 91.5 billion yuan.", ["number_mismatch"]),
        (
            "会议听取了汇报，研究了工作，作出了部署，提出了要求。",
            "Yes.",
            ["length_outlier", "fragment"],
        ),
        ("会议听取了汇报。", "", []),
    ],
)
def test_flags(zh: str, en: str, expected: list[str]) -> None:
    assert flags(zh, en) == expected


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("仪式于2023年6月12日举行。", "The ceremony was held on June 12, 2023."),
        ("电站于2018年9月开工。", "Construction began in September 2018."),
        ("到2025年培训6万人。", "It will train 60,000 people by 2025."),
    ],
)
def test_a_year_is_no_figure_that_can_be_missing(zh: str, en: str) -> None:
    assert "number_mismatch" not in flags(zh, en)


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("80多家企业参加。", "Over 80 companies took part."),
        ("共有80余家企业参加。", "More than 80 companies took part."),
        ("83家企业参加。", "Over 80 companies took part."),
        ("展会于晚上8时开幕。", "The fair opened at 8 p.m."),
        ("展会于20时30分开幕。", "The fair opened at 8:30 pm."),
        ("展会下午3点结束，共15天。", "The 15-day fair closed at 3 p.m."),
    ],
)
def test_rough_figures_and_hours_are_no_mismatch(zh: str, en: str) -> None:
    assert "number_mismatch" not in flags(zh, en)


def test_a_figure_far_from_a_rough_one_is_a_mismatch() -> None:
    assert "number_mismatch" in flags("80多家企业参加。", "Over 800 companies took part.")


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("（记者 李明）", ""),
        ("责任编辑：王芳", "Editor: Wang Fang"),
        ("来源：大连日报", ""),
        ("", "Photo by Li Ming"),
        ("", "(Xinhua)"),
        ("李明 摄", "Photo by Li Ming"),
        ("打印本页", ""),
        ("附件：1.办法全文", ""),
    ],
)
def test_what_frames_an_article_is_boilerplate(zh: str, en: str) -> None:
    assert "boilerplate" in flags(zh, en)


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("记者 从市统计局获悉，全市经济增长5%。", "The economy grew 5 percent, it was learned."),
        ("游客在湖边拍摄。", "Visitors take photos by the lake."),
        ("任务已全部完成。", "Related departments will follow up."),
        ("来源广泛。", "Close cooperation is needed."),
    ],
)
def test_sentences_of_the_article_are_not(zh: str, en: str) -> None:
    assert "boilerplate" not in flags(zh, en)


ENDINGS = {
    ("zh", "label"): "：周砚秋",
    ("en", "label"): ": Zhou Yanqiu",
    ("en", "credit"): " by Zhou Yanqiu",
}


def test_every_entry_of_the_list_of_boilerplate_is_flagged_alone_and_not_within_a_sentence() -> (
    None
):
    text = (resources.files("pipelines.sentences") / "boilerplate.tsv").read_text("utf-8")
    entries = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert {lang for lang, *_ in entries} == {"zh", "en"}
    for lang, form, words, _ in entries:
        line = words + ENDINGS.get((lang, form), "")
        sentence = f"港口的{line}，明天开放。" if lang == "zh" else f"The port, {line}, opens."
        sides = [(text, "") if lang == "zh" else ("", text) for text in (line, sentence)]
        assert [flags(*side) for side in sides] == [["boilerplate"], []], line
