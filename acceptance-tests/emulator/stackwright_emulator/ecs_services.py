"""ECS services with memory and a life: every setting is kept, and deployments run to the end that a play gives them.

Time is counted in DescribeServices answers, not in seconds, so that tests neither sleep nor race.
"""

from __future__ import annotations

import copy
import datetime
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, Service, TaskDefinition

from . import ecs_tasks, settings
from .ecs_play import PLAYS, Play

Values = dict[str, Any]

# A change of one of these starts a new deployment; the other settings of a service change in place (AWS's reference of
# UpdateService says so for each parameter).
TRIGGERS = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)

# What a deployment shows of the settings it was started with.
_DEPLOYMENT_FIELDS = (
    "launchType",
    "capacityProviderStrategy",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)

# What a service shows of its settings under their own names.
_SERVICE_FIELDS = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "taskDefinition",
    "deploymentConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "placementConstraints",
    "placementStrategy",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)


@dataclass
class Deployment:
    """One deployment of a service."""

    settings: Values
    desired: int
    play: Play
    describes_left: int
    id: str = field(default_factory=lambda: f"ecs-svc/{random.randint(10**18, 10**19 - 1)}")
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    running: int = 0
    failed: int = 0
    created_at: datetime.datetime = field(default_factory=utcnow)
    updated_at: datetime.datetime = field(default_factory=utcnow)

    def __post_init__(self) -> None:
        self.reason = self.reason or f"ECS deployment {self.id} in progress."

    @property
    def task_definition(self) -> str:
        """The ARN of its task definition."""
        return self.settings["taskDefinition"]

    def become(self, state: str, reason: str) -> None:
        """Changes the rollout state."""
        self.rollout_state, self.reason, self.updated_at = state, reason, utcnow()

    def view(self) -> Values:
        """The deployment as AWS shows it."""
        shown = {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.task_definition,
            "desiredCount": self.desired,
            "runningCount": self.running,
            "pendingCount": max(self.desired - self.running, 0) if self.rollout_state != "FAILED" else 0,
            "failedTasks": self.failed,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "rolloutState": self.rollout_state,
            "rolloutStateReason": self.reason,
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
        }
        return shown | {key: self.settings[key] for key in _DEPLOYMENT_FIELDS if self.settings.get(key)}


def _setting(name: str) -> property:
    """An attribute of moto's that lives among the settings."""

    def write(service: EmulatedService, value: Any) -> None:
        service.settings[name] = value

    return property(lambda service: service.settings.get(name), write)


