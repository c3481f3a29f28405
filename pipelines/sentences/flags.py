"""Flags of beads, for researchers to filter by."""

import re
from functools import cache

from crawler.rows import rows
from crawler.script import HAN
from pipelines.pairs.model import WORDS_PER_CHARACTER
from pipelines.sentences.contradictions import contradict
from pipelines.text.normal import normalised

# The constants below are set by hand; not measured.
_MOST_RATIO = 3
"""Ratio of a side's length to the usual, either way, from which a bead is an outlier."""
_LEAST_CHARACTERS, _LEAST_WORDS = 4, 2
"""Length of a bead's sides below which one is hardly a sentence."""
# Forms of `boilerplate.tsv`, by language: the text around an entry's words.
_FORMS = {
    ("zh", "label"): (r"(?:本报|新华社|特约|见习|实习)?", r"[:：/／丨|\s][^，。,；]"),
    ("zh", "notice"): ("", r"\s?[:：]."),
    ("zh", "whole"): ("", ""),
    ("zh", "beginning"): ("", r"[^，。]"),
    ("en", "label"): ("", r"s?\s?[:：][^;]"),
    ("en", "credit"): ("", r" (?:by|courtesy of)\b[^,;]"),
    ("en", "notice"): ("", r"\s?[:：]."),
    ("en", "whole"): ("", ""),
    ("en", "beginning"): ("", r"\b[^,;]"),
}
# Dispatches, bylines and picture credits with a name in the middle, and numbered attachments.
_NAMED_ZH = (
    r"(?:本报|新华社)[^，。,；]{0,12}(?:讯|电)",
    rf"(?:本报)?记者[{HAN}]{{2,4}}(?:摄|报道|文/图)",
    rf"[{HAN} ]{{2,8}}(?<!拍)(?:摄|供图|文/图)",
    r"附件\s?\d?[:：][^，。]{0,40}",
)
# Rights and registrations: © 2024 …, 辽ICP备2024000001号-1, 政府网站标识码：2102000001.
_REGISTERED = {
    "zh": (
        r"(?:版权所有|copyright)?\s?©.{0,80}",
        r"[^，。]{0,16}未经[^，。]{0,16}(?:不得|禁止|请勿|严禁)(?:转载|复制|摘编|镜像)[^。]{0,40}",
        rf"[{HAN}：: ]{{0,12}}ICP[备證证]案?[:：]?\s?[{HAN}]?(?:ICP备)?\d{{5,12}}号?(?:-\d{{1,3}})?"
        r".{0,60}",
        rf"[{HAN}]{{0,3}}公网安备\s?\d{{8,16}}号?",
        r"(?:政府)?网站标识码[:：]?\s?\d{6,12}",
    ),
    "en": (
        r"(?:copyright|all rights reserved)?\W{0,3}(?:©|\(c\)|copyright \d{4}).{0,110}",
        r"(?:\w+ )?ICP (?:No\b|licen[sc]e|filing|registration|备)[^,;]{0,60}",
        r"(?:(?:government )?(?:web)?site identification code"
        r"|public (?:network )?security (?:record|filing))[^,;]{0,40}\d{6,16}",
    ),
}
_BETWEEN = re.compile(r"\s*(?:[|｜丨»›]|[】\])]\s*[【\[(])\s*")
"""Between the buttons or credits of one line: 【打印】【关闭】, Site map | Contact us."""
_BUTTON = {"zh": 10, "en": 24}
"""Characters of a button; a line of them is a menu if one frames the page."""
_LONGEST = {"zh": 100, "en": 140}
"""Characters of a side that are read for boilerplate; a longer side is none."""

# Telephone numbers are long in Chinese characters and one word in English.
_CONTACT = re.compile(
    r"\+?[\d()][\d() \-–—/、,，;；]{5,60}\d|https?://\S{1,200}|www\.[\w./-]{1,200}"
    r"|[\w.+-]{1,64}@[\w.-]{1,64}",
    re.ASCII,
)
_CONTACT_WORDS = re.compile(
    r"电话|電話|热线|熱線|传真|傳真|手机|邮箱|網址|网址|邮编|\b(?:tel|telephone|phone|hotline|fax|mobile"
    r"|e-?mail|website|postcode|zip)\b",
    re.IGNORECASE,
)


@cache
def _boilerplate(lang: str) -> re.Pattern[str]:
    """Compile the boilerplate of a language from `boilerplate.tsv`."""
    found = [*(_NAMED_ZH if lang == "zh" else ()), *_REGISTERED[lang]]
    for of, form, words, most in rows("pipelines.sentences/boilerplate.tsv"):
        if of == lang:
            before, after = _FORMS[lang, form]
            found.append(
                before + re.escape(normalised(words)) + after + (f"{{0,{most}}}" if most else "")
            )
    before, after = (
        (r"[\s（(【\[]*", r"[\s）)】\].。]*") if lang == "zh" else (r"[\s(\[]*", r"[\s)\].]*")
    )
    return re.compile(f"{before}(?:{'|'.join(found)}){after}", re.IGNORECASE)


def flags(zh: str, en: str) -> list[str]:
    """Return the flags of a bead.

    number_mismatch: figures, days, times or ranks of one kind on both sides that the other
    lacks, or a rise against a fall. length_outlier: one side
    three times the usual length. fragment: hardly a sentence. boilerplate: a side is only a
    by-line, a source, a credit or a page's buttons; the only flag of nulls.
    """
    found = []
    zh, en = normalised(zh), normalised(en)
    if zh and en:
        if contradict(zh, en):
            found.append("number_mismatch")
        if not 1 / _MOST_RATIO <= length_ratio(zh, en) <= _MOST_RATIO:
            found.append("length_outlier")
        if len(zh) < _LEAST_CHARACTERS or len(en.split()) < _LEAST_WORDS:
            found.append("fragment")
    if is_boilerplate(zh, "zh") or is_boilerplate(en, "en"):
        found.append("boilerplate")
    return sorted(found)


def is_boilerplate(text: str, lang: str) -> bool:
    """Return True if one side frames its page and reports nothing."""
    text = normalised(text).strip()
    if len(text) > _LONGEST[lang]:
        return False
    form = _boilerplate(lang)
    parts = [part for part in _BETWEEN.split(text) if part]
    framing = sum(form.fullmatch(part) is not None for part in parts)
    short = all(len(part) <= _BUTTON[lang] for part in parts)
    return form.fullmatch(text) is not None or (
        len(parts) > 1 and framing >= (1 if short else len(parts))
    )


def length_ratio(zh: str, en: str) -> float:
    """Return the ratio of the sides' lengths to the usual."""
    if _CONTACT_WORDS.search(zh) or _CONTACT_WORDS.search(en):
        zh, en = _CONTACT.sub("0", zh), _CONTACT.sub("0", en)
    return (len(en.split()) + 1) / (WORDS_PER_CHARACTER * len(zh) + 1)
