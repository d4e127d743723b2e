"""CloudWatch Logs groups: keys, classes, allowed retentions, and tags that die with their group."""

from __future__ import annotations

import json
from typing import Any

from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse as Response

from .errors import ApiError

_RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def install() -> None:
    """Puts the repaired operations in place of moto's."""
    LogGroup.log_group_class = "STANDARD"
    LogGroup.deletion_protection_enabled = False
    _shown = LogGroup.to_describe_dict
    LogGroup.to_describe_dict = lambda self: (
        _shown(self)
        | {
            "logGroupClass": self.log_group_class,
            "deletionProtectionEnabled": self.deletion_protection_enabled,
        }
    )
    for operation in (
        create_log_group,
        delete_log_group,
        describe_log_groups,
        put_retention_policy,
        associate_kms_key,
        disassociate_kms_key,
        put_log_group_deletion_protection,
    ):
        setattr(Response, operation.__name__, operation)


_moto_create = Response.create_log_group
_moto_delete = Response.delete_log_group
_moto_describe = Response.describe_log_groups
_moto_put_retention = Response.put_retention_policy


def create_log_group(self: Response) -> str:
    """CreateLogGroup: keeps the class and the deletion protection."""
    result = _moto_create(self)
    group = self.logs_backend.groups[self._get_param("logGroupName")]
    group.log_group_class = self._get_param("logGroupClass") or "STANDARD"
    group.deletion_protection_enabled = bool(self._get_param("deletionProtectionEnabled"))
    return result


def delete_log_group(self: Response) -> str:
    """DeleteLogGroup: a protected group stays, and a deleted one takes its tags along."""
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if group is not None and group.deletion_protection_enabled:
        raise ApiError("ValidationException", "The log group has deletion protection enabled")
    result = _moto_delete(self)
    self.logs_backend.tagger.delete_all_tags_for_resource(group.arn)
    return result


def describe_log_groups(self: Response) -> str:
    """DescribeLogGroups: also by identifiers and by a pattern anywhere in the name."""
    identifiers, pattern = self._get_param("logGroupIdentifiers"), self._get_param("logGroupNamePattern")
    if not identifiers and not pattern:
        return _moto_describe(self)
    names = {identifier.split(":log-group:")[-1].removesuffix(":*") for identifier in identifiers or []}
    groups = sorted(self.logs_backend.groups.values(), key=lambda group: group.name)
    found = [one for one in groups if one.name in names or (pattern and pattern.lower() in one.name.lower())]
    return json.dumps({"logGroups": [group.to_describe_dict() for group in found]})


def put_retention_policy(self: Response) -> str:
    """PutRetentionPolicy: only the days that AWS allows."""
    days = self._get_param("retentionInDays")
    if days not in _RETENTIONS:
        text = (
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member "
            f"must satisfy enum value set: {list(_RETENTIONS)}"
        )
        raise ApiError("InvalidParameterException", text)
    return _moto_put_retention(self)


def associate_kms_key(self: Response) -> str:
    """AssociateKmsKey, which moto does not have."""
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: Response) -> str:
    """DisassociateKmsKey, which moto does not have."""
    _group(self).kms_key_id = None
    return ""


def put_log_group_deletion_protection(self: Response) -> str:
    """PutLogGroupDeletionProtection, which moto does not have."""
    _group(self).deletion_protection_enabled = bool(self._get_param("deletionProtectionEnabled"))
    return ""


def _group(self: Response) -> Any:
    name = (
        self._get_param("logGroupName")
        or self._get_param("logGroupIdentifier")
        or self._get_param("resourceIdentifier")
    )
    group = self.logs_backend.groups.get((name or "").split(":log-group:")[-1].removesuffix(":*"))
    if group is None:
        raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")
    return group
