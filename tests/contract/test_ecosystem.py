"""Files that hosts and tools of the ecosystem read: well formed, and true of this repository."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FORMS = sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*-city.yml"))
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
INPUTS = {"markdown", "input", "textarea", "dropdown", "checkboxes"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_the_host_accepts(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= set(form)
    assert {field["type"] for field in form["body"]} <= INPUTS
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    names = [field["id"] for field in asked]
    assert len(names) == len(set(names))
    assert all(field["attributes"]["label"] for field in asked)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_little_and_has_an_end(path: Path) -> None:
    flow = read(path)
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        assert name == "publish" or "timeout-minutes" in job
    for line in re.findall(r"run: (\S+)", path.read_text(encoding="utf-8")):
        if line.startswith(".ci/"):
            assert (ROOT / line).stat().st_mode & 0o100


def test_ci_runs_on_what_the_package_promises() -> None:
    wanted = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert set(read(ROOT / ".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"][
        "python"
    ]) <= set(wanted)  # fmt: skip


def test_only_the_step_that_publishes_may_prove_who_it_is() -> None:
    jobs = read(ROOT / ".github/workflows/release.yml")["jobs"]
    trusted = [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})]
    assert trusted == ["publish"]
    assert all("run" not in step for step in jobs["publish"]["steps"])
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()


def test_the_tag_is_compared_with_the_version() -> None:
    (step,) = (
        step for step in read(ROOT / ".github/workflows/release.yml")["jobs"]["build"]["steps"]
        if step.get("name") == "The tag is the version"
    )  # fmt: skip
    (version,) = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)
    for tag, code in ((f"v{version}", 0), ("v99.0.0", 1)):
        ended = subprocess.run(
            ["bash", "-ec", step["run"]],
            cwd=ROOT, check=False, env={"PATH": "/usr/bin:/bin", "GITHUB_REF_NAME": tag},
        )  # fmt: skip
        assert ended.returncode == code


def test_every_hook_before_a_commit_is_a_part_of_lint_or_a_command() -> None:
    lint = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    for hook in read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]:
        entry = hook["entry"].removeprefix(".venv/bin/").removesuffix(" --force-exclude")
        assert entry in lint or entry == "shizheng cities check"
