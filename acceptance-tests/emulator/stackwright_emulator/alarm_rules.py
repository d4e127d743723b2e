"""What PutMetricAlarm and PutCompositeAlarm refuse, and moto takes.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_BANDS = {"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"}
_OPERATORS = _BANDS | {
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
}
_STATISTICS = {"Average", "Sum", "Minimum", "Maximum", "SampleCount"}
_MISSING = {"breaching", "notBreaching", "ignore", "missing"}
_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)$")
_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}$")
_DAY, _WEEK = 86_400, 604_800


def check_common(params: dict[str, Any]) -> None:
    """Name, description and actions of an alarm of either kind."""
    name = params.get("AlarmName") or ""
    _refuse(not 1 <= len(name) <= 255, "The alarm name must have 1 to 255 characters")
    _refuse(any(ord(char) < 32 for char in name), "The alarm name must not contain ASCII control characters")
    _refuse(len(params.get("AlarmDescription") or "") > 1024, "The alarm description has at most 1024 characters")
    for member in _ACTIONS:
        _refuse(len(params.get(member) or []) > 5, f"{member} has at most 5 actions")
        for arn in params.get(member) or []:
            _refuse(not arn.startswith("arn:"), f"Invalid alarm action: {arn}")
    _refuse(len(params.get("Tags") or []) > 50, "An alarm has at most 50 tags")


def check_metric_alarm(params: dict[str, Any]) -> None:
    """Refuses what AWS does."""
    check_common(params)
    operator, metrics = params.get("ComparisonOperator"), params.get("Metrics") or []
    _refuse(operator not in _OPERATORS, "The parameter ComparisonOperator must be one of its values")
    missing = params.get("TreatMissingData")
    _refuse(missing is not None and missing not in _MISSING, f"TreatMissingData {missing} is not supported")
    band = params.get("ThresholdMetricId")
    _refuse(bool(band) != (operator in _BANDS), "A band needs ThresholdMetricId and an operator for bands")
    _refuse(bool(band) == (params.get("Threshold") is not None), "Either Threshold or ThresholdMetricId is required")
    periods = params.get("EvaluationPeriods") or 0
    _refuse(periods < 1, "The parameter EvaluationPeriods must be greater than or equal to 1")
    datapoints = params.get("DatapointsToAlarm")
    _refuse(
        datapoints is not None and not 1 <= datapoints <= periods,
        "DatapointsToAlarm must be at least 1 and at most EvaluationPeriods",
    )
    warm_up = (params.get("WarmUpConfiguration") or {}).get("WarmUpPeriodDurationInMinutes")
    _refuse(warm_up is not None and not 1 <= warm_up <= 2880, "A warm-up period has 1 to 2880 minutes")
    if metrics:
        period = _check_metrics(params, metrics, band)
    else:
        period = _check_one_metric(params)
    _check_period(period, periods)


def _check_one_metric(params: dict[str, Any]) -> int:
    _refuse(not params.get("MetricName") or not params.get("Namespace"), "MetricName and Namespace are required")
    statistic, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    _refuse(bool(statistic) == bool(extended), "Either Statistic or ExtendedStatistic is required")
    _refuse(statistic is not None and statistic not in _STATISTICS, f"Statistic {statistic} is not supported")
    _refuse(extended is not None and not _PERCENTILE.match(extended), f"ExtendedStatistic {extended} is not supported")
    low = params.get("EvaluateLowSampleCountPercentile")
    _refuse(low is not None and not extended, "EvaluateLowSampleCountPercentile is for percentiles")
    _check_dimensions(params.get("Dimensions") or [])
    return params.get("Period") or 0


def _check_metrics(params: dict[str, Any], metrics: list[dict[str, Any]], band: str | None) -> int:
    for member in ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"):
        _refuse(bool(params.get(member)), f"Metrics and {member} must not be given together")
    stats = [entry for entry in metrics if entry.get("MetricStat")]
    _refuse(len(stats) > 10 or len(metrics) - len(stats) > 10, "An alarm has at most 10 metrics and 10 expressions")
    ids = [entry.get("Id", "") for entry in metrics]
    _refuse(len(set(ids)) != len(ids) or not all(map(_ID.match, ids)), "Every Id is unique and starts with a-z")
    returned = [entry for entry in metrics if entry.get("ReturnData", True)]
    _refuse(len(returned) != (2 if band else 1), "Exactly one metric must have ReturnData, and the band beside it")
    _refuse(band is not None and band not in ids, "ThresholdMetricId names none of the Metrics")
    for entry in metrics:
        _refuse(bool(entry.get("MetricStat")) == bool(entry.get("Expression")), "Either MetricStat or Expression")
        _check_expression(entry.get("Expression") or "", bool(entry.get("Period")))
    for entry in stats:
        _check_dimensions(entry["MetricStat"]["Metric"].get("Dimensions") or [])
    periods = {entry["MetricStat"]["Period"] for entry in stats}
    periods |= {entry["Period"] for entry in metrics if entry.get("Period")}
    _refuse(len(periods) != 1, "All metrics of an alarm have one period")
    return periods.pop()


def _check_expression(expression: str, has_period: bool) -> None:
    _refuse(len(expression) > 2048, "An expression has at most 2048 characters")
    _refuse("SEARCH" in expression, "SEARCH is not supported in alarms")
    if expression.startswith("SELECT "):
        _refuse(not has_period, "A Metrics Insights query needs a Period")
        _refuse(
            not re.match(r"SELECT (AVG|COUNT|MAX|MIN|SUM)\(", expression), "The query's function is not one of its five"
        )
        grouped = "GROUP BY" in expression
        _refuse(grouped and "ORDER BY" not in expression, "A query with GROUP BY needs ORDER BY in an alarm")


def _check_dimensions(dimensions: list[dict[str, Any]]) -> None:
    _refuse(len(dimensions) > 30, "A metric has at most 30 dimensions")
    for one in dimensions:
        _refuse(not one.get("Name") or not one.get("Value"), "A dimension has a name and a value")


def _check_period(period: int, periods: int) -> None:
    _refuse(period not in (10, 20, 30) and (period < 60 or period % 60 != 0), "Period is 10, 20, 30 or a multiple of 60")
    total = period * periods
    _refuse(total > _WEEK, "Metrics cannot be checked across more than seven days")
    _refuse(period < 3600 and total > _DAY, "Metrics cannot be checked across more than a day")


def _refuse(wrong: bool, message: str) -> None:
    if wrong:
        raise ApiError("ValidationError", message)
