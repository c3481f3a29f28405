"""`python -m pipelines.cli`: the command line without its console script."""

import sys

from pipelines.cli.app import main

sys.exit(main())
