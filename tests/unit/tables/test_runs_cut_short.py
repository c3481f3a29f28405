"""Records of runs that ended early, and the reasons of cities that failed."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import ExitCode
from pipelines.errors import UsageError
from pipelines.tables import runs
from pipelines.tables.damage import StoreError


def manifest(run: runs.Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.folder / "manifest.json").read_text("utf-8"))
    return found


def issue(run: runs.Run, city: str, *codes: str) -> None:
    lines = [json.dumps({"city": city, "code": code, "detail": f"{code} {city}"}) for code in codes]
    (run.folder / f"{city}.issues.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("counts", [{}, {"luoshan": {"articles": 3}}])
def test_a_run_cut_short_has_its_reason_counts_and_issues(
    tmp_path: Path, counts: dict[str, dict[str, Any]]
) -> None:
    run = runs.start(tmp_path, "crawl", ("luoshan",))
    issue(run, "luoshan", "http_5xx")
    with pytest.raises(StoreError), runs.noting_end(run, lambda: counts):
        raise StoreError("the disk is full")
    found = manifest(run)
    assert (found["cut_short"], found["number"]) == ("the disk is full", run.number)
    assert found["exit_code"] == ExitCode.INTERNAL
    assert ("so_far" in found) is bool(counts)
    assert found.get("so_far", {}) == counts
    ended = datetime.fromisoformat(found["finished_at"])
    assert ended >= run.started_at
    assert ended.microsecond == 0
    assert [each["code"] for each in runs.recorded(tmp_path, run.run_id)] == ["http_5xx"]
    assert list(run.folder.glob("*.issues.jsonl")) == []


def test_an_error_without_words_is_named_by_its_kind(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "align", ())
    with pytest.raises(KeyboardInterrupt), runs.noting_end(run):
        raise KeyboardInterrupt
    assert manifest(run)["cut_short"] == "KeyboardInterrupt"
    assert "so_far" not in manifest(run)


def test_a_command_that_was_refused_leaves_no_run(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "align", ())
    with pytest.raises(UsageError), runs.noting_end(run):
        raise UsageError("no such city")
    assert not run.folder.exists()


def test_a_run_that_goes_through_is_left_alone(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "align", ())
    before = manifest(run)
    with runs.noting_end(run):
        pass
    assert manifest(run) == before


def test_the_reasons_of_a_city_s_failure_are_those_of_its_issues_with_a_detail(
    tmp_path: Path,
) -> None:
    run = runs.start(tmp_path, "run", ("luoshan", "qingya"))
    code, other = sorted(runs.FAILURES)[:2]
    issue(run, "luoshan", code, "http_4xx")
    issue(run, "qingya", other)
    more = [{"city": "luoshan", "code": other}, {"city": "luoshan", "code": other, "detail": 7}]
    assert len(runs.gather_issues(run, more)) == 5
    assert runs.failures(tmp_path, run.run_id, "luoshan") == [f"{code} luoshan", "7"]
    assert runs.failures(tmp_path, run.run_id, "qingya") == [f"{other} qingya"]
    assert runs.failures(tmp_path, "no-such-run", "qingya") == []


def test_a_record_that_is_no_object_is_named(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "align", ())
    (run.folder / "manifest.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(StoreError, match=r"readable record of a run \(it is no object"):
        list(runs.manifests(tmp_path))
