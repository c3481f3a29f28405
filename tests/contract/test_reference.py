"""Generated reference pages are fresh, and the schema of city files knows what the reader knows."""

import json
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from crawler.city_file import CityError, load_city
from crawler.city_schema import city_schema
from pipelines.cli.reference import pages

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
CITIES = sorted([*ROOT.glob("crawler/cities/*.yaml"), *ROOT.glob("crawler/demo/cities/*.yaml")])
generated = cache(pages)
FULL = """
name: {zh: 砚川市, en: Yanchuan}
division: "990400"
hosts: [www.yanchuan.example]
status: paused
since: 2026-01-01
reason: rebuilt
rights: {text: metadata, terms: null, checked: 2026-01-01}
tls: {verify: false, reason: expired}
sources:
  - lang: zh
    cms: generic
    list: "http://www.yanchuan.example/news/"
    articles: "/news/"
    rights: {text: full}
    render: browser
    since: 2020-01-01
    until: 2024-01-01
    seen: {when: 2023, where: the site}
  - {lang: en, cms: generic, list: "https://www.yanchuan.example/api/list", post: "page=1"}
pairing: {max_days: 60}
assertions:
  min_articles: {zh: 1, en: 0}
  max_rejects: 0.2
  quiet_days: 14
  min_precision: 0.9
  max_drift: {yield: 0.2, score: 1, length_ratio: 0.3}
"""


class _AsText(yaml.SafeLoader):
    """Loader that leaves dates as they are written, as editors do."""


_AsText.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith("timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def complaints(text: str) -> list[str]:
    found = Draft202012Validator(city_schema()).iter_errors(yaml.load(text, _AsText))
    return [error.message for error in found]


def is_read(text: str, folder: Path) -> bool:
    path = folder / "yanchuan.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_city(path)
    except CityError:
        return False
    return True


def test_generated_pages_are_fresh() -> None:
    for name, page in generated().items():
        assert page == (REFERENCE / name).read_text(encoding="utf-8"), "run: make reference"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(city_schema())


@pytest.mark.parametrize("path", CITIES, ids=lambda path: path.stem)
def test_the_schema_accepts_a_city_that_ships(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


def test_schema_and_reader_accept_a_file_with_every_key(tmp_path: Path) -> None:
    assert complaints(FULL) == []
    assert is_read(FULL, tmp_path)
    written = json.dumps(yaml.load(FULL, _AsText))
    for line in generated()["city-file.md"].splitlines():
        if line.startswith("| `"):
            assert f'"{line.split("`")[1].split(".")[-1].removesuffix("[]")}"' in written


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("pairing: {max_days: 60}", "pairings: {max_days: 60}"),
        ("status: paused", "status: sleeping"),
        ('division: "990400"', 'division: "9904"'),
        ("cms: generic", "cms: homemade"),
        ("render: browser", "render: printer"),
        ("max_rejects: 0.2", "max_rejects: 20"),
        ("quiet_days: 14", "quiet_days: -1"),
        ("hosts: [www.yanchuan.example]", "hosts: []"),
        ("seen: {when: 2023, where: the site}", "seen: {when: 2023}"),
        ("yield: 0.2", "yields: 0.2"),
        ("lang: zh", "lang: fr"),
    ],
)
def test_schema_and_reader_refuse_the_same(good: str, bad: str, tmp_path: Path) -> None:
    text = FULL.replace(good, bad)
    assert text != FULL
    assert complaints(text)
    assert not is_read(text, tmp_path)
