"""IPv6 in EC2 networks: ranges that take a moment, what AWS refuses, and egress-only gateways that can be found."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.route_tables import RouteBackend, RouteTable
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.models.vpcs import VPC, VPCBackend
from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway as GatewayResponse
from moto.ec2.responses.subnets import Subnets as SubnetResponse
from moto.ec2.utils import generic_filter

from . import tokens
from .errors import ApiError

# How often a new range is shown without its addresses.
_LOOKS = 1


def install() -> None:
    """Puts the repaired parts in place of moto's. After those of `gaps_network`, which it goes on with."""
    VPC.ipv6_cidr_block_association_set = property(_shown_ranges)
    GatewayResponse.describe_egress_only_internet_gateways = describe_egress_only_internet_gateways
    create = GatewayResponse.create_egress_only_internet_gateway
    GatewayResponse.create_egress_only_internet_gateway = tokens.kept(create, "ec2_backend")
    Subnet.ipv6_cidr_block_association_set = property(_shown_subnet_ranges)
    SubnetResponse.modify_subnet_attribute = _checked_attribute(SubnetResponse.modify_subnet_attribute)
    _wrap(VPCBackend, "associate_vpc_cidr_block", _associate_with_vpc)
    _wrap(VPCBackend, "disassociate_vpc_cidr_block", _disassociate_from_vpc)
    _wrap(SubnetBackend, "create_subnet", _create_subnet)
    _wrap(SubnetBackend, "associate_subnet_cidr_block", _associate_with_subnet)
    _wrap(SubnetBackend, "disassociate_subnet_cidr_block", _disassociate_from_subnet)
    _wrap(RouteBackend, "create_route_table", _create_route_table)


def _wrap(owner: type, name: str, wrapper: Any) -> None:
    original = getattr(owner, name)
    setattr(owner, name, lambda self, *args, **kwargs: wrapper(original, self, *args, **kwargs))


def _shown_ranges(vpc: VPC) -> list[dict[str, Any]]:
    return [_shown(association) for association in vpc.get_cidr_block_association_set(ipv6=True)]


def _shown(association: dict[str, Any]) -> dict[str, Any]:
    """As AWS shows a range: a new one has no addresses yet."""
    shown = {
        "AssociationId": association["association_id"],
        "Ipv6CidrBlock": association["cidr_block"],
        "Ipv6CidrBlockState": {"State": association["cidr_block_state"]["state"]},
        "Ipv6Pool": association.get("ipv6_pool"),
        "NetworkBorderGroup": association.get("ipv6_cidr_block_network_border_group"),
    }
    if association.get("looks"):
        association["looks"] -= 1
        shown |= {"Ipv6CidrBlock": "", "Ipv6CidrBlockState": {"State": "associating"}}
    return shown


def _shown_subnet_ranges(subnet: Subnet) -> list[dict[str, Any]]:
    """As AWS shows the range of a subnet: it takes a moment to come and to go."""
    shown = []
    for association in subnet.ipv6_cidr_block_associations.values():
        state = association["ipv6CidrBlockState"]["State"]
        if association.get("looks"):
            association["looks"] -= 1
            state = {"associated": "associating", "disassociated": "disassociating"}[state]
        if state != "disassociated":
            shown.append(
                {
                    "ipv6CidrBlock": association["ipv6CidrBlock"],
                    "associationId": association["associationId"],
                    "ipv6CidrBlockState": {"state": state},
                }
            )
    return shown


def _moves(subnet: Subnet) -> bool:
    return any(association.get("looks") for association in subnet.ipv6_cidr_block_associations.values())


def _begun(subnet: Subnet, looks: int) -> Subnet:
    """Its newest range was only asked for."""
    newest = list(subnet.ipv6_cidr_block_associations.values())[-1:]
    for association in newest:
        association["looks"] = looks
    return subnet


def _ranges(vpc: VPC) -> list[ipaddress.IPv6Network]:
    """The IPv6 ranges that a VPC has."""
    return [
        ipaddress.IPv6Network(association["cidr_block"])
        for association in vpc.get_cidr_block_association_set(ipv6=True)
        if association["cidr_block_state"]["state"] == "associated"
    ]


def _range(subnet: Subnet) -> ipaddress.IPv6Network | None:
    for association in subnet.ipv6_cidr_block_associations.values():
        if association["ipv6CidrBlockState"]["State"] == "associated":
            return ipaddress.IPv6Network(association["ipv6CidrBlock"])
    return None


def _associate_with_vpc(original: Any, self: Any, vpc_id: str, cidr_block: str, amazon: bool) -> Any:
    association = original(self, vpc_id, cidr_block, amazon)
    if amazon:
        association["looks"] = _LOOKS
    return association


def _disassociate_from_vpc(original: Any, self: Any, association_id: str) -> Any:
    for vpc in self.vpcs.values():
        association = vpc._cidr_block_association_set.get(association_id)
        if association is not None and ":" in association["cidr_block"]:
            return _disassociate(self, vpc, association)
    return original(self, association_id)


