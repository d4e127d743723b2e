"""The way of an AWS call through the emulator: read, authenticate, log, fault, execute, shape the answer."""

from __future__ import annotations

import hmac
import io
import json
import re
import threading
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app

from . import accounts, cbor, pagination, settings
from .call import Call, read_call
from .calls import CallLog
from .errors import ApiError, DropConnection, Reply, error_reply
from .faults import Faults
from .judge import Judge
from .route_watch import RouteWatch
from .unimplemented import Unimplemented

_XML_CODE = re.compile(rb"<Code>([^<]+)</Code>")
_HTML = re.compile(rb"\s*<!doctype html", re.IGNORECASE)


class Gateway:
    """Answers AWS calls by moto. `internal_key` marks calls of `outside.Clients`: no trace, no faults."""

    def __init__(self, internal_key: str):
        self.calls = CallLog()
        self.faults = Faults()
        self.unimplemented = Unimplemented()
        self.routes = RouteWatch()
        self.judge = Judge()
        self._internal_key = internal_key
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto's models are not made for threads; calls are short, so one at a time costs little and races cost days.
        self._moto_lock = threading.Lock()

    def answer(self, environ: dict[str, Any], body: bytes) -> Reply:
        """Answers one request. Raises DropConnection when a fault says so."""
        call = read_call(environ, body)
        key, _, mode = environ.pop("HTTP_X_STACKWRIGHT_INTERNAL", "").partition(":")
        if hmac.compare_digest(key, self._internal_key):
            environ["stackwright.still"] = mode == "still"
            return self._answer_internal(environ, body, call)
        try:
            accounts.authenticate(call)
        except ApiError as error:
            self.calls.finish(self.calls.begin(call), error.status, error.code)
            return error_reply(error, call.protocol, call.service)
        entry = self.calls.begin(call)
        try:
            reply = self._answer_with_faults(environ, body, call)
        except ApiError as error:
            self.calls.finish(entry, error.status, error.code)
            return error_reply(error, call.protocol, call.service)
        except DropConnection:
            self.calls.finish(entry, 0, "dropped")
            raise
        self.calls.finish(entry, reply.status, _error_code(reply))
        return reply

    def _answer_internal(self, environ: dict[str, Any], body: bytes, call: Call) -> Reply:
        try:
            accounts.authenticate(call)
            accounts.authorise(call)
            return self._execute(environ, body, call)
        except ApiError as error:
            return error_reply(error, call.protocol, call.service)

    def _answer_with_faults(self, environ: dict[str, Any], body: bytes, call: Call) -> Reply:
        accounts.authorise(call)
        self._judge(call)
        rule = self.faults.match(call)
        self.faults.apply(rule, call, "before")
        page = pagination.Page.of(call, settings.of(call.account).page_size)
        reply = self._execute(environ, page.strip(body) if page else body, call)
        if page and reply.status < 300:
            reply = page.cut(reply)
        self.faults.apply(rule, call, "after")
        return reply

    def _judge(self, call: Call) -> None:
        try:
            with self._moto_lock:
                self.judge.check(call, accounts.identify(call.access_key))
        except (LookupError, ValueError) as error:
            raise self.unimplemented.record(call, f"it cannot be judged: {error}") from error

    def _execute(self, environ: dict[str, Any], body: bytes, call: Call) -> Reply:
        """Runs the operation in moto, as the caller's account."""
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account
        environ["stackwright.access_key"] = call.access_key
        if call.protocol == "cbor":
            cbor.as_json_request(environ, call.action, call.params)
        try:
            with self._moto_lock:
                reply = call_wsgi(self._moto, environ)
                self.routes.look(call)
        except ApiError:
            raise
        except NotImplementedError as error:
            raise self.unimplemented.record(call, str(error) or "not implemented") from error
        except Exception as error:
            raise self.unimplemented.record(call, f"{type(error).__name__}: {error}") from error
        if reply.status >= 400 and (
            _HTML.match(reply.body) or (reply.status == 404 and not reply.body and call.service != "s3")
        ):
            raise self.unimplemented.record(call, f"moto has no such operation (HTTP {reply.status})")
        return cbor.from_json_reply(reply, call.action) if call.protocol == "cbor" else reply

    def pass_through(self, environ: dict[str, Any], body: bytes) -> Reply:
        """Answers moto's own control endpoints (`/moto-api/*`)."""
        environ["wsgi.input"] = io.BytesIO(body)
        with self._moto_lock:
            return call_wsgi(self._moto, environ)


def call_wsgi(app: Any, environ: dict[str, Any]) -> Reply:
    """Runs a WSGI application to its end."""
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.update(status=int(status.split(" ", 1)[0]), headers=headers)
        return lambda data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Reply(started["status"], list(started["headers"]), body)


def _error_code(reply: Reply) -> str | None:
    if reply.status < 400:
        return None
    named = reply.header("x-amzn-query-error") or reply.header("x-amzn-ErrorType")
    if named:
        return named.split(";")[0].split(":")[0]
    found = _XML_CODE.search(reply.body)
    if found:
        return found[1].decode()
    try:
        return str(json.loads(reply.body).get("__type", "")).split("#")[-1] or None
    except (ValueError, AttributeError):
        return None
