"""The targets that ECS registers: the running tasks of services, in the target groups of their deployment.

Nothing is kept: a target is there while its task runs. Like everything of ECS here, health comes with being asked: a new
target is `initial` for so many DescribeTargetHealth answers.
"""

from __future__ import annotations

import hashlib
from typing import Any

from moto.ecs.models import ecs_backends

from . import settings

Target = dict[str, Any]

# What AWS says of every target of a group that no listener and no rule names.
NOT_IN_USE = {
    "State": "unused",
    "Reason": "Target.NotInUse",
    "Description": "Target group is not configured to receive traffic from the load balancer",
}


def registered(account: str, region: str, group: str) -> list[Target]:
    """The tasks that run and are registered in a target group, with the port they were registered with."""
    return [
        {"Id": _address(task["taskArn"]), "Port": item["containerPort"], "Task": task}
        for service in ecs_backends[account][region].services.values()
        for rollout in getattr(service, "rollouts", [])
        for item in rollout.settings.get("loadBalancers") or []
        if item.get("targetGroupArn") == group
        for task in service.tasks
        if task["lastStatus"] == "RUNNING" and task["startedBy"] == rollout.id
    ]


def health(account: str, region: str, group: str, in_use: bool) -> list[Target]:
    """What DescribeTargetHealth says of them; being asked makes those of a group in use older."""
    return [
        {
            "Target": {"Id": target["Id"], "Port": target["Port"]},
            "TargetHealth": _state(account, group, target["Task"]) if in_use else NOT_IN_USE,
        }
        for target in registered(account, region, group)
    ]


def _state(account: str, group: str, task: dict[str, Any]) -> dict[str, str]:
    asked = task.setdefault("_asked_by", {})
    asked[group] = asked.get(group, 0) + 1
    young = asked[group] <= settings.of(account).target_describes
    return {"State": "initial", "Reason": "Elb.RegistrationInProgress"} if young else {"State": "healthy"}


def _address(arn: str) -> str:
    digest = hashlib.sha256(arn.encode()).digest()
    return f"172.31.{digest[0]}.{digest[1]}"
