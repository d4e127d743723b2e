"""Rules of EventBridge, where moto differs from AWS."""

import json
import unittest

from .harness import REGION, code_of, emulator, new_account

PATTERN = '{"source": ["aws.ecs"]}'


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.events = emulator().client("events", self.account)

    def put(self, name="r", **values):
        return self.events.put_rule(**{"Name": name, "EventPattern": PATTERN} | values)["RuleArn"]

    def shown(self, name="r"):
        return self.events.describe_rule(Name=name)

    def names(self, **values):
        return [rule["Name"] for rule in self.events.list_rules(**values)["Rules"]]

    def pages(self, **values):
        return [len(page["Rules"]) for page in self.events.get_paginator("list_rules").paginate(**values)]

    def small(self, size):
        emulator().control("POST", "settings", {"account": self.account, "page_size": size})

    def test_what_aws_refuses(self):
        for name in ("n" * 65, "a b", "a/b", "a\n"):
            self.assertEqual(code_of(self.put, name), "ValidationException", name)
        for member, value in (
            ("Description", "d" * 513),
            ("EventPattern", json.dumps({"source": ["x" * 4096]})),
            ("EventPattern", ""),
            ("State", "ON"),
        ):
            self.assertEqual(code_of(self.put, **{member: value}), "ValidationException", member)
        self.assertEqual(self.names(), [])

    def test_what_aws_accepts(self):
        pattern = '{"source": ["%s"]}' % ("x" * (4096 - len('{"source": [""]}')))
        self.put("a.-_Z9" + "n" * 58, Description="d" * 512, EventPattern=pattern, State="DISABLED")
        self.put("b", State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        self.assertEqual(len(self.names()), 2)

    def test_patterns_are_objects_with_lists_at_their_ends(self):
        for good in (
            {"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}},
            {"detail": {"containers": {"exitCode": [{"anything-but": 0}]}}},
            {"$or": [{"source": ["a"]}, {"detail": {"x": [{"exists": False}]}}]},
            {"detail": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [None]}]}]}},
        ):
            self.put(EventPattern=json.dumps(good))
        kept = self.shown()["EventPattern"]
        for bad in (
            ["aws.ecs"],
            "aws.ecs",
            {},
            {"source": "aws.ecs"},
            {"source": None},
            {"source": []},
            {"detail": {}},
            {"detail": {"a": {"b": 1}}},
            {"$or": {"source": ["a"]}},
            {"$or": ["x", "y"]},
            {"$or": []},
            {"$or": [{"source": ["a"]}]},
            {"$or": [{"source": ["a"]}, {}]},
            {"$or": [{"source": ["a"]}, {"source": "b"}]},
        ):
            self.assertEqual(code_of(self.put, EventPattern=json.dumps(bad)), "InvalidEventPatternException", bad)
        self.assertEqual(code_of(self.put, EventPattern="{"), "InvalidEventPatternException")
        self.assertEqual(self.shown()["EventPattern"], kept)

    def test_the_text_of_a_pattern_stays(self):
        text = ' {"source" :["a\\u00e4"],\n"detail":{"n": [1.0, 1e2]} , "account": ["1"]}'
        self.put(EventPattern=text)
        self.assertEqual(self.shown()["EventPattern"], text)
        self.assertEqual(self.events.list_rules()["Rules"][0]["EventPattern"], text)

    def test_an_update_sets_back_what_it_leaves_out(self):
        self.put(State="DISABLED", Description="d")
        self.put()
        self.assertEqual((self.shown()["State"], self.shown().get("Description")), ("ENABLED", None))

    def test_an_update_leaves_the_tags(self):
        arn = self.put(Tags=[{"Key": "team", "Value": "a"}])
        self.put(Tags=[{"Key": "team", "Value": "b"}, {"Key": "more", "Value": "c"}])
        tags = self.events.list_tags_for_resource(ResourceARN=arn)["Tags"]
        self.assertEqual(tags, [{"Key": "team", "Value": "a"}])
        self.events.delete_rule(Name="r")
        self.put()
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=arn)["Tags"], [])

    def test_a_rule_with_targets_stays(self):
        self.put()
        self.events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:{self.account}:q"}])
        self.put(Description="d")
        self.assertEqual(code_of(self.events.delete_rule, Name="r"), "ValidationException")
        self.events.remove_targets(Rule="r", Ids=["t"])
        self.events.delete_rule(Name="r")
        self.assertEqual(self.names(), [])

    def test_rules_that_do_not_exist(self):
        self.events.delete_rule(Name="r")
        self.assertEqual(code_of(self.events.describe_rule, Name="r"), "ResourceNotFoundException")
        self.assertEqual(code_of(self.put, EventBusName="none"), "ResourceNotFoundException")

    def test_a_prefix_is_plain(self):
        for name in ("a.c", "abc", "b.c", "a.d"):
            self.put(name)
        self.assertEqual(self.names(NamePrefix="a."), ["a.c", "a.d"])
        self.assertEqual(self.names(NamePrefix=".c"), [])
        self.assertEqual(code_of(self.events.list_rules, NamePrefix="a.*"), "ValidationException")

    def test_a_list_has_pages(self):
        for name in "dbeca":
            self.put(name)
        first = self.events.list_rules(Limit=2)
        self.assertEqual([rule["Name"] for rule in first["Rules"]], ["a", "b"])
        for name in "bc":
            self.events.delete_rule(Name=name)
        self.assertEqual(self.names(Limit=2, NextToken=first["NextToken"]), ["d", "e"])
        self.assertNotIn("NextToken", self.events.list_rules(Limit=2, NextToken=first["NextToken"]))
        self.assertEqual(code_of(self.events.list_rules, Limit=101), "ValidationException")
        self.assertEqual(code_of(self.events.list_rules, NextToken="?"), "ValidationException")

    def test_small_pages(self):
        for name in ("a1", "a2", "a3", "b1"):
            self.put(name)
        self.small(2)
        self.assertEqual(self.pages(), [2, 2])
        self.assertEqual(self.pages(NamePrefix="a"), [2, 1])
        self.assertEqual(self.pages(PaginationConfig={"PageSize": 1}), [1, 1, 1, 1])

    def test_a_bus_has_300_rules(self):
        for at in range(300):
            self.put(f"r{at}")
        self.assertEqual(code_of(self.put), "LimitExceededException")
        self.put("r0", Description="d")
        self.assertEqual(self.pages(), [100, 100, 100])
        self.small(120)
        self.assertEqual(self.pages(), [120, 120, 60])
        self.events.create_event_bus(Name="other")
        self.put(EventBusName="other")

    def test_other_buses_have_rules_of_their_own(self):
        self.events.create_event_bus(Name="other")
        self.put("a")
        self.put("b", EventBusName="other")
        self.assertEqual((self.names(), self.names(EventBusName="other")), (["a"], ["b"]))


