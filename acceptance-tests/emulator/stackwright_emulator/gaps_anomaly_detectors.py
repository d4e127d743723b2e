"""Anomaly detectors of single metrics, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse as Response
from moto.core.responses import ActionResult, EmptyResult

from .errors import ApiError


def install() -> None:
    """Adds the operations."""
    Response.put_anomaly_detector = put_anomaly_detector
    Response.describe_anomaly_detectors = describe_anomaly_detectors
    Response.delete_anomaly_detector = delete_anomaly_detector


def _detectors(self: Response) -> dict[tuple[Any, ...], dict[str, Any]]:
    return self.cloudwatch_backend.__dict__.setdefault("stackwright_anomaly_detectors", {})


def _series(self: Response) -> dict[str, Any]:
    """The series, in the form of today or in the one from before metric math."""
    single = self._get_param("SingleMetricAnomalyDetector") or {}
    members = ("Namespace", "MetricName", "Dimensions", "Stat")
    series = {member: single.get(member) or self._get_param(member) for member in members}
    for member in ("Namespace", "MetricName", "Stat"):
        if not series[member]:
            raise ApiError("MissingParameter", f"The parameter {member} is required")
    series["Dimensions"] = _sorted(series["Dimensions"])
    return series


def _sorted(dimensions: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return sorted(({"Name": one["Name"], "Value": one["Value"]} for one in dimensions or []), key=lambda one: one["Name"])


def _key(series: dict[str, Any]) -> tuple[Any, ...]:
    pairs = tuple((one["Name"], one["Value"]) for one in series["Dimensions"])
    return series["Namespace"], series["MetricName"], pairs, series["Stat"]


def put_anomaly_detector(self: Response) -> ActionResult:
    """PutAnomalyDetector: a second one on the same series is the same one."""
    series = _series(self)
    _detectors(self)[_key(series)] = series
    return EmptyResult()


def describe_anomaly_detectors(self: Response) -> ActionResult:
    """DescribeAnomalyDetectors: those of single metrics, by namespace, metric and dimensions."""
    wanted = {member: self._get_param(member) for member in ("Namespace", "MetricName")}
    dimensions = self._get_param("Dimensions")
    found = [
        {**series, "SingleMetricAnomalyDetector": series, "StateValue": "PENDING_TRAINING"}
        for _, series in sorted(_detectors(self).items())
        if all(value in (None, series[member]) for member, value in wanted.items())
        and (not dimensions or _sorted(dimensions) == series["Dimensions"])
    ]
    return ActionResult({"AnomalyDetectors": found})


def delete_anomaly_detector(self: Response) -> ActionResult:
    """DeleteAnomalyDetector: one that does not exist is an error."""
    if _detectors(self).pop(_key(_series(self)), None) is None:
        raise ApiError("ResourceNotFoundException", "The anomaly detector does not exist", 404)
    return EmptyResult()
