"""Detection of a list's CMS family, article pattern and city name.

Pure: texts in, findings out, and no guess beyond the page; a page without evidence gives None.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.cms import FAMILIES
from crawler.cms.data import read_json
from crawler.cms.family import Link, Listing
from crawler.script import HAN

ENOUGH = 3
"""Links of one shape from which on a page is a list."""
_SHAPES, _COVERED = 4, 0.9
"""Most shapes in a pattern, and the share of links that is enough; set by hand, not measured."""

_FEED = re.compile(
    r"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:rss|rdf:RDF|feed|urlset)\b", re.S
)
_TOKEN = re.compile(r"[0-9a-f]{32}|\d+|[^\d/]+?(?=[0-9a-f]{32}|\d|/|$)|/", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?:^|[\s_|\-—–>·，。“])([{HAN}]{{1,8}}?(?:市|自治州|特别行政区|地区|盟))"
    r"(?=人民政府|政府|[\s_|\-—–]|$)"
)
_SITE_NAME = re.compile(
    r"<meta\s[^<>]*name=[\"']SiteName[\"'][^<>]*content=[\"']([^\"']{1,80})[\"']", re.IGNORECASE
)
_TITLE = re.compile(r"<title[^<>]*>([^<]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FamilyGuess:
    """CMS family of a list page, and its listing.

    `data_url` names a page to read instead if the list has no entries and loads them from there.
    """

    cms: str
    listing: Listing
    data_url: str | None = None


def family_of(text: str, url: str) -> FamilyGuess | None:
    """Return the family of a list page, or None without a list.

    A family is known by the shapes of its articles' URLs: the one that recognises most links wins.
    Feeds are known by their root element, JSON by its endpoint, and a page without entries by the
    endpoint that its script names.
    """
    if _FEED.match(text):
        listing = FAMILIES["feeds"].read_list(text, url)
        return FamilyGuess("feeds", listing) if listing.links else None
    if read_json(text) is not None:
        cms = _of_endpoint(url)
        listing = FAMILIES[cms].read_list(text, url)
        return FamilyGuess(cms, listing) if listing.links else None
    best: FamilyGuess | None = None
    for name, family in FAMILIES.items():
        if family.any_url:
            continue
        listing = family.read_list(text, url)
        if listing.family or not any(family.is_article(link.url) for link in listing.links):
            continue
        if len(listing.links) > (len(best.listing.links) if best else 0):
            best = FamilyGuess(name, listing)
    generic = FAMILIES["generic"].read_list(text, url)
    if best and len(best.listing.links) >= ENOUGH:
        # Another system with the same article URLs: its pager is not this family's.
        own_pager = FAMILIES[best.cms].own_pager
        foreign = own_pager is not None and not own_pager(text, url) and bool(generic.more)
        other = foreign and len(generic.links) >= ENOUGH
        return FamilyGuess("generic", generic) if other else best
    for name in ("ucap", "guangdong", "hanweb"):
        listing = FAMILIES[name].read_list(text, url)
        data_url = next((more for more in listing.more if _leads_to_data(more)), None)
        if data_url and (not listing.links or listing.family):
            return FamilyGuess(name, listing, data_url)
    return FamilyGuess("generic", generic) if len(generic.links) >= ENOUGH else best


def pattern_of(links: Sequence[Link]) -> str:
    """Return a regular expression for the URLs of most of these links.

    Made of their commonest shapes. Dates and numbers become digits, hex ids 32 hex digits; common
    parts stay.
    """
    shapes = Counter(_shape(link.url) for link in links)
    kept: list[str] = []
    covered = 0
    for shape, count in shapes.most_common(_SHAPES):
        if covered >= _COVERED * len(links):
            break
        kept.append(shape)
        covered += count
    return "|".join(kept)


def column_of(links: Sequence[Link]) -> str | None:
    """Return a pattern for the column or folder shared by links.

    None if they share neither.
    """
    columns = {match[1] for link in links if (match := re.search(r"/art_(\d+)_\d+", link.url))}
    if len(columns) == 1 and all("/art_" in link.url for link in links):
        column = columns.pop()
        return f"/art_{column}_|/col/?(?:col)?{column}/"
    paths = [urlsplit(link.url).path.rpartition("/")[0].split("/")[1:] for link in links]
    shared: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1 or re.search(r"\d", parts[0]):
            break
        shared.append(parts[0])
    return f"/{re.escape('/'.join(shared))}/" if shared else None


def city_name(text: str) -> str | None:
    """Return the Chinese name of the city of a site, or None.

    From the national meta tag SiteName, else from the title: the place before 人民政府.
    """
    for pattern in (_SITE_NAME, _TITLE):
        for match in pattern.finditer(text[:100_000]):
            name = _NAMED.search(match[1].strip())
            if name:
                return name[1]
    return None


def key_of(url: str) -> str:
    """Return a name for a city's file from its host.

    The label before gov.cn or the like; an IP address and its port.
    """
    labels = (urlsplit(url).hostname or "").split(".")
    if all(label.isdigit() for label in labels):
        return "host-" + re.sub(r"\W", "-", urlsplit(url).netloc)
    generic = {"www", "en", "english", "eng", "gov", "com", "org", "net", "m", "fao", "example"}
    own = [label for label in labels[:-1] if label not in generic]
    return re.sub(r"[^a-z0-9]+", "", own[-1].lower()) if own else "city"


def _of_endpoint(url: str) -> str:
    path = urlsplit(url).path
    if "/gkmlpt/" in path:
        return "guangdong"
    if path.endswith("/build/unit"):
        return "hanweb"
    return "wordpress" if "/wp-json/" in path else "ucap"


def _leads_to_data(url: str) -> bool:
    return bool(re.search(r"/getInfoCommon|/es-search/|/gkmlpt/api/|/build/unit\?", url))


def _shape(url: str) -> str:
    parts = urlsplit(url)
    shape = "".join(map(_general, _TOKEN.findall(parts.path)))
    return f"{shape}\\?" if parts.query else f"{shape}$"


def _general(token: str) -> str:
    if re.fullmatch(r"[0-9a-f]{32}", token, re.IGNORECASE):
        return "[0-9a-f]{32}"
    if token.isdigit():
        return r"\d{4}" if re.fullmatch(r"(?:19|20)\d\d", token) else r"\d+"
    return re.escape(token).replace("\\-", "-").replace("\\_", "_")
