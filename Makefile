# Everything a person or a machine does with this repository.  `make demo` and `make test` are the
# two commands for a fresh clone; both make .venv from hashed pins and nothing else.

PYTHON ?= python3
MOOT    = $(CURDIR)/.venv/bin/moot
PY      = .venv/bin/python
PIP     = $(PY) -m pip install --quiet --disable-pip-version-check --no-input
LIMIT_S = 2900
KILLS   = 300
ARGS    =
NEEDS   = sh tests/substrates/packages.sh

# A stamp carries the digest of what was installed from, so that an unchanged clone installs nothing.
RUN     = .venv/run-$(shell cat requirements.txt pyproject.toml | sha256sum | cut -c1-16)
DEV     = .venv/dev-$(shell cat requirements.txt requirements-dev.txt pyproject.toml | sha256sum | cut -c1-16)

# package=command: installed where the command is missing; a bare name is asked of dpkg.
DEMO_NEEDS  = haproxy=haproxy
TEST_NEEDS  = $(DEMO_NEEDS) docker.io=dockerd iproute2=ip iptables=iptables busybox-static wrk=wrk \
              openssl=openssl curl=curl fish=fish zsh=zsh mmdebstrap=mmdebstrap postgresql \
              redis-server=redis-server python3-venv docker-compose=docker-compose \
              openssh-client=ssh openssh-server=sshd nftables=nft
# Newer releases have the docker command in a package of its own, which older ones do not know.
TEST_NEEDED = $(NEEDS) --optional $(TEST_NEEDS) && $(NEEDS) --optional docker-cli=docker

FAST = -m "not docker and not haproxy and not postgresql and not slow and not ssh" --ignore=tests/e2e

.PHONY: help demo demo-down test check lint contracts types fast e2e examples kill crash bench figures market format lock clean

help:  ## List these commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(RUN)  ## Run the first example on this machine and ask it something
	@$(NEEDS) $(DEMO_NEEDS)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh examples/hello/try

demo-down: $(RUN)  ## Take the first example down; nothing of it stays
	@cd examples/hello && $(MOOT) down --volumes

test: $(DEV)  ## Run every test this machine can run, and name what was skipped and why
	@$(TEST_NEEDED)
	timeout --foreground -k 30 $(LIMIT_S) $(PY) -m pytest --durations=20 $(ARGS)

check: $(DEV)  ## Formatting, lint, types, import contracts and the fast tests
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint contracts types fast

lint: $(DEV)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

contracts: $(DEV)
	.venv/bin/lint-imports --no-cache --no-logo

types: $(DEV)
	.venv/bin/basedpyright

fast: $(DEV)
	timeout --foreground -k 10 600 $(PY) -m pytest -q $(FAST)

e2e: $(DEV)  ## Only the tests against real processes, HAProxy and Docker
	@$(TEST_NEEDED)
	timeout --foreground -k 30 $(LIMIT_S) $(PY) -m pytest tests/e2e

examples: $(DEV)  ## Run every example, ask each something, take each down
	@$(TEST_NEEDED)
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) tests/substrates/dockerd.py sh examples/try-all

crash: $(DEV)  ## Run the whole crash matrix in the simulated world, then 1,000 of it on databases
	$(PY) tests/crash/matrix.py $(MOOT_SCHEDULES)
	MOOT_DATABASE_SCHEDULES=500 timeout --foreground -k 30 $(LIMIT_S) $(PY) -m pytest -q tests/crash/test_databases.py

kill: $(DEV)  ## Kill moot KILLS times at random moments of real runs; SEED=N repeats a run
	@$(TEST_NEEDED)
	$(PY) tests/substrates/dockerd.py $(PY) -m tests.kill --kills $(KILLS) $(SEED:%=--seed %)

bench: $(DEV)  ## Measure, write bench/results.json and docs/figures.md
	@$(TEST_NEEDED)
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) tests/substrates/dockerd.py $(PY) -m bench.run $(BENCH)

figures: $(DEV)  ## Write docs/figures.md again from bench/results.json
	$(PY) -m bench.figures

market: .venv/bin/python  ## Make the snapshot of vendors' offerings anew from the pinned tables
	$(PY) -m venv .venv/market
	.venv/market/bin/pip install --quiet --require-hashes --no-deps -r tools/market/sources.txt
	PYTHONPATH=src .venv/market/bin/python -m tools.market

format: $(DEV)  ## Format and mend what ruff can mend
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock: $(DEV)  ## Pin every dependency anew, with hashes
	$(PY) -m venv .venv/lock && .venv/lock/bin/pip install --quiet pip-tools
	.venv/lock/bin/pip-compile $(LOCK) --all-build-deps --extra all -o requirements.txt pyproject.toml
	.venv/lock/bin/pip-compile $(LOCK) -o requirements-dev.txt requirements-dev.in
	sed -i '/^# The following packages/d' requirements.txt
LOCK = --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
       --no-emit-index-url --no-emit-find-links

clean:  ## Remove what these commands made in this folder
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis src/*.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "moot needs Python 3.11 or newer; name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || $(NEEDS) python3-venv
	$(PYTHON) -m venv .venv

$(RUN): .venv/bin/python
	$(PIP) --require-hashes --no-deps -r requirements.txt
	$(PIP) --no-build-isolation --no-deps -e .
	@rm -f .venv/run-* && touch $@

$(DEV): $(RUN)
	$(PIP) --require-hashes --no-deps -r requirements-dev.txt
	@rm -f .venv/dev-* && touch $@
