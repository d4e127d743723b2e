"""The judge, with roles and policies as an account has them."""

from __future__ import annotations

import json
import unittest
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from .harness import REGION, emulator, new_account

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}


def allow(action: Any, resource: Any = "*", condition: Any = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class JudgeTest(unittest.TestCase):
    """Each test has an account that refuses, with a role."""

    def setUp(self) -> None:
        self.account = new_account()
        emulator().control("POST", "settings", {"account": self.account, "judge": "refuse"})
        self.admin = lambda service: emulator().client(service, self.account)

    def role(self, *statements: dict[str, Any], boundary: str | None = None, **assume: Any) -> Callable[[str], Any]:
        """Clients of a new role with these statements."""
        iam = self.admin("iam")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        made = iam.create_role(RoleName="tried", AssumeRolePolicyDocument=json.dumps(TRUST), **more)["Role"]
        if statements:
            iam.put_role_policy(RoleName="tried", PolicyName="all", PolicyDocument=document(*statements))
        session = self.admin("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="tried", **assume)["Credentials"]
        return lambda service: emulator().client(service, self.account, session=session)

    def refused(self, call: Callable[..., Any], *said: str, **values: Any) -> None:
        with self.assertRaises(ClientError) as raised:
            call(**values)
        message = raised.exception.response["Error"]["Message"]
        self.assertRegex(raised.exception.response["Error"]["Code"], "AccessDenied|UnauthorizedOperation")
        for text in said:
            self.assertIn(text, message)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account}:{rest}"

    def test_a_role_may_do_nothing_by_default(self) -> None:
        tried = self.role()
        self.refused(tried("ec2").describe_vpcs, "tried/tried is not authorized to perform: ec2:DescribeVpcs", "because no identity-based policy allows")
        self.assertEqual(tried("sts").get_caller_identity()["Account"], self.account)

    def test_an_administrator_may_do_all(self) -> None:
        self.admin("ec2").describe_vpcs()
        self.admin("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.admin("iam").attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    def test_a_note_refuses_nothing_and_is_written_down(self) -> None:
        emulator().control("POST", "settings", {"account": self.account, "judge": "note"})
        self.role()("ec2").describe_vpcs()
        found = emulator().control("GET", f"judged?account={self.account}")
        self.assertEqual(found["actions"], {"ec2:DescribeVpcs": {"allowed": 0, "refused": 1}})
        self.assertIn("no identity-based policy", found["refused"][0]["why"])

    def test_log_groups_are_named(self) -> None:
        ours = self.arn("logs", "log-group:/ours/*")
        logs = self.role(allow(["logs:CreateLogGroup", "logs:DeleteLogGroup"], ours))("logs")
        logs.create_log_group(logGroupName="/ours/web")
        logs.delete_log_group(logGroupName="/ours/web")
        self.refused(logs.create_log_group, "log-group:/theirs", logGroupName="/theirs")

    def test_tags_of_a_new_log_group_need_an_action_of_their_own(self) -> None:
        logs = self.role(allow("logs:CreateLogGroup"))("logs")
        self.refused(logs.create_log_group, "logs:TagResource", logGroupName="/a", tags={"a": "b"})
        logs.create_log_group(logGroupName="/a")

    def test_tags_of_the_request_are_tested(self) -> None:
        ours = {"StringEquals": {"aws:RequestTag/project": "acme"}}
        ec2 = self.role(allow("ec2:CreateVpc", condition=ours), allow("ec2:CreateTags", condition={"StringEquals": {"ec2:CreateAction": "CreateVpc"}}))("ec2")
        tagged = lambda value: [{"ResourceType": "vpc", "Tags": [{"Key": "project", "Value": value}]}]
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("acme"))
        self.refused(ec2.create_vpc, "ec2:CreateVpc", "vpc/*", CidrBlock="10.0.0.0/16", TagSpecifications=tagged("other"))
        self.refused(ec2.create_vpc, CidrBlock="10.0.0.0/16")
        vpc = self.admin("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.refused(ec2.create_tags, "ec2:CreateTags", vpc, Resources=[vpc], Tags=[{"Key": "project", "Value": "acme"}])

    def test_tags_of_the_resource_are_tested(self) -> None:
        ours = {"StringEquals": {"aws:ResourceTag/project": "acme"}}
        ec2 = self.role(allow("ec2:DeleteVpc", condition=ours))("ec2")
        made = []
        for value in ("acme", "other"):
            tags = [{"ResourceType": "vpc", "Tags": [{"Key": "project", "Value": value}]}]
            made.append(self.admin("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"])
        ec2.delete_vpc(VpcId=made[0])
        self.refused(ec2.delete_vpc, self.arn("ec2", f"vpc/{made[1]}"), VpcId=made[1])

    def test_a_group_is_made_in_a_network_that_the_policy_names(self) -> None:
        vpcs = [self.admin("ec2").create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(2)]
        places = [self.arn("ec2", "security-group/*"), self.arn("ec2", f"vpc/{vpcs[0]}")]
        ec2 = self.role(allow("ec2:CreateSecurityGroup", places))("ec2")
        ec2.create_security_group(GroupName="a", Description="a", VpcId=vpcs[0])
        self.refused(ec2.create_security_group, vpcs[1], GroupName="a", Description="a", VpcId=vpcs[1])

    def test_a_key_that_the_action_does_not_support_never_matches(self) -> None:
        """`servicediscovery:UntagResource` knows no tags of the resource."""
        ours = {"StringEquals": {"aws:ResourceTag/project": "acme"}}
        made = self.admin("servicediscovery").create_http_namespace(Name="n", Tags=[{"Key": "project", "Value": "acme"}])
        self.assertIn("OperationId", made)
        arn = self.admin("servicediscovery").list_namespaces()["Namespaces"][0]["Arn"]
        discovery = self.role(allow("servicediscovery:UntagResource", condition=ours))("servicediscovery")
        self.refused(discovery.untag_resource, ResourceARN=arn, TagKeys=["project"])

    def test_roles_are_passed_to_the_services_that_are_named(self) -> None:
        role = self.admin("iam").create_role(RoleName="tasks", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        definition = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web", "memory": 128}]}
        ecs = self.role(allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", role, passed))("ecs")
        ecs.register_task_definition(taskRoleArn=role, **definition)
        other = self.admin("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.refused(ecs.register_task_definition, "iam:PassRole", other, taskRoleArn=other, **definition)

    def test_roles_have_their_path_in_their_arn(self) -> None:
        iam = self.role(allow(["iam:CreateRole", "iam:DeleteRole"], f"arn:aws:iam::{self.account}:role/acme/stage/*"))("iam")
        trust = json.dumps(TRUST)
        iam.create_role(RoleName="web", Path="/acme/stage/", AssumeRolePolicyDocument=trust)
        iam.delete_role(RoleName="web")
        self.refused(iam.create_role, "role/acme/stage-eu/web", RoleName="web", Path="/acme/stage-eu/", AssumeRolePolicyDocument=trust)

    def test_a_boundary_is_required_and_holds(self) -> None:
        iam = self.admin("iam")
        boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("logs:*")))["Policy"]["Arn"]
        needs = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        maker = self.role(allow("iam:CreateRole", condition=needs))("iam")
        trust = json.dumps(TRUST)
        self.refused(maker.create_role, "iam:CreateRole", RoleName="a", AssumeRolePolicyDocument=trust)
        maker.create_role(RoleName="a", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
        iam.attach_role_policy(RoleName="a", PolicyArn=iam.create_policy(PolicyName="all", PolicyDocument=document(allow("*")))["Policy"]["Arn"])
        session = self.admin("sts").assume_role(RoleArn=f"arn:aws:iam::{self.account}:role/a", RoleSessionName="a1")["Credentials"]
        made = lambda service: emulator().client(service, self.account, session=session)
        made("logs").create_log_group(logGroupName="/a")
        self.refused(made("ec2").describe_vpcs, "because no permissions boundary allows")

    def test_a_session_policy_holds(self) -> None:
        tried = self.role(allow("*"), Policy=document(allow("logs:*")))
        tried("logs").describe_log_groups()
        self.refused(tried("ec2").describe_vpcs, "because no session policy allows")

    def test_autoscaling_asks_what_the_caller_may_do_to_the_service(self) -> None:
        names = [self.arn("cloudwatch", "alarm:TargetTracking-*")]
        self.admin("ecs").create_cluster(clusterName="c")
        self.admin("ecs").register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 128}])
        self.admin("ecs").create_service(cluster="c", serviceName="web", taskDefinition="web", desiredCount=0)
        target = {"ServiceNamespace": "ecs", "ResourceId": "service/c/web", "ScalableDimension": "ecs:service:DesiredCount"}
        may = allow(["application-autoscaling:*", "ecs:DescribeServices", "ecs:UpdateService", "cloudwatch:DescribeAlarms"])
        scaling = self.role(may, allow("cloudwatch:PutMetricAlarm", names))("application-autoscaling")
        scaling.register_scalable_target(MinCapacity=1, MaxCapacity=2, **target)
        tracking = {"TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
        put = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking}
        self.refused(scaling.put_scaling_policy, "cloudwatch:PutMetricAlarm", **put, **target)

    def test_services_are_named_below_their_cluster(self) -> None:
        self.admin("ecs").create_cluster(clusterName="c")
        ecs = self.role(allow("ecs:DescribeServices", self.arn("ecs", "service/c/*")), allow("ecs:DescribeClusters", self.arn("ecs", "cluster/c")))("ecs")
        ecs.describe_services(cluster="c", services=["web"])
        ecs.describe_services(cluster=self.arn("ecs", "cluster/c"), services=[self.arn("ecs", "service/c/web")])
        ecs.describe_clusters(clusters=["c"])
        self.refused(ecs.describe_services, "service/d/web", cluster="d", services=["web"])

    def test_names_of_databases_secrets_and_parameters(self) -> None:
        may = [
            allow("rds:CreateDBSubnetGroup", self.arn("rds", "subgrp:ours")),
            allow("secretsmanager:CreateSecret", self.arn("secretsmanager", "secret:ours/*")),
            allow("ssm:PutParameter", self.arn("ssm", "parameter/ours/*")),
            allow("sqs:CreateQueue", self.arn("sqs", "ours")),
            allow("cloudwatch:PutMetricAlarm", self.arn("cloudwatch", "alarm:ours")),
        ]
        tried = self.role(*may)
        tried("secretsmanager").create_secret(Name="ours/a", SecretString="x")
        tried("ssm").put_parameter(Name="/ours/a", Value="x", Type="String")
        tried("sqs").create_queue(QueueName="ours")
        alarm = {"MetricName": "m", "Namespace": "n", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum", "Threshold": 1.0}
        tried("cloudwatch").put_metric_alarm(AlarmName="ours", **alarm)
        self.refused(tried("secretsmanager").create_secret, Name="theirs", SecretString="x")
        self.refused(tried("ssm").put_parameter, Name="/theirs", Value="x", Type="String")
        self.refused(tried("sqs").create_queue, QueueName="theirs")
        self.refused(tried("cloudwatch").put_metric_alarm, AlarmName="theirs", **alarm)
        self.refused(tried("rds").create_db_subnet_group, DBSubnetGroupName="theirs", DBSubnetGroupDescription="d", SubnetIds=["subnet-1"])

    def test_a_key_may_be_given_with_its_policies(self) -> None:
        policy = json.loads(document(allow("ec2:DescribeVpcs")))
        user = {"account": self.account, "name": "given", "policies": [policy]}
        key = emulator().control("POST", "keys", user)["access_key"]
        ec2 = emulator().client("ec2", self.account, key=key)
        ec2.describe_vpcs()
        self.refused(ec2.describe_subnets, "user/given is not authorized to perform: ec2:DescribeSubnets")
        self.assertEqual(self.admin("iam").list_users()["Users"], [])

    def test_managed_policies_of_aws_are_known(self) -> None:
        tried = self.role()
        self.admin("iam").attach_role_policy(RoleName="tried", PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
        tried("ec2").describe_vpcs()
        self.refused(tried("ec2").create_vpc, CidrBlock="10.0.0.0/16")

    def test_tags_of_every_kind_are_known(self) -> None:
        """One resource of each service, with a tag that alone lets the role act on it."""
        pairs, words = [{"Key": "project", "Value": "acme"}], [{"key": "project", "value": "acme"}]
        admin = self.admin
        subnets = self._subnets()
        topic = self.arn("sns", "topic")
        alarm = {"MetricName": "m", "Namespace": "n", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum", "Threshold": 1.0}
        certificate = admin("acm").request_certificate(DomainName="a.example", ValidationMethod="DNS", Tags=pairs)["CertificateArn"]
        group = admin("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=subnets[1], TargetType="ip", Tags=pairs)
        group = group["TargetGroups"][0]["TargetGroupArn"]
        admin("cloudwatch").put_metric_alarm(AlarmName="high", Tags=pairs, AlarmActions=[topic], **alarm)
        admin("ecs").create_cluster(clusterName="c", tags=words)
        admin("events").put_rule(Name="r", ScheduleExpression="rate(1 hour)", Tags=pairs)
        admin("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=pairs)
        admin("logs").create_log_group(logGroupName="/g", tags={"project": "acme"})
        admin("rds").create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=subnets[0], Tags=pairs)
        admin("scheduler").create_schedule_group(Name="g", Tags=pairs)
        secret = admin("secretsmanager").create_secret(Name="s", SecretString="x", Tags=pairs)["ARN"]
        queue = admin("sqs").create_queue(QueueName="q", tags={"project": "acme"})["QueueUrl"]
        admin("ssm").put_parameter(Name="/p", Value="x", Type="String", Tags=pairs)
        tried = self.role(allow("*", condition={"StringEquals": {"aws:ResourceTag/project": "acme"}}))
        tried("acm").delete_certificate(CertificateArn=certificate)
        tried("elbv2").delete_target_group(TargetGroupArn=group)
        tried("cloudwatch").delete_alarms(AlarmNames=["high"])
        tried("ecs").delete_cluster(cluster="c")
        tried("events").delete_rule(Name="r")
        tried("iam").delete_role(RoleName="r")
        tried("logs").delete_log_group(logGroupName="/g")
        tried("rds").delete_db_subnet_group(DBSubnetGroupName="g")
        tried("scheduler").delete_schedule_group(Name="g")
        tried("secretsmanager").delete_secret(SecretId=secret)
        tried("sqs").delete_queue(QueueUrl=queue)
        tried("ssm").delete_parameter(Name="/p")

    def _subnets(self) -> tuple[list[str], str]:
        ec2 = self.admin("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        return made, vpc

    def test_an_association_is_of_its_table_and_its_subnet(self) -> None:
        (subnet, _), vpc = self._subnets()
        table = self.admin("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        association = self.admin("ec2").associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        places = [self.arn("ec2", f"route-table/{table}"), self.arn("ec2", f"subnet/{subnet}")]
        self.role(allow("ec2:DisassociateRouteTable", places))("ec2").disassociate_route_table(AssociationId=association)

    def test_what_the_query_of_a_url_names_is_named(self) -> None:
        scheduler = self.role(allow("scheduler:GetSchedule", self.arn("scheduler", "schedule/ours/*")))("scheduler")
        self.refused(scheduler.get_schedule, "schedule/theirs/x", GroupName="theirs", Name="x")
        with self.assertRaises(ClientError) as raised:
            scheduler.get_schedule(GroupName="ours", Name="x")
        self.assertEqual(raised.exception.response["Error"]["Code"], "ResourceNotFoundException")

    def test_records_of_a_zone_are_judged_by_the_zone(self) -> None:
        zone = self.admin("route53").create_hosted_zone(Name="a.example", CallerReference="1")["HostedZone"]["Id"]
        named = f"arn:aws:route53:::{zone.strip('/')}"
        self.role(allow("route53:ListResourceRecordSets", named))("route53").list_resource_record_sets(HostedZoneId=zone)

    def test_a_rule_is_judged_by_its_group_and_not_by_whom_it_lets_in(self) -> None:
        _, vpc = self._subnets()
        ours, theirs = (
            self.admin("ec2").create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in "ab"
        )
        places = [self.arn("ec2", f"security-group/{ours}"), self.arn("ec2", "security-group-rule/*")]
        ec2 = self.role(allow("ec2:AuthorizeSecurityGroupIngress", places))("ec2")
        lets_in = lambda group: [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": group}]}]
        ec2.authorize_security_group_ingress(GroupId=ours, IpPermissions=lets_in(theirs))
        self.refused(ec2.authorize_security_group_ingress, theirs, GroupId=theirs, IpPermissions=lets_in(ours))

    def test_what_is_tagged_is_named_by_its_arn_alone(self) -> None:
        self.admin("ecs").create_cluster(clusterName="c")
        arn = self.arn("ecs", "cluster/c")
        self.role(allow("ecs:TagResource", arn))("ecs").tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])

    def test_a_session_whose_role_is_gone_may_do_nothing(self) -> None:
        logs = self.role(allow("*"))("logs")
        logs.describe_log_groups()
        self.admin("iam").delete_role_policy(RoleName="tried", PolicyName="all")
        self.admin("iam").delete_role(RoleName="tried")
        self.refused(logs.describe_log_groups, "because no identity-based policy allows")

    def test_users_have_their_own_policies_and_those_of_their_groups(self) -> None:
        iam = self.admin("iam")
        iam.create_user(UserName="ada")
        iam.create_group(GroupName="readers")
        iam.add_user_to_group(GroupName="readers", UserName="ada")
        iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=document(allow("logs:Describe*")))
        iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document(allow("ec2:DescribeVpcs")))
        key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
        ada = lambda service: emulator().client(service, self.account, key=key)
        ada("logs").describe_log_groups()
        ada("ec2").describe_vpcs()
        self.refused(ada("ec2").describe_subnets, "user/ada")
