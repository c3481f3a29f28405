"""Jobs of `deploy/store/`: each city alone, then what is over all of them."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from units import COMMAND, systemd

from pipelines.cli import fetching, remote
from pipelines.cli.app import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
STORE = DEPLOY / "store"


def test_systemd_accepts_a_service_for_each_city_and_one_over_all(tmp_path: Path) -> None:
    units = systemd(tmp_path)
    service = (DEPLOY / "shizheng.service").read_text()
    for unit, own in (("shizheng-city@", "city"), ("shizheng-gather", "gather")):
        added = (STORE / f"{own}.conf").read_text()
        (line,) = re.findall(rf"^ExecStart={COMMAND} (.+)$", added, flags=re.MULTILINE)
        assert parse(shlex.split(line))[0] is {"city": fetching.run, "gather": remote.gather}[own]
        units.write(f"{unit}.service", service)
        units.write(f"{unit}.service.d/{own}.conf", added)
        shutil.copy(STORE / f"{unit}.timer", tmp_path)
    names = ["shizheng-city@dalian.service", "shizheng-city@dalian.timer",
             "shizheng-gather.service", "shizheng-gather.timer"]  # fmt: skip
    assert units.verify(*names) == ""


def jobs() -> dict[str, Any]:
    documents = yaml.safe_load_all((STORE / "cronjobs.yaml").read_text())
    return {document["metadata"]["name"] + document["kind"]: document for document in documents}


def test_a_pod_takes_the_city_of_its_number(tmp_path: Path) -> None:
    found = jobs()
    listed = found["shizheng-citiesConfigMap"]["data"]["cities.txt"]
    work = found["shizheng-citiesCronJob"]["spec"]["jobTemplate"]["spec"]
    assert work["completionMode"] == "Indexed"
    assert work["completions"] == work["maxFailedIndexes"] == len(listed.split())
    (container,) = work["template"]["spec"]["containers"]
    (line,) = container["args"]
    (tmp_path / "cities.txt").write_text(listed)
    shown = line.replace("/etc/shizheng", str(tmp_path)).replace("exec shizheng", "echo")
    told = [
        subprocess.run(
            ["/bin/sh", "-c", shown], check=True, capture_output=True, text=True,
            env={"JOB_COMPLETION_INDEX": str(number), "PATH": "/bin:/usr/bin"},
        ).stdout
        for number in range(2)
    ]  # fmt: skip
    assert told == ["run dalian\n", "run nanjing\n"]


@pytest.mark.parametrize("name", ["shizheng-cities", "shizheng-gather"])
def test_pods_are_as_confined_as_the_one_with_a_volume(name: str) -> None:
    one = next(
        document
        for document in yaml.safe_load_all((DEPLOY / "cronjob.yaml").read_text())
        if document["kind"] == "CronJob"
    )
    expected, job = (
        each["spec"]["jobTemplate"]["spec"] for each in (one, jobs()[name + "CronJob"])
    )
    pods = [each["template"]["spec"] for each in (expected, job)]
    containers = [pod["containers"][0] for pod in pods]
    assert containers[0]["securityContext"] == containers[1]["securityContext"]
    assert containers[0]["image"] == containers[1]["image"]
    for key in ("restartPolicy", "automountServiceAccountToken", "terminationGracePeriodSeconds"):
        assert pods[0][key] == pods[1][key]
    assert not any("persistentVolumeClaim" in volume for volume in pods[1]["volumes"])
    assert jobs()[name + "CronJob"]["spec"]["concurrencyPolicy"] == "Forbid"


def test_an_array_longer_than_its_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cities.txt").write_text("dalian\n")
    ended = subprocess.run(
        ["/bin/sh", STORE / "cities.sbatch", tmp_path / "cities.txt"],
        env={"SLURM_ARRAY_TASK_ID": "2", "PATH": "/bin:/usr/bin"}, check=False, text=True,
        capture_output=True,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "no city in line 2" in ended.stderr
