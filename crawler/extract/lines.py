"""Lines that are not news: date and source lines, widgets, credits, breadcrumbs, pagers.

Each is recognised here once, for two uses: fields are read from them, and the text is rid of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from crawler.extract.dates import Moment, labelled, moments, strip_dates
from crawler.extract.widgets import WIDGET, is_pager, is_widget
from crawler.script import HAN

_LABELS = {
    "published": (
        "发布日期|发布时间|发表时间|发表日期|发稿时间|发布于|发文日期|发文时间|成文日期|"
        "上传时间|录入时间|"
        "创建时间|信息时间|时间|日期|發布日期|發佈日期|發布時間|發佈時間|日期時間|時間|"
        "release(?:d)? (?:date|time)|date of release|released? on|released|"
        "publish(?:ed)? ?(?:date|time|on)|publication date|published|pub ?date|pubtime|"
        "posted on|posted|issue date|issued on|date|time"
    ),
    "updated": (
        "更新时间|更新日期|最后更新|修改时间|更新時間|更新日期|最後更新|"
        "last (?:updated|modified)(?: on)?|updated? (?:on|time|date)|updated?|modified"
    ),
    "source": (
        "信息来源|文章来源|稿件来源|消息来源|内容来源|新闻来源|来源于|来源|稿源|出处|信息来自|"
        "转自|发布机构|发布单位|发布机关|"
        "信息發布單位|發布單位|發佈單位|發布機關|發佈機關|來源|資料來源|"
        "article source|information source|source|from"
    ),
    "author": "作者|采写|撰稿人?|供稿人?|文字|记者|通讯员|記者|authors?|writer|written by|by",
    "editor": (
        "责任编辑|本期编辑|值班编辑|网络编辑|网站编辑|责编|编辑|責任編輯|編輯|"
        "(?:responsible |web |chief )?editors?|edited by"
    ),
    "other": (
        "审核人?|校对|初审|复审|终审|监制|美编|签发|审签|校審|浏览次数|浏览量|阅读次数|阅读量|"
        "点击次数|点击数|点击率|"
        "访问次数|访问量|阅读|浏览|点击|點閱數|瀏覽次數|字体大小|字体|字号|文字大小|字級|"
        "保护视力色|分享到|分享至|分享|"
        "索引号|文号|主题词|关键词|关键字|标签|所属分类|分类|栏目|views?|hits?|clicks?|reads?|"
        "font ?size|text size|share(?: to| on)?|tags?|keywords?|category"
    ),
}
_LABEL = re.compile(
    r"(?:^|(?<=[\s\x1f|丨｜/,，;；(（【\[·&>\u3000\u00a0])|(?<=[\d分秒]))[【\[(（]?\s*(?:"
    + "|".join(f"(?P<{name}>{names})" for name, names in _LABELS.items())
    + r")\s*$",
    re.IGNORECASE,
)
_COLON = re.compile(r"[:：]")
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_LONGEST_LABEL = 28
_SPACED_LABEL = re.compile(
    r"(?<=[来來作日时時责編编])[\s\u3000\u00a0]+(?=[源者期间間编輯辑]\s*[:：])"
)
# Where a value ends although no label follows: a separator, wide space, or a widget.
_VALUE_END = re.compile(
    r"\x1f|[|丨｜]|[\u3000\u00a0\t]|\s{2,}|[\]】)）]\s*$|"
    r"(?<=\s)(?:字体|字号|打印|分享|浏览|阅读|点击|关闭|收藏|大 |font ?size|print|share|large)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"^[【\[(（]?\s*(?:责任编辑|本期编辑|值班编辑|网络编辑|网站编辑|责编|编辑|責任編輯|編輯|"
    r"审核|校对|初审|复审|终审|监制|美编|签发|"
    r"撰稿|供稿|采写|统筹|作者|审稿|审读|编审|责校|值班主任|值班总编|策划|出品|出品人|总监制|"
    r"文字|图片|摄影|视频|制图|图文|文\/图|(?:responsible |web |chief )?editors?|edited by)"
    r"\s*[:：丨|]",
    re.IGNORECASE,
)
_CREDIT_TAIL = re.compile(
    r"[\s\u3000]*[【\[(（]\s*(?P<label>责任编辑|责编|编辑|責任編輯|編輯|文\/图|图\/文|图文|撰稿|供稿|editors?"
    r")\s*[:：]?\s*"
    r"(?P<name>[^】\])）]{1,30})[】\])）]\s*$",
    re.IGNORECASE,
)
CRUMBS = re.compile(
    r"^(?:您?(?:当前|现在|所在|目前)?(?:的|所在)?(?:当前)?位置|当前位置|你的位置|所在位置|"
    r"目前位置|您的位置|現在位置|"
    r"you are here|current (?:position|location)|location|position)\s*(?:是|为)?\s*[:：]|"
    r"^(?:首页|首頁|网站首页|主页|home)\s*[>»›/→＞]",
    re.IGNORECASE,
)
_TRAIL = re.compile(r"^[^>»\s]{1,12}\s*(?:>>?|»)\s*[^>»]{1,20}(?:(?:>>?|»)[^>»]{1,40})*$")
_CRUMB_MARK = re.compile(r"\s*(?:>+|»|›|→|＞+|/|\s-\s|::|\|)\s*")
_NEIGHBOUR = re.compile(
    r"^[【\[<«]?\s*(?:上一篇|下一篇|上一条|下一条|上篇|下篇|前一篇|后一篇|上一則|下一則|"
    r"previous(?: article| news| post)?|next(?: article| news| post)?|"
    r"prev)\s*[】\]>»]?\s*[:：>》]?",
    re.IGNORECASE,
)
RELATED = re.compile(
    r"^[【\[■◆●▼•\s]*(?:相关(?:阅读|新闻|文章|链接|报道|内容|推荐|信息|稿件|专题|解读|文件|资讯|"
    r"评论)|延伸阅读|推荐(?:阅读|文章|新闻)|"
    r"更多(?:新闻|内容|精彩)|热门(?:文章|推荐|新闻)|猜你喜欢|相關(?:新聞|連結|文章|閱讀)|"
    r"延伸閱讀|网友评论|发表评论|我要评论|留言|"
    r"热点推荐|精彩推荐|本站推荐|今日热点|最新文章|最新资讯|"
    r"related (?:news|stories|articles|links|reading|content|topics|information)|"
    r"recommended(?: stories| for you| reading)?|more (?:news|stories|from|on this|in)\b.{0,40}|"
    r"read (?:more|next|also)|you may (?:also )?like|also read|see also|most (?:read|popular|"
    r"viewed)|"
    r"trending(?: now)?|popular|latest news|links|photos|leave a (?:reply|comment)|"
    r"comments?)\s*[】\]]?"
    r"\s*[:：>»]*\s*$",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"^[【\[(（■◆●▼▶►>\s]*(?:相关(?:阅读|新闻|文章|链接|报道|推荐|稿件|专题)|延伸阅读|推荐阅读|"
    r"点击(?:进入|查看|阅读)|"
    r"更多(?:阅读|内容|精彩|新闻)|另见|"
    r"(?:related|read (?:more|next|also|the full)|see (?:more|also)|also (?:read|on|see)|"
    r"more (?:on|from|in)|"
    r"more(?=:)|watch|listen|don['’]t miss|click here|recommended|previously|continue reading)\b)",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"^[(（\[【*]*\s*(?:版权(?:所有|声明)|免责声明|特别声明|声明\s*[:：]|本文(?:来源|由)|"
    r"凡本(?:网|站)|"
    r"未经.{0,12}(?:授权|许可)|转载请注明|本网站?(?:文章|内容)|.{0,20}版权所有|分享让更多人看到|"
    r"trackback|"
    r"copyright|©|all rights reserved|disclaimer|"
    r"(?:additional |with )?report(?:ing|s)? by|(?:additional|contributing) (?:reporting|writing)|"
    r"(?:associated press|reuters|ap) (?:writers?|reporters?|staff)|contact (?:the )?(?:writer|"
    r"reporter|us)|"
    r"reach the (?:writer|reporter)s?|have a (?:news )?tip|like this (?:story|article)|"
    r"follow (?:us|him|her|them|@|\S+ (?:on|\S+ on))|subscribe (?:to|now|here|for)|"
    r"sign up (?:for|to|here|now)|"
    r"get (?:the latest|our|more)|download (?:the|our) (?:free )?app|join (?:us|our|"
    r"the conversation)|"
    r"for more (?:news|information|stories|on)|email (?:the author|us)|tell us what)|"
    r"^(?:https?://\S+|\S+@\S+\.\w+|(?:twitter|facebook|instagram)\.com/\S+)$|"
    r"^.{3,60}\bcontributed (?:reporting|to this (?:report|story|article))",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^(?:原标题|原題|副标题|主题|内容提要|核心提示\s*[:：]?\s*$)\s*[:：]|"
    r"^published .{0,60}\d{4}$|^updated (?:at|on)?.{0,40}$|"
    r"^\d+ (?:min(?:ute)?s?) (?:read|ago)$|^tempo de leitura",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    rf"^[□■◎●\s—-]*(?:(?:本报|本刊|本网|本台|[{HAN}]{{2,12}}(?:社|网|报|频道|在线|电视台|"
    r"融媒))?\s*(?:全媒体|见习|实习|首席|特约|通讯员)?"
    r"(?:记者|通讯员|实习生|"
    rf"特派员))\s*[:：/]?\s*(?P<names>[{HAN}·\s、/，,和（）()]{{2,40}})$|"
    r"^[Bb]y\s+(?P<en>[A-Z][\w.'’-]+(?:\s+(?:[A-Z][\w.'’-]*|and|,|&)){1,8})\s*$"
)
_SIGNED = re.compile(
    rf"^[（(【\[—\s-]*(?:本报|本刊|本网|本台|[{HAN}]{{2,10}}(?:社|网|报|频道|电视台|融媒))?\s*"
    r"(?:全媒体|见习|实习|首席|特约)*(?:记者|通讯员)\s*[:：/]?\s*"
    rf"(?P<names>[{HAN}]{{2,4}}(?:[\s、，,/]+(?:记者|通讯员|实习生)?\s*[{HAN}]{{2,4}}){{0,6}})"
    r"\s*[）)】\]]?$"
)
_LEAD = re.compile(
    r"^[^。！？]{0,30}[讯訊電电]?\s*[（(【]\s*(?:本报|本网|全媒体|见习|实习|首席|特约)*"
    rf"(?:记者|記者|文/)\s*[:：]?\s*(?P<names>[{HAN}·]{{2,4}}"
    rf"(?:[\s、，,/]+(?!(?:整合|摄影|报道|文|图)[\s）)】])[{HAN}·]{{2,4}})*)"
    r"[^）)】]{0,20}[）)】]"
)
_TAIL = re.compile(
    r"(?<=[。！？”])\s*[（(【\[](?:本报|本网|全媒体|见习|实习|首席|特约)*(?:记者|記者)\s*[:：]?\s*"
    rf"(?P<names>[{HAN}·]{{2,4}}(?:[\s、，,/]+[{HAN}·]{{2,4}})*)\s*[）)】\]]$"
)
_CATALOGUE = re.compile(
    r"^(?:索\s*引\s*号|信息索引号?|主题分类|体裁分类|组配分类|公开(?:方式|范围|形式|时限|目录|日期|责任部门)|"
    r"信息(?:分类|类别)|服务对象|生命周期|有\s*效\s*性|生成日期|主\s*题\s*词|发文(?:机关|机构|字号|文号)|"
    r"文件编号)\s*[:：|]"
)
_END_MARK = re.compile(r"[（(【\[]\s*完\s*[)）】\]]|[-—–]\s*ends?\s*[-—–]|[(\[]ends?[)\]]", re.I)
_FOLLOW = re.compile(
    r"^(?:请?(?:扫码|扫描|长按|点击|识别).{0,14})?关注.{1,24}(?:公众号|公號|微信|微博|客户端|APP|发布|号)[”」』]?$"
    r"|^(?:长按|扫码|扫描|识别).{0,16}(?:关注|二维码|小程序).{0,16}$"
    r"|^(?:主办(?:单位)?|承办(?:单位)?|网站标识码|备案号|技术支持)\s*[:：]|ICP备\s*\d",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    r"[:：]\s*(?:没有了?|无|暂无|已是.{0,4}一[篇条]|none|no more.{0,12})\s*[)）]?$", re.I
)
_OUTLET = re.compile(
    r"[(（]\s*((?!(?:File |Photo|Updated|Edited|Local |Beijing Time|GMT|UTC))[A-Z][\w.'’& -]{3,40}?"
    rf"|[a-z][\w-]+\.[a-z.]{{2,}}|[{HAN}]{{1,14}}(?:网|报|社|台|在线|发布|办公室|局|委))"
    r"\s*[)）]"
)
_ATTACHED = re.compile(
    r"^[【\[(（]?\s*(?:附件|相关附件|附件下载|文件下载|attachments?|annex|"
    r"appendix)\s*\d*\s*[】\])）]?\s*[:：]?\s*\d*$",
    re.IGNORECASE,
)
# Hong Kong's press releases end in `Ends/Monday, May 20, 2024` or `完／2024年5月20日（星期一）`.
_WEEKDAY = re.compile(
    r"^\s*(?:ends?|完)\s*[/／]|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|"
    r"(?:星期|周|週)[一二三四五六日天]",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"^(?:香港時間|香港时间|issued at HKT)\s*\d{1,2}\s*[:：時时]\s*\d{2}", re.IGNORECASE
)
_BY = re.compile(
    r"(?:^|[\x1f|])\s*By\s+([A-Z][\w.'’-]+(?:\s+[A-Z][\w.'’-]*){1,3})\s*(?=$|[\x1f|,(（])"
)
_OFFICE = re.compile(
    rf"^(?:[{HAN}]{{0,12}}?)(?:全媒体|全媒體|融媒体?|见习|見習|实习|實習|首席|特约|特約)*"
    rf"(?:记者|記者|通讯员|通訊員|特派员)[\s:：/]*(?=[{HAN}]{{2}})"
)
_NOISE = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a date-and-source line says; `rest` is what no label, date or widget covers."""

    published: Moment | None = None
    updated: Moment | None = None
    bare: Moment | None = None
    source: str | None = None
    author: str | None = None
    editor: str | None = None
    rest: str = ""

    @property
    def says(self) -> bool:
        """Whether the line gives any field at all."""
        return bool(self.bare) or not self.only_bare

    @property
    def only_bare(self) -> bool:
        """Whether all the line gives is a date that nothing announces."""
        return not any((self.published, self.updated, self.source, self.author, self.editor))


