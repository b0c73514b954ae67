# The one place for commands. CI calls the same ones. Windows without make: see README, "Windows".
PYTHON ?= python3
PORT ?= 8000
SERVE ?= 1
BIN := .venv/bin

.PHONY: system-audit demo test test-all-pythons mutants check docs schemas format lock clean system install-units audit audit-deps bench-build bench-emergency bench-feeds bench-mail bench-release bench-restore bench-subscribers chaos edits bench-verify simulate

demo: .venv/installed  ## Set up, run the whole product once, show site and inbox at http://127.0.0.1:8000
	$(BIN)/python -m todoke demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,)

test: .venv/installed-test system  ## Set up with what the tests need, and run them
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-all-pythons: .venv/installed-test system  ## The tests that need no browser on every Python (3.11 and newer) of this machine
	$(BIN)/python -m tests.all_pythons

mutants: .venv/installed-test  ## Change the pure modules line by line: do the tests notice? At least four of five must be killed
	rm -rf mutants  # mutmut keeps the results of the last run, though the tests are others now
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/python -c 'import json, sys; n = json.load(open("mutants/mutmut-cicd-stats.json")); \
	print("killed:", n["killed"], "of", n["total"]); sys.exit(n["killed"] * 5 < n["total"] * 4)'

check: .venv/installed-test  ## Lint, format, types, and the walls between packages (import-linter)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: .venv/installed-test system-audit  ## Every page of the sample in Chromium (axe, light and dark), Firefox, WebKit and on paper, HTML by two checkers, links, weights, Lighthouse. AUDIT="--kinds" for a sample
	$(BIN)/python -m audit $(AUDIT)

format: .venv/installed-test  ## Put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-test: requirements-test.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

system: .venv/installed-test  ## Chromium, Firefox and Japanese fonts, which no wheel carries
	@sh tests/system.sh

system-audit: .venv/installed-test  ## The same, and WebKitGTK's driver with Xvfb, which only `make audit` needs
	@sh tests/system.sh audit

bench-feeds: .venv/installed-test  ## 1,000 feeds from loopback, twice, beside feedparser alone; the last line is JSON
	$(BIN)/python -m benchmarks.feeds

bench-build: .venv/installed-test  ## Cold, no change, edit, add, base template beside Hugo, Eleventy and stock Pelican; the last line is JSON (needs Node.js)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements.txt
	npm ci --prefix benchmarks/eleventy --silent --no-audit --no-fund
	$(BIN)/python -m benchmarks.build $(BENCH)

# Exact versions with hashes, for every system and Python, without any index address. What is held back is in pyproject.toml, [tool.uv].
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

lock: .venv/installed-test  ## Choose all versions anew, for running, tests and documentation
	$(COMPILE) --extra build --extra demo -o requirements.txt
	$(COMPILE) --extra build --extra demo --extra test -c requirements.txt -o requirements-test.txt
	$(COMPILE) --extra build --extra demo --extra docs -c requirements-test.txt -o requirements-docs.txt

.venv/installed-docs: requirements-docs.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	@touch $@

docs: .venv/installed-docs  ## The documentation as web pages, with pictures of the sample, into docs/_build/html; a warning is an error
	@sh docs/system.sh
	$(BIN)/python -m docs.generate $(if $(filter 0,$(PICTURES)),--no-pictures,)
	$(BIN)/python -m sphinx -W --keep-going -q -E -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

schemas: .venv/installed-test  ## JSON Schemas of front matter, publications.toml and mailer.toml for editors, into schemas/
	$(BIN)/python -m docs.generate.schemas

audit-deps: .venv/installed-test  ## Known vulnerabilities in the locked versions (pip-audit); says so where the data cannot be reached
	$(BIN)/python .ci/audit_deps.py

bench-mail: .venv/installed-test system  ## Measure the mail engine beside its peers, and a million recipients (MILLION=0: without)
	$(BIN)/python -m benchmarks.mail $(if $(filter 0,$(MILLION)),--no-million,)

bench-emergency: .venv/installed-test system  ## Seconds until an urgent notice is on three mirrors, in the mail and on 10,000 pages; the last line is JSON
	$(BIN)/python -m benchmarks.emergency $(BENCH)

bench-release: .venv/installed-test system  ## A release to three mirrors beside rsync and rclone (Debian packages); the last line is JSON
	$(BIN)/python -m benchmarks.release $(BENCH)

bench-restore: .venv/installed-test system  ## A lost building: seconds until the site is served and the issue goes on, 10,000 articles, 1,000,000 readers; the last line is JSON
	$(BIN)/python -m benchmarks.restore $(BENCH)

bench-subscribers: .venv/installed-test system  ## A million readers imported on both databases, sign-ups, returned mail; the last line is JSON
	$(BIN)/python -m benchmarks.subscribers $(BENCH)

bench-verify: .venv/installed-test system  ## How soon 50 alterations are found, false alarms of simulated bad days, how soon a release is back; the last line is JSON
	$(BIN)/python -m benchmarks.verify $(BENCH)

simulate: .venv/installed-test  ## 100,000 random histories of two and more sites with one database; nobody may get two messages. BENCH="--seed 7" replays one
	$(BIN)/python -m benchmarks.simulation $(BENCH)

chaos: .venv/installed-test system  ## Kill and mislead the sender on both databases for CHAOS seconds, and join the accounts; damaged returned mail; flufl's examples
	$(BIN)/python -m tests.chaos.sending $(or $(CHAOS),120)
	$(BIN)/python -m tests.chaos.worker 60
	$(BIN)/python -m tests.chaos.announcing 100
	$(BIN)/python -m tests.chaos.returned_mail 100000
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest var/flufl "flufl.bounce==$$($(BIN)/python -c 'from importlib.metadata import version; print(version("flufl.bounce"))')"
	$(BIN)/python -m tests.chaos.flufl_examples var/flufl/*.tar.gz

edits: .venv/installed-test  ## Random edits of all kinds in a process that stays, compared with fresh builds; EDITS="--examples 5 --steps 100", the last line is the counts
	$(BIN)/python -m tests.plugins.builder.resident.edits $(EDITS)

# Where the units go, and what they run: PREFIX=/usr for a package; DESTDIR for an image. DRY_RUN=1 only says what would be written.
PREFIX ?= /usr/local
UNITS ?= $(PREFIX)/lib/systemd/system
TODOKE_HOME ?= /srv/todoke
TODOKE_USER ?= todoke

install-units:  ## systemd units and timers of deploy/ for TODOKE_USER in TODOKE_HOME, into DESTDIR/PREFIX (DRY_RUN=1 writes nothing)
	@sh deploy/install.sh '$(DESTDIR)$(UNITS)' '$(TODOKE_HOME)' '$(TODOKE_USER)' '$(DRY_RUN)'

clean:  ## Remove what was generated
	rm -rf output var .venv docs/_build docs/_generated