class EmulatedService(Service):
    """A service in place of moto's. It stays a `Service`, because other parts of moto look services up."""

    def __init__(
        self, backend: EC2ContainerServiceBackend, cluster: Cluster, name: str, values: Values, created_by: str
    ):
        # The parent's constructor is left out on purpose: it drops most settings and invents counts.
        self._backend = backend
        self._account_id = backend.account_id
        self.region_name = backend.region_name
        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.name = name
        self.status = "ACTIVE"
        self.settings = copy.deepcopy(values)
        self.tags: list[Values] = self.settings.pop("tags", [])
        self.client_token = self.settings.pop("clientToken", None)
        self.desired_count: int = self.settings.pop("desiredCount", 0)
        self.created_values = copy.deepcopy(values)
        self.created_at = utcnow()
        self.created_by = created_by
        self.task_sets: list[Any] = []
        self.events: list[Values] = []
        self.tasks: list[ecs_tasks.Task] = []
        self.rollouts: list[Deployment] = []
        self.last_completed: Deployment | None = None
        self._drain_left = 0
        if self.settings["deploymentController"]["type"] == "ECS":
            self._deploy()

    # What other parts of moto read and write of a service.
    task_definition = _setting("taskDefinition")
    launch_type = _setting("launchType")
    load_balancers = _setting("loadBalancers")
    deployment_controller = _setting("deploymentController")
    scheduling_strategy = _setting("schedulingStrategy")
    propagate_tags = _setting("propagateTags")
    running_count = property(lambda self: sum(one.running for one in self.rollouts))
    pending_count = property(lambda self: sum(one.view()["pendingCount"] for one in self.rollouts))

    def update(self, values: Values, force: bool) -> None:
        """UpdateService: takes over the values and deploys when one of them asks for it."""
        values = copy.deepcopy(values)
        before = {key: self.settings.get(key) for key in TRIGGERS}
        counted = values.pop("desiredCount", None)
        merged = self.settings.get("deploymentConfiguration", {}) | values.pop("deploymentConfiguration", {})
        self.settings.update(values, deploymentConfiguration=merged)
        if values.get("capacityProviderStrategy"):
            self.settings.pop("launchType", None)
        if counted is not None:
            self.desired_count = counted
        if self.settings["deploymentController"]["type"] != "ECS":
            return
        if force or before != {key: self.settings.get(key) for key in TRIGGERS}:
            self._deploy()
        elif counted is not None:
            self._scale()

    def delete(self) -> None:
        """DeleteService: drains while tasks run."""
        self.status = "DRAINING"
        self.desired_count = 0
        self._drain_left = settings.of(self._account_id).ecs_drain_describes
        for rollout in self.rollouts:
            rollout.desired = 0

    def tick(self) -> None:
        """One DescribeServices has come: time goes on."""
        if self.status == "DRAINING":
            self._drain()
        elif self.status == "ACTIVE" and self.rollouts:
            primary = self.rollouts[0]
            if primary.describes_left > 0:
                primary.describes_left -= 1
            else:
                self._settle(primary)
        self._match_tasks()

    def view(self, tagged: bool) -> Values:
        """The service as AWS shows it."""
        shown = {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "status": self.status,
            "desiredCount": self.desired_count,
            "runningCount": self.running_count,
            "pendingCount": self.pending_count,
            "platformFamily": "Linux",
            "taskSets": self.task_sets,
            "deployments": [one.view() for one in self.rollouts],
            "roleArn": self.settings.get("role") or self._service_linked_role(),
            "events": self.events[:100],
            "createdAt": self.created_at,
            "createdBy": self.created_by,
        }
        shown |= {key: self.settings[key] for key in _SERVICE_FIELDS if self.settings.get(key) is not None}
        return shown | {"tags": self.tags} if tagged else shown

    def propagated_tags(self, definition: TaskDefinition) -> list[Values]:
        """The tags that a task of this service gets."""
        tags = {"SERVICE": self.tags, "TASK_DEFINITION": definition.tags}.get(self.propagate_tags, [])
        if self.settings.get("enableECSManagedTags"):
            managed = {"aws:ecs:clusterName": self.cluster_name, "aws:ecs:serviceName": self.name}
            tags = tags + [{"key": key, "value": value} for key, value in managed.items()]
        return tags

    def _service_linked_role(self) -> str:
        role = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        return f"arn:aws:iam::{self._account_id}:role/{role}"

    def _deploy(self) -> None:
        play = PLAYS.take(self._account_id, self.name) or Play()
        describes = play.after_describes
        if describes is None:
            describes = settings.of(self._account_id).ecs_describes
        started = Deployment(copy.deepcopy(self.settings), self.desired_count, play, describes)
        self._add_primary(started)
        for order in play.stopped_tasks:
            self.tasks.append(ecs_tasks.failed(self, started, self._definition(started), order))
            started.failed += 1
            self._event(f"has stopped 1 running tasks: (task {self.tasks[-1]['taskArn'].split('/')[-1]}).")

    def _add_primary(self, deployment: Deployment) -> None:
        for older in self.rollouts:
            older.status = "ACTIVE"
        # A deployment that was overtaken before it ran anything leaves nothing behind.
        self.rollouts = [deployment, *(older for older in self.rollouts if older.running)]

    def _scale(self) -> None:
        primary = self.rollouts[0]
        primary.desired = self.desired_count
        primary.updated_at = utcnow()
        if primary.rollout_state == "COMPLETED":
            primary.describes_left = settings.of(self._account_id).ecs_describes

    def _settle(self, primary: Deployment) -> None:
        if primary.rollout_state == "COMPLETED":
            primary.running = primary.desired
        elif primary.rollout_state == "IN_PROGRESS":
            {
                "completed": self._complete,
                "rollback": self._roll_back,
                "failed": self._fail,
                "never": lambda deployment: None,
            }[primary.play.outcome](primary)

    def _complete(self, primary: Deployment) -> None:
        primary.running = primary.desired
        primary.become("COMPLETED", f"ECS deployment {primary.id} completed.")
        self.rollouts = [primary]
        self.last_completed = primary
        if primary.desired:
            self._event(f"has started {primary.desired} tasks.", primary)
        self._event("deployment completed.", primary)
        self._event("has reached a steady state.")

    def _fail(self, primary: Deployment) -> None:
        primary.running = 0
        primary.become("FAILED", primary.play.reason)
        self._event("deployment failed: tasks failed to start.", primary)

    def _roll_back(self, primary: Deployment) -> None:
        self._fail(primary)
        former = self.last_completed
        if former is None:
            return
        reason = f"ECS deployment circuit breaker: rolling back to deploymentId {former.id}."
        describes = settings.of(self._account_id).ecs_describes
        again = Deployment(copy.deepcopy(former.settings), self.desired_count, Play(), describes, reason=reason)
        self.settings.update({key: former.settings[key] for key in TRIGGERS if key in former.settings})
        self._add_primary(again)
        # The failed deployment is shown until the service has settled again, although none of its tasks run.
        self.rollouts.append(primary)
        self._event(f"rolling back to deployment {former.id}.", primary)

    def _drain(self) -> None:
        if self._drain_left != 0:
            self._drain_left -= 1
            return
        self.status = "INACTIVE"
        self.rollouts = []

    def _match_tasks(self) -> None:
        """Starts and stops tasks until as many run as the deployments say."""
        for task in self._running_tasks():
            if task["startedBy"] not in {one.id for one in self.rollouts}:
                ecs_tasks.stop(task, "Scaling activity initiated by (service)", "ServiceSchedulerInitiated")
        for rollout in self.rollouts:
            mine = [task for task in self._running_tasks() if task["startedBy"] == rollout.id]
            for task in mine[rollout.running :]:
                reason = f"Scaling activity initiated by (deployment {rollout.id})"
                ecs_tasks.stop(task, reason, "ServiceSchedulerInitiated")
            for _ in range(rollout.running - len(mine)):
                self.tasks.append(ecs_tasks.running(self, rollout, self._definition(rollout)))
        self.tasks = ecs_tasks.forget_old(self.tasks)

    def _running_tasks(self) -> list[ecs_tasks.Task]:
        return [task for task in self.tasks if task["lastStatus"] == "RUNNING"]

    def _definition(self, deployment: Deployment) -> TaskDefinition:
        return self._backend.describe_task_definition(deployment.task_definition)

    def _event(self, text: str, deployment: Deployment | None = None) -> None:
        about = f"(service {self.name}) " + (f"(deployment {deployment.id}) " if deployment else "")
        self.events.insert(0, {"id": str(uuid.uuid4()), "createdAt": utcnow(), "message": about + text})
