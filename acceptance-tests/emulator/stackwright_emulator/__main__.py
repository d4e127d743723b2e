"""Command line: `python -m stackwright_emulator [--port N] [--detach-stdin]`.

Prints `{"port": N}` on stdout once it accepts connections, and nothing else there. Ends when its standard input does,
so that it cannot outlive the test that started it, or on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading

# moto and botocore read these when they are imported.
_ENVIRONMENT = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "2",
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def main() -> None:
    """Runs the emulator until it is told to end."""
    options = _arguments()
    level = logging.DEBUG if options.verbose else logging.ERROR
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s: %(message)s")
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)

    from .server import build

    server = build(options.port)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    if not options.detach_stdin:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    # moto prints here and there; stdout belongs to the line above.
    sys.stdout = sys.stderr
    server.serve_forever()
    # Nothing is kept, and taking all of it apart piece by piece takes seconds.
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stackwright_emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    parser.add_argument("--detach-stdin", action="store_true", help="go on when standard input ends, for use by hand")
    parser.add_argument("--verbose", action="store_true", help="log to stderr what moto and botocore do")
    return parser.parse_args()


def _end_with_stdin(server) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


if __name__ == "__main__":
    main()
