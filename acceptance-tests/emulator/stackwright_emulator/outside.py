"""boto3 clients against this very server: for tests that act or look from outside, and for the dump."""

from __future__ import annotations

import base64
import datetime
import threading
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

MARK = "X-Stackwright-Internal"


class _KeyOfThread(Credentials):
    """The access key that a thread has asked a client for: a client takes 16 ms to make, too much for every account."""

    def __init__(self) -> None:
        super().__init__("nobody", "emulated")
        self._key = threading.local()

    def use(self, access_key: str) -> None:
        """From now on this thread's calls are made with this key."""
        self._key.now = access_key

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(self._key.now, "emulated", None)


class Clients:
    """boto3 clients by region and service, of the account whose key a thread has given last.

    Their calls carry a mark, so that they are not logged, not paged and meet no fault. Those of the dump do not even
    move ECS deployments on (`still`); those of a test do, as any client's would.
    """

    def __init__(self, internal_key: str):
        self.endpoint = ""
        self._internal_key = internal_key
        self._lock = threading.Lock()
        self._key = _KeyOfThread()
        session = botocore.session.Session()
        session._credentials = self._key
        self._session = boto3.Session(botocore_session=session)
        self._clients: dict[tuple[str, ...], Any] = {}

    def get(self, access_key: str, region: str, service: str, still: bool) -> Any:
        """A client of a service, made once. This thread's calls are made with the key until it gives another."""
        self._key.use(access_key)
        wanted = (region, service, str(still))
        with self._lock:
            if wanted not in self._clients:
                self._clients[wanted] = self._make(region, service, still)
            return self._clients[wanted]

    def _make(self, region: str, service: str, still: bool) -> Any:
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        mark = f"{self._internal_key}:{'still' if still else 'outside'}"

        def add_mark(request: Any, **_: Any) -> None:
            request.headers[MARK] = mark

        client.meta.events.register("before-sign", add_mark)
        return client

    def run_outside(
        self,
        account: str,
        region: str,
        service: str,
        operation: str,
        params: dict[str, Any],
        access_key: str | None = None,
    ) -> dict[str, Any]:
        """One call of an outside client: its result, or `error`, `message` and `status`."""
        client = self.get(access_key or f"AKIA{account}OUTS", region, service, still=False)
        names = {api: method for method, api in client.meta.method_to_api_mapping.items()}
        method = names.get(operation, operation)
        if method not in client.meta.method_to_api_mapping:
            raise ValueError(f"{service} has no operation {operation}")
        try:
            result = getattr(client, method)(**params)
        except ClientError as error:
            known = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return {"error": known["Code"], "message": known.get("Message", ""), "status": status}
        except BotoCoreError as error:
            return {"error": type(error).__name__, "message": str(error), "status": 0}
        result.pop("ResponseMetadata", None)
        return as_json(result)


def as_json(value: Any) -> Any:
    """A boto3 result as plain JSON: times as ISO 8601 text, bytes as text or base64."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, StreamingBody):
        return as_json(value.read())
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return value
