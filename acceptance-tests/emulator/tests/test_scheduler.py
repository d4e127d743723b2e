"""EventBridge Scheduler, where moto differs from AWS."""

import json
import unittest

from .harness import code_of, emulator, new_account


class SchedulerTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.scheduler = emulator().client("scheduler", self.account)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "scheduler.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = emulator().client("iam", self.account).create_role(
            RoleName="r", AssumeRolePolicyDocument=json.dumps(trust)
        )
        self.values = {
            "Name": "s",
            "GroupName": "default",
            "ScheduleExpression": "cron(0 3 * * ? *)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": f"arn:aws:sqs:us-west-2:{self.account}:q", "RoleArn": role["Role"]["Arn"]},
        }

    def test_a_used_token_makes_nothing_again(self):
        create, delete = self.scheduler.create_schedule_group, self.scheduler.delete_schedule_group
        create(Name="g", ClientToken="t")
        delete(Name="g")
        create(Name="g", ClientToken="t")
        code = code_of(self.scheduler.get_schedule_group, Name="g")
        create(Name="g", ClientToken="u")
        self.assertEqual(code, "ResourceNotFoundException")

    def test_what_aws_refuses(self):
        create = self.scheduler.create_schedule
        wrong = {"Arn": "arn:aws:sqs:us-west-2:1:q", "RoleArn": f"arn:aws:iam::{self.account}:role/none"}
        for name, value in (
            ("ScheduleExpression", "cron(0 3 * * *)"),
            ("ScheduleExpression", "cron(0 3 * * * *)"),
            ("ScheduleExpression", "rate(1 minutes)"),
            ("ScheduleExpressionTimezone", "Mars/Base"),
            ("Target", wrong),
        ):
            self.assertEqual(code_of(create, **self.values | {name: value}), "ValidationException", value)
        gone = code_of(create, **self.values | {"GroupName": "none"})
        self.assertEqual(gone, "ResourceNotFoundException")
        create(**self.values)
        self.assertEqual(code_of(create, **self.values), "ConflictException")
        self.assertEqual(
            code_of(self.scheduler.update_schedule, **self.values | {"ScheduleExpression": "rate(x)"}),
            "ValidationException",
        )

    def test_an_update_sets_back_what_it_leaves_out(self):
        self.scheduler.create_schedule(**self.values, State="DISABLED", Description="d")
        self.scheduler.update_schedule(**self.values)
        shown = self.scheduler.get_schedule(Name="s", GroupName="default")
        self.assertEqual((shown["State"], shown.get("Description")), ("ENABLED", None))

    def test_a_group_takes_its_schedules_and_tags_along(self):
        tags = [{"Key": "team", "Value": "a"}]
        arn = self.scheduler.create_schedule_group(Name="g", Tags=tags)["ScheduleGroupArn"]
        self.assertEqual(code_of(self.scheduler.create_schedule_group, Name="g"), "ConflictException")
        self.scheduler.create_schedule(**self.values | {"GroupName": "g"})
        self.scheduler.delete_schedule_group(Name="g")
        self.assertEqual(code_of(self.scheduler.delete_schedule_group, Name="g"), "ResourceNotFoundException")
        self.assertEqual(
            code_of(self.scheduler.get_schedule, Name="s", GroupName="g"), "ResourceNotFoundException"
        )
        self.scheduler.create_schedule_group(Name="g")
        self.assertEqual(self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"], [])

    def test_groups_come_in_small_pages(self):
        for at in range(4):
            self.scheduler.create_schedule_group(Name=f"g{at}")
        emulator().control("POST", "settings", {"account": self.account, "page_size": 2})
        pages = list(self.scheduler.get_paginator("list_schedule_groups").paginate())
        self.assertEqual([len(page["ScheduleGroups"]) for page in pages], [2, 2, 1])


if __name__ == "__main__":
    unittest.main()
