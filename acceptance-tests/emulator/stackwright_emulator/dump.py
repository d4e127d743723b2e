"""The state of one account and region, collected as an AWS client sees it.

Asked through the API rather than read from moto's models, so that it shows exactly what a provider could have read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .normalise import Normaliser, tag_map
from .outside import Clients, as_json

Object = dict[str, Any]


@dataclass
class Dump:
    """Everything found, by kind."""

    account: str
    kinds: dict[str, list[Object]]

    def raw(self) -> dict[str, list[Object]]:
        """As AWS answered it."""
        return as_json(self.kinds)

    def normalised(self) -> dict[str, dict[str, Object]]:
        """Without anything that differs between two runs that reached the same end."""
        return Normaliser(self.account, self.kinds).run()


class Dumper:
    """Makes dumps."""

    def __init__(self, clients: Clients):
        self._clients = clients

    def collect(self, account: str, region: str) -> Dump:
        """Collects the account's state."""
        reader = _Reader(self._clients, account, region)
        with ThreadPoolExecutor(max_workers=4) as pool:
            found = dict(
                zip(_COLLECTORS, pool.map(lambda collector: list(collector(reader)), _COLLECTORS.values()), strict=True)
            )
        return Dump(account, found)


class _Reader:
    """Reads whole lists, whatever their paging."""

    def __init__(self, clients: Clients, account: str, region: str):
        self._clients = clients
        self._key = f"AKIA{account}DUMP"
        self._region = region

    def call(self, service: str, method: str, **params: Any) -> Object:
        """One call."""
        return getattr(self._clients.get(self._key, self._region, service, still=True), method)(**params)

    def all(self, service: str, method: str, member: str, **params: Any) -> list[Any]:
        """All items of a list."""
        client = self._clients.get(self._key, self._region, service, still=True)
        if not client.can_paginate(method):
            return getattr(client, method)(**params)[member]
        return [item for page in client.get_paginator(method).paginate(**params) for item in page.get(member, [])]

    def optional(self, service: str, method: str, member: str, **params: Any) -> Any:
        """One member of an answer, or None when AWS says that there is none."""
        try:
            return self.call(service, method, **params).get(member)
        except ClientError:
            return None


def _vpcs(reader: _Reader) -> Iterator[Object]:
    for vpc in reader.all("ec2", "describe_vpcs", "Vpcs"):
        for attribute in ("enableDnsSupport", "enableDnsHostnames"):
            member = attribute[0].upper() + attribute[1:]
            answer = reader.call("ec2", "describe_vpc_attribute", VpcId=vpc["VpcId"], Attribute=attribute)
            vpc[member] = answer[member]["Value"]
        # AWS goes on showing ranges that were taken away.
        ranges = vpc.get("Ipv6CidrBlockAssociationSet", [])
        vpc["Ipv6CidrBlockAssociationSet"] = [one for one in ranges if _is_there(one)]
        yield vpc


def _is_there(association: Object) -> bool:
    return association["Ipv6CidrBlockState"]["State"] in ("associating", "associated")


def _simple(service: str, method: str, member: str, **params: Any) -> Callable[[_Reader], Iterator[Object]]:
    def collect(reader: _Reader) -> Iterator[Object]:
        yield from reader.all(service, method, member, **params)

    return collect


def _alive(service: str, method: str, member: str, state: str) -> Callable[[_Reader], Iterator[Object]]:
    """A list in which AWS goes on showing deleted objects for a while."""

    def collect(reader: _Reader) -> Iterator[Object]:
        for item in reader.all(service, method, member):
            if item[state] not in ("deleted", "deleting"):
                yield item

    return collect


def _clusters(reader: _Reader) -> Iterator[Object]:
    arns = reader.all("ecs", "list_clusters", "clusterArns")
    if arns:
        include = ["TAGS", "SETTINGS", "CONFIGURATIONS"]
        yield from reader.call("ecs", "describe_clusters", clusters=arns, include=include)["clusters"]


def _services(reader: _Reader) -> Iterator[Object]:
    for cluster in reader.all("ecs", "list_clusters", "clusterArns"):
        arns = reader.all("ecs", "list_services", "serviceArns", cluster=cluster)
        for start in range(0, len(arns), 10):
            batch = arns[start : start + 10]
            answer = reader.call("ecs", "describe_services", cluster=cluster, services=batch, include=["TAGS"])
            yield from answer["services"]


