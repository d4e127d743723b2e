"""RDS instances: they take their time, keep changes pending, and are refused as AWS refuses them.

A change is told in steps: each DescribeDBInstances answer shows the next state of the list that it began with, and the
answer after the last one shows its end. Calls of the dump move nothing on.
"""

from __future__ import annotations

import copy
import random
import string
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from . import rds_events, rds_play, rds_rules, settings
from .rds_rules import refuse

# Changes that wait for the maintenance window unless they are to be applied immediately, as AWS shows them.
_DEFERRED = {
    "allocated_storage": "AllocatedStorage",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "multi_az": "MultiAZ",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
# Changes that begin at once whatever is asked, and show as pending until they are done.
_SOON = {
    "db_port_number": "Port",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "master_user_password": "MasterUserPassword",
    "cloudwatch_logs_export_configuration": "PendingCloudwatchLogsExports",
}
# Where moto keeps what ModifyDBInstance calls otherwise.
_ATTRIBUTES = {
    "db_port_number": "port",
    "enable_performance_insights": "performance_insights_enabled",
}
_NOT_VALUES = {
    "allow_major_version_upgrade",
    "apply_immediately",
    "db_instance_identifier",
}
_READY = {"available", "storage-optimization"}


@dataclass
class Life:
    """What goes on with an instance beside what it has."""

    steps: list[str] = field(default_factory=list)
    finish: Callable[[], None] | None = None
    waiting: dict[str, Any] = field(default_factory=dict)
    begun: dict[str, Any] = field(default_factory=dict)
    """The part of what waits that is done with `finish`."""
    former: dict[str, Any] = field(default_factory=dict)
    """The parameter group from before the major upgrade that waits: the new one is shown at once."""
    play: rds_play.Play | None = None
    reachable: bool = False


# Beside the instances, because moto copies all that an instance has when one is restored from it.
_lives: weakref.WeakKeyDictionary[Any, Life] = weakref.WeakKeyDictionary()


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    for name, wrapper in (
        ("create_db_instance", _create),
        ("create_db_instance_read_replica", _create_replica),
        ("modify_db_instance", _modify),
        ("delete_db_instance", _delete),
        ("restore_db_instance_from_db_snapshot", _restore_snapshot),
        ("restore_db_instance_to_point_in_time", _restore_to_time),
    ):
        setattr(RDSBackend, name, wrapper(getattr(RDSBackend, name)))
    RDSResponse.describe_db_instances = _describe(RDSResponse.describe_db_instances)
    endpoint = DBInstance.endpoint.fget
    DBInstance.endpoint = property(lambda self: _endpoint(endpoint, self))
    # AWS says 0 here for an instance that is in no cluster.
    DBInstance.db_instance_port = property(lambda self: 0)


def life(database: Any) -> Life:
    """The life of an instance."""
    return _lives.setdefault(database, Life(reachable=True))


def _endpoint(original: Any, database: Any) -> Any:
    return original(database) | {"HostedZoneId": "Z1PVIF0B656C1W"} if life(database).reachable else None


def _answers(database: Any) -> int:
    return settings.of(database.account_id).rds_describes


def _begin(database: Any, steps: list[str], finish: Callable[[], None]) -> None:
    found = life(database)
    found.steps, found.finish = steps, finish


def _describe(original: Any) -> Any:
    def describe_db_instances(self: RDSResponse) -> Any:
        """DescribeDBInstances: what is asked for moves on by one answer."""
        if not self.normalized_request.environ.get("stackwright.still", False):
            asked = self.params.get("DBInstanceIdentifier")
            named = [value for one in self.params.get("Filters", []) for value in one["Values"]]
            wanted = {name.lower() for name in [*named, asked] if name}
            for database in list(self.backend.databases.values()):
                if not wanted or database.db_instance_identifier in wanted:
                    _move_on(database)
        return original(self)

    return describe_db_instances


def _move_on(database: Any) -> None:
    found = life(database)
    if found.steps:
        database.status = found.steps.pop(0)
    elif found.finish is not None:
        finish, found.finish = found.finish, None
        finish()


def _become_available(database: Any) -> None:
    database.status = "available"
    life(database).reachable = True
    database.pending_modified_values = {}


def _create(original: Any) -> Any:
    def create_db_instance(self: RDSBackend, db_kwargs: Any) -> Any:
        """CreateDBInstance; moto's restores end here too, with all that their source has."""
        values = dict(db_kwargs)
        if values["db_instance_identifier"] in self.databases:
            refuse("DBInstanceAlreadyExists", "DB instance already exists")
        values["engine_version"] = rds_rules.full_version(values.get("engine_version"))
        if "created" not in values:
            rds_rules.check_new(values)
            rds_rules.check_values(self, values, values["engine_version"])
        database = original(self, values)
        _fill_in(database, values)
        _start(database)
        return database

    return create_db_instance


def _start(database: Any) -> None:
    """A new instance: it is made, and backed up when it has backups."""
    _lives[database] = Life()
    database.status = "creating"
    backup = ["backing-up"] if database.backup_retention_period else []
    _begin(database, ["creating"] * _answers(database) + backup, lambda: _become_available(database))


def _fill_in(database: Any, values: dict[str, Any]) -> None:
    """What AWS chooses or keeps, and moto does not."""
    letters = string.ascii_uppercase + string.digits
    database.dbi_resource_id = "db-" + "".join(random.choices(letters, k=26))
    database.replicas, database.is_replica, database.source_db_instance_identifier = [], False, None
    database.ca_certificate_identifier = values.get("ca_certificate_identifier") or "rds-ca-rsa2048-g1"
    database.performance_insights_enabled = bool(values.get("enable_performance_insights"))
    days = values.get("performance_insights_retention_period") or 7
    database.performance_insights_retention_period = days if database.performance_insights_enabled else None
    database.pending_modified_values = {"MasterUserPassword": "****"}
    if database.storage_encrypted and not values.get("kms_key_id"):
        database.kms_key_id = f"arn:aws:kms:{database.region}:{database.account_id}:key/aws-rds"
    group = database.__dict__.get("db_subnet_group")
    if group is not None and not values.get("availability_zone"):
        database.availability_zone = group.subnets[0]["SubnetAvailabilityZone"]["Name"]
    _give_performance(database, values)


def _give_performance(database: Any, values: dict[str, Any]) -> None:
    """What the storage does of its kind and size. moto takes a throughput only while the storage is gp3 already."""
    if database.storage_type == "gp3":
        throughput = values.get("storage_throughput") or database.storage_throughput
        found = rds_rules.gp3_performance(database.allocated_storage, database.iops, throughput)
        database.iops, database.storage_throughput = found
    elif database.storage_type in ("gp2", "standard"):
        database.iops = database.storage_throughput = None


def _create_replica(original: Any) -> Any:
    def create_db_instance_read_replica(self: RDSBackend, db_kwargs: Any) -> Any:
        """CreateDBInstanceReadReplica: an instance of its own, of a source that has backups."""
        values = dict(db_kwargs)
        if values["db_instance_identifier"] in self.databases:
            refuse("DBInstanceAlreadyExists", "DB instance already exists")
        source = self.find_db_from_id(values["source_db_instance_identifier"])
        rds_rules.check_replica(source, values)
        _refuse_busy(source)
        if not source.backup_retention_period:
            refuse("InvalidDBInstanceState", "Automated backups are not enabled for this database instance.")
        rds_rules.check_values(self, values, source.engine_version)
        tags, logs = values.pop("tags", []), values.pop("enable_cloudwatch_logs_exports", [])
        replica = original(self, values)
        replica.tags, replica.enabled_cloudwatch_logs_exports = copy.deepcopy(tags), list(logs)
        replica.created = replica.instance_create_time = utcnow()
        _as_replica(replica, values, source)
        return replica

    return create_db_instance_read_replica


def _as_replica(replica: Any, values: dict[str, Any], source: Any) -> None:
    zone = values.get("availability_zone")
    _fill_in(replica, {"kms_key_id": source.kms_key_id, "availability_zone": zone} | values)
    replica.is_replica = True
    replica.source_db_instance_identifier = source.db_instance_identifier
    replica.multi_az = bool(values.get("multi_az"))
    replica.deletion_protection = bool(values.get("deletion_protection"))
    replica.backup_retention_period = 0
    replica.pending_modified_values = {}
    _start(replica)


def _refuse_busy(database: Any) -> None:
    if database.status not in _READY:
        text = f"Database instance {database.db_instance_identifier} is not in available state."
        refuse("InvalidDBInstanceState", text)


def _modify(original: Any) -> Any:
    def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: Any) -> Any:
        """ModifyDBInstance: some at once, some soon, some in the maintenance window unless it is to be done now."""
        database = self.describe_db_instances(db_instance_identifier)[0]
        values = {key: value for key, value in dict(db_kwargs).items() if value is not None}
        _refuse_busy(database)
        waiting = life(database).waiting
        asked = ("allocated_storage", "engine_version", "storage_type")
        has = {key: waiting.get(key, getattr(database, key)) for key in asked}
        version = values.get("engine_version") or has["engine_version"]
        rds_rules.check_values(self, values, rds_rules.full_version(version))
        rds_rules.check_change(database, values, has)
        if "engine_version" in values:
            values["engine_version"] = rds_rules.full_version(values["engine_version"])
        former = database.db_parameter_group_name
        later, now = _sorted(database, values)
        original(self, db_instance_identifier, now)
        _set(database, now)
        _schedule(database, later, bool(values.get("apply_immediately")))
        _keep_group(database, former)
        return database

    return modify_db_instance


