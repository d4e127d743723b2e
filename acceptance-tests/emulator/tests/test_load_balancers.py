"""Load balancers, certificates and DNS, where moto differs from AWS."""

import unittest

from .harness import code_of, emulator, new_account


class Place(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.ec2 = self.client("ec2")
        self.elb = self.client("elbv2")
        self.acm = self.client("acm")
        self.dns = self.client("route53")
        self.s3 = self.client("s3")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.subnet("10.0.0.0/24", "a"), self.subnet("10.0.1.0/24", "b")]

    def client(self, service):
        return emulator().client(service, self.account)

    def subnet(self, cidr, zone):
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=f"us-west-2{zone}")
        return made["Subnet"]["SubnetId"]

    def settings(self, **values):
        emulator().control("POST", "settings", {"account": self.account, **values})

    def balancer(self, name="lb", scheme="internal", **more):
        more = {"Subnets": self.subnets} | more
        made = self.elb.create_load_balancer(Name=name, Scheme=scheme, **more)
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def zone(self, name="example.com"):
        return self.dns.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]

    def change(self, zone, action, kind, name, **record):
        shown = {"Name": name, "Type": kind, **record}
        changes = [{"Action": action, "ResourceRecordSet": shown}]
        return self.dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def refused(self, zone, action, kind, name, **record):
        return code_of(self.change, zone, action, kind, name, **record)

    def certificate(self, name="example.com", **more):
        return self.acm.request_certificate(DomainName=name, ValidationMethod="DNS", **more)["CertificateArn"]

    def issued(self, zone, name="example.com"):
        arn = self.certificate(name)
        for option in self.describe(arn)["DomainValidationOptions"]:
            record = option["ResourceRecord"]
            values = [{"Value": record["Value"]}]
            self.change(zone, "UPSERT", "CNAME", record["Name"], TTL=60, ResourceRecords=values)
        return arn

    def describe(self, arn):
        return self.acm.describe_certificate(CertificateArn=arn)["Certificate"]

    def listener(self, balancer, port=80, protocol="HTTP", **more):
        says = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        made = self.elb.create_listener(
            LoadBalancerArn=balancer, Port=port, Protocol=protocol, DefaultActions=[says], **more
        )
        return made["Listeners"][0]["ListenerArn"]


