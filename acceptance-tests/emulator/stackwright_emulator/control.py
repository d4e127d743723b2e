"""The emulator's own endpoints under `/_stackwright/`, by which a test steers and asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from . import accounts, ecs_play, gaps_rds, rds_play, settings
from .dump import Dumper
from .errors import Reply
from .gateway import Gateway
from .outside import Clients
from .plays import Plays

PREFIX = "/_stackwright/"

Query = dict[str, str]


class Control:
    """The endpoints. Every one takes and gives JSON; mistakes in a request are answered with status 400 and `error`."""

    def __init__(self, gateway: Gateway, clients: Clients):
        self._gateway = gateway
        self._clients = clients
        self._dumper = Dumper(clients)
        self._routes: dict[tuple[str, str], Callable[[Query, Any], Any]] = {
            ("GET", "health"): lambda query, body: {"ok": True},
            ("GET", "calls"): lambda query, body: gateway.calls.list(query.get("account")),
            ("DELETE", "calls"): self._clear(gateway.calls),
            ("GET", "routes"): lambda query, body: gateway.routes.list(query.get("account")),
            ("DELETE", "routes"): self._clear(gateway.routes),
            ("GET", "judged"): lambda query, body: gateway.judge.list(query.get("account")),
            ("DELETE", "judged"): self._clear(gateway.judge),
            ("POST", "faults"): lambda query, body: {"id": gateway.faults.add(body)},
            ("DELETE", "faults"): self._clear(gateway.faults),
            ("GET", "held"): lambda query, body: gateway.faults.held(query.get("account")),
            ("POST", "release"): self._release,
            ("GET", "unimplemented"): lambda query, body: gateway.unimplemented.list(query.get("account")),
            ("DELETE", "unimplemented"): self._clear(gateway.unimplemented),
            ("POST", "settings"): self._settings,
            ("POST", "keys"): lambda query, body: accounts.grant(**body),
            ("POST", "ecs/play"): self._play(ecs_play.PLAYS),
            ("DELETE", "ecs/play"): self._clear(ecs_play.PLAYS),
            ("POST", "rds/play"): self._play(rds_play.PLAYS),
            ("DELETE", "rds/play"): self._clear(rds_play.PLAYS),
            ("POST", "rds/login"): lambda query, body: {"ok": gaps_rds.login(**body)},
            ("GET", "dump"): self._dump,
            ("POST", "outside"): self._outside,
        }

    def answer(self, environ: dict[str, Any], body: bytes) -> Reply:
        """Answers one control request."""
        name = environ["PATH_INFO"].removeprefix(PREFIX).strip("/")
        route = self._routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            return _json_reply(404, {"error": f"no endpoint {environ['REQUEST_METHOD']} {PREFIX}{name}"})
        try:
            query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
            return _json_reply(200, route(query, json.loads(body or b"{}")))
        except (ValueError, TypeError, KeyError, re.error) as error:
            return _json_reply(400, {"error": f"{type(error).__name__}: {error}"})

    @staticmethod
    def _clear(log: Any) -> Callable[[Query, Any], Any]:
        def clear(query: Query, body: Any) -> Any:
            log.clear(query.get("account"))
            return {}

        return clear

    def _release(self, query: Query, body: Any) -> Any:
        released = self._gateway.faults.release(body.get("id"), body.get("account"), bool(body.get("drop")))
        return {"released": released}

    def _settings(self, query: Query, body: Any) -> Any:
        return settings.change(body.pop("account"), body)

    @staticmethod
    def _play(plays: Plays[Any]) -> Callable[[Query, Any], Any]:
        return lambda query, body: {"id": plays.add(body.pop("account"), body)}

    def _dump(self, query: Query, body: Any) -> Any:
        dumped = self._dumper.collect(query["account"], query["region"])
        return dumped.raw() if query.get("raw") in ("1", "true") else dumped.normalised()

    def _outside(self, query: Query, body: Any) -> Any:
        return self._clients.run_outside(
            body["account"],
            body.get("region", "us-east-1"),
            body["service"],
            body["operation"],
            body.get("params") or {},
            body.get("access_key"),
        )


def _json_reply(status: int, value: Any) -> Reply:
    body = json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
    return Reply(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], body)
