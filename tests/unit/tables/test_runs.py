"""Every run leaves a folder that says what it was, what it counted and what went wrong."""

import json
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as families

from crawler.city import Tls
from crawler.city_file import load_cities
from pipelines.operations import crawl_processes
from pipelines.tables import runs


def test_a_run_leaves_manifest_counts_issues_and_metrics(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("dalian",))
    (run.folder / "dalian.issues.jsonl").write_text('{"city": "dalian", "code": "timeout"}\n')
    found = runs.gather_issues(run, [{"city": "dalian", "code": "assertion"}])
    runs.finish(run, {"dalian": {"articles": 3, "failed": True}}, 3)
    assert [issue["code"] for issue in found] == ["timeout", "assertion"]
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "counts.json",
        "issues.jsonl",
        "manifest.json",
        "metrics.prom",
    ]
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["exit_code"] == 3
    assert manifest["cities"] == ["dalian"]
    assert manifest["finished_at"] >= manifest["started_at"]


def test_a_run_without_trouble_leaves_no_issues_file(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("dalian",))
    assert runs.gather_issues(run, []) == []
    assert not (run.folder / "issues.jsonl").exists()


def test_metrics_are_lines_that_the_textfile_collector_reads(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("dalian",))
    runs.finish(run, {"dalian": {"articles": 3, "failed": False}}, 0)
    text = (run.folder / "metrics.prom").read_text()
    samples = {s.name: s for family in families(text) for s in family.samples}
    assert samples["shizheng_run_exit_code"].value == 0
    counted = samples["shizheng_run_count"]
    assert (counted.labels, counted.value) == ({"city": "dalian", "what": "articles"}, 3)
    for family in families(text):
        assert family.type == "gauge"
        assert family.documentation


def test_a_label_may_hold_any_character(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("odd",))
    odd = 'quote " backslash \\ line\nend 市'
    runs.finish(run, {odd: {"articles": 3, "failed": True}}, 3)
    text = (run.folder / "metrics.prom").read_text(encoding="utf-8")
    labels = [s.labels for family in families(text) for s in family.samples if s.labels]
    assert {label["city"] for label in labels} == {odd}


def test_a_record_that_a_full_disk_cut_off_hides_no_other(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("dalian",))
    lines = '{"city": "dalian", "code": "timeout"}\n{"city": "dalian", "co'
    (run.folder / "dalian.issues.jsonl").write_text(lines)
    assert [issue["code"] for issue in runs.gather_issues(run, [])] == ["timeout"]


def test_history_holds_finished_runs_only(tmp_path: Path) -> None:
    runs.start(tmp_path, "crawl", ("dalian",))
    assert list(runs.history(tmp_path)) == []


def test_a_run_keeps_what_it_went_by(tmp_path: Path) -> None:
    cities = {"dalian": load_cities()["dalian"]}
    terms = crawl_processes.terms(cities, {})
    run = runs.start(tmp_path, "crawl", ("dalian",), terms)
    runs.finish(run, {}, 0)
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["terms"]["robots_obeyed"] is True
    assert manifest["terms"]["user_agent"].startswith("shizheng/")
    assert manifest["terms"]["rights"]["dalian"] == {
        "text": "metadata+excerpt", "terms": None, "checked": None,
    }  # fmt: skip
    assert crawl_processes.terms(cities, {"ROBOTSTXT_OBEY": "0"})["robots_obeyed"] is False


def test_the_terms_of_a_run_name_the_waivers_of_tls_verification() -> None:
    dalian = load_cities()["dalian"]
    waived = replace(dalian, key="waived", tls=Tls(verify=False, reason="old"))
    cities = {"dalian": dalian, "waived": waived}

    def found(**settings: str) -> tuple[bool, dict[str, str]]:
        terms = crawl_processes.terms(cities, settings)
        return terms["tls_verified"], terms["tls_waivers"]

    assert found() == (True, {"waived": "old"})
    # A setting of the command line outranks the waivers.
    assert found(DOWNLOAD_VERIFY_CERTIFICATES="True") == (True, {})
    assert found(DOWNLOAD_VERIFY_CERTIFICATES="0") == (False, {})


def test_runs_of_one_second_are_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    begun = [runs.start(tmp_path, "crawl", ("dalian",)).run_id for _ in range(20)]
    assert [row["run_id"] for row in runs.manifests(tmp_path)] == begun


def test_a_run_comes_after_one_that_a_clock_ahead_has_named(tmp_path: Path) -> None:
    ahead = runs.start(tmp_path, "crawl", ("dalian",))
    ahead.folder.rename(ahead.folder.with_name("20991231T235959Z-ffff"))
    last = runs.start(tmp_path, "crawl", ("dalian",))
    assert [row["run_id"] for row in runs.manifests(tmp_path)] == [ahead.run_id, last.run_id]


def test_runs_of_versions_without_numbers_come_first_by_name(tmp_path: Path) -> None:
    for name in ("20240302T000000Z-aaaa", "20240301T000000Z-bbbb"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"run_id": name}))
    new = runs.start(tmp_path, "crawl", ("dalian",))
    assert [row["run_id"][:8] for row in runs.manifests(tmp_path)][:2] == ["20240301", "20240302"]
    assert list(runs.manifests(tmp_path))[-1]["run_id"] == new.run_id


def test_a_damaged_manifest_keeps_no_run_from_its_number(tmp_path: Path) -> None:
    runs.start(tmp_path, "crawl", ("dalian",))
    damaged = runs.start(tmp_path, "crawl", ("dalian",))
    (damaged.folder / "manifest.json").write_bytes(b"\xff{")
    assert runs.start(tmp_path, "crawl", ("dalian",)).number == 2


def test_an_issue_with_an_odd_end_of_a_line_in_it_is_one_issue(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("luoshan",))
    issue = {"city": "luoshan", "code": "timeout", "url": "http://luoshan.example/\u2028\x85"}
    runs.gather_issues(run, [issue, issue])
    assert list(runs.records(run.folder / "issues.jsonl")) == [issue, issue]


def test_a_damaged_line_among_the_issues_costs_that_line(tmp_path: Path) -> None:
    run = runs.start(tmp_path, "crawl", ("dalian",))
    (run.folder / "issues.jsonl").write_bytes(
        b'{"code": "timeout"}\n\xff{\n[]\n1\n' + b"[" * 100_000 + b"\n"
        + '{"code": "refused", "evidence": "a line\u2028separator"}\n'.encode()
    )  # fmt: skip
    found = runs.recorded(tmp_path, run.run_id)
    assert [issue["code"] for issue in found] == ["timeout", "refused"]
    assert runs.recorded(tmp_path, "nowhere") == []
