"""Bytes become text in the encoding they are in, whatever header and meta tag claim."""

import time

import pytest

from crawler.extract.charset import decode
from crawler.extract.mojibake import garbled

HANS = "市政府召开第二十九次常务会议，研究部署安全生产和春季农业生产工作。"
HANT = "行政長官今日出席智慧城市博覽會開幕典禮，並表示會繼續支援中小企業。"
RARE = "囍镕堃喆淼犇"
ENGLISH = "The municipal government’s 29th executive meeting — café included."


def page(text: str, charset: str | None) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return f"<html><head>{meta if charset else ''}</head><body><p>{text}</p></body></html>"


def header(charset: str) -> dict[str, str]:
    return {"Content-Type": f"text/html; charset={charset}"}


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "x-gbk"])
def test_gb2312_and_gbk_are_read_as_gb18030(declared: str) -> None:
    found = decode(page(HANS + RARE, declared).encode("gb18030"), {})
    assert (found.encoding, found.flags) == ("gb18030", ())
    assert HANS + RARE in found.text


def test_big5_is_read_with_hong_kong_characters() -> None:
    text = HANT * 3 + "啟德、鰂魚涌、深水埗、旺角嘅茶餐廳"
    found = decode(page(text, "big5").encode("big5hkscs"), {})
    assert found.encoding == "big5hkscs"
    assert text in found.text


def test_utf8_page_whose_header_says_gb2312_is_utf8_and_flagged() -> None:
    found = decode(page(HANS, "utf-8").encode(), header("gb2312"))
    assert (found.encoding, found.flags) == ("utf-8", ("charset_mismatch",))
    assert HANS in found.text


def test_utf8_page_whose_meta_says_gb2312_is_utf8() -> None:
    assert HANS in decode(page(HANS, "gb2312").encode(), {}).text


def test_gbk_page_whose_header_says_utf8_is_gb18030() -> None:
    found = decode(page(HANS, "gb2312").encode("gbk"), header("utf-8"))
    assert (found.encoding, found.flags) == ("gb18030", ("charset_mismatch",))
    assert HANS in found.text


def test_big5_page_whose_header_says_gb2312_is_big5() -> None:
    found = decode(page(HANT * 4, None).encode("big5"), header("gb2312"))
    assert found.encoding == "big5hkscs"
    assert HANT in found.text


@pytest.mark.parametrize(("text", "codec"), [(HANS, "gb18030"), (HANT, "big5"), (HANS, "utf-8")])
def test_undeclared_page_is_read_as_it_reads_best(text: str, codec: str) -> None:
    assert text in decode(page(text * 4, None).encode(codec), {}).text


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides(codec: str) -> None:
    found = decode(page(HANS, "gb2312").encode(codec), header("gb2312"))
    assert HANS in found.text
    assert not found.text.startswith("\ufeff")


def test_utf16_without_a_mark_is_recognised_by_its_zeros() -> None:
    assert HANS in decode(page(HANS, None).encode("utf-16-le"), {}).text


@pytest.mark.parametrize("text", ['[{"标题":"' + HANS + '"}]', HANS * 9])
def test_utf16_without_a_mark_may_have_few_zeros(text: str) -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        header = {"content-type": f"text/html; charset={codec.replace('6-', '6')}"}
        assert HANS in decode(text.encode(codec), header).text


@pytest.mark.parametrize(
    ("name", "codec"),
    [("GB-2312", "gbk"), ("gb_2312", "gbk"), ("x_gbk", "gbk"), ("utf8mb4", "utf-8")],
)
def test_name_of_an_encoding_is_known_however_it_is_written(name: str, codec: str) -> None:
    assert "通知" in decode(f"<meta charset='{name}'><p>通知</p>".encode(codec), {}).text


@pytest.mark.parametrize("before", ["", "<style>" + "a{b:c}\n" * 4000 + "</style>"])
def test_few_signs_of_big5_are_read_as_declared(before: str) -> None:
    source = f"<html>{before}<meta charset=big5><p>松河</p>"
    assert "松河" in decode(source.encode("big5"), {}).text


def test_header_counts_before_meta_where_both_could_be() -> None:
    body = page("café", "iso-8859-1").encode("cp1252")
    assert decode(body, header("windows-1252")).encoding == "cp1252"
    assert "café" in decode(body, {}).text


