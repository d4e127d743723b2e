"""EC2 networks: subnet attributes, NAT gateways, addresses, and deletions that AWS refuses."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.nat_gateways import NatGateways as NatResponse
from moto.ec2.responses.subnets import Subnets as SubnetResponse
from moto.ec2.utils import generic_filter

from . import in_use
from .errors import ApiError

# Attributes of ModifySubnetAttribute and where DescribeSubnets shows them.
_SUBNET_FLAGS = {
    "MapPublicIpOnLaunch": "map_public_ip_on_launch",
    "AssignIpv6AddressOnCreation": "assign_ipv6_address_on_creation",
    "EnableDns64": "enable_dns64",
}
_DNS_FLAGS = {
    "EnableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecord",
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
}


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Subnet.enable_dns64 = False
    Subnet.ipv6_cidr_block_association_set = property(_ipv6_associations)
    SubnetResponse.modify_subnet_attribute = modify_subnet_attribute
    NatResponse.create_nat_gateway = _idempotent_nat(NatResponse.create_nat_gateway)
    NatGatewayBackend.describe_nat_gateways = describe_nat_gateways
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway
    NatGateway.get_filter_value = _nat_filter_value
    _wrap(VPCBackend, "create_vpc_endpoint", _create_vpc_endpoint)
    _wrap(VPCBackend, "modify_vpc_endpoint", _modify_vpc_endpoint)
    _wrap(VPCBackend, "create_vpc", _canonical_vpc)
    _wrap(VPCBackend, "delete_vpc", _delete_vpc)
    _wrap(SubnetBackend, "create_subnet", _canonical_subnet)
    _wrap(SubnetBackend, "delete_subnet", _delete_subnet)
    _wrap(ElasticAddressBackend, "release_address", _release_address)
    _wrap(InternetGatewayBackend, "detach_internet_gateway", _detach_internet_gateway)
    _wrap(RouteBackend, "associate_route_table", _associate_route_table)


def _wrap(owner: type, name: str, wrapper: Any) -> None:
    original = getattr(owner, name)
    setattr(owner, name, lambda self, *args, **kwargs: wrapper(original, self, *args, **kwargs))


def _ipv6_associations(subnet: Subnet) -> list[dict[str, Any]]:
    # moto nests the state once too often, so that clients read a Python dictionary as the state.
    return [
        {
            "Ipv6CidrBlock": one["ipv6CidrBlock"],
            "AssociationId": one["associationId"],
            "Ipv6CidrBlockState": one["ipv6CidrBlockState"],
        }
        for one in subnet.ipv6_cidr_block_associations.values()
        if one["ipv6CidrBlockState"]["State"] == "associated"
    ]


def modify_subnet_attribute(self: SubnetResponse) -> ActionResult:
    """ModifySubnetAttribute: every attribute, instead of ignoring those that moto does not know."""
    subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
    for attribute, name in _SUBNET_FLAGS.items():
        if self._get_param(f"{attribute}.Value") is not None:
            setattr(subnet, name, self._get_param(f"{attribute}.Value"))
    options = subnet.private_dns_name_options_on_launch
    for attribute, name in _DNS_FLAGS.items():
        if self._get_param(f"{attribute}.Value") is not None:
            options[name] = self._get_param(f"{attribute}.Value")
    if self._get_param("PrivateDnsHostnameTypeOnLaunch") is not None:
        options["HostnameType"] = self._get_param("PrivateDnsHostnameTypeOnLaunch")
    return EmptyResult()


def _idempotent_nat(original: Any) -> Any:
    def create_nat_gateway(self: NatResponse) -> ActionResult:
        """CreateNatGateway: the same ClientToken gives the same gateway."""
        tokens: dict[str, str] = self.ec2_backend.__dict__.setdefault("nat_tokens", {})
        token = self._get_param("ClientToken")
        if token in tokens:
            return ActionResult({"NatGateway": self.ec2_backend.nat_gateways[tokens[token]], "ClientToken": token})
        public = (self._get_param("ConnectivityType") or "public") == "public"
        if public and not self._get_param("AllocationId"):
            raise ApiError("MissingParameter", "The request must contain the parameter AllocationId")
        self.params.setdefault("ConnectivityType", "public")
        result = original(self)
        if token:
            tokens[token] = result.result["NatGateway"].id
        return result

    return create_nat_gateway


def _nat_filter_value(self: NatGateway, filter_name: str, method_name: str | None = None) -> Any:
    known = {"nat-gateway-id": self.id, "vpc-id": self.vpc_id, "subnet-id": self.subnet_id, "state": self.state}
    if filter_name in known:
        return known[filter_name]
    return super(NatGateway, self).get_filter_value(filter_name, method_name or "DescribeNatGateways")


def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> list[NatGateway]:
    """DescribeNatGateways: unknown ids are refused, and tag filters work."""
    for nat_id in nat_gateway_ids or []:
        if nat_id not in self.nat_gateways:
            raise ApiError("NatGatewayNotFound", f"The Nat Gateway {nat_id} was not found")
    found = [nat for nat in self.nat_gateways.values() if not nat_gateway_ids or nat.id in nat_gateway_ids]
    return generic_filter(filters, found) if filters else found


def delete_nat_gateway(self: Any, nat_gateway_id: str) -> NatGateway:
    """DeleteNatGateway: gives back the address and the network interface."""
    nat = self.nat_gateways.get(nat_gateway_id)
    if nat is None:
        raise ApiError("NatGatewayNotFound", f"NatGateway {nat_gateway_id} was not found")
    if nat.state != "deleted":
        for address in self.addresses:
            if address.eni is not None and address.eni.id == nat._eni.id:
                self.disassociate_address(address=address.public_ip)
        self.enis.pop(nat._eni.id, None)
        nat.state = "deleted"
    return nat


def _create_vpc_endpoint(
    original: Any, self: Any, vpc_id: str, service_name: str, endpoint_type: str | None = None, **kwargs: Any
) -> Any:
    # moto accepts an endpoint without a type, and then cannot delete it.
    return original(self, vpc_id, service_name, endpoint_type or "Gateway", **kwargs)


def _modify_vpc_endpoint(original: Any, self: Any, vpc_id: str, *args: Any, **kwargs: Any) -> Any:
    # moto changes the list of route tables, but not the tables; its delete then misses the routes.
    endpoint = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])[0]
    before = set(endpoint.route_table_ids or [])
    answer = original(self, vpc_id, *args, **kwargs)
    after = set(endpoint.route_table_ids or [])
    for table in sorted(after - before):
        self.create_route(
            table, None, destination_prefix_list_id=endpoint.destination_prefix_list_id, gateway_id=endpoint.id
        )
    for table in sorted(before - after):
        self.delete_route(table, endpoint.destination_prefix_list_id)
    return answer


def _canonical_vpc(original: Any, self: Any, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
    return original(self, _canonical(cidr_block), *args, **kwargs)


def _canonical_subnet(original: Any, self: Any, vpc_id: str, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
    return original(self, vpc_id, _canonical(cidr_block), *args, **kwargs)


def _canonical(cidr: str) -> str:
    """10.0.0.1/16 becomes 10.0.0.0/16, as AWS stores it; what is no network is left for moto to refuse."""
    try:
        return str(ipaddress.IPv4Network(cidr, strict=False))
    except ValueError:
        return cidr


def _delete_vpc(original: Any, self: Any, vpc_id: str) -> Any:
    if vpc_id in self.vpcs and in_use.users_of_vpc(self, vpc_id):
        raise ApiError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return original(self, vpc_id)


def _delete_subnet(original: Any, self: Any, subnet_id: str) -> Any:
    if in_use.users_of_subnet(self, subnet_id):
        raise ApiError("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return original(self, subnet_id)


def _release_address(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> Any:
    for one in self.addresses:
        if one.association_id and (one.allocation_id == allocation_id or one.public_ip == address):
            raise ApiError("InvalidIPAddress.InUse", f"Address {one.public_ip} is in use.")
    return original(self, address=address, allocation_id=allocation_id)


def _detach_internet_gateway(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
    if any(one.eni is not None and one.eni.subnet.vpc_id == vpc_id for one in self.addresses):
        text = (
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway."
        )
        raise ApiError("DependencyViolation", text)
    return original(self, internet_gateway_id, vpc_id)


def _associate_route_table(
    original: Any, self: Any, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> Any:
    for table in self.route_tables.values():
        if subnet_id and table.id != route_table_id and subnet_id in table._associations.values():
            text = f"the specified association for route table {route_table_id} conflicts with an existing association"
            raise ApiError("Resource.AlreadyAssociated", text)
    return original(self, route_table_id, gateway_id=gateway_id, subnet_id=subnet_id)
