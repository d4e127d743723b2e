"""Reading an HTTP request as an AWS call: which service, which operation, by whom, about what."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

from . import cbor

# Services sign with a name of their own; tests and logs use boto3's.
BOTO_NAMES = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
    "email": "ses",
}

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")
_READS = re.compile(
    r"(Describe|List|Get|BatchGet|Head|Lookup|Search|Query|Scan|Select|Filter|Test|Simulate|Validate|Assume|Decode|"
    r"GET |HEAD )"
)
_NAMING_KEY = re.compile(
    r"(Name|Names|Id|Ids|Arn|Arns|ARN|GroupId|Key|Path|Prefix|Family|Bucket|name|names|Ids|"
    r"cluster|clusters|service|services|family|taskDefinition|desiredCount|desiredStatus|tasks|familyPrefix)$"
)
_SECRET_KEY = re.compile(r"(?i)secret|token|password|credential|accesskey|mfa|serialnumber|tagkey|value")


@dataclass
class Call:
    """One AWS call as it arrived."""

    service: str
    action: str
    protocol: str
    region: str
    access_key: str | None
    params: dict[str, Any] = field(default_factory=dict)
    account: str = ""
    principal: str = ""

    @property
    def write(self) -> bool:
        """Whether the operation changes anything, judged by its name as AWS's own naming allows."""
        return not _READS.match(self.action)

    def naming_params(self) -> dict[str, Any]:
        """The parameters that say what the call is about. Values that could be secret never pass."""
        return {
            key: value
            for key, value in self.params.items()
            if _NAMING_KEY.search(key.rstrip("0123456789.").removesuffix(".member"))
            and not _SECRET_KEY.search(key)
            and _is_plain(value)
        } | self._load_balancers()

    def _load_balancers(self) -> dict[str, Any]:
        """The target groups that an ECS service is told to register its tasks in, and the weights of a rule's."""
        found = {key: value for key, value in self.params.items() if key.endswith(".Weight")}
        balancers = self.params.get("loadBalancers")
        if isinstance(balancers, list):
            found["loadBalancers"] = [item.get("targetGroupArn") for item in balancers if isinstance(item, dict)]
        return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, (str, int)) for item in value)
    return isinstance(value, (str, int))


def read_call(environ: dict[str, Any], body: bytes) -> Call:
    """Understands the request; what it does not understand becomes the operation `METHOD path` of a REST service."""
    access_key, region, signing_name = _scope(environ)
    service = BOTO_NAMES.get(signing_name, signing_name)
    path = environ["PATH_INFO"]
    content_type = environ.get("CONTENT_TYPE", "")
    target = environ.get("HTTP_X_AMZ_TARGET")
    rpc = _CBOR_PATH.match(path)
    if rpc:
        return Call(service, rpc[1], "cbor", region, access_key, cbor.decode_request(body))
    if target:
        return Call(service, target.split(".")[-1], "json", region, access_key, _json_params(body))
    if content_type.startswith("application/x-www-form-urlencoded"):
        params = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        action = params.pop("Action", "?")
        params.pop("Version", None)
        if not service and action.startswith("AssumeRoleWith"):
            service = "sts"
        return Call(service, action, "ec2" if service == "ec2" else "query", region, access_key, params)
    return _rest_call(environ, service, region, access_key, body)


def _scope(environ: dict[str, Any]) -> tuple[str | None, str, str]:
    """Access key, region and signing name from the signature, in the header or (presigned) in the query."""
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed:
        signed = unquote(environ.get("QUERY_STRING", "")).replace("X-Amz-Credential=", "Credential=")
    match = _SCOPE.search(signed)
    if match:
        return match[1], match[2], match[3].lower()
    return None, "us-east-1", ""


def _json_params(body: bytes) -> dict[str, Any]:
    try:
        params = json.loads(body or b"{}")
    except ValueError:
        return {}
    return params if isinstance(params, dict) else {}


def _rest_call(environ: dict[str, Any], service: str, region: str, access_key: str | None, body: bytes) -> Call:
    service = service or "s3"
    try:
        model = get_service_model(service)
        protocol = str(model.protocol)
        operation, params = get_service_router(service).match(Request(environ.copy()))
        action = operation.name
    except UnknownServiceError:
        protocol, action, params = "rest-json", "", {}
    except Exception:  # the routers raise a type of their own per kind of mismatch
        action, params = "", {}
    if protocol not in ("rest-xml", "rest-json"):
        protocol = "rest-json"
    action = action or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    params = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)) | dict(params)
    if protocol == "rest-json":
        params.update(_json_params(body))
    return Call(service, action, protocol, region, access_key, params)