def _task_definitions(reader: _Reader) -> Iterator[Object]:
    for arn in reader.all("ecs", "list_task_definitions", "taskDefinitionArns", status="ACTIVE"):
        answer = reader.call("ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"])
        yield answer["taskDefinition"] | {"tags": answer.get("tags", [])}


def _roles(reader: _Reader) -> Iterator[Object]:
    for listed in reader.all("iam", "list_roles", "Roles"):
        name = listed["RoleName"]
        role = reader.call("iam", "get_role", RoleName=name)["Role"]
        names = reader.all("iam", "list_role_policies", "PolicyNames", RoleName=name)
        role["InlinePolicies"] = {
            policy: reader.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in names
        }
        attached = reader.all("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        role["AttachedPolicies"] = [policy["PolicyArn"] for policy in attached]
        yield role


def _policies(reader: _Reader) -> Iterator[Object]:
    for policy in reader.all("iam", "list_policies", "Policies", Scope="Local"):
        version = policy["DefaultVersionId"]
        answer = reader.call("iam", "get_policy_version", PolicyArn=policy["Arn"], VersionId=version)
        tags = reader.all("iam", "list_policy_tags", "Tags", PolicyArn=policy["Arn"])
        yield policy | {"PolicyDocument": answer["PolicyVersion"]["Document"], "Tags": tags}


def _log_groups(reader: _Reader) -> Iterator[Object]:
    for group in reader.all("logs", "describe_log_groups", "logGroups"):
        arn = group["arn"].removesuffix(":*")
        yield group | {"tags": reader.call("logs", "list_tags_for_resource", resourceArn=arn)["tags"]}


def _parameters(reader: _Reader) -> Iterator[Object]:
    for parameter in reader.all("ssm", "describe_parameters", "Parameters"):
        name = parameter["Name"]
        value = reader.call("ssm", "get_parameter", Name=name, WithDecryption=True)["Parameter"]["Value"]
        tags = reader.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name)["TagList"]
        yield parameter | {"Value": value, "Tags": tags}


def _alarms(kind: str, member: str) -> Callable[[_Reader], Iterator[Object]]:
    def collect(reader: _Reader) -> Iterator[Object]:
        for alarm in reader.all("cloudwatch", "describe_alarms", member, AlarmTypes=[kind]):
            # Those of target tracking are AWS's own: they come and go with their policy, under random names.
            if alarm["AlarmName"].startswith("TargetTracking-"):
                continue
            tags = reader.call("cloudwatch", "list_tags_for_resource", ResourceARN=alarm["AlarmArn"])["Tags"]
            yield alarm | {"Tags": tags}

    return collect


def _namespaces(reader: _Reader) -> Iterator[Object]:
    for namespace in reader.all("servicediscovery", "list_namespaces", "Namespaces"):
        yield namespace | _cloud_map_tags(reader, namespace["Arn"])


def _cloud_map_services(reader: _Reader) -> Iterator[Object]:
    for listed in reader.all("servicediscovery", "list_services", "Services"):
        service = reader.call("servicediscovery", "get_service", Id=listed["Id"])["Service"]
        yield service | _cloud_map_tags(reader, service["Arn"])


def _cloud_map_instances(reader: _Reader) -> Iterator[Object]:
    for service in reader.all("servicediscovery", "list_services", "Services"):
        for instance in reader.all("servicediscovery", "list_instances", "Instances", ServiceId=service["Id"]):
            yield instance | {"ServiceId": service["Id"]}


def _cloud_map_tags(reader: _Reader, arn: str) -> Object:
    return {"Tags": reader.call("servicediscovery", "list_tags_for_resource", ResourceARN=arn)["Tags"]}


def _schedule_groups(reader: _Reader) -> Iterator[Object]:
    for group in reader.all("scheduler", "list_schedule_groups", "ScheduleGroups"):
        if group["Name"] != "default":
            tags = reader.call("scheduler", "list_tags_for_resource", ResourceArn=group["Arn"])["Tags"]
            yield group | {"Tags": tags}


def _schedules(reader: _Reader) -> Iterator[Object]:
    for listed in reader.all("scheduler", "list_schedules", "Schedules"):
        schedule = reader.call("scheduler", "get_schedule", GroupName=listed["GroupName"], Name=listed["Name"])
        schedule.pop("ResponseMetadata")
        yield schedule


def _event_rules(reader: _Reader) -> Iterator[Object]:
    for listed in reader.all("events", "list_rules", "Rules"):
        rule = reader.call("events", "describe_rule", Name=listed["Name"])
        rule.pop("ResponseMetadata")
        targets = reader.all("events", "list_targets_by_rule", "Targets", Rule=rule["Name"])
        tags = reader.call("events", "list_tags_for_resource", ResourceARN=rule["Arn"])["Tags"]
        yield rule | {"Targets": targets, "Tags": tags}


