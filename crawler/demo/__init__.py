"""A bilingual miniature web of three invented cities, served on loopback, with gold beside it.

`content/` holds the authored articles, `templates/` one set of pages per CMS family, `cities/` the
city files that a crawl of it reads. `server.serve()` serves it, `gold.write_gold()` tells what is
right.
"""

from pathlib import Path

DEMO_CITIES = Path(__file__).parent / "cities"
"""The folder of the demo's city files."""
