"""Names and rules of verdicts and plans, in English and Chinese."""

from typing import NamedTuple

from pipelines.report.words import Words


class Choice(NamedTuple):
    """One verdict: its key, its name, and when to give it."""

    key: str
    name: Words
    rule: Words


PAIR = {
    "translation": Choice(
        "1",
        Words("translation", "翻译"),
        Words("one text renders the other, all of it but for trifles", "一文完整译自另一文"),
    ),
    "abridged": Choice(
        "2",
        Words("abridged", "节译"),
        Words("rendered, but a good part is left out", "译文，但删去相当部分"),
    ),
    "part_of": Choice(
        "3",
        Words("part of", "部分对应"),
        Words("the English renders one section of the Chinese", "英文只译中文的一部分"),
    ),
    "digest": Choice(
        "7",
        Words("digest", "综合报道"),
        Words("the Chinese is one section of the English", "中文只是英文的一部分"),
    ),
    "same_event": Choice(
        "4",
        Words("same event", "同一事件"),
        Words("written independently about the same event", "各自撰写，报道同一事件"),
    ),
    "different": Choice(
        "5",
        Words("different", "不同"),
        Words("another event, meeting, year or place", "不是同一事件、会议、年份或地点"),
    ),
    "cannot_tell": Choice(
        "6",
        Words("cannot tell", "无法判断"),
        Words("the texts do not decide it", "文本不足以判断"),
    ),
}

BEAD = {
    "correct": Choice(
        "c",
        Words("correct", "正确"),
        Words("each side says what the other says", "两边意思相同"),
    ),
    "partly": Choice(
        "p",
        Words("partly", "部分正确"),
        Words("a clause is missing or added on one side", "一方缺少或多出分句"),
    ),
    "wrong": Choice(
        "x",
        Words("wrong", "错误"),
        Words("the sides do not belong together", "两边不对应"),
    ),
    "wrong_language": Choice(
        "l",
        Words("wrong language", "语言错误"),
        Words("a side is not in its language", "某一方不是应有的语言"),
    ),
    "not_language": Choice(
        "n",
        Words("not language", "非语言"),
        Words("codes, addresses, broken characters", "代码、网址或乱码"),
    ),
    "boilerplate": Choice(
        "b",
        Words("boilerplate", "模板文字"),
        Words("menus, sources, bylines: not the article", "导航、来源、署名等，非正文"),
    ),
}

UNMATCHED = {
    "missed": Choice(
        "m",
        Words("has a counterpart", "有对应"),
        Words("choose the Chinese article that tells the same thing", "请选出对应的中文文章"),
    ),
    "none": Choice(
        "0",
        Words("no counterpart", "无对应"),
        Words("no Chinese article of the city tells the same thing", "该市没有对应的中文文章"),
    ),
    "cannot_tell": Choice(
        "6",
        Words("cannot tell", "无法判断"),
        Words("the texts do not decide it", "文本不足以判断"),
    ),
}

LEVELS = {"pair": PAIR, "bead": BEAD, "unmatched": UNMATCHED}

PLANS = {
    "stratified": Choice(
        "",
        Words("stratified by score and city", "按得分与城市分层"),
        Words("for a precision that can be stated: every band and city, with weights",
              "用于估计准确率：覆盖各概率段与城市，带权重"),
    ),
    "uncertain": Choice(
        "",
        Words("uncertain first", "先判存疑"),
        Words("probabilities nearest one half; teaches most, estimates nothing",
              "概率接近 0.5 者在前；有助校准，不用于估计"),
    ),
    "search": Choice(
        "",
        Words("search", "检索"),
        Words("pairs whose title, address or id holds a text", "标题、网址或编号含某文字的配对"),
    ),
    "beads": Choice(
        "",
        Words("beads", "句组"),
        Words("beads (aligned sentences) of the pairs kept, for a rate of beads",
              "已保留配对中的句组，用于估计句组准确率"),
    ),
    "unmatched": Choice(
        "",
        Words("English without a counterpart", "未配对英文"),
        Words("search for the Chinese article that was missed, for recall",
              "查找遗漏的中文文章，用于估计召回率"),
    ),
}  # fmt: skip
