"""CMS families: how each one's lists page, and where its articles keep things."""

from crawler.cms import generic, hanweb, jeecms, trs, ucap
from crawler.cms.family import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (hanweb.FAMILY, trs.FAMILY, jeecms.FAMILY, ucap.FAMILY, generic.FAMILY)
}
"""Every family a city file may name as `cms:`, by that name."""
