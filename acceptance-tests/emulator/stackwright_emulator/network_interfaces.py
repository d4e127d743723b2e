"""Network interfaces that other services keep in subnets. moto knows only those that a client made itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from . import in_use

_FILTERS = {"subnet-id": "SubnetId", "vpc-id": "VpcId", "network-interface-id": "NetworkInterfaceId"}


def install() -> None:
    """Puts the repaired part in place of moto's."""
    original = ElasticNetworkInterfaces.describe_network_interfaces

    def describe_network_interfaces(self: Any) -> ActionResult:
        ec2 = self.ec2_backend
        _describe_own(ec2)
        answer = original(self)
        asked = self._get_param("NetworkInterfaceIds", [])
        filters = self._filters_from_querystring()
        of_services = [one for one in _of_services(ec2) if _fits(one, asked, filters)]
        answer.result["NetworkInterfaces"] = [*answer.result["NetworkInterfaces"], *of_services]
        return answer

    ElasticNetworkInterfaces.describe_network_interfaces = describe_network_interfaces


def _describe_own(ec2: Any) -> None:
    """AWS writes into the description whose an interface is."""
    for nat in ec2.nat_gateways.values():
        nat._eni.description = f"Interface for NAT Gateway {nat.id}"
    for endpoint in ec2.vpc_end_points.values():
        for eni in getattr(endpoint, "network_interface_ids", None) or []:
            if eni in ec2.enis:
                ec2.enis[eni].description = f"VPC Endpoint Interface {endpoint.id}"


def _of_services(ec2: Any) -> Iterator[dict[str, Any]]:
    for balancer in in_use.load_balancers(ec2):
        name = "/".join(balancer.arn.split("/")[1:])
        for subnet in balancer.subnets:
            yield _interface(subnet, f"ELB {name}", balancer.security_groups or [])
    for arn, network in in_use.task_networks(ec2):
        for subnet_id in network.get("subnets", []):
            subnet = ec2.get_subnet(subnet_id)
            yield _interface(subnet, f"{arn.replace(':service/', ':attachment/')}", network.get("securityGroups", []))
    for database, subnet_id in in_use.databases_with_subnets(ec2):
        groups = database.vpc_security_group_ids or []
        yield _interface(ec2.get_subnet(subnet_id), "RDSNetworkInterface", groups, database.db_instance_identifier)


def _interface(subnet: Any, description: str, groups: list[str], of: str = "") -> dict[str, Any]:
    digest = hashlib.sha256(f"{subnet.id}{description}{of}".encode()).hexdigest()
    return {
        "NetworkInterfaceId": f"eni-{digest[:17]}",
        "SubnetId": subnet.id,
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "Description": description,
        "Groups": [{"GroupId": group} for group in groups],
        "InterfaceType": "interface",
        "OwnerId": subnet.ec2_backend.account_id,
        "RequesterManaged": True,
        "Status": "in-use",
    }


def _fits(interface: dict[str, Any], asked: list[str], filters: dict[str, Any]) -> bool:
    if asked and interface["NetworkInterfaceId"] not in asked:
        return False
    for name, values in filters.items():
        if name == "group-id":
            if not {group["GroupId"] for group in interface["Groups"]} & set(values):
                return False
        elif interface.get(_FILTERS.get(name, "")) not in values:
            return False
    return True
