"""Plays: how the next deployment of an ECS service shall end, ordered by a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from . import plays


@dataclass
class StoppedTask:
    """A task that the deployment starts in vain."""

    stopped_reason: str = "Essential container in task exited"
    exit_code: int | None = None
    container_reason: str | None = None
    container: str | None = None
    log: list[str] = field(default_factory=list)


@dataclass
class Play(plays.Play):
    """One order, as given to `POST /_stackwright/ecs/play`; without an order a deployment completes."""

    OUTCOMES: ClassVar[tuple[str, ...]] = ("completed", "rollback", "failed", "never")
    NAMED_BY: ClassVar[str] = "service"

    service: str = ".*"
    outcome: str = "completed"
    after_describes: int | None = None
    reason: str = "ECS deployment circuit breaker: tasks failed to start."
    stopped_tasks: list[StoppedTask] = field(default_factory=list)

    @classmethod
    def ordered(cls, order: dict[str, Any]) -> Play:
        """The play of an order."""
        tasks = [StoppedTask(**task) for task in order.get("stopped_tasks", [])]
        return cls(**order | {"stopped_tasks": tasks})


PLAYS = plays.Plays(Play)
