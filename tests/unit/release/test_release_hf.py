"""The Hugging Face folder opens in `datasets` with the rows and types of the release."""

import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from release_corpus import release, rows

from pipelines.release.about.features import features
from pipelines.release.formats import hf
from pipelines.release.snapshot import Snapshot
from pipelines.release.tables import LAYOUTS, SPLITS

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import datasets
import huggingface_hub
from datasets.utils import metadata as hf_metadata
from datasets.utils import resources

TABLES = ("articles", "pairs", "sentences")
CONFIGS = (*TABLES, "translation")


@pytest.fixture(scope="module")
def whole(output: Path) -> Snapshot:
    return release(output, "whole", formats=("hf",))


@pytest.fixture(scope="module")
def split(output: Path) -> Snapshot:
    return release(output, "split", formats=("hf",), split="city")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


def expected(made: Snapshot, config: str) -> list[dict[str, Any]]:
    if config != hf.TRANSLATION:
        return rows(made, config)
    kept = ("pair_id", "position", "probability", "city", "zh_script")
    return [
        {name: bead[name] for name in kept} | {"translation": {"en": bead["en"], "zh": bead["zh"]}}
        for bead in rows(made, "sentences")
        if bead["zh"] and bead["en"]
    ]


@pytest.mark.parametrize("config", CONFIGS)
def test_datasets_loads_every_row_with_its_values(whole: Snapshot, cache: str, config: str) -> None:
    loaded = datasets.load_dataset(str(whole.folder / "hf"), config, cache_dir=cache, split="train")
    assert loaded.to_list() == expected(whole, config)
    if config in TABLES:
        # Equal types, too: what `datasets` hands on is what the files hold.
        for field in LAYOUTS[config].of:
            assert _plain(loaded.features.arrow_schema.field(field.name).type) == _plain(field.type)


@pytest.mark.parametrize("config", CONFIGS)
def test_datasets_streams_every_row_of_every_part(split: Snapshot, config: str) -> None:
    streams = datasets.load_dataset(str(split.folder / "hf"), config, streaming=True)
    seen = [(part, row) for part in SPLITS if part in streams for row in streams[part]]
    assert [row for _, row in seen] == expected(split, config)
    if config in TABLES:
        assert all(row["split"] == part for part, row in seen)
        assert {part for part, _ in seen} == set(split.splits(config))


@pytest.mark.parametrize("config", TABLES)
def test_the_folder_of_a_release_is_opened_by_itself(
    whole: Snapshot, split: Snapshot, cache: str, config: str
) -> None:
    loaded = datasets.load_dataset(str(whole.folder), config, cache_dir=cache, split="train")
    assert loaded.to_list() == rows(whole, config)
    parts = datasets.load_dataset(str(split.folder), config, cache_dir=cache)
    assert set(parts) == set(split.splits(config))
    assert [row for part in SPLITS if part in parts for row in parts[part]] == rows(split, config)


def test_translation_is_the_feature_of_that_name(whole: Snapshot, cache: str) -> None:
    loaded = datasets.load_dataset(str(whole.folder / "hf"), "translation", cache_dir=cache)
    assert loaded["train"].features["translation"] == datasets.Translation(["zh", "en"])
    assert loaded["train"].num_rows > 0


def test_the_first_config_is_the_default(whole: Snapshot, cache: str) -> None:
    loaded = datasets.load_dataset(str(whole.folder / "hf"), cache_dir=cache)
    assert loaded["train"].num_rows == whole.manifest["counts"]["sentences"]["all"]


@pytest.mark.parametrize("table", TABLES)
def test_features_are_those_that_datasets_makes_of_the_schema(table: str) -> None:
    of = LAYOUTS[table].of
    made = datasets.Features.from_arrow_schema(of.remove_metadata())
    assert features(of) == made._to_yaml_list()


