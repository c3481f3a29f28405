"""Settings of a run, as its manifest stores them."""

from collections.abc import Mapping
from typing import Any

from crawler.city import City


def terms_of(cities: Mapping[str, City], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what a crawl goes by: robots.txt obeyed or not, as whom it asks, each city's rights.

    `settings` are the Scrapy settings given for this crawl. The robots.txt files themselves are in
    the archive; what they forbade is in `issues.jsonl`, code `robots`.
    """
    from crawler.settings import (
        ROBOTSTXT_OBEY,
        USER_AGENT,  # reads and checks the environment
    )

    obeyed = settings.get("ROBOTSTXT_OBEY", str(ROBOTSTXT_OBEY))
    return {
        "robots_obeyed": obeyed.strip().lower() in ("1", "true"),
        "user_agent": settings.get("USER_AGENT", USER_AGENT),
        "rights": {
            key: {
                "text": city.rights,
                "terms": city.rights_terms,
                "checked": city.rights_checked.isoformat() if city.rights_checked else None,
            }
            for key, city in sorted(cities.items())
        },
    }
