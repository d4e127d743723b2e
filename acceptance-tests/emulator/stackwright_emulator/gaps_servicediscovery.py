"""Cloud Map: operations that take a while, zones with their VPC, and what AWS refuses."""

from __future__ import annotations

import json
from typing import Any

from moto.route53 import route53_backends
from moto.servicediscovery.models import Namespace, Operation, Service, ServiceDiscoveryBackend
from moto.servicediscovery.responses import ServiceDiscoveryResponse as Response
from moto.utilities.utils import get_partition

from . import tokens
from .errors import ApiError

# Operations that AWS takes long for: the first question about one finds it under way.
_SLOW = ("CREATE_NAMESPACE", "DELETE_NAMESPACE")


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Operation.to_json = _operation_shown(Operation.to_json)
    Service.to_json = _service_shown(Service.to_json)
    Namespace.to_json = _namespace_shown(Namespace.to_json)
    Response.list_namespaces = list_namespaces
    Response.list_services = list_services
    Backend = ServiceDiscoveryBackend
    Backend.create_private_dns_namespace = create_private_dns_namespace
    Backend.delete_namespace = _delete_namespace(Backend.delete_namespace)
    Backend.create_service = _create_service(Backend.create_service)
    Backend.update_service = _update_service(Backend.update_service)
    Backend.delete_service = _delete_service(Backend.delete_service)
    Backend.register_instance = _register_instance(Backend.register_instance)


def _operation_shown(original: Any) -> Any:
    def to_json(self: Operation, short: bool = False) -> dict[str, Any]:
        shown = original(self, short)
        if self.operation_type in _SLOW and not short and not self.__dict__.get("asked"):
            self.asked = True
            shown["Status"] = "PENDING"
        return shown

    return to_json


def _service_shown(original: Any) -> Any:
    def to_json(self: Service) -> dict[str, Any]:
        shown = original(self) | {"InstanceCount": len(self.instances)}
        if shown["HealthCheckCustomConfig"] is not None:
            shown["HealthCheckCustomConfig"] = {"FailureThreshold": 1}
        if shown["DnsConfig"] is not None:
            shown["DnsConfig"] = {"RoutingPolicy": "MULTIVALUE", "NamespaceId": self.namespace_id} | shown["DnsConfig"]
        return shown

    return to_json


def _namespace_shown(original: Any) -> Any:
    # moto shows the empty settings of the other type, which boto3 cannot read back as AWS's.
    def to_json(self: Namespace) -> dict[str, Any]:
        shown = original(self)
        shown["Properties"] = {name: value for name, value in shown["Properties"].items() if value}
        return shown

    return to_json


def _filters(self: Response) -> dict[str, list[str]]:
    return {one["Name"]: one["Values"] for one in json.loads(self.body).get("Filters") or []}


def _matches(filters: dict[str, list[str]], found: dict[str, str]) -> bool:
    return all(found[name] in values for name, values in filters.items())


def list_namespaces(self: Response) -> str:
    """ListNamespaces: with its filters."""
    found = [
        one.to_json()
        for one in self.servicediscovery_backend.namespaces.values()
        if _matches(_filters(self), {"TYPE": one.type, "NAME": one.name, "HTTP_NAME": one.name})
    ]
    return json.dumps({"Namespaces": found})


def list_services(self: Response) -> str:
    """ListServices: with its filter, and without the namespace, which AWS does not answer here."""
    found = [
        one.to_json()
        for one in self.servicediscovery_backend.services.values()
        if _matches(_filters(self), {"NAMESPACE_ID": one.namespace_id})
    ]
    for one in found:
        one.pop("NamespaceId")
        (one["DnsConfig"] or {}).pop("NamespaceId", None)
    return json.dumps({"Services": found})


def create_private_dns_namespace(
    self: ServiceDiscoveryBackend,
    name: str,
    creator_request_id: str,
    description: str,
    vpc: str,
    tags: list[dict[str, str]],
    properties: dict[str, Any],
) -> str:
    """CreatePrivateDnsNamespace: several in one VPC, the same token gives the same operation, a zone of its own."""
    for operation in self.operations.values():
        if creator_request_id and operation.__dict__.get("token") == creator_request_id:
            return operation.id
    if any(one.name == name and one.vpc == vpc for one in self.namespaces.values()):
        raise ApiError("NamespaceAlreadyExists", f"A namespace {name} exists for {vpc}")
    zones = route53_backends[self.account_id][get_partition(self.region_name)]
    comment = f"Created by Cloud Map for {name}"
    zone = zones.create_hosted_zone(
        f"{name}.", private_zone=True, vpcid=vpc, vpcregion=self.region_name, comment=comment
    )
    settings = (properties or {}).get("DnsProperties", {"SOA": {"TTL": 15}}) | {"HostedZoneId": zone.resource_id}
    namespace = Namespace(
        account_id=self.account_id,
        region=self.region_name,
        name=name,
        ns_type="DNS_PRIVATE",
        creator_request_id=creator_request_id,
        description=description,
        dns_properties=settings,
        http_properties={"HttpName": name},
        vpc=vpc,
    )
    self.namespaces[namespace.id] = namespace
    self.tagger.tag_resource(namespace.arn, tags or [])
    made = self._create_operation("CREATE_NAMESPACE", targets={"NAMESPACE": namespace.id})
    self.operations[made].token = creator_request_id
    return made


