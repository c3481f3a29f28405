"""`status` shows only what is there, or the cities that are named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import article, store_articles

from pipelines.cli import app

Asked = Callable[..., tuple[int, str]]
CITY = """
name: {{zh: 砚川市, en: {name}}}
hosts: [www.{name}.example]
sources: [{{lang: zh, cms: generic, list: "http://www.{name}.example/news/"}}]
"""


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    cities = tmp_path / "cities"
    cities.mkdir()
    for name in ("yanchuan", "luobei", "shuangqiao"):
        (cities / f"{name}.yaml").write_text(CITY.format(name=name), encoding="utf-8")
    output = tmp_path / "output"
    output.mkdir()

    def ask(*words: str) -> tuple[int, str]:
        line = ["status", *words, "--cities-dir", str(cities), "--output", str(output)]
        code = app.main(line)
        told = capsys.readouterr()
        return code, told.out + told.err

    return ask


def names(told: str) -> list[str]:
    return [row["city"] for row in json.loads(told)]


def test_nothing_stored_is_said_with_what_to_do(asked: Asked) -> None:
    code, told = asked()
    assert code == 0
    assert "nothing is stored" in told
    assert "shizheng demo" in told
    assert json.loads(asked("--json")[1]) == []


def test_only_cities_with_anything_stored_are_shown(asked: Asked, tmp_path: Path) -> None:
    for city in ("luobei", "elsewhere"):
        store_articles(tmp_path / "output", article(f"{city}-1", "zh", city=city))
    assert names(asked("--json")[1]) == ["elsewhere", "luobei"]
    assert "yanchuan" not in asked()[1]


def test_a_city_named_is_shown_whatever_it_has(asked: Asked, tmp_path: Path) -> None:
    store_articles(tmp_path / "output", article("luobei-1", "zh", city="luobei"))
    assert names(asked("yanchuan", "--json")[1]) == ["yanchuan"]
    assert names(asked("yanchuan", "luobei", "--json")[1]) == ["luobei", "yanchuan"]


def test_a_name_of_no_city_is_refused(asked: Asked) -> None:
    code, told = asked("atlantis")
    assert code == 2
    assert "no city file and no articles: atlantis" in told
