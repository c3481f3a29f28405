"""info.gov.hk: Hong Kong's press releases, `/gia/general/YYYYMM/DD/P<id>.htm`.

The folder is the day of issue. The id is a date, mostly the same, with four digits, since 2018
five. Both languages are in one tree, and numbers do not show the language: it is judged from the
text. A release links its mate, which `crawler.extract.mates` reads. Twins of a release: `<id>p.htm`
and `<id>_print.htm` for the printer, `<id>_photo_N.htm` for a caption; machine-made Simplified ones
(`/TuniS/`, `/gb/`) are on other paths or hosts. Until about 2015 pages are Big5-HKSCS.

The lists of a day, `DD.htm` and `DDc.htm`, are followed if a list links them.
"""

import re
from urllib.parse import urlsplit

from crawler.cms.family import Family, Listing, Rules
from crawler.cms.links import WIDGETS, anchors, links, once

_ARTICLE = re.compile(r"/gia/general/\d{6}/\d{2}/P\d{8}\d{4,5}\.html?$")
_DAY = re.compile(r"/gia/general/\d{6}/\d{2}(?P<lang>c?)\.html?$")
_TWIN = re.compile(r"^/(?:TuniS|gb)/", re.IGNORECASE)


def is_article(url: str) -> bool:
    """Return True for a release itself.

    Not for its print view, a caption or a converted twin.
    """
    path = urlsplit(url).path
    return bool(_ARTICLE.search(path)) and not _TWIN.search(path)


def read_list(text: str, url: str) -> Listing:
    """Read the list of a day.

    The lists of other days in its own language are further pages.
    """
    here = urlsplit(url)
    chinese = bool(re.search(r"/ctoday\.html?$|/\d{2}c\.html?$", here.path))
    more = [
        anchor.url
        for anchor in anchors(text, url)
        if (day := _DAY.search(urlsplit(anchor.url).path))
        and bool(day["lang"]) == chinese
        and urlsplit(anchor.url).netloc == here.netloc
    ]
    return Listing(links(text, url, is_article), once(more, url))


FAMILY = Family(
    name="info_gov_hk",
    is_article=is_article,
    read_list=read_list,
    pagers=False,
    rules=(
        Rules(
            version="spans",
            body=("#pressrelease",),
            title=("#PRHeadlineSpan", "#PRHeadline"),
            drop=(*WIDGETS, ".controlDisplay"),
        ),
        # Older pages name nothing; they are read by the general extractor.
    ),
)
