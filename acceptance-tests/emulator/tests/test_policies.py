"""The evaluation of policies, by policies of the forms that AWS's documentation shows, and the outcomes it gives.

The names in the comments are those of pages of the IAM user guide, where nothing else is said.
"""

from __future__ import annotations

import unittest
from typing import Any

from stackwright_emulator.policies import Policies, Request, effects, refusal

Statement = dict[str, Any]


def allow(action: Any, resource: Any = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: Any, resource: Any = "*", **more: Any) -> Statement:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def policy(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def request(action: str, resource: str = "*", **context: Any) -> Request:
    """The context with `__` for the colon and `_Xx` as it is: `aws__RequestTag_Team` is `aws:requesttag/team`."""
    keys = {key.replace("__", ":").replace("_", "/").lower(): value for key, value in context.items()}
    return Request(action, resource, {key: value if isinstance(value, list) else [value] for key, value in keys.items()})


class Evaluation(unittest.TestCase):
    """One policy, one request, one outcome."""

    def allowed(self, statements: list[Statement], asked: Request) -> None:
        self.assertIsNone(refusal(asked, Policies([policy(*statements)])))

    def refused(self, statements: list[Statement], asked: Request) -> None:
        self.assertIsNotNone(refusal(asked, Policies([policy(*statements)])))

    def test_nothing_is_allowed_by_default(self) -> None:
        """Policy evaluation logic: a request is refused unless something allows it."""
        self.refused([], request("s3:ListAllMyBuckets"))

    def test_a_deny_wins_over_every_allow(self) -> None:
        """Policy evaluation logic: an explicit deny overrides."""
        statements = [allow("*"), deny("ec2:TerminateInstances")]
        self.refused(statements, request("ec2:TerminateInstances"))
        self.allowed(statements, request("ec2:StopInstances"))

    def test_actions_have_wildcards_and_no_case(self) -> None:
        """IAM JSON policy elements: Action."""
        self.allowed([allow("iam:*AccessKey*")], request("iam:CreateAccessKey"))
        self.allowed([allow("S3:getobject")], request("s3:GetObject"))
        self.refused([allow("iam:*AccessKey*")], request("iam:CreateUser"))

    def test_not_action_is_everything_else(self) -> None:
        """IAM JSON policy elements: NotAction."""
        statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
        self.allowed([statement], request("s3:GetObject"))
        self.refused([statement], request("iam:CreateUser"))

    def test_not_resource_is_everything_else(self) -> None:
        """IAM JSON policy elements: NotResource."""
        statement = {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::ours", "arn:aws:s3:::ours/*"]}
        statements = [allow("s3:*"), statement]
        self.allowed(statements, request("s3:GetObject", "arn:aws:s3:::ours/file"))
        self.refused(statements, request("s3:GetObject", "arn:aws:s3:::theirs/file"))

    def test_a_bucket_is_not_its_objects(self) -> None:
        """Amazon S3: allows read and write access to objects in a bucket."""
        statements = [allow("s3:ListBucket", "arn:aws:s3:::ours"), allow("s3:GetObject", "arn:aws:s3:::ours/*")]
        self.allowed(statements, request("s3:ListBucket", "arn:aws:s3:::ours"))
        self.allowed(statements, request("s3:GetObject", "arn:aws:s3:::ours/a/b"))
        self.refused(statements, request("s3:GetObject", "arn:aws:s3:::ours"))
        self.refused(statements, request("s3:ListBucket", "arn:aws:s3:::ours-too"))

    def test_a_wildcard_ends_at_a_colon(self) -> None:
        """IAM JSON policy elements: Resource, "Using wildcards in resource ARNs"."""
        statements = [allow("sns:Publish", "arn:aws:sns:us-*:111111111111:alarms")]
        self.allowed(statements, request("sns:Publish", "arn:aws:sns:us-west-2:111111111111:alarms"))
        self.refused(statements, request("sns:Publish", "arn:aws:sns:us-west-2:222222222222:alarms"))
        self.refused([allow("sns:Publish", "arn:aws:sns:*:alarms")], request("sns:Publish", "arn:aws:sns:a:b:alarms"))

    def test_a_prefix_covers_longer_names(self) -> None:
        """The same: `acme-stage-*` is also `acme-stage-eu-*`."""
        role = "arn:aws:iam::111111111111:role"
        self.allowed([allow("iam:*", f"{role}/acme-stage-*")], request("iam:GetRole", f"{role}/acme-stage-eu-app"))
        self.refused([allow("iam:*", f"{role}/stage/*")], request("iam:GetRole", f"{role}/stage-eu/app"))

    def test_an_action_without_resources_needs_a_star(self) -> None:
        """IAM JSON policy elements: Resource; actions that support no resource-level permissions."""
        self.allowed([allow("ec2:DescribeVpcs")], request("ec2:DescribeVpcs"))
        self.refused([allow("ec2:DescribeVpcs", "arn:aws:ec2:*:*:vpc/*")], request("ec2:DescribeVpcs"))

    def test_conditions_of_one_statement_hold_together(self) -> None:
        """Conditions with multiple context keys or values: a logical AND of keys, an OR of values."""
        condition = {"StringEquals": {"aws:RequestTag/env": ["stage", "qa"], "aws:RequestTag/team": "web"}}
        statements = [allow("ec2:CreateVpc", Condition=condition)]
        self.allowed(statements, request("ec2:CreateVpc", aws__RequestTag_env="qa", aws__RequestTag_team="web"))
        self.refused(statements, request("ec2:CreateVpc", aws__RequestTag_env="prod", aws__RequestTag_team="web"))
        self.refused(statements, request("ec2:CreateVpc", aws__RequestTag_env="qa"))

    def test_a_missing_key_fails_what_is_wanted_and_passes_what_is_not(self) -> None:
        """IAM JSON policy elements: Condition operators, "String condition operators" and "...IfExists"."""
        asked = request("ec2:RunInstances")
        self.refused([allow("*", Condition={"StringEquals": {"ec2:InstanceType": "t3.nano"}})], asked)
        self.allowed([allow("*", Condition={"StringNotEquals": {"ec2:InstanceType": "t3.nano"}})], asked)
        self.allowed([allow("*", Condition={"StringEqualsIfExists": {"ec2:InstanceType": "t3.nano"}})], asked)

    def test_null_asks_whether_a_key_is_there(self) -> None:
        """Condition operators: "Condition operator to check existence of condition keys"."""
        statements = [allow("*", Condition={"Null": {"aws:TokenIssueTime": "true"}})]
        self.allowed(statements, request("s3:GetObject"))
        self.refused(statements, request("s3:GetObject", aws__TokenIssueTime="2026-01-01T00:00:00Z"))

    def test_negated_values_are_none_of_them(self) -> None:
        """Conditions with multiple values: negated operators are a NOR."""
        statements = [deny("*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}), allow("*")]
        self.allowed(statements, request("ec2:RunInstances", aws__RequestedRegion="eu-west-3"))
        self.refused(statements, request("ec2:RunInstances", aws__RequestedRegion="us-east-1"))

    def test_for_all_values_holds_without_any(self) -> None:
        """Set operators for multivalued context keys: ForAllValues is true when there is no key."""
        statements = [allow("ec2:CreateTags", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["env", "team"]}})]
        self.allowed(statements, request("ec2:CreateTags", aws__TagKeys=["env"]))
        self.allowed(statements, request("ec2:CreateTags"))
        self.refused(statements, request("ec2:CreateTags", aws__TagKeys=["env", "owner"]))

    def test_for_any_value_needs_one(self) -> None:
        """The same page: ForAnyValue is false when there is no key."""
        statements = [allow("ec2:CreateTags", Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["env", "team"]}})]
        self.allowed(statements, request("ec2:CreateTags", aws__TagKeys=["env", "owner"]))
        self.refused(statements, request("ec2:CreateTags", aws__TagKeys=["owner"]))
        self.refused(statements, request("ec2:CreateTags"))

    def test_a_home_folder_by_a_policy_variable(self) -> None:
        """IAM policy elements: Variables and tags."""
        statements = [allow("s3:GetObject", "arn:aws:s3:::homes/${aws:username}/*")]
        self.allowed(statements, request("s3:GetObject", "arn:aws:s3:::homes/ada/x", aws__username="ada"))
        self.refused(statements, request("s3:GetObject", "arn:aws:s3:::homes/bob/x", aws__username="ada"))
        self.refused(statements, request("s3:GetObject", "arn:aws:s3:::homes/bob/x"))

    def test_a_variable_may_have_a_default_and_no_wildcards(self) -> None:
        """The same: default values, and `${*}` for a star."""
        statements = [allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/team, 'common'}/*")]
        self.allowed(statements, request("s3:GetObject", "arn:aws:s3:::common/x"))
        self.refused(statements, request("s3:GetObject", "arn:aws:s3:::web/x", aws__PrincipalTag_team="*"))
        self.allowed([allow("s3:GetObject", "arn:aws:s3:::a/${*}")], request("s3:GetObject", "arn:aws:s3:::a/*"))
        self.refused([allow("s3:GetObject", "arn:aws:s3:::a/${*}")], request("s3:GetObject", "arn:aws:s3:::a/b"))

    def test_instances_of_the_own_team(self) -> None:
        """Amazon EC2: limits managing instances to those with a tag that matches the user's."""
        condition = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
        statements = [allow("ec2:StopInstances", Condition=condition)]
        same = request("ec2:StopInstances", "arn:aws:ec2:a:1:instance/i-1", aws__ResourceTag_team="web", aws__PrincipalTag_team="web")
        self.allowed(statements, same)
        self.refused(statements, request("ec2:StopInstances", aws__ResourceTag_team="db", aws__PrincipalTag_team="web"))

    def test_without_mfa_only_the_own_device(self) -> None:
        """AWS: allows MFA-authenticated users to manage their credentials: BoolIfExists denies also long-term keys."""
        locked = {
            "Effect": "Deny",
            "NotAction": ["iam:EnableMFADevice", "sts:GetSessionToken"],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        }
        statements = [allow("*"), locked]
        self.refused(statements, request("s3:GetObject"))
        self.refused(statements, request("s3:GetObject", aws__MultiFactorAuthPresent="false"))
        self.allowed(statements, request("s3:GetObject", aws__MultiFactorAuthPresent="true"))
        self.allowed(statements, request("iam:EnableMFADevice"))

    def test_addresses_and_dates(self) -> None:
        """AWS: denies access based on the source IP; allows access within specific dates."""
        statements = [deny("*", Condition={"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}), allow("*")]
        self.allowed(statements, request("s3:GetObject", aws__SourceIp="192.0.2.7"))
        self.refused(statements, request("s3:GetObject", aws__SourceIp="203.0.113.7"))
        within = {
            "DateGreaterThan": {"aws:CurrentTime": "2026-04-01T00:00:00Z"},
            "DateLessThan": {"aws:CurrentTime": "2026-06-30T23:59:59Z"},
        }
        self.allowed([allow("*", Condition=within)], request("s3:GetObject", aws__CurrentTime="2026-05-01T00:00:00Z"))
        self.refused([allow("*", Condition=within)], request("s3:GetObject", aws__CurrentTime="2026-07-01T00:00:00Z"))

    def test_a_role_is_passed_to_one_service(self) -> None:
        """Granting a user permissions to pass a role to an AWS service."""
        role = "arn:aws:iam::111111111111:role/tasks"
        statements = [allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})]
        self.allowed(statements, request("iam:PassRole", role, iam__PassedToService="ecs-tasks.amazonaws.com"))
        self.refused(statements, request("iam:PassRole", role, iam__PassedToService="ec2.amazonaws.com"))

    def test_numbers_and_arns(self) -> None:
        """Condition operators: numeric, and ARN, whose parts are compared one by one."""
        few = [allow("s3:ListBucket", Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})]
        self.allowed(few, request("s3:ListBucket", **{"s3__max-keys": "9"}))
        self.refused(few, request("s3:ListBucket", **{"s3__max-keys": "100"}))
        topic = [allow("sqs:SendMessage", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}})]
        self.allowed(topic, request("sqs:SendMessage", aws__SourceArn="arn:aws:sns:us-west-2:111111111111:a"))
        self.refused(topic, request("sqs:SendMessage", aws__SourceArn="arn:aws:sns:us-west-2:222222222222:111111111111:a"))


class Limits(unittest.TestCase):
    """What a boundary and a session policy take away."""

    def test_a_boundary_allows_nothing_by_itself(self) -> None:
        """Permissions boundaries for IAM entities: the boundary "s3, cloudwatch, ec2" and a user who may create users."""
        boundary = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))
        own = Policies([policy(allow("iam:CreateUser"))], boundary=boundary)
        why = refusal(request("iam:CreateUser"), own)
        self.assertEqual(why, "because no permissions boundary allows the iam:CreateUser action")
        self.assertIsNotNone(refusal(request("s3:GetObject"), own))

    def test_identity_and_boundary_intersect(self) -> None:
        """The same page: effective permissions are the intersection."""
        own = Policies([policy(allow("s3:*"))], boundary=policy(allow(["s3:GetObject", "ec2:*"])))
        self.assertIsNone(refusal(request("s3:GetObject"), own))
        self.assertIsNotNone(refusal(request("s3:PutObject"), own))
        self.assertIsNotNone(refusal(request("ec2:RunInstances"), own))

    def test_a_session_policy_limits_the_session(self) -> None:
        """Policies and permissions: session policies grant nothing."""
        own = Policies([policy(allow("s3:*"))], session=policy(allow(["s3:GetObject", "ec2:*"])))
        self.assertIsNone(refusal(request("s3:GetObject"), own))
        why = refusal(request("s3:PutObject"), own)
        self.assertEqual(why, "because no session policy allows the s3:PutObject action")

    def test_a_deny_of_a_boundary_is_one(self) -> None:
        """Policy evaluation logic."""
        own = Policies([policy(allow("*"))], boundary=policy(allow("*"), deny("iam:*")))
        self.assertEqual(refusal(request("iam:GetRole"), own), "with an explicit deny in a permissions boundary")

    def test_an_operator_that_does_not_exist_is_told(self) -> None:
        """AWS refuses such a policy when it is written; nothing here may pass over it."""
        with self.assertRaises(ValueError):
            effects([policy(allow("*", Condition={"StringAlmost": {"aws:username": "ada"}}))], request("s3:GetObject", aws__username="a"))
