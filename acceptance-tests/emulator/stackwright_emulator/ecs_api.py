"""The ECS operations about services and tasks, in place of moto's."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Task
from moto.ecs.responses import EC2ContainerServiceResponse as Response
from moto.elbv2.models import elbv2_backends

from . import ecs_tasks
from .accounts import caller_of
from .ecs_services import EmulatedService
from .errors import ApiError

Values = dict[str, Any]

_ROUTING = {"cluster", "serviceName", "service", "forceNewDeployment"}
_SERVICE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}$")


def install() -> None:
    """Puts these operations in place of moto's."""
    for operation in (
        create_service,
        update_service,
        delete_service,
        describe_services,
        list_services,
        list_tasks,
        describe_tasks,
        stop_task,
    ):
        setattr(Response, operation.__name__, operation)


def create_service(self: Response) -> ActionResult:
    """CreateService: refuses what AWS refuses, and is idempotent as AWS is."""
    backend, cluster = _cluster(self)
    name = self._get_param("serviceName") or ""
    if not _SERVICE_NAME.match(name):
        raise invalid("Name is invalid. It must contain 1 to 255 letters, numbers, hyphens and underscores.")
    values = _with_defaults(backend, cluster, {k: v for k, v in self.params.items() if k not in _ROUTING})
    _validate(backend, cluster, values)
    existing = backend.services.get(f"{cluster.name}:{name}")
    if existing is not None and existing.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    if existing is not None and existing.status == "ACTIVE":
        if _without_token(existing.created_values) != _without_token(values):
            raise invalid("Creation of service was not idempotent.")
        return ActionResult({"service": existing.view(tagged=True)})
    caller = caller_of(self)
    service = EmulatedService(backend, cluster, name, values, caller.role_arn or caller.arn)
    backend.services[f"{cluster.name}:{name}"] = service
    return ActionResult({"service": service.view(tagged=True)})


def _without_token(values: Values) -> Values:
    return {key: value for key, value in values.items() if key != "clientToken"}


def update_service(self: Response) -> ActionResult:
    """UpdateService: changes in place, or deploys."""
    backend, cluster = _cluster(self)
    service = _service(backend, cluster, self._get_param("service"))
    if service.status != "ACTIVE":
        raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
    values = {key: value for key, value in self.params.items() if key not in _ROUTING}
    if "taskDefinition" in values:
        values["taskDefinition"] = _task_definition(backend, values["taskDefinition"]).arn
    if "networkConfiguration" in values:
        values["networkConfiguration"] = _network(values["networkConfiguration"])
    if "deploymentConfiguration" in values:
        before = service.settings["deploymentConfiguration"]
        values["deploymentConfiguration"] = before | values["deploymentConfiguration"]
    _validate(backend, cluster, service.settings | values)
    service.update(values, bool(self._get_param("forceNewDeployment")))
    return ActionResult({"service": service.view(tagged=False)})


