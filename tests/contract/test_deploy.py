"""What `deploy/` promises an operator: units that systemd accepts, a container that is not root,
a job of which there is never a second, and a crontab that cron reads."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from units import COMMAND, systemd

from pipelines.cli import fetching
from pipelines.cli.app import parse

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_systemd_accepts_service_and_timer(tmp_path: Path) -> None:
    units = systemd(tmp_path)
    service = (DEPLOY / "shizheng.service").read_text()
    assert f"ExecStart={COMMAND} run\n" in service
    unit = units.write("shizheng.service", service)
    shutil.copy(DEPLOY / "shizheng.timer", tmp_path)
    assert units.verify("shizheng.service", "shizheng.timer") == ""
    # And it would not accept anything: one letter makes a difference.
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    assert "ProtectSytem" in units.verify("shizheng.service")


def test_the_crontab_holds_one_line_that_this_program_understands() -> None:
    lines = (DEPLOY / "crontab").read_text().splitlines()
    (line,) = [one for one in lines if one and not one.startswith("#") and one[0].isdigit()]
    *when, command = line.split(None, 5)
    assert len(when) == 5
    assert all(re.fullmatch(r"\*|[0-9]+", field) for field in when)
    assert "%" not in command  # cron makes a line end of it
    program, *arguments = shlex.split(command.rpartition("exec ")[2])
    assert program == COMMAND
    assert parse(arguments)[0] is fetching.run


@pytest.mark.parametrize(
    ("mode", "code"), [(0o600, 0), (0o400, 0), (0o644, 2), (0o640, 2), (0o606, 2), (None, 2)]
)
def test_the_crontab_reads_secrets_from_a_file_that_nobody_else_can_read(
    tmp_path: Path, mode: int | None, code: int
) -> None:
    line = (DEPLOY / "crontab").read_text().splitlines()[-1].split(None, 5)[5]
    file = tmp_path / "environment"
    if mode is not None:
        file.write_text("SHIZHENG_WEBHOOK=https://hooks.example/secret\n")
        file.chmod(mode)
    shown = line.replace("/var/lib/shizheng/environment", str(file)).replace(
        f"exec {COMMAND} run", 'echo "$(umask) $SHIZHENG_WEBHOOK"; env | grep -c ^SHIZHENG_WEBHOOK'
    )
    ended = subprocess.run(["/bin/sh", "-c", shown], check=False, capture_output=True, text=True)
    assert ended.returncode == code
    if code:
        assert f"{file}: missing, or others may read it" in ended.stdout
    else:
        assert ended.stdout.split() == ["0027", "https://hooks.example/secret", "1"]


def unit() -> str:
    return (DEPLOY / "shizheng.service").read_text()


@pytest.mark.parametrize(
    ("mode", "code"), [(0o600, 0), (0o400, 0), (0o644, 2), (0o640, 2), (0o604, 2), (None, 0)]
)
def test_the_service_does_not_start_while_others_may_read_the_secrets(
    tmp_path: Path, mode: int | None, code: int
) -> None:
    """Without the file there are no secrets; systemd then reads none, either."""
    (line,) = re.findall(r"^ExecStartPre=/bin/sh -c '(.+)'$", unit(), flags=re.MULTILINE)
    (stated,) = re.findall(r"^EnvironmentFile=-(.+)$", unit(), flags=re.MULTILINE)
    file = tmp_path / "shizheng.env"
    if mode is not None:
        file.write_text("SHIZHENG_WEBHOOK=https://hooks.example/secret\n")
        file.chmod(mode)
    # As systemd does: two dollar signs are one, and no other sign is special to it here.
    check = line.replace("$$", "$").replace(stated, str(file))
    assert stated in line
    assert "%" not in line
    ended = subprocess.run(["/bin/sh", "-c", check], check=False, capture_output=True, text=True)
    assert ended.returncode == code
    assert (f"chmod 600 {file}" in ended.stderr) == bool(code)


def test_what_the_service_may_do_is_little(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    shutil.copy(DEPLOY / "shizheng.service", tmp_path)
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20",
         str(tmp_path / "shizheng.service")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-400:]  # 2.0 of 10 at most


def test_the_service_s_memory_is_bounded_and_its_files_are_not_for_everybody() -> None:
    stated = dict(re.findall(r"^(\w+)=(.*)$", unit(), flags=re.MULTILINE))
    assert int(stated["MemoryHigh"].rstrip("G")) < int(stated["MemoryMax"].rstrip("G"))
    assert (stated["UMask"], stated["StateDirectoryMode"]) == ("0027", "0750")
    assert stated["User"] == "shizheng"
    # V8, which draws the charts, compiles: with this the report would be killed.
    assert "MemoryDenyWriteExecute" not in stated


def documents() -> dict[str, Any]:
    text = (DEPLOY / "cronjob.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_the_cronjob_is_never_run_twice_at_once_nor_as_root() -> None:
    job = documents()["CronJob"]
    assert job["apiVersion"] == "batch/v1"
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert len(job["spec"]["schedule"].split()) == 5
    work = job["spec"]["jobTemplate"]["spec"]
    assert (work["backoffLimit"], work["activeDeadlineSeconds"]) == (0, 43200)
    pod = work["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert parse(container["args"])[0] is fetching.run


def test_the_cronjob_keeps_the_corpus_on_the_claim_beside_it() -> None:
    claim, job = documents()["PersistentVolumeClaim"], documents()["CronJob"]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (volume,) = [v for v in pod["volumes"] if "persistentVolumeClaim" in v]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert environment["SHIZHENG_OUTPUT"] == mounts[volume["name"]]
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(None, 1)[1]) for line in lines]


def test_the_container_is_not_root_and_installs_nothing_without_a_hash() -> None:
    found = instructions()
    names = [name for name, _ in found]
    users = [value for name, value in found if name == "USER"]
    assert users == ["10001:10001"]
    assert names.index("USER") < names.index("ENTRYPOINT")
    installs = [value for _, value in found for value in value.split("&&") if " install " in value]
    pips = [value for value in installs if "/pip install" in value]
    assert len(pips) == 2
    assert all("--require-hashes" in value or "--no-deps" in value for value in pips)
    text = (DEPLOY / "Containerfile").read_text()
    assert "://" not in text
    assert "--index" not in text
    copied = {word for name, value in found if name == "COPY" for word in value.split()[:-1]}
    here = {path for path in copied if not path.startswith(("--", "/"))}
    assert all((DEPLOY.parent / path).exists() for path in here)


DIGESTED = re.compile(r"[a-z0-9.-]+(?:/[a-z0-9._-]+)*@sha256:[0-9a-f]{64}")
"""An image by its digest, as the reference grammar of containers has it."""


def test_the_container_has_no_base_but_one_named_by_its_digest() -> None:
    """There is no default: a digest that nobody looked at would be no better than a tag."""
    found = instructions()
    given = {value.partition("=")[0]: value.partition("=")[2] for n, value in found if n == "ARG"}
    assert given["DIGEST"] == ""
    bases = [value.split(" AS ")[0] for name, value in found if name == "FROM"]
    assert len(bases) == 2

    def named(digest: str) -> set[str]:
        return {
            base.replace("${BASE}", given["BASE"]).replace("${DIGEST}", digest) for base in bases
        }

    assert all(DIGESTED.fullmatch(base) for base in named("sha256:" + "0f" * 32))
    for wrong in ("", "latest", "3.12-slim", "sha256:", "sha256:0f0f"):
        assert not any(DIGESTED.fullmatch(base) for base in named(wrong))


def test_the_cronjob_names_its_image_by_digest_and_bounds_it() -> None:
    pod = documents()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert DIGESTED.fullmatch(container["image"].replace("DIGEST", "0f" * 32))
    assert set(container["resources"]["limits"]) == {"memory", "ephemeral-storage"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert all("value" in entry for entry in container["env"])  # secrets come from the secret


def test_the_container_s_packages_are_in_the_lock_that_the_tests_extend() -> None:
    def pinned(name: str) -> set[str]:
        text = (DEPLOY.parent / name).read_text()
        return set(re.findall(r"^([\w.-]+)==", text, flags=re.MULTILINE))

    container, developers = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert "scrapy" in container
    assert "pytest" in developers
    assert container.isdisjoint(developers)
