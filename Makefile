# Two commands are all a newcomer needs: `make demo` and `make test`. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A worker for each processor, two at least. In the order of folders, in which the long files come
# first: no worker waits for one at the end.
WORKERS := -n $(shell $(PYTHON) -c "import os; print(min(8, max(2, os.cpu_count() or 2)))") \
	--dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test quick browser lint format bench mutants dictionary reference docs screenshots lock clean

help:
	@echo "make setup   the virtual environment .venv, with shizheng in it; others call it, too"
	@echo "make demo    the whole job on the embedded miniature web, into demo-output/"
	@echo "make test    lint, types, import rules and all tests"
	@echo "make quick   the tests that take seconds, without lint"
	@echo "make browser Chromium for the browser tests, if there is none yet (test does it, too)"
	@echo "make lint    ruff, mypy, import rules, docstring rules"
	@echo "make format  format the code"
	@echo "make bench   the benchmarks (set SHIZHENG_SHARED for those on outside data)"
	@echo "make mutants small faults in the rooms that keep data: which of them no test notices; hours"
	@echo "make docs    the documentation as a site, into build/docs-site"
	@echo "make lock    resolve requirements.txt and requirements-dev.txt afresh"

# Not compiled, since most of it is never loaded: that took as long as all the rest.
# Nothing is installed without a hash that is in these files. The project itself is installed without
# isolation or dependencies: its build backend is in the locked file, too.
# Setuptools warns that an editable install can be shadowed by folders; `shizheng` checks that.
# Shows how far pip is, on a terminal. The pipe's status is awk's: 1 if pip failed, whose complaints are shown.
define INSTALLING
/^(Collecting|Processing) / { ++found; if (shown) { printf "\r  %d packages found", found; fflush() } }
/^Installing collected/ && shown { printf "\r  installing %d packages ...", found; fflush() }
/^Successfully/ && shown { print " done" }
/^ *(ERROR|error|FAILED)/ { print; failed = 1 }
END { exit failed }
endef
export INSTALLING

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shizheng needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@echo "Setting up $(VENV), once: about 170 packages, a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@{ $(BIN)/python -m pip install --no-compile --progress-bar off --require-hashes \
		--requirement requirements.txt --requirement requirements-dev.txt || echo FAILED; } 2>&1 | \
		awk -v shown="$$(test -t 2 && echo 1)" "$$INSTALLING"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

setup: $(READY)
	@echo "set up: $(BIN)/shizheng"

demo: $(READY)
	@$(BIN)/shizheng demo --output demo-output

test: lint browser
	$(BIN)/python -m pytest $(WORKERS)

quick: $(READY)
	$(BIN)/python -m pytest $(WORKERS) -m "not slow"

# The browser tests take the Chromium on PATH, else the one Playwright keeps.
browser: $(READY)
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			{ apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk; } || \
			$(BIN)/playwright install chromium; \
		else \
			$(BIN)/playwright install chromium; \
		fi; \
	fi

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/house.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Each prints shizheng beside its peers in one run. extraction needs outside pages to compare on.
bench: $(READY)
	$(BIN)/python -m benchmarks.accuracy.documents
	$(BIN)/python -m benchmarks.accuracy.sentences
	$(BIN)/python -m benchmarks.accuracy.extraction --speed
	$(BIN)/python -m benchmarks.accuracy.kill
	$(BIN)/python -m benchmarks.cost.report_scale
	$(BIN)/python -m benchmarks.cost.review_load
	$(BIN)/python -m benchmarks.cost.release_scale --articles 50000
	$(BIN)/python -m benchmarks.cost.site_scale
	$(BIN)/python -m benchmarks.learn.fit_suspicion
	@if [ -n "$$SHIZHENG_SHARED" ]; then \
		$(BIN)/python -m benchmarks.accuracy.documents --shared && \
		$(BIN)/python -m benchmarks.accuracy.extraction && \
		$(BIN)/python -m benchmarks.accuracy.extraction --fields; \
	fi

# Goes on where it was stopped: build/mutants.jsonl.
mutants: $(READY)
	$(BIN)/python -m benchmarks.accuracy.mutants

# Written from the schemas; a test fails when it is out of step.
dictionary: $(READY)
	$(BIN)/python -m pipelines.tables.dictionary

# Written from the command line and the schema of city files; a test compares.
reference: $(READY)
	@$(BIN)/python -m pipelines.cli.reference

# The documentation as a site, with a search, into build/docs-site. Any warning ends it.
docs: $(READY)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --clean
	@echo "site: build/docs-site/index.html"

# Pictures in the documentation, drawn from the demo.
screenshots: demo browser
	@$(BIN)/python docs/site/screenshots.py

# Resolved for every Python from 3.11 and every platform; no index host is written down. The second
# file has the packages that only developers need, so each version and hash is written once.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock: $(READY)
	@mkdir -p build
	$(COMPILE) --upgrade --extra dev --output-file build/whole.txt pyproject.toml
	echo "setuptools>=77" | $(COMPILE) --constraint build/whole.txt \
		--output-file requirements.txt pyproject.toml -
	$(COMPILE) --extra dev --constraint build/whole.txt --output-file requirements-dev.txt \
		$$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package=\1/p' requirements.txt | sort -u) \
		pyproject.toml

clean:
	rm -rf $(VENV) build dist demo-output *.egg-info .mypy_cache .ruff_cache .pytest_cache
