"""JSON that people bring has one meaning, or is refused in one phrase."""

import json

import pytest

from pipelines.tables.json_text import MAX_DIGITS, JsonError, parse_json


def test_json_is_read_as_text_and_as_bytes() -> None:
    assert parse_json('{"title": "\u6865", "lengths": [1, 2.5, null]}')["lengths"] == [1, 2.5, None]
    assert parse_json('"\u6865"'.encode()) == "\u6865"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON (Expecting value, column 1)"),
        ('{\n"a": }', "not JSON (Expecting value, line 2, column 6)"),
        (b'"\xff"', "not text in UTF-8 (byte 0xff)"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("9" * 401, "a number of 401 digits"),
        ("-" + "9" * 5_000, "5,001 digits"),
        ('[{"a": 1, "a": 1}]', 'the key "a" appears twice'),
        ("[Infinity]", "Infinity is no number"),
    ],
    ids=range(9),
)
def test_anything_else_is_refused_with_the_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(JsonError) as raised:
        parse_json(text)
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 200


def test_bounds_are_of_what_is_within_them_too() -> None:
    assert parse_json("9" * MAX_DIGITS) == int("9" * MAX_DIGITS)
    assert parse_json(f"-{'9' * (MAX_DIGITS - 1)}") < 0
    with pytest.raises(JsonError) as raised:
        parse_json(f'{{"{"k" * 900}": 1, "{"k" * 900}": 2}}')
    assert len(str(raised.value)) < 200
    assert "kkk" in str(raised.value)
    for odd in ("\u200b", "\x07"):  # a key that cannot be seen is shown by its number
        key = json.dumps(odd)
        with pytest.raises(JsonError, match=r"the key .\\u[0-9a-f]{4}. appears twice"):
            parse_json(f"{{{key}: 1, {key}: 2}}")
