# make run    a live simulated site on this machine, without any set-up
# make test   all tests, after installing the servers and the browser that they need; ARGS with files: those, in one process
# make check  what CI runs: format, lint, types, then all tests
# make coverage   coverage of each package by the tests; fails below tests/coverage_floors.toml; ARGS with files: those
# make bench  all benchmarks; a single one: make bench BENCH=throughput ARGS=--help
# make lighthouse   Lighthouse's scores of the public pages; fails below the required scores
# make screenshots   the README's six screenshots of the example site, after three weeks of simulated history
# make accuracy   accuracy on labelled recordings, compared with bought products; writes docs/accuracy.md
# make install, make install-edge   installs the part of a server, or of a Raspberry Pi, into .venv
# make fresh-roots   both README commands on minimal Debian 12 and 13, as root and as a user; needs root, debootstrap
# make lock   selects the newest allowed dependencies and writes their hashes

PYTHON ?= python3
ARGS ?=
BENCH ?= $(basename $(notdir $(shell grep -l __main__ bench/*.py)))
VENV := .venv
BIN := $(VENV)/bin
PARALLEL := -n 3 --dist loadfile
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input

.PHONY: run test check lint coverage bench lighthouse screenshots accuracy contract install install-edge lock tools fresh-roots clean
.DELETE_ON_ERROR:

run: $(VENV)/run.stamp
	@$(BIN)/ledig up $(ARGS)

test: tools $(VENV)/dev.stamp
	@$(BIN)/pytest $(if $(filter-out -%,$(ARGS)),,$(PARALLEL)) $(ARGS)

check: lint test

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

coverage: tools $(VENV)/dev.stamp
	@$(BIN)/python -m tests.support.package_coverage $(ARGS)

bench: tools $(VENV)/dev.stamp
	@for name in $(BENCH); do echo "== $$name"; $(BIN)/python -m bench.$$name $(ARGS) || exit 1; done

lighthouse: tools $(VENV)/dev.stamp
	@$(BIN)/python -m bench.lighthouse $(ARGS)

screenshots: tools $(VENV)/dev.stamp
	@$(BIN)/python -m bench.screenshots $(ARGS)

accuracy: $(VENV)/dev.stamp
	@$(BIN)/python -m bench.accuracy $(ARGS)

contract: $(VENV)/dev.stamp
	@$(BIN)/python -m ledig.contract.asyncapi firmware-config/asyncapi.json
	@$(BIN)/python -m ledig.contract.sensor_tables firmware-config/contract.md firmware-config/pins.md
	@$(BIN)/python -m ledig.contract.table_translations collector/translations/sv/LC_MESSAGES/messages.po
	@$(BIN)/python -m ledig.contract.broker_rights firmware-config/mosquitto/ledig.acl
	@$(BIN)/python -m ledig.contract.topic_table firmware-config/contract.md
	@$(BIN)/python -m ledig.contract.state_diagram docs/architecture.md

install: $(VENV)/run.stamp
	@sh requirements/lgpio.sh $(VENV) || true

install-edge: $(VENV)/edge.stamp
	@sh requirements/lgpio.sh $(VENV)

tools:
	@sh requirements/tools.sh

fresh-roots:
	@$(PYTHON) tests/installed/fresh_roots.py $(ARGS)

# The lock files contain every hash, also that of setuptools, so that nothing else is installed.
$(VENV)/%.stamp: requirements/%.lock pyproject.toml
	@sh requirements/venv.sh $(PYTHON) $(VENV)
	@echo "installing $< into $(VENV) ..."
	@$(INSTALL) --require-hashes --only-binary :all: -r $<
	@$(INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

lock: $(VENV)/dev.stamp
	@for name in edge run dev; do \
	  extra=$$name; [ $$name = run ] && extra=up; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --extra $$extra -o requirements/$$name.lock \
	    pyproject.toml requirements/build.in || exit 1; \
	done

clean:
	@rm -rf $(VENV) .tools build *.egg-info .mypy_cache .ruff_cache .hypothesis
