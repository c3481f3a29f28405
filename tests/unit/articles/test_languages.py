"""Languages beside Chinese and English that cities of the region publish in, and odd forms."""

import pytest

from pipelines.articles.language import detect


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("other", "Ngoenzneix raeuz bae ranz de gwn haeux, lwgnyez cungj angq dangqmaz."),
        (
            "other",
            "Nagpulong kahapon ang mga opisyal ng lungsod ang badyet sa susunod na taon.",
        ),
        (
            "other",
            "Pejabat itu telah mengumumkan bahawa jambatan baharu akan dibuka kepada orang ramai.",
        ),
        ("other", "A Câmara aprovou o orçamento para a construção de três escolas."),
        ("other", "ཐེངས་འདིའི་ཚོགས་འདུར་མི་ཉི་ཤུ་ཞུགས།"),
        ("other", "ꆈꌠꁱꂷꉬꄮꐨꄉꑞꌠ"),
        ("other", "ទីក្រុងបានបើកស្ពានថ្មីនៅថ្ងៃនេះ។"),
        ("other", "ዛሬ አዲስ ድልድይ ተከፈተ።"),
        ("other", "დღეს ახალი ხიდი გაიხსნა."),
        ("other", "Belediye bugün yeni köprüyü hizmete açtı ve törene çok sayıda kişi katıldı."),
        ("other", "Meya wa jiji alifungua daraja jipya leo katika hafla kubwa."),
        ("other", "Burmistrz otworzył dziś nowy most w centrum miasta i podziękował mieszkańcom."),
        ("en", "Ｔｈｅ ｍａｙｏｒ ｏｐｅｎｅｄ ａ ｂｒｉｄｇｅ．"),
        ("en", "New bridge opens to traffic"),
        ("en", "Songpu Tea Festival wraps up"),
        ("en", "Songpu exports up 12 pct"),
        (
            "en",
            "Visitors flock Songpu flower market ahead holiday despite cold weather",
        ),
        ("en", "Mayor Qian Weimin inspects flood control works"),
        ("zh-Hant", "呢條橋今日開咗，啲街坊話好方便。"),
        ("zh", "松浦市ＧＤＰ增长６％"),
        ("zh", "IBM Watson大会 IBM Watson Summit"),
    ],
)
def test_a_short_text_is_filed_under_its_language(expected: str, text: str) -> None:
    verdict = detect(text)
    assert "-".join(filter(None, (verdict.lang, verdict.script))).startswith(expected)


def test_written_cantonese_is_named_in_the_evidence() -> None:
    assert "written Cantonese" in detect("呢條橋今日開咗，啲街坊話好方便。").evidence
    assert "Cantonese" not in detect("這座橋今天開通，市民說很方便。").evidence
