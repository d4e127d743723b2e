"""CloudWatch alarms: what AWS refuses, bands, detectors, the tagging API, metric filters, pages over CBOR."""

from .harness import code_of, emulator, new_account
from .test_cloudwatch import METRIC, CborTest, CloudWatchTest

TOPIC = "arn:aws:sns:us-west-2:111111111111:topic"
SERIES = {"Namespace": "app", "MetricName": "5xx", "Dimensions": [{"Name": "Host", "Value": "a"}], "Stat": "Average"}


def stat(id_="m1", period=60, **values):
    metric = {"Namespace": "app", "MetricName": "5xx"}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}, **values}


class RefusalTest(CloudWatchTest):
    def refused(self, **changes):
        values = {key: value for key, value in (METRIC | changes).items() if value is not None}
        self.assertEqual(code_of(self.cloudwatch.put_metric_alarm, AlarmName="x", **values), "ValidationError", changes)

    def test_what_aws_refuses_and_moto_takes(self):
        self.refused(Period=45)
        self.refused(Period=60, EvaluationPeriods=1441, DatapointsToAlarm=1)
        self.refused(Period=3600, EvaluationPeriods=169, DatapointsToAlarm=1)
        self.refused(DatapointsToAlarm=4)
        self.refused(ComparisonOperator="Equal")
        self.refused(AlarmActions=[f"{TOPIC}{at}" for at in range(6)])
        self.refused(AlarmDescription="x" * 1025)
        self.refused(ExtendedStatistic="p95")
        self.refused(Statistic=None, ExtendedStatistic="p101")
        self.refused(TreatMissingData="fine")
        self.refused(Threshold=None)
        self.refused(WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 2881})
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"], [])

    def test_metrics(self):
        plain = {key: METRIC[key] for key in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}

        def put(metrics, **values):
            self.cloudwatch.put_metric_alarm(AlarmName="x", Metrics=metrics, **plain | values)

        result = {"Id": "result", "Expression": "m1 * 2", "ReturnData": True}
        for metrics in (
            [stat(ReturnData=False)],
            [stat(ReturnData=True), result],
            [stat(ReturnData=False), stat("m2", 300, ReturnData=False), result],
            [stat(f"m{at}", ReturnData=False) for at in range(11)] + [result],
            [{"Id": "q1", "Expression": "SEARCH('x', 'Sum')", "ReturnData": True}],
            [{"Id": "q1", "Expression": 'SELECT AVG("x") FROM "app"', "ReturnData": True}],
            [{"Id": "q1", "Expression": 'SELECT AVG("x") FROM "app" GROUP BY h', "Period": 60, "ReturnData": True}],
        ):
            self.assertEqual(code_of(put, metrics), "ValidationError", metrics)
        query = {"Id": "q1", "Expression": 'SELECT AVG("x") FROM "app"', "Period": 60, "ReturnData": True}
        put([query])
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"][0]["Metrics"], [query])

    def test_a_band_needs_its_metric_and_operator(self):
        band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True}
        values = {
            "AlarmName": "x",
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanUpperThreshold",
            "Metrics": [stat(ReturnData=True), band],
        }
        self.assertEqual(code_of(self.cloudwatch.put_metric_alarm, **values), "ValidationError")
        self.cloudwatch.put_metric_alarm(**values, ThresholdMetricId="band")
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"][0]["ThresholdMetricId"], "band")

    def test_suppressors(self):
        self.cloudwatch.put_metric_alarm(AlarmName="cpu", **METRIC)
        self.cloudwatch.put_metric_alarm(AlarmName="mem", **METRIC)
        waits = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60}
        put = self.cloudwatch.put_composite_alarm
        rule = {"AlarmName": "both", "AlarmRule": 'ALARM("cpu")'}
        self.assertEqual(code_of(put, **rule, ActionsSuppressor="mem"), "ValidationError")
        self.assertEqual(code_of(put, **rule, **waits, ActionsSuppressor="none"), "ValidationError")
        put(**rule, **waits, ActionsSuppressor="mem")
        self.assertEqual(code_of(self.cloudwatch.delete_alarms, AlarmNames=["mem"]), "ValidationError")
        self.assertEqual(code_of(self.cloudwatch.put_metric_alarm, AlarmName="both", **METRIC), "ValidationError")

    def test_a_warm_up_is_kept(self):
        warm_up = {"WarmUpPeriodDurationInMinutes": 15}
        self.cloudwatch.put_metric_alarm(AlarmName="cpu", **METRIC, WarmUpConfiguration=warm_up)
        self.assertEqual(self.cloudwatch.describe_alarms()["MetricAlarms"][0]["WarmUpConfiguration"], warm_up)
        self.cloudwatch.put_metric_alarm(AlarmName="cpu", **METRIC)
        self.assertNotIn("WarmUpConfiguration", self.cloudwatch.describe_alarms()["MetricAlarms"][0])


