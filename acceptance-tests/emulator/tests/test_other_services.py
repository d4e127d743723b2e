"""Logs, IAM and SSM, where moto differs from AWS."""

import json
import unittest

from .harness import code_of, emulator, new_account

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


class LogsTest(unittest.TestCase):
    def setUp(self):
        self.logs = emulator().client("logs", new_account())

    def group(self, name="/a"):
        return self.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]

    def test_keys_and_classes(self):
        self.logs.create_log_group(logGroupName="/a", logGroupClass="INFREQUENT_ACCESS")
        self.assertEqual(self.group()["logGroupClass"], "INFREQUENT_ACCESS")
        self.logs.associate_kms_key(logGroupName="/a", kmsKeyId="arn:aws:kms:us-west-2:1:key/k")
        self.assertEqual(self.group()["kmsKeyId"], "arn:aws:kms:us-west-2:1:key/k")
        self.logs.disassociate_kms_key(logGroupName="/a")
        self.assertNotIn("kmsKeyId", self.group())

    def test_retention(self):
        self.logs.create_log_group(logGroupName="/a")
        code = code_of(self.logs.put_retention_policy, logGroupName="/a", retentionInDays=31)
        self.assertEqual(code, "InvalidParameterException")
        self.logs.put_retention_policy(logGroupName="/a", retentionInDays=30)
        self.assertEqual(self.group()["retentionInDays"], 30)

    def test_identifiers_choose(self):
        for name in ("/a", "/b"):
            self.logs.create_log_group(logGroupName=name)
        found = self.logs.describe_log_groups(logGroupIdentifiers=["/b"])["logGroups"]
        self.assertEqual([group["logGroupName"] for group in found], ["/b"])

    def test_tags_die_with_the_group(self):
        self.logs.create_log_group(logGroupName="/a", tags={"k": "v"})
        self.logs.delete_log_group(logGroupName="/a")
        self.logs.create_log_group(logGroupName="/a")
        tags = self.logs.list_tags_for_resource(resourceArn=self.group()["logGroupArn"])["tags"]
        self.assertEqual(tags, {})

    def test_protected_groups_stay(self):
        self.logs.create_log_group(logGroupName="/a", deletionProtectionEnabled=True)
        self.assertEqual(code_of(self.logs.delete_log_group, logGroupName="/a"), "ValidationException")
        self.logs.put_log_group_deletion_protection(logGroupIdentifier="/a", deletionProtectionEnabled=False)
        self.logs.delete_log_group(logGroupName="/a")


class IamTest(unittest.TestCase):
    def test_tag_keys_of_roles_know_no_case(self):
        iam = emulator().client("iam", new_account())
        tags = lambda *keys: [{"Key": key, "Value": key} for key in keys]
        two = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": tags("team", "Team")}
        self.assertEqual(code_of(iam.create_role, **two), "InvalidInput")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags("team", "other"))
        iam.tag_role(RoleName="r", Tags=tags("Team"))
        keys = lambda: sorted(tag["Key"] for tag in iam.list_role_tags(RoleName="r")["Tags"])
        self.assertEqual(keys(), ["Team", "other"])
        iam.untag_role(RoleName="r", TagKeys=["team"])
        self.assertEqual(keys(), ["other"])

    def test_an_update_changes_only_what_it_names(self):
        iam = emulator().client("iam", new_account())
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Description="d", MaxSessionDuration=7200)
        iam.update_role(RoleName="r", Description="e")
        iam.update_role(RoleName="r", MaxSessionDuration=3600)
        role = iam.get_role(RoleName="r")["Role"]
        self.assertEqual((role["Description"], role["MaxSessionDuration"]), ("e", 3600))

    def test_managed_policies_exist(self):
        iam = emulator().client("iam", new_account())
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        [role] = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
        self.assertEqual([policy["PolicyArn"] for policy in role["AttachedManagedPolicies"]], [arn])
        self.assertEqual(code_of(iam.delete_role, RoleName="r"), "DeleteConflict")


class SsmTest(unittest.TestCase):
    def test_parameters(self):
        ssm = emulator().client("ssm", new_account())
        ssm.put_parameter(Name="/a/b", Value="1", Type="SecureString", Tags=[{"Key": "k", "Value": "v"}])
        self.assertEqual(
            code_of(ssm.put_parameter, Name="/a/b", Value="1", Type="SecureString"), "ParameterAlreadyExists"
        )
        ssm.put_parameter(Name="/a/b", Value="2", Type="SecureString", Overwrite=True)
        found = ssm.get_parameters_by_path(Path="/a", WithDecryption=True)["Parameters"]
        self.assertEqual([(one["Name"], one["Value"], one["Version"]) for one in found], [("/a/b", "2", 2)])
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/a/b")["TagList"]
        self.assertEqual(tags, [{"Key": "k", "Value": "v"}])
        self.assertEqual([one["Name"] for one in ssm.describe_parameters()["Parameters"]], ["/a/b"])
