"""CloudWatch: the CBOR protocol and composite alarms."""

import unittest
import urllib.error
import urllib.request

import cbor2

from .harness import REGION, code_of, emulator, new_account, tags_of

METRIC = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 80.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Dimensions": [{"Name": "ClusterName", "Value": "main"}],
    "TreatMissingData": "breaching",
}


class CloudWatchTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.cloudwatch = emulator().client("cloudwatch", self.account)


class CborTest(CloudWatchTest):
    def call(self, operation, **params):
        """One call as aws-sdk-cloudwatch for Rust makes it."""
        request = urllib.request.Request(
            f"{emulator().url}/service/GraniteServiceVersion20100801/operation/{operation}",
            cbor2.dumps(params),
            {
                "Content-Type": "application/cbor",
                "smithy-protocol": "rpc-v2-cbor",
                "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIA{self.account}TEST/20260101/{REGION}/monitoring/"
                "aws4_request, SignedHeaders=host, Signature=0",
            },
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers, cbor2.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, cbor2.loads(error.read())

    def test_values_and_their_types_go_through(self):
        self.assertEqual(self.call("PutMetricAlarm", AlarmName="cpu", **METRIC)[0], 200)
        status, headers, answer = self.call("DescribeAlarms", AlarmNames=["cpu"])
        self.assertEqual((status, headers["smithy-protocol"]), (200, "rpc-v2-cbor"))
        alarm = answer["MetricAlarms"][0]
        self.assertEqual({key: alarm[key] for key in METRIC}, METRIC)
        self.assertIsInstance(alarm["Threshold"], float)
        self.assertTrue(hasattr(alarm["AlarmConfigurationUpdatedTimestamp"], "year"))
        [call] = [c for c in emulator().control("GET", f"calls?account={self.account}") if c["write"]]
        self.assertEqual(
            (call["service"], call["action"], call["params"]["AlarmName"]), ("cloudwatch", "PutMetricAlarm", "cpu")
        )

    def test_errors_carry_the_old_code_in_a_header(self):
        status, headers, body = self.call("GetDashboard", DashboardName="none")
        self.assertEqual((status >= 400, body["__type"]), (True, headers["x-amzn-query-error"].split(";")[0]))
        emulator().control("POST", "faults", {"account": self.account, "code": "Throttling", "status": 400})
        status, headers, body = self.call("DescribeAlarms")
        self.assertEqual(
            (status, headers["x-amzn-query-error"], body["__type"]), (400, "Throttling;Sender", "Throttling")
        )


class AlarmTest(CloudWatchTest):
    def composite(self, name="any", rule='ALARM("cpu") OR ALARM(mem)', **values):
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **values)

    def test_an_update_leaves_tags_and_state_alone(self):
        self.cloudwatch.put_metric_alarm(AlarmName="cpu", Tags=[{"Key": "a", "Value": "1"}], **METRIC)
        alarm = self.cloudwatch.describe_alarms()["MetricAlarms"][0]
        self.assertEqual(alarm["StateValue"], "INSUFFICIENT_DATA")
        self.cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="test")
        self.cloudwatch.put_metric_alarm(
            AlarmName="cpu", Tags=[{"Key": "b", "Value": "2"}], **METRIC | {"Threshold": 9.0}
        )
        alarm = self.cloudwatch.describe_alarms()["MetricAlarms"][0]
        self.assertEqual((alarm["StateValue"], alarm["Threshold"]), ("ALARM", 9.0))
        self.assertEqual(tags_of(self.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])), {"a": "1"})
        self.cloudwatch.delete_alarms(AlarmNames=["cpu"])
        self.cloudwatch.put_metric_alarm(AlarmName="cpu", **METRIC)
        self.assertEqual(tags_of(self.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])), {})

    def test_composite_alarms(self):
        self.assertEqual(code_of(self.composite), "ValidationError")
        for name in ("cpu", "mem"):
            self.cloudwatch.put_metric_alarm(AlarmName=name, **METRIC)
        self.composite(
            AlarmDescription="d",
            ActionsSuppressor="cpu",
            ActionsSuppressorWaitPeriod=5,
            ActionsSuppressorExtensionPeriod=6,
        )
        self.assertEqual(self.cloudwatch.describe_alarms()["CompositeAlarms"], [])
        answer = self.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])
        alarm = answer["CompositeAlarms"][0]
        self.assertEqual(answer["MetricAlarms"], [])
        self.assertEqual((alarm["AlarmRule"], alarm["AlarmDescription"]), ('ALARM("cpu") OR ALARM(mem)', "d"))
        self.assertEqual((alarm["ActionsSuppressor"], alarm["ActionsSuppressorWaitPeriod"]), ("cpu", 5))

    def test_children_outlive_their_composites(self):
        for name in ("cpu", "mem", "free"):
            self.cloudwatch.put_metric_alarm(AlarmName=name, **METRIC)
        self.composite(), self.composite("second")
        delete = self.cloudwatch.delete_alarms
        self.assertEqual(code_of(delete, AlarmNames=["cpu", "free"]), "ValidationError")
        self.assertEqual(code_of(delete, AlarmNames=["any", "second"]), "ValidationError")
        self.assertEqual(len(self.cloudwatch.describe_alarms()["MetricAlarms"]), 3)
        delete(AlarmNames=["any"])
        self.assertEqual(code_of(delete, AlarmNames=["cpu"]), "ValidationError")
        delete(AlarmNames=["second"])
        delete(AlarmNames=["cpu", "mem", "unknown"])
