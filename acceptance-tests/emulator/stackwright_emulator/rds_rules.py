"""What AWS refuses of a PostgreSQL database on RDS, in AWS's codes."""

from __future__ import annotations

import re
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from .errors import ApiError

_NEWEST_MINOR = {"11": 22, "12": 22, "13": 22, "14": 19, "15": 14, "16": 10, "17": 6, "18": 1}
_CLASS = re.compile(
    r"db\.(t3|t4g|m5|m5d|m6g|m6gd|m6i|m6id|m7g|m7i|m8g|r5|r5b|r5d|r6g|r6gd|r6i|r6id|r7g|r7i|r8g|x2g|x2iedn|c6gd)"
    r"\.(micro|small|medium|large|\d{0,2}xlarge)"
)
_CERTIFICATES = {"rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"}
_LOGS = {"postgresql", "upgrade", "iam-db-auth-error"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_RESERVED = {"admin", "all", "analyse", "analyze", "create", "postgres", "public", "rdsadmin", "select", "table", "user"}
# GiB from which on gp3 storage of PostgreSQL is striped over several volumes.
_STRIPED = 400
_DAILY = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def refuse(code: str, text: str) -> None:
    """Raises a refusal."""
    raise ApiError(code, text)


def full_version(version: str | None) -> str:
    """The version that AWS takes when only the major one is named."""
    major, _, minor = (version or "17").partition(".")
    newest = _NEWEST_MINOR.get(major)
    fits = newest is not None and (not minor or (minor.isdigit() and 1 <= int(minor) <= newest))
    if not fits:
        refuse("InvalidParameterCombination", f"Cannot find version {version} for postgres")
    return f"{major}.{minor or newest}"


def family_of(version: str) -> str:
    """The parameter group family of a version."""
    return f"postgres{version.split('.')[0]}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def is_major(runs: str, wants: str) -> bool:
    """Whether it is a major upgrade from one version to another."""
    return _numbers(wants)[0] > _numbers(runs)[0]


def known_family(family: str) -> bool:
    """Whether there is such a family."""
    return family.removeprefix("postgres") in _NEWEST_MINOR and family.startswith("postgres")


def check_new(values: dict[str, Any]) -> None:
    """What CreateDBInstance wants besides what every instance has to keep to."""
    if not values.get("allocated_storage"):
        refuse("InvalidParameterCombination", "Invalid storage size for engine name postgres and storage type gp3: null")
    _check_credentials(values)
    name = values.get("db_name")
    if name is not None and (not _NAME.fullmatch(name) or name.lower() in _RESERVED):
        refuse("InvalidParameterValue", f"DBName must begin with a letter and contain only alphanumeric characters: {name}")


def _check_credentials(values: dict[str, Any]) -> None:
    user = values.get("master_username") or ""
    if not _NAME.fullmatch(user):
        refuse("InvalidParameterValue", "Invalid master user name")
    if user.lower() in _RESERVED or user.lower().startswith("pg_"):
        text = f"MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        refuse("InvalidParameterValue", text)
    managed, password = values.get("manage_master_user_password"), values.get("master_user_password")
    if managed and password:
        refuse("InvalidParameterCombination", "You can't specify MasterUserPassword with ManageMasterUserPassword")
    if not managed and not password:
        refuse("InvalidParameterValue", "The parameter MasterUserPassword must be provided and must not be blank.")


def check_values(backend: Any, values: dict[str, Any], version: str) -> None:
    """What every instance has to keep to, of the values that are given."""
    password = values.get("master_user_password")
    if password is not None and (not 8 <= len(password) <= 128 or re.search(r'[/@" ]', password)):
        text = "The parameter MasterUserPassword is not a valid password: 8 to 128 characters besides '/', '@', '\"', ' '"
        refuse("InvalidParameterValue", text)
    kind = values.get("db_instance_class")
    if kind is not None and not _CLASS.fullmatch(kind):
        refuse("InvalidParameterValue", f"Invalid DB Instance class: {kind}")
    _check_sizes(values)
    _check_windows(values)
    _check_groups(backend, values, version)
    key = values.get("kms_key_id")
    if key is not None and not _has_key(backend, key):
        refuse("KMSKeyNotAccessibleFault", f"The specified KMS key [{key}] does not exist or is not accessible")


def _check_sizes(values: dict[str, Any]) -> None:
    storage, limit = values.get("allocated_storage"), values.get("max_allocated_storage")
    if storage is not None and not 20 <= storage <= 65536:
        text = f"Invalid storage size for engine name postgres and storage type gp3: {storage}"
        refuse("InvalidParameterValue", text)
    if storage is not None and limit is not None and storage < limit < storage * 1.1:
        refuse("InvalidParameterCombination", "Max storage size must be at least 10% greater than storage size")
    retention = values.get("backup_retention_period")
    if retention is not None and not 0 <= retention <= 35:
        refuse("InvalidParameterValue", f"Invalid backup retention period: {retention}. Must be between 0 and 35.")
    port = values.get("db_port_number") or values.get("port")
    if port is not None and not 1150 <= port <= 65535:
        refuse("InvalidParameterValue", f"The port {port} is not between 1150 and 65535")
    days = values.get("performance_insights_retention_period")
    if days is not None and days not in (7, 731) and not (days % 31 == 0 and 31 <= days <= 713):
        refuse("InvalidParameterValue", f"Invalid Performance Insights retention period: {days}")


def _check_windows(values: dict[str, Any]) -> None:
    window = values.get("preferred_backup_window")
    if window is not None and not _DAILY.fullmatch(window):
        refuse("InvalidParameterValue", f"Invalid backup window format: {window}. Should be hh24:mi-hh24:mi")
    authority = values.get("ca_certificate_identifier")
    if authority is not None and authority not in _CERTIFICATES:
        refuse("CertificateNotFound", f"Certificate {authority} not found")
    exports = values.get("cloudwatch_logs_export_configuration") or {}
    logs = {*(values.get("enable_cloudwatch_logs_exports") or []), *(exports.get("EnableLogTypes") or [])}
    if logs - _LOGS:
        text = f"You cannot use the log types '{sorted(logs - _LOGS)}' with engine postgres"
        refuse("InvalidParameterCombination", text)


def _check_groups(backend: Any, values: dict[str, Any], version: str) -> None:
    group = backend.db_parameter_groups.get(values.get("db_parameter_group_name") or "")
    if group is not None and group.family != family_of(version):
        text = f"The parameter group {group.name} with DBParameterGroupFamily {group.family} can't be used for {version}"
        refuse("InvalidParameterCombination", text)
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = backend.subnet_groups.get(values.get("db_subnet_group_name") or "")
    for group_id in values.get("vpc_security_group_ids") or []:
        found = ec2.get_security_group_from_id(group_id)
        if found is None:
            refuse("InvalidParameterValue", f"Invalid security group, groupId= {group_id}, groupName=.")
        if subnets is not None and found.vpc_id != subnets.vpc_id:
            refuse("InvalidVPCNetworkStateFault", "The DB instance and EC2 security group are in different VPCs.")


def _has_key(backend: Any, key: str) -> bool:
    keys = kms_backends[backend.account_id][backend.region_name].keys
    return key.rpartition("/")[2] in keys


def gp3_performance(storage: int, iops: int | None, throughput: int | None) -> tuple[int, int]:
    """The I/O operations and MiB per second of gp3 storage: fixed when it is small, else at least so many."""
    if storage < _STRIPED:
        return 3000, 125
    return max(iops or 0, 12000), max(throughput or 0, 500)


def check_replica(source: Any, values: dict[str, Any]) -> None:
    """What CreateDBInstanceReadReplica refuses in view of its source."""
    if values.get("db_parameter_group_name") and source.engine == "postgres":
        text = "A parameter group can't be specified during Read Replica creation for the following DB engine: postgres"
        refuse("InvalidParameterCombination", text)


def check_change(database: Any, values: dict[str, Any], has: dict[str, Any]) -> None:
    """What ModifyDBInstance refuses in view of what the instance has or waits for (`has`)."""
    storage, now = values.get("allocated_storage"), database.allocated_storage
    if storage is not None and storage < has["allocated_storage"]:
        refuse("InvalidParameterCombination", f"Invalid storage size: {storage} is less than {has['allocated_storage']}")
    if storage is not None and now < storage and storage * 10 < now * 11:
        text = f"Invalid storage size: {storage}. The increase must be at least 10% of the current size, {now}."
        refuse("InvalidParameterCombination", text)
    if (values.get("storage_type") or has["storage_type"]) == "gp3":
        _check_gp3(values, storage or has["allocated_storage"])
    version = values.get("engine_version")
    if version is not None:
        _check_upgrade(has["engine_version"], full_version(version), values)


def _check_gp3(values: dict[str, Any], storage: int) -> None:
    iops = values.get("iops")
    if storage < _STRIPED:
        if iops is not None or values.get("storage_throughput") is not None:
            text = "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400."
            refuse("InvalidParameterCombination", text)
        return
    if (iops is None) != (values.get("allocated_storage") is None):
        text = (
            "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance "
            "that has iops"
        )
        refuse("InvalidParameterCombination", text)
    if iops is not None and iops < gp3_performance(storage, None, None)[0]:
        text = f"Invalid iops value for engine name postgres and storage type gp3: {iops}"
        refuse("InvalidParameterCombination", text)


def _check_upgrade(runs: str, wants: str, values: dict[str, Any]) -> None:
    if _numbers(wants) < _numbers(runs):
        refuse("InvalidParameterCombination", f"Cannot upgrade postgres from {runs} to {wants}")
    if is_major(runs, wants) and not values.get("allow_major_version_upgrade"):
        text = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        refuse("InvalidParameterCombination", text)
    if is_major(runs, wants) and not values.get("db_parameter_group_name"):
        text = f"The current DB instance parameter group is custom. You must specify one for {family_of(wants)}."
        refuse("InvalidParameterCombination", text)
