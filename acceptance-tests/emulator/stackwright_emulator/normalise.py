"""Dumps that compare: two runs which reached the same end give the same bytes.

Generated ids become labels made of what a user chose (Name and Stackwright tags, names, address ranges), wherever they
occur; times, counters and addresses that AWS picks are left out; lists without a meaningful order are sorted.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

_TAGS = ("Tags", "tags", "TagList")

# Values that AWS picks or counts, and that no configuration decides.
_VOLATILE = {
    "AssociationId",
    "AvailableIpAddressCount",
    "CreatorRequestId",
    "DhcpOptionsId",
    "DnsEntries",
    "DnsName",
    "DNSName",
    "DbiResourceId",
    "LastModifiedUser",
    "NetworkInterfaceId",
    "NetworkInterfaceOwnerId",
    "PolicyId",
    "PrivateIp",
    "PrivateIpAddress",
    "PublicIp",
    "RoleId",
    "RoleLastUsed",
    "ScalableTargetARN",
    "RouteTableAssociationId",
    "StateReason",
    "StateReasonData",
    "StateValue",
    "Version",
    "VersionId",
    "DefaultVersionId",
    "activeServicesCount",
    "createdBy",
    "creationTime",
    "deployments",
    "events",
    "pendingCount",
    "pendingTasksCount",
    "registeredBy",
    "revision",
    "runningCount",
    "runningTasksCount",
    "storedBytes",
}
# Parts of a kind that another kind shows better.
_SHOWN_ELSEWHERE = {
    "security_groups": {"IpPermissions", "IpPermissionsEgress"},
    "namespaces": {"HostedZoneId"},
    "load_balancers": {"State"},
    "queues": {"CreatedTimestamp", "LastModifiedTimestamp"},
    "scaling_policies": {"Alarms"},
    "db_instances": {"DBInstanceStatus", "PendingModifiedValues"},
}

# Lists whose order means something, and documents that are not AWS's to reorder.
_ORDERED = {
    "containerDefinitions",
    "command",
    "entryPoint",
    "AssumeRolePolicyDocument",
    "PolicyDocument",
    "InlinePolicies",
    "Metrics",
}

# Load balancers and target groups as metrics name them: the end of the ARN.
_METRIC_NAME = re.compile(r"\b(app|targetgroup)/([A-Za-z0-9-]+)/[0-9a-f]{16}\b")
_GENERATED = re.compile(
    r"\b(vpc-cidr-assoc|subnet-cidr-assoc|rtbassoc|eipassoc|eipalloc|subnet|sgr|sg|vpce|vpc|igw|eigw|nat|rtb|eni|acl|"
    r"dopt|pl|fl)-[0-9a-f]{8,17}\b"
)
_REVISION = re.compile(r"(:task-definition/)([\w-]+):(\d+)")


@dataclass
class _Kind:
    """How objects of a kind are called: by a generated id that gets a label, or by their own name."""

    label: str
    id_member: str
    name: Callable[[Object], str] = field(default=lambda item: "")
    generated: bool = True


def _named(label: str, member: str) -> _Kind:
    return _Kind(label, member, lambda item: str(item[member]), generated=False)


def _rule_name(rule: Object) -> str:
    """The condition of a security group rule."""
    peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or "group"
    direction = "egress" if rule["IsEgress"] else "ingress"
    return f"{direction}-{rule['IpProtocol']}-{rule.get('FromPort')}-{rule.get('ToPort')}-{peer}"


def _series_name(detector: Object) -> str:
    """The series that a detector learns: it has no other name."""
    one = detector["SingleMetricAnomalyDetector"]
    pairs = ",".join(f"{pair['Name']}={pair['Value']}" for pair in one.get("Dimensions", []))
    return f"{one['Namespace']} {one['MetricName']} {pairs} {one['Stat']}"


_KINDS = {
    "vpcs": _Kind("vpc", "VpcId", lambda item: "default" if item.get("IsDefault") else item["CidrBlock"]),
    "subnets": _Kind("subnet", "SubnetId", lambda item: item.get("CidrBlock", "")),
    "internet_gateways": _Kind("igw", "InternetGatewayId"),
    "egress_only_internet_gateways": _Kind("eigw", "EgressOnlyInternetGatewayId"),
    "nat_gateways": _Kind("nat", "NatGatewayId"),
    "addresses": _Kind("eip", "AllocationId"),
    "route_tables": _Kind("rtb", "RouteTableId"),
    "vpc_endpoints": _Kind("vpce", "VpcEndpointId", lambda item: item["ServiceName"]),
    "security_groups": _Kind("sg", "GroupId", lambda item: item["GroupName"]),
    "security_group_rules": _Kind("sgr", "SecurityGroupRuleId", _rule_name),
    "flow_logs": _Kind("fl", "FlowLogId"),
    "load_balancers": _Kind("lb", "LoadBalancerArn", lambda item: item["LoadBalancerName"]),
    "target_groups": _Kind("tg", "TargetGroupArn", lambda item: item["TargetGroupName"]),
    "listeners": _Kind("listener", "ListenerArn", lambda item: str(item.get("Port"))),
    "listener_rules": _Kind("rule", "RuleArn", lambda item: str(item.get("Priority"))),
    "clusters": _named("cluster", "clusterName"),
    "services": _named("service", "serviceArn"),
    "task_definitions": _named("task-definition", "taskDefinitionArn"),
    "scalable_targets": _Kind(
        "target", "ResourceId", lambda item: f"{item['ResourceId']} {item['ScalableDimension']}", generated=False
    ),
    "scaling_policies": _Kind("scaling-policy", "PolicyARN", lambda item: item["PolicyName"]),
    "roles": _named("role", "Arn"),
    "policies": _named("policy", "Arn"),
    "log_groups": _named("log-group", "logGroupName"),
    "parameters": _named("parameter", "Name"),
    "anomaly_detectors": _Kind("detector", "MetricName", _series_name, generated=False),
    "metric_filters": _Kind(
        "filter", "filterName", lambda item: f"{item['logGroupName']} {item['filterName']}", generated=False
    ),
    "metric_alarms": _named("alarm", "AlarmName"),
    "composite_alarms": _named("alarm", "AlarmName"),
    "repositories": _named("repository", "repositoryName"),
    "event_rules": _named("event-rule", "Name"),
    "schedule_groups": _named("schedule-group", "Name"),
    "schedules": _named("schedule", "Arn"),
    "queues": _named("queue", "Name"),
    "namespaces": _Kind("namespace", "Id", lambda item: item["Name"]),
    "namespace_services": _Kind("namespace-service", "Id", lambda item: item["Name"]),
    "namespace_instances": _Kind(
        "namespace-instance", "Id", lambda item: f"{item['ServiceId']} {item['Id']}", generated=False
    ),
    "certificates": _Kind("certificate", "CertificateArn", lambda item: item["DomainName"]),
    "hosted_zones": _Kind("zone", "ZoneId", lambda item: item["Name"]),
    "db_instances": _named("database", "DBInstanceIdentifier"),
    "db_subnet_groups": _named("db-subnet-group", "DBSubnetGroupName"),
    "db_parameter_groups": _named("db-parameter-group", "DBParameterGroupName"),
    "db_snapshots": _Kind("db-snapshot", "DBSnapshotIdentifier", lambda item: item["DBInstanceIdentifier"]),
    "secrets": _Kind("secret", "ARN", lambda item: item["Name"]),
    "dns_records": _Kind("record", "Record", lambda item: f"{item['ZoneId']} {item['Record']}", generated=False),
}


def tag_map(tags: Any) -> dict[str, str]:
    """AWS's lists of keys and values, in either spelling, as a dictionary."""
    if isinstance(tags, dict):
        return tags
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags or []}


