"""Who is calling: access keys, temporary sessions and the accounts they act in.

A key of the form `AKIA` + account + four letters or digits is that account's administrator; nothing has to be set up
first, so every test can have accounts of its own. Keys made by CreateAccessKey and sessions made by STS work as on AWS.
Any other key is refused, so that a provider which lost its credentials cannot pass a test by accident.
"""

from __future__ import annotations

import datetime
import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends

from .call import Call
from .errors import ApiError, credential_error

# AWS Organizations makes this role in every member account; here it exists in every account, trusting every caller.
IMPLICIT_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR_KEY = re.compile(r"AKIA(\d{12})[A-Z0-9]{4}$")
_ACCOUNT = re.compile(r"\d{12}")
_NOBODY = "000000000000"


@dataclass(frozen=True)
class Caller:
    """The identity behind an access key."""

    account: str
    arn: str
    user_id: str
    role_arn: str | None = None
    mfa: bool = False
    expires: datetime.datetime | None = None
    session_policy: str | None = None
    granted: tuple[str, ...] | None = None


    @property
    def is_administrator(self) -> bool:
        """Whether it is one of the two administrators that every account has."""
        role = f"arn:aws:iam::{self.account}:role/{IMPLICIT_ROLE}"
        return self.role_arn == role if self.role_arn else self.arn == _administrator(self.account)


_sessions: dict[str, Caller] = {}
_granted = itertools.count()


def remember_session(access_key: str, caller: Caller) -> None:
    """Makes a temporary access key known."""
    _sessions[access_key] = caller


def _administrator(account: str) -> str:
    return f"arn:aws:iam::{account}:user/administrator"


def grant(account: str, name: str, policies: list[Any]) -> dict[str, str]:
    """Makes a key of a user with these policies, who is nowhere to be seen in the account."""
    key = f"AKIA{account}{next(_granted):06X}"
    granted = tuple(json.dumps(policy) for policy in policies)
    remember_session(key, Caller(account, f"arn:aws:iam::{account}:user/{name}", f"AIDA{account}GIVEN", granted=granted))
    return {"access_key": key}


def identify(access_key: str | None) -> Caller | None:
    """The caller behind a key, or None for a key that AWS would not know."""
    if access_key is None:
        return None
    if access_key in _sessions:
        return _sessions[access_key]
    match = _ADMINISTRATOR_KEY.match(access_key)
    if match or "EXPIRED" in access_key or "DENIED" in access_key:
        found = _ACCOUNT.search(access_key)
        account = found[0] if found else _NOBODY
        return Caller(account, _administrator(account), f"AIDA{account}USER")
    return _iam_user(access_key)


def _iam_user(access_key: str) -> Caller | None:
    for account, partitions in list(iam_backends.items()):
        for backend in list(partitions.values()):
            if access_key in backend.access_keys:
                user = backend.get_user_from_access_key_id(access_key)
                if user:
                    return Caller(account, user.arn, user.id)
    return None


def caller_of(response: Any) -> Caller:
    """The caller of the operation that a moto response object answers.

    moto's own `get_access_key` knows only keys of twenty characters.
    """
    caller = identify(response.normalized_request.environ.get("stackwright.access_key"))
    if caller is None:
        raise ApiError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    return caller


def authenticate(call: Call) -> None:
    """Fills in the call's account and principal, or refuses it as the called service would."""
    if call.action.startswith("AssumeRoleWith"):
        # These are unsigned: the token is the credential, and the call belongs to the role's account.
        found = _ACCOUNT.search(str(call.params.get("RoleArn", "")))
        call.account = found[0] if found else _NOBODY
        call.principal = "anonymous"
        return
    if call.access_key is None:
        raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    caller = identify(call.access_key)
    if caller is None:
        raise credential_error("unknown_key", call.protocol, call.service)
    call.account, call.principal = caller.account, caller.arn


def authorise(call: Call) -> None:
    """Refuses what the special keys stand for: expired sessions and callers who may do nothing."""
    key = call.access_key or ""
    caller = identify(key)
    over = caller and caller.expires and caller.expires <= utcnow()
    if "EXPIRED" in key or over:
        raise credential_error("expired", call.protocol, call.service)
    if "DENIED" in key and (call.service, call.action) != ("sts", "GetCallerIdentity"):
        text = f"User: {call.principal} is not authorized to perform: {call.service}:{call.action}"
        raise credential_error("denied", call.protocol, call.service, text)
