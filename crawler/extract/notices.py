"""Lines that belong to the site, not to its articles."""

import re

from crawler.phrases import alternatives

_LIST = "crawler.extract/notices.tsv"
_LONGEST_FOLLOW = 120
"""Most characters of a call to follow; set by hand, not measured."""
_LONGEST_SITE = 160
"""Most characters of a sentence that a site has on every page; set by hand, not measured."""
_LONGEST_PLAYER = 80
"""Most characters of a line in place of a film; set by hand, not measured."""
_NOTICE = re.compile(
    rf"^[(（\[【*]*\s*{alternatives(_LIST, 'notice')}|"
    r"^(?:https?://\S+|\S+@\S+\.\w+|(?:twitter|facebook|instagram)\.com/\S+)$|"
    r"^.{3,60}\bcontributed (?:reporting|to this (?:report|story|article))",
    re.IGNORECASE,
)
_FOLLOW = re.compile(
    r"^(?:请?(?:扫码|扫描|长按|点击|识别).{0,14})?关注.{1,24}(?:公众号|公號|微信|微博|客户端|APP|发布|号)[”」』]?$"
    r"|^(?:长按|扫码|扫描|识别).{0,16}(?:关注|二维码|小程序).{0,16}$"
    r"|^(?:主办(?:单位)?|承办(?:单位)?|网站标识码|备案号|技术支持)\s*[:：]|ICP备\s*\d",
    re.IGNORECASE,
)
_SITE = re.compile(alternatives(_LIST, "site", "player"), re.IGNORECASE)
_PLAYER = re.compile(alternatives(_LIST, "player"), re.IGNORECASE)
_PREAMBLE = re.compile(
    rf"^{alternatives('crawler.extract/labels.tsv', 'before the text')}\s*[:：]|"
    r"^published .{0,60}\d{4}$|^updated (?:at|on)?.{0,40}$|"
    r"^\d+ (?:min(?:ute)?s?) (?:read|ago)$|^tempo de leitura",
    re.IGNORECASE,
)


def is_notice(text: str) -> bool:
    """Return True for a closing notice, such as a copyright."""
    return bool(_NOTICE.match(text)) or (
        len(text) <= _LONGEST_FOLLOW and bool(_FOLLOW.search(text))
    )


def is_of_the_site(text: str) -> bool:
    """Return True for a sentence on browsers, cookies, addresses of the site."""
    return len(text) <= _LONGEST_SITE and bool(_SITE.search(text))


def is_of_a_player(text: str) -> bool:
    """Return True for a player's words in place of a film."""
    return len(text) <= _LONGEST_PLAYER and bool(_PLAYER.search(text))


def is_preamble(text: str) -> bool:
    """Return True if an opening line belongs to the page.

    Not to the story.
    """
    return bool(_PREAMBLE.match(text))