def _queues(reader: _Reader) -> Iterator[Object]:
    for url in reader.all("sqs", "list_queues", "QueueUrls"):
        attributes = reader.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        tags = reader.call("sqs", "list_queue_tags", QueueUrl=url).get("Tags", {})
        yield {"Name": url.rsplit("/", 1)[-1], "Attributes": attributes, "Tags": tags}


def _repositories(reader: _Reader) -> Iterator[Object]:
    for repository in reader.all("ecr", "describe_repositories", "repositories"):
        name, arn = repository["repositoryName"], repository["repositoryArn"]
        yield repository | {
            "lifecyclePolicy": reader.optional(
                "ecr", "get_lifecycle_policy", "lifecyclePolicyText", repositoryName=name
            ),
            "policy": reader.optional("ecr", "get_repository_policy", "policyText", repositoryName=name),
            "tags": reader.call("ecr", "list_tags_for_resource", resourceArn=arn)["tags"],
        }


def _elb(method: str, member: str, arn: str, attributes: str | None) -> Callable[[_Reader], Iterator[Object]]:
    def collect(reader: _Reader) -> Iterator[Object]:
        for item in reader.all("elbv2", method, member):
            yield _elb_details(reader, item, arn, attributes)

    return collect


def _elb_details(reader: _Reader, item: Object, arn: str, attributes: str | None) -> Object:
    described = reader.call("elbv2", "describe_tags", ResourceArns=[item[arn]])["TagDescriptions"]
    item["Tags"] = described[0]["Tags"] if described else []
    if attributes:
        found = reader.call("elbv2", attributes, **{arn: item[arn]})["Attributes"]
        item["Attributes"] = tag_map(found)
    return item


def _listeners(reader: _Reader) -> Iterator[Object]:
    for balancer in reader.all("elbv2", "describe_load_balancers", "LoadBalancers"):
        arn = balancer["LoadBalancerArn"]
        for listener in reader.all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
            arn = listener["ListenerArn"]
            further = reader.all("elbv2", "describe_listener_certificates", "Certificates", ListenerArn=arn)
            listener["FurtherCertificates"] = [one["CertificateArn"] for one in further if not one["IsDefault"]]
            yield _elb_details(reader, listener, "ListenerArn", None)


def _rules(reader: _Reader) -> Iterator[Object]:
    for listener in _listeners(reader):
        for rule in reader.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
            yield _elb_details(reader, rule, "RuleArn", None) | {"ListenerArn": listener["ListenerArn"]}


def _certificates(reader: _Reader) -> Iterator[Object]:
    shown = ("CertificateArn", "DomainName", "SubjectAlternativeNames", "Status", "Type")
    for listed in reader.all("acm", "list_certificates", "CertificateSummaryList"):
        arn = listed["CertificateArn"]
        certificate = reader.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
        tags = reader.call("acm", "list_tags_for_certificate", CertificateArn=arn)["Tags"]
        yield {key: certificate[key] for key in shown} | {"Tags": tags}


def _zones(reader: _Reader) -> Iterator[Object]:
    for zone in reader.all("route53", "list_hosted_zones", "HostedZones"):
        yield {"ZoneId": zone["Id"].rpartition("/")[2], "Name": zone["Name"], "Config": zone["Config"]}