class Normaliser:
    """Normalises one dump."""

    def __init__(self, account: str, kinds: dict[str, list[Object]]):
        self._account = re.compile(rf"\b{account}\b")
        self._kinds = {kind: [_stripped(kind, item) for item in items] for kind, items in kinds.items()}
        self._ipv6 = _ipv6_blocks(kinds.get("vpcs", []))
        self._revisions = _revision_labels(kinds.get("task_definitions", []))
        self._labels: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def run(self) -> dict[str, dict[str, Object]]:
        """The dump by kind and label."""
        self._make_labels()
        result: dict[str, dict[str, Object]] = {}
        for kind, items in self._kinds.items():
            how = _KINDS[kind]
            named = {}
            for item in items:
                shown = self._rewritten(item)
                label = self._labels[item[how.id_member]] if how.generated else self._text(how.name(item))
                named[label] = shown
            result[kind] = named
        return result

    def _make_labels(self) -> None:
        """Labels every generated id; equal names are told apart by content, which may itself contain labels."""
        objects = [
            (item[how.id_member], f"{how.label}:{_chosen_name(item) or how.name(item)}", item)
            for kind, how in _KINDS.items()
            if how.generated
            for item in self._kinds.get(kind, [])
        ]
        by_base: dict[str, list[str]] = defaultdict(list)
        for id_, base, _ in objects:
            by_base[base].append(id_)
        self._labels = {id_: base for id_, base, _ in objects}
        alike = [(id_, item) for id_, base, item in objects if len(by_base[base]) > 1]
        for _ in range(3 if alike else 0):
            self._compile()
            contents = {id_: self._content(id_, item) for id_, item in alike}
            self._labels = {
                id_: base if len(ids) == 1 else f"{base}#{number}"
                for base, ids in by_base.items()
                for number, id_ in enumerate(sorted(ids, key=lambda id_: contents.get(id_, "")), 1)
            }
        self._compile()

    def _compile(self) -> None:
        ids = sorted(self._labels, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ids))) if ids else None

    def _content(self, id_: str, item: Object) -> str:
        """What distinguishes an object: itself, and who refers to it."""
        referrers = [
            json.dumps(self._rewritten(other), sort_keys=True)
            for items in self._kinds.values()
            for other in items
            if other is not item and id_ in json.dumps(other, default=str)
        ]
        return json.dumps([self._rewritten(item), sorted(referrers)], sort_keys=True)

    def _rewritten(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {
                self._text(name): self._rewritten(item, key if key in _ORDERED else name)
                for name, item in value.items()
            }
        if isinstance(value, list):
            items = [
                self._rewritten(item, key if key in _ORDERED and key not in ("containerDefinitions",) else "")
                for item in value
            ]
            return items if key in _ORDERED else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._labels[match[0]], text)
        text = _GENERATED.sub(lambda match: f"{match[1]}:unknown", text)
        text = _METRIC_NAME.sub(r"\1/\2", text)
        text = _REVISION.sub(self._revision, text)
        return self._account.sub("<account>", self._ipv6_text(text))

    def _revision(self, match: re.Match[str]) -> str:
        label = self._revisions.get((match[2], int(match[3])), "inactive")
        return f"{match[1]}{match[2]}:{label}"

    def _ipv6_text(self, text: str) -> str:
        try:
            network = ipaddress.IPv6Network(text)
        except ValueError:
            return text
        for block, vpc_id in self._ipv6:
            if network.subnet_of(block):
                index = (int(network.network_address) - int(block.network_address)) >> 64
                return f"ipv6({self._labels.get(vpc_id, vpc_id)})+{index}/{network.prefixlen}"
        return text


