"""A running emulator for the tests, and clients for it."""

from __future__ import annotations

import atexit
import itertools
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

FOLDER = pathlib.Path(__file__).resolve().parent.parent
REGION = "us-west-2"

_accounts = itertools.count(100000000001)
_lock = threading.Lock()
_session = boto3.Session()


class Emulator:
    """One emulator process; it ends with its standard input."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stackwright_emulator", *arguments],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.first_line = self.process.stdout.readline()
        self.port: int = json.loads(self.first_line)["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """Closes the standard input and waits for the end."""
        self.process.stdin.close()
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        return code

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Calls a control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_stackwright/{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def client(self, service: str, account: str, key: str | None = None, session: dict | None = None) -> Any:
        """A boto3 client without retries: as the account's administrator, by key, or by STS credentials."""
        credentials = session or {"AccessKeyId": key or f"AKIA{account}TEST", "SecretAccessKey": "x"}
        with _lock:
            return _session.client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials.get("SessionToken"),
                config=Config(retries={"total_max_attempts": 1}, read_timeout=20, s3={"addressing_style": "path"}),
            )


_shared: list[Emulator] = []


def emulator() -> Emulator:
    """The emulator that all tests share; accounts keep them apart."""
    if not _shared:
        _shared.append(Emulator())
        atexit.register(_shared[0].stop)
    return _shared[0]


def new_account() -> str:
    """An account that no other test uses."""
    return str(next(_accounts))


def error_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[str, int]:
    """The error code and HTTP status of a call that has to fail."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call was accepted")


def code_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The error code of a call that has to fail."""
    return error_of(call, *args, **kwargs)[0]


def wait_for(condition: Callable[[], Any]) -> Any:
    """The first true value of the condition, within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("the condition never became true")


class Background(threading.Thread):
    """A call in another thread, for calls that the emulator holds."""

    def __init__(self, call: Callable[..., Any], **kwargs: Any):
        super().__init__(daemon=True)
        self._call, self._kwargs = call, kwargs
        self.result: Any = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Makes the call."""
        try:
            self.result = self._call(**self._kwargs)
        except Exception as error:
            self.error = error

    def finish(self) -> Background:
        """Waits for the end of the call."""
        self.join(timeout=10)
        assert not self.is_alive(), "the call did not come back"
        return self


def tags_of(item: dict) -> dict[str, str]:
    """An object's tags as a dictionary, in either spelling."""
    tags = item.get("Tags", item.get("tags", []))
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}