@lru_cache(maxsize=64)  # a page's date line is read where its family keeps it and near the body
def read_line(pieces: str) -> Labelled:
    """Read a line such as `时间：2019-09-18 06:23 来源： 山西日报 打印`.

    `pieces` may hold separators between inline elements: a value ends there.
    """
    text = _SPACED_LABEL.sub("", pieces[:600].translate(_WIDE_DIGITS))
    marks = list(_labels(text))
    values: dict[str, str] = {}
    when: dict[str, Moment] = {}
    rest = [text[: marks[0][1]] if marks else text]
    for (name, _, end_of_label), following in zip_longest(marks, marks[1:]):
        raw = text[end_of_label : following[1] if following else len(text)]
        lead = len(raw) - len(raw.lstrip(" \x1f\u3000\u00a0\t\r\n"))
        raw = raw[lead:]
        if name in ("published", "updated"):
            moment = labelled(raw.replace("\x1f", " "))
            if moment:
                when.setdefault(name, moment)
                rest.append(raw[moment.end :])
            else:
                rest.append(raw)
            continue
        end = _VALUE_END.search(raw)
        value = raw[: end.start()] if end else raw
        values.setdefault(name, _clean(value))
        # The number after a view counter, the sizes after a font widget: nothing but noise.
        rest.append(raw[end.start() :] if end else "")
    loose = "\x1f".join(rest)
    by = _BY.search(loose)
    if by and "author" not in values:
        values["author"] = by[1]
        loose = loose[: by.start()] + loose[by.end() :]
    outlet = _OUTLET.search(loose)
    if outlet and len(text) <= 100 and "source" not in values and moments(text):
        values["source"] = _clean(outlet[1].replace("\x1f", ""))
    bare = next(iter(moments(loose.replace("\x1f", " "))), None)
    left = WIDGET.sub("", _WEEKDAY.sub("", strip_dates(loose.replace("\x1f", " "))))
    return Labelled(
        published=when.get("published"),
        updated=when.get("updated"),
        bare=bare,
        source=named(values.get("source")),
        author=named(values.get("author")),
        editor=named(values.get("editor")),
        rest=_NOISE.sub("", left),
    )


