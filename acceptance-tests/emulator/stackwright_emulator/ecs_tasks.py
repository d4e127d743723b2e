"""The tasks of an ECS service, as ListTasks and DescribeTasks show them."""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.utils import unix_time_millis, utcnow
from moto.ecs.models import TaskDefinition
from moto.logs.models import logs_backends

from .ecs_play import StoppedTask

Task = dict[str, Any]

# ECS shows a stopped task for about an hour; here it is the last so many of a service.
_KEPT = 50


def running(service: Any, deployment: Any, definition: TaskDefinition) -> Task:
    """A healthy task of a deployment."""
    task = _task(service, deployment, definition)
    task.update(lastStatus="RUNNING", desiredStatus="RUNNING", startedAt=utcnow(), connectivity="CONNECTED")
    for container in task["containers"]:
        container.update(lastStatus="RUNNING", healthStatus="UNKNOWN")
    return task


def failed(service: Any, deployment: Any, definition: TaskDefinition, order: StoppedTask) -> Task:
    """A task that did not stay up, as a play orders it."""
    task = _task(service, deployment, definition)
    stop(task, order.stopped_reason, "EssentialContainerExited" if order.exit_code is not None else "TaskFailedToStart")
    for index, container in enumerate(task["containers"]):
        if container["name"] != order.container if order.container else index > 0:
            continue
        if order.exit_code is not None:
            container["exitCode"] = order.exit_code
        if order.container_reason is not None:
            container["reason"] = order.container_reason
    if order.log:
        _write_log(task, definition, order.log)
    return task


def _write_log(task: Task, definition: TaskDefinition, lines: list[str]) -> None:
    """What its first container wrote, as the awslogs driver keeps it: `<prefix>/<container>/<task>`."""
    container = definition.container_definitions[0]
    options = container.get("logConfiguration", {}).get("options", {})
    _, _, _, region, account, name = task["taskArn"].split(":", 5)
    backend, group = logs_backends[account][region], options.get("awslogs-group")
    if group in backend.groups:
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{name.rpartition('/')[2]}"
        now = int(unix_time_millis())
        backend.create_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": now + at, "message": line} for at, line in enumerate(lines)])


def stop(task: Task, reason: str, code: str) -> None:
    """Ends a task."""
    now = utcnow()
    task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stoppedReason=reason, stopCode=code)
    task.update(stoppingAt=now, stoppedAt=now, executionStoppedAt=now, connectivity="DISCONNECTED")
    for container in task["containers"]:
        container["lastStatus"] = "STOPPED"


def forget_old(tasks: list[Task]) -> list[Task]:
    """All running tasks and the latest stopped ones."""
    stopped = [task for task in tasks if task["lastStatus"] == "STOPPED"]
    too_old = {id(task) for task in stopped[:-_KEPT]}
    return [task for task in tasks if id(task) not in too_old]


def _task(service: Any, deployment: Any, definition: TaskDefinition) -> Task:
    task_id = uuid.uuid4().hex
    prefix = service.arn.split(":service/")[0]
    arn = f"{prefix}:task/{service.cluster_name}/{task_id}"
    strategy = deployment.settings.get("capacityProviderStrategy")
    network = deployment.settings.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    task = {
        "taskArn": arn,
        "clusterArn": service.cluster_arn,
        "taskDefinitionArn": definition.arn,
        "group": f"service:{service.name}",
        "startedBy": deployment.id,
        "launchType": deployment.settings.get("launchType") or "FARGATE",
        "capacityProviderName": strategy[0]["capacityProvider"] if strategy else None,
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "createdAt": utcnow(),
        "cpu": definition.cpu,
        "memory": definition.memory,
        "enableExecuteCommand": service.settings.get("enableExecuteCommand", False),
        "healthStatus": "UNKNOWN",
        "version": 1,
        "attachments": _attachments(network),
        "containers": [_container(prefix, service, arn, task_id, one) for one in definition.container_definitions],
        "tags": service.propagated_tags(definition),
    }
    return {key: value for key, value in task.items() if value is not None}


def _attachments(network: dict[str, Any]) -> list[dict[str, Any]]:
    if not network.get("subnets"):
        return []
    details = [{"name": "subnetId", "value": network["subnets"][0]}]
    return [{"id": str(uuid.uuid4()), "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details}]


def _container(prefix: str, service: Any, task_arn: str, task_id: str, definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "containerArn": f"{prefix}:container/{service.cluster_name}/{task_id}/{uuid.uuid4()}",
        "taskArn": task_arn,
        "name": definition["name"],
        "image": definition["image"],
        "runtimeId": f"{task_id}-{len(definition['name'])}",
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "cpu": str(definition.get("cpu", 0)),
    }
