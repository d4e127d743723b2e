"""Keys, sessions and trust policies."""

import base64
import json
import unittest

from .harness import code_of, emulator, error_of, new_account


def trust(principal, condition=None, action="sts:AssumeRole"):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def token(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.signature"


class KeysTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()

    def client(self, service, **kwargs):
        return emulator().client(service, self.account, **kwargs)

    def test_an_administrator_key_acts_in_its_account(self):
        identity = self.client("sts").get_caller_identity()
        self.assertEqual(identity["Account"], self.account)
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{self.account}:user/administrator")

    def test_accounts_are_apart(self):
        self.client("logs").create_log_group(logGroupName="/here")
        other = emulator().client("logs", new_account())
        self.assertEqual(other.describe_log_groups()["logGroups"], [])

    def test_an_unknown_key_is_refused_in_the_words_of_each_service(self):
        key = "AKIAIOSFODNN7EXAMPLE"
        self.assertEqual(error_of(self.client("sts", key=key).get_caller_identity), ("InvalidClientTokenId", 403))
        self.assertEqual(error_of(self.client("ec2", key=key).describe_vpcs), ("AuthFailure", 401))
        self.assertEqual(error_of(self.client("ecs", key=key).list_clusters), ("UnrecognizedClientException", 400))

    def test_a_key_of_an_iam_user_works(self):
        iam = self.client("iam")
        iam.create_user(UserName="ci")
        key = iam.create_access_key(UserName="ci")["AccessKey"]["AccessKeyId"]
        identity = self.client("sts", key=key).get_caller_identity()
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{self.account}:user/ci")

    def test_expired_keys(self):
        key = f"AKIA{self.account}EXPIRED"
        self.assertEqual(error_of(self.client("sts", key=key).get_caller_identity), ("ExpiredToken", 403))
        self.assertEqual(error_of(self.client("iam", key=key).list_roles), ("ExpiredToken", 403))
        self.assertEqual(error_of(self.client("ecs", key=key).list_clusters), ("ExpiredTokenException", 400))
        self.assertEqual(error_of(self.client("ec2", key=key).describe_vpcs), ("RequestExpired", 400))

    def test_denied_keys_may_only_ask_who_they_are(self):
        key = f"AKIA{self.account}DENIED"
        self.assertEqual(self.client("sts", key=key).get_caller_identity()["Account"], self.account)
        self.assertEqual(error_of(self.client("iam", key=key).list_roles), ("AccessDenied", 403))
        self.assertEqual(error_of(self.client("ecs", key=key).list_clusters), ("AccessDeniedException", 400))
        self.assertEqual(error_of(self.client("ec2", key=key).describe_vpcs), ("UnauthorizedOperation", 403))
        self.assertEqual(error_of(self.client("s3", key=key).list_buckets), ("AccessDenied", 403))


class AssumeRoleTest(unittest.TestCase):
    def setUp(self):
        self.caller, self.target = new_account(), new_account()
        self.sts = emulator().client("sts", self.caller)
        self.iam = emulator().client("iam", self.target)

    def role(self, document, **kwargs):
        return self.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=document, **kwargs)["Role"]["Arn"]

    def assume(self, role_arn, **kwargs):
        return self.sts.assume_role(RoleArn=role_arn, RoleSessionName="run-1", **kwargs)

    def test_the_session_acts_in_the_role_account(self):
        arn = self.role(trust({"AWS": f"arn:aws:iam::{self.caller}:root"}), Path="/ci/")
        self.iam.attach_role_policy(RoleName="deploy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        session = self.assume(arn)
        expected = f"arn:aws:sts::{self.target}:assumed-role/deploy/run-1"
        self.assertEqual(session["AssumedRoleUser"]["Arn"], expected)
        identity = emulator().client("sts", "", session=session["Credentials"]).get_caller_identity()
        self.assertEqual((identity["Account"], identity["Arn"]), (self.target, expected))
        self.assertEqual(identity["UserId"], session["AssumedRoleUser"]["AssumedRoleId"])
        logs = emulator().client("logs", "", session=session["Credentials"])
        logs.create_log_group(logGroupName="/there")
        groups = emulator().client("logs", self.target).describe_log_groups()["logGroups"]
        self.assertEqual([group["logGroupName"] for group in groups], ["/there"])

    def test_a_role_that_does_not_exist_is_denied_in_the_words_of_aws(self):
        arn = f"arn:aws:iam::{self.target}:role/nobody"
        with self.assertRaises(self.sts.exceptions.ClientError) as raised:
            self.assume(arn)
        error = raised.exception.response
        self.assertEqual((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]), ("AccessDenied", 403))
        self.assertEqual(
            error["Error"]["Message"],
            f"User: arn:aws:iam::{self.caller}:user/administrator is not authorized to perform: sts:AssumeRole on "
            f"resource: {arn}",
        )

    def test_principals(self):
        me = f"arn:aws:iam::{self.caller}:user/administrator"
        for principal in ("*", {"AWS": "*"}, {"AWS": self.caller}, {"AWS": [me]}):
            with self.subTest(principal=principal):
                arn = self.role(trust(principal))
                self.assume(arn)
                self.iam.delete_role(RoleName="deploy")
        for principal in ({"AWS": new_account()}, {"AWS": me + "2"}, {"Service": "ecs-tasks.amazonaws.com"}):
            with self.subTest(principal=principal):
                arn = self.role(trust(principal))
                self.assertEqual(code_of(self.assume, arn), "AccessDenied")
                self.iam.delete_role(RoleName="deploy")

    def test_a_chain_names_the_role_and_lasts_an_hour_at_most(self):
        hop = (
            emulator()
            .client("iam", self.caller)
            .create_role(RoleName="hop", AssumeRolePolicyDocument=trust({"AWS": self.caller}), MaxSessionDuration=7200)[
                "Role"
            ]["Arn"]
        )
        policy = "arn:aws:iam::aws:policy/AdministratorAccess"
        emulator().client("iam", self.caller).attach_role_policy(RoleName="hop", PolicyArn=policy)
        arn = self.role(trust({"AWS": hop}), MaxSessionDuration=7200)
        self.assertEqual(code_of(self.assume, arn), "AccessDenied")
        sts = emulator().client("sts", "", session=self.assume(hop)["Credentials"])
        sts.assume_role(RoleArn=arn, RoleSessionName="second")
        code = code_of(sts.assume_role, RoleArn=arn, RoleSessionName="second", DurationSeconds=7200)
        self.assertEqual(code, "ValidationError")

    def test_external_id(self):
        arn = self.role(trust({"AWS": self.caller}, {"StringEquals": {"sts:ExternalId": "acme"}}))
        self.assertEqual(code_of(self.assume, arn), "AccessDenied")
        self.assertEqual(code_of(self.assume, arn, ExternalId="other"), "AccessDenied")
        self.assume(arn, ExternalId="acme")

    def test_mfa(self):
        arn = self.role(trust({"AWS": self.caller}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
        serial = f"arn:aws:iam::{self.caller}:mfa/me"
        self.assertEqual(code_of(self.assume, arn), "AccessDenied")
        self.assume(arn, SerialNumber=serial, TokenCode="123456")
        session = self.sts.get_session_token(SerialNumber=serial, TokenCode="123456")["Credentials"]
        emulator().client("sts", "", session=session).assume_role(RoleArn=arn, RoleSessionName="mfa")

    def test_durations(self):
        arn = self.role(trust({"AWS": self.caller}), MaxSessionDuration=3600)
        self.assertEqual(code_of(self.assume, arn, DurationSeconds=3601), "ValidationError")
        self.assume(arn, DurationSeconds=900)

    def test_session_names(self):
        arn = self.role(trust({"AWS": self.caller}))
        code = code_of(self.sts.assume_role, RoleArn=arn, RoleSessionName="not allowed")
        self.assertEqual(code, "ValidationError")

    def test_the_organization_role_is_everywhere(self):
        session = self.assume(f"arn:aws:iam::{self.target}:role/OrganizationAccountAccessRole")
        identity = emulator().client("sts", "", session=session["Credentials"]).get_caller_identity()
        self.assertEqual(identity["Account"], self.target)
        self.assertEqual(self.iam.list_roles()["Roles"], [])

    def test_web_identity(self):
        issuer = "token.actions.githubusercontent.com"
        provider = self.iam.create_open_id_connect_provider(
            Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
        )["OpenIDConnectProviderArn"]
        condition = {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": "repo:acme/infra:*"},
        }
        arn = self.role(trust({"Federated": provider}, condition, "sts:AssumeRoleWithWebIdentity"))

        def assume(web_token):
            sts = emulator().client("sts", self.caller)
            return sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="gha", WebIdentityToken=web_token)

        good = {"iss": f"https://{issuer}", "aud": "sts.amazonaws.com", "sub": "repo:acme/infra:ref:refs/heads/main"}
        session = assume(token(**good))["Credentials"]
        identity = emulator().client("sts", "", session=session).get_caller_identity()
        self.assertEqual(identity["Arn"], f"arn:aws:sts::{self.target}:assumed-role/deploy/gha")
        self.assertEqual(code_of(assume, token(**good | {"sub": "repo:evil/infra:x"})), "AccessDenied")
        self.assertEqual(code_of(assume, token(**good | {"iss": "https://example.com"})), "InvalidIdentityToken")
        self.assertEqual(code_of(assume, "garbage"), "InvalidIdentityToken")