class LoadBalancerTest(Place):
    def test_a_new_one_is_provisioned_first(self):
        self.settings(elb_describes=2)
        arn = self.balancer()
        found = [self.elb.describe_load_balancers(LoadBalancerArns=[arn]) for _ in range(3)]
        states = [one["LoadBalancers"][0]["State"]["Code"] for one in found]
        self.assertEqual(states, ["provisioning", "provisioning", "active"])

    def test_names_that_aws_refuses(self):
        for name in ("x" * 33, "a_b", "-a", "a-", "internal-a", ""):
            self.assertEqual(code_of(self.balancer, name), "ValidationError", name)
        self.balancer()
        self.assertEqual(code_of(self.balancer), "DuplicateLoadBalancerName")

    def test_it_needs_two_zones(self):
        self.assertEqual(code_of(self.balancer, Subnets=self.subnets[:1]), "ValidationError")
        same = [self.subnets[0], self.subnet("10.0.2.0/24", "a")]
        self.assertEqual(code_of(self.balancer, Subnets=same), "InvalidConfigurationRequest")
        arn = self.balancer()
        change = self.elb.set_subnets
        self.assertEqual(code_of(change, LoadBalancerArn=arn, Subnets=same), "InvalidConfigurationRequest")

    def test_a_public_one_needs_an_internet_gateway(self):
        self.assertEqual(code_of(self.balancer, scheme="internet-facing"), "InvalidSubnet")
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.balancer(scheme="internet-facing")

    def test_a_group_has_to_exist(self):
        self.assertEqual(code_of(self.balancer, SecurityGroups=["sg-0123456789abcdef0"]), "InvalidSecurityGroup")

    def attributes(self, arn, **values):
        pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
        return self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs)

    def test_attributes_have_limits(self):
        arn = self.balancer()
        for timeout in ("0", "4001", "x"):
            code = code_of(self.attributes, arn, idle_timeout__timeout_seconds=timeout)
            self.assertEqual(code, "ValidationError")
        logs = {"access_logs__s3__enabled": "true", "access_logs__s3__bucket": f"logs-{self.account}"}
        self.assertEqual(code_of(self.attributes, arn, **logs), "InvalidConfigurationRequest")
        where = {"LocationConstraint": "us-west-2"}
        self.s3.create_bucket(Bucket=f"logs-{self.account}", CreateBucketConfiguration=where)
        self.assertEqual(code_of(self.attributes, arn, **logs), "InvalidConfigurationRequest")
        self.s3.put_bucket_policy(Bucket=f"logs-{self.account}", Policy='{"Statement": []}')
        self.attributes(arn, **logs)

    def test_a_protected_one_stays(self):
        arn = self.balancer()
        self.attributes(arn, deletion_protection__enabled="true")
        self.assertEqual(code_of(self.elb.delete_load_balancer, LoadBalancerArn=arn), "OperationNotPermitted")
        self.attributes(arn, deletion_protection__enabled="false")
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        self.assertEqual(code_of(self.elb.describe_load_balancers, LoadBalancerArns=[arn]), "LoadBalancerNotFound")

    def test_one_that_is_gone_hides_the_others(self):
        arns = [self.balancer("a"), self.balancer("b")]
        self.elb.delete_load_balancer(LoadBalancerArn=arns[1])
        self.assertEqual(code_of(self.elb.describe_load_balancers, LoadBalancerArns=arns), "LoadBalancerNotFound")

    def test_it_takes_more_than_ten_tags(self):
        arn = self.balancer()
        tags = [{"Key": f"k{n}", "Value": "v"} for n in range(20)]
        self.elb.add_tags(ResourceArns=[arn], Tags=tags)
        self.assertEqual(len(self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]), 20)


