"""Application Auto Scaling: AWS's errors and pages, policies that go with their target, counts kept between limits."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend as Backend
from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy as Policy
from moto.applicationautoscaling.models import FakeScalableTarget as Target
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.applicationautoscaling.responses import _build_policy, _build_target

from .errors import ApiError

_TARGETS = 50
_POLICIES = 10
_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Response.describe_scalable_targets = describe_scalable_targets
    Response.describe_scaling_policies = describe_scaling_policies
    Backend.register_scalable_target = _register(Backend.register_scalable_target)
    Backend.deregister_scalable_target = deregister_scalable_target
    Backend.put_scaling_policy = _put_policy(Backend.put_scaling_policy)
    Backend.delete_scaling_policy = _delete_policy(Backend.delete_scaling_policy)


def _not_found(what: str) -> ApiError:
    return ApiError("ObjectNotFoundException", f"No {what} found")


def _page(self: Response, items: list[Any], limit: int) -> tuple[list[Any], str | None]:
    size = min(self._get_int_param("MaxResults") or limit, limit)
    start = int(self._get_param("NextToken") or 0)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None


def describe_scalable_targets(self: Response) -> str:
    """DescribeScalableTargets: pages of fifty."""
    self._validate_params()
    found = self.applicationautoscaling_backend.describe_scalable_targets(
        self._get_param("ServiceNamespace"), self._get_param("ResourceIds"), self._get_param("ScalableDimension")
    )
    page, token = _page(self, found, _TARGETS)
    return json.dumps({"ScalableTargets": [_build_target(one) for one in page], "NextToken": token})


def describe_scaling_policies(self: Response) -> str:
    """DescribeScalingPolicies: pages of ten, and only those of exactly this target."""
    wanted = {
        "service_namespace": self._get_param("ServiceNamespace"),
        "resource_id": self._get_param("ResourceId"),
        "scalable_dimension": self._get_param("ScalableDimension"),
    }
    names = self._get_param("PolicyNames") or []
    found = [
        policy
        for policy in self.applicationautoscaling_backend.policies.values()
        if all(value in (None, getattr(policy, key)) for key, value in wanted.items())
        and (not names or policy.policy_name in names)
    ]
    page, token = _page(self, found, _POLICIES)
    return json.dumps({"ScalingPolicies": [_build_policy(one) for one in page], "NextToken": token})


def _register(original: Any) -> Any:
    def register_scalable_target(
        self: Backend,
        namespace: str,
        r_id: str,
        dimension: str,
        min_capacity: int | None,
        max_capacity: int | None,
        role_arn: str,
        suspended_state: dict[str, bool] | None,
    ) -> Target:
        """RegisterScalableTarget: limits that fit together, a whole suspended state, and a count between the limits."""
        known = self.targets.get(dimension, {}).get(r_id)
        low = min_capacity if min_capacity is not None else getattr(known, "min_capacity", None)
        high = max_capacity if max_capacity is not None else getattr(known, "max_capacity", None)
        if low is None or high is None or low > high:
            raise ApiError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
        before = (known.suspended_state if known else None) or {}
        state = dict.fromkeys(_SUSPENDED, False) | before | (suspended_state or {})
        service_role = "aws-service-role/ecs.application-autoscaling.amazonaws.com"
        role = f"arn:aws:iam::{self.account_id}:role/{service_role}/AWSServiceRoleForApplicationAutoScaling_ECSService"
        target = original(self, namespace, r_id, dimension, low, high, role_arn or role, state)
        if namespace == "ecs":
            _keep_between(self, r_id, low, high)
        return target

    return register_scalable_target


def _keep_between(backend: Backend, r_id: str, low: int, high: int) -> None:
    _, cluster, name = r_id.split("/")
    service = backend.ecs_backend.services[f"{cluster}:{name}"]
    count = max(low, min(high, service.desired_count))
    if count != service.desired_count:
        service.update({"desiredCount": count}, force=False)


def deregister_scalable_target(self: Backend, namespace: str, r_id: str, dimension: str) -> None:
    """DeregisterScalableTarget: with all of its policies."""
    if r_id not in self.targets.get(dimension, {}):
        text = f"scalable target for service namespace: {namespace}, resource ID: {r_id}"
        raise _not_found(f"{text}, scalable dimension: {dimension}")
    for key, policy in list(self.policies.items()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            policy.delete_alarms(self.account_id, self.region_name)
            del self.policies[key]
    del self.targets[dimension][r_id]


def _put_policy(original: Any) -> Any:
    def put_scaling_policy(
        self: Backend,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        policy_body: dict[str, Any],
        policy_type: str | None,
    ) -> Policy:
        """PutScalingPolicy: for a target that is there; another value keeps the policy's ARN and leaves no old alarms."""
        if resource_id not in self.targets.get(scalable_dimension, {}):
            raise _not_found(f"scalable target for resource ID: {resource_id}")
        former = self.policies.get(
            Policy.formulate_key(service_namespace, resource_id, scalable_dimension, policy_name)
        )
        if former:
            former.delete_alarms(self.account_id, self.region_name)
        policy = original(
            self, policy_name, service_namespace, resource_id, scalable_dimension, policy_body, policy_type
        )
        if former:
            policy.policy_arn = former.policy_arn
        return policy

    return put_scaling_policy


def _delete_policy(original: Any) -> Any:
    def delete_scaling_policy(
        self: Backend, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str
    ) -> None:
        """DeleteScalingPolicy: AWS's error for one that is not there."""
        key = Policy.formulate_key(service_namespace, resource_id, scalable_dimension, policy_name)
        if key not in self.policies:
            raise _not_found(f"scaling policy {policy_name} for resource ID: {resource_id}")
        original(self, policy_name, service_namespace, resource_id, scalable_dimension)

    return delete_scaling_policy