class DumpTest(unittest.TestCase):
    def build(self, names):
        account = new_account()
        events = emulator().client("events", account)
        for name in names:
            events.put_rule(
                Name=name,
                Description="d",
                EventPattern=json.dumps({"account": [account]}),
                Tags=[{"Key": "k", "Value": "v"}],
            )
            target = {"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:{account}:q"}
            events.put_targets(Rule=name, Targets=[target])
        return account

    def dump(self, account, raw=""):
        return emulator().control("GET", f"dump?account={account}&region={REGION}{raw}")["event_rules"]

    def test_rules_are_shown_with_targets_and_tags(self):
        account = self.build(["a", "b"])
        other = self.build(["b", "a"])
        found = self.dump(account)
        self.assertEqual(found, self.dump(other))
        self.assertEqual(sorted(found), ["a", "b"])
        expected = {
            "Name": "a",
            "Arn": f"arn:aws:events:{REGION}:<account>:rule/a",
            "Description": "d",
            "EventPattern": '{"account": ["<account>"]}',
            "EventBusName": "default",
            "CreatedBy": "<account>",
            "State": "ENABLED",
            "Targets": [{"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:<account>:q"}],
            "Tags": {"k": "v"},
        }
        self.assertEqual(found["a"], expected)
        self.assertEqual([rule["Name"] for rule in self.dump(account, "&raw=1")], ["a", "b"])

    def test_it_sees_all_whatever_the_pages(self):
        account = self.build("abc")
        emulator().control("POST", "settings", {"account": account, "page_size": 2})
        self.assertEqual(sorted(self.dump(account)), ["a", "b", "c"])


if __name__ == "__main__":
    unittest.main()
