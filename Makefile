# Two commands do all the set-up: `make run` and `make test`. Needed beforehand: Python 3.11+, make, git.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := .stamps
# One resolution for every Python and platform we run on; hashes, and no address of any package index.
LOCK   := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade

.DEFAULT_GOAL := help
.PHONY: help run test tests check bench format lock clean
# What does not wait for each other is done side by side: packages and Chromium, the checks and the tests.
MAKEFLAGS += --jobs=2

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: $(STAMPS)/run $(STAMPS)/assets ## The whole system on embedded defaults, with a demo to click and chat through
	@exec $(BIN)/phananh run

test: check tests ## Everything: checks, unit, database, journey and browser tests

tests: $(STAMPS)/dev $(STAMPS)/assets $(STAMPS)/chromium
	@env -u MAKEFLAGS -u MFLAGS $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(STAMPS)/dev ## Format, lint, types and the import contract
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(STAMPS)/dev ## Every figure beside the limit it is held against
	@$(BIN)/python -m tests.bench

format: $(STAMPS)/dev ## Put the code into its form
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

lock: $(STAMPS)/dev ## Write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile $(LOCK) --output-file requirements.lock
	@$(BIN)/uv pip compile $(LOCK) --group dev --output-file requirements-dev.lock

clean: ## Remove what can be made again (not the data in var/)
	rm -rf $(VENV) $(STAMPS) node_modules app/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; install python3-venv"; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements.lock pyproject.toml | $(STAMPS)/venv
	@echo "Installing what the system needs (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Scripts and styles of others, from npm; Node came with the Python packages.
$(STAMPS)/assets: package-lock.json .npmrc app/vendor.py $(STAMPS)/run
	@echo "Fetching scripts and styles (once) ..."
	@$(BIN)/python -m app.vendor
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/run
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The browser tests drive Debian's Chromium, most of them the one without windows, which takes a third of the other's
# processor time. As root both are installed; else the other alone will do, or one line says what is missing.
APT_GET := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20
$(STAMPS)/chromium: | $(STAMPS)/venv
	@{ command -v chromium && command -v chromium-headless-shell; } >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo "Installing Chromium for the browser tests (once) ..." \
		&& $(APT_GET) update && $(APT_GET) install -y --no-install-recommends chromium chromium-headless-shell >/dev/null; } \
		|| command -v chromium >/dev/null || { echo "Chromium is missing: install the package 'chromium'"; exit 1; }
	@touch $@
