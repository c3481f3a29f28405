"""Date-and-source lines are read whole: date, source, author, and nothing invented."""

import pytest

from crawler.extract.lines import byline, column_of, is_meta_line, read_line


@pytest.mark.parametrize(
    ("line", "date", "source", "author"),
    [
        ("时间：2019-09-18 06:23 来源： 山西日报 打印 字体：", "2019-09-18", "山西日报", None),
        ("发布日期：2016-11-22 信息来源：省发改委", "2016-11-22", "省发改委", None),
        (
            "Date: 2023-01-29 Source: Beijing Foreign Affairs Office fontSize: big middle small",
            "2023-01-29",
            "Beijing Foreign Affairs Office",
            None,
        ),
        ("Release date:2023-05-10 11:25", "2023-05-10", None, None),
        ("2024-02-05 |", "2024-02-05", None, None),
        (
            "Updated: 2018-07-06 Source: China Daily Large Medium Small Print",
            "2018-07-06",
            "China Daily",
            None,
        ),
        ("By Zhou Min\x1f| Updated: May 14, 2024", "2024-05-14", None, "Zhou Min"),
        ("發佈日期：2023-05-09　來源：新聞處", "2023-05-09", "新聞處", None),
        ("来　源：城西日报　作　者：柏舟　日　期：2018年12月4日", "2018-12-04", "城西日报", "柏舟"),
        ("发布时间：2024-03-05　作者：　来源：　浏览次数：128", "2024-03-05", None, None),
        ("来源: 长江网 \x1f 2020-10-04 20:30", "2020-10-04", "长江网", None),
    ],
)
def test_line_gives_its_fields(
    line: str, date: str, source: str | None, author: str | None
) -> None:
    found = read_line(line)
    moment = found.published or found.updated or found.bare
    assert moment is not None
    assert (f"{moment.at:%Y-%m-%d}", found.source, found.author) == (date, source, author)
    assert is_meta_line(line, found)


@pytest.mark.parametrize(
    "line",
    [
        "据统计，2024年3月5日当天全市接待游客12.6万人次，实现旅游收入8400万元。",
        "会议时间：2024年3月5日9时；会议地点：市政府三楼会议室；参会人员：各县区负责人。",
        "数据来源：根据2024年3月5日市统计局公布的月度数据和各县区上报情况计算得出，存在四舍五入。",
        "市长说：我们要把群众的事当作自己的事。",
        "",
    ],
)
def test_sentences_are_no_date_lines(line: str) -> None:
    assert not is_meta_line(line, read_line(line))


def test_update_time_is_told_from_the_publication() -> None:
    found = read_line("发布时间：2024-03-05 更新时间：2024-04-01")
    assert found.published is not None
    assert found.updated is not None
    assert found.published.at < found.updated.at


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("本报记者 高岑 柏舟", "高岑 柏舟"),
        ("□ 安澜日报记者 高岑", "高岑"),
        ("By Zhou Min and Li Ran", "Zhou Min and Li Ran"),
        ("记者从市政府新闻发布会上了解到，今年全市将新建学校12所。", None),
        ("By the end of March the city had opened nine schools.", None),
    ],
)
def test_bylines_are_names_and_nothing_else(line: str, names: str | None) -> None:
    assert byline(line) == names


@pytest.mark.parametrize(
    ("trail", "column"),
    [
        ("当前位置：首页 > 新闻中心 > 政务要闻", "政务要闻"),
        ("现在位置： 首页 >> 东区新闻 >> 正文", "东区新闻"),
        ("Home > News > Latest", "Latest"),
        ("您的位置：首页", None),
        ("当前位置：首页 > 要闻 > 市政府召开第31次常务会议", "要闻"),
    ],
)
def test_breadcrumb_ends_in_the_column(trail: str, column: str | None) -> None:
    assert column_of(trail, "市政府召开第31次常务会议") == column
