"""What a test can set for one account: page sizes and how long things take."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class AccountSettings:
    """The settings of one account, with their defaults."""

    page_size: int | None = None
    """Results per page of list and describe calls; None leaves the paging to moto."""
    ecs_describes: int = 1
    """DescribeServices answers that show a deployment in progress before it ends, unless a play says otherwise."""
    ecs_drain_describes: int = 1
    """DescribeServices answers that show a deleted service DRAINING before it is INACTIVE; -1 is for ever."""
    elb_describes: int = 1
    """DescribeLoadBalancers answers that show a new load balancer provisioning before it is active."""
    rds_describes: int = 1
    """DescribeDBInstances answers that show a database creating, modifying or deleting before it is done."""
    acm_describes: int = 0
    """DescribeCertificate answers without validation records after a request."""
    target_describes: int = 1
    """DescribeTargetHealth answers that show the target of a new task as initial before it is healthy."""
    judge: str = "refuse"
    """What becomes of a call that the caller's policies do not allow: `refuse` it, or only `note` it."""


_lock = threading.Lock()
_by_account: dict[str, AccountSettings] = {}


def of(account: str) -> AccountSettings:
    """The settings of an account."""
    return _by_account.get(account, AccountSettings())


def change(account: str, values: dict[str, Any]) -> dict[str, Any]:
    """Changes the named settings and returns all of them."""
    known = {field.name for field in fields(AccountSettings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown settings {unknown}, known are {sorted(known)}")
    with _lock:
        _by_account[account] = replace(of(account), **values)
        return asdict(_by_account[account])
