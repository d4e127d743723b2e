"""EC2 networks, where moto differs from AWS."""

import json
import unittest

from .harness import code_of, emulator, new_account, tags_of


def tagged(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


class NetworkTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.ec2 = emulator().client("ec2", self.account)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.1/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]

    def subnet(self, cidr="10.0.0.0/20", **values):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, **values)["Subnet"]["SubnetId"]

    def test_networks_are_stored_as_networks(self):
        self.assertEqual(self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["CidrBlock"], "10.0.0.0/16")
        subnet = self.subnet("10.0.16.9/20")
        self.assertEqual(self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"], "10.0.16.0/20")

    def test_every_subnet_attribute(self):
        block = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        subnet = self.subnet(Ipv6CidrBlock=block.replace("/56", "/64"))
        self.ec2.describe_subnets(SubnetIds=[subnet])
        flags = ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64")
        dns = ("EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord")
        for value in (True, False):
            for name in [*flags, *(f"{name}OnLaunch" for name in dns)]:
                self.ec2.modify_subnet_attribute(SubnetId=subnet, **{name: {"Value": value}})
            self.ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
            shown = self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
            options = shown["PrivateDnsNameOptionsOnLaunch"]
            self.assertEqual([shown[name] for name in flags] + [options[name] for name in dns], [value] * 5)
            self.assertEqual(options["HostnameType"], "resource-name")
        self.assertEqual(shown["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"], {"State": "associated"})

    def test_nat_gateways(self):
        subnet = self.subnet()
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]

        def create():
            return self.ec2.create_nat_gateway(
                SubnetId=subnet, AllocationId=address, ClientToken="once", TagSpecifications=tagged("natgateway", "n")
            )["NatGateway"]

        nat = create()
        self.assertEqual(create()["NatGatewayId"], nat["NatGatewayId"])
        self.assertEqual(tags_of(nat), {"Name": "n"})
        by_tag = self.ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["other"]}])["NatGateways"]
        self.assertEqual(by_tag, [])
        by_tag = self.ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["n"]}])["NatGateways"]
        self.assertEqual(by_tag[0]["NatGatewayAddresses"][0]["AllocationId"], address)
        self.assertEqual(code_of(self.ec2.release_address, AllocationId=address), "InvalidIPAddress.InUse")
        self.assertEqual(code_of(self.ec2.delete_subnet, SubnetId=subnet), "DependencyViolation")
        unknown = {"NatGatewayIds": ["nat-0123456789abcdef0"]}
        self.assertEqual(code_of(self.ec2.describe_nat_gateways, **unknown), "NatGatewayNotFound")
        self.ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
        self.assertEqual(
            self.ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"][0]["State"], "deleted"
        )
        self.ec2.release_address(AllocationId=address)
        self.ec2.delete_subnet(SubnetId=subnet)

    def test_interfaces_of_services_are_shown(self):
        subnet, other = self.subnet(AvailabilityZone="us-west-2a"), self.subnet("10.0.16.0/20", AvailabilityZone="us-west-2b")
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        elb = emulator().client("elbv2", self.account)
        made = elb.create_load_balancer(Name="front", Subnets=[subnet, other])["LoadBalancers"][0]

        def described(subnet):
            asked = [{"Name": "subnet-id", "Values": [subnet]}]
            return [it["Description"] for it in self.ec2.describe_network_interfaces(Filters=asked)["NetworkInterfaces"]]

        balancer = "ELB " + made["LoadBalancerArn"].split(":loadbalancer/")[1]
        self.assertEqual(described(subnet), [f"Interface for NAT Gateway {nat}", balancer])
        self.assertEqual(described(other), [balancer])
        elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
        self.assertEqual(described(other), [])

    def test_a_subnet_has_one_route_table(self):
        subnet = self.subnet()
        first, second = (self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
        association = self.ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"]
        again = self.ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"]
        self.assertEqual(again, association)
        code = code_of(self.ec2.associate_route_table, RouteTableId=second, SubnetId=subnet)
        self.assertEqual(code, "Resource.AlreadyAssociated")
        self.ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)
        self.assertEqual(code_of(self.ec2.delete_route_table, RouteTableId=second), "DependencyViolation")

    def test_a_vpc_goes_last(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        group = self.ec2.create_security_group(GroupName="g", Description="d", VpcId=self.vpc)["GroupId"]
        endpoint = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName="com.amazonaws.us-west-2.s3")
        steps = (
            lambda: self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc),
            lambda: self.ec2.delete_security_group(GroupId=group),
            lambda: self.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]]),
        )
        for step in steps:
            self.assertEqual(code_of(self.ec2.delete_vpc, VpcId=self.vpc), "DependencyViolation")
            step()
        self.ec2.delete_vpc(VpcId=self.vpc)


