"""IAM roles: an update changes only what it names."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.responses import IamResponse as Response


def install() -> None:
    """Puts the repaired operation in place of moto's."""
    Response.update_role = update_role


def update_role(self: Response) -> ActionResult:
    """UpdateRole: moto resets the description or the session duration that is left out."""
    role = self.backend.get_role(self._get_param("RoleName"))
    description, duration = self._get_param("Description"), self._get_param("MaxSessionDuration")
    if description is not None:
        role.description = description
    if duration is not None:
        role.max_session_duration = duration
    return EmptyResult()
