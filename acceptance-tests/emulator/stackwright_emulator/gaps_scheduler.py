"""EventBridge Scheduler: what AWS refuses, groups that take their schedules along, and small pages."""

from __future__ import annotations

import json
import re
import zoneinfo
from typing import Any

from moto.iam import iam_backends
from moto.scheduler.models import EventBridgeSchedulerBackend as Backend
from moto.scheduler.responses import EventBridgeSchedulerResponse as Response
from moto.utilities.utils import get_partition

from . import settings, tokens
from .errors import ApiError

_RATE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)")
_AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
_CRON = re.compile(r"cron\(([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+)\)")


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Backend.create_schedule = _create_schedule(Backend.create_schedule)
    Backend.update_schedule = _update_schedule(Backend.update_schedule)
    Backend.create_schedule_group = _create_group(Backend.create_schedule_group)
    Backend.delete_schedule_group = _delete_group(Backend.delete_schedule_group)
    Response.list_schedule_groups = list_schedule_groups
    Response.create_schedule = tokens.kept(Response.create_schedule, "scheduler_backend")
    Response.create_schedule_group = tokens.kept(Response.create_schedule_group, "scheduler_backend")


def _check(self: Backend, values: dict[str, Any]) -> None:
    expression, zone = values["schedule_expression"], values["schedule_expression_timezone"] or "UTC"
    cron = _CRON.fullmatch(expression)
    one_day = cron is not None and (cron[3] == "?") != (cron[5] == "?")
    if not (one_day or _RATE.fullmatch(expression) or _AT.fullmatch(expression)):
        raise ApiError("ValidationException", f"Invalid Schedule Expression {expression}.")
    if zone not in zoneinfo.available_timezones():
        raise ApiError("ValidationException", "Provided ScheduleExpressionTimezone is not valid.")
    roles = iam_backends[self.account_id][get_partition(self.region_name)].roles.values()
    if values["target"]["RoleArn"] not in {role.arn for role in roles}:
        text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise ApiError("ValidationException", text)


def _create_schedule(original: Any) -> Any:
    def create_schedule(self: Backend, **values: Any) -> Any:
        """CreateSchedule: refuses what AWS refuses."""
        self.get_schedule_group(values["group_name"])
        _check(self, values)
        return original(self, **values)

    return create_schedule


def _update_schedule(original: Any) -> Any:
    def update_schedule(self: Backend, **values: Any) -> Any:
        """UpdateSchedule: sets back what is left out."""
        self.get_schedule(values["group_name"], values["name"])
        _check(self, values)
        return original(self, **values | {"state": values["state"] or "ENABLED"})

    return update_schedule


def _create_group(original: Any) -> Any:
    def create_schedule_group(self: Backend, name: str, tags: list[dict[str, str]]) -> Any:
        """CreateScheduleGroup: names are unique."""
        if name in self.schedule_groups:
            raise ApiError("ConflictException", f"Schedule group {name} already exists.", 409)
        return original(self, name, tags or [])

    return create_schedule_group


def _delete_group(original: Any) -> Any:
    def delete_schedule_group(self: Backend, name: str) -> None:
        """DeleteScheduleGroup: with its schedules and tags; the default group stays."""
        if name == "default":
            raise ApiError("ValidationException", "The default schedule group cannot be deleted.")
        self.tagger.delete_all_tags_for_resource(self.get_schedule_group(name).arn)
        original(self, name)

    return delete_schedule_group


def list_schedule_groups(self: Response) -> str:
    """ListScheduleGroups: in pages no larger than the account's."""
    limits = [settings.of(self.current_account).page_size, self._get_int_param("MaxResults"), 100]
    groups, token = self.scheduler_backend.list_schedule_groups(
        self._get_param("NamePrefix"),
        max_results=min(limit for limit in limits if limit),
        next_token=self._get_param("NextToken"),
    )
    return json.dumps({"ScheduleGroups": [group.to_dict() for group in groups], "NextToken": token})
