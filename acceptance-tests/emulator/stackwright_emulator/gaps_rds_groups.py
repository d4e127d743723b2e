"""RDS subnet and parameter groups: what they hold, what AWS refuses, and who uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.models import DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse

from . import rds_rules
from .errors import ApiError
from .rds_rules import refuse

_GROUP_NAME = re.compile(r"(?!.*--)[a-z]([a-z0-9-]{0,253}[a-z0-9])?")
_SUBNET_GROUP_NAME = re.compile(r"[a-z0-9 ._-]{1,255}")


@dataclass
class _Parameter:
    """A parameter as the engine has it."""

    kind: str
    values: str
    static: bool = False


# A part of what PostgreSQL has, in the words of DescribeDBParameters.
_PARAMETERS = {
    "autovacuum_max_workers": _Parameter("integer", "1-262143", static=True),
    "autovacuum_naptime": _Parameter("integer", "1-2147483"),
    "default_statistics_target": _Parameter("integer", "1-10000"),
    "effective_cache_size": _Parameter("integer", "1-2147483647"),
    "idle_in_transaction_session_timeout": _Parameter("integer", "0-2147483647"),
    "lock_timeout": _Parameter("integer", "0-2147483647"),
    "log_connections": _Parameter("boolean", "0,1"),
    "log_disconnections": _Parameter("boolean", "0,1"),
    "log_lock_waits": _Parameter("boolean", "0,1"),
    "log_min_duration_statement": _Parameter("integer", "-1-2147483647"),
    "log_statement": _Parameter("string", "none,ddl,mod,all"),
    "maintenance_work_mem": _Parameter("integer", "1024-2147483647"),
    "max_connections": _Parameter("integer", "6-262143", static=True),
    "max_replication_slots": _Parameter("integer", "5-262143", static=True),
    "max_wal_senders": _Parameter("integer", "5-262143", static=True),
    "random_page_cost": _Parameter("float", ""),
    "rds.force_ssl": _Parameter("boolean", "0,1"),
    "rds.logical_replication": _Parameter("boolean", "0,1", static=True),
    "shared_buffers": _Parameter("integer", "16-1073741823", static=True),
    "shared_preload_libraries": _Parameter("list", "", static=True),
    "statement_timeout": _Parameter("integer", "0-2147483647"),
    "track_activity_query_size": _Parameter("integer", "100-1048576", static=True),
    "work_mem": _Parameter("integer", "64-2147483647"),
}


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    RDSBackend.create_subnet_group = _create_subnet_group(RDSBackend.create_subnet_group)
    RDSBackend.modify_db_subnet_group = modify_db_subnet_group
    RDSBackend.delete_subnet_group = _delete_subnet_group(RDSBackend.delete_subnet_group)
    RDSBackend.create_db_parameter_group = _create_parameter_group(RDSBackend.create_db_parameter_group)
    RDSBackend.delete_db_parameter_group = _delete_parameter_group(RDSBackend.delete_db_parameter_group)
    RDSBackend.modify_db_parameter_group = modify_db_parameter_group
    RDSBackend.describe_db_parameter_groups = _describe_groups(RDSBackend.describe_db_parameter_groups)
    RDSResponse.describe_db_parameters = describe_db_parameters
    RDSResponse.reset_db_parameter_group = reset_db_parameter_group
    for name in ("create_db_subnet_group", "modify_db_subnet_group"):
        setattr(RDSResponse, name, _with_subnets(getattr(RDSResponse, name)))
    for name in ("list_tags_for_resource", "add_tags_to_resource", "remove_tags_from_resource"):
        setattr(RDSBackend, name, _of_a_resource(getattr(RDSBackend, name)))


def _of_a_resource(original: Any) -> Any:
    """moto answers for what is not there."""
    codes = {"db": "DBInstanceNotFound", "pg": "DBParameterGroupNotFound", "subgrp": "DBSubnetGroupNotFoundFault"}

    def of_a_resource(self: RDSBackend, arn: str, *args: Any) -> Any:
        if not self._get_resource_for_tagging(arn):
            code = codes.get(arn.split(":")[5], "InvalidParameterValue")
            raise ApiError(code, f"{arn} not found", 404)
        if args and any(str(tag["Key"]).startswith("aws:") for tag in args[0] if not isinstance(tag, str)):
            refuse("InvalidParameterValue", "Tag keys that begin with aws: are reserved")
        return original(self, arn, *args)

    return of_a_resource


def _with_subnets(original: Any) -> Any:
    def with_subnets(self: RDSResponse) -> Any:
        """Refuses subnets that are not there, and too few zones."""
        ec2 = ec2_backends[self.current_account][self.region]
        known = {subnet.id: subnet for by_zone in ec2.subnets.values() for subnet in by_zone.values()}
        subnet_ids = self.params.get("SubnetIds", [])
        missing = [subnet_id for subnet_id in subnet_ids if subnet_id not in known]
        if missing:
            refuse("InvalidSubnet", f"The requested subnet is invalid: {missing}")
        if len({known[subnet_id].vpc_id for subnet_id in subnet_ids}) > 1:
            refuse("InvalidSubnet", "The subnets are not all in the same VPC")
        if len({known[subnet_id].availability_zone for subnet_id in subnet_ids}) < 2:
            text = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: at least 2 AZs."
            refuse("DBSubnetGroupDoesNotCoverEnoughAZs", text)
        return original(self)

    return with_subnets


def _create_subnet_group(original: Any) -> Any:
    def create_subnet_group(self: RDSBackend, subnet_name: str, *args: Any) -> DBSubnetGroup:
        """CreateDBSubnetGroup: names are unique."""
        if subnet_name in self.subnet_groups:
            refuse("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        if not _SUBNET_GROUP_NAME.fullmatch(subnet_name.lower()) or subnet_name.lower() == "default":
            refuse("InvalidParameterValue", f"The parameter DBSubnetGroupName is not valid: {subnet_name}")
        return original(self, subnet_name, *args)

    return create_subnet_group


def modify_db_subnet_group(self: RDSBackend, subnet_name: str, description: str, subnets: list[Any]) -> DBSubnetGroup:
    """ModifyDBSubnetGroup: keeps the group, which moto loses, and the subnets that instances stand in."""
    group = self.describe_db_subnet_groups(subnet_name)[0]
    if subnets[0].vpc_id != group.vpc_id:
        refuse("InvalidSubnet", "The subnets are not in the VPC of the subnet group")
    zones = {subnet.availability_zone for subnet in subnets}
    lost = [one for one in _instances(self, subnet_name) if one.availability_zone not in zones]
    if lost:
        refuse("SubnetAlreadyInUse", f"The subnets of {lost[0].db_instance_identifier} are in use")
    group.subnets = subnets
    if description:
        group.description = description
    return group


def _instances(self: RDSBackend, subnet_group: str) -> list[Any]:
    """The instances in a subnet group."""
    held = [(one, one.__dict__.get("db_subnet_group")) for one in self.databases.values()]
    return [one for one, group in held if group is not None and group.name == subnet_group.lower()]


def _delete_subnet_group(original: Any) -> Any:
    def delete_subnet_group(self: RDSBackend, subnet_name: str) -> Any:
        """DeleteDBSubnetGroup: not while instances stand in it."""
        users = [one.db_instance_identifier for one in _instances(self, subnet_name)]
        if users:
            text = f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: {users[0]} is still using it."
            refuse("InvalidDBSubnetGroupStateFault", text)
        return original(self, subnet_name)

    return delete_subnet_group


def _create_parameter_group(original: Any) -> Any:
    def create_db_parameter_group(self: RDSBackend, values: Any) -> Any:
        """CreateDBParameterGroup: of a family that there is."""
        name, family = values["db_parameter_group_name"], values.get("db_parameter_group_family") or ""
        if not _GROUP_NAME.fullmatch(name.lower()):
            refuse("InvalidParameterValue", f"The parameter DBParameterGroupName is not a valid identifier: {name}")
        if not rds_rules.known_family(family):
            refuse("InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid parameter group family")
        return original(self, values)

    return create_db_parameter_group


def _delete_parameter_group(original: Any) -> Any:
    def delete_db_parameter_group(self: RDSBackend, name: str) -> Any:
        """DeleteDBParameterGroup: not while instances use it."""
        users = [one.db_instance_identifier for one in self.databases.values() if one.db_parameter_group_name == name]
        if users:
            text = f"One or more database instances are still members of this parameter group {name}, so the group cannot be deleted"
            refuse("InvalidDBParameterGroupState", text)
        return original(self, name)

    return delete_db_parameter_group


def _describe_groups(original: Any) -> Any:
    def describe_db_parameter_groups(self: RDSBackend, values: Any) -> Any:
        """DescribeDBParameterGroups: refuses a name that there is not."""
        found = original(self, values)
        if values.get("db_parameter_group_name") and not found:
            raise ApiError("DBParameterGroupNotFound", "DBParameterGroup not found", 404)
        return found

    return describe_db_parameter_groups


def _check(name: str, value: str, method: str) -> _Parameter:
    known = _PARAMETERS.get(name)
    if known is None:
        refuse("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if known.static and method == "immediate":
        refuse("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
    if not _fits(known, value):
        refuse("InvalidParameterValue", f"Invalid parameter value: {value} for: {name} allowed values are: {known.values}")
    return known


def _fits(known: _Parameter, value: str) -> bool:
    if "{" in value or not known.values:
        return True
    if known.kind != "integer":
        return value in known.values.split(",")
    least, most = re.fullmatch(r"(-?\d+)-(\d+)", known.values).groups()
    return re.fullmatch(r"-?\d+", value) is not None and int(least) <= int(value) <= int(most)


def modify_db_parameter_group(self: RDSBackend, name: str, parameters: Any) -> Any:
    """ModifyDBParameterGroup: 20 parameters at most, each of the engine and with a value that it takes."""
    group = self.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
    parameters = list(parameters)
    if not 1 <= len(parameters) <= 20:
        refuse("InvalidParameterValue", "ModifyDBParameterGroup takes 1 to 20 parameters")
    for one in parameters:
        _check(one["ParameterName"], one.get("ParameterValue") or "", one.get("ApplyMethod", ""))
    for one in parameters:
        group.parameters[one["ParameterName"]] = _shown(one["ParameterName"], one["ParameterValue"])
    return group


def _shown(name: str, value: str | None) -> dict[str, Any]:
    known = _PARAMETERS[name]
    found = {
        "ParameterName": name,
        "Source": "user" if value is not None else "engine-default",
        "ApplyType": "static" if known.static else "dynamic",
        "DataType": known.kind,
        "AllowedValues": known.values,
        "IsModifiable": True,
        "ApplyMethod": "pending-reboot",
    }
    return found if value is None else found | {"ParameterValue": value}


def describe_db_parameters(self: RDSResponse) -> ActionResult:
    """DescribeDBParameters: the engine's too, or those of one source."""
    name, source = self.params.get("DBParameterGroupName"), self.params.get("Source")
    group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
    engine = {key: _shown(key, None) for key in _PARAMETERS}
    found = (engine | dict(group.parameters)).values()
    shown = [one for one in found if source in (None, one["Source"])]
    return ActionResult({"Parameters": shown})


def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    """ResetDBParameterGroup: those that are named, or all."""
    name, every = self.params.get("DBParameterGroupName"), self.params.get("ResetAllParameters", True)
    group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
    named = [one["ParameterName"] for one in self.params.get("Parameters", [])]
    if every == bool(named):
        refuse("InvalidParameterCombination", "Give either ResetAllParameters or Parameters")
    for key in list(group.parameters) if every else named:
        known = _PARAMETERS.get(key)
        if known is None:
            refuse("InvalidParameterValue", f"Could not find parameter with name: {key}")
        group.parameters.pop(key, None)
    return ActionResult({"DBParameterGroupName": name})
