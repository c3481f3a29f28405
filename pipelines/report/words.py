"""Plain words in English and Chinese for codes and measures."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Words(NamedTuple):
    """A text in English and Chinese."""

    en: str
    zh: str


RELATIONS = {
    "translation": Words("translation", "翻译"),
    "abridged": Words("abridged", "节译"),
    "part_of": Words("part of", "部分对应"),
    "digest": Words("digest", "综合报道"),
    "same_event": Words("same event", "同一事件"),
}

DOUBTS = {
    "numbers": Words("figures contradict each other", "数字相互矛盾"),
    "dates": Words("dates contradict each other", "日期相互矛盾"),
    "ordinals": Words("ordinals contradict each other", "届次相互矛盾"),
    "names": Words("names contradict each other", "名称相互矛盾"),
    "near": Words("probability between 0.4 and 0.6", "概率在 0.4 至 0.6 之间"),
    "close": Words("another candidate scores nearly as well", "另有得分相近的候选"),
    "length": Words("one side is under half its usual length", "一方长度不足通常的一半"),
    "apart": Words("published more than 30 days apart", "发布日期相隔超过 30 天"),
}

CHANGES = {
    "new": Words("pairs are new", "对为新增"),
    "gone": Words("pairs are gone", "对已消失"),
    "changed": Words("pairs were aligned anew, with another result", "对重新对齐且结果不同"),
}

LANGS = {"zh": Words("Chinese", "中文"), "en": Words("English", "英文")}

FLAGS = {
    "undated": Words("no date on the page", "页面无日期"),
    "implausible_date": Words("dated before 1949 or in the future", "日期早于1949年或在将来"),
    "short": Words("very short text", "正文很短"),
    "truncated": Words("text cut off", "正文被截断"),
    "multi_page": Words("joined from several pages", "由多页合并"),
    "parts_missing": Words("some of its pages are missing", "缺少部分分页"),
    "no_mate": Words("says itself that it has no other language", "自称仅有一种语言"),
    "transcript": Words("transcript of what was said", "讲话实录"),
    "digest": Words("several items under one headline", "一页多条新闻"),
    "low_agreement": Words("extractors disagree about the text", "抽取结果不一致"),
    "lang_mismatch": Words("not in the language of its column", "语言与栏目不符"),
    "mixed_language": Words("languages mixed", "中英混杂"),
    "foreign_paragraphs": Words("some paragraphs in another language", "部分段落为其他语言"),
    "interleaved": Words("from a page with both languages by turns", "来自中英交替的页面"),
    "charset_mismatch": Words("encoding declared wrongly", "声明的编码有误"),
    "mojibake": Words("characters lost in a wrong encoding", "有乱码"),
    "migrated": Words("moved to this site long after publication", "发布很久以后才迁入本站"),
    "date_conflict": Words("dates on the page disagree", "页面日期不一致"),
    "number_mismatch": Words("figures differ", "数字不一致"),
    "length_outlier": Words("lengths do not fit", "长度悬殊"),
    "fragment": Words("a fragment", "残句"),
}

REASONS = {
    "challenge": Words("a script challenge or firewall page", "返回的是验证或防火墙页面"),
    "empty_shell": Words("a page without content", "页面没有内容"),
    "login_wall": Words("asks its reader to log in", "要求登录"),
    "redirected_away": Words("led to another page than promised", "跳转到了别的页面"),
    "same_page": Words("one page at several addresses", "多个地址显示同一页面"),
    "moved": Words("only leads to another address", "仅跳转到其他地址"),
    "http_error": Words("the site answered with an error", "网站返回错误"),
    "not_html": Words("no web page", "不是网页"),
    "listing": Words("a list of links", "链接列表页"),
    "image_only": Words("a picture without text", "只有图片"),
    "cover_notice": Words("only announces an attached document", "正文在附件中"),
    "too_short": Words("too little text", "文字过少"),
    "too_large": Words("too large to be one article", "页面过大"),
    "no_title": Words("no headline", "没有标题"),
    "unreadable": Words("could not be read", "无法解析"),
    "other_language": Words("neither Chinese nor English", "既非中文也非英文"),
}

EXITS = {
    0: Words("done", "完成"),
    1: Words("internal error", "内部错误"),
    2: Words("wrong usage", "用法错误"),
    3: Words("done, but some city failed its checks", "完成，但有城市未通过检查"),
    4: Words("nothing usable", "没有可用结果"),
    5: Words("another run was under way", "另一运行正在进行"),
}

MEASURES = {
    "similarity": Words("Meaning", "语义"),
    "order": Words("Covered in order", "按序覆盖"),
    "numbers": Words("Figures", "数字"),
    "dates": Words("Dates", "日期"),
    "ordinals": Words("Ordinals", "届次"),
    "names": Words("Names", "名称"),
    "length_ratio": Words("Length", "长度"),
    "days_apart": Words("Publication", "发布"),
    "link": Words("Links", "链接"),
}
SIGNED = ("numbers", "dates", "ordinals", "names")

AGREE = 0.5
"""Agreement of facts from which texts agree, not only in part. Set by hand; not measured."""

CLOSE, LOOSE = 0.5, 0.3
"""Mean cosines from which sentences are close, or loosely related.

