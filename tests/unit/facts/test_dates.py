"""Dates with and without a year, "yesterday", months and periods."""

from datetime import date, datetime

import pytest

from pipelines.facts.dates import calendar, url_date

PAGE = datetime(2024, 3, 8, 9, 0)


@pytest.mark.parametrize(
    ("text", "lang", "day"),
    [
        ("2024年1月23日，会议", "zh", (2024, 1, 23)),
        ("二〇二三年三月五日", "zh", (2023, 3, 5)),
        ("3月5日上午", "zh", (2024, 3, 5)),
        ("12月30日", "zh", (2023, 12, 30)),
        ("昨日，市政府召开会议", "zh", (2024, 3, 7)),
        ("On March 5, 2023, the", "en", (2023, 3, 5)),
        ("on 5 March 2023", "en", (2023, 3, 5)),
        ("on the 5th of March", "en", (2024, 3, 5)),
        ("On Dec. 30 the", "en", (2023, 12, 30)),
        ("Yesterday, the government", "en", (2024, 3, 7)),
        ("2023-11-02 10:00", "en", (2023, 11, 2)),
    ],
)
def test_a_day_takes_its_year_from_the_text_or_the_page(
    text: str, lang: str, day: tuple[int, int, int]
) -> None:
    found = calendar(text, lang, published=PAGE).days[0]
    assert (found.year, found.month, found.day) == day


def test_without_a_page_date_a_day_keeps_no_year() -> None:
    assert calendar("3月5日", "zh").days[0].year is None
    assert calendar("Yesterday, the meeting", "en").days == ()


def test_the_url_dates_a_page_that_does_not() -> None:
    url = "http://www.example.cn/202402/t20240205_3556731.html"
    assert calendar("2月3日", "zh", url=url).days[0].year == 2024


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("http://x.cn/202402/t20240205_3556731.html", date(2024, 2, 5)),
        ("http://en.x.cn/art/2023/1/4/art_8632_2060160.html", date(2023, 1, 4)),
        ("http://x.cn/2024-03/12/c_123.htm", date(2024, 3, 12)),
        ("http://x.cn/content/post_40986.html", None),
    ],
)
def test_dates_in_urls(url: str, day: date | None) -> None:
    assert url_date(url) == day


@pytest.mark.parametrize(
    ("zh", "en", "months"),
    [
        ("1-4月", "January-April", (1, 4)),
        ("1至4月份", "the first four months", (1, 4)),
        ("前四个月", "from January to April", (1, 4)),
        ("上半年", "the first half", (1, 6)),
        ("一季度", "the first quarter", (1, 3)),
        ("前三季度", "the first three quarters", (1, 9)),
        ("下半年", "the second half of the year", (7, 12)),
        ("5月份", "in May 2024", (5, 5)),
    ],
)
def test_periods_are_the_same_in_both_languages(zh: str, en: str, months: tuple[int, int]) -> None:
    for text, lang in ((zh, "zh"), (en, "en"), (f"In {en} of 2024", "en")):
        period = calendar(text, lang).periods[0]
        assert (period.first, period.last) == months, text


def test_a_range_of_days_names_both_ends() -> None:
    for text, lang in (("3月5日至7日", "zh"), ("March 5-7", "en"), ("March 5 to 7", "en")):
        assert [(d.month, d.day) for d in calendar(text, lang).days] == [(3, 5), (3, 7)]


def test_years_are_kept_apart_from_figures() -> None:
    assert [year for year, _ in calendar("2023年完成2050个项目", "zh").years] == [2023]
    assert [year for year, _ in calendar("In 2023 some 2,050 projects", "en").years] == [2023]


@pytest.mark.parametrize("text", ["2月31日", "February 31, 2024", "13月40日"])
def test_a_day_that_does_not_exist_is_not_a_day(text: str) -> None:
    lang = "en" if text.isascii() else "zh"
    assert all((d.month, d.day) != (2, 31) for d in calendar(text, lang).days)


def days(text: str, lang: str, published: datetime | None) -> list[tuple[int | None, int, int]]:
    return [
        (day.year, day.month, day.day) for day in calendar(text, lang, published=published).days
    ]


@pytest.mark.parametrize(
    ("text", "published", "found"),
    [
        # No November 31: the day is still to come in the page's own month.
        ("展览将持续至31日，欢迎参观", datetime(2024, 12, 10), [(2024, 12, 31)]),
        ("展览将持续至30日，欢迎参观", datetime(2024, 12, 10), [(2024, 11, 30)]),
        ("展览将持续至30日，欢迎参观", datetime(2024, 3, 10), [(2024, 3, 30)]),
        ("截至29日，共报名", datetime(2023, 3, 10), [(2023, 3, 29)]),
        ("截至29日，共报名", datetime(2024, 3, 10), [(2024, 2, 29)]),
        ("截至31日，共报名", datetime(2024, 1, 10), [(2023, 12, 31)]),
        # Neither February nor the month before has it: nothing is known of the day.
        ("自2月28日开始，至30日，共三天", datetime(2024, 3, 1), [(2024, 2, 28)]),
        ("自4月28日开始，至31日，共四天", None, [(None, 4, 28)]),
        ("申报截止时间为2月29日。", datetime(2023, 12, 20), [(2024, 2, 29)]),
        ("申报截止时间为2月29日。", datetime(2025, 1, 20), [(2024, 2, 29)]),
        ("申报截止时间为2月29日。", datetime(2022, 6, 20), [(None, 2, 29)]),
        ("2023年起施行，2月29日截止", None, [(None, 2, 29)]),
        ("2023年2月29日", datetime(2023, 3, 1), []),
    ],
)
def test_a_day_that_a_month_has_not_is_read_as_one_that_exists_or_not_at_all(
    text: str, published: datetime | None, found: list[tuple[int | None, int, int]]
) -> None:
    assert days(text, "zh", published) == found


@pytest.mark.parametrize("page", [datetime(1, 1, 1), datetime(9999, 12, 31)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_at_the_ends_of_the_calendar_every_day_named_exists(page: datetime, lang: str) -> None:
    text = "前天、昨天、今天、明天，上周五下午，31日，30日，1月1日，12月31日，2月29日。"
    if lang == "en":
        text = "Yesterday, today, tomorrow, on Sunday; January 1, December 31, February 29."
    for day in calendar(text, lang, published=page).days:
        assert day.year is None or date(day.year, day.month, day.day)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("in the fırſt half of 2024", "in the first half of 2024"),
        ("from ſeptember to November", "from september to November"),
        ("ye\u017fterday the council met", "yesterday the council met"),
        ("on ſunday the council met", "on sunday the council met"),
    ],
)
def test_letters_that_match_where_case_is_ignored_are_read_as_those_they_match(
    text: str, plain: str
) -> None:
    assert calendar(text, "en", published=PAGE) == calendar(plain, "en", published=PAGE)
