"""CloudWatch's Smithy RPC v2 CBOR protocol, translated to the JSON one that moto speaks.

`aws-sdk-cloudwatch` from 1.100.0 on speaks nothing but CBOR, and moto answers that with 404.
"""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import cbor2
from moto.core.utils import get_service_model

from .errors import ApiError, Reply, error_reply

_TARGET = "GraniteServiceVersion20100801"


def decode_request(body: bytes) -> dict[str, Any]:
    """The request's members; timestamps become the epoch seconds that the JSON protocol uses."""
    return _plain(cbor2.loads(body)) if body else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def as_json_request(environ: dict[str, Any], action: str, params: dict[str, Any]) -> None:
    """Rewrites the request in place into the JSON protocol."""
    body = json.dumps(params).encode()
    environ.update(
        {
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "HTTP_X_AMZ_TARGET": f"{_TARGET}.{action}",
        }
    )


def from_json_reply(reply: Reply, action: str) -> Reply:
    """The JSON answer as CBOR, typed by the service model."""
    values = json.loads(reply.body or b"{}")
    if reply.status >= 300:
        code = str(values.get("__type", "InternalFailure")).split("#")[-1]
        message = str(values.get("message") or values.get("Message") or "")
        return error_reply(ApiError(code, message, reply.status), "cbor", "cloudwatch")
    shape = get_service_model("cloudwatch").operation_model(action).output_shape
    body = cbor2.dumps(_typed(values, shape) if shape else {})
    headers = [
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("Content-Length", str(len(body))),
    ]
    return Reply(reply.status, headers, body)


def _typed(value: Any, shape: Any) -> Any:
    if value is None or shape is None:
        return value
    kind = shape.type_name
    if kind == "timestamp":
        return cbor2.CBORTag(1, _epoch(value))
    if kind in ("double", "float"):
        return float(value)
    if kind == "structure":
        return {k: _typed(v, shape.members.get(k)) for k, v in value.items() if v is not None}
    if kind == "list":
        return [_typed(item, shape.member) for item in value]
    if kind == "map":
        return {key: _typed(item, shape.value) for key, item in value.items()}
    return value


def _epoch(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    return datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
