"""Secrets Manager, where moto differs from AWS."""

import time
import unittest

from .harness import code_of, emulator, new_account

TOKEN = "t" * 32


class SecretsTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.secrets = emulator().client("secretsmanager", self.account)

    def make(self, name="s", **more):
        return self.secrets.create_secret(Name=name, SecretString="one", **more)["ARN"]

    def labels(self):
        return self.secrets.describe_secret(SecretId="s")["VersionIdsToStages"]

    def put(self, token, value, *labels):
        return self.secrets.put_secret_value(
            SecretId="s", ClientRequestToken=token, SecretString=value, VersionStages=list(labels)
        )

    def test_what_aws_refuses(self):
        self.assertEqual(code_of(self.make, "a b"), "ValidationException")
        self.assertEqual(code_of(self.make, "a", ClientRequestToken="t" * 65), "InvalidParameterException")
        self.assertEqual(code_of(self.make, "a", KmsKeyId="arn:aws:kms:x:1:key/none"), "EncryptionFailure")
        self.make()
        self.assertEqual(code_of(self.make), "ResourceExistsException")
        wrong = [{"Key": "aws:x", "Value": "1"}]
        self.assertEqual(code_of(self.secrets.tag_resource, SecretId="s", Tags=wrong), "InvalidParameterException")

    def test_a_deleted_one_keeps_its_name_and_takes_no_writes(self):
        self.make()
        self.secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
        self.assertEqual(code_of(self.make), "InvalidRequestException")
        self.assertEqual(code_of(self.put, TOKEN, "two", "AWSCURRENT"), "InvalidRequestException")
        self.assertEqual(code_of(self.secrets.update_secret, SecretId="s", Description="d"), "InvalidRequestException")
        tag = [{"Key": "a", "Value": "b"}]
        self.assertEqual(code_of(self.secrets.tag_resource, SecretId="s", Tags=tag), "InvalidRequestException")
        self.secrets.restore_secret(SecretId="s")
        self.put(TOKEN, "two", "AWSCURRENT")
        self.assertEqual(self.secrets.get_secret_value(SecretId="s")["SecretString"], "two")

    def test_a_name_is_free_some_time_after_a_deletion_for_good(self):
        self.make()
        self.secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
        self.assertEqual(code_of(self.make), "InvalidRequestException")
        self.make()

    def test_the_current_version_is_the_one_with_the_label(self):
        self.make(ClientRequestToken="a" * 32)
        self.put(TOKEN, "two", "AWSPENDING")
        self.assertEqual(self.secrets.get_secret_value(SecretId="s")["SecretString"], "one")
        self.secrets.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", MoveToVersionId=TOKEN, RemoveFromVersionId="a" * 32
        )
        self.assertEqual(self.secrets.get_secret_value(SecretId="s")["SecretString"], "two")
        self.assertEqual(self.labels(), {"a" * 32: ["AWSPREVIOUS"], TOKEN: ["AWSPENDING", "AWSCURRENT"]})
        self.assertEqual(code_of(self.put, TOKEN, "three", "AWSPENDING"), "ResourceExistsException")

    def test_versions_without_labels_are_not_shown(self):
        self.make(ClientRequestToken="a" * 32)
        self.put(TOKEN, "two", "AWSPENDING")
        self.put("u" * 32, "three", "AWSPENDING")
        self.assertEqual(set(self.labels()), {"a" * 32, "u" * 32})


if __name__ == "__main__":
    unittest.main()

    def test_versions_keep_the_time_when_they_were_made(self):
        def times():
            answer = self.secrets.list_secret_version_ids(SecretId="s")
            return {tuple(version["VersionStages"]): version["CreatedDate"] for version in answer["Versions"]}

        self.make()
        made = times()["AWSCURRENT",]
        time.sleep(1.1)
        self.assertEqual(times()["AWSCURRENT",], made)
        self.put(TOKEN, "two", "AWSCURRENT")
        self.assertEqual(times()["AWSPREVIOUS",], made)
        self.assertGreater(times()["AWSCURRENT",], made)
