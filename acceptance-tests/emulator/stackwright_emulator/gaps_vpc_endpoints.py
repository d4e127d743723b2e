"""VPC endpoints: what AWS refuses, changes that moto ignores, and the network interfaces of interface endpoints."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES, VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs as Response
from moto.ec2.utils import random_private_ip

from .errors import ApiError


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Response.create_vpc_endpoint = _idempotent(Response.create_vpc_endpoint)
    Response.modify_vpc_endpoint = _with_private_dns(Response.modify_vpc_endpoint)
    VPCBackend.create_vpc_endpoint = _create(VPCBackend.create_vpc_endpoint)
    VPCBackend.modify_vpc_endpoint = _modify(VPCBackend.modify_vpc_endpoint)


def _is_interface(endpoint_type: str | None) -> bool:
    return (endpoint_type or "").lower() == "interface"


def _idempotent(original: Any) -> Any:
    def create_vpc_endpoint(self: Response) -> ActionResult:
        """CreateVpcEndpoint: the same ClientToken gives the same endpoint."""
        tokens: dict[str, str] = self.ec2_backend.__dict__.setdefault("endpoint_tokens", {})
        token = self._get_param("ClientToken")
        if token in tokens:
            return ActionResult({"VpcEndpoint": self.ec2_backend.get_vpc_end_point(tokens[token])})
        result = original(self)
        if token:
            tokens[token] = result.result["VpcEndpoint"].id
        return result

    return create_vpc_endpoint


def _create(original: Any) -> Any:
    def create_vpc_endpoint(self: Any, vpc_id: str, service_name: str, *args: Any, **values: Any) -> VPCEndPoint:
        """Refuses what AWS refuses."""
        known = {f"com.amazonaws.{self.region_name}.{service}" for service in AWS_ENDPOINT_SERVICES}
        if service_name not in known:
            raise ApiError("InvalidServiceName", f"The Vpc Endpoint Service '{service_name}' does not exist")
        endpoint_type = values.get("endpoint_type") or (args[0] if args else None)
        if _is_interface(endpoint_type):
            _check_zones(self, values.get("subnet_ids") or [])
            for group in values.get("security_group_ids") or []:
                _check_group(self, group)
            if values.get("private_dns_enabled"):
                _check_dns(self, vpc_id, service_name)
        return original(self, vpc_id, service_name, *args, **values)

    return create_vpc_endpoint


def _check_zones(self: Any, subnet_ids: list[str]) -> None:
    zones = [self.get_subnet(subnet_id).availability_zone for subnet_id in subnet_ids]
    if len(set(zones)) < len(zones):
        raise ApiError("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone.")


def _check_group(self: Any, group_id: str) -> None:
    if self.get_security_group_from_id(group_id) is None:
        raise ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")


def _check_dns(self: Any, vpc_id: str, service_name: str, but: str | None = None) -> None:
    vpc = self.get_vpc(vpc_id)
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        text = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true."
        raise ApiError("InvalidParameter", f"{text} Enable them for {vpc_id}")
    for other in self.vpc_end_points.values():
        same = (other.vpc_id, other.service_name) == (vpc_id, service_name) and other.id != but
        if same and other.private_dns_enabled and _is_interface(other.vpc_endpoint_type) and other.state != "deleted":
            text = "private-dns-enabled cannot be set because there is already a conflicting DNS domain in the VPC"
            raise ApiError("InvalidParameter", text)


def _with_private_dns(original: Any) -> Any:
    def modify_vpc_endpoint(self: Response) -> ActionResult:
        """ModifyVpcEndpoint: PrivateDnsEnabled, which moto ignores."""
        answer = original(self)
        wanted = self._get_bool_param("PrivateDnsEnabled")
        endpoint = self.ec2_backend.get_vpc_end_point(self._get_param("VpcEndpointId"))
        if wanted and not endpoint.private_dns_enabled:
            _check_dns(self.ec2_backend, endpoint.vpc_id, endpoint.service_name, but=endpoint.id)
        if wanted is not None:
            endpoint.private_dns_enabled = wanted
        return answer

    return modify_vpc_endpoint


def _modify(original: Any) -> Any:
    def modify_vpc_endpoint(self: Any, vpc_id: str, *args: Any, **values: Any) -> None:
        """Gives and takes network interfaces with the subnets; moto forgets them."""
        endpoint = self.get_vpc_end_point(vpc_id)
        kept = [one for one in endpoint.subnet_ids or [] if one not in (values.get("remove_subnets") or [])]
        _check_zones(self, sorted({*kept, *(values.get("add_subnets") or [])}))
        answer = original(self, vpc_id, *args, **values)
        if _is_interface(endpoint.vpc_endpoint_type):
            _connect(self, endpoint)
        return answer

    return modify_vpc_endpoint


def _connect(self: Any, endpoint: VPCEndPoint) -> None:
    """One network interface in each subnet of an endpoint."""
    there = {self.enis[eni].subnet.id: eni for eni in endpoint.network_interface_ids if eni in self.enis}
    for subnet, eni in there.items():
        if subnet not in endpoint.subnet_ids:
            self.enis.pop(eni)
    for subnet in endpoint.subnet_ids:
        if subnet not in there:
            there[subnet] = self.create_network_interface(subnet, random_private_ip()).id
    endpoint.network_interface_ids = [there[subnet] for subnet in endpoint.subnet_ids]
