"""Flags of beads: faults, possible faults, and false alarms."""

from pathlib import Path

import pytest

from crawler.rows import rows, rows_in
from pipelines.sentences.flags import flags
from pipelines.sentences.rows import flag_repeated


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ("总投资196.5亿元。", "It costs 19.65 billion yuan.", []),
        ("总投资196.5亿元。", "It costs 91.5 billion yuan.", ["number_mismatch"]),
        (
            "会议听取了汇报，研究了工作，作出了部署，提出了要求。",
            "Yes.",
            ["fragment", "length_outlier"],
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
        ("80多家企业参加。", "Over 80 companies took part."),
        ("共有80余家企业参加。", "More than 80 companies took part."),
        ("83家企业参加。", "Over 80 companies took part."),
        ("展会于晚上8时开幕。", "The fair opened at 8 p.m."),
        ("展会于20时30分开幕。", "The fair opened at 8:30 pm."),
        ("展会下午3点结束，共15天。", "The 15-day fair closed at 3 p.m."),
    ],
)
def test_years_rough_figures_and_hours_are_no_mismatch(zh: str, en: str) -> None:
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
        ("上一篇：渡轮复航，首日客流平稳", "Previous: ferries sail again"),
        ("下一页", "Next page"),
        ("回到顶部", "Return to top"),
        ("网站标识码：2109990003", ""),
        ("柳ICP备2024008899号-2", ""),
        ("柳公网安备 21099902000123号", ""),
        ("", "ICP License No. 2024008899"),
        (
            "版权所有：柳湾市人民政府办公室",
            "Copyright © 2024 Liuwan Municipal Government. All rights reserved.",
        ),
        ("未经本网授权不得转载。", "Reproduction without permission is prohibited."),
        (
            "免责声明：内容来自网络，不代表本站观点。",
            "Disclaimer: the content, taken from the web, is for reference.",
        ),
        ("转载请注明来源。", "Please indicate the source."),
        ("網站地圖", "Site map"),
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
        ("下一条地铁线路明年开工。", "The next metro line will be started next year."),
        ("版权保护意识增强。", "Copyright protection is taken more seriously."),
        ("未经许可占用道路的，处以罚款。", "Those who occupy roads without permission are fined."),
        ("返回顶部的缆车已经停运。", "The cable car back to the top has stopped."),
        ("建议使用公共交通工具。", "Notice: the bridge will be closed on Monday."),
    ],
)
def test_sentences_of_the_article_are_not(zh: str, en: str) -> None:
    assert "boilerplate" not in flags(zh, en)


ENDINGS = {
    ("zh", "label"): "：周砚秋",
    ("zh", "notice"): "：周砚秋，等",
    ("en", "notice"): ": Zhou Yanqiu, and others",
    ("en", "label"): ": Zhou Yanqiu",
    ("en", "credit"): " by Zhou Yanqiu",
}


def test_every_entry_of_the_list_of_boilerplate_is_flagged_alone_and_not_within_a_sentence() -> (
    None
):
    entries = rows("pipelines.sentences/boilerplate.tsv")
    assert {lang for lang, *_ in entries} == {"zh", "en"}
    for lang, form, words, _ in entries:
        line = words + ENDINGS.get((lang, form), "")
        sentence = f"港口的{line}，明天开放。" if lang == "zh" else f"The port, {line}, opens."
        sides = [(text, "") if lang == "zh" else ("", text) for text in (line, sentence)]
        assert [flags(*side) for side in sides] == [["boilerplate"], []], line


def test_mismatches_are_flagged_with_the_precision_that_researchers_are_told() -> None:
    beads = rows_in((Path(__file__).parent / "flag_beads.tsv").read_text(encoding="utf-8"))
    assert len(beads) > 500
    flagged = {(zh, en) for zh, en, _ in beads if "number_mismatch" in flags(zh, en)}
    differing = {(zh, en) for zh, en, flag in beads if flag == "number_mismatch"}
    assert len(flagged & differing) / len(flagged) >= 0.95
    assert len(flagged & differing) / len(differing) >= 0.95
    framing = {(zh, en) for zh, en, flag in beads if flag == "boilerplate"}
    assert {(zh, en) for zh, en, _ in beads if "boilerplate" in flags(zh, en)} == framing


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("咨询电话：0417-2810066，13800001111", "Hotline: 0417-2810066"),
        ("联系电话：0571-88990011、0571-88990012", "Tel: 0571-88990011, 0571-88990012"),
        ("报名邮箱：baoming@liuwan.gov.cn", "E-mail: baoming@liuwan.gov.cn"),
    ],
)
def test_lines_of_telephones_and_addresses_are_no_outliers(zh: str, en: str) -> None:
    assert "length_outlier" not in flags(zh, en)


def test_a_paragraph_beside_a_telephone_is_an_outlier() -> None:
    zh = "活动现场设有多个展区，市民可以了解本市历史，品尝特色小吃，并参加抽奖。" * 2
    assert "length_outlier" in flags(zh, "Tel: 0417-2810066")


def test_lines_that_the_pages_of_a_city_repeat_are_boilerplate() -> None:
    lines = ("柳湾发布 权威解读", "会议还研究了其他事项。", "")
    pairs = [{"pair_id": f"p{n}", "zh_id": f"z{n}", "en_id": f"e{n}"} for n in range(4)]
    beads = [
        {"pair_id": pair["pair_id"], "zh": line, "en": "", "flags": []}
        for pair in pairs
        for line in lines
    ]
    flag_repeated(beads, pairs)
    assert [bead["flags"] for bead in beads[:3]] == [["boilerplate"], [], []]
    few: list[dict[str, object]] = [
        {"pair_id": "p0", "zh": lines[0], "en": "", "flags": []} for _ in range(9)
    ]
    flag_repeated(few, pairs)
    assert not any(bead["flags"] for bead in few)
