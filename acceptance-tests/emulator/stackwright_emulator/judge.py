"""The judge: a call of a role or a user is refused when their policies do not allow all that it asks.

The setting `judge: "note"` lets such a call through and writes it down, so that a preset can be worked out.
"""

from __future__ import annotations

import functools
import json
import threading
from collections import Counter
from typing import Any

from moto.iam.models import iam_backends

from . import iam_requests, settings
from .accounts import Caller
from .call import Call
from .errors import credential_error
from .policies import Policies, parse, refusal

# Needs no permission.
_ALWAYS_ALLOWED = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}


class Judge:
    """Judges calls and counts what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Counter[tuple[str, bool]]] = {}
        self._refused: list[dict[str, str]] = []

    def check(self, call: Call, caller: Caller | None) -> None:
        """Raises what the service answers to a caller who may not do this."""
        if caller is None or (call.service, call.action) in _ALWAYS_ALLOWED:
            return
        policies = policies_of(caller)
        if policies is None:
            return
        for request in iam_requests.of(call, caller):
            why = refusal(request, policies)
            self._note(call, request.action, why)
            if why is None:
                continue
            text = f"User: {caller.arn} is not authorized to perform: {request.action} on resource: {request.resource} {why}"
            with self._lock:
                self._refused.append({"account": call.account, "call": f"{call.service}:{call.action}", "why": text})
            if settings.of(call.account).judge == "refuse":
                raise credential_error("denied", call.protocol, call.service, text)

    def _note(self, call: Call, action: str, why: str | None) -> None:
        with self._lock:
            self._found.setdefault(call.account, Counter())[(action, why is None)] += 1

    def list(self, account: str | None) -> dict[str, Any]:
        """How often each action was allowed and refused, and every refusal."""
        with self._lock:
            total: Counter[tuple[str, bool]] = Counter()
            for known, found in self._found.items():
                if account in (None, known):
                    total += found
            refused = [entry for entry in self._refused if account in (None, entry["account"])]
        actions = {action: {"allowed": 0, "refused": 0} for action, _ in sorted(total)}
        for (action, allowed), count in total.items():
            actions[action]["allowed" if allowed else "refused"] += count
        return {"requests": sum(total.values()), "actions": actions, "refused": refused}

    def clear(self, account: str | None) -> None:
        """Forgets what was found of one account, or of all."""
        with self._lock:
            self._found = {known: found for known, found in self._found.items() if account not in (None, known)}
            self._refused = [entry for entry in self._refused if account not in (None, entry["account"])]


def policies_of(caller: Caller) -> Policies | None:
    """The policies of a role or a user; None for the administrators that every account has."""
    if caller.is_administrator:
        return None
    if caller.granted is not None:
        return Policies([parse(policy) for policy in caller.granted])
    backend = iam_backends[caller.account]["aws"]
    named = backend.roles if caller.role_arn else backend.users
    owner = next((one for one in named.values() if one.arn == (caller.role_arn or caller.arn)), None)
    if owner is None:
        # Sessions outlive their role, and may do nothing any more.
        return Policies([])
    holders = [owner, *(group for group in backend.groups.values() if owner in group.users)]
    identity = [parse(document) for holder in holders for document in holder.policies.values()]
    identity += [_managed(arn) for holder in holders for arn in holder.managed_policies]
    boundary = getattr(owner, "permissions_boundary_arn", None)
    return Policies(
        identity,
        boundary=_managed(boundary) if boundary else None,
        session=parse(caller.session_policy) if caller.session_policy else None,
    )


def _managed(arn: str) -> dict[str, Any]:
    """The document of a managed policy. One that does not exist allows nothing."""
    owner = arn.split(":")[4]
    if owner == "aws":
        return _of_aws(arn.rsplit("/", 1)[-1])
    policy = iam_backends[owner]["aws"].managed_policies.get(arn)
    if policy is None:
        return {"Statement": []}
    return parse(next(version.document for version in policy.versions if version.is_default))


@functools.lru_cache(maxsize=None)
def _of_aws(name: str) -> dict[str, Any]:
    """A policy that AWS has made, as moto brings it. Its module is large and seldom needed."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data)[name]["Document"]
