"""The process: its one line, its end, and the setup script."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from .harness import FOLDER, Emulator


class ProcessTest(unittest.TestCase):
    def test_prints_the_port_and_ends_with_its_stdin(self):
        emulator = Emulator("--port", "0")
        self.assertEqual(json.loads(emulator.first_line), {"port": emulator.port})
        self.assertEqual(emulator.control("GET", "health"), {"ok": True})
        self.assertEqual(emulator.stop(), 0)

    def test_sigterm_ends_a_detached_emulator_that_outlived_its_stdin(self):
        emulator = Emulator("--detach-stdin")
        emulator.process.stdin.close()
        self.assertEqual(emulator.control("GET", "health"), {"ok": True})
        emulator.process.send_signal(signal.SIGTERM)
        self.assertEqual(emulator.process.wait(timeout=10), 0)
        emulator.process.stdout.close()


class SetupTest(unittest.TestCase):
    def run_setup(self, **environment):
        return subprocess.run(
            [str(FOLDER / "setup.sh")], env={**os.environ, **environment}, capture_output=True, text=True
        )

    def test_says_how_to_get_python_when_there_is_none(self):
        result = self.run_setup(PYTHON="no-such-python")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no-such-python is not installed", result.stderr)
        self.assertIn("python3-venv", result.stderr)

    def test_refuses_an_old_python(self):
        with tempfile.TemporaryDirectory() as folder:
            old = pathlib.Path(folder, "python")
            old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1 && exit 0\nexit 1\n')
            old.chmod(0o755)
            result = self.run_setup(PYTHON=str(old))
        self.assertEqual(result.returncode, 1)
        self.assertIn("Python 3.8.1 is too old, 3.10 or newer is needed", result.stderr)

    def test_a_finished_environment_is_taken_as_it_is(self):
        with tempfile.TemporaryDirectory() as home:
            first = subprocess.run(
                ["sh", "-c", 'sha256sum "$0" | cut -c1-12', str(FOLDER / "requirements.txt")],
                capture_output=True,
                text=True,
            )
            digest = first.stdout.strip()
            environment = pathlib.Path(home, ".cache", "stackwright", f"venv-{digest}")
            environment.mkdir(parents=True)
            (environment / f"done-{digest}").touch()
            result = self.run_setup(HOME=home)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines()[-1], str(environment / "bin" / "python"))
