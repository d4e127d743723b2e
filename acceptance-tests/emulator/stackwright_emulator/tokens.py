"""Idempotency tokens: AWS answers a used one with what was made then, also when that is deleted by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def answered(backend: Any, kind: str, token: str | None, make: Callable[[], Any]) -> Any:
    """What a call with this token answers: what the first one made."""
    used: dict[tuple[str, str], Any] = backend.__dict__.setdefault("used_tokens", {})
    if token and (kind, token) in used:
        return used[kind, token]
    made = make()
    if token:
        used[kind, token] = made
    return made


def kept(original: Any, backend: str) -> Any:
    """An operation that is answered by its ClientToken. `backend` is the attribute of the response that keeps tokens."""

    def operation(self: Any) -> Any:
        token = self._get_param("ClientToken")
        return answered(getattr(self, backend), original.__name__, token, lambda: original(self))

    return operation
