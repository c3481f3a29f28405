"""A release is chosen by thresholds, holds what rights allow, and never changes."""

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from release_corpus import (
    EMAIL,
    MOBILE,
    NOW,
    RIGHTS,
    SECRET,
    article,
    content_of,
    release,
    rows,
    tree,
)

from pipelines.release import build, snapshot, tables, verify
from pipelines.release.content.withdrawal import WithdrawalError, digest
from pipelines.release.formats import FORMATS
from pipelines.release.snapshot import ReleaseError, Snapshot
from pipelines.tables import articles, schema
from pipelines.tables.damage import StoreError
from pipelines.tables.files import table_path
from pipelines.tables.parquet import Row, read_table, write_table

ALL = tuple(sorted(FORMATS))


@pytest.fixture(scope="module")
def made(output: Path) -> Snapshot:
    return release(output, "whole", formats=ALL)


@pytest.fixture
def own(output: Path, tmp_path: Path) -> Path:
    """A copy of the corpus, without releases, to change."""
    shutil.copytree(output.parent, tmp_path / "c", ignore=shutil.ignore_patterns("releases"))
    return tmp_path / "c" / "output"


def paired(output: Path) -> Row:
    """Return an article of anbei that is in its best pair."""
    pairs = read_table(table_path(output, "pairs", "anbei"), schema.PAIRS).to_pylist()
    best = max(pairs, key=lambda row: row["probability"])
    listed = articles.read_articles(output, "anbei").to_pylist()
    return next(row for row in listed if row["article_id"] == best["zh_id"])


def test_every_file_has_its_tables_columns_and_rows_in_order(made: Snapshot) -> None:
    for table, layout in tables.LAYOUTS.items():
        for path in made.files(table):
            assert pq.read_schema(path).names == layout.of.names
            assert pq.read_schema(path).metadata[b"schema_version"] == b"1"
    listed = rows(made, "articles", ["city", "published_at", "article_id"])
    assert listed == sorted(listed, key=lambda row: tuple(row.values()))
    listed = rows(made, "sentences", ["city", "pair_id", "position"])
    assert listed == sorted(listed, key=lambda row: tuple(row.values()))


def test_the_manifest_counts_what_the_files_hold(made: Snapshot) -> None:
    facts = made.manifest
    for table in tables.TABLES:
        assert facts["counts"][table]["all"] == len(rows(made, table))
    assert facts["rights"]["held"] == {"full": 28, "metadata": 28, "metadata+excerpt": 14}
    assert facts["as_of"] == "2024-09-01T08:00:00Z"
    assert facts["models"] == {"an-encoder a-model": facts["counts"]["pairs"]["all"]}
    assert {run["run_id"] for run in facts["runs"]} == {
        f"20240901T08000{n}Z-aaaa" for n in range(5)
    }
    assert verify.problems(made) == []


def test_a_pair_stored_at_the_threshold_is_in(output: Path) -> None:
    found = release(output, "at", min_probability=0.95, cities=("anbei",))
    assert len(rows(found, "pairs")) == 1


def test_uncleared_text_is_in_no_byte_of_any_file(made: Snapshot, output: Path) -> None:
    everything = content_of(made.folder)
    for city in (*RIGHTS, "erhe"):
        for lang in ("zh", "en"):
            stored = articles.read_articles(output, city, ["text", "lang"]).to_pylist()
            sample = [r["text"].split("\n")[2] for r in stored if r["lang"] == lang]
            found = [sentence in everything for sentence in sample]
            assert all(found) if city in ("anbei", "bolin") else not any(found)
    assert SECRET["zh"] in everything  # of the cleared cities: the search can find


@pytest.mark.parametrize("city", ["chunan", "erhe"])
def test_what_nobody_has_cleared_is_held_as_metadata_only(made: Snapshot, city: str) -> None:
    listed = [row for row in rows(made, "articles") if row["city"] == city]
    assert len(listed) == 14
    assert {(row["held"], row["text"]) for row in listed} == {("metadata", None)}
    assert all(row["title"] and row["url"] for row in listed)
    assert not any(row["city"] == city for row in rows(made, "sentences"))


def test_an_excerpt_is_a_beginning_and_never_the_whole(made: Snapshot, output: Path) -> None:
    whole = {
        row["article_id"]: row["text"]
        for row in articles.read_articles(output, "dashi", ["article_id", "text"]).to_pylist()
    }
    listed = [row for row in rows(made, "articles") if row["city"] == "dashi"]
    for row in listed:
        assert whole[row["article_id"]].startswith(row["text"])
        assert 0 < len(row["text"]) <= len(whole[row["article_id"]]) / 4
    assert not any(row["city"] == "dashi" for row in rows(made, "sentences"))


