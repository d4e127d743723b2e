"""What keeps an EC2 object from being deleted. moto deletes nearly anything; AWS answers DependencyViolation."""

from __future__ import annotations

from typing import Any

from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends


def users_of_group(ec2: Any, group_id: str) -> list[str]:
    """What refers to a security group: rules of other groups, network interfaces, endpoints, load balancers, tasks."""
    users = [
        group.id
        for by_vpc in ec2.groups.values()
        for group in by_vpc.values()
        for rule in group.ingress_rules + group.egress_rules
        if rule.source_group.get("GroupId") == group_id and group.id != group_id
    ]
    users += [eni.id for eni in ec2.enis.values() if group_id in {group.id for group in eni.group_set or []}]
    users += [one.id for one in _endpoints(ec2) if group_id in one.security_group_ids]
    users += [lb.arn for lb in load_balancers(ec2) if group_id in (lb.security_groups or [])]
    users += [arn for arn, network in task_networks(ec2) if group_id in network.get("securityGroups", [])]
    databases = _rds(ec2).databases.values()
    return users + [db.db_instance_identifier for db in databases if group_id in (db.vpc_security_group_ids or [])]


def users_of_subnet(ec2: Any, subnet_id: str) -> list[str]:
    """What lives in a subnet: network interfaces (of NAT gateways among others), load balancers, tasks, databases."""
    users = [eni.id for eni in ec2.enis.values() if eni.subnet.id == subnet_id]
    users += [lb.arn for lb in load_balancers(ec2) if subnet_id in {subnet.id for subnet in lb.subnets}]
    users += [arn for arn, network in task_networks(ec2) if subnet_id in network.get("subnets", [])]
    return users + [database.db_instance_identifier for database, other in databases_with_subnets(ec2) if other == subnet_id]


def users_of_vpc(ec2: Any, vpc_id: str) -> list[str]:
    """What AWS wants gone before a VPC is deleted; its main route table, default group and default ACL go with it."""
    users = [subnet.id for by_zone in ec2.subnets.values() for subnet in by_zone.values() if subnet.vpc_id == vpc_id]
    users += [group.id for group in ec2.groups.get(vpc_id, {}).values() if group.name != "default"]
    users += [gateway.id for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id]
    users += [one.id for one in ec2.egress_only_internet_gateways.values() if one.vpc_id == vpc_id]
    users += [one.id for one in _endpoints(ec2) if one.vpc_id == vpc_id]
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == vpc_id]
    return users + [table.id for table in tables if not table.main_association_id]


def _endpoints(ec2: Any) -> list[Any]:
    return [endpoint for endpoint in ec2.vpc_end_points.values() if endpoint.state != "deleted"]


def load_balancers(ec2: Any) -> list[Any]:
    """The load balancers of the same account and region."""
    return list(elbv2_backends[ec2.account_id][ec2.region_name].load_balancers.values())


def _rds(ec2: Any) -> Any:
    return rds_backends[ec2.account_id][ec2.region_name]


def databases_with_subnets(ec2: Any) -> list[tuple[Any, str]]:
    """Each database with the subnet of its network interface: that of its zone in its subnet group."""
    found = []
    for database in _rds(ec2).databases.values():
        group = database.__dict__.get("db_subnet_group")
        subnets = group.subnets if group else []
        found += [
            (database, one["SubnetIdentifier"])
            for one in subnets
            if one["SubnetAvailabilityZone"]["Name"] == database.availability_zone
        ]
    return found


def task_networks(ec2: Any) -> list[tuple[str, dict[str, Any]]]:
    """The networks in which tasks of ECS services run, by the service's ARN."""
    services = ecs_backends[ec2.account_id][ec2.region_name].services.values()
    return [
        (service.arn, rollout.settings.get("networkConfiguration", {}).get("awsvpcConfiguration", {}))
        for service in services
        for rollout in service.rollouts
        if rollout.running
    ]
