"""What moto works out anew although it is always the same: about a third of the emulator's time."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from moto import backends
from moto.core import responses, utils
from moto.iam.models import IAMBackend


def install() -> None:
    """Keeps it."""
    responses.method_names_from_class = cache(utils.method_names_from_class)
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    IAMBackend._init_aws_policies = _managed_policies(IAMBackend._init_aws_policies)


def _managed_policies(original: Any) -> Any:
    """AWS's managed policies, over a thousand in every account: read once, copied for each."""
    read: list[Any] = []

    def _init_aws_policies(self: IAMBackend) -> list[Any]:
        if not read:
            read.extend(original(self))
        return [_copied(policy, self.account_id) for policy in read]

    return _init_aws_policies


def _copied(policy: Any, account: str) -> Any:
    """A policy that another account can attach: AWS lets nobody change more than that of it."""
    own = copy.copy(policy)
    own.account_id, own.attachment_count = account, 0
    own.tags, own.versions = dict(policy.tags), list(policy.versions)
    return own