def _labels(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield field, start and end of each label, the colon included, from left to right.

    Looked for backwards from colons, which are few.
    """
    done = 0
    for colon in _COLON.finditer(text):
        start = max(done, colon.start() - _LONGEST_LABEL)
        match = _LABEL.search(text[start : colon.start()])
        if match:
            done = colon.end()
            yield str(match.lastgroup), start + match.start(), done


def is_meta_line(text: str, found: Labelled) -> bool:
    """Whether a line is a date-and-source line: it gives fields and says hardly anything else."""
    dated = bool(found.published or found.updated or found.bare)
    if len(text) > 160 or not found.says or not (dated or found.source):
        return False
    rest = len(found.rest)
    if dated and found.source and len(text) <= 100:
        rest -= len(_NOISE.sub("", found.source)) if found.source in _outlets(text) else 0
    return rest <= (4 if dated or len(text) < 30 else 0)


def _outlets(text: str) -> list[str]:
    return [_clean(name) for name in _OUTLET.findall(text)]


def is_clock(text: str) -> bool:
    """Whether a line is the hour under a Hong Kong press release."""
    return bool(_CLOCK.match(text.translate(_WIDE_DIGITS)))


def is_end(text: str, *, after_clock: bool) -> bool:
    """Whether a line only says that the text ends here; `ends` alone does so below an hour."""
    return bool(_END_MARK.fullmatch(text)) or (
        text == "完" or (after_clock and bool(re.fullmatch(r"ends?", text, re.IGNORECASE)))
    )


def is_credit(text: str) -> bool:
    """Whether a line only credits editors and the like."""
    return len(text) <= 80 and bool(_CREDIT.match(text))


def credit_tail(text: str) -> tuple[str, str | None]:
    """Split an editor's credit in brackets off the end of a paragraph."""
    match = _CREDIT_TAIL.search(text)
    if not match:
        return text, None
    return text[: match.start()].rstrip(), named(match["name"])


def is_breadcrumb(text: str) -> bool:
    """Whether a line says where on the site the reader is."""
    return bool(CRUMBS.search(text)) or bool(_TRAIL.match(text))


def is_furniture(text: str) -> bool:
    """Whether a short line is a widget, a date line, a credit or a breadcrumb."""
    return (
        is_widget(text)
        or is_credit(text)
        or is_breadcrumb(text)
        or is_pager(text)
        or is_meta_line(text, read_line(text))
    )


def without_bare(found: Labelled) -> Labelled:
    """Return `found` without the date that no label announced."""
    return replace(found, bare=None)


def is_neighbour(text: str, *, linked: bool, last: bool = False) -> bool:
    """Whether a line points at the previous or the next article.

    Without a link it does so only where it says that there is none, or among the `last` lines.
    """
    if len(text) > 120 or not _NEIGHBOUR.match(text):
        return False
    return linked or bool(_NO_MORE.search(text)) or (last and bool(re.search(r"[:：]", text[:12])))


def is_pointer(text: str) -> bool:
    """Whether a line that is mostly a link sends the reader to another article."""
    return len(text) <= 300 and bool(_POINTER.match(text))


def is_notice(text: str) -> bool:
    """Whether a closing line is a copyright notice, a call to follow or a reporters' credit."""
    return bool(_NOTICE.match(text)) or (len(text) <= 120 and bool(_FOLLOW.search(text)))


def is_preamble(text: str) -> bool:
    """Whether an opening line belongs to the page rather than to the story."""
    return bool(_PREAMBLE.match(text))


def byline(text: str) -> str | None:
    """Return the reporters whom an opening line names and says nothing else, or None."""
    match = _BYLINE.match(text) if len(text) <= 60 else None
    if not match:
        return None
    return re.sub(r"\s+", " ", match["names"] or match["en"]).strip(" ，,、") or None


def signature(text: str) -> str | None:
    """Return the reporters whom a closing line names and says nothing else, or None."""
    match = _SIGNED.match(text) if len(text) <= 60 else None
    return re.sub(r"\s+", " ", match["names"]).strip() if match else None


def reporter(paragraph: str) -> str | None:
    """Return the reporters whom a paragraph names in brackets, or None.

    In its first words, `本报讯（记者 方可）`, or at its end, `……抓好落实。（记者 方可）`. Unlike an
    editor's credit, this is part of the report and stays in its text.
    """
    match = _LEAD.match(paragraph[:90]) or _TAIL.search(paragraph[-60:])
    return re.sub(r"\s+", " ", match["names"]).strip() if match else None


def is_catalogue(text: str) -> bool:
    """Whether a line is an entry of the catalogue box above an official document."""
    return len(text) <= 160 and bool(_CATALOGUE.match(text))


def is_attachment_label(text: str) -> bool:
    """Whether a line only announces attachments."""
    return bool(_ATTACHED.match(text))


def column_of(text: str, title: str) -> str | None:
    """Return the last section a breadcrumb names, past the title and words for `this text`."""
    trail = re.sub(r"^[^:：>»]{0,16}[:：]", "", text)
    parts = [part.strip(" \x1f") for part in _CRUMB_MARK.split(trail.replace("\x1f", " "))]
    for named_part in reversed(parts):
        part = re.sub(r"\s+", " ", named_part).strip()
        if not part or len(part) > 40 or (len(part) >= 6 and part in title):
            continue
        if re.fullmatch(
            r"正文|详情|详细内容?|内容|文章|阅读|浏览|content|text|detail|details", part, re.I
        ):
            continue
        if re.fullmatch(r"首页|首頁|网站首页|主页|home", part, re.I):
            return None
        return part
    return None


def person(name: str) -> str:
    """Return a name without the office before it: `安澜日报记者 方可` is `方可`."""
    return _OFFICE.sub("", name) or name


def _clean(value: str) -> str:
    return re.sub(r"\s+", " ", value.replace("\x1f", " ")).strip(
        ' 　:：;；,，|丨【】[]（）()《》"“”'
    )


def named(value: str | None) -> str | None:
    """Return a name that can be one: not empty, not a number, not a sentence."""
    if not value:
        return None
    value = re.sub(r"^(?:来源|來源|作者|source|author)\s*[:：]\s*", "", value, flags=re.I)
    value = _clean(value)
    if not value or len(value) > 60 or not _NOISE.sub("", value) or is_widget(value):
        return None
    return value