With the bundled encoder the median of true pairs is .57 and that of runners-up .24.
"""

USUAL_LENGTH = (0.8, 1.25)
"""Range of the usual length ratio. Set by hand; not measured."""

_NOTHING = Words("nothing to compare", "无可比较")


def of(code: str, known: Mapping[str, Words]) -> Words:
    """Return the words for a code, or the code itself."""
    return known.get(code, Words(code, code))


def trait(name: str, value: str, lengths: Sequence[str], days: Sequence[str]) -> Words:
    """Return the words for a trait of a pair or its beads.

    `lengths` and `days` are the labels of the charts.
    """
    match name:
        case "bead":
            return Words(f"has a sentence group {value}", f"含 {value} 句组")
        case "flag":
            words = of(value, FLAGS)
            return Words(f"sentences: {words.en}", f"句组：{words.zh}")
        case "length":
            label = lengths[int(value)]
            return Words(f"length: {label} of the usual", f"长度：常值的 {label}")
        case "days":
            label = days[int(value)]
            return Words(f"published from {label} days later", f"发布相隔：{label} 天起")
    return Words(f"{name}={value}", f"{name}={value}")


def measure(name: str, value: float | bool | None) -> Words:
    """Return the meaning of one measure of a pair's evidence.

    `name` is a key of `MEASURES`.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _NOTHING
    match name:
        case "similarity":
            return _level(
                value,
                Words("aligned sentences mean much the same", "对应句意思相近"),
                Words("aligned sentences are loosely related", "对应句略有关联"),
                Words("aligned sentences are hardly related", "对应句几乎无关"),
            )
        case "order":
            share = f"{value:.0%}"
            return Words(
                f"{share} of the shorter text is matched in order", f"较短一方 {share} 按序对应"
            )
        case "length_ratio":
            return _length(value)
        case "days_apart":
            return _days(int(value))
        case "link":
            if value:
                return Words("the pages link to each other", "两页互有链接")
            return Words("no link between the pages", "两页之间无链接")
    if value < 0:
        return Words("contradict each other", "相互矛盾")
    if value == 0:
        return Words("neither agree nor contradict", "既不一致也不矛盾")
    return Words("agree", "一致") if value >= AGREE else Words("agree in part", "部分一致")


def probability(value: float | None) -> str:
    """Write a probability to two digits, never as a certainty."""
    if value is None:
        return "–"
    return ">0.99" if value >= 0.995 else "<0.01" if value < 0.005 else f"{value:.2f}"


def figure(name: str, value: float | bool | None) -> str:
    """Write the value of a measure, a dash for none.

    Examples: 0.83, +0.50, 1.2×, +3.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    match name:
        case "link":
            return "✓" if value else "✗"
        case "days_apart":
            return f"{value:+d}".replace("-", "−") if value else "0"
        case "length_ratio":
            return f"{value:.2g}×"
    return f"{value:+.2f}".replace("-", "−") if name in SIGNED else f"{value:.2f}"


def _level(value: float, high: Words, middle: Words, low: Words) -> Words:
    return high if value >= CLOSE else middle if value >= LOOSE else low


def _length(ratio: float) -> Words:
    if USUAL_LENGTH[0] <= ratio <= USUAL_LENGTH[1]:
        return Words("the usual proportion", "长度比例正常")
    if ratio < USUAL_LENGTH[0]:
        return Words("English shorter than usual for this Chinese", "英文较中文偏短")
    return Words("English longer than usual for this Chinese", "英文较中文偏长")


def _days(days: int) -> Words:
    if days == 0:
        return Words("on the same day", "同日发布")
    count = abs(days)
    plural = "day" if count == 1 else "days"
    if days > 0:
        return Words(f"English {count} {plural} later", f"英文晚 {count} 天")
    return Words(f"English {count} {plural} earlier", f"英文早 {count} 天")
