"""Rules of EventBridge: what AWS refuses, tags that only a new rule takes, and lists that come whole."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NoReturn

from moto.events.models import EventBus
from moto.events.models import EventsBackend as Backend
from moto.events.models import Rule

from . import settings
from .errors import ApiError

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
_LONGEST = (("description", "description", 512), ("event_pattern", "eventPattern", 4096))
_RULES_OF_A_BUS = 300
_RULES_OF_A_PAGE = 100


def install() -> None:
    """Puts the repaired operations in place of moto's."""
    Backend.put_rule = _put_rule(Backend.put_rule)
    Backend.list_rules = list_rules


def _put_rule(original: Any) -> Any:
    def put_rule(self: Backend, name: str, **values: Any) -> Rule:
        """PutRule: refuses what AWS refuses, and gives tags to a new rule only."""
        _check_name("name", name)
        _check_values(values)
        rules = _bus(self, values.get("event_bus_arn")).rules
        if name in rules:
            values["tags"] = None
        elif len(rules) >= _RULES_OF_A_BUS:
            text = "The requested resource exceeds the maximum number allowed."
            raise ApiError("LimitExceededException", text)
        return original(self, name, **values)

    return put_rule


def list_rules(
    self: Backend,
    prefix: str | None = None,
    event_bus_arn: str | None = None,
    next_token: str | None = None,
    limit: int | None = None,
) -> tuple[list[Rule], str | None]:
    """ListRules: sorted by name. A page goes on behind the last name, even when that rule is gone by then.

    The gateway cuts the small pages of an account, and for that it needs the whole list.
    """
    if prefix is not None:
        _check_name("namePrefix", prefix)
    if limit is not None and not 1 <= limit <= _RULES_OF_A_PAGE:
        _refuse("limit", limit, f"have value between 1 and {_RULES_OF_A_PAGE}")
    last, rules = _last_name(next_token), _bus(self, event_bus_arn).rules
    names = sorted(name for name in rules if name > last and name.startswith(prefix or ""))
    whole = settings.of(self.account_id).page_size is not None
    page = names[: limit or (None if whole else _RULES_OF_A_PAGE)]
    token = base64.urlsafe_b64encode(page[-1].encode()).decode() if len(page) < len(names) else None
    return [rules[name] for name in page], token


def _last_name(token: str | None) -> str:
    if token is None:
        return ""
    try:
        name = base64.urlsafe_b64decode(token).decode()
    except ValueError:
        name = ""
    if not _NAME.fullmatch(name):
        raise ApiError("ValidationException", "Parameter NextToken is not valid.")
    return name


def _bus(self: Backend, name_or_arn: str | None) -> EventBus:
    return self._get_event_bus(self._normalize_event_bus_arn(name_or_arn))


def _check_name(member: str, name: str | None) -> None:
    if not _NAME.fullmatch(name or ""):
        _refuse(member, name, f"satisfy regular expression pattern: {_NAME.pattern}")


def _check_values(values: dict[str, Any]) -> None:
    for key, member, longest in _LONGEST:
        value = values.get(key) or ""
        if len(value) > longest:
            _refuse(member, value, f"have length less than or equal to {longest}")
    if values.get("state") not in (None, *_STATES):
        _refuse("state", values["state"], f"satisfy enum value set: [{', '.join(_STATES)}]")
    if values.get("event_pattern"):
        _check_pattern(values["event_pattern"])


def _refuse(member: str, value: Any, constraint: str) -> NoReturn:
    text = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    raise ApiError("ValidationException", f"1 validation error detected: {text}")


def _check_pattern(text: str) -> None:
    try:
        pattern = json.loads(text)
    except ValueError:
        _invalid("Invalid JSON")
    if not isinstance(pattern, dict):
        _invalid("Filter is not an object")
    _check_fields(pattern)


def _check_fields(fields: dict[str, Any]) -> None:
    if not fields:
        _invalid("Empty objects are not allowed")
    for name, value in fields.items():
        if name == "$or":
            _check_alternatives(value)
        elif isinstance(value, dict):
            _check_fields(value)
        elif not isinstance(value, list):
            _invalid(f'"{name}" must be an object or an array')
        elif not value:
            _invalid("Empty arrays are not allowed")


def _check_alternatives(alternatives: Any) -> None:
    """One alternative is none: AWS takes at least two."""
    if not isinstance(alternatives, list) or not all(isinstance(one, dict) for one in alternatives):
        _invalid("$or takes an array of objects")
    if len(alternatives) < 2:
        _invalid("$or takes at least 2 objects")
    for one in alternatives:
        _check_fields(one)


def _invalid(reason: str) -> NoReturn:
    raise ApiError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
