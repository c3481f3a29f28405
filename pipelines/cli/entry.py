"""Entry of the console command: a check that both packages are shizheng's."""

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """Run the command line unless another distribution shadows its packages.

    `crawler` and `pipelines` are names that others use, too; importing a stranger's would fail
    somewhere deep with a message about nothing.
    """
    own = Path(__file__).parents[2]
    spec = importlib.util.find_spec("crawler")
    found = Path(spec.origin).parents[1] if spec and spec.origin else None
    if found != own:
        sys.stderr.write(
            f"shizheng: there is another package named crawler in {found}, ahead of the one in "
            f"{own}; uninstall it, or use an environment of its own for shizheng\n"
        )
        return 1
    from pipelines.cli.app import main as command

    return command()