def test_private_contact_data_are_masked_and_offsets_stay_right(made: Snapshot) -> None:
    everything = content_of(made.folder)
    assert MOBILE not in everything
    assert EMAIL not in everything
    assert made.manifest["masked"] == {"email": 30, "mobile": 30}
    texts = {row["article_id"]: row["text"] for row in rows(made, "articles")}
    pairs = {row["pair_id"]: row for row in rows(made, "pairs")}
    masked = 0
    for bead in rows(made, "sentences"):
        for side in ("zh", "en"):
            if bead[side]:
                text = texts[pairs[bead["pair_id"]][f"{side}_id"]]
                assert text[bead[f"{side}_start"] : bead[f"{side}_end"]] == bead[side]
                masked += "*" * len(MOBILE) in bead[side]
    assert masked == 8  # two pairs above the threshold, of two cities, on both sides


def test_a_bead_that_is_no_longer_in_its_article_is_left_out(own: Path) -> None:
    before = release(own, "before").manifest["counts"]["sentences"]["all"]
    first = paired(own)
    fields = {n: first[n] for n in ("article_id", "city", "url", "site", "lang", "title", "rights")}
    corrected = replace(
        article("anbei", first["lang"], "x", "更正：原文撤换，内容完全不同。", 1), **fields
    )
    articles.write_articles(own, "anbei", [corrected], run_id="r2", now=NOW)
    after = release(own, "after").manifest
    assert after["left_out"]["stale_sentences"] > 0
    lost = before - after["counts"]["sentences"]["all"]
    assert lost == after["left_out"]["stale_sentences"]


def test_the_order_in_which_sentences_are_stored_makes_no_difference(own: Path) -> None:
    before = release(own, "before").files("sentences")[0].read_bytes()
    for city in RIGHTS:
        path = table_path(own, "sentences", city)
        table = read_table(path, schema.SENTENCES)
        write_table(path, table.take(list(reversed(range(table.num_rows)))))
    assert release(own, "after").files("sentences")[0].read_bytes() == before


def test_releasing_twice_gives_the_same_bytes(made: Snapshot, output: Path, own: Path) -> None:
    again = release(own, "whole", formats=ALL)
    assert tree(again.folder) == tree(made.folder)
    # Of everything that a release can consist of there was something to compare.
    assert {name.split("/")[0] for name in tree(made.folder)} == {
        *(
            "data",
            "manifest.json",
            "SHA256SUMS",
            "croissant.json",
            "datasheet.md",
            "CITATION.cff",
            "README.md",
        ),
        *ALL,
    }


def test_a_release_is_never_overwritten(made: Snapshot, output: Path) -> None:
    before = tree(made.folder)
    with pytest.raises(ReleaseError, match="this release exists and releases never change"):
        release(output, "whole")
    assert tree(made.folder) == before


@pytest.mark.parametrize("version", ["", "../1", ".1", "a/b", "verify", "diff", "1 0"])
def test_a_version_that_cannot_name_a_folder_is_refused(output: Path, version: str) -> None:
    with pytest.raises(ReleaseError, match="cannot be a release's version"):
        release(output, version)


def test_nothing_to_release_is_said_and_leaves_nothing(own: Path) -> None:
    with pytest.raises(ReleaseError, match="no article is within these thresholds"):
        release(own, since=date(2030, 1, 1))
    with pytest.raises(ReleaseError, match="no articles of atlantis; known: anbei, bolin"):
        release(own, cities=("atlantis",))
    assert list((own / "releases").iterdir()) == []


def test_a_withdrawal_list_that_is_no_text_stops_the_release(own: Path) -> None:
    path = own / "withdrawn.yaml"
    path.write_bytes("- article: a\n  reason: 应当事人要求\n".encode("gb18030"))
    with pytest.raises(WithdrawalError, match=r"withdrawn\.yaml:2: expected text in UTF-8"):
        release(own)
    path.unlink()
    path.mkdir()
    with pytest.raises(WithdrawalError, match=r"expected a file; this is a folder"):
        release(own)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", r"manifest\.json: not the manifest of a run \(not JSON \("),
        (b"[" * 100_000, r"manifest\.json: not the manifest of a run .*nested too deeply"),
        (b"[]", r"manifest\.json: not the manifest of a run \(it holds no object\)"),
        (b"\xff{}", r"manifest\.json:1: expected text in UTF-8"),
    ],
)
def test_a_runs_manifest_that_cannot_be_read_stops_the_release(
    own: Path, content: bytes, message: str
) -> None:
    folder = own / "runs" / "20240901T080000Z-aaaa"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ReleaseError, match=message):
        release(own)
    assert list((own / "releases").iterdir()) == []


