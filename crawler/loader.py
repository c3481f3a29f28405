"""Spider loader: every crawled city is a spider of `scrapy list`."""

import builtins
import difflib
from pathlib import Path
from typing import Self

from scrapy import Request, Spider
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler.city import CRAWLED, City
from crawler.city_file import CityError, load_cities
from crawler.errors import ShizhengError
from crawler.fetch import browser, certificates
from crawler.spiders.city import CitySpider


class UnknownCityError(ShizhengError, KeyError, UsageError):
    """A city without a file, or not crawled; with the remedy.

    A KeyError because Scrapy's loaders promise one; a UsageError so that `scrapy crawl` prints it
    as a sentence and ends with code 2.
    """

    print_help = False

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CityLoader:
    """Scrapy's spider loader over a folder of city files, or all."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._cities: dict[str, City] | None = None

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls()

    def load(self, spider_name: str) -> type[Spider]:
        """Return the spider of a city. Raises `UnknownCityError`, with near matches."""
        city = choose(self._all(), spider_name)
        own = certificates.settings(city)
        if browser.needed(city) and browser.is_installed():
            own |= browser.settings(city)
        members = {"name": city.key, "city": city, "custom_settings": own}
        return type(f"{CitySpider.__name__}_{city.key}", (CitySpider,), members)

    def list(self) -> list[str]:
        """Return the cities that are crawled, sorted."""
        return sorted(key for key, city in self._all().items() if city.status in CRAWLED)

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """Return the cities that name the request's host."""
        return [key for key in self.list() if self._all()[key].allows(request.url)]

    def _all(self) -> dict[str, City]:
        # Read when first needed: inside a command, where Scrapy shows a usage error as a sentence.
        if self._cities is None:
            try:
                self._cities = load_cities(self._folder)
            except CityError as error:
                raise UsageError(str(error), print_help=False) from error
        return self._cities


def choose(cities: dict[str, City], key: str) -> City:
    """Return the city `key` if it is crawled.

    Raises `UnknownCityError`, with near matches.
    """
    if key not in cities:
        names = {name: found for found, city in cities.items() for name in (found, city.name_zh)}
        near = difflib.get_close_matches(key.lower(), names, n=3, cutoff=0.75)
        hint = " or ".join(dict.fromkeys(names[name] for name in near))
        hint = f"did you mean {hint}?" if hint else f"known: {', '.join(sorted(cities))}"
        raise UnknownCityError(f"no city file is named {key!r}; {hint}")
    city = cities[key]
    if city.status not in CRAWLED:
        raise UnknownCityError(
            f"{key} is {city.status} since {city.since} ({city.reason}); "
            f"set its status to active in {city.file} to crawl it"
        )
    return city
