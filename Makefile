# Short names for what a developer runs. CONTRIBUTING.md says when.

CARGO ?= cargo
# Everything at once: another choice of packages or targets would build the AWS crates a second time, with other features.
EVERYTHING = --workspace --all-targets
# A program of acceptance-tests, where cargo has put it.
PROGRAM = CARGO_MANIFEST_DIR=$(CURDIR)/acceptance-tests "$$($(CARGO) metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')"
# What cargo's tests print, from which a table is rendered.
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
KEEP = tee "$$($(CARGO) metadata --format-version 1 --no-deps | python3 -c 'import json, os, sys; folder = json.load(sys.stdin)["target_directory"] + "/acceptance"; os.makedirs(folder, exist_ok=True); print(folder)')/tests.log"
# Acceptance tests mostly wait for other processes, so more run than there are cores.
THREADS ?= 6
# The message of a failed test says what happened; its stack does not.
export RUST_LIB_BACKTRACE ?= 0

.PHONY: help build test sweep demo bench tables docs fmt lint deny check

help:
	@echo "make build   debug builds of provider and generator"
	@echo "make test    every test; docs/tables must agree with what they saw"
	@echo "make sweep   stops every change at every write (hours); make test takes a sample"
	@echo "make demo    two apps with web, worker, schedule and database in two accounts, against the emulator"
	@echo "make bench   counts, times and sizes against their goals (release build); PARTS=web for a part"
	@echo "make tables  render docs/tables from the last acceptance tests"
	@echo "make docs    render the registry pages from the source"
	@echo "make fmt     format Rust and Terraform"
	@echo "make lint    formats, clippy, Terraform's format"
	@echo "make deny    dependency rules (cargo-deny)"
	@echo "make check   lint, deny and test: what CI runs"

build:
	$(CARGO) build $(EVERYTHING)

test:
	cd acceptance-tests/emulator && PYTHONDONTWRITEBYTECODE=1 "$$(./setup.sh | tail -1)" -m unittest discover --quiet
	$(CARGO) test --workspace --no-fail-fast -- --test-threads=$(THREADS) 2>&1 | $(KEEP)
	$(PROGRAM)/debug/tables --check

sweep:
	STACKWRIGHT_STOPS=all $(CARGO) test --workspace --no-fail-fast -- --test-threads=$(THREADS) stops:: failed_create:: signals::

demo: build
	$(PROGRAM)/debug/demo

bench:
	$(CARGO) build --release --workspace --bins
	$(PROGRAM)/release/bench $(PARTS)

tables: build
	$(PROGRAM)/debug/tables

docs: build
	$(PROGRAM)/debug/terraform-provider-stackwright docs $(CURDIR)

fmt:
	$(CARGO) fmt --all
	terraform fmt -recursive modules examples

lint:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	terraform fmt -check -recursive -diff modules examples

deny:
	scripts/deny.sh

check: lint deny test
