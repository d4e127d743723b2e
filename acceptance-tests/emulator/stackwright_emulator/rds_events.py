"""RDS events: those of the time that is asked for, and the one of an upgrade that is given up."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

_GIVEN_UP = "DB_INSTANCE_UPGRADE_GIVEN_UP"
# AWS tells of the last hour unless it is asked for another time.
_MINUTES = 60


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    from moto.rds.models import Event, RDSBackend

    Event.EVENT_MAP[_GIVEN_UP] = {
        "Categories": ["maintenance"],
        "Message": "Database instance could not be upgraded: the precheck failed.",
    }
    RDSBackend.describe_events = _describe(RDSBackend.describe_events)


def _describe(original: Any) -> Any:
    def describe_events(
        self: Any, source_identifier: str | None = None, source_type: str | None = None, **others: Any
    ) -> list[Any]:
        """DescribeEvents: those of the last minutes, an hour unless it says otherwise."""
        from moto.core.utils import utcnow

        return latest(original(self, source_identifier, source_type), others.get("duration") or _MINUTES, utcnow())

    return describe_events


def latest(events: Iterable[Any], minutes: int, now: datetime.datetime) -> list[Any]:
    """The events of the last minutes."""
    since = now - datetime.timedelta(minutes=minutes)
    return [event for event in events if event.date >= since]


def tell_of_precheck(database: Any, reason: str) -> None:
    """Writes down that the precheck of an upgrade failed."""
    database.add_event(_GIVEN_UP)
    database.backend.events[-1].message += f" {reason}"