def card(made: Snapshot) -> huggingface_hub.DatasetCard:
    return huggingface_hub.DatasetCard.load(
        made.folder / "hf" / "README.md", ignore_metadata_errors=False
    )


def test_the_card_is_valid_by_the_hubs_own_readers(split: Snapshot) -> None:
    said = card(split)
    assert isinstance(said.data, huggingface_hub.DatasetCardData)
    # What the Hub's validator demands, from the lists that `datasets` carries.
    lists = Path(resources.__file__).parent
    known = {
        name: yaml.safe_load((lists / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("size_categories", "multilingualities", "creators", "languages")
    }
    data = said.data.to_dict()
    assert set(data["size_categories"]) <= set(known["size_categories"])
    assert set(data["multilinguality"]) <= set(known["multilingualities"])
    assert set(data["language_creators"]) <= set(known["creators"]["language"])
    assert set(data["annotations_creators"]) <= set(known["creators"]["annotations"])
    assert set(data["language"]) <= set(known["languages"])
    assert set(data["task_categories"]) <= set(hf_metadata.known_task_ids)
    assert (data["license"], data["license_name"]) == ("other", "rights-by-source")


def test_the_metadata_are_read_by_datasets_own_parsers(split: Snapshot) -> None:
    data = card(split).data
    configs = hf_metadata.MetadataConfigs.from_dataset_card_data(data)
    assert set(configs) == set(CONFIGS)
    infos = datasets.info.DatasetInfosDict.from_dataset_card_data(data)
    for config in CONFIGS:
        for name, part in infos[config].splits.items():
            read = sorted((split.folder / "hf" / config).glob(f"{name}-*.parquet"))
            assert part.num_examples == sum(pq.read_metadata(path).num_rows for path in read) > 0
            assert part.num_bytes > 0


def test_the_card_tells_counts_rights_limits_and_use(whole: Snapshot) -> None:
    text = card(whole).text
    for heading in ("What is in it", "Limits", "Error rates", "Intended use", "Rights"):
        assert f"## {heading}" in text
    counts = whole.manifest["counts"]
    for table in TABLES:
        assert re.search(rf"\| `{table}` \| {counts[table]['all']:,} \|", text)
    for table in TABLES:
        for field in LAYOUTS[table].of:
            assert f"| `{field.name}` |" in text
    for part in LAYOUTS["pairs"].of.field("evidence").type:
        assert f"| `evidence.{part.name}` |" in text
    assert f"@misc{{shizheng_{whole.version},\n" in text
    assert "is invented" not in text
    assert "\n\n\n" not in text
    assert "English editions write their own stories" in text
    assert "Nobody has judged any pair" in text
    assert "chunan: not read" in text
    assert "28 full, 28 metadata, 14 metadata+excerpt" in text


def test_the_files_take_no_room_twice(whole: Snapshot) -> None:
    for table in TABLES:
        own = whole.files(table)[0]
        linked = whole.folder / "hf" / table / "train-00000.parquet"
        assert linked.samefile(own)


def test_where_links_cannot_be_made_files_are_copied(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    made = release(output, "copied", formats=("hf",))
    for table in TABLES:
        own, copied = made.files(table)[0], made.folder / "hf" / table / "train-00000.parquet"
        assert not copied.samefile(own)
        assert copied.read_bytes() == own.read_bytes()


def test_a_release_without_texts_has_the_configs_it_has_rows_for(output: Path, cache: str) -> None:
    made = release(output, "closed", formats=("hf",), cities=("chunan",))
    assert [one["config_name"] for one in card(made).data.to_dict()["configs"]] == [
        "pairs",
        "articles",
    ]
    loaded = datasets.load_dataset(str(made.folder / "hf"), "articles", cache_dir=cache)
    assert {row["text"] for row in loaded["train"]} == {None}


def _plain(of: pa.DataType) -> str:
    """Return a type without the names of list items, which `datasets` changes."""
    return str(of).replace("list<element: ", "list<").replace("list<item: ", "list<")
