#!/bin/sh
# Makes the virtual environment in which the emulator runs and prints the path of its python as the last line.
#
# Usage: setup.sh [directory]
#
# The default directory is named after the digest of requirements.txt, so a changed pin makes a new environment and an
# unchanged one costs nothing. Two runs at once are safe: the second waits for the first, and an environment only counts
# once its `done` marker is written.
set -eu

fail() {
    echo "stackwright emulator: $1" >&2
    exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
requirements="$here/requirements.txt"
python=${PYTHON:-python3}

command -v "$python" >/dev/null 2>&1 ||
    fail "$python is not installed. Python 3.10 or newer is needed: 'apt-get install python3 python3-venv', 'dnf install python3' or 'brew install python'. Set PYTHON to use another one."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$("$python" --version 2>&1) is too old, 3.10 or newer is needed. Install a newer one and name it in PYTHON, for example PYTHON=python3.12."
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
    fail "$python has no venv module. Install it: 'apt-get install python3-venv' (Debian and Ubuntu package it apart from python3)."

digest=$("$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$requirements")
target=${1:-"${HOME:?HOME is not set}/.cache/stackwright/venv-$digest"}
marker="$target/done-$digest"

if [ ! -e "$marker" ]; then
    mkdir -p "$(dirname -- "$target")"
    # The lock is the kernel's, so it goes away with a killed run; fcntl exists on Linux and macOS alike.
    "$python" - "$target" "$marker" "$requirements" >&2 <<'PYTHON' || fail "could not install the packages of requirements.txt into $target; see the output above."
import fcntl
import pathlib
import shutil
import subprocess
import sys

target, marker, requirements = map(pathlib.Path, sys.argv[1:])
with open(f"{target}.lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if marker.exists():
        sys.exit(0)
    print(f"making {target}", file=sys.stderr)
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(target)], check=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    installed = subprocess.run([*pip, "install", "--quiet", "--requirement", str(requirements)])
    if installed.returncode:
        sys.exit(installed.returncode)
    marker.touch()
PYTHON
fi

echo "$target/bin/python"
