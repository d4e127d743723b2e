"""Patterns of EventBridge."""

from __future__ import annotations

import unittest

from stackwright_emulator.event_patterns import matches

STOPPED = {
    "source": "aws.ecs",
    "detail": {
        "lastStatus": "STOPPED",
        "containers": [{"name": "main", "exitCode": 0}, {"name": "agent", "exitCode": 143}],
    },
}


class Patterns(unittest.TestCase):
    """What is looked for, and what is found."""

    def test_all_fields_have_to_be_met(self):
        self.assertTrue(matches({"source": ["aws.ecs", "aws.rds"]}, STOPPED))
        self.assertFalse(matches({"source": ["aws.ecs"], "detail": {"lastStatus": ["RUNNING"]}}, STOPPED))
        self.assertFalse(matches({"account": ["1"]}, STOPPED))

    def test_one_entry_of_a_list_meets_all_fields_in_it(self):
        def failed(name):
            return {"detail": {"containers": {"name": [name], "exitCode": [{"anything-but": [0]}]}}}

        self.assertTrue(matches(failed("agent"), STOPPED))
        self.assertFalse(matches(failed("main"), STOPPED))

    def test_one_branch_is_enough(self):
        either = {"$or": [{"source": ["aws.rds"]}, {"detail": {"lastStatus": ["STOPPED"]}}]}
        self.assertTrue(matches(either, STOPPED))
        self.assertFalse(matches(either | {"account": [{"exists": True}]}, STOPPED))

    def test_words_of_patterns(self):
        for test, wanted in (
            ({"prefix": "aws."}, True),
            ({"suffix": ".rds"}, False),
            ({"wildcard": "a*s.e*"}, True),
            ({"equals-ignore-case": "AWS.ECS"}, True),
            ({"anything-but": "aws.ecs"}, False),
            ({"anything-but": {"prefix": "x"}}, True),
            ({"exists": False}, False),
        ):
            self.assertEqual(matches({"source": [test]}, STOPPED), wanted, test)
        self.assertTrue(matches({"account": [{"exists": False}]}, STOPPED))

    def test_true_is_not_one(self):
        self.assertFalse(matches({"flag": [1]}, {"flag": True}))
        self.assertTrue(matches({"count": [1]}, {"count": 1.0}))


if __name__ == "__main__":
    unittest.main()
