# Short names for what a developer runs. CONTRIBUTING.md says when.

CARGO ?= cargo
# The whole workspace: another choice of packages would build the AWS crates with other features.
BINARIES = --workspace --bins
# Acceptance tests mostly wait for other processes, so more run than there are cores.
THREADS ?= 4
# The message of a failed test says what happened; its stack does not.
export RUST_LIB_BACKTRACE ?= 0

.PHONY: help build test demo bench tables fmt lint deny check

help:
	@echo "make build   debug builds of provider and generator"
	@echo "make test    every test; docs/tables must agree with what they saw"
	@echo "make demo    from a Procfile to running workers in two accounts, against the emulator"
	@echo "make bench   counts, times and sizes against their goals (release build)"
	@echo "make tables  render docs/tables from the last acceptance tests"
	@echo "make fmt     format Rust and Terraform"
	@echo "make lint    formats, clippy, Terraform's format"
	@echo "make deny    dependency rules (cargo-deny)"
	@echo "make check   lint, deny and test: what CI runs"

build:
	$(CARGO) build $(BINARIES)

test: build
	$(CARGO) test --workspace --exclude acceptance-tests
	cd acceptance-tests/emulator && PYTHONDONTWRITEBYTECODE=1 "$$(./setup.sh | tail -1)" -m unittest discover --quiet
	$(CARGO) test -p acceptance-tests -- --test-threads=$(THREADS)
	$(CARGO) run --quiet -p acceptance-tests --bin tables -- --check

demo:
	$(CARGO) run --quiet -p acceptance-tests --bin demo

bench:
	$(CARGO) build --release $(BINARIES)
	$(CARGO) run --release --quiet -p acceptance-tests --bin bench

tables:
	$(CARGO) run --quiet -p acceptance-tests --bin tables

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