class Ipv6Test(unittest.TestCase):
    def setUp(self):
        self.ec2 = emulator().client("ec2", new_account())
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def ranges(self):
        return self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"][0].get("Ipv6CidrBlockAssociationSet", [])

    def give_range(self):
        answer = self.ec2.associate_vpc_cidr_block(VpcId=self.vpc, AmazonProvidedIpv6CidrBlock=True)
        self.assertEqual(self.ranges()[-1]["Ipv6CidrBlockState"]["State"], "associating")
        self.assertEqual(self.ranges()[-1]["Ipv6CidrBlockState"]["State"], "associated")
        return answer["Ipv6CidrBlockAssociation"]["AssociationId"], self.ranges()[-1]["Ipv6CidrBlock"]

    def subnet(self, number=0, **values):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", **values)["Subnet"]["SubnetId"]

    def test_a_range_of_a_subnet_lies_in_the_range_of_its_vpc(self):
        _, block = self.give_range()
        other, mine = "2600:1f14:1:100::/64", block.replace("/56", "/64")
        for wrong in (other, block):
            code = code_of(self.ec2.create_subnet, VpcId=self.vpc, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=wrong)
            self.assertEqual(code, "InvalidSubnet.Range")
        self.subnet(1, Ipv6CidrBlock=mine)
        second = self.subnet(2)
        associate = self.ec2.associate_subnet_cidr_block
        self.assertEqual(code_of(associate, SubnetId=second, Ipv6CidrBlock=mine), "InvalidSubnet.Conflict")

    def test_a_range_in_use_stays(self):
        whole, block = self.give_range()
        subnet = self.subnet(1, Ipv6CidrBlock=block.replace("/56", "/64"))
        shown = self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["Ipv6CidrBlockAssociationSet"][0]
        self.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
        take = self.ec2.disassociate_vpc_cidr_block
        free = self.ec2.disassociate_subnet_cidr_block
        self.assertEqual(code_of(take, AssociationId=whole), "InvalidCidrBlock.InUse")
        self.assertEqual(code_of(free, AssociationId=shown["AssociationId"]), "InvalidCidrBlock.InUse")
        self.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": False})
        free(AssociationId=shown["AssociationId"])
        modify = self.ec2.modify_subnet_attribute
        code = code_of(modify, SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
        self.assertEqual(code, "InvalidParameterValue")
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        take(AssociationId=whole)
        routes = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        self.assertEqual([route for route in routes if "DestinationIpv6CidrBlock" in route], [])
        self.assertEqual(self.ranges()[0]["Ipv6CidrBlockState"]["State"], "disassociated")
        self.give_range()

    def test_egress_only_gateways_are_found_by_tag(self):
        create = self.ec2.create_egress_only_internet_gateway
        for name in ("a", "b"):
            create(VpcId=self.vpc, TagSpecifications=tagged("egress-only-internet-gateway", name))
        found = self.ec2.describe_egress_only_internet_gateways(Filters=[{"Name": "tag:Name", "Values": ["b"]}])
        [gateway] = found["EgressOnlyInternetGateways"]
        self.assertEqual(tags_of(gateway), {"Name": "b"})

    def test_a_used_token_is_answered_with_a_gateway_that_is_gone(self):
        create = self.ec2.create_egress_only_internet_gateway
        ids = []
        for _ in range(2):
            made = create(VpcId=self.vpc, ClientToken="t")["EgressOnlyInternetGateway"]
            ids.append(made["EgressOnlyInternetGatewayId"])
            if len(ids) == 1:
                self.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=ids[0])
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(self.ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"], [])

    def test_the_range_of_a_subnet_takes_a_moment(self):
        self.give_range()
        self.ranges()
        block = self.ranges()[0]["Ipv6CidrBlock"].replace("/56", "/64")
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.0.0/20", Ipv6CidrBlock=block)
        subnet = made["Subnet"]["SubnetId"]
        modify = self.ec2.modify_subnet_attribute
        values = {"SubnetId": subnet, "AssignIpv6AddressOnCreation": {"Value": True}}
        self.assertEqual(code_of(modify, **values), "InvalidParameterValue")
        shown = lambda: self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["Ipv6CidrBlockAssociationSet"]
        states = lambda: [one["Ipv6CidrBlockState"]["State"] for one in shown()]
        self.assertEqual((states(), states()), (["associating"], ["associated"]))
        modify(**values)
        modify(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": False})
        self.ec2.disassociate_subnet_cidr_block(AssociationId=shown()[0]["AssociationId"])
        give = self.ec2.associate_subnet_cidr_block
        code = code_of(give, SubnetId=subnet, Ipv6CidrBlock=block)
        self.assertEqual((code, states(), states()), ("SubnetCidrBlockAlreadyAssociated", ["disassociating"], []))
        give(SubnetId=subnet, Ipv6CidrBlock=block)


class EndpointTest(unittest.TestCase):
    def setUp(self):
        self.ec2 = emulator().client("ec2", new_account())
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.a, self.b = self.subnet(1, "us-west-2a"), self.subnet(2, "us-west-2b")
        self.group = self.ec2.create_security_group(GroupName="g", Description="d", VpcId=self.vpc)["GroupId"]

    def subnet(self, number, zone):
        values = {"VpcId": self.vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
        return self.ec2.create_subnet(**values)["Subnet"]["SubnetId"]

    def wanted(self, service="logs", **more):
        return {
            "VpcId": self.vpc,
            "VpcEndpointType": "Interface",
            "ServiceName": f"com.amazonaws.us-west-2.{service}",
            "SubnetIds": [self.a],
            "SecurityGroupIds": [self.group],
            "PrivateDnsEnabled": True,
        } | more

    def test_what_aws_refuses(self):
        create = self.ec2.create_vpc_endpoint
        self.assertEqual(code_of(create, **self.wanted("nonsense")), "InvalidServiceName")
        same_zone = self.wanted(SubnetIds=[self.a, self.subnet(3, "us-west-2a")])
        self.assertEqual(code_of(create, **same_zone), "DuplicateSubnetsInSameZone")
        create(**self.wanted())
        self.assertEqual(code_of(create, **self.wanted()), "InvalidParameter")
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": False})
        self.assertEqual(code_of(create, **self.wanted("ssm")), "InvalidParameter")

    def test_an_endpoint_changes_and_keeps_what_it_uses(self):
        create = self.ec2.create_vpc_endpoint
        endpoint = create(**self.wanted(ClientToken="once"))["VpcEndpoint"]["VpcEndpointId"]
        self.assertEqual(create(**self.wanted(ClientToken="once"))["VpcEndpoint"]["VpcEndpointId"], endpoint)
        self.assertEqual(code_of(self.ec2.delete_security_group, GroupId=self.group), "DependencyViolation")
        change = {"AddSubnetIds": [self.b], "RemoveSubnetIds": [self.a], "PrivateDnsEnabled": False}
        self.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, **change)
        [shown] = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
        self.assertEqual((shown["SubnetIds"], shown["PrivateDnsEnabled"]), ([self.b], False))
        self.ec2.delete_subnet(SubnetId=self.a)
        self.assertEqual(code_of(self.ec2.delete_subnet, SubnetId=self.b), "DependencyViolation")
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        self.ec2.delete_subnet(SubnetId=self.b)
        self.ec2.delete_security_group(GroupId=self.group)


class FlowLogTest(unittest.TestCase):
    def test_the_role_must_let_ec2_assume_it(self):
        account = new_account()
        ec2, iam = emulator().client("ec2", account), emulator().client("iam", account)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

        def create(role):
            wanted = {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL", "LogGroupName": "g"}
            return {"DeliverLogsPermissionArn": role, "ClientToken": "once"} | wanted

        def role(name, service):
            statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            return iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]

        nobody = f"arn:aws:iam::{account}:role/none"
        for wrong in (nobody, role("tasks", "ecs-tasks.amazonaws.com")):
            self.assertEqual(code_of(ec2.create_flow_logs, **create(wrong)), "InvalidParameter")
        right = create(role("logs", "vpc-flow-logs.amazonaws.com"))
        first = ec2.create_flow_logs(**right)["FlowLogIds"]
        self.assertEqual(ec2.create_flow_logs(**right)["FlowLogIds"], first)


class SecurityGroupTest(unittest.TestCase):
    def setUp(self):
        self.ec2 = emulator().client("ec2", new_account())
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.web, self.db = self.group("web"), self.group("db")

    def group(self, name):
        answer = self.ec2.create_security_group(
            GroupName=name, Description="d", VpcId=self.vpc, TagSpecifications=tagged("security-group", name)
        )
        self.assertEqual(tags_of(answer), {"Name": name})
        return answer["GroupId"]

    def allow(self, *permissions, **kwargs):
        answer = self.ec2.authorize_security_group_ingress(GroupId=self.db, IpPermissions=permissions, **kwargs)
        return answer["SecurityGroupRules"]

    def rules(self, **kwargs):
        found = self.ec2.describe_security_group_rules(**kwargs)["SecurityGroupRules"]
        return [rule for rule in found if not rule["IsEgress"]]

    def test_all_rules_of_a_call_come_back_with_tags_and_descriptions(self):
        peer = {"UserIdGroupPairs": [{"GroupId": self.web, "Description": "peer"}]}
        world = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
        rules = self.allow(
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peer},
            {"IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, **world},
            TagSpecifications=tagged("security-group-rule", "r"),
        )
        self.assertEqual(len(rules), 3)
        shown = self.rules(Filters=[{"Name": "tag:Name", "Values": ["r"]}])
        self.assertEqual(len(shown), 3)
        [by_group] = [rule for rule in shown if "ReferencedGroupInfo" in rule]
        self.assertEqual((by_group["Description"], by_group["ReferencedGroupInfo"]["GroupId"]), ("peer", self.web))

    def test_a_duplicate_in_a_call_adds_nothing(self):
        port = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        self.allow(port)
        described = port | {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "other"}]}
        code = code_of(self.allow, port | {"FromPort": 2, "ToPort": 2}, described)
        self.assertEqual(code, "InvalidPermission.Duplicate")
        self.assertEqual(len(self.rules(Filters=[{"Name": "group-id", "Values": [self.db]}])), 1)

    def test_rules_change_by_id(self):
        peers = {"UserIdGroupPairs": [{"GroupId": self.web}]}
        [rule] = self.allow({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peers})
        rule_id = rule["SecurityGroupRuleId"]
        new = {"IpProtocol": "tcp", "FromPort": 5, "ToPort": 6, "ReferencedGroupId": self.web, "Description": "n"}
        self.ec2.modify_security_group_rules(
            GroupId=self.db, SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": new}]
        )
        [shown] = self.rules(SecurityGroupRuleIds=[rule_id])
        self.assertEqual((shown["FromPort"], shown["ToPort"], shown["Description"]), (5, 6, "n"))
        self.ec2.update_security_group_rule_descriptions_ingress(
            GroupId=self.db, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule_id, "Description": "again"}]
        )
        self.assertEqual(self.rules(SecurityGroupRuleIds=[rule_id])[0]["Description"], "again")
        self.ec2.revoke_security_group_ingress(GroupId=self.db, SecurityGroupRuleIds=[rule_id])
        revoke = self.ec2.revoke_security_group_ingress
        code = code_of(revoke, GroupId=self.db, SecurityGroupRuleIds=[rule_id])
        self.assertEqual(code, "InvalidSecurityGroupRuleId.NotFound")

    def test_a_group_in_use_stays(self):
        peers = {"UserIdGroupPairs": [{"GroupId": self.web}]}
        [rule] = self.allow({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peers})
        self.assertEqual(code_of(self.ec2.delete_security_group, GroupId=self.web), "DependencyViolation")
        self.ec2.revoke_security_group_ingress(GroupId=self.db, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
        self.ec2.delete_security_group(GroupId=self.web)
        default = self.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
        group = default["SecurityGroups"][0]["GroupId"]
        self.assertEqual(code_of(self.ec2.delete_security_group, GroupId=group), "CannotDelete")
