"""Cloud Map, where moto differs from AWS."""

import unittest

from .harness import code_of, emulator, new_account


class CloudMapTest(unittest.TestCase):
    def setUp(self):
        account = new_account()
        self.map = emulator().client("servicediscovery", account)
        self.zones = emulator().client("route53", account)
        self.vpc = emulator().client("ec2", account).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def namespace(self, name="a.internal", token="t"):
        answer = self.map.create_private_dns_namespace(
            Name=name, Vpc=self.vpc, CreatorRequestId=token, Tags=[{"Key": "team", "Value": "a"}]
        )
        operations = [self.map.get_operation(OperationId=answer["OperationId"])["Operation"] for _ in range(2)]
        self.assertEqual(operations[-1]["Status"], "SUCCESS")
        return operations[-1]["Targets"]["NAMESPACE"]

    def service(self, namespace, name="db", kind="CNAME", policy="WEIGHTED", **more):
        records = {"RoutingPolicy": policy, "DnsRecords": [{"Type": kind, "TTL": 60}]}
        return self.map.create_service(Name=name, NamespaceId=namespace, DnsConfig=records, **more)["Service"]["Id"]

    def test_operations_take_a_while_and_tokens_repeat(self):
        begun = self.map.create_private_dns_namespace(Name="a.internal", Vpc=self.vpc, CreatorRequestId="t")
        again = self.map.create_private_dns_namespace(Name="a.internal", Vpc=self.vpc, CreatorRequestId="t")
        self.assertEqual(begun["OperationId"], again["OperationId"])
        states = [
            self.map.get_operation(OperationId=begun["OperationId"])["Operation"]["Status"] for _ in range(3)
        ]
        self.assertEqual(states, ["PENDING", "SUCCESS", "SUCCESS"])
        create = self.map.create_private_dns_namespace
        code = code_of(create, Name="a.internal", Vpc=self.vpc, CreatorRequestId="u")
        self.assertEqual(code, "NamespaceAlreadyExists")

    def test_the_zone_knows_the_vpc_and_goes_with_the_namespace(self):
        namespace = self.namespace()
        shown = self.map.get_namespace(Id=namespace)["Namespace"]
        zone = shown["Properties"]["DnsProperties"]["HostedZoneId"]
        found = self.zones.get_hosted_zone(Id=zone)
        self.assertEqual([vpc["VPCId"] for vpc in found["VPCs"]], [self.vpc])
        self.map.delete_namespace(Id=namespace)
        self.assertEqual(code_of(self.zones.get_hosted_zone, Id=zone), "NoSuchHostedZone")
        self.assertEqual(self.map.list_tags_for_resource(ResourceARN=shown["Arn"])["Tags"], [])

    def test_lists_are_filtered(self):
        first, second = self.namespace(), self.namespace("b.internal", "u")
        named = [{"Name": "NAME", "Values": ["b.internal"]}, {"Name": "TYPE", "Values": ["DNS_PRIVATE"]}]
        self.assertEqual([one["Id"] for one in self.map.list_namespaces(Filters=named)["Namespaces"]], [second])
        service = self.service(first)
        inside = [{"Name": "NAMESPACE_ID", "Values": [first]}]
        [shown] = self.map.list_services(Filters=inside)["Services"]
        self.assertEqual(shown["Id"], service)
        inside[0]["Values"] = [second]
        self.assertEqual(self.map.list_services(Filters=inside)["Services"], [])

    def test_what_is_in_use_stays(self):
        namespace = self.namespace()
        service = self.service(namespace)
        attributes = {"AWS_INSTANCE_CNAME": "db.example.com"}
        for target in ("other.example.com", "db.example.com"):
            attributes["AWS_INSTANCE_CNAME"] = target
            self.map.register_instance(ServiceId=service, InstanceId="i", Attributes=attributes)
        [shown] = self.map.list_instances(ServiceId=service)["Instances"]
        self.assertEqual(shown["Attributes"], attributes)
        self.assertEqual(code_of(self.map.delete_namespace, Id=namespace), "ResourceInUse")
        self.assertEqual(code_of(self.map.delete_service, Id=service), "ResourceInUse")
        self.map.deregister_instance(ServiceId=service, InstanceId="i")
        self.map.delete_service(Id=service)
        self.map.delete_namespace(Id=namespace)

    def test_names_and_records_that_aws_refuses(self):
        namespace = self.namespace()
        service = self.service(namespace)
        self.assertEqual(code_of(self.service, namespace, "DB"), "ServiceAlreadyExists")
        self.assertEqual(code_of(self.service, namespace, "x", policy="MULTIVALUE"), "InvalidInput")
        other = {"DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 60}]}}
        self.assertEqual(code_of(self.map.update_service, Id=service, Service=other), "InvalidInput")
        health = {"HealthCheckCustomConfig": {}}
        alias = {"InstanceId": "lb", "Attributes": {"AWS_ALIAS_DNS_NAME": "lb.example.com"}}
        for name, policy, more in (("m", "MULTIVALUE", {}), ("h", "WEIGHTED", health)):
            service = self.service(namespace, name, "A", policy, **more)
            self.assertEqual(code_of(self.map.register_instance, ServiceId=service, **alias), "InvalidInput")
        self.map.register_instance(ServiceId=self.service(namespace, "w", "A"), **alias)


if __name__ == "__main__":
    unittest.main()
