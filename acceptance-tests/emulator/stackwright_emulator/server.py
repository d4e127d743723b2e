"""The HTTP server: one port for AWS calls, moto's own API and the control endpoints."""

from __future__ import annotations

import secrets
import socket
from typing import Any

from moto.server import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from . import install_patches
from .control import PREFIX, Control
from .errors import DropConnection, Reply
from .gateway import Gateway
from .outside import Clients


class RequestHandler(MotoRequestHandler):
    """moto's handler, quiet, and without the 40 ms that Nagle's algorithm costs on every kept-alive answer."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing: `GET /_stackwright/calls` is the log."""


class Application:
    """The WSGI application."""

    def __init__(self, gateway: Gateway, control: Control):
        self._gateway = gateway
        self._control = control

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = _read_body(environ)
        path = environ["PATH_INFO"]
        if path.startswith(PREFIX):
            reply = self._control.answer(environ, body)
        elif path.startswith("/moto-api"):
            reply = self._gateway.pass_through(environ, body)
        else:
            reply = self._answer_aws(environ, body)
        start_response(f"{reply.status} {_reason(reply.status)}", reply.headers)
        return [reply.body]

    def _answer_aws(self, environ: dict[str, Any], body: bytes) -> Reply:
        try:
            return self._gateway.answer(environ, body)
        except DropConnection:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("dropped by a fault rule") from None


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        # werkzeug has taken the chunks apart, so what follows is an ordinary body.
        del environ["HTTP_TRANSFER_ENCODING"]
        body = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        return body
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return stream.read(length) if length else b""


def _reason(status: int) -> str:
    return "OK" if status < 400 else "Error"


def build(port: int) -> BaseWSGIServer:
    """A server bound to 127.0.0.1; port 0 takes a free one."""
    install_patches()
    internal_key = secrets.token_hex(16)
    gateway = Gateway(internal_key)
    clients = Clients(internal_key)
    app = Application(gateway, Control(gateway, clients))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=RequestHandler)
    clients.endpoint = f"http://127.0.0.1:{server.server_port}"
    return server
