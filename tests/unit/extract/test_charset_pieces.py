"""Pages with few signs above ASCII, in two encodings at once, or garbled on their way."""

import pytest

from crawler.extract.charset import decode

HANS = "市水务局发布消息，城区三座污水处理厂完成提标改造，出水水质稳定达到一级标准。"
MORE = "记者了解到，改造工程历时两年，惠及沿河二十六个社区，群众满意度明显提升。"
HANT = "渠務署表示，新建的雨水調蓄池已經啟用，可以紓緩低窪地區在暴雨期間的水浸情況。"


def page(text: str, charset: str | None = None) -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    return f"<html><head>{meta}<title>page</title></head><body><p>{text}</p></body></html>"


def header(charset: str | None) -> dict[str, str]:
    return {"content-type": f"text/html; charset={charset}" if charset else "text/html"}


@pytest.mark.parametrize("declared", ["gb2312", "gbk", "gb18030", "big5", "iso-8859-1", None])
@pytest.mark.parametrize(
    "text",
    [
        "Highs of 31°C are expected at the weekend.",
        "The new hall covers 4,200 m² and cost £3 million.",
        "A concert by José Núñez and a talk by Zoë Müller",
        "Home · News · Harbour",
        "The mayor’s visit",
        "Tickets cost €12 – children go free",
        "An angle of 30° ± 2 and a dose of 5 µg",
    ],
)
def test_utf8_with_few_signs_is_utf8(text: str, declared: str | None) -> None:
    found = decode(page(text).encode(), header(declared))
    assert text in found.text
    assert found.encoding == "utf-8"


@pytest.mark.parametrize(
    "text",
    ["Welcome to 一", "Line 1 中文", "Anlan 安澜", "He said “yes” to the plan", "It’s open", "A·B"],
)
def test_gbk_with_few_signs_is_gbk(text: str) -> None:
    found = decode(page(text, "gbk").encode("gbk"), {})
    assert text in found.text


@pytest.mark.parametrize(
    ("main", "piece"),
    [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("utf-8", "big5"), ("big5", "utf-8")],
)
@pytest.mark.parametrize("declared", ["main", None])
def test_page_with_a_piece_in_another_encoding_is_read_whole(
    main: str, piece: str, declared: str | None
) -> None:
    text = HANT if "big5" in (main, piece) else HANS
    other = HANT[:20] if "big5" in (main, piece) else MORE
    before, after = page("\x00".join([text] * 3)).split("\x00", 1)
    body = before.encode(main) + b"</p><div>" + other.encode(piece) + b"</div><p>"
    body += after.replace("\x00", "</p><p>").encode(main)
    found = decode(body, header(main if declared else None))
    assert found.text.count(text) == 3
    assert other in found.text
    assert "charset_mismatch" in found.flags
    assert "mojibake" not in found.flags


def test_cut_utf8_stays_utf8() -> None:
    found = decode(page(HANS * 4, "utf-8").encode()[:-20] + HANS.encode()[:4], {})
    assert found.encoding == "utf-8"
    assert HANS in found.text


@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
@pytest.mark.parametrize("text", [HANS, MORE + HANS, "The city’s café “Harbour” – open"])
def test_text_sent_doubly_encoded_is_repaired(text: str, wrong: str) -> None:
    garbled = "".join(
        byte.decode(wrong)
        if wrong == "latin-1" or byte[0] not in b"\x81\x8d\x8f\x90\x9d"
        else chr(byte[0])
        for byte in (bytes([value]) for value in text.encode())
    )
    found = decode(page(garbled, "utf-8").encode(), {})
    assert text in found.text
    assert "mojibake" not in found.flags


def test_gbk_read_as_latin_and_sent_as_utf8_is_repaired() -> None:
    found = decode(page(HANS.encode("gbk").decode("latin-1"), "utf-8").encode(), {})
    assert HANS in found.text


def test_utf8_read_as_gbk_is_repaired_where_nothing_was_lost() -> None:
    clean = HANS.replace("，", "").replace("。", "")
    even = clean[: len(clean) // 2 * 2]
    found = decode(page(even.encode().decode("gb18030"), "utf-8").encode(), {})
    assert even in found.text


def test_what_cannot_be_repaired_is_flagged() -> None:
    lost = (HANS + MORE).encode().decode("gbk", "replace")
    assert "mojibake" in decode(page(lost, "utf-8").encode(), {}).flags


@pytest.mark.parametrize(
    "text", ["Ångström à côté de la mairie", "Señor Ávila habló ayer", "Größe: 5 €", HANS, HANT]
)
def test_right_text_is_never_repaired(text: str) -> None:
    assert text in decode(page(text, "utf-8").encode(), {}).text
