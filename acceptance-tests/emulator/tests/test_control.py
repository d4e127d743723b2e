"""Pages, outside calls and dumps."""

import json
import re
import unittest
import urllib.error
import urllib.request

from .harness import REGION, emulator, new_account

TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
)


class PagesTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()

    def client(self, service):
        return emulator().client(service, self.account)

    def pages(self, client, method, member, **params):
        return [len(page.get(member, [])) for page in client.get_paginator(method).paginate(**params)]

    def small(self, size=2):
        return emulator().control("POST", "settings", {"account": self.account, "page_size": size})

    def test_without_a_size_lists_are_whole(self):
        self.assertEqual(len(self.client("ec2").describe_subnets()["Subnets"]), 4)

    def test_ec2(self):
        self.small()
        ec2 = self.client("ec2")
        self.assertEqual(self.pages(ec2, "describe_subnets", "Subnets"), [2, 2])
        ids = {
            subnet["SubnetId"]
            for page in ec2.get_paginator("describe_subnets").paginate()
            for subnet in page["Subnets"]
        }
        self.assertEqual(len(ids), 4)
        self.assertEqual(self.pages(ec2, "describe_vpcs", "Vpcs"), [1])
        filtered = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}], MaxResults=5)
        self.assertEqual(len(filtered["Subnets"]), 2)
        self.assertEqual(len(ec2.describe_subnets(SubnetIds=list(ids))["Subnets"]), 4)

    def test_ecs(self):
        ecs = self.client("ecs")
        for name in ("a", "b", "c"):
            ecs.create_cluster(clusterName=name)
            ecs.register_task_definition(family=name, containerDefinitions=[{"name": "a", "image": "i", "memory": 1}])
            ecs.create_service(cluster="a", serviceName=name, taskDefinition=name, desiredCount=0)
        self.small()
        self.assertEqual(self.pages(ecs, "list_clusters", "clusterArns"), [2, 1])
        self.assertEqual(self.pages(ecs, "list_services", "serviceArns", cluster="a"), [2, 1])
        self.assertEqual(self.pages(ecs, "list_task_definitions", "taskDefinitionArns"), [2, 1])

    def test_iam_logs_ssm_elb_and_cloudwatch(self):
        iam, logs, ssm, elb = (self.client(name) for name in ("iam", "logs", "ssm", "elbv2"))
        vpc = self.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        for name in ("ab", "cd", "ef"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            logs.create_log_group(logGroupName=name)
            ssm.put_parameter(Name=f"/p/{name}", Value="v", Type="String")
            elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
        self.small()
        self.assertEqual(self.pages(iam, "list_roles", "Roles"), [2, 1])
        self.assertEqual(self.pages(logs, "describe_log_groups", "logGroups"), [2, 1])
        self.assertEqual(self.pages(ssm, "get_parameters_by_path", "Parameters", Path="/p"), [2, 1])
        self.assertEqual(self.pages(ssm, "describe_parameters", "Parameters"), [2, 1])
        self.assertEqual(self.pages(elb, "describe_target_groups", "TargetGroups"), [2, 1])
        details = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
        self.assertEqual(sum(len(page["RoleDetailList"]) for page in details), 3)


class OutsideTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()

    def outside(self, service, operation, **params):
        order = {
            "account": self.account,
            "region": REGION,
            "service": service,
            "operation": operation,
            "params": params,
        }
        return emulator().control("POST", "outside", order)

    def test_it_acts_and_looks_as_any_client(self):
        self.assertEqual(self.outside("logs", "create_log_group", logGroupName="/a"), {})
        [group] = self.outside("logs", "DescribeLogGroups")["logGroups"]
        self.assertEqual(group["logGroupName"], "/a")
        self.outside("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
        role = self.outside("iam", "GetRole", RoleName="r")["Role"]
        self.assertRegex(role["CreateDate"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(TRUST))

    def test_errors_are_results(self):
        result = self.outside("iam", "GetRole", RoleName="none")
        self.assertEqual((result["error"], result["status"]), ("NoSuchEntity", 404))
        self.assertEqual(self.outside("iam", "GetRole")["error"], "ParamValidationError")

    def test_it_leaves_no_trace_and_meets_no_fault(self):
        emulator().control("POST", "faults", {"account": self.account, "writes_only": True, "code": "Boom"})
        emulator().control("POST", "settings", {"account": self.account, "page_size": 1})
        self.outside("logs", "create_log_group", logGroupName="/a")
        self.outside("logs", "create_log_group", logGroupName="/b")
        self.assertEqual(len(self.outside("logs", "describe_log_groups")["logGroups"]), 2)
        self.assertEqual(emulator().control("GET", f"calls?account={self.account}"), [])

    def test_unknown_operations_are_mistakes_of_the_test(self):
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.outside("logs", "no_such_thing")
        self.assertEqual(raised.exception.code, 400)
        raised.exception.close()


class DumpTest(unittest.TestCase):
    """Two accounts that reach the same end by different ways."""

    def build(self, account, detours):
        ec2, ecs, iam, logs, ssm, cloudwatch, ecr, elb = (
            emulator().client(name, account)
            for name in ("ec2", "ecs", "iam", "logs", "ssm", "cloudwatch", "ecr", "elbv2")
        )

        def tags(kind, name):
            return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

        if detours:
            ec2.delete_vpc(VpcId=ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])
            ecs.register_task_definition(
                family="web", containerDefinitions=[{"name": "old", "image": "i", "memory": 1}]
            )
            ecs.deregister_task_definition(taskDefinition="web:1")
            logs.create_log_group(logGroupName="/gone")
            logs.delete_log_group(logGroupName="/gone")
        vpc = ec2.create_vpc(
            CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True, TagSpecifications=tags("vpc", "main")
        )
        vpc_id = vpc["Vpc"]["VpcId"]
        block = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
        subnets = []
        for index in (1, 0) if detours else (0, 1):
            subnet = ec2.create_subnet(
                VpcId=vpc_id,
                CidrBlock=f"10.0.{index}.0/24",
                Ipv6CidrBlock=block.replace("00::/56", f"0{index}::/64"),
                AvailabilityZone="us-west-2" + "ab"[index],
                TagSpecifications=tags("subnet", f"public-{index}"),
            )["Subnet"]["SubnetId"]
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            ec2.create_nat_gateway(
                SubnetId=subnet, AllocationId=address, TagSpecifications=tags("natgateway", f"n{index}")
            )
            table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            subnets.append(subnet)
        group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc_id)["GroupId"]
        peer = {"UserIdGroupPairs": [{"GroupId": group}]}
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **peer}]
        )
        ecs.create_cluster(clusterName="main")
        definition = ecs.register_task_definition(
            family="web", networkMode="awsvpc", containerDefinitions=[{"name": "web", "image": "i", "memory": 1}]
        )["taskDefinition"]["taskDefinitionArn"]
        network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}}
        ecs.create_service(
            cluster="main", serviceName="web", taskDefinition=definition, desiredCount=1, networkConfiguration=network
        )
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
        logs.create_log_group(logGroupName="/web", tags={"a": "1"})
        ssm.put_parameter(Name="/web/key", Value="v", Type="String")
        metric = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
        cloudwatch.put_metric_alarm(AlarmName="m", Threshold=1, ComparisonOperator="GreaterThanThreshold", **metric)
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(m)")
        ecr.create_repository(repositoryName="web")
        elb.create_load_balancer(Name="lb", Subnets=sorted(subnets))

    def dump(self, account, raw=""):
        url = f"{emulator().url}/_stackwright/dump?account={account}&region={REGION}{raw}"
        with urllib.request.urlopen(url) as answer:
            return answer.read()

    def test_equal_ends_give_equal_bytes(self):
        first, second = new_account(), new_account()
        self.build(first, detours=False)
        self.build(second, detours=True)
        one, two = self.dump(first), self.dump(second)
        self.assertEqual(one.decode(), two.decode())
        self.assertNotIn(first.encode(), one)
        self.assertIsNone(re.search(rb"\b(vpc|subnet|sg|sgr|rtb|igw|nat|eipalloc)-[0-9a-f]{8}", one))
        self.assert_complete(json.loads(one))
        emulator().client("ecs", second).update_service(cluster="main", service="web", desiredCount=2)
        self.assertNotEqual(self.dump(second), one)
        self.assertIn(first, self.dump(first, "&raw=1").decode())

    def assert_complete(self, dump):
        self.assertEqual(dump["subnets"]["subnet:public-1"]["VpcId"], "vpc:main")
        shown = dump["subnets"]["subnet:public-1"]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        self.assertEqual(shown, "ipv6(vpc:main)+1/64")
        [service] = dump["services"].values()
        awsvpc = service["networkConfiguration"]["awsvpcConfiguration"]
        self.assertEqual(
            (awsvpc["subnets"], awsvpc["securityGroups"]), (["subnet:public-0", "subnet:public-1"], ["sg:web"])
        )
        self.assertTrue(service["taskDefinition"].endswith(":task-definition/web:active-1"))
        [definition] = dump["task_definitions"].values()
        self.assertEqual(definition["containerDefinitions"][0]["name"], "web")
        [role] = dump["roles"].values()
        self.assertEqual((role["Tags"], role["AssumeRolePolicyDocument"]), ({"a": "1"}, json.loads(TRUST)))
        self.assertEqual(list(role["InlinePolicies"]), ["p"])
        self.assertEqual(dump["log_groups"]["/web"]["tags"], {"a": "1"})
        self.assertEqual(dump["parameters"]["/web/key"]["Value"], "v")
        self.assertEqual((list(dump["metric_alarms"]), list(dump["composite_alarms"])), (["m"], ["c"]))
        self.assertEqual((list(dump["repositories"]), list(dump["load_balancers"])), (["web"], ["lb:lb"]))
        self.assertEqual(len(dump["nat_gateways"]), 2)

    def test_a_dump_does_not_move_deployments(self):
        account = new_account()
        ecs = emulator().client("ecs", account)
        ecs.create_cluster(clusterName="main")
        ecs.register_task_definition(family="web", containerDefinitions=[{"name": "a", "image": "i", "memory": 1}])
        ecs.create_service(cluster="main", serviceName="web", taskDefinition="web", desiredCount=1)
        self.dump(account), self.dump(account)
        service = ecs.describe_services(cluster="main", services=["web"])["services"][0]
        self.assertEqual(service["deployments"][0]["rolloutState"], "IN_PROGRESS")
        self.assertEqual(
            [call["action"] for call in emulator().control("GET", f"calls?account={account}")][-1], "DescribeServices"
        )
        self.assertEqual(len(emulator().control("GET", f"calls?account={account}")), 4)
