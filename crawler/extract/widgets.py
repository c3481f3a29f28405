"""Buttons, counters and page numbers: the lines of a page that nobody wrote."""

import re

_NOISE = re.compile(r"[\W\d_]+")
WIDGET = re.compile(
    r"(?:收听|听)(?:本文|全文|新闻|文章)?\s*[·•|丨-]?\s*\d+\s*分(?:钟|\s*\d+\s*秒)?|"
    r"(?:智能|AI|语音|語音|有声)+(?:播报|朗读|朗讀|阅读|播放|报读)?|(?:朗读|播放)?语速|倍速|点击播放|"
    r"收听(?:本文|全文)?|听文章|文章字号|正文字号|文字大小|扫一扫[，,]\s*(?:在|用)?手机上?(?:看|查看|打开|阅读)|"
    r"font ?size\s*[:：]?\s*[\[(]?\s*(?:[lms]\b\s*){2,3}[\])]?|"
    r"listen to (?:this )?(?:article|story)(?:\s*\d+\s*min(?:ute)?s?)?|"
    r"share this (?:article|story)|"
    r"第\s*\d+\s*页|共\s*\d+\s*页|上一页|下一页|更新|打印本页|打印此页|打印本文|打印文章|打印|"
    r"列印|关闭窗口|关闭本页|关闭页面|关闭|關閉|返回顶部|返回首页|返回列表|返回上一页|"
    r"返回|回到顶部|加入收藏|收藏本页|收藏|下载|转发|字体大小|字体|字型|字号|字級|放大|缩小|"
    r"縮小|正常|默认|默認|超大|分享到|"
    r"分享至|分享|微信好友|微信|微博|新浪|腾讯|人人网|QQ空间|QQ好友|QQ|朋友圈|豆瓣|"
    r"扫一扫在手机打开当前页面?|扫一扫|扫码|手机查看|"
    r"手机扫一扫|语音播报|语音朗读|语音阅读|智能朗读|朗读|听新闻|听全文|播放|暂停|停止|继续|"
    r"无障碍浏览|无障碍|繁体|简体|繁體|"
    r"简|繁|浏览次数|浏览量|浏览|阅读次数|阅读量|阅读|点击次数|点击数|点击量|点击|访问次数|"
    r"访问量|点赞|赞|评论|我要纠错|纠错|"
    r"举报|推荐|保护视力色|视力保护色|视力保护|复制链接|二维码|高亮|护眼|次|人|本页|此页|"
    r"print(?: this)?(?: page| article)?|share(?: this| on| to| with)?|font ?size|text size|"
    r"fonts?|large|"
    r"medium|middle|small|big|normal|default|bigger|smaller|close(?: window)?|e-?mail|facebook|"
    r"twitter|"
    r"linkedin|pinterest|whatsapp|reddit|weibo|wechat|qq|tumblr|line|copy link|read aloud|"
    r"listen(?: to)?|"
    r"audio|play|pause|stop|save|back to top|back|top|bookmark|views?|hits?|clicks?|more|comments?|"
    r"advertisement|ad|大|中|小|慢|快|[at]\s?[+＋\-－]+|\ba\b|\bt\b",
    re.IGNORECASE,
)
_PAGER = re.compile(
    r"^[\s\[\]【】()（）<>«»‹›|.…·\d]*(?:(?:上一页|下一页|上页|下页|首页|尾页|末页|前页|后页|"
    r"共\s*\d+\s*页|第\s*\d+\s*页|页|转到|跳转|"
    r"prev(?:ious)?(?: page)?|next(?: page)?|first|last|pages?|of)[\s\[\]【】()（）<>«»‹›|"
    r".…·:：\d/]*)+$|"
    r"^(?:[\[【(（]\s*\d+\s*[\]】)）]\s*){2,}$|^\d{1,2}(?:\s+\d{1,2}){1,20}$",
    re.IGNORECASE,
)


def is_widget(text: str) -> bool:
    """Whether a line holds nothing but buttons, counters and symbols."""
    if len(text) > 80:
        return False
    left, words = WIDGET.subn("", text)
    # Figures alone may be a cell or a time; between buttons they are counters.
    return not _NOISE.sub("", left) and (words > 0 or not re.search(r"\w", text))


def is_pager(text: str) -> bool:
    """Whether a line is the page numbers of a multi-page article."""
    return len(text) <= 80 and bool(_PAGER.match(text))
