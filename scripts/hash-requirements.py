#!/usr/bin/env python3
"""Writes the hashes of all files of each pinned version into the emulator's requirements.txt.

Usage: change a version there, then run this. pip refuses a file with another hash, also one that PyPI is made to give.
"""

import json
import pathlib
import re
import urllib.request

REQUIREMENTS = pathlib.Path(__file__).parent.parent / "acceptance-tests/emulator/requirements.txt"
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[a-z]+\])?==([^;\s\\]+)(?:\s*;[^\\]*)?")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def files(name: str) -> list[tuple[str, str]]:
    """The files of a project and their SHA-256."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    request = urllib.request.Request(f"https://pypi.org/simple/{normalised(name)}/", headers=accept)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [(file["filename"], file["hashes"]["sha256"]) for file in json.load(answer)["files"]]


def version_of(file: str, name: str) -> str:
    """The version in the name of a wheel or a source archive."""
    return file.split("-")[1] if file.endswith(".whl") else file.removesuffix(".tar.gz")[len(name) + 1 :]


def main() -> None:
    lines = []
    for line in REQUIREMENTS.read_text().splitlines():
        if line.startswith("    --hash="):
            continue
        pin = PIN.match(line)
        if pin is None:
            lines.append(line)
            continue
        name, version = pin.groups()
        hashes = sorted({sha for file, sha in files(name) if version_of(file, name) == version})
        if not hashes:
            raise SystemExit(f"PyPI has no file of {name} {version}")
        lines.append(" \\\n".join([pin[0].rstrip(), *(f"    --hash=sha256:{sha}" for sha in hashes)]))
    REQUIREMENTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