def test_a_disk_that_is_full_is_said_and_leaves_no_release(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(made: Snapshot, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(FORMATS, "full", full)
    with pytest.raises(StoreError, match=r"No space left on device.*free space"):
        release(own, formats=("full",))
    assert list((own / "releases").iterdir()) == []


@pytest.mark.parametrize("by", ["article", "url"])
def test_a_withdrawn_article_is_nowhere_in_later_releases(own: Path, by: str) -> None:
    victim = paired(own)
    repost = article("anbei", victim["lang"], "repost", victim["text"] + "（转载）", 100)
    articles.write_articles(own, "anbei", [repost], run_id="r2", now=NOW)
    articles.mark_duplicates(own, "anbei", {repost.article_id: victim["article_id"]})
    before = release(own, "before", formats=ALL)
    traces = [victim["article_id"], victim["url"], victim["title"], repost.article_id, repost.url]
    traces += [line for line in victim["text"].split("\n")[1:] if MOBILE not in line]
    assert all(trace in content_of(before.folder) for trace in traces)
    named = {
        "article": victim["article_id"],
        "url": "https" + victim["url"][4:] + "?utm_source=feed",
    }
    (own / "withdrawn.yaml").write_text(
        f"- {by}: {json.dumps(named[by])}\n  on: 2024-09-02\n  reason: asked for by its author\n"
    )
    after = release(own, "after", formats=ALL)
    everything = content_of(after.folder)
    assert [trace for trace in traces if trace in everything] == []
    assert "asked for by its author" not in everything
    digests = sorted(digest(key) for key in (victim["article_id"], repost.article_id))
    assert after.manifest["withdrawn"] == {"articles": 2, "digests": digests}
    assert verify.problems(after) == []


def test_a_withdrawn_contact_is_masked_wherever_it_stands(own: Path) -> None:
    text = "会议室预订请拨8012-3456，或写信给望湖路的陆老师傅，电话8012 3456。"
    new = article("anbei", "zh", "contact", text, 3)
    articles.write_articles(own, "anbei", [new], run_id="r2", now=NOW)
    (own / "withdrawn.yaml").write_text('- contact: "80123456"\n- contact: 望湖路的陆老师傅\n')
    made = release(own, formats=ALL)
    (found,) = (r for r in rows(made, "articles") if r["article_id"] == new.article_id)
    assert found["text"] == f"会议室预订请拨{'*' * 9}，或写信给{'*' * 8}，电话{'*' * 9}。"
    assert "陆老师傅" not in content_of(made.folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- article: a\n  url: http://x.example/\n", r"withdrawn\.yaml:1: an entry withdraws one"),
        ("- article: a\n- uri: b\n", r"withdrawn\.yaml:2: unknown key 'uri'"),
        ("- contact: '110'\n", r"withdrawn\.yaml:1: a contact of 3 characters"),
        ("article: a\n", r"withdrawn\.yaml:1: expected a list"),
        ("- article: a\n- [", r"withdrawn\.yaml:\d: not YAML"),
        ("[" * 5000, r"withdrawn\.yaml:1: nested too deeply"),
        ("- article: \x07", r"withdrawn\.yaml:1: the character U\+0007"),
    ],
)
def test_a_withdrawal_list_that_cannot_be_read_stops_the_release(
    own: Path, text: str, message: str
) -> None:
    (own / "withdrawn.yaml").write_text(text)
    with pytest.raises(WithdrawalError, match=message):
        release(own)
    assert list((own / "releases").iterdir()) == []


def test_rows_go_into_whole_row_groups_and_few_files(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(tables.LAYOUTS["articles"], group=8, file=16)
    monkeypatch.setitem(tables.LAYOUTS, "articles", small)
    made = release(own)
    files = made.files("articles")
    assert [path.name for path in files] == [f"all-{n:05d}.parquet" for n in range(5)]
    groups = [
        pq.read_metadata(path).row_group(n).num_rows
        for path in files
        for n in range(pq.read_metadata(path).num_row_groups)
    ]
    assert groups == [8] * 8 + [6]


def test_damage_to_a_release_is_found_and_named(own: Path) -> None:
    made = release(own, formats=("moses",))
    whole = tree(made.folder)
    assert verify.problems(made) == []
    (made.folder / "moses" / "all.zh").write_bytes(b"altered\n")
    (made.folder / "moses" / "all.en").unlink()
    (made.folder / "extra.txt").write_text("x")
    assert verify.problems(made) == [
        "moses/all.en: missing",
        "extra.txt: not part of the release",
        "moses/all.zh: not the file that was released (its SHA-256 differs)",
    ]
    for name, content in whole.items():
        (made.folder / name).write_bytes(content)
    (made.folder / "extra.txt").unlink()
    path = made.folder / "manifest.json"
    path.write_text(path.read_text().replace('"min_probability": 0.5', '"min_probability": 0.9'))
    changed = snapshot.read(made.folder)
    assert verify.problems(changed) == [
        "SHA256SUMS: does not agree with manifest.json; one of the two was changed"
    ]


def test_a_release_reads_a_corpus_that_another_run_is_writing_only_afterwards(output: Path) -> None:
    from pipelines.tables import lock

    with lock.hold(output, ["bolin"]), pytest.raises(lock.LockedError, match="working on bolin"):
        release(output, "locked")
    assert not (output / "releases" / "locked").exists()
    assert build.LOCK == "releases"