def test_latin1_is_read_as_windows_1252() -> None:
    assert ENGLISH in decode(page(ENGLISH, "iso-8859-1").encode("cp1252"), {}).text


def test_charset_in_a_commented_out_meta_tag_does_not_count() -> None:
    body = '<!-- <meta charset="big5"> -->' + page(HANS, "gbk")
    assert decode(body.encode("gbk"), {}).encoding == "gb18030"


def test_utf8_page_cut_in_the_middle_of_a_character_is_still_utf8() -> None:
    found = decode(page(HANS * 5, "utf-8").encode()[:-40], header("utf-8"))
    assert found.encoding == "utf-8"
    assert HANS in found.text


def test_text_garbled_before_it_was_sent_is_flagged() -> None:
    broken = HANS.encode().decode("gbk", "replace") * 3
    assert "mojibake" in decode(page(broken, "utf-8").encode(), {}).flags


DECLARED = (None, "utf-8", "gb2312", "big5", "iso-8859-1")
TRUE = [
    (HANS, "utf-8"), (HANS, "gb18030"), (HANS, "utf-16"),
    (HANT, "utf-8"), (HANT, "big5hkscs"), (HANT, "gb18030"),
    (ENGLISH, "utf-8"), (ENGLISH, "cp1252"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "true"), TRUE)
def test_whatever_header_and_meta_say_the_text_is_read(text: str, true: str) -> None:
    for meta in DECLARED:
        body = page(text, meta).encode(true)
        for declared in DECLARED:
            found = decode(body, header(declared) if declared else {})
            assert text in found.text, (declared, meta, found.encoding)


@pytest.mark.parametrize(
    ("text", "true", "read_as"),
    [
        (HANS, "utf-8", "gb18030"), (HANS, "utf-8", "cp1252"), (HANS, "utf-8", "latin-1"),
        (HANS, "gb18030", "latin-1"), (HANS, "gb18030", "utf-8"), (HANS, "gb18030", "big5hkscs"),
        (HANT, "utf-8", "gb18030"), (HANT, "big5hkscs", "gb18030"), (HANT, "big5hkscs", "latin-1"),
    ],
)  # fmt: skip
def test_text_read_with_a_wrong_decoder_is_called_garbled(
    text: str, true: str, read_as: str
) -> None:
    assert garbled((text * 3).encode(true).decode(read_as, "replace")) > 0.002


@pytest.mark.parametrize(
    "text", [HANS, HANT, ENGLISH, RARE, "", "優の良品の店の味", "São Paulo, Zürich, Ürümqi"]
)
def test_ordinary_text_is_never_called_garbled(text: str) -> None:
    assert garbled(text * 20) == 0.0


def test_zero_bytes_are_left_out() -> None:
    assert decode(b"\x00" * 500 + page(HANS, "utf-8").encode(), {}).text.startswith("<html>")


@pytest.mark.parametrize("name", ["utf-8000", "\x00", "none", "utf-16", "base64", "rot13"])
def test_unknown_or_absurd_charset_names_never_raise(name: str) -> None:
    assert HANS in decode(page(HANS, name).encode(), header(name)).text


def test_every_byte_string_decodes() -> None:
    for length in range(300):
        decode(bytes((length * 7 + at * 31) % 256 for at in range(length)), {})


@pytest.mark.parametrize("declared", ["iso-8859-1", "gb2312", "big5"])
@pytest.mark.parametrize(
    "text", ["José Núñez toured the port at 31°C.", "Señor Peña and Mme Noël met in São Tomé."]
)
def test_accented_names_in_utf8_are_read_whatever_is_declared(text: str, declared: str) -> None:
    assert text in decode(page(text, declared).encode(), {}).text


def test_rare_han_written_as_two_surrogates_are_read() -> None:
    halves = "𠮷".encode("utf-16-be")
    written = b"".join(
        chr(int.from_bytes(half)).encode("utf-8", "surrogatepass")
        for half in (halves[:2], halves[2:])
    )
    assert decode("道路改造工程由罗子".encode() + written, {}).text == "道路改造工程由罗子𠮷"


def test_a_declaration_without_an_end_takes_no_square_of_its_length() -> None:
    start = time.process_time()
    for page in (b"<meta charset =" + b" " * 40_000 + b">", b"<!--a" * 40_000):
        assert decode(page, {}).text.startswith("<")
    assert time.process_time() - start < 5