def _delete_namespace(original: Any) -> Any:
    def delete_namespace(self: ServiceDiscoveryBackend, namespace_id: str) -> str:
        """DeleteNamespace: one in use stays, and its zone and tags go with it."""
        namespace = self.get_namespace(namespace_id)
        if any(one.namespace_id == namespace_id for one in self.services.values()):
            raise ApiError("ResourceInUse", f"The namespace {namespace_id} contains services")
        self.tagger.delete_all_tags_for_resource(namespace.arn)
        zone = namespace.dns_properties.get("HostedZoneId")
        route53_backends[self.account_id][get_partition(self.region_name)].zones.pop(zone, None)
        return original(self, namespace_id)

    return delete_namespace


def _create_service(original: Any) -> Any:
    def create_service(self: ServiceDiscoveryBackend, name: str, namespace_id: str, **kwargs: Any) -> Service:
        """CreateService: unique names, and records that fit together."""
        token = kwargs.get("creator_request_id")
        return tokens.answered(self, "service", token, lambda: _new_service(original, self, name, namespace_id, kwargs))

    return create_service


def _new_service(
    original: Any, self: ServiceDiscoveryBackend, name: str, namespace_id: str, kwargs: dict[str, Any]
) -> Service:
    config = kwargs.get("dns_config") or {}
    namespace_id = namespace_id or config.get("NamespaceId")
    self.get_namespace(namespace_id)
    for one in self.services.values():
        if one.namespace_id == namespace_id and one.name.lower() == name.lower():
            raise ApiError("ServiceAlreadyExists", f"A service {name} exists in {namespace_id}")
    types = {record["Type"] for record in config.get("DnsRecords", [])}
    if "CNAME" in types and (len(types) > 1 or config.get("RoutingPolicy") != "WEIGHTED"):
        raise ApiError("InvalidInput", "A CNAME record stands alone and needs the routing policy WEIGHTED")
    return original(self, name=name, namespace_id=namespace_id, **kwargs)


def _update_service(original: Any) -> Any:
    def update_service(self: ServiceDiscoveryBackend, service_id: str, details: dict[str, Any]) -> str:
        """UpdateService: TTLs change, types do not."""
        service = self.get_service(service_id)
        if "DnsConfig" in details and service.dns_config:
            before, after = (
                {record["Type"] for record in config["DnsRecords"]} for config in (service.dns_config, details["DnsConfig"])
            )
            if before != after:
                raise ApiError("InvalidInput", "The type of a DNS record cannot change")
        return original(self, service_id, details)

    return update_service


def _delete_service(original: Any) -> Any:
    def delete_service(self: ServiceDiscoveryBackend, service_id: str) -> None:
        """DeleteService: one with instances stays."""
        service = self.get_service(service_id)
        if service.instances:
            raise ApiError("ResourceInUse", f"Service {service_id} contains registered instances")
        self.tagger.delete_all_tags_for_resource(service.arn)
        original(self, service_id)

    return delete_service


def _register_instance(original: Any) -> Any:
    def register_instance(
        self: ServiceDiscoveryBackend, service_id: str, instance_id: str, **kwargs: Any
    ) -> str:
        """RegisterInstance: the same id again changes the instance; an alias needs a weighted A record."""
        service = self.get_service(service_id)
        config = service.dns_config or {}
        types = {record["Type"] for record in config.get("DnsRecords", [])}
        attributes = kwargs.get("attributes") or {}
        if "AWS_ALIAS_DNS_NAME" in attributes:
            if not types & {"A", "AAAA"} or config.get("RoutingPolicy") != "WEIGHTED":
                raise ApiError("InvalidInput", "An alias needs an A or AAAA record with the routing policy WEIGHTED")
            if service.health_check_custom_config is not None or service.health_check_config is not None:
                raise ApiError("InvalidInput", "An alias cannot have a health check")
        elif "CNAME" in types and "AWS_INSTANCE_CNAME" not in attributes:
            raise ApiError("InvalidInput", "AWS_INSTANCE_CNAME is missing")
        service.instances = [one for one in service.instances if one.instance_id != instance_id]
        return original(self, service_id=service_id, instance_id=instance_id, **kwargs)

    return register_instance
