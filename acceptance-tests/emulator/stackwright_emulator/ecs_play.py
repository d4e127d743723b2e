"""Plays: how the next deployment of an ECS service shall end, ordered by a test."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass, field
from typing import Any

OUTCOMES = ("completed", "rollback", "failed", "never")


@dataclass
class StoppedTask:
    """A task that the deployment starts in vain."""

    stopped_reason: str = "Essential container in task exited"
    exit_code: int | None = None
    container_reason: str | None = None
    container: str | None = None
    log: list[str] = field(default_factory=list)


@dataclass
class Play:
    """One order, as given to `POST /_stackwright/ecs/play`."""

    service: str = ".*"
    outcome: str = "completed"
    after_describes: int | None = None
    reason: str = "ECS deployment circuit breaker: tasks failed to start."
    stopped_tasks: list[StoppedTask] = field(default_factory=list)
    times: int = 1
    account: str = ""
    id: int = 0


class Plays:
    """The plays that no deployment has taken yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._plays: list[Play] = []

    def add(self, account: str, order: dict[str, Any]) -> int:
        """Adds a play and returns its id."""
        tasks = [StoppedTask(**task) for task in order.pop("stopped_tasks", [])]
        play = Play(**order, stopped_tasks=tasks, account=account)
        if play.outcome not in OUTCOMES:
            raise ValueError(f"outcome is '{play.outcome}', expected one of {OUTCOMES}")
        re.compile(play.service)
        with self._lock:
            play.id = next(self._ids)
            self._plays.append(play)
            return play.id

    def take(self, account: str, service: str) -> Play:
        """The play for a deployment that starts now; without an order it completes."""
        with self._lock:
            for play in self._plays:
                if play.account == account and play.times != 0 and re.fullmatch(play.service, service):
                    play.times -= 1
                    return play
        return Play()

    def clear(self, account: str | None) -> None:
        """Forgets the plays of one account, or all."""
        with self._lock:
            self._plays = [play for play in self._plays if account not in (None, play.account)]


PLAYS = Plays()
