"""Target groups and listener rules: what belongs to a load balancer, health of ECS tasks, and what AWS refuses."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response as Response

from . import ecs_targets
from .errors import ApiError

Values = dict[str, Any]

_LAST_PRIORITY = 50000
_LARGEST_WEIGHT = 999


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    FakeTargetGroup.load_balancer_arns = property(_load_balancers, lambda self, value: None)
    Response.describe_target_health = _describe_target_health(Response.describe_target_health)
    ELBv2Backend.create_rule = _create_rule(ELBv2Backend.create_rule)
    ELBv2Backend.modify_rule = _modify_rule(ELBv2Backend.modify_rule)
    ELBv2Backend.delete_rule = _delete_rule(ELBv2Backend.delete_rule)
    ELBv2Backend.set_rule_priorities = set_rule_priorities
    ELBv2Backend.modify_target_group_attributes = _modify_attributes(ELBv2Backend.modify_target_group_attributes)


def _load_balancers(group: FakeTargetGroup) -> list[str]:
    """The load balancers whose listeners and rules name the group, each once; moto only ever adds to a list."""
    backend = elbv2_backends[group.account_id][group.region_name]
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(
            group.arn in backend._get_target_group_arns_from(action_data=action.data)
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            for action in rule.actions
        )
    ]


def _describe_target_health(original: Any) -> Any:
    def describe_target_health(self: Response) -> ActionResult:
        """DescribeTargetHealth: with the tasks of ECS services; a group that gets no traffic has no healthy target."""
        answer = original(self)
        backend = self.elbv2_backend
        group = backend.target_groups[self._get_param("TargetGroupArn")]
        in_use = bool(group.load_balancer_arns)
        by_hand = answer.result["TargetHealthDescriptions"]
        for one in by_hand:
            if not in_use and one.instance_id in group.targets:
                one.status, one.reason, one.description = ecs_targets.NOT_IN_USE.values()
        if self._get_param("Targets", []):
            return answer
        tasks = ecs_targets.health(backend.account_id, backend.region_name, group.arn, in_use)
        return ActionResult({"TargetHealthDescriptions": [*by_hand, *tasks]})

    return describe_target_health


def _create_rule(original: Any) -> Any:
    def create_rule(
        self: ELBv2Backend, listener_arn: str, conditions: Any, priority: Any, actions: Any, tags: Any = None
    ) -> Any:
        """CreateRule: numbers in range, at least one condition."""
        if not 1 <= int(priority) <= _LAST_PRIORITY:
            raise ApiError("ValidationError", f"Priority '{priority}' must be between 1 and {_LAST_PRIORITY} inclusive")
        if not conditions:
            raise ApiError("ValidationError", "A condition must be specified")
        _check_weights(actions)
        _check_stickiness(self, actions)
        return original(self, listener_arn, conditions, int(priority), actions, tags)

    return create_rule


def _modify_rule(original: Any) -> Any:
    def modify_rule(self: ELBv2Backend, rule_arn: str, conditions: Any, actions: Any) -> Any:
        """ModifyRule: of a rule that is there."""
        _known(self, rule_arn)
        _check_weights(actions)
        _check_stickiness(self, actions)
        return original(self, rule_arn, conditions, actions)

    return modify_rule


def _check_weights(actions: list[Values]) -> None:
    for action in actions:
        for target in action.get("ForwardConfig", {}).get("TargetGroups", []):
            if not 0 <= int(target.get("Weight", 1)) <= _LARGEST_WEIGHT:
                raise ApiError("ValidationError", f"Weight must be between 0 and {_LARGEST_WEIGHT} inclusive")


def _check_stickiness(backend: ELBv2Backend, actions: list[Values]) -> None:
    for action in actions:
        config = action.get("ForwardConfig", {})
        groups = [backend.target_groups.get(target["TargetGroupArn"]) for target in config.get("TargetGroups", [])]
        sticky = any(group and group.attributes.get("stickiness.enabled") == "true" for group in groups)
        enabled = str(config.get("TargetGroupStickinessConfig", {}).get("Enabled")).lower() == "true"
        if len(groups) > 1 and sticky and not enabled:
            text = "You must enable group stickiness on the rule if you enabled target stickiness on one of its target groups"
            raise ApiError("InvalidLoadBalancerAction", text)


def _known(backend: ELBv2Backend, rule_arn: str) -> None:
    rules = (
        rule.arn
        for balancer in backend.load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    )
    if rule_arn not in rules:
        raise ApiError("RuleNotFound", f"One or more rules not found: {rule_arn}")


def _delete_rule(original: Any) -> Any:
    def delete_rule(self: ELBv2Backend, arn: str) -> None:
        """DeleteRule: one that is gone is an error."""
        _known(self, arn)
        original(self, arn)

    return delete_rule


def set_rule_priorities(self: ELBv2Backend, rule_priorities: list[Values]) -> list[Any]:
    """SetRulePriorities: all at once, so that rules can change places."""
    wanted = {pair["RuleArn"]: int(pair["Priority"]) for pair in rule_priorities}
    rules = []
    for arn in wanted:
        _known(self, arn)
        rules += self.describe_rules(listener_arn=None, rule_arns=[arn])
    for rule in rules:
        listener = self.describe_listeners(None, [rule.listener_arn])[0]
        others = {one.priority for one in listener.rules.values() if one.arn not in wanted}
        if wanted[rule.arn] in others or list(wanted.values()).count(wanted[rule.arn]) > 1:
            raise ApiError("PriorityInUse", "The specified priority is in use.")
    for rule in rules:
        rule.priority = wanted[rule.arn]
    return rules


def _modify_attributes(original: Any) -> Any:
    def modify_target_group_attributes(self: ELBv2Backend, target_group_arn: str, attributes: dict[str, str]) -> None:
        """ModifyTargetGroupAttributes: an hour is allowed too."""
        delay = "deregistration_delay.timeout_seconds"
        whole_hour = attributes.get(delay) == "3600"
        original(self, target_group_arn, {k: v for k, v in attributes.items() if not (whole_hour and k == delay)})
        if whole_hour:
            self.target_groups[target_group_arn].attributes[delay] = "3600"

    return modify_target_group_attributes
