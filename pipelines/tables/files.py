"""Files of an output folder: paths of tables, their cities, digests."""

import hashlib
import re
from pathlib import Path

from crawler.ordinary import ordinary
from pipelines.tables.damage import left_out

REMOTE_RECORD = ".remote.json"
"""File of an output folder whose corpus is in an object store: see `pipelines.remote`."""

_YEAR = re.compile(r"\d{4}|undated", re.ASCII)
_KEY = re.compile(r"[\w-]+")


def table_path(output: Path, table: str, city: str) -> Path:
    """Return the file of a table with one file per city."""
    return output / table / f"{city}.parquet"


def articles_folder(output: Path, city: str) -> Path:
    """Return the folder of a city's articles."""
    return output / "articles" / city


def article_files(output: Path, city: str) -> list[Path]:
    """Return the files of a city's articles, sorted.

    Each is named by a year or `undated`; other names are ignored.
    """
    paths = articles_folder(output, city).glob("*.parquet")
    return sorted(path for path in paths if _YEAR.fullmatch(path.stem))


def articles_bytes(output: Path, city: str) -> int:
    """Return the size of a city's articles on disk, in bytes."""
    return sum(path.stat().st_size for path in article_files(output, city))


def cities_with(output: Path, table: str) -> list[str]:
    """Return the cities that have a file of a table, sorted.

    A copy that an editor or a system left beside the files does not count.
    """
    paths = (output / table).glob("*.parquet")
    return sorted(path.stem for path in paths if _KEY.fullmatch(path.stem) and not path.is_dir())


def cities_with_articles(output: Path) -> list[str]:
    """Return the cities that have articles, sorted.

    Any other file in the folder is ignored: `strays` returns it.
    """
    folder = output / "articles"
    keys = (path.name for path in folder.glob("*") if _KEY.fullmatch(path.name) and path.is_dir())
    return sorted(key for key in {*keys} - left_out() if article_files(output, key))


def cities_in(output: Path, *tables: str) -> list[str]:
    """Return the cities that have articles or one of `tables`, sorted."""
    stored = (key for table in tables for key in cities_with(output, table))
    return sorted({*cities_with_articles(output), *stored} - left_out())


def strays(output: Path) -> list[Path]:
    """Return files and folders among the articles that are not shizheng's.

    Hidden ones are left out.
    """
    folder = output / "articles"
    known = {
        file
        for path in folder.glob("*")
        if _KEY.fullmatch(path.name) and path.is_dir()
        for file in (path, *article_files(output, path.name))
    }
    found = [*folder.glob("[!.]*"), *folder.glob("*/[!.]*")]
    return sorted(path for path in found if path not in known and path.parent.name[0] != ".")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with ordinary(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
