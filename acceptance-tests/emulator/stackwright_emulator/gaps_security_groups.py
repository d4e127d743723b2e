"""EC2 security groups: rules by id, descriptions of every kind of rule, and deletions that AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups as Response

from . import in_use
from .errors import ApiError

# Members of a rule in requests by rule id, and where moto keeps them.
_RANGES = {"CidrIpv4": "CidrIp", "CidrIpv6": "CidrIpv6"}


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    SecurityGroupRule.__eq__ = lambda self, other: _identity(self) == _identity(other)
    SecurityGroupRule.description = property(_description)
    SecurityGroupRule.group_owner_id = property(lambda self: self.owner_id)
    SecurityGroupRule.security_group_rule_arn = property(_arn)
    SecurityGroupBackend.modify_security_group_rules = modify_security_group_rules
    Response.create_security_group = create_security_group
    Response.delete_security_group = delete_security_group
    for direction in ("ingress", "egress"):
        _replace(f"authorize_security_group_{direction}", _authorize, direction)
        _replace(f"revoke_security_group_{direction}", _revoke, direction)
        _replace(f"update_security_group_rule_descriptions_{direction}", _describe, direction)


def _replace(name: str, operation: Callable[..., ActionResult], direction: str) -> None:
    original = getattr(Response, name)
    setattr(Response, name, lambda self: operation(self, direction, original))


def _identity(rule: SecurityGroupRule) -> tuple[Any, ...]:
    """What makes a rule the same rule for AWS: the description does not."""
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


def _description(rule: SecurityGroupRule) -> str | None:
    return rule.ip_range.get("Description") or rule.source_group.get("Description")


def _arn(rule: SecurityGroupRule) -> str:
    return f"arn:aws:ec2:{rule.ec2_backend.region_name}:{rule.owner_id}:security-group-rule/{rule.id}"


def create_security_group(self: Response) -> ActionResult:
    """CreateSecurityGroup: the answer has the tags."""
    self.error_on_dryrun()
    tags = self._parse_tag_specification().get("security-group", {})
    group = self.ec2_backend.create_security_group(
        self._get_param("GroupName"), self._get_param("Description"), vpc_id=self._get_param("VpcId"), tags=tags
    )
    shown = [{"Key": key, "Value": value} for key, value in tags.items()]
    return ActionResult({"GroupId": group.id, "SecurityGroupArn": group.arn, "Tags": shown})


def delete_security_group(self: Response) -> ActionResult:
    """DeleteSecurityGroup: not the default group, and none that something refers to."""
    self.error_on_dryrun()
    name = self._get_param("GroupId") or self._get_param("GroupName")
    group = _group(self, name)
    if group.name == "default":
        raise ApiError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    if in_use.users_of_group(self.ec2_backend, group.id):
        raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")
    self.ec2_backend.delete_security_group(group_id=group.id)
    return ActionResult({"Return": True, "GroupId": group.id})


def modify_security_group_rules(self: SecurityGroupBackend, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
    """ModifySecurityGroupRules for every kind of rule; a rule keeps its kind."""
    group = self.get_security_group_from_id(group_id)
    if group is None:
        raise ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    for rule_id, new in rules.items():
        rule = _rule(group, rule_id, "both")
        rule.ip_protocol = new.get("IpProtocol", rule.ip_protocol)
        everything = rule.ip_protocol == "-1"
        rule.from_port = None if everything else new.get("FromPort")
        rule.to_port = None if everything else new.get("ToPort")
        described = {"Description": new["Description"]} if new.get("Description") else {}
        for member, kept in _RANGES.items():
            if new.get(member):
                _keep_kind(rule_id, member, kept in rule.ip_range)
                rule.ip_range = {kept: new[member], **described}
        if new.get("ReferencedGroupId"):
            _keep_kind(rule_id, "ReferencedGroupId", bool(rule.source_group))
            rule.source_group = (
                rule.source_group | {"GroupId": new["ReferencedGroupId"], "Description": None} | described
            )
        if new.get("PrefixListId"):
            _keep_kind(rule_id, "PrefixListId", bool(rule.prefix_list_id))
            rule.prefix_list_id = new["PrefixListId"]


def _keep_kind(rule_id: str, member: str, same: bool) -> None:
    if not same:
        text = (
            f"Invalid rule type for security group rule '{rule_id}'. You may not specify {member} for an existing rule "
            "of another type."
        )
        raise ApiError("InvalidParameterValue", text)


def _authorize(self: Response, direction: str, original: Callable[..., ActionResult]) -> ActionResult:
    """Authorize...: all rules or none, and all of them in the answer."""
    self.error_on_dryrun()
    authorize = getattr(self.ec2_backend, f"authorize_security_group_{direction}")
    orders = list(self._process_rules_from_querystring())
    group = _group(self, orders[0]["group_name_or_id"])
    before = list(_rules(group, direction))
    added: list[SecurityGroupRule] = []
    try:
        for order in orders:
            added += authorize(**order)[0]
    except Exception:
        setattr(group, f"{direction}_rules", before)
        raise
    return ActionResult({"Return": True, "SecurityGroupRules": added})


def _revoke(self: Response, direction: str, original: Callable[..., ActionResult]) -> ActionResult:
    """Revoke...: an unknown rule id has an error of its own."""
    ids = self._get_param("SecurityGroupRuleIds", [])
    if ids:
        group = _group(self, self._get_param("GroupId"))
        for rule_id in ids:
            _rule(group, rule_id, direction)
    return original(self)


def _describe(self: Response, direction: str, original: Callable[..., ActionResult]) -> ActionResult:
    """UpdateSecurityGroupRuleDescriptions...: also by rule id."""
    orders = self._get_param("SecurityGroupRuleDescriptions", [])
    if not orders:
        original(self)
        return ActionResult({"Return": True})
    group = _group(self, self._get_param("GroupId") or self._get_param("GroupName"))
    for order in orders:
        rule = _rule(group, order["SecurityGroupRuleId"], direction)
        place = rule.source_group if rule.source_group else rule.ip_range
        place["Description"] = order.get("Description")
    return ActionResult({"Return": True})


def _group(self: Response, name: str) -> SecurityGroup:
    group = self.ec2_backend.get_security_group_by_name_or_id(name or "")
    if group is None:
        raise ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    return group


def _rules(group: SecurityGroup, direction: str) -> list[SecurityGroupRule]:
    if direction == "both":
        return group.ingress_rules + group.egress_rules
    return getattr(group, f"{direction}_rules")


def _rule(group: SecurityGroup, rule_id: str, direction: str) -> SecurityGroupRule:
    for rule in _rules(group, direction):
        if rule.id == rule_id:
            return rule
    raise ApiError("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule_id}' does not exist")
