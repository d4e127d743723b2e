"""What every route leads to, after each call that can change it: whether requests would have been answered all the time."""

from __future__ import annotations

import json
import threading
from typing import Any

from moto.elbv2.models import elbv2_backends

from . import ecs_targets, settings
from .call import Call

Sight = dict[str, Any]

# The services whose calls move routes or tasks. Being asked moves tasks, too.
_SERVICES = ("ecs", "elbv2")


class RouteWatch:
    """The routes of each account: a new sight whenever one of them changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sights: dict[str, list[Sight]] = {}
        # Target groups that were found healthy and have had tasks ever since: ECS replaces these without an outage.
        self._proved: set[str] = set()

    def look(self, call: Call) -> None:
        """Looks at the routes of the caller's account."""
        if call.service not in _SERVICES:
            return
        with self._lock:
            routes = self._routes(call.account, call.region)
            sights = self._sights.setdefault(call.account, [])
            if not sights or sights[-1]["routes"] != routes:
                sights.append({"after": call.action, "routes": routes})

    def list(self, account: str | None) -> list[Sight]:
        """The sights of one account, or all."""
        with self._lock:
            return [sight for key, sights in self._sights.items() if account in (None, key) for sight in sights]

    def clear(self, account: str | None) -> None:
        """Forgets the sights of one account, or all."""
        with self._lock:
            for key in [key for key in self._sights if account in (None, key)]:
                del self._sights[key]

    def _routes(self, account: str, region: str) -> list[Sight]:
        """Every rule with conditions, and whether all its requests are answered."""
        return [
            {
                "listener": listener.arn,
                "conditions": json.dumps(rule.conditions, sort_keys=True),
                "healthy": self._answered(account, region, rule),
            }
            for balancer in list(elbv2_backends[account][region].load_balancers.values())
            for listener in list(balancer.listeners.values())
            for rule in list(listener.rules.values())
            if rule.conditions
        ]

    def _answered(self, account: str, region: str, rule: Any) -> bool:
        groups = [group for action in rule.actions for group in _groups(action.data)]
        return bool(groups) and all([self._answers(account, region, group) for group in groups])

    def _answers(self, account: str, region: str, group: str) -> bool:
        tasks = [target["Task"] for target in ecs_targets.registered(account, region, group)]
        least = settings.of(account).target_describes
        if any(task.get("_asked_by", {}).get(group, 0) >= least for task in tasks):
            self._proved.add(group)
        if not tasks:
            self._proved.discard(group)
        return group in self._proved


def _groups(action: dict[str, Any]) -> list[str]:
    """The target groups that get requests: a weight of nothing is no request."""
    weighted = action.get("ForwardConfig", {}).get("TargetGroups", [])
    named = [group["TargetGroupArn"] for group in weighted if len(weighted) == 1 or int(group.get("Weight", 1)) > 0]
    return named or [arn for arn in [action.get("TargetGroupArn")] if arn]

