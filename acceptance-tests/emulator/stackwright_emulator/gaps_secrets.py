"""Secrets Manager: names, deleted secrets, labels of versions, and what AWS refuses."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from .errors import ApiError

_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_MOST_TAGS = 50
# Names whose secret was deleted for good a moment ago: AWS refuses them for some seconds.
_just_deleted: set[tuple[str, str, str]] = set()


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    Backend = SecretsManagerBackend
    Backend.create_secret = _create(Backend.create_secret)
    Backend.delete_secret = _delete(Backend.delete_secret)
    Backend.update_secret_version_stage = _move_label(Backend.update_secret_version_stage)
    Backend.tag_resource = _tag(_alive(Backend.tag_resource))
    for name in ("put_secret_value", "update_secret", "untag_resource"):
        setattr(Backend, name, _alive(getattr(Backend, name)))
    Backend.put_secret_value = _put(Backend.put_secret_value)
    Backend.list_secret_version_ids = _versions
    FakeSecret._form_version_ids_to_stages = _labelled
    SecretsManagerResponse.create_secret = _with_token(SecretsManagerResponse.create_secret)
    SecretsManagerResponse.put_secret_value = _with_token(SecretsManagerResponse.put_secret_value)


def _with_token(original: Any) -> Any:
    def with_token(self: SecretsManagerResponse) -> Any:
        """Refuses a token that cannot be the id of a version."""
        token = self._get_param("ClientRequestToken")
        if token is not None and not 32 <= len(token) <= 64:
            raise ApiError("InvalidParameterException", "ClientRequestToken has 32 to 64 characters")
        return original(self)

    return with_token


def _create(original: Any) -> Any:
    def create_secret(self: SecretsManagerBackend, name: str, **values: Any) -> Any:
        """CreateSecret: not with the name of one that waits for its deletion."""
        if not _NAME.fullmatch(name):
            raise ApiError("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters")
        found = self.secrets.get(name)
        place = (self.account_id, self.region_name, name)
        if place in _just_deleted or (found is not None and found.is_deleted()):
            _just_deleted.discard(place)
            text = "You can't create this secret because a secret with this name is already scheduled for deletion."
            raise ApiError("InvalidRequestException", text)
        key = values.get("kms_key_id")
        if key and key.rpartition("/")[2] not in kms_backends[self.account_id][self.region_name].keys:
            raise ApiError("EncryptionFailure", f"The key {key} does not exist or is not accessible")
        return original(self, name=name, **values)

    return create_secret


def _delete(original: Any) -> Any:
    def delete_secret(self: SecretsManagerBackend, secret_id: str, **values: Any) -> Any:
        """DeleteSecret: the name is free only some time after a deletion for good."""
        found = self.secrets.get(secret_id)
        if found is not None and values.get("force_delete_without_recovery"):
            _just_deleted.add((self.account_id, self.region_name, found.name))
        return original(self, secret_id=secret_id, **values)

    return delete_secret


def _alive(original: Any) -> Any:
    def alive(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> Any:
        """Any write: not to a secret that waits for its deletion."""
        found = self.secrets.get(secret_id)
        if found is not None and found.is_deleted():
            text = "You can't perform this operation on the secret because it was marked for deletion."
            raise ApiError("InvalidRequestException", text)
        return original(self, secret_id, *args, **kwargs)

    return alive


def _put(original: Any) -> Any:
    def put_secret_value(self: SecretsManagerBackend, secret_id: str, *args: Any, **kwargs: Any) -> Any:
        """PutSecretValue: the same version twice is refused unless the value is the same too."""
        secret = self.secrets.get(secret_id)
        token = kwargs.get("client_request_token")
        version = secret.versions.get(token) if secret is not None and token else None
        if version is not None and version.get("secret_string") != kwargs.get("secret_string"):
            text = f"You can't use ClientRequestToken {token} because that value is already in use for a version"
            raise ApiError("ResourceExistsException", text)
        return original(self, secret_id, *args, **kwargs)

    return put_secret_value


def _tag(original: Any) -> Any:
    def tag_resource(self: SecretsManagerBackend, secret_id: str, tags: dict[str, str]) -> Any:
        """TagResource: up to 50, none of AWS's."""
        found = self.secrets.get(secret_id)
        has = {tag["Key"] for tag in (found.tags or [])} if found is not None else set()
        if any(key.startswith("aws:") for key in tags) or len(has | set(tags)) > _MOST_TAGS:
            raise ApiError("InvalidParameterException", "These tags cannot be added")
        return original(self, secret_id, tags)

    return tag_resource


def _labelled(self: FakeSecret) -> dict[str, list[str]]:
    """AWS does not show a version without labels."""
    return {key: version["version_stages"] for key, version in self.versions.items() if version["version_stages"]}


def _versions(self: SecretsManagerBackend, secret_id: str) -> str:
    """ListSecretVersionIds: with the time when each version was made (moto answers the time of the call)."""
    secret = self.secrets[secret_id]
    listed = [
        {"VersionId": key, "VersionStages": version["version_stages"], "CreatedDate": version["createdate"]}
        for key, version in secret.versions.items()
        if version["version_stages"]
    ]
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "Versions": listed})


def _move_label(original: Any) -> Any:
    def update_secret_version_stage(self: SecretsManagerBackend, secret_id: str, **values: Any) -> Any:
        """UpdateSecretVersionStage: the version that carries AWSCURRENT is the one that is read."""
        answer = _alive(original)(self, secret_id, **values)
        secret = self.secrets[secret_id]
        current = [key for key, version in secret.versions.items() if "AWSCURRENT" in version["version_stages"]]
        secret.set_default_version_id(current[0] if current else None)
        secret.last_changed_date = int(time.time())
        return answer

    return update_secret_version_stage
