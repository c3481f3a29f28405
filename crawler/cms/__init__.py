"""CMS families: paging of their lists, fields of their articles."""

from crawler.cms import (
    aspnet,
    china_daily,
    feeds,
    generic,
    guangdong,
    hanweb,
    info_gov_hk,
    jeecms,
    trs,
    ucap,
    wordpress,
)
from crawler.cms.family import Family
from crawler.cms.reading import reading_all

FAMILIES: dict[str, Family] = {
    family.name: reading_all(family, generic.FAMILY)
    for family in (
        hanweb.FAMILY,
        trs.FAMILY,
        jeecms.FAMILY,
        ucap.FAMILY,
        guangdong.FAMILY,
        china_daily.FAMILY,
        info_gov_hk.FAMILY,
        wordpress.FAMILY,
        aspnet.FAMILY,
        feeds.FAMILY,
        generic.FAMILY,
    )
}
"""Every family a city file may name as `cms:`, by that name."""
