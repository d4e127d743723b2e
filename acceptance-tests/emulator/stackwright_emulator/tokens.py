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