def _sorted(database: Any, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What becomes pending, and what is done in the call."""
    later = {}
    for key in [*_DEFERRED, *_SOON]:
        if key in values:
            later[key] = values[key]
    days = values.get("backup_retention_period")
    if days is not None and (days == 0) != (database.backup_retention_period == 0):
        later["backup_retention_period"] = days
    now = {key: value for key, value in values.items() if key not in later and key not in _NOT_VALUES}
    return later, now


def _set(database: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        if key == "cloudwatch_logs_export_configuration":
            logs = {*database.enabled_cloudwatch_logs_exports, *(value.get("EnableLogTypes") or [])}
            database.enabled_cloudwatch_logs_exports = sorted(logs - {*(value.get("DisableLogTypes") or [])})
        elif key in {**_DEFERRED, **_SOON, **_ATTRIBUTES} or key == "backup_retention_period":
            setattr(database, _ATTRIBUTES.get(key, key), value)
    _give_performance(database, values)
    if not database.performance_insights_enabled:
        database.performance_insights_retention_period = None
    elif not database.performance_insights_retention_period:
        database.performance_insights_retention_period = 7


def _shown(key: str, value: Any) -> tuple[str, Any]:
    """A pending change as AWS shows it."""
    if key == "master_user_password":
        return "MasterUserPassword", "****"
    if key == "cloudwatch_logs_export_configuration":
        names = {"EnableLogTypes": "LogTypesToEnable", "DisableLogTypes": "LogTypesToDisable"}
        return "PendingCloudwatchLogsExports", {shown: list(value.get(said) or []) for said, shown in names.items()}
    return {**_DEFERRED, **_SOON, "backup_retention_period": "BackupRetentionPeriod"}[key], value


def _schedule(database: Any, later: dict[str, Any], immediately: bool) -> None:
    """Keeps changes pending, and begins those that do not wait for the window; what has begun goes on."""
    found = life(database)
    waiting = found.waiting
    for key, value in later.items():
        if key in ("master_user_password", "cloudwatch_logs_export_configuration") or _value(database, key) != value:
            waiting[key] = value
        else:
            waiting.pop(key, None)
            found.begun.pop(key, None)
    database.pending_modified_values = dict(_shown(key, value) for key, value in waiting.items())
    begun = dict(waiting) if immediately else {key: value for key, value in waiting.items() if key in _SOON}
    if begun:
        found.begun.update(begun)
        if found.play is None and _is_major(database, begun):
            found.play = rds_play.PLAYS.take(database.account_id, database.db_instance_identifier)
        # AWS answers `available` once more before it shows that it has begun.
        answers = _answers(database)
        steps = ["available"] * min(answers, 1) + ["upgrading" if found.play else "modifying"] * answers
        _begin(database, steps, lambda: _apply(database))


def _is_major(database: Any, values: dict[str, Any]) -> bool:
    return rds_rules.is_major(database.engine_version, values.get("engine_version", database.engine_version))


def _keep_group(database: Any, former: str | None) -> None:
    """Remembers the parameter group from before a major upgrade for as long as the upgrade waits."""
    found = life(database)
    if not _is_major(database, found.waiting):
        found.former.clear()
    else:
        found.former.setdefault("db_parameter_group_name", former)


def _value(database: Any, key: str) -> Any:
    return getattr(database, _ATTRIBUTES.get(key, key))


def _apply(database: Any) -> None:
    """The end of what has begun."""
    found = life(database)
    waiting, values, play = found.waiting, found.begun, found.play
    found.begun, found.play = {}, None
    for key, value in values.items():
        if waiting.get(key) == value:
            del waiting[key]
    if play is not None:
        values.pop("engine_version", None)
        # moto's update leaves out None, which is the default group.
        database.__dict__.update(found.former)
        rds_events.tell_of_precheck(database, play.reason)
    upgraded = _is_major(database, values)
    _set(database, values)
    if upgraded:
        _upgrade_replicas(database)
    if not _is_major(database, waiting):
        found.former.clear()
    _become_available(database)
    database.pending_modified_values = dict(_shown(key, value) for key, value in waiting.items())


def _upgrade_replicas(source: Any) -> None:
    """RDS upgrades the replicas in the region along with their source. A group of the old family cannot stay."""
    version = source.engine_version
    for replica in source.backend.databases.values():
        if replica.source_db_instance_identifier == source.db_instance_identifier:
            _begin(replica, ["upgrading"] * _answers(replica), lambda replica=replica: _upgraded(replica, version))


def _upgraded(replica: Any, version: str) -> None:
    replica.engine_version = version
    group = replica.backend.db_parameter_groups.get(replica.db_parameter_group_name or "")
    if group is None or group.family != rds_rules.family_of(version):
        replica.db_parameter_group_name = None
    _become_available(replica)


def _delete(original: Any) -> Any:
    def delete_db_instance(
        self: RDSBackend,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> Any:
        """DeleteDBInstance: takes a while, and wants to be told what becomes of the data."""
        database = self.describe_db_instances(db_instance_identifier)[0]
        _check_delete(self, database, final_db_snapshot_identifier, skip_final_snapshot)
        if final_db_snapshot_identifier:
            self.create_db_snapshot(db_instance_identifier, final_db_snapshot_identifier)
        database.status = "deleting"

        def finish() -> None:
            source = database.source_db_instance_identifier
            database.is_replica = source is not None and source in self.databases
            for replica in self.databases.values():
                if replica.source_db_instance_identifier == database.db_instance_identifier:
                    replica.is_replica, replica.source_db_instance_identifier = False, None
            original(self, db_instance_identifier, None, True, delete_automated_backups)

        _begin(database, ["deleting"] * _answers(database), finish)
        return database

    return delete_db_instance


def _check_delete(self: RDSBackend, database: Any, snapshot: str | None, skip: bool | None) -> None:
    name = database.db_instance_identifier
    if database.deletion_protection:
        text = "Cannot delete protected DB Instance, please disable deletion protection and try again."
        refuse("InvalidParameterCombination", text)
    if database.status == "deleting":
        refuse("InvalidDBInstanceState", f"Instance {name} is already being deleted.")
    if snapshot and (skip or database.is_replica):
        text = "FinalDBSnapshotIdentifier can not be specified when deleting a replica or with SkipFinalSnapshot."
        refuse("InvalidParameterCombination", text)
    if not snapshot and not skip:
        text = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        refuse("InvalidParameterCombination", text)
    if snapshot and database.status == "creating":
        refuse("InvalidDBInstanceState", f"Cannot create a snapshot because the database instance {name} is creating.")
    if snapshot and snapshot in self.database_snapshots:
        refuse("DBSnapshotAlreadyExists", f"Cannot create the snapshot because {snapshot} already exists.")


def _restore_snapshot(original: Any) -> Any:
    def restore_db_instance_from_db_snapshot(self: RDSBackend, from_snapshot_id: str, overrides: Any) -> Any:
        """RestoreDBInstanceFromDBSnapshot."""
        found = self.describe_db_snapshots(None, from_snapshot_id.rpartition(":")[2])[0]
        rds_rules.check_values(self, dict(overrides), found.engine_version)
        return _restored(original(self, from_snapshot_id, overrides), overrides)

    return restore_db_instance_from_db_snapshot


def _restore_to_time(original: Any) -> Any:
    def restore_db_instance_to_point_in_time(self: RDSBackend, source: str, target: str, overrides: Any) -> Any:
        """RestoreDBInstanceToPointInTime: of a source that has backups."""
        found = self.describe_db_instances(source)[0]
        values = dict(overrides)
        if not found.backup_retention_period:
            refuse("PointInTimeRestoreNotEnabled", f"Backups are not enabled for {source}")
        if bool(values.get("restore_time")) == bool(values.get("use_latest_restorable_time")):
            refuse("InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime")
        rds_rules.check_values(self, values, found.engine_version)
        return _restored(original(self, source, target, overrides), overrides)

    return restore_db_instance_to_point_in_time


def _restored(database: Any, overrides: Any) -> Any:
    """moto takes everything of the source, and no `false` of the request."""
    for key, value in dict(overrides).items():
        if value is False and hasattr(database, key):
            setattr(database, key, value)
    database.enabled_cloudwatch_logs_exports = list(overrides.get("EnableCloudwatchLogsExports") or [])
    database.tags = copy.deepcopy(overrides.get("Tags") or [])
    database.pending_modified_values = {}
    return database


def login(account: str, region: str, instance: str, user: str, password: str) -> bool:
    """Whether a password opens a database, as a client would find out."""
    from moto.rds.models import rds_backends

    database = rds_backends[account][region].databases.get(instance)
    if database is None or not life(database).reachable:
        return False
    return (database.master_username, database._master_user_password) == (user, password)
