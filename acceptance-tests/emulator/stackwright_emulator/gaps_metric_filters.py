"""Metric filters of CloudWatch Logs: moto keeps a second one beside the first, and any in no group."""

from __future__ import annotations

from moto.logs.models import LogsBackend as Backend
from moto.logs.responses import LogsResponse as Response

from .errors import ApiError


def install() -> None:
    """Puts the repaired operations in place of moto's."""
    Response.put_metric_filter = put_metric_filter
    Response.describe_metric_filters = describe_metric_filters
    Response.delete_metric_filter = delete_metric_filter
    Backend.delete_log_group = delete_log_group


_moto_put = Response.put_metric_filter
_moto_describe = Response.describe_metric_filters
_moto_delete_group = Backend.delete_log_group


def _in_group(self: Response) -> str:
    group = self._get_param("logGroupName")
    if group not in self.logs_backend.groups:
        raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def put_metric_filter(self: Response) -> str:
    """PutMetricFilter: in a group that exists, in place of a filter of the same name."""
    group, name = _in_group(self), self._get_param("filterName")
    for transformation in self._get_param("metricTransformations") or []:
        dimensions = transformation.get("dimensions") or {}
        if len(dimensions) > 3:
            raise ApiError("InvalidParameterException", "A metric filter has at most 3 dimensions")
        if dimensions and transformation.get("defaultValue") is not None:
            raise ApiError("InvalidParameterException", "defaultValue and dimensions must not be given together")
    filters = self.logs_backend.filters
    others = [one for one in filters.metric_filters if (one["logGroupName"], one["filterName"]) != (group, name)]
    if sum(one["logGroupName"] == group for one in others) >= 100:
        raise ApiError("LimitExceededException", "A log group has at most 100 metric filters")
    result = _moto_put(self)
    filters.metric_filters = [*others, filters.metric_filters[-1]]
    return result


def describe_metric_filters(self: Response) -> str:
    """DescribeMetricFilters: of a group that does not exist is an error."""
    if self._get_param("logGroupName"):
        _in_group(self)
    return _moto_describe(self)


def delete_metric_filter(self: Response) -> str:
    """DeleteMetricFilter: one that does not exist is an error."""
    group, name = _in_group(self), self._get_param("filterName")
    filters = self.logs_backend.filters
    left = [one for one in filters.metric_filters if (one["logGroupName"], one["filterName"]) != (group, name)]
    if len(left) == len(filters.metric_filters):
        raise ApiError("ResourceNotFoundException", "The specified metric filter does not exist.")
    filters.metric_filters = left
    return ""


def delete_log_group(self: Backend, log_group_name: str) -> None:
    """A deleted group takes its filters along."""
    _moto_delete_group(self, log_group_name)
    self.filters.metric_filters = [one for one in self.filters.metric_filters if one["logGroupName"] != log_group_name]
