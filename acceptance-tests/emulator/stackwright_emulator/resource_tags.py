"""The tags of a resource that exists, by its ARN, as moto has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.backends import get_backend

Tags = dict[str, str]


def of(account: str, region: str, arn: str) -> Tags:
    """The tags; none of a resource that does not exist, or that cannot have any."""
    service = arn.split(":")[2]
    read = _READERS.get(service)
    if read is None:
        return {}
    name, place, reader = read
    backend = get_backend(name)[account][region if place == "region" else "aws"]
    try:
        return _as_map(reader(backend, arn))
    except Exception:  # each backend says in its own way that it does not know the resource
        return {}


def _as_map(tags: Any) -> Tags:
    if not tags:
        return {}
    if isinstance(tags, dict):
        return {key: value if isinstance(value, str) else value.get("Value", "") for key, value in tags.items()}
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) or "" for tag in tags}


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _role(backend: Any, arn: str) -> Any:
    return next(role.tags for role in backend.roles.values() if role.arn == arn)


def _secret(backend: Any, arn: str) -> Any:
    return next(secret.tags for secret in backend.secrets.values() if secret.arn == arn)


def _parameter(backend: Any, arn: str) -> Any:
    name = "/" + arn.split(":parameter/", 1)[1]
    known = name if name in backend._parameters else name[1:]
    return backend.list_tags_for_resource("Parameter", known)


# The name of moto's backend, where its resources are, and how it is asked.
_READERS: dict[str, tuple[str, str, Callable[[Any, str], Any]]] = {
    "acm": ("acm", "region", lambda backend, arn: dict(backend.get_certificate(arn).tags)),
    "cloudwatch": ("cloudwatch", "region", lambda backend, arn: backend.tagger.get_tag_dict_for_resource(arn)),
    "ec2": ("ec2", "region", lambda backend, arn: dict(backend.tags.get(_last(arn), {}))),
    "ecs": ("ecs", "region", lambda backend, arn: backend.list_tags_for_resource(arn)),
    "elasticloadbalancing": ("elbv2", "region", lambda backend, arn: backend.describe_tags([arn])[arn]),
    "events": ("events", "region", lambda backend, arn: backend.tagger.get_tag_dict_for_resource(arn)),
    "iam": ("iam", "account", _role),
    "logs": ("logs", "region", lambda backend, arn: backend.list_tags_for_resource(arn.removesuffix(":*"))),
    "rds": ("rds", "region", lambda backend, arn: backend.list_tags_for_resource(arn)),
    "scheduler": ("scheduler", "region", lambda backend, arn: backend.tagger.get_tag_dict_for_resource(arn)),
    "secretsmanager": ("secretsmanager", "region", _secret),
    "servicediscovery": ("servicediscovery", "region", lambda backend, arn: backend.tagger.get_tag_dict_for_resource(arn)),
    "sqs": ("sqs", "region", lambda backend, arn: backend.list_queue_tags(_last(arn)).tags),
    "ssm": ("ssm", "region", _parameter),
}
