"""What a call asks of IAM: each action that AWS checks for it, on each resource, with the keys that a policy can test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from . import authorization, resource_tags
from .accounts import Caller
from .authorization import Action, ResourceType
from .call import Call
from .policies import Request

# IAM's names of the services that boto3 names otherwise.
_SERVICES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag", "ses": "email"}

# Operations whose action has another name.
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}


@dataclass(frozen=True)
class Param:
    """One value of a call. `name` is the last word of its path: `Tags.member.1.Key` has the name `Key`."""

    path: str
    name: str
    value: str


def of(call: Call, caller: Caller) -> Iterator[Request]:
    """All requests that have to be allowed, in the order in which AWS checks them."""
    asked = _Asked(call, caller)
    name = f"{asked.service}:{call.action}"
    yield from asked.requests(_ACTIONS.get(name, name))
    yield from asked.passed_roles()
    yield from asked.tags_of_new()
    yield from asked.scaling()


class _Asked:
    def __init__(self, call: Call, caller: Caller):
        self.service = _SERVICES.get(call.service, call.service)
        self._call = call
        self._caller = caller
        self._params = list(_params(call.params))
        self._tags = dict(_request_tags(self._params, call.params))
        self._keys = [param.value for param in self._params if _TAG_KEYS.search(param.path)] or list(self._tags)

    def requests(self, name: str) -> Iterator[Request]:
        """One request for each resource; `*` of what no policy can name."""
        action = authorization.action(name)
        if action is None:
            raise LookupError(f"{name} is no action that AWS publishes")
        found = list(self._resources(action))
        for resource_type, arn in found or [(None, "*")]:
            yield Request(name, arn, action.known(self._context(arn), resource_type))

    def passed_roles(self) -> Iterator[Request]:
        """A role that is given to a service needs `iam:PassRole`."""
        service = _PASSED_TO.get((self._call.service, self._call.action))
        if service is None:
            return
        for param in self._params:
            if _ROLE_ARN.match(param.value):
                keys = {"iam:passedtoservice": [service]} | self._context(param.value)
                action = authorization.action("iam:PassRole")
                yield Request("iam:PassRole", param.value, action.known(keys, action.types[0]))

    def tags_of_new(self) -> Iterator[Request]:
        """Tags that are given in a create need the action that tags, too."""
        named = _TAGGING.get(self._call.service)
        if named is None or not self._tags or not _CREATES.match(self._call.action):
            return
        name, key = named
        if name == f"{self.service}:{self._call.action}":
            return
        for request in self._of_new(name):
            context = dict(request.context) | ({key: [self._call.action]} if key else {})
            yield Request(name, request.resource, context)

    def _of_new(self, tagging: str) -> Iterator[Request]:
        """The requests to tag what the call makes, which has the ARN that the create is judged for."""
        create = authorization.action(f"{self.service}:{self._call.action}")
        action = authorization.action(tagging)
        for resource_type, arn in self._resources(create):
            tagged = next((known for known in action.types if known.name == resource_type.name), None)
            if tagged is None and action.types:
                continue
            if not create.supports("aws:requesttag/", resource_type):
                continue
            yield Request(tagging, arn if action.types else "*", action.known(self._context(arn), tagged))

    def scaling(self) -> Iterator[Request]:
        """Application Auto Scaling asks whether the caller might do itself what it is told to do.

        Source: "Application Auto Scaling: permissions validation for API calls on target resources".
        """
        if self._call.service != "application-autoscaling" or not _WRITES_SCALING.match(self._call.action):
            return
        if self._call.params.get("ServiceNamespace") != "ecs":
            return
        names = ["ecs:DescribeServices", "ecs:UpdateService"]
        if self._call.action == "PutScalingPolicy":
            names += ["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
        if self._call.action in ("DeleteScalingPolicy", "DeregisterScalableTarget"):
            names += ["cloudwatch:DeleteAlarms"]
        for name in names:
            yield Request(name, "*", self._global())

    def _resources(self, action: Action) -> Iterator[tuple[ResourceType, str]]:
        found = [(known, arn) for known in action.types for arn in self._arns(action, known)]
        # A narrower type wins: `listener-rule/app` over a `loadbalancer` whose form its ARN has, too.
        seen: set[str] = set()
        for known, arn in sorted(found, key=lambda pair: -len(pair[0].arn)):
            if arn not in seen:
                seen.add(arn)
                yield known, arn

    def _arns(self, action: Action, known: ResourceType) -> list[str]:
        service = action.name.split(":")[0]
        given = [param.value for param in self._params if known.form.fullmatch(param.value)]
        if service == "ec2":
            # What a rule lets in is no object of the call.
            named = [param.value for param in self._params if not param.path.startswith("IpPermissions.")]
            ids = [part for value in named for part in (value, *self._associated(value))]
            given += [self._filled(known, [one]) for one in ids if _is_id_of(known, one)]
        given += self._named(service, known)
        if given or not known.required or _is_left_out(service, action, known):
            return given
        others = [param.value for param in self._params if param.value.startswith(f"arn:aws:{service}:")]
        return others or [self._filled(known, ["*"] * len(known.placeholders))]

    def _associated(self, value: str) -> list[str]:
        """What the association is one of: its own id names no resource."""
        backend = ec2_backends[self._call.account][self._call.region]
        if value.startswith("rtbassoc-"):
            held = [(table.id, table._associations) for table in backend.route_tables.values()]
            return [text for table, targets in held if value in targets for text in (table, targets[value])]
        if value.startswith("vpc-cidr-assoc-"):
            return [vpc.id for vpc in backend.vpcs.values() if value in vpc._cidr_block_association_set]
        if value.startswith("subnet-cidr-assoc-"):
            subnets = (subnet for zone in backend.subnets.values() for subnet in zone.values())
            return [subnet.id for subnet in subnets if value in subnet.ipv6_cidr_block_associations]
        return []

    def _named(self, service: str, known: ResourceType) -> list[str]:
        """ARNs of what the call names by its name."""
        if service == "iam":
            return self._identities(known)
        names = _NAMES.get((service, known.name))
        if names is None:
            return []
        parts: list[list[str]] = []
        for alternatives, default in names:
            values = [param.value for param in self._params if param.name in alternatives]
            plain = [_short(service, value) for value in values if not known.form.fullmatch(value)]
            parts.append(plain or ([default] if default and known.required and not values else []))
        if not all(parts):
            return []
        return [self._filled(known, [*(part[0] for part in parts[:-1]), last]) for last in parts[-1]]

    def _identities(self, known: ResourceType) -> list[str]:
        """A role, policy or user has its path in its ARN: the one that it has, or gets."""
        parameter = {"role": "RoleName", "policy": "PolicyName", "user": "UserName"}.get(known.name)
        backend = iam_backends[self._call.account]["aws"]
        existing = {"role": backend.roles, "user": backend.users}.get(known.name, {})
        path = self._call.params.get("Path", "/").strip("/")
        arns = []
        for name in (param.value for param in self._params if param.name == parameter):
            found = next((one.arn for one in existing.values() if one.name == name), None)
            arns.append(found or self._filled(known, [f"{path}/{name}".lstrip("/")]))
        return arns

    def _filled(self, known: ResourceType, values: list[str]) -> str:
        places = {"Partition": "aws", "Region": self._call.region, "Account": self._call.account}
        rest = iter(values)
        return re.sub(r"\$\{([^}]*)\}", lambda match: places.get(match[1]) or next(rest, "*"), known.arn)

    def _context(self, arn: str) -> dict[str, list[str]]:
        context = self._global()
        context |= {f"aws:requesttag/{key.lower()}": [value] for key, value in self._tags.items()}
        if self._keys:
            context["aws:tagkeys"] = self._keys
        tags = resource_tags.of(self._call.account, self._call.region, arn) if arn.startswith("arn:") else {}
        prefixes = ("aws", self.service)
        context |= {f"{prefix}:resourcetag/{key.lower()}": [tags[key]] for key in tags for prefix in prefixes}
        for param in self._params:
            key = _KEYS.get((self._call.service, param.name))
            if key:
                context.setdefault(key, []).append(param.value)
        return context

    def _global(self) -> dict[str, list[str]]:
        caller = self._caller
        context = {
            "aws:principalaccount": [caller.account],
            "aws:principalarn": [caller.role_arn or caller.arn],
            "aws:principaltype": ["AssumedRole" if caller.role_arn else "User"],
            "aws:requestedregion": ["us-east-1" if self._call.service in _GLOBAL else self._call.region],
            "aws:resourceaccount": [self._call.account],
            "aws:securetransport": ["true"],
            "aws:userid": [caller.user_id],
            "aws:viaawsservice": ["false"],
        }
        if caller.role_arn:
            context["aws:multifactorauthpresent"] = [str(caller.mfa).lower()]
        else:
            context["aws:username"] = [caller.arn.rsplit("/", 1)[-1]]
        return context


_GLOBAL = {"iam", "route53", "organizations"}
_TAG_KEYS = re.compile(r"(?i)(^|\.)(tagkeys|tagkeylist)(\.|$)")
_CREATES = re.compile(r"Create|Run|Allocate|Put|Request|Restore|Register|Start")
_ROLE_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:role/")
_WRITES_SCALING = re.compile(r"(Register|Put|Delete|Deregister)")

# Who assumes the role that a call gives away.
_PASSED_TO = {
    ("ecs", "RegisterTaskDefinition"): "ecs-tasks.amazonaws.com",
    ("ecs", "CreateService"): "ecs.amazonaws.com",
    ("ecs", "UpdateService"): "ecs.amazonaws.com",
    ("scheduler", "CreateSchedule"): "scheduler.amazonaws.com",
    ("scheduler", "UpdateSchedule"): "scheduler.amazonaws.com",
    ("ec2", "CreateFlowLogs"): "vpc-flow-logs.amazonaws.com",
    ("events", "PutTargets"): "events.amazonaws.com",
    ("rds", "CreateDBInstance"): "monitoring.rds.amazonaws.com",
    ("rds", "ModifyDBInstance"): "monitoring.rds.amazonaws.com",
}

# The action that tags, and the key that says by which create.
_TAGGING = {
    "acm": ("acm:AddTagsToCertificate", None),
    "cloudwatch": ("cloudwatch:TagResource", None),
    "ec2": ("ec2:CreateTags", "ec2:createaction"),
    "ecs": ("ecs:TagResource", "ecs:createaction"),
    "elbv2": ("elasticloadbalancing:AddTags", "elasticloadbalancing:createaction"),
    "events": ("events:TagResource", None),
    "iam": ("iam:TagRole", None),
    "logs": ("logs:TagResource", None),
    "rds": ("rds:AddTagsToResource", None),
    "scheduler": ("scheduler:TagResource", None),
    "secretsmanager": ("secretsmanager:TagResource", None),
    "servicediscovery": ("servicediscovery:TagResource", None),
    "sqs": ("sqs:TagQueue", None),
}

# The parameters that name a resource where the call gives no ARN, in the order of the ARN's parts, with what AWS takes
# when the parameter is left out.
_NAMES: dict[tuple[str, str], list[tuple[tuple[str, ...], str | None]]] = {
    ("application-autoscaling", "ScalableTarget"): [(("ResourceId",), "*")],
    ("cloudwatch", "alarm"): [(("AlarmName", "AlarmNames"), None)],
    ("ecs", "cluster"): [(("cluster", "clusterName", "clusters"), "default")],
    ("ecs", "service"): [(("cluster",), "default"), (("service", "serviceName", "services"), None)],
    ("ecs", "task"): [(("cluster",), "default"), (("task", "tasks"), None)],
    ("ecs", "task-definition"): [(("family",), None), ((), "*")],
    ("elasticloadbalancing", "targetgroup"): [(("Name",), None), ((), "*")],
    ("elasticloadbalancing", "loadbalancer/app/"): [(("Name",), None), ((), "*")],
    ("events", "rule-on-default-event-bus"): [(("Name", "Rule"), None)],
    ("logs", "log-group"): [(("logGroupName", "logGroupNamePrefix"), None)],
    ("logs", "log-stream"): [(("logGroupName",), None), (("logStreamName",), None)],
    ("rds", "db"): [(("DBInstanceIdentifier", "SourceDBInstanceIdentifier", "TargetDBInstanceIdentifier"), None)],
    ("rds", "pg"): [(("DBParameterGroupName",), None)],
    ("rds", "snapshot"): [(("DBSnapshotIdentifier",), None)],
    ("rds", "subgrp"): [(("DBSubnetGroupName",), None)],
    ("route53", "change"): [(("Id",), None)],
    ("route53", "hostedzone"): [(("Id", "HostedZoneId"), None)],
    ("scheduler", "schedule"): [(("GroupName", "groupName"), "default"), (("Name", "name"), None)],
    ("scheduler", "schedule-group"): [(("Name", "name", "GroupName"), None)],
    ("secretsmanager", "Secret"): [(("Name", "SecretId"), None)],
    ("servicediscovery", "namespace"): [(("NamespaceId", "Id"), None)],
    ("servicediscovery", "service"): [(("ServiceId", "Id"), None)],
    ("sqs", "queue"): [(("QueueName", "QueueUrl"), None)],
    ("ssm", "parameter"): [(("Name", "Names", "Path", "ResourceId"), None)],
    ("s3", "bucket"): [(("Bucket",), None)],
}

# Keys that carry a parameter.
_KEYS = {
    ("iam", "PolicyArn"): "iam:policyarn",
    ("iam", "PermissionsBoundary"): "iam:permissionsboundary",
    ("iam", "AWSServiceName"): "iam:awsservicename",
    ("ecs", "cluster"): "ecs:cluster",
    ("secretsmanager", "Name"): "secretsmanager:name",
    ("servicediscovery", "NamespaceId"): "servicediscovery:namespacearn",
}


def _short(service: str, value: str) -> str:
    """The name in an ARN, a URL or a path."""
    if service == "ssm":
        return value.lstrip("/")
    if value.startswith(("arn:", "https://", "http://")):
        return value.rsplit("/", 1)[-1]
    return value.removeprefix("/hostedzone/").removeprefix("/change/") if service == "route53" else value


# The prefixes of EC2's ids, where the type has another name.
_PREFIXES = {
    "egress-only-internet-gateway": "eigw",
    "elastic-ip": "eipalloc",
    "internet-gateway": "igw",
    "natgateway": "nat",
    "network-interface": "eni",
    "route-table": "rtb",
    "security-group": "sg",
    "security-group-rule": "sgr",
    "vpc-endpoint": "vpce",
    "vpc-flow-log": "fl",
}


def _is_id_of(known: ResourceType, value: str) -> bool:
    prefix = _PREFIXES.get(known.name, known.name)
    return re.fullmatch(rf"{prefix}-[0-9a-f]+", value) is not None


def _is_left_out(service: str, action: Action, known: ResourceType) -> bool:
    """Whether the data marks as required what a call may well be without.

    Of load balancers it marks every kind; of databases every group, also one that RDS chooses.
    """
    if service == "rds":
        return len(action.types) > 1 and known.name != "db"
    return known.name.endswith(("/net", "/gwy"))


def _params(value: Any, path: tuple[str, ...] = ()) -> Iterator[Param]:
    """Every value with its path, of JSON and of the flat names of the query protocols alike."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _params(inner, (*path, *str(key).split(".")))
    elif isinstance(value, list):
        for index, inner in enumerate(value, 1):
            yield from _params(inner, (*path, str(index)))
    elif value is not None:
        words = [word for word in path if not word.isdigit() and word != "member"]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield Param(".".join(path), words[-1] if words else "", text)


def _request_tags(params: list[Param], whole: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The tags that a call gives: a list of `Key` and `Value`, or a map."""
    values = {param.path: param.value for param in params}
    for param in params:
        place, _, last = param.path.rpartition(".")
        if last in ("Key", "key", "TagKey") and "tag" in place.lower():
            yield param.value, _value(values, place)
    for name in ("tags", "Tags"):
        if isinstance(whole.get(name), dict):
            yield from ((key, str(value)) for key, value in whole[name].items())


def _value(values: dict[str, str], place: str) -> str:
    return next((values[f"{place}.{name}"] for name in ("Value", "value", "TagValue") if f"{place}.{name}" in values), "")
