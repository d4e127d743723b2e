"""Plays: how the next major upgrade of a database shall end, ordered by a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from . import plays


@dataclass
class Play(plays.Play):
    """One order, as given to `POST /_stackwright/rds/play`; without an order an upgrade is done."""

    OUTCOMES: ClassVar[tuple[str, ...]] = ("failed_precheck",)
    NAMED_BY: ClassVar[str] = "instance"

    instance: str = ".*"
    outcome: str = "failed_precheck"
    reason: str = "One or more databases have logical replication slots, see the log file pg_upgrade_precheck.log."


PLAYS = plays.Plays(Play)
