"""Bilingual miniature web of three invented cities, with gold.

It is served on loopback. `content/` has the authored articles, `templates/` one set of pages per
CMS family, `cities/` the city files that a crawl of it reads. `server.serve()` serves it,
`gold.write_gold()` writes the right results.
"""

from pathlib import Path

DEMO_CITIES = Path(__file__).parent / "cities"
"""The folder of the demo's city files."""