class ListenerTest(Place):
    def test_a_port_has_one_listener(self):
        balancer = self.balancer()
        self.listener(balancer)
        self.assertEqual(code_of(self.listener, balancer), "DuplicateListener")

    def test_https_needs_a_certificate_that_is_issued(self):
        balancer = self.balancer()
        https = {"port": 443, "protocol": "HTTPS"}
        self.assertEqual(code_of(self.listener, balancer, **https), "ValidationError")
        pending = [{"CertificateArn": self.certificate("other.example.com")}]
        self.assertEqual(code_of(self.listener, balancer, Certificates=pending, **https), "UnsupportedCertificate")
        issued = [{"CertificateArn": self.issued(self.zone())}]
        code = code_of(self.listener, balancer, Certificates=issued, SslPolicy="nonsense", **https)
        self.assertEqual(code, "SSLPolicyNotFound")
        arn = self.listener(balancer, Certificates=issued, **https)
        add = self.elb.add_listener_certificates
        self.assertEqual(code_of(add, ListenerArn=arn, Certificates=pending), "UnsupportedCertificate")

    def test_another_default_certificate_keeps_the_further_ones(self):
        zone = self.zone()
        first, second, third = (self.issued(zone, f"{name}.example.com") for name in "abc")
        arn = self.listener(self.balancer(), 443, "HTTPS", Certificates=[{"CertificateArn": first}])
        self.elb.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": second}])
        self.elb.modify_listener(ListenerArn=arn, Certificates=[{"CertificateArn": third}])
        found = self.elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]
        self.assertEqual([(one["CertificateArn"], one["IsDefault"]) for one in found], [(third, True), (second, False)])

    def test_a_target_group_serves_one_load_balancer(self):
        made = self.elb.create_target_group(Name="tg", Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip")
        forward = [{"Type": "forward", "TargetGroupArn": made["TargetGroups"][0]["TargetGroupArn"]}]
        first, second = (self.listener(self.balancer(name)) for name in "ab")

        def rule(listener, priority):
            conditions = [{"Field": "path-pattern", "Values": ["/x"]}]
            return self.elb.create_rule(
                ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=forward
            )

        rule(first, 1)
        rule(first, 2)
        self.assertEqual(code_of(rule, second, 1), "TargetGroupAssociationLimit")


class CertificateTest(Place):
    def test_it_is_issued_when_its_records_stand_in_a_zone(self):
        arn = self.certificate("example.com", SubjectAlternativeNames=["*.example.com", "a.example.com"])
        self.assertEqual(self.describe(arn)["Status"], "PENDING_VALIDATION")
        self.assertEqual(self.describe(arn)["SubjectAlternativeNames"], ["example.com", "*.example.com", "a.example.com"])
        records = {one["DomainName"]: one["ResourceRecord"] for one in self.describe(arn)["DomainValidationOptions"]}
        self.assertEqual(records["example.com"], records["*.example.com"])
        zone = self.zone()
        for name in ("example.com", "a.example.com"):
            self.assertEqual(self.describe(arn)["Status"], "PENDING_VALIDATION")
            record = records[name]
            values = [{"Value": record["Value"]}]
            self.change(zone, "CREATE", "CNAME", record["Name"], TTL=60, ResourceRecords=values)
        self.assertEqual(self.describe(arn)["Status"], "ISSUED")

    def test_its_records_are_made_up_later(self):
        self.settings(acm_describes=1)
        arn = self.certificate()
        seen = ["ResourceRecord" in self.describe(arn)["DomainValidationOptions"][0] for _ in range(2)]
        self.assertEqual(seen, [False, True])

    def test_a_token_makes_one_certificate_until_that_is_deleted(self):
        first, again = (self.certificate(IdempotencyToken="t") for _ in range(2))
        self.assertEqual(first, again)
        self.acm.delete_certificate(CertificateArn=first)
        self.assertNotEqual(self.certificate(IdempotencyToken="t"), first)

    def test_names_that_aws_refuses(self):
        for name in ("com", "a.*.example.com", "*.*.example.com", "a_b.example.com", "-a.example.com"):
            self.assertEqual(code_of(self.certificate, name), "ValidationException", name)
        self.assertEqual(code_of(self.certificate, "a" * 60 + ".example.com"), "ValidationException")

    def test_one_in_use_stays(self):
        arn = self.issued(self.zone())
        listener = self.listener(self.balancer(), 443, "HTTPS", Certificates=[{"CertificateArn": arn}])
        delete = self.acm.delete_certificate
        self.assertEqual(code_of(delete, CertificateArn=arn), "ResourceInUseException")
        self.elb.delete_listener(ListenerArn=listener)
        delete(CertificateArn=arn)


class DnsTest(Place):
    A = {"TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}

    def records(self, zone, **start):
        found = self.dns.list_resource_record_sets(HostedZoneId=zone, **start)["ResourceRecordSets"]
        return [one for one in found if one["Type"] not in ("NS", "SOA")]

    def test_a_record_is_created_once_and_deleted_as_it_is(self):
        zone = self.zone()
        self.change(zone, "CREATE", "A", "a.example.com", **self.A)
        self.assertEqual(self.refused(zone, "CREATE", "A", "a.example.com", **self.A), "InvalidChangeBatch")
        other = {"TTL": 60, "ResourceRecords": [{"Value": "10.0.0.2"}]}
        self.assertEqual(self.refused(zone, "DELETE", "A", "a.example.com", **other), "InvalidChangeBatch")
        self.change(zone, "UPSERT", "A", "a.example.com", **other)
        self.change(zone, "DELETE", "A", "A.example.com.", **other)
        self.assertEqual(self.records(zone), [])
        self.assertEqual(self.refused(zone, "DELETE", "A", "a.example.com", **other), "InvalidChangeBatch")

    def test_what_aws_refuses(self):
        zone = self.zone()
        cname = {"TTL": 60, "ResourceRecords": [{"Value": "x.example.org"}]}
        self.assertEqual(self.refused(zone, "CREATE", "CNAME", "example.com", **cname), "InvalidChangeBatch")
        self.assertEqual(self.refused(zone, "CREATE", "A", "a.example.org", **self.A), "InvalidChangeBatch")
        self.change(zone, "CREATE", "CNAME", "c.example.com", **cname)
        self.assertEqual(self.refused(zone, "CREATE", "A", "c.example.com", **self.A), "InvalidChangeBatch")
        bad = {"TTL": 60, "ResourceRecords": [{"Value": "10.0.0.300"}]}
        self.assertEqual(self.refused(zone, "CREATE", "A", "b.example.com", **bad), "InvalidChangeBatch")
        text = {"TTL": 60, "ResourceRecords": [{"Value": "unquoted"}]}
        self.assertEqual(self.refused(zone, "CREATE", "TXT", "t.example.com", **text), "InvalidChangeBatch")
        values = [{"Value": "10.0.0.1"}]
        self.assertEqual(self.refused(zone, "CREATE", "A", "n.example.com", ResourceRecords=values), "InvalidInput")
        heavy = self.A | {"SetIdentifier": "x", "Weight": 256}
        self.assertEqual(self.refused(zone, "CREATE", "A", "w.example.com", **heavy), "InvalidInput")
        nameless = self.A | {"Weight": 1}
        self.assertEqual(self.refused(zone, "CREATE", "A", "w.example.com", **nameless), "InvalidInput")

    def alias(self, zone="Z2P70J7EXAMPLE"):
        name = "lb-1.us-west-2.elb.amazonaws.com"
        return {"AliasTarget": {"HostedZoneId": zone, "DNSName": name, "EvaluateTargetHealth": False}}

    def test_an_alias_names_the_zone_of_its_target(self):
        zone = self.zone()
        code = self.refused(zone, "CREATE", "A", "a.example.com", **self.alias("Z0000000000000"))
        self.assertEqual(code, "InvalidChangeBatch")
        self.change(zone, "CREATE", "A", "a.example.com", **self.alias())
        target = self.records(zone)[0]["AliasTarget"]
        self.assertEqual(target["DNSName"], "lb-1.us-west-2.elb.amazonaws.com.")
        self.change(zone, "DELETE", "A", "a.example.com", **self.alias())

    def test_wildcards_are_spelled_as_aws_does(self):
        zone = self.zone()
        self.change(zone, "CREATE", "A", "*.example.com", **self.A)
        for start in ("*.example.com", "\\052.example.com"):
            found = self.records(zone, StartRecordName=start, StartRecordType="A")
            self.assertEqual([one["Name"] for one in found], ["\\052.example.com."])
        self.change(zone, "DELETE", "A", "\\052.example.com", **self.A)
        self.assertEqual(self.records(zone), [])

    def test_a_batch_is_all_or_nothing(self):
        zone = self.zone()
        records = [{"Name": name, "Type": "A", **self.A} for name in ("a.example.com", "a.example.org")]
        changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
        code = code_of(self.dns.change_resource_record_sets, HostedZoneId=zone, ChangeBatch={"Changes": changes})
        self.assertEqual(code, "InvalidChangeBatch")
        self.assertEqual(self.records(zone), [])


class DumpTest(Place):
    def test_what_a_router_is_made_of_is_seen_and_goes(self):
        before = emulator().control("GET", f"dump?account={self.account}&region=us-west-2")
        zone = self.zone()
        certificate = self.issued(zone)
        self.listener(self.balancer(), 443, "HTTPS", Certificates=[{"CertificateArn": certificate}])
        dump = emulator().control("GET", f"dump?account={self.account}&region=us-west-2")
        for kind in ("load_balancers", "listeners", "certificates", "hosted_zones", "dns_records"):
            self.assertNotEqual(dump[kind], before[kind], kind)
        self.assertEqual(dump["certificates"]["certificate:example.com"]["Status"], "ISSUED")
