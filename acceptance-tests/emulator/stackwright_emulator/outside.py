"""boto3 clients against this very server: for tests that act or look from outside, and for the dump."""

from __future__ import annotations

import base64
import datetime
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

MARK = "X-Stackwright-Internal"


class Clients:
    """boto3 clients by account, region and service.

    Their calls carry a mark, so that they are not logged, not paged and meet no fault. Those of the dump do not even
    move ECS deployments on (`still`); those of a test do, as any client's would.
    """

    def __init__(self, internal_key: str):
        self.endpoint = ""
        self._internal_key = internal_key
        self._lock = threading.Lock()
        self._session = boto3.Session()
        self._clients: dict[tuple[str, ...], Any] = {}

    def get(self, access_key: str, region: str, service: str, still: bool) -> Any:
        """A client of a service, made once."""
        wanted = (access_key, region, service, str(still))
        with self._lock:
            if wanted not in self._clients:
                self._clients[wanted] = self._make(access_key, region, service, still)
            return self._clients[wanted]

    def _make(self, access_key: str, region: str, service: str, still: bool) -> Any:
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key="emulated",
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
