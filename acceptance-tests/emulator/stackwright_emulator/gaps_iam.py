"""IAM roles: an update changes only what it names, and tag keys that differ only in case are one key."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse as Response

from .errors import ApiError

Tags = list[dict[str, str]]


def install() -> None:
    """Puts the repaired operations in place of moto's."""
    Response.update_role = update_role
    IAMBackend.create_role = _create_role(IAMBackend.create_role)
    IAMBackend.tag_role = _tag_role(IAMBackend.tag_role)
    IAMBackend.untag_role = untag_role


def _check_keys(tags: Tags) -> None:
    keys = [tag["Key"].lower() for tag in tags or []]
    if len(keys) != len(set(keys)):
        text = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise ApiError("InvalidInput", text)


def _create_role(original: Any) -> Any:
    def create_role(self: IAMBackend, *args: Any, **kwargs: Any) -> Any:
        """CreateRole: no two tags whose keys differ only in case."""
        _check_keys(kwargs.get("tags") or (args[5] if len(args) > 5 else []))
        return original(self, *args, **kwargs)

    return create_role


def _tag_role(original: Any) -> Any:
    def tag_role(self: IAMBackend, role_name: str, tags: Tags) -> None:
        """TagRole: a key in another case replaces the one that is there."""
        _check_keys(tags)
        role, new = self.get_role(role_name), {tag["Key"].lower() for tag in tags}
        role.tags = [tag for tag in role.tags if tag["Key"].lower() not in new]
        original(self, role_name, tags)

    return tag_role


def untag_role(self: IAMBackend, role_name: str, tag_keys: list[str]) -> None:
    """UntagRole: a key goes in whatever case it is written."""
    role, gone = self.get_role(role_name), {key.lower() for key in tag_keys}
    role.tags = [tag for tag in role.tags if tag["Key"].lower() not in gone]


def update_role(self: Response) -> ActionResult:
    """UpdateRole: moto resets the description or the session duration that is left out."""
    role = self.backend.get_role(self._get_param("RoleName"))
    description, duration = self._get_param("Description"), self._get_param("MaxSessionDuration")
    if description is not None:
        role.description = description
    if duration is not None:
        role.max_session_duration = duration
    return EmptyResult()
