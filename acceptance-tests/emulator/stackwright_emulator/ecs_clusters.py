"""ECS clusters: what moto leaves out of their life and of their description."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ClusterNotFoundException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from .errors import ApiError

# DescribeClusters shows these only when `include` asks for them.
_INCLUDED = {
    "TAGS": "tags",
    "SETTINGS": "settings",
    "CONFIGURATIONS": "configuration",
    "STATISTICS": "statistics",
    "ATTACHMENTS": "attachments",
}
_FARGATE = ("FARGATE", "FARGATE_SPOT")


def install() -> None:
    """Puts these operations in place of moto's."""
    EC2ContainerServiceBackend._get_cluster = _get_cluster
    for operation in (
        create_cluster,
        describe_clusters,
        list_clusters,
        delete_cluster,
        update_cluster_settings,
        put_cluster_capacity_providers,
    ):
        setattr(Response, operation.__name__, operation)


def _get_cluster(self: EC2ContainerServiceBackend, name: str) -> Cluster:
    """A cluster by name or ARN; a deleted one is gone for every operation but DescribeClusters."""
    cluster = self.clusters.get(name.split("/")[-1])
    if cluster is None or cluster.status != "ACTIVE":
        raise ClusterNotFoundException
    return cluster


_moto_create_cluster = Response.create_cluster


def create_cluster(self: Response) -> ActionResult:
    """CreateCluster: an existing cluster is returned as it is, not replaced."""
    existing = self.ecs_backend.clusters.get(self._get_param("clusterName") or "default")
    if existing is not None and existing.status == "ACTIVE":
        return ActionResult({"cluster": _counted(self, existing)})
    _check_providers(self, self._get_param("capacityProviders") or [])
    _check_strategy(self._get_param("defaultCapacityProviderStrategy"), self._get_param("capacityProviders"))
    result = _moto_create_cluster(self)
    cluster = result.result["cluster"]
    cluster.tags = cluster.tags or []
    cluster.capacity_providers = cluster.capacity_providers or []
    cluster.default_capacity_provider_strategy = _filled(cluster.default_capacity_provider_strategy)
    return ActionResult({"cluster": _counted(self, cluster)})


def describe_clusters(self: Response) -> ActionResult:
    """DescribeClusters: only what `include` names, with true counts."""
    clusters, failures = self.ecs_backend.describe_clusters(self._get_param("clusters") or [])
    include = self._get_param("include") or []
    for option, member in _INCLUDED.items():
        if option not in include:
            self._exclude_from_response(f"DescribeClustersResponse.clusters.Cluster.{member}")
    return ActionResult({"clusters": [_counted(self, cluster) for cluster in clusters], "failures": failures})


def list_clusters(self: Response) -> ActionResult:
    """ListClusters: without the deleted ones."""
    clusters = self.ecs_backend.clusters.values()
    return ActionResult({"clusterArns": sorted(cluster.arn for cluster in clusters if cluster.status == "ACTIVE")})


def delete_cluster(self: Response) -> ActionResult:
    """DeleteCluster: refused while the cluster has services or tasks."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster"))
    if any(one.cluster_name == cluster.name and one.status != "INACTIVE" for one in self.ecs_backend.services.values()):
        text = "The Cluster cannot be deleted while Services are active."
        raise ApiError("ClusterContainsServicesException", text)
    if any(task.last_status != "STOPPED" for task in self.ecs_backend.tasks.get(cluster.name, {}).values()):
        raise ApiError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    return ActionResult({"cluster": self.ecs_backend.delete_cluster(cluster.name)})


def update_cluster_settings(self: Response) -> ActionResult:
    """UpdateClusterSettings, which moto does not have."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster"))
    settings = {item["name"]: item for item in cluster.settings}
    settings.update({item["name"]: item for item in self._get_param("settings") or []})
    cluster.settings = list(settings.values())
    return ActionResult({"cluster": _counted(self, cluster)})


def put_cluster_capacity_providers(self: Response) -> ActionResult:
    """PutClusterCapacityProviders: refuses unknown providers and the removal of one in use."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster"))
    providers = self._get_param("capacityProviders") or []
    strategy = self._get_param("defaultCapacityProviderStrategy")
    _check_providers(self, providers)
    _check_strategy(strategy, providers)
    for service in self.ecs_backend.services.values():
        used = {item["capacityProvider"] for item in service.settings.get("capacityProviderStrategy") or []}
        if service.cluster_name == cluster.name and service.status == "ACTIVE" and used - set(providers):
            text = "The specified capacity provider is in use and cannot be removed."
            raise ApiError("ResourceInUseException", text)
    cluster.capacity_providers = providers
    cluster.default_capacity_provider_strategy = _filled(strategy)
    return ActionResult({"cluster": _counted(self, cluster)})


def _filled(strategy: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"weight": 0, "base": 0} | item for item in strategy or []]


def _check_providers(self: Response, providers: list[str]) -> None:
    for name in providers:
        if name not in _FARGATE and self.ecs_backend._get_provider(name) is None:
            text = "The specified capacity provider does not exist. Specify a valid name or ARN and try again."
            raise ApiError("InvalidParameterException", text)


def _check_strategy(strategy: list[dict[str, Any]] | None, providers: list[str] | None) -> None:
    for item in strategy or []:
        if item["capacityProvider"] not in (providers or []):
            text = (
                "The default capacity provider strategy contains a capacity provider that is not associated with the "
                "cluster."
            )
            raise ApiError("InvalidParameterException", text)


def _counted(self: Response, cluster: Cluster) -> Cluster:
    services = [one for one in self.ecs_backend.services.values() if one.cluster_name == cluster.name]
    cluster.active_services_count = sum(one.status == "ACTIVE" for one in services)
    cluster.running_tasks_count = sum(one.running_count for one in services)
    cluster.pending_tasks_count = sum(one.pending_count for one in services)
    return cluster