def _db_instances(reader: _Reader) -> Iterator[Object]:
    """With plain names for what refers to other objects of ours."""
    for instance in reader.all("rds", "describe_db_instances", "DBInstances"):
        if instance["DBInstanceStatus"] != "deleting":
            instance["DBSubnetGroup"] = (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")
            yield instance


def _db_groups(method: str, member: str, arn: str) -> Callable[[_Reader], Iterator[Object]]:
    def collect(reader: _Reader) -> Iterator[Object]:
        for group in reader.all("rds", method, member):
            if not group.get("DBParameterGroupName", "").startswith("default."):
                yield group | {"Tags": reader.call("rds", "list_tags_for_resource", ResourceName=group[arn])["TagList"]}

    return collect


def _parameter_groups(reader: _Reader) -> Iterator[Object]:
    for group in _db_groups("describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupArn")(reader):
        name = group["DBParameterGroupName"]
        found = reader.all("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name, Source="user")
        yield group | {"Parameters": {one["ParameterName"]: one["ParameterValue"] for one in found}}


def _secrets(reader: _Reader) -> Iterator[Object]:
    """With the value, but for what nobody should see and no two runs have alike."""
    for listed in reader.all("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True):
        secret = reader.call("secretsmanager", "describe_secret", SecretId=listed["ARN"])
        versions = [set(labels) for labels in secret.get("VersionIdsToStages", {}).values()]
        # AWSPENDING may stay on the version that has become the current one; it says nothing there.
        shown = [labels - {"AWSPENDING"} if "AWSCURRENT" in labels else labels for labels in versions]
        labels = sorted(label for labels in shown for label in labels)
        text = reader.optional("secretsmanager", "get_secret_value", "SecretString", SecretId=listed["ARN"]) or "{}"
        members = ("ARN", "Name", "Description", "KmsKeyId", "Tags", "DeletedDate")
        yield {key: secret.get(key) for key in members} | {"Labels": labels, "Value": _without_password(text)}


def _without_password(text: str) -> Object:
    value = json.loads(text)
    password = str(value.get("password", ""))
    return {key: str(one).replace(password, "***") if password else one for key, one in value.items()}


def _dns_records(reader: _Reader) -> Iterator[Object]:
    """Flat, because a picked name of a load balancer is left out elsewhere, and here it is what counts."""
    for zone in reader.all("route53", "list_hosted_zones", "HostedZones"):
        for record in reader.all("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]):
            target = record.get("AliasTarget") or {}
            yield {
                "ZoneId": zone["Id"].rpartition("/")[2],
                "Record": f"{record['Name']} {record['Type']} {record.get('SetIdentifier', '')}".strip(),
                "TTL": record.get("TTL"),
                "Values": [one["Value"] for one in record.get("ResourceRecords", [])],
                "Alias": f"{target['DNSName']} {target['HostedZoneId']}" if target else None,
            }


_COLLECTORS: dict[str, Callable[[_Reader], Iterator[Object]]] = {
    "vpcs": _vpcs,
    "subnets": _simple("ec2", "describe_subnets", "Subnets"),
    "internet_gateways": _simple("ec2", "describe_internet_gateways", "InternetGateways"),
    "egress_only_internet_gateways": _simple(
        "ec2", "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"
    ),
    "nat_gateways": _alive("ec2", "describe_nat_gateways", "NatGateways", "State"),
    "addresses": _simple("ec2", "describe_addresses", "Addresses"),
    "route_tables": _simple("ec2", "describe_route_tables", "RouteTables"),
    "vpc_endpoints": _alive("ec2", "describe_vpc_endpoints", "VpcEndpoints", "State"),
    "security_groups": _simple("ec2", "describe_security_groups", "SecurityGroups"),
    "security_group_rules": _simple("ec2", "describe_security_group_rules", "SecurityGroupRules"),
    "flow_logs": _simple("ec2", "describe_flow_logs", "FlowLogs"),
    "load_balancers": _elb(
        "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "describe_load_balancer_attributes"
    ),
    "target_groups": _elb(
        "describe_target_groups", "TargetGroups", "TargetGroupArn", "describe_target_group_attributes"
    ),
    "listeners": _listeners,
    "listener_rules": _rules,
    "clusters": _clusters,
    "services": _services,
    "task_definitions": _task_definitions,
    "scalable_targets": _simple(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"
    ),
    "scaling_policies": _simple(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs"
    ),
    "roles": _roles,
    "policies": _policies,
    "log_groups": _log_groups,
    "parameters": _parameters,
    "anomaly_detectors": _simple("cloudwatch", "describe_anomaly_detectors", "AnomalyDetectors"),
    "metric_filters": _simple("logs", "describe_metric_filters", "metricFilters"),
    "metric_alarms": _alarms("MetricAlarm", "MetricAlarms"),
    "composite_alarms": _alarms("CompositeAlarm", "CompositeAlarms"),
    "repositories": _repositories,
    "event_rules": _event_rules,
    "schedule_groups": _schedule_groups,
    "schedules": _schedules,
    "queues": _queues,
    "namespaces": _namespaces,
    "namespace_services": _cloud_map_services,
    "namespace_instances": _cloud_map_instances,
    "certificates": _certificates,
    "hosted_zones": _zones,
    "dns_records": _dns_records,
    "db_instances": _db_instances,
    "db_subnet_groups": _db_groups("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupArn"),
    "db_parameter_groups": _parameter_groups,
    "db_snapshots": _simple("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"),
    "secrets": _secrets,
}
