"""Pairing the articles of a city: near misses apart, instalments together, strangers alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from pipelines.pairs import pair
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.prepared import Document, prepare
from pipelines.vectors.load import load_encoder

DAY = datetime(2024, 3, 5, 9, 0)
ITEMS = [
    ("安全生产", "workplace safety", "排查隐患{}处。", "{} hazards were found.", 1842),
    ("防汛备汛", "flood preparation", "加固险工险段{}处。", "{} weak dikes were strengthened.", 37),
    ("养老服务", "elderly care", "新增护理床位{}张。", "{} nursing beds will be added.", 3600),
    ("轨道交通", "rail transit", "完成隧道{}米。", "{} meters of tunnel were completed.", 5210),
]


def meeting(number: int) -> tuple[str, str]:
    zh_topic, _, zh_line, _, figure = ITEMS[number % len(ITEMS)]
    day = DAY + timedelta(days=7 * number)
    return (
        f"市政府召开第十六届第{number}次常务会议",
        f"{day.month}月{day.day}日，市长欧阳景澄主持召开市政府第十六届第{number}次常务会议，"
        f"研究{zh_topic}工作。\n会议指出，今年以来，{zh_line.format(figure + number)}"
        "会议要求，各部门要抓好落实。"
        "\n副市长罗怀瑾、周砚秋出席会议。",
    )


def meeting_en(number: int, *, dated: bool = True) -> tuple[str, str]:
    _, topic, _, line, figure = ITEMS[number % len(ITEMS)]
    day = DAY + timedelta(days=7 * number)
    when = f" on {day:%B} {day.day}" if dated else ""
    return (
        "Municipal government holds executive meeting",
        f"Mayor Ouyang Jingcheng presided over the {number}th executive meeting of the 16th "
        f"municipal government{when}, which studied {topic}.\n"
        f"So far this year, {line.format(figure + number)} "
        "The meeting called on departments to carry out their tasks.",
    )


def paired(
    zh: Sequence[Document], en: Sequence[Document], least: float = 0.5
) -> dict[str, tuple[str, str]]:
    encoder = load_encoder()
    left, right = prepare(zh, encoder), prepare(en, encoder)
    found = pair.pair(left, right)
    return {
        right[one.en].document.id: (left[one.zh].document.id, one.relation)
        for one in found.pairs
        if one.probability >= least
    }


@pytest.fixture(scope="module")
def series() -> list[Document]:
    return [
        Document(f"zh{n}", "zh", *meeting(n), DAY + timedelta(days=7 * n + 1))
        for n in range(20, 34)
        if n != 29
    ]


def test_meetings_of_a_series_find_their_own_and_no_other(series: list[Document]) -> None:
    en = [Document(f"en{n}", "en", *meeting_en(n)) for n in (21, 24, 27, 33)]
    found = paired(series, en)
    assert {key: zh_id for key, (zh_id, _) in found.items()} == {
        f"en{n}": f"zh{n}" for n in (21, 24, 27, 33)
    }


def test_a_meeting_whose_chinese_report_is_missing_stays_alone(series: list[Document]) -> None:
    assert paired(series, [Document("en29", "en", *meeting_en(29))]) == {}


def test_strangers_stay_alone(series: list[Document]) -> None:
    story = (
        "For Anna, a teacher from Finland, spring begins with a bowl of wild vegetable dumplings. "
        "She learned to fold them from her neighbour.\nThe night market opens at six."
    )
    assert paired(series, [Document("en", "en", "A taste of spring", story)]) == {}


def test_a_publication_date_alone_excludes_nothing(series: list[Document]) -> None:
    migrated = Document("en24", "en", *meeting_en(24), datetime(2024, 3, 1))
    late = Document("en27", "en", *meeting_en(27), datetime(2024, 12, 30))
    found = paired(series, [migrated, late])
    assert {key: zh_id for key, (zh_id, _) in found.items()} == {"en24": "zh24", "en27": "zh27"}


def test_instalments_share_one_chinese_article() -> None:
    parts = [
        (
            "港口完成货物吞吐量3120万吨，增长6.4%。新开外贸航线3条。码头设备更新改造已完成。",
            "The port handled 31.2 million tonnes of cargo, up 6.4 percent. Three new shipping "
            "routes were opened. The equipment of the wharf was renewed.",
        ),
        (
            "全市新建学校12所，新增学位1.86万个。为184所学校安装了午休床。教师培训达到9200人次。",
            "Twelve new schools were built in the city, adding 18,600 places. Beds for the noon "
            "rest were installed at 184 schools. Training was given to 9,200 teachers.",
        ),
    ]
    zh = Document("zh", "zh", "全市一年工作回顾", "\n".join(part for part, _ in parts), DAY)
    en = [
        Document(f"en{i}", "en", f"The year in review ({i})", text, DAY)
        for i, (_, text) in enumerate(parts, 1)
    ]
    assert paired([zh], en) == {"en1": ("zh", "part_of"), "en2": ("zh", "part_of")}


def test_a_preview_is_no_part_of_the_report_that_renders_most_of_it() -> None:
    zh = Document(
        "zh", "zh", "第7届安澜茶叶博览会将于10月16日开幕",
        "第7届安澜茶叶博览会定于10月16日在会展中心拉开帷幕，活动持续至19日。"
        "届时将有来自18个国家和地区的1360家企业参加。各项准备工作正在进行。",
    )  # fmt: skip
    en = Document(
        "en", "en", "seventh Tea Expo opens",
        "The 7th Anlan Tea Expo opened on October 16 at the Convention Center. "
        "1,360 companies from 18 countries and regions take part. Deputy Mayor Lu Yuanbo cut the "
        "ribbon and walked through the halls. A tasting contest fills the second day.",
    )  # fmt: skip
    assert paired([zh], [en]) == {}


def test_the_second_english_report_of_the_same_thing_is_linked_too(series: list[Document]) -> None:
    en = [Document("a", "en", *meeting_en(24)), Document("b", "en", *meeting_en(24, dated=False))]
    assert {key: zh_id for key, (zh_id, _) in paired(series, en).items()} == {
        "a": "zh24", "b": "zh24",
    }  # fmt: skip


def test_order_of_articles_changes_nothing(series: list[Document]) -> None:
    en = [Document(f"en{n}", "en", *meeting_en(n)) for n in (21, 24, 27)]
    assert paired(series, en) == paired(series[::-1], en[::-1])


def test_no_articles_no_pairs() -> None:
    assert paired([], []) == {}
    assert paired([], [Document("e", "en", "A title", "A text.")]) == {}


def test_the_model_says_where_its_weights_come_from() -> None:
    model = load_pair_model()
    assert model.version.startswith("pairing-")
    assert all(weight <= 0 for name, weight in model.weights.items() if name.endswith("_clash"))


def test_two_chinese_reports_of_one_meeting_are_both_linked(series: list[Document]) -> None:
    title, text = meeting(24)
    again = Document("zh24b", "zh", title, text + "\n市政府办公室供稿。", DAY + timedelta(days=170))
    encoder = load_encoder()
    left = prepare([*series, again], encoder)
    found = pair.pair(left, prepare([Document("en24", "en", *meeting_en(24))], encoder))
    linked_to = {left[one.zh].document.id for one in found.pairs if one.probability >= 0.5}
    assert linked_to == {"zh24", "zh24b"}