def _disassociate(self: Any, vpc: VPC, association: dict[str, Any]) -> dict[str, Any]:
    """moto does not look who uses the range, and fails when a route table lacks the local route."""
    block = ipaddress.IPv6Network(association["cidr_block"])
    for subnet in self.describe_subnets(filters={"vpc-id": [vpc.id]}):
        if (_range(subnet) or ipaddress.IPv6Network("::/128")).subnet_of(block):
            text = f"The vpc CIDR block with association ID {association['association_id']} is in use"
            raise ApiError("InvalidCidrBlock.InUse", text)
    association["cidr_block_state"]["state"] = "disassociated"
    _drop_stale_routes(self, vpc)
    return association | {"vpc_id": vpc.id}


def _drop_stale_routes(self: Any, vpc: VPC) -> None:
    for table in list(self.route_tables.values()):
        if table.vpc_id == vpc.id:
            _drop_local(table, _former_ranges(vpc))


def _former_ranges(vpc: VPC) -> set[str]:
    """The ranges that a VPC has no more. Not those that it lacks: one may be on its way in another call."""
    return {
        association["cidr_block"]
        for association in vpc.get_cidr_block_association_set(ipv6=True)
        if association["cidr_block_state"]["state"] == "disassociated"
    }


def _drop_local(table: RouteTable, blocks: set[str]) -> None:
    for name, route in list(table._routes.items()):
        if route.local and route.destination_ipv6_cidr_block in blocks:
            del table._routes[name]


def _create_route_table(original: Any, self: Any, vpc_id: str, *args: Any, **kwargs: Any) -> RouteTable:
    """moto makes a local route of a former range too."""
    table = original(self, vpc_id, *args, **kwargs)
    _drop_local(table, _former_ranges(self.get_vpc(vpc_id)))
    return table


def _create_subnet(
    original: Any, self: Any, vpc_id: str, cidr_block: str, ipv6_cidr_block: str | None = None, *args: Any, **kw: Any
) -> Subnet:
    if ipv6_cidr_block:
        _check(self, self.get_vpc(vpc_id), ipv6_cidr_block)
    # The answer shows it, too.
    return _begun(original(self, vpc_id, cidr_block, ipv6_cidr_block, *args, **kw), _LOOKS + 1)


def _associate_with_subnet(original: Any, self: Any, subnet_id: str, ipv6_cidr_block: str) -> Any:
    subnet = self.get_subnet(subnet_id)
    if _range(subnet) is not None or _moves(subnet):
        text = f"The subnet {subnet_id} already has an IPv6 CIDR block associated."
        raise ApiError("SubnetCidrBlockAlreadyAssociated", text)
    _check(self, self.get_vpc(subnet.vpc_id), ipv6_cidr_block)
    answer = original(self, subnet_id, ipv6_cidr_block)
    _begun(subnet, _LOOKS)
    return answer


def _check(self: Any, vpc: VPC, text: str) -> None:
    """A range of a subnet is a /64 in one of its VPC, and nobody else's."""
    block = ipaddress.IPv6Network(text)
    if block.prefixlen != 64 or not any(block.subnet_of(whole) for whole in _ranges(vpc)):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    for subnet in self.describe_subnets(filters={"vpc-id": [vpc.id]}):
        if _range(subnet) == block:
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")


def _disassociate_from_subnet(original: Any, self: Any, association_id: str) -> Any:
    subnet = self.get_subnet_from_ipv6_association(association_id)
    if subnet is not None and subnet.assign_ipv6_address_on_creation:
        text = (
            f"The subnet IPv6 CIDR block with association ID {association_id} may not be disassociated, because its "
            "subnet has assign-ipv6-address-on-creation set to true."
        )
        raise ApiError("InvalidCidrBlock.InUse", text)
    answer = original(self, association_id)
    if subnet is not None:
        subnet.ipv6_cidr_block_associations[association_id]["looks"] = _LOOKS
    return answer


def _checked_attribute(original: Any) -> Any:
    def modify_subnet_attribute(self: SubnetResponse) -> ActionResult:
        """ModifySubnetAttribute: a subnet without IPv6 range, or whose range is still coming, gives no IPv6 addresses."""
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        gives = str(self._get_param("AssignIpv6AddressOnCreation.Value")).lower() == "true"
        if gives and (_range(subnet) is None or _moves(subnet)):
            text = "Cannot set assign-ipv6-address-on-creation to true unless the subnet has an IPv6 CIDR block."
            raise ApiError("InvalidParameterValue", text)
        return original(self)

    return modify_subnet_attribute


def describe_egress_only_internet_gateways(self: GatewayResponse) -> ActionResult:
    """DescribeEgressOnlyInternetGateways: filters by tags, which moto ignores."""
    found = self.ec2_backend.describe_egress_only_internet_gateways(
        self._get_param("EgressOnlyInternetGatewayIds", [])
    )
    filters = self._filters_from_querystring()
    return ActionResult({"EgressOnlyInternetGateways": generic_filter(filters, found) if filters else found})
