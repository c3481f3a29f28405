"""What is shipped, and that what runs is what was shipped."""

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import crawler
import pipelines

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_three_packages_with_their_data_and_nothing_else(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in tracked:
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, source],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    (info,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops - {info} == {"crawler", "pipelines", "shizheng"}
    assert {
        "crawler/cities/dalian.yaml",
        "crawler/py.typed",
        "pipelines/py.typed",
        "shizheng/py.typed",
    } <= set(names)
    assert any(name.startswith("crawler/demo/content/") for name in names)
    assert any(name.startswith("crawler/demo/templates/") for name in names)
    assert "pipelines/report/templates/report.html.j2" in names
    assert f"{info}/licenses/LICENSE" in names
    packaged = {name for name in names if name.endswith(".py")}
    written = {
        n
        for n in tracked
        if n.startswith(("crawler/", "pipelines/", "shizheng/")) and n.endswith(".py")
    }
    assert packaged == written


def test_both_packages_come_from_this_distribution() -> None:
    # The names are general enough that another distribution could bring its own `pipelines`.
    owners = packages_distributions()
    for package in (crawler, pipelines):
        name = package.__name__
        assert set(owners.get(name, ["shizheng"])) == {"shizheng"}, (
            f"{name} is also installed by {owners[name]}: uninstall that distribution"
        )
        assert package.__file__ is not None
        assert Path(package.__file__).parents[1] == Path(crawler.__file__ or "").parents[1]


def test_the_command_says_plainly_when_a_stranger_shadows_a_package(tmp_path: Path) -> None:
    (tmp_path / "crawler").mkdir()
    (tmp_path / "crawler/__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.path.insert(0, {str(tmp_path)!r}); "
    code += "from pipelines.cli.entry import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert f"another package named crawler in {tmp_path}" in ended.stderr


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_no_index_host_is_written_into_the_locked_requirements(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert text.count("--hash=sha256:") > text.count("==")
