"""The tagging API: what it refuses, and pages that end after so many resources."""

from __future__ import annotations

from typing import Any

from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend as Backend
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse as Response

from .errors import ApiError


def install() -> None:
    """Puts the repaired operations in place of moto's."""
    Backend.get_resources = _without_limit_of_tags
    Response.get_resources = get_resources


_moto_get_resources = Response.get_resources


def get_resources(self: Response) -> Any:
    """GetResources: a list of ARNs stands alone and has at most 100."""
    arns = self._get_param("ResourceARNList") or []
    if len(arns) > 100:
        raise ApiError("InvalidParameterException", "ResourceARNList has at most 100 entries")
    others = ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")
    if arns and any(self._get_param(other) for other in others):
        raise ApiError("InvalidParameterException", "ResourceARNList cannot be combined with other parameters")
    return _moto_get_resources(self)


_moto_page = Backend.get_resources


def _without_limit_of_tags(self: Backend, **values: Any) -> Any:
    """moto ends a page after 100 tags, which AWS does only when asked."""
    if values.get("tags_per_page") == 100:
        values["tags_per_page"] = 1_000_000
    return _moto_page(self, **values)
