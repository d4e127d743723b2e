"""Plays in general: what a test orders of something that is yet to come, each for the first that it fits."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar


@dataclass
class Play:
    """One order. Each kind adds how it ends, and the name, a regular expression, of what it is for."""

    OUTCOMES: ClassVar[tuple[str, ...]] = ()
    NAMED_BY: ClassVar[str] = ""

    outcome: str = ""
    times: int = 1
    account: str = ""
    id: int = 0

    @classmethod
    def ordered(cls, order: dict[str, Any]) -> Any:
        """The play of an order."""
        return cls(**order)

    @property
    def name(self) -> str:
        """The regular expression of what it is for."""
        return getattr(self, self.NAMED_BY)


AnyPlay = TypeVar("AnyPlay", bound=Play)


class Plays(Generic[AnyPlay]):
    """The plays of one kind that nothing has taken yet."""

    def __init__(self, kind: type[AnyPlay]) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._plays: list[AnyPlay] = []

    def add(self, account: str, order: dict[str, Any]) -> int:
        """Adds a play and returns its id."""
        play = self._kind.ordered(order | {"account": account})
        if play.outcome not in self._kind.OUTCOMES:
            raise ValueError(f"outcome is '{play.outcome}', expected one of {self._kind.OUTCOMES}")
        re.compile(play.name)
        with self._lock:
            play.id = next(self._ids)
            self._plays.append(play)
            return play.id

    def take(self, account: str, name: str) -> AnyPlay | None:
        """The play for what starts now, if there is an order for it."""
        with self._lock:
            for play in self._plays:
                if play.account == account and play.times != 0 and re.fullmatch(play.name, name):
                    play.times -= 1
                    return play
        return None

    def clear(self, account: str | None) -> None:
        """Forgets the plays of one account, or all."""
        with self._lock:
            self._plays = [play for play in self._plays if account not in (None, play.account)]