class DetectorTest(CloudWatchTest):
    def test_a_detector_is_its_series(self):
        one = {"SingleMetricAnomalyDetector": SERIES}
        self.cloudwatch.put_anomaly_detector(**one)
        self.cloudwatch.put_anomaly_detector(**one)
        self.cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=SERIES | {"Stat": "Sum"})
        found = self.cloudwatch.describe_anomaly_detectors(Namespace="app")["AnomalyDetectors"]
        self.assertEqual([it["SingleMetricAnomalyDetector"]["Stat"] for it in found], ["Average", "Sum"])
        self.assertEqual(self.cloudwatch.describe_anomaly_detectors(Namespace="b")["AnomalyDetectors"], [])
        dump = emulator().control("GET", f"dump?account={self.account}&region=us-west-2")
        self.assertEqual(list(dump["anomaly_detectors"]), ["app 5xx Host=a Average", "app 5xx Host=a Sum"])
        self.cloudwatch.delete_anomaly_detector(**one)
        self.assertEqual(code_of(self.cloudwatch.delete_anomaly_detector, **one), "ResourceNotFoundException")


class TaggingTest(CloudWatchTest):
    def test_alarms_are_found_by_tags_and_by_arn(self):
        for name, value in (("a", "1"), ("b", "2"), ("c", "1")):
            self.cloudwatch.put_metric_alarm(AlarmName=name, Tags=[{"Key": "k", "Value": value}], **METRIC)
        client = emulator().client("resourcegroupstaggingapi", self.account)

        def names(**values):
            found = client.get_resources(**values)["ResourceTagMappingList"]
            return [one["ResourceARN"].split(":")[-1] for one in found]

        by_tag = {"ResourceTypeFilters": ["cloudwatch:alarm"], "TagFilters": [{"Key": "k", "Values": ["1"]}]}
        self.assertEqual(names(**by_tag), ["a", "c"])
        arn = f"arn:aws:cloudwatch:us-west-2:{self.account}:alarm:b"
        self.assertEqual(names(ResourceARNList=[arn]), ["b"])
        self.assertEqual(
            code_of(client.get_resources, ResourceARNList=[arn], **by_tag), "InvalidParameterException"
        )


class PageTest(CborTest):
    def test_alarms_of_both_kinds_share_pages(self):
        for name in ("a", "b", "c"):
            self.cloudwatch.put_metric_alarm(AlarmName=name, **METRIC)
        self.cloudwatch.put_composite_alarm(AlarmName="d", AlarmRule='ALARM("a")')
        emulator().control("POST", "settings", {"account": self.account, "page_size": 2})
        types = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        first = self.call("DescribeAlarms", **types)[2]
        second = self.call("DescribeAlarms", NextToken=first["NextToken"], **types)[2]
        self.assertEqual([alarm["AlarmName"] for alarm in first["MetricAlarms"]], ["a", "b"])
        self.assertEqual(first["CompositeAlarms"], [])
        self.assertEqual([alarm["AlarmName"] for alarm in second["MetricAlarms"]], ["c"])
        self.assertEqual([alarm["AlarmName"] for alarm in second["CompositeAlarms"]], ["d"])
        self.assertNotIn("NextToken", second)
        self.assertTrue(hasattr(second["MetricAlarms"][0]["AlarmConfigurationUpdatedTimestamp"], "year"))


del CborTest


class MetricFilterTest(CloudWatchTest):
    def test_filters_live_in_their_group(self):
        logs = emulator().client("logs", self.account)
        one = {"metricName": "errors", "metricNamespace": "app", "metricValue": "1"}

        def put(group="/a", name="f", pattern="ERROR", **values):
            logs.put_metric_filter(
                logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[one | values]
            )

        self.assertEqual(code_of(put), "ResourceNotFoundException")
        logs.create_log_group(logGroupName="/a")
        put(), put(pattern="FATAL")
        [found] = logs.describe_metric_filters(logGroupName="/a")["metricFilters"]
        self.assertEqual(found["filterPattern"], "FATAL")
        four = {str(at): f"$.{at}" for at in range(4)}
        self.assertEqual(code_of(put, dimensions=four), "InvalidParameterException")
        self.assertEqual(code_of(put, dimensions={"a": "$.a"}, defaultValue=0), "InvalidParameterException")
        self.assertEqual(code_of(logs.describe_metric_filters, logGroupName="/b"), "ResourceNotFoundException")
        logs.delete_metric_filter(logGroupName="/a", filterName="f")
        gone = {"logGroupName": "/a", "filterName": "f"}
        self.assertEqual(code_of(logs.delete_metric_filter, **gone), "ResourceNotFoundException")
        put()
        logs.delete_log_group(logGroupName="/a")
        self.assertEqual(logs.describe_metric_filters()["metricFilters"], [])
