"""Faults, held calls, dropped connections and the call log."""

import time
import unittest
import urllib.error

from botocore.exceptions import BotoCoreError

from .harness import Background, code_of, emulator, error_of, new_account, wait_for


class FaultTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.logs = self.client("logs")

    def client(self, service):
        return emulator().client(service, self.account)

    def order(self, **rule):
        return emulator().control("POST", "faults", {"account": self.account, **rule})["id"]

    def calls(self):
        return emulator().control("GET", f"calls?account={self.account}")

    def held(self):
        return emulator().control("GET", f"held?account={self.account}")

    def names(self):
        return [group["logGroupName"] for group in self.logs.describe_log_groups()["logGroups"]]


class ErrorTest(FaultTest):
    def test_errors_have_the_shape_of_every_protocol(self):
        self.order(code="ThrottlingException", status=400, message="slow <down>", times=-1)
        ids = {"Name": "x"}
        calls = {
            "json": lambda: self.client("ecs").list_clusters(),
            "query": lambda: self.client("iam").list_roles(),
            "ec2": lambda: self.client("ec2").describe_vpcs(),
            "rest-xml": lambda: self.client("route53").list_hosted_zones(),
            "s3": lambda: self.client("s3").list_buckets(),
            "rest-json": lambda: self.client("scheduler").get_schedule(**ids),
            "cbor": lambda: self.client("cloudwatch").describe_alarms(),
        }
        for protocol, call in calls.items():
            with self.subTest(protocol):
                with self.assertRaises(self.logs.exceptions.ClientError) as raised:
                    call()
                error = raised.exception.response["Error"]
                self.assertEqual((error["Code"], error["Message"]), ("ThrottlingException", "slow <down>"))

    def test_before_means_not_executed_and_after_means_executed(self):
        self.order(action="CreateLogGroup", code="InternalFailure", status=500)
        self.assertEqual(error_of(self.logs.create_log_group, logGroupName="/a"), ("InternalFailure", 500))
        self.assertEqual(self.names(), [])
        self.order(action="CreateLogGroup", code="InternalFailure", status=500, phase="after")
        self.assertEqual(error_of(self.logs.create_log_group, logGroupName="/a"), ("InternalFailure", 500))
        self.assertEqual(self.names(), ["/a"])

    def test_skip_and_times(self):
        self.order(service="logs", action="Describe.*", skip=1, times=2, code="X")
        results = []
        for _ in range(4):
            try:
                self.names()
                results.append("ok")
            except self.logs.exceptions.ClientError:
                results.append("X")
        self.assertEqual(results, ["ok", "X", "X", "ok"])

    def test_the_kth_write_of_an_account(self):
        self.order(writes_only=True, skip=1, code="Boom")
        self.logs.create_log_group(logGroupName="/a")
        self.names()
        self.assertEqual(code_of(self.client("ssm").put_parameter, Name="/p", Value="v", Type="String"), "Boom")
        self.logs.create_log_group(logGroupName="/b")

    def test_signing_names_work_too(self):
        self.order(service="monitoring", code="Boom")
        self.assertEqual(code_of(self.client("cloudwatch").describe_alarms), "Boom")

    def test_other_accounts_are_not_touched_and_rules_can_be_removed(self):
        self.order(times=-1, code="Boom")
        emulator().client("logs", new_account()).describe_log_groups()
        self.assertEqual(code_of(self.names), "Boom")
        emulator().control("DELETE", f"faults?account={self.account}")
        self.assertEqual(self.names(), [])

    def test_delay(self):
        self.order(delay_ms=150)
        start = time.monotonic()
        self.names()
        self.assertGreaterEqual(time.monotonic() - start, 0.15)

    def test_drop(self):
        self.order(action="CreateLogGroup", drop=True, phase="after")
        with self.assertRaises(BotoCoreError):
            self.logs.create_log_group(logGroupName="/a")
        self.assertEqual(self.names(), ["/a"])
        dropped = self.calls()[0]
        self.assertEqual((dropped["status"], dropped["error_code"]), (0, "dropped"))

    def test_mistaken_orders_are_refused(self):
        for order in ({"phase": "during"}, {"action": "("}, {"unknown": 1}):
            with self.subTest(order), self.assertRaises(urllib.error.HTTPError) as raised:
                self.order(**order)
            self.assertEqual(raised.exception.code, 400)
            raised.exception.close()


