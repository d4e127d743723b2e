"""STS with the checks that AWS makes and moto does not: roles exist, trust policies hold, identities are honest."""

from __future__ import annotations

import base64
import datetime
import json
import re
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.responses import TokenResponse
from moto.sts.utils import random_session_token

from . import trust
from .accounts import IMPLICIT_ROLE, Caller, caller_of, identify, remember_session
from .errors import ApiError

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)$")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}$")


def install() -> None:
    """Puts the strict operations in place of moto's."""
    TokenResponse.assume_role = assume_role
    TokenResponse.assume_role_with_web_identity = assume_role_with_web_identity
    TokenResponse.get_caller_identity = get_caller_identity
    TokenResponse.get_session_token = get_session_token
    TokenResponse.get_access_key_info = get_access_key_info


def assume_role(self: TokenResponse) -> ActionResult:
    """AssumeRole: the trust policy decides, and with it the external id and MFA conditions."""
    caller = caller_of(self)
    role_arn = self._get_param("RoleArn")
    session_name = _session_name(self)
    mfa = caller.mfa or bool(self._get_param("SerialNumber") and self._get_param("TokenCode"))
    context = {
        "sts:RoleSessionName": session_name,
        "aws:PrincipalArn": caller.role_arn or caller.arn,
        "aws:PrincipalAccount": caller.account,
        "sts:ExternalId": self._get_param("ExternalId"),
        "sts:SourceIdentity": self._get_param("SourceIdentity"),
        "aws:MultiFactorAuthPresent": "true" if mfa else None,
        "aws:MultiFactorAuthAge": "0" if mfa else None,
    }
    role = _find_role(role_arn)
    trusted = _is_implicit(role_arn) or (
        role is not None
        and trust.allows(
            role.assume_role_policy_document,
            "sts:AssumeRole",
            {"AWS": trust.aws_principals(caller.arn, caller.account, caller.role_arn)},
            {key: value for key, value in context.items() if value},
        )
    )
    if not trusted:
        text = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        raise ApiError("AccessDenied", text, 403)
    return _session_result(self, role, role_arn, session_name, chained=caller.role_arn is not None)


def assume_role_with_web_identity(self: TokenResponse) -> ActionResult:
    """AssumeRoleWithWebIdentity: an unsigned JWT will do; IAM has to know its issuer, and the trust policy to agree."""
    role_arn = self._get_param("RoleArn")
    session_name = _session_name(self)
    claims = _claims(self._get_param("WebIdentityToken") or "")
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    provider = _open_id_provider(role_arn, issuer)
    role = _find_role(role_arn)
    context = {f"{issuer}:{name}": str(value) for name, value in claims.items()}
    action = "sts:AssumeRoleWithWebIdentity"
    if role is None or not trust.allows(role.assume_role_policy_document, action, {"Federated": {provider}}, context):
        raise ApiError("AccessDenied", f"Not authorized to perform {action}", 403)
    result = _session_result(self, role, role_arn, session_name, chained=False)
    audience = claims.get("aud")
    result.result.update(
        {
            "SubjectFromWebIdentityToken": claims.get("sub"),
            "Audience": audience[0] if isinstance(audience, list) else audience,
            "Provider": provider,
        }
    )
    return result


def get_caller_identity(self: TokenResponse) -> ActionResult:
    """GetCallerIdentity: the session's own ARN, whoever made it."""
    caller = caller_of(self)
    return ActionResult({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn})


def get_session_token(self: TokenResponse) -> ActionResult:
    """GetSessionToken: the same user, with MFA when a code was given."""
    caller = caller_of(self)
    mfa = bool(self._get_param("SerialNumber") and self._get_param("TokenCode"))
    duration = self._get_int_param("DurationSeconds", 43200)
    credentials = _credentials(caller.account, caller.arn, caller.user_id, None, duration, mfa)
    return ActionResult({"Credentials": credentials})


def get_access_key_info(self: TokenResponse) -> ActionResult:
    """GetAccessKeyInfo: the account behind a key."""
    caller = identify(self._get_param("AccessKeyId"))
    if caller is None:
        raise ApiError("ValidationError", "The access key id is not valid")
    return ActionResult({"Account": caller.account})


def _session_name(self: TokenResponse) -> str:
    name = self._get_param("RoleSessionName") or ""
    if not _SESSION_NAME.match(name):
        raise ApiError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]* with a length of 2 to 64",
        )
    return name


def _is_implicit(role_arn: str) -> bool:
    match = _ROLE_ARN.match(role_arn or "")
    return bool(match) and match[2] == IMPLICIT_ROLE


def _find_role(role_arn: str) -> Any | None:
    match = _ROLE_ARN.match(role_arn or "")
    if not match:
        raise ApiError("ValidationError", f"{role_arn} is invalid")
    roles = iam_backends[match[1]]["aws"].roles.values()
    return next((role for role in roles if role.arn == role_arn), None)


def _session_result(
    self: TokenResponse, role: Any | None, role_arn: str, session_name: str, chained: bool
) -> ActionResult:
    duration = self._get_int_param("DurationSeconds", 3600)
    _check_duration(duration, int(role.max_session_duration or 3600) if role else 3600, chained)
    account, path = _ROLE_ARN.match(role_arn).groups()
    name = path.split("/")[-1]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
    user_id = f"{role.id if role else 'AROA' + account + 'ORGA'}:{session_name}"
    result = {
        "Credentials": _credentials(account, arn, user_id, role_arn, duration, policy=self._get_param("Policy")),
        "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
        "PackedPolicySize": 6 if self._get_param("Policy") else None,
        "SourceIdentity": self._get_param("SourceIdentity"),
    }
    return ActionResult(result)


def _check_duration(duration: int, maximum: int, chained: bool) -> None:
    if duration < 900:
        raise ApiError(
            "ValidationError",
            f"1 validation error detected: Value '{duration}' at 'durationSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 900",
        )
    if chained and duration > 3600:
        raise ApiError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    if duration > maximum:
        raise ApiError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _credentials(
    account: str,
    arn: str,
    user_id: str,
    role_arn: str | None,
    duration: int,
    mfa: bool = False,
    policy: str | None = None,
) -> dict[str, Any]:
    key = iam_backends[account]["aws"].create_temp_access_key()
    expires = utcnow() + datetime.timedelta(seconds=duration)
    remember_session(key.access_key_id, Caller(account, arn, user_id, role_arn, mfa, expires, policy))
    return {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": random_session_token(),
        "Expiration": expires,
    }


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        payload = None
    if len(parts) != 3 or not isinstance(payload, dict):
        raise ApiError(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    return payload


def _open_id_provider(role_arn: str, issuer: str) -> str:
    match = _ROLE_ARN.match(role_arn or "")
    account = match[1] if match else ""
    arn = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    if account and arn in iam_backends[account]["aws"].open_id_providers:
        return arn
    raise ApiError("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{issuer}")
