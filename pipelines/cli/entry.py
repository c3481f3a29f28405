"""The console command's first step: make sure both packages are ours before anything else runs."""

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """Run the command line, or say plainly that another distribution shadows one of its packages.

    `crawler` and `pipelines` are names that others use, too; importing a stranger's would fail
    somewhere deep with a message about nothing.
    """
    ours = Path(__file__).parents[2]
    spec = importlib.util.find_spec("crawler")
    found = Path(spec.origin).parents[1] if spec and spec.origin else None
    if found != ours:
        sys.stderr.write(
            f"shizheng: there is another package named crawler in {found}, ahead of the one in "
            f"{ours}; uninstall it, or use an environment of its own for shizheng\n"
        )
        return 1
    from pipelines.cli.app import main as command

    return command()
