"""Faults that a test orders: errors, delays, calls held at a chosen moment, connections that break.

A rule fires for calls of its service and action, after letting `skip` of them pass, `times` times. Rules count their
calls independently of each other.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .call import BOTO_NAMES, Call
from .errors import ApiError, DropConnection

_SIGNING_NAMES = {boto: signing for signing, boto in BOTO_NAMES.items()}


@dataclass
class Rule:
    """One order, as given to `POST /_stackwright/faults`."""

    service: str = ".*"
    action: str = ".*"
    account: str | None = None
    skip: int = 0
    times: int = 1
    delay_ms: int = 0
    phase: str = "before"
    status: int = 400
    code: str | None = None
    message: str = "injected by the test"
    hold: bool = False
    drop: bool = False
    writes_only: bool = False
    id: int = 0

    def matches(self, call: Call) -> bool:
        """Whether the rule is about this call."""
        names = {call.service, _SIGNING_NAMES.get(call.service, call.service)}
        return (
            self.account in (None, call.account)
            and any(re.fullmatch(self.service, name) for name in names)
            and re.fullmatch(self.action, call.action) is not None
            and (call.write or not self.writes_only)
        )


@dataclass
class _Held:
    """A call that waits for its release."""

    id: int
    call: Call
    phase: str
    released: threading.Event = field(default_factory=threading.Event)
    drop: bool = False


class Faults:
    """All rules and all held calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._rules: list[Rule] = []
        self._held: dict[int, _Held] = {}

    def add(self, order: dict[str, Any]) -> int:
        """Adds a rule and returns its id."""
        rule = Rule(**order)
        if rule.phase not in ("before", "after"):
            raise ValueError(f"phase is '{rule.phase}', expected 'before' or 'after'")
        re.compile(rule.service)
        re.compile(rule.action)
        with self._lock:
            rule.id = next(self._ids)
            self._rules.append(rule)
            return rule.id

    def clear(self, account: str | None) -> None:
        """Removes the rules of one account, or all."""
        with self._lock:
            self._rules = [rule for rule in self._rules if account not in (None, rule.account)]

    def match(self, call: Call) -> Rule | None:
        """The rule that fires for this call; every matching rule counts it."""
        with self._lock:
            fired = None
            for rule in self._rules:
                if rule.times == 0 or not rule.matches(call):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                elif fired is None:
                    rule.times -= 1
                    fired = rule
            return fired

    def apply(self, rule: Rule | None, call: Call, phase: str) -> None:
        """Does what the rule orders for this phase: waits, raises an error or drops the connection."""
        if rule is None or rule.phase != phase:
            return
        time.sleep(rule.delay_ms / 1000)
        if rule.hold:
            self._hold(call, phase)
        if rule.drop:
            raise DropConnection
        if rule.code:
            raise ApiError(rule.code, rule.message, rule.status)

    def _hold(self, call: Call, phase: str) -> None:
        with self._lock:
            held = _Held(next(self._ids), call, phase)
            self._held[held.id] = held
        held.released.wait()
        if held.drop:
            raise DropConnection

    def held(self, account: str | None) -> list[dict[str, Any]]:
        """The calls that wait for their release."""
        with self._lock:
            return [
                {
                    "id": held.id,
                    "service": held.call.service,
                    "action": held.call.action,
                    "account": held.call.account,
                    "phase": held.phase,
                }
                for held in self._held.values()
                if account in (None, held.call.account)
            ]

    def release(self, held_id: int | None, account: str | None, drop: bool) -> list[int]:
        """Lets one held call, those of an account, or all go on, or drops their connections. Returns their ids."""
        with self._lock:
            ids = [
                held.id
                for held in self._held.values()
                if held_id in (None, held.id) and account in (None, held.call.account)
            ]
            for id_ in ids:
                held = self._held.pop(id_)
                held.drop = drop
                held.released.set()
            return ids
