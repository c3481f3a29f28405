"""Page of the catalogue of cities, and its badge; both are generated."""

from collections.abc import Mapping

from crawler.city import City, Source

_HEAD = """# Cities

![{count} cities](cities.svg)

Generated from the files in `crawler/cities/` (`make reference`). *Last seen* is the
newest sign that a listing of that language works: on the site, in an archive or in public code. No
city is `active` before a real crawl has passed.

| city | name | families | languages | status | last seen zh | last seen en |
|---|---|---|---|---|---|---|
"""
_BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="86" height="20" role="img" '
    'aria-label="cities: {count}"><rect width="50" height="20" fill="#555"/>'
    '<rect x="50" width="36" height="20" fill="#0a6ebd"/>'
    '<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
    '<text x="25" y="14">cities</text><text x="68" y="14">{count}</text></g></svg>\n'
)


def page(cities: Mapping[str, City]) -> str:
    """Return the catalogue as Markdown."""
    return _HEAD.format(count=len(cities)) + "".join(map(_row, cities.values()))


def badge(cities: Mapping[str, City]) -> str:
    """Return the number of cities as an SVG image."""
    return _BADGE.format(count=len(cities))


def _row(city: City) -> str:
    families = ", ".join(sorted({source.cms for source in city.listings}))
    langs = sorted({source.lang for source in city.listings}, reverse=True)
    cells = (city.key, f"{city.name_zh} {city.name_en}", families, ", ".join(langs), city.status)
    seen = (_newest([s for s in city.listings if s.lang == lang]) for lang in ("zh", "en"))
    return "| " + " | ".join((*cells, *seen)) + " |\n"


def _newest(sources: list[Source]) -> str:
    """Return the newest day of listings.

    "unknown" without a day, "-" without a listing.
    """
    days = [source.seen.when for source in sources if source.seen]
    dated = [day for day in days if day[0].isdigit()]
    return max(dated) if dated else "unknown" if sources else "-"
