"""Flow logs: roles that can be assumed, and creates that can be repeated."""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.flow_logs import FlowLogs as Response
from moto.iam import iam_backends
from moto.utilities.utils import get_partition

from .errors import ApiError

_SERVICE = "vpc-flow-logs.amazonaws.com"


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Response.create_flow_logs = _create(Response.create_flow_logs)


def _create(original: Any) -> Any:
    def create_flow_logs(self: Response) -> ActionResult:
        """CreateFlowLogs: the same ClientToken gives the same flow logs, and the role must let EC2 assume it."""
        tokens: dict[str, Any] = self.ec2_backend.__dict__.setdefault("flow_log_tokens", {})
        token = self._get_param("ClientToken")
        if token in tokens:
            return ActionResult(tokens[token])
        role = self._get_param("DeliverLogsPermissionArn")
        if role is not None and not _can_be_assumed(self, role):
            raise ApiError("InvalidParameter", "Unable to assume given IAM role")
        answer = original(self)
        if token:
            tokens[token] = answer.result
        return answer

    return create_flow_logs


def _can_be_assumed(self: Response, arn: str) -> bool:
    backend = iam_backends[self.current_account][get_partition(self.region)]
    policies = [role.assume_role_policy_document for role in backend.roles.values() if role.arn == arn]
    return any(_SERVICE in json.dumps(json.loads(policy)) for policy in policies)
