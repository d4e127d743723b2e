"""Composite alarms, which moto does not have, and the rules that tie them to their children."""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse as Response
from moto.core.responses import ActionResult, EmptyResult

from . import alarm_rules
from .errors import ApiError

_CHILD = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"([^\"]+)\"|'([^']+)'|([^)\"'\s]+))\s*\)")
_KEPT = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
}


def install() -> None:
    """Adds and replaces the operations."""
    Response.put_metric_alarm = put_metric_alarm
    Response.put_composite_alarm = put_composite_alarm
    Response.describe_alarms = describe_alarms
    Response.delete_alarms = delete_alarms


def children(rule: str) -> set[str]:
    """The names of the alarms in an alarm rule; ARNs are reduced to the name."""
    return {next(name for name in found if name).split(":alarm:")[-1] for found in _CHILD.findall(rule)}


_moto_put_metric_alarm = Response.put_metric_alarm


def put_metric_alarm(self: Response) -> ActionResult:
    """PutMetricAlarm: a new alarm has no data yet; an update leaves state and tags alone."""
    alarm_rules.check_metric_alarm(self._get_params())
    former = self.cloudwatch_backend.alarms.get(self._get_param("AlarmName"))
    if former is not None and former.rule is not None:
        raise _validation(f"An alarm with the name {former.name} exists already and is a composite alarm")
    result = _put(self)
    alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
    alarm.warm_up_configuration = self._get_param("WarmUpConfiguration")
    return result


def _put(self: Response) -> ActionResult:
    """What is alike for alarms of both kinds."""
    name = self._get_param("AlarmName")
    alarms = self.cloudwatch_backend.alarms
    former = alarms.get(name)
    if former is not None:
        self.params.pop("Tags", None)
    result = _moto_put_metric_alarm(self)
    alarm = alarms[name]
    if former is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        alarm.state_value, alarm.state_reason = former.state_value, former.state_reason
        alarm.state_reason_data, alarm.state_updated_timestamp = (
            former.state_reason_data,
            former.state_updated_timestamp,
        )
    return result


def put_composite_alarm(self: Response) -> ActionResult:
    """PutCompositeAlarm: the alarms of its rule have to exist."""
    alarms = self.cloudwatch_backend.alarms
    name, rule = self._get_param("AlarmName"), self._get_param("AlarmRule")
    alarm_rules.check_common(self._get_params())
    if len(rule) > 10_240 or len(children(rule)) > 100:
        raise _validation("An alarm rule has at most 10240 characters and 100 alarms")
    missing = sorted(children(rule) - set(alarms))
    if missing:
        text = f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        raise _validation(text)
    if name in alarms and alarms[name].rule is None:
        raise _validation(f"An alarm with the name {name} exists already and is a metric alarm")
    _check_suppressor(self)
    _put(self)
    for member, attribute in _KEPT.items():
        setattr(alarms[name], attribute, self._get_param(member))
    return EmptyResult()


def _check_suppressor(self: Response) -> None:
    """A suppressor exists, and has both of its waits."""
    given = [self._get_param(member) is not None for member in _KEPT]
    if any(given) and not all(given):
        raise _validation("ActionsSuppressor, its WaitPeriod and its ExtensionPeriod go together")
    suppressor = (self._get_param("ActionsSuppressor") or "").split(":alarm:")[-1]
    if suppressor and suppressor not in self.cloudwatch_backend.alarms:
        raise _validation(f"Could not save the composite alarm as the suppressor {suppressor} does not exist")


_moto_describe_alarms = Response.describe_alarms


def describe_alarms(self: Response) -> ActionResult:
    """DescribeAlarms: composite alarms only when AlarmTypes asks for them, which is AWS's default."""
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    names = self._get_param("AlarmNames") or []
    if len(names) > 100:
        raise _validation("The maximum number of alarm names is 100")
    result = _moto_describe_alarms(self).result
    metric = _sorted(result["MetricAlarms"]) if "MetricAlarm" in types else []
    composite = _sorted(result["CompositeAlarms"]) if "CompositeAlarm" in types else []
    return ActionResult({"MetricAlarms": metric, "CompositeAlarms": composite})


def _sorted(alarms: list[Alarm]) -> list[Alarm]:
    return sorted(alarms, key=lambda alarm: alarm.name)


def delete_alarms(self: Response) -> ActionResult:
    """DeleteAlarms: at most one composite at a time, and no alarm that a remaining composite refers to."""
    alarms = self.cloudwatch_backend.alarms
    doomed = set(self._get_param("AlarmNames") or [])
    composites = {name: alarm for name, alarm in alarms.items() if alarm.rule}
    if len(doomed & set(composites)) > 1:
        raise _validation("Only one composite alarm can be deleted at a time")
    needed: set[str] = set()
    for name, alarm in composites.items():
        if name not in doomed:
            needed |= _needs(alarm) & doomed & set(alarms)
    if needed:
        names, them = ",".join(sorted(needed)), "it" if len(needed) == 1 else "them"
        raise _validation(f"Cannot delete {names} as there are composite alarm(s) depending on {them}.")
    for name in doomed & set(alarms):
        self.cloudwatch_backend.tagger.delete_all_tags_for_resource(alarms[name].alarm_arn)
        self.cloudwatch_backend.delete_alarms([name])
    return EmptyResult()


def _needs(alarm: Alarm) -> set[str]:
    """The alarms that a composite names: in its rule, and the one that keeps it quiet."""
    suppressor = (getattr(alarm, "actions_suppressor", None) or "").split(":alarm:")[-1]
    return children(alarm.rule) | ({suppressor} if suppressor else set())


def _validation(message: str) -> Any:
    return ApiError("ValidationError", message)