class HoldTest(FaultTest):
    def test_a_held_call_waits_for_its_release(self):
        self.order(action="CreateLogGroup", hold=True)
        call = Background(self.logs.create_log_group, logGroupName="/a")
        held = wait_for(self.held)[0]
        shown = {key: held[key] for key in ("service", "action", "account", "phase")}
        self.assertEqual(
            shown, {"service": "logs", "action": "CreateLogGroup", "account": self.account, "phase": "before"}
        )
        self.assertEqual(self.names(), [])
        self.assertIsNone(self.calls()[0]["status"])
        self.assertEqual(emulator().control("POST", "release", {"id": held["id"]}), {"released": [held["id"]]})
        self.assertIsNone(call.finish().error)
        self.assertEqual(self.names(), ["/a"])
        self.assertEqual(self.held(), [])

    def test_a_call_held_after_its_execution_can_be_dropped(self):
        self.order(writes_only=True, hold=True, phase="after")
        call = Background(self.logs.create_log_group, logGroupName="/a")
        wait_for(self.held)
        self.assertEqual(self.names(), ["/a"])
        emulator().control("POST", "release", {"account": self.account, "drop": True})
        self.assertIsInstance(call.finish().error, BotoCoreError)

    def test_a_held_call_may_fail_after_its_release(self):
        self.order(action="CreateLogGroup", hold=True, code="Boom")
        call = Background(self.logs.create_log_group, logGroupName="/a")
        wait_for(self.held)
        emulator().control("POST", "release", {"account": self.account})
        self.assertIn("Boom", str(call.finish().error))
        self.assertEqual(self.names(), [])


class CallLogTest(FaultTest):
    def test_calls_are_written_down(self):
        self.logs.create_log_group(logGroupName="/a", tags={"team": "t"})
        self.client("ssm").put_parameter(Name="/p", Value="hidden", Type="SecureString")
        code_of(self.client("iam").get_role, RoleName="none")
        self.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}])
        calls = self.calls()
        shown = [(c["service"], c["action"], c["write"], c["status"], c["error_code"]) for c in calls]
        self.assertEqual(
            shown,
            [
                ("logs", "CreateLogGroup", True, 200, None),
                ("ssm", "PutParameter", True, 200, None),
                ("iam", "GetRole", False, 404, "NoSuchEntity"),
                ("ec2", "DescribeSubnets", False, 200, None),
            ],
        )
        self.assertEqual([c["n"] for c in calls], sorted(c["n"] for c in calls))
        self.assertEqual((calls[0]["account"], calls[0]["region"]), (self.account, "us-west-2"))
        self.assertEqual(calls[0]["principal"], f"arn:aws:iam::{self.account}:user/administrator")
        self.assertEqual(calls[0]["params"], {"logGroupName": "/a"})
        self.assertEqual(calls[1]["params"], {"Name": "/p"})
        self.assertNotIn("hidden", str(calls))
        emulator().control("DELETE", f"calls?account={self.account}")
        self.assertEqual(self.calls(), [])

    def test_sessions_are_named(self):
        role = f"arn:aws:iam::{self.account}:role/OrganizationAccountAccessRole"
        caller = new_account()
        sts = emulator().client("sts", caller)
        session = sts.assume_role(RoleArn=role, RoleSessionName="plan-7")["Credentials"]
        emulator().client("logs", "", session=session).describe_log_groups()
        principal = f"arn:aws:sts::{self.account}:assumed-role/OrganizationAccountAccessRole/plan-7"
        self.assertEqual([call["principal"] for call in self.calls()], [principal])
        [assumed] = emulator().control("GET", f"calls?account={caller}")
        self.assertEqual(
            (assumed["action"], assumed["write"], assumed["params"]["RoleArn"]), ("AssumeRole", False, role)
        )
        self.assertNotIn(session["SecretAccessKey"], str(self.calls()))

    def test_rest_operations_have_names(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket=f"state-{self.account}", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket=f"state-{self.account}", Key="a/b", Body=b"x")
        s3.list_objects_v2(Bucket=f"state-{self.account}")
        self.client("route53").list_hosted_zones()
        actions = [(call["action"], call["write"]) for call in self.calls()]
        self.assertEqual(
            actions, [("CreateBucket", True), ("PutObject", True), ("ListObjectsV2", False), ("ListHostedZones", False)]
        )


class UnimplementedTest(FaultTest):
    def test_what_is_missing_is_an_error_of_status_501_and_recorded(self):
        ecs = self.client("ecs")
        self.assertEqual(
            error_of(ecs.execute_command, cluster="c", command="sh", interactive=True, task="t"),
            ("NotImplemented", 501),
        )
        [entry] = emulator().control("GET", f"unimplemented?account={self.account}")
        self.assertEqual((entry["service"], entry["action"]), ("ecs", "ExecuteCommand"))

    def test_other_protocols(self):
        iam, cloudwatch = self.client("iam"), self.client("cloudwatch")
        self.assertEqual(error_of(iam.get_organizations_access_report, JobId="1" * 36), ("NotImplemented", 501))
        self.assertEqual(error_of(cloudwatch.list_metric_streams), ("NotImplemented", 501))
        self.assertEqual(error_of(self.client("ec2").describe_bundle_tasks), ("NotImplemented", 501))
        actions = {one["action"] for one in emulator().control("GET", f"unimplemented?account={self.account}")}
        self.assertEqual(actions, {"GetOrganizationsAccessReport", "ListMetricStreams", "DescribeBundleTasks"})