def delete_service(self: Response) -> ActionResult:
    """DeleteService: a service that is not scaled down needs `force`."""
    backend, cluster = _cluster(self)
    service = _service(backend, cluster, self._get_param("service"))
    if service.status == "INACTIVE":
        raise ApiError("ServiceNotFoundException", "Service not found.")
    scaled = service.desired_count > 0 and service.settings["schedulingStrategy"] == "REPLICA"
    if service.status == "ACTIVE":
        if scaled and not self._get_param("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service.delete()
    return ActionResult({"service": service.view(tagged=False)})


def describe_services(self: Response) -> ActionResult:
    """DescribeServices: at most ten; every answer moves the services on, except those of the emulator's own dump."""
    names = self._get_param("services") or []
    if not names:
        raise invalid("services can not be empty.")
    if len(names) > 10:
        raise invalid("service names can have at most 10 items.")
    backend, cluster = _cluster(self)
    tagged = "TAGS" in (self._get_param("include") or [])
    still = self.normalized_request.environ.get("stackwright.still", False)
    found, failures = [], []
    for name in names:
        service = backend.services.get(f"{cluster.name}:{name.split('/')[-1]}")
        if service is None:
            arn = name if name.startswith("arn:") else f"{_prefix(backend)}:service/{cluster.name}/{name}"
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        if not still:
            service.tick()
        found.append(service.view(tagged))
    return ActionResult({"services": found, "failures": failures})


def list_services(self: Response) -> ActionResult:
    """ListServices: deleted services are not listed, not even while they drain."""
    backend, cluster = _cluster(self)
    wanted = {"launchType": self._get_param("launchType"), "schedulingStrategy": self._get_param("schedulingStrategy")}
    arns = [
        service.arn
        for service in _services(backend, cluster)
        if service.status == "ACTIVE"
        and all(value in (None, service.settings.get(key)) for key, value in wanted.items())
    ]
    return ActionResult({"serviceArns": sorted(arns)})


def list_tasks(self: Response) -> ActionResult:
    """ListTasks: the tasks of services and those of RunTask."""
    backend, cluster = _cluster(self)
    name = (self._get_param("serviceName") or "").split("/")[-1]
    if name:
        _service(backend, cluster, name)
    wanted = {
        "desiredStatus": self._get_param("desiredStatus") or "RUNNING",
        "startedBy": self._get_param("startedBy"),
        "launchType": self._get_param("launchType"),
        "group": f"service:{name}" if name else None,
    }
    family = self._get_param("family")
    arns = [
        task["taskArn"]
        for task in _all_tasks(backend, cluster)
        if all(value in (None, task.get(key)) for key, value in wanted.items())
        and (not family or task["taskDefinitionArn"].split("/")[-1].split(":")[0] == family)
    ]
    return ActionResult({"taskArns": arns})


def describe_tasks(self: Response) -> ActionResult:
    """DescribeTasks: unknown tasks are failures, as on AWS."""
    backend, cluster = _cluster(self)
    asked = self._get_param("tasks") or []
    if not asked:
        raise invalid("Tasks cannot be empty.")
    tagged = "TAGS" in (self._get_param("include") or [])
    by_id = {task["taskArn"].split("/")[-1]: task for task in _all_tasks(backend, cluster, advance=asked)}
    found, failures = [], []
    for name in asked:
        task = by_id.get(name.split("/")[-1])
        if task is None:
            arn = name if name.startswith("arn:") else f"{_prefix(backend)}:task/{cluster.name}/{name}"
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append({key: value for key, value in task.items() if tagged or key != "tags"})
    return ActionResult({"tasks": found, "failures": failures})


_moto_stop_task = Response.stop_task


def stop_task(self: Response) -> ActionResult:
    """StopTask: the scheduler replaces a stopped task of a service with its next look."""
    backend, cluster = _cluster(self)
    task_id = self._get_param("task").split("/")[-1]
    for service in _services(backend, cluster):
        for task in service.tasks:
            if task["taskArn"].endswith(task_id):
                ecs_tasks.stop(task, self._get_param("reason") or "Task stopped by user", "UserInitiated")
                return ActionResult({"task": task})
    if not any(arn.endswith(task_id) for arn in backend.tasks.get(cluster.name, {})):
        raise invalid("The referenced task was not found.")
    return _moto_stop_task(self)


def invalid(message: str) -> ApiError:
    """ECS's error for a bad parameter."""
    return ApiError("InvalidParameterException", message)


def _cluster(self: Response) -> tuple[EC2ContainerServiceBackend, Cluster]:
    backend = self.ecs_backend
    return backend, backend._get_cluster(self._get_param("cluster") or "default")


def _prefix(backend: EC2ContainerServiceBackend) -> str:
    return f"arn:aws:ecs:{backend.region_name}:{backend.account_id}"


def _services(backend: EC2ContainerServiceBackend, cluster: Cluster) -> list[EmulatedService]:
    return [service for service in backend.services.values() if service.cluster_name == cluster.name]


def _service(backend: EC2ContainerServiceBackend, cluster: Cluster, name: str) -> EmulatedService:
    service = backend.services.get(f"{cluster.name}:{name.split('/')[-1]}")
    if service is None:
        raise ApiError("ServiceNotFoundException", "Service not found.")
    return service


def _all_tasks(
    backend: EC2ContainerServiceBackend, cluster: Cluster, advance: list[str] | None = None
) -> list[ecs_tasks.Task]:
    tasks = [task for service in _services(backend, cluster) for task in service.tasks]
    for task in backend.tasks.get(cluster.name, {}).values():
        if advance and any(task.id in name for name in advance):
            task.advance()
        tasks.append(_moto_task(task))
    return tasks


def _moto_task(task: Task) -> ecs_tasks.Task:
    shown = {
        "taskArn": task.task_arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "containerInstanceArn": task.container_instance_arn,
        "overrides": task.overrides,
        "lastStatus": task.last_status,
        "desiredStatus": task.desired_status,
        "group": task.group,
        "startedBy": task.started_by,
        "launchType": task.launch_type or None,
        "capacityProviderName": task.capacity_provider_name,
        "stoppedReason": task.stopped_reason or None,
        "containers": task.containers,
        "attachments": task.attachments,
        "tags": task.tags,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _with_defaults(backend: EC2ContainerServiceBackend, cluster: Cluster, sent: Values) -> Values:
    """The settings that AWS would store for a new service."""
    values: Values = {
        "desiredCount": 0,
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "ENABLED",
        "tags": [],
    }
    values.update(sent)
    if "taskDefinition" in sent:
        values["taskDefinition"] = _task_definition(backend, sent["taskDefinition"]).arn
    if "networkConfiguration" in sent:
        values["networkConfiguration"] = _network(sent["networkConfiguration"])
    values["deploymentConfiguration"] = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    } | sent.get("deploymentConfiguration", {})
    if not sent.get("launchType") and not sent.get("capacityProviderStrategy"):
        strategy = cluster.default_capacity_provider_strategy
        values.update({"capacityProviderStrategy": strategy} if strategy else {"launchType": "EC2"})
    if values.get("capacityProviderStrategy"):
        values["capacityProviderStrategy"] = [
            {"weight": 0, "base": 0} | item for item in values["capacityProviderStrategy"]
        ]
    if values.get("launchType") != "EC2":
        values.setdefault("platformVersion", "LATEST")
    if values["loadBalancers"]:
        values.setdefault("healthCheckGracePeriodSeconds", 0)
    return values


def _network(sent: Values) -> Values:
    awsvpc = {"securityGroups": [], "assignPublicIp": "DISABLED"} | sent.get("awsvpcConfiguration", {})
    return {"awsvpcConfiguration": awsvpc}


def _task_definition(backend: EC2ContainerServiceBackend, name: str) -> Any:
    definition = backend.describe_task_definition(name)
    if definition.status != "ACTIVE":
        raise ApiError("ClientException", "TaskDefinition is inactive")
    return definition


def _validate(backend: EC2ContainerServiceBackend, cluster: Cluster, values: Values) -> None:
    strategy = values.get("capacityProviderStrategy")
    if values.get("launchType") and strategy:
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    for item in strategy or []:
        if item["capacityProvider"] not in (cluster.capacity_providers or []):
            raise invalid(
                f"The specified capacity provider '{item['capacityProvider']}' is not associated with the cluster. "
                "Associate it with the cluster and try again."
            )
    if values["desiredCount"] < 0 if "desiredCount" in values else False:
        raise invalid("desiredCount must be at least 0.")
    _validate_rebalancing(values)
    _validate_network(backend, values)
    _validate_load_balancers(backend, values)


def _validate_rebalancing(values: Values) -> None:
    """Balancing starts a task in one zone before it stops one in another."""
    balanced = values["availabilityZoneRebalancing"] == "ENABLED"
    if balanced and values["deploymentConfiguration"]["maximumPercent"] <= 100:
        raise invalid(
            "Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration."
        )


def _validate_network(backend: EC2ContainerServiceBackend, values: Values) -> None:
    network = values.get("networkConfiguration")
    definition = values.get("taskDefinition")
    if network is None:
        if definition and backend.describe_task_definition(definition).network_mode == "awsvpc":
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        return
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    awsvpc = network["awsvpcConfiguration"]
    if not awsvpc.get("subnets"):
        raise invalid("subnets can not be empty.")
    known = {subnet_id for by_zone in ec2.subnets.values() for subnet_id in by_zone}
    for subnet in awsvpc["subnets"]:
        if subnet not in known:
            raise invalid(
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
    groups = {group_id for by_vpc in ec2.groups.values() for group_id in by_vpc}
    for group in awsvpc["securityGroups"]:
        if group not in groups:
            raise invalid(
                f"Error retrieving security group information for [{group}]: The security group '{group}' does not "
                "exist (ErrorCode: InvalidGroup.NotFound)"
            )


def _validate_load_balancers(backend: EC2ContainerServiceBackend, values: Values) -> None:
    elb = elbv2_backends[backend.account_id][backend.region_name]
    for item in values.get("loadBalancers") or []:
        arn = item.get("targetGroupArn")
        group = elb.target_groups.get(arn)
        if arn and group is None:
            raise invalid(f"Unable to assume role and validate the specified targetGroupArn: {arn}")
        if arn and not group.load_balancer_arns:
            raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
        _validate_container(backend, values, item)
    if values.get("healthCheckGracePeriodSeconds") and not values.get("loadBalancers"):
        raise invalid("Health check grace period is only valid for services configured to use load balancers")


def _validate_container(backend: EC2ContainerServiceBackend, values: Values, item: Values) -> None:
    if not values.get("taskDefinition"):
        return
    containers = backend.describe_task_definition(values["taskDefinition"]).container_definitions
    container = next((one for one in containers if one["name"] == item.get("containerName")), None)
    if container is None:
        raise invalid(f"The container {item.get('containerName')} does not exist in the task definition.")
    ports = [mapping.get("containerPort") for mapping in container.get("portMappings", [])]
    if item.get("containerPort") not in ports:
        raise invalid(
            f"The container {container['name']} did not have a container port {item.get('containerPort')} defined."
        )
