"""The log of AWS calls, kept per account, so that a test can count and inspect what the provider did."""

from __future__ import annotations

import threading
import time
from typing import Any

from .call import Call


class CallLog:
    """Every call in the order of arrival. A call that is still held has no status yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._count = 0

    def begin(self, call: Call) -> dict[str, Any]:
        """Writes the call down; the returned entry is completed by `finish`."""
        with self._lock:
            self._count += 1
            entry = {
                "n": self._count,
                "time": time.time(),
                "service": call.service,
                "action": call.action,
                "account": call.account,
                "region": call.region,
                "write": call.write,
                "status": None,
                "access_key": call.access_key,
                "principal": call.principal,
                "error_code": None,
                "params": call.naming_params(),
            }
            self._entries.append(entry)
            return entry

    def finish(self, entry: dict[str, Any], status: int, error_code: str | None) -> None:
        """Adds how the call ended. Status 0 means that the connection was dropped."""
        with self._lock:
            entry.update(status=status, error_code=error_code)

    def list(self, account: str | None) -> list[dict[str, Any]]:
        """The calls of one account, or all."""
        with self._lock:
            return [dict(entry) for entry in self._entries if account in (None, entry["account"])]

    def clear(self, account: str | None) -> None:
        """Forgets the calls of one account, or all."""
        with self._lock:
            self._entries = [entry for entry in self._entries if account not in (None, entry["account"])]
