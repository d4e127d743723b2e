"""Whether an event matches a pattern of EventBridge, as AWS documents it; moto knows no lists of objects.

Fields of a pattern that lie in one list of the event have to be met by one entry of that list.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

from moto.events.responses import EventsHandler as Response

from .errors import ApiError

Path = tuple[str, ...]
# Where a value stands in the lists above it.
Places = dict[Path, int]


def install() -> None:
    """Puts the missing operation in place of moto's empty one."""
    Response.test_event_pattern = test_event_pattern


def test_event_pattern(self: Response) -> str:
    """TestEventPattern."""
    pattern, event = json.loads(self._get_param("EventPattern")), json.loads(self._get_param("Event"))
    return json.dumps({"Result": matches(pattern, event)})


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether the event is one that the pattern looks for."""
    values = list(_values(event, (), {}))
    return any(_are_met(list(way.items()), values, {}) for way in _ways(pattern, ()))


def _ways(pattern: dict[str, Any], at: Path) -> list[dict[Path, list[Any]]]:
    """The fields of a pattern with what each looks for, once for each branch of its `$or`s."""
    ways: list[dict[Path, list[Any]]] = [{}]
    for name, wanted in pattern.items():
        if name == "$or":
            branches = [way for one in wanted for way in _ways(one, at)]
        elif isinstance(wanted, dict):
            branches = _ways(wanted, (*at, name))
        else:
            branches = [{(*at, name): wanted}]
        ways = [way | branch for way in ways for branch in branches]
    return ways


def _values(node: Any, at: Path, places: Places) -> Iterator[tuple[Path, Any, Places]]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _values(inner, (*at, name), places)
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _values(inner, at, places | {at: index})
    else:
        yield at, node, places


def _are_met(fields: list[tuple[Path, list[Any]]], values: list[tuple[Path, Any, Places]], places: Places) -> bool:
    if not fields:
        return True
    (path, wanted), rest = fields[0], fields[1:]
    found = [(value, where) for at, value, where in values if at == path]
    if not found:
        return {"exists": False} in wanted and _are_met(rest, values, places)
    return any(
        _is_wanted(value, wanted) and _are_met(rest, values, places | where)
        for value, where in found
        if all(places.get(list_, index) == index for list_, index in where.items())
    )


def _is_wanted(value: Any, wanted: list[Any]) -> bool:
    return any(_fits(value, one) if isinstance(one, dict) else _equal(value, one) for one in wanted)


def _equal(value: Any, wanted: Any) -> bool:
    """True is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def _fits(value: Any, test: dict[str, Any]) -> bool:
    ((name, wanted),) = test.items()
    match name:
        case "exists":
            return bool(wanted)
        case "prefix":
            return isinstance(value, str) and value.startswith(wanted)
        case "suffix":
            return isinstance(value, str) and value.endswith(wanted)
        case "wildcard":
            return isinstance(value, str) and fnmatch.fnmatchcase(value, wanted)
        case "equals-ignore-case":
            return isinstance(value, str) and value.lower() == wanted.lower()
        case "anything-but":
            return not _is_wanted(value, wanted if isinstance(wanted, list) else [wanted])
    raise ApiError("InvalidEventPatternException", f"Event pattern is not valid. Reason: no match type {name}")