def _stripped(kind: str, item: Object) -> Object:
    """Without volatile members and times, and with tags as a dictionary."""
    hidden = _VOLATILE | _SHOWN_ELSEWHERE.get(kind, set())
    if kind == "services":
        primary = next(iter(item.get("deployments", [])), {})
        item = item | {"serviceConnectConfiguration": primary.get("serviceConnectConfiguration")}
    return {
        key: tag_map(value) if key in _TAGS else _without_volatile(value, hidden, key)
        for key, value in item.items()
        if key not in hidden and value is not None and not isinstance(value, datetime.datetime)
    }


def _without_volatile(value: Any, hidden: set[str], key: str) -> Any:
    if key in _ORDERED and key != "containerDefinitions" and key != "Metrics":
        # A user's own document: a policy's `Version` is not a counter.
        return value
    if isinstance(value, dict):
        return {
            name: _without_volatile(item, hidden, name)
            for name, item in value.items()
            if name not in hidden and item is not None and not isinstance(item, datetime.datetime)
        }
    if isinstance(value, list):
        return [_without_volatile(item, hidden, "") for item in value]
    return value


def _chosen_name(item: Object) -> str:
    """The name that a user or the provider gave by tags."""
    tags: dict[str, str] = next((item[key] for key in _TAGS if key in item), {})
    if tags.get("Name"):
        return tags["Name"]
    return "/".join(filter(None, (tags.get("stackwright:id"), tags.get("stackwright:component"))))


def _ipv6_blocks(vpcs: list[Object]) -> list[tuple[ipaddress.IPv6Network, str]]:
    return [
        (ipaddress.IPv6Network(association["Ipv6CidrBlock"]), vpc["VpcId"])
        for vpc in vpcs
        for association in vpc.get("Ipv6CidrBlockAssociationSet", [])
    ]


def _revision_labels(definitions: list[Object]) -> dict[tuple[str, int], str]:
    """Active revisions are numbered anew, so that the history of a family does not show."""
    by_family: dict[str, list[int]] = defaultdict(list)
    for definition in definitions:
        by_family[definition["family"]].append(definition["revision"])
    return {
        (family, revision): f"active-{number}"
        for family, revisions in by_family.items()
        for number, revision in enumerate(sorted(revisions), 1)
    }
