"""ECS task definitions: the defaults that AWS fills in, and revisions that are never used twice."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs.exceptions import TaskDefinitionNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.models import TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from .accounts import caller_of

_KEPT = {"enableFaultInjection": "enable_fault_injection"}


def install() -> None:
    """Puts these operations in place of moto's."""
    Backend.describe_task_definition = describe
    Backend._get_last_task_definition_revision_id = _last_revision
    Response.register_task_definition = register_task_definition
    Response.deregister_task_definition = deregister_task_definition
    Response.list_task_definitions = list_task_definitions


def describe(self: Backend, task_definition_str: str) -> TaskDefinition:
    """A task definition by ARN or `family:revision`; a bare family means its latest active revision."""
    family, _, revision = task_definition_str.split("/")[-1].partition(":")
    revisions = self.task_definitions.get(family, {})
    if revision:
        found = revisions.get(int(revision)) if revision.isdigit() else None
    else:
        found = max((one for one in revisions.values() if one.status == "ACTIVE"), key=_revision, default=None)
    if found is None:
        raise TaskDefinitionNotFoundException
    return found


def _revision(definition: TaskDefinition) -> int:
    return definition.revision


def _last_revision(self: Backend, family: str) -> int:
    """The highest revision ever given, so that a deleted revision does not come back as another one."""
    highest: dict[str, int] = self.__dict__.setdefault("highest_revisions", {})
    highest[family] = max([highest.get(family, 0), *self.task_definitions.get(family, {})])
    return highest[family]


_moto_register = Response.register_task_definition


def register_task_definition(self: Response) -> ActionResult:
    """RegisterTaskDefinition: fills in what AWS fills in."""
    for container in self._get_param("containerDefinitions") or []:
        for mapping in container.get("portMappings", []):
            mapping.setdefault("protocol", "tcp")
            if self._get_param("networkMode") == "awsvpc":
                mapping.setdefault("hostPort", mapping.get("containerPort"))
    definition = _moto_register(self).result["taskDefinition"]
    _last_revision(self.ecs_backend, definition.family)
    caller = caller_of(self)
    definition.registered_at = utcnow()
    definition.registered_by = caller.role_arn or caller.arn
    for member, attribute in _KEPT.items():
        setattr(definition, attribute, self._get_param(member))
    return ActionResult(_with_tags(definition))


def _with_tags(definition: TaskDefinition) -> dict[str, Any]:
    return {"taskDefinition": definition, "tags": definition.tags}


_moto_deregister = Response.deregister_task_definition


def deregister_task_definition(self: Response) -> ActionResult:
    """DeregisterTaskDefinition: remembers when."""
    result = _moto_deregister(self)
    result.result["taskDefinition"].deregistered_at = utcnow()
    return result


def list_task_definitions(self: Response) -> ActionResult:
    """ListTaskDefinitions: in the order of families and revisions, or its reverse."""
    prefix, status = self._get_param("familyPrefix"), self._get_param("status") or "ACTIVE"
    found = [
        definition
        for revisions in self.ecs_backend.task_definitions.values()
        for definition in revisions.values()
        if definition.status == status and prefix in (None, definition.family)
    ]
    found.sort(key=lambda one: (one.family, one.revision), reverse=self._get_param("sort") == "DESC")
    return ActionResult({"taskDefinitionArns": [definition.arn for definition in found]})
