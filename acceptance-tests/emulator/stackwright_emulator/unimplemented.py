"""The record of operations that the emulator lacks, so that a test can say why it failed."""

from __future__ import annotations

import logging
import threading
import traceback
from typing import Any

from .call import Call
from .errors import ApiError

_log = logging.getLogger(__name__)


class Unimplemented:
    """Operations that moto does not have, and its crashes, which come to the same for a test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []

    def record(self, call: Call, reason: str) -> ApiError:
        """Writes the operation down and returns the error to answer. SDKs do not retry status 501, unlike 500."""
        detail = traceback.format_exc()
        _log.error("%s %s: %s\n%s", call.service, call.action, reason, detail)
        with self._lock:
            self._entries.append(
                {
                    "service": call.service,
                    "action": call.action,
                    "account": call.account,
                    "reason": reason,
                    "params": call.naming_params(),
                }
            )
        return ApiError("NotImplemented", f"the emulator cannot do {call.service}:{call.action}: {reason}", 501)

    def list(self, account: str | None) -> list[dict[str, Any]]:
        """What was missing, for one account or all."""
        with self._lock:
            return [dict(entry) for entry in self._entries if account in (None, entry["account"])]

    def clear(self, account: str | None) -> None:
        """Forgets the entries of one account, or all."""
        with self._lock:
            self._entries = [entry for entry in self._entries if account not in (None, entry["account"])]
