"""Errors in the words and the wire format of AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

import cbor2

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


@dataclass
class Reply:
    """A finished HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of one header, by its case-insensitive name."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


class ApiError(Exception):
    """An AWS refusal. It may be raised anywhere below the gateway: moto lets it through, and the gateway shapes it."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class DropConnection(Exception):
    """The connection is to be closed without an answer, as when a network fails."""


# What services call the same refusal. AWS grew three families of names: EC2's, the query ones and the JSON ones.
_NAMES = {
    "expired": {
        "ec2": ("RequestExpired", 400),
        "query": ("ExpiredToken", 403),
        "rest-xml": ("ExpiredToken", 403),
        "s3": ("ExpiredToken", 400),
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "cbor": ("ExpiredToken", 403),
    },
    "denied": {
        "ec2": ("UnauthorizedOperation", 403),
        "query": ("AccessDenied", 403),
        "rest-xml": ("AccessDenied", 403),
        "s3": ("AccessDenied", 403),
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "cbor": ("AccessDenied", 403),
    },
    "unknown_key": {
        "ec2": ("AuthFailure", 401),
        "query": ("InvalidClientTokenId", 403),
        "rest-xml": ("InvalidClientTokenId", 403),
        "s3": ("InvalidAccessKeyId", 403),
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "cbor": ("InvalidClientTokenId", 403),
    },
}

_TEXTS = {
    "expired": "The security token included in the request is expired",
    "unknown_key": "The security token included in the request is invalid.",
}


def credential_error(kind: str, protocol: str, service: str, message: str | None = None) -> ApiError:
    """A refusal of the caller's credentials (`expired`, `denied`, `unknown_key`) as this service words it."""
    code, status = _NAMES[kind]["s3" if service == "s3" else protocol]
    return ApiError(code, message or _TEXTS[kind], status)


def error_reply(error: ApiError, protocol: str, service: str) -> Reply:
    """The error as a client of this protocol expects it."""
    headers, body = _BODIES[protocol](error, service)
    headers += [("Content-Length", str(len(body))), ("x-amzn-RequestId", REQUEST_ID)]
    return Reply(error.status, headers, body)


def _json(error: ApiError, service: str) -> tuple[list[tuple[str, str]], bytes]:
    body = {"__type": error.code, "message": error.message}
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", error.code)]
    return headers, json.dumps(body).encode()


def _cbor(error: ApiError, service: str) -> tuple[list[tuple[str, str]], bytes]:
    # CloudWatch once spoke the query protocol, so its clients read the old error code from this header.
    fault = "Receiver" if error.status >= 500 else "Sender"
    headers = [
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-query-error", f"{error.code};{fault}"),
    ]
    return headers, cbor2.dumps({"__type": error.code, "message": error.message})


def _xml(template: str):
    def render(error: ApiError, service: str) -> tuple[list[tuple[str, str]], bytes]:
        fault = "Receiver" if error.status >= 500 else "Sender"
        text = template.format(code=escape(error.code), message=escape(error.message), fault=fault, id=REQUEST_ID)
        return [("Content-Type", "text/xml")], ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode()

    return render


_ec2 = _xml(
    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    "<RequestID>{id}</RequestID></Response>"
)
_query = _xml(
    "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>{id}</RequestId></ErrorResponse>"
)
_s3 = _xml("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>")


def _rest_xml(error: ApiError, service: str) -> tuple[list[tuple[str, str]], bytes]:
    return _s3(error, service) if service == "s3" else _query(error, service)


_BODIES = {
    "json": _json,
    "rest-json": _json,
    "cbor": _cbor,
    "ec2": _ec2,
    "query": _query,
    "rest-xml": _rest_xml,
}
