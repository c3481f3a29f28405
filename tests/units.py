"""Units of systemd, verified where it is installed."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

COMMAND = "/opt/shizheng/.venv/bin/shizheng"


@dataclass(frozen=True)
class Systemd:
    """A folder of units."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        """Write a unit. The program must exist, so ours stands in for the installed one."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace(COMMAND, str(Path(sys.executable).with_name("shizheng"))))
        return path

    def verify(self, *units: str) -> str:
        """Return the complaints of systemd, which has all paths from this folder and its own."""
        return subprocess.run(
            ["systemd-analyze", "verify", *units], check=False, capture_output=True, text=True,
            cwd=self.folder, env={"SYSTEMD_UNIT_PATH": f"{self.folder}:"},
        ).stderr  # fmt: skip


def systemd(folder: Path) -> Systemd:
    """Return a folder of units; skips the test where nothing verifies them."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: apt-get install systemd)")
    return Systemd(folder)
