"""RDS, where moto differs from AWS."""

import datetime
import types
import unittest
import urllib.error

from stackwright_emulator import rds_events

from .harness import REGION, code_of, emulator, new_account


class Place(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.rds = emulator().client("rds", self.account)
        self.ec2 = emulator().client("ec2", self.account)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.subnet("10.0.0.0/24", "a"), self.subnet("10.0.1.0/24", "b")]
        self.subnet_group()

    def subnet(self, cidr, zone):
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=f"us-west-2{zone}")
        return made["Subnet"]["SubnetId"]

    def subnet_group(self, name="subnets", subnets=None):
        return self.rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=subnets or self.subnets
        )

    def group(self, name="params", family="postgres16"):
        self.rds.create_db_parameter_group(
            DBParameterGroupName=name, DBParameterGroupFamily=family, Description="d"
        )
        return name

    def settings(self, **values):
        emulator().control("POST", "settings", {"account": self.account, **values})

    def values(self, **more):
        group = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])
        return {
            "DBInstanceIdentifier": "main",
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "EngineVersion": "16",
            "AllocatedStorage": 20,
            "StorageEncrypted": True,
            "MasterUsername": "app",
            "MasterUserPassword": "secret-secret",
            "DBSubnetGroupName": "subnets",
            "VpcSecurityGroupIds": [group["SecurityGroups"][0]["GroupId"]],
            "BackupRetentionPeriod": 7,
        } | more

    def make(self, **more):
        return self.rds.create_db_instance(**self.values(**more))["DBInstance"]

    def look(self, name="main"):
        return self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    def available(self, name="main"):
        for _ in range(10):
            found = self.look(name)
            if found["DBInstanceStatus"] == "available" and not found.get("PendingModifiedValues"):
                return found
        raise AssertionError("never available")

    def modify(self, **values):
        return self.rds.modify_db_instance(DBInstanceIdentifier="main", **values)["DBInstance"]

    def refusal(self, call, **values):
        with self.assertRaises(self.rds.exceptions.ClientError) as raised:
            call(**values)
        answer = raised.exception.response
        error = answer["Error"]
        return error["Code"], error["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]

    def delete(self, **values):
        return self.rds.delete_db_instance(DBInstanceIdentifier="main", **values)

    def login(self, password):
        asked = {"account": self.account, "region": REGION, "instance": "main", "user": "app"}
        return emulator().control("POST", "rds/login", asked | {"password": password})["ok"]


class InstanceTest(Place):
    def test_a_new_one_is_made_and_backed_up_first(self):
        self.settings(rds_describes=2)
        made = self.make()
        self.assertEqual((made["DBInstanceStatus"], made.get("Endpoint")), ("creating", None))
        states = [self.look()["DBInstanceStatus"] for _ in range(4)]
        self.assertEqual(states, ["creating", "creating", "backing-up", "available"])
        self.assertIn("Address", self.look()["Endpoint"])

    def test_what_aws_chooses(self):
        self.make(EnablePerformanceInsights=True)
        found = self.available()
        self.assertEqual(found["EngineVersion"].split(".")[0], "16")
        self.assertGreater(len(found["EngineVersion"]), 2)
        self.assertEqual(found["CACertificateIdentifier"], "rds-ca-rsa2048-g1")
        self.assertEqual((found["PerformanceInsightsEnabled"], found["PerformanceInsightsRetentionPeriod"]), (True, 7))
        self.assertTrue(found["KmsKeyId"].startswith("arn:aws:kms:"))
        self.make(DBInstanceIdentifier="other")
        self.assertNotEqual(self.look("other")["DbiResourceId"], found["DbiResourceId"])

    def test_what_a_create_may_not_say(self):
        self.group("old", "postgres15")
        for key, value, code in (
            ("EngineVersion", "9.6", "InvalidParameterCombination"),
            ("EngineVersion", "16.99", "InvalidParameterCombination"),
            ("DBInstanceClass", "db.z9.huge", "InvalidParameterValue"),
            ("AllocatedStorage", 5, "InvalidParameterValue"),
            ("MaxAllocatedStorage", 21, "InvalidParameterCombination"),
            ("MasterUserPassword", "short", "InvalidParameterValue"),
            ("MasterUserPassword", "with/slash-in-it", "InvalidParameterValue"),
            ("ManageMasterUserPassword", True, "InvalidParameterCombination"),
            ("MasterUsername", "admin", "InvalidParameterValue"),
            ("MasterUsername", "1a", "InvalidParameterValue"),
            ("DBName", "a-b", "InvalidParameterValue"),
            ("BackupRetentionPeriod", 36, "InvalidParameterValue"),
            ("Port", 80, "InvalidParameterValue"),
            ("DBParameterGroupName", "old", "InvalidParameterCombination"),
            ("DBParameterGroupName", "none", "DBParameterGroupNotFound"),
            ("DBSubnetGroupName", "none", "DBSubnetGroupNotFoundFault"),
            ("VpcSecurityGroupIds", ["sg-00000000"], "InvalidParameterValue"),
            ("PerformanceInsightsRetentionPeriod", 8, "InvalidParameterValue"),
            ("KmsKeyId", "arn:aws:kms:us-west-2:1:key/none", "KMSKeyNotAccessibleFault"),
            ("CACertificateIdentifier", "mine", "CertificateNotFound"),
            ("EnableCloudwatchLogsExports", ["slowquery"], "InvalidParameterCombination"),
        ):
            self.assertEqual(code_of(self.make, **{key: value}), code, key)
        for missing in ("AllocatedStorage", "MasterUserPassword"):
            values = self.values()
            values.pop(missing)
            self.assertIn(
                code_of(self.rds.create_db_instance, **values), ("InvalidParameterValue", "InvalidParameterCombination")
            )
        self.make()
        self.assertEqual(code_of(self.make), "DBInstanceAlreadyExists")

    def test_an_instance_that_is_busy_takes_no_change(self):
        self.make()
        self.assertEqual(code_of(self.modify, MultiAZ=True), "InvalidDBInstanceState")

    def test_changes_come_later(self):
        self.make()
        self.available()
        self.modify(DBInstanceClass="db.t4g.small", ApplyImmediately=True)
        states = []
        for _ in range(3):
            found = self.look()
            states.append((found["DBInstanceStatus"], found["DBInstanceClass"]))
        small, micro = "db.t4g.small", "db.t4g.micro"
        self.assertEqual(states, [("available", micro), ("modifying", micro), ("available", small)])

    def test_what_is_deferred_waits_for_the_window(self):
        self.make()
        self.available()
        self.modify(DBInstanceClass="db.t4g.small", BackupRetentionPeriod=3, CopyTagsToSnapshot=True)
        found = [self.look() for _ in range(4)][-1]
        self.assertEqual(found["PendingModifiedValues"], {"DBInstanceClass": "db.t4g.small"})
        self.assertEqual((found["BackupRetentionPeriod"], found["CopyTagsToSnapshot"]), (3, True))
        self.modify(ApplyImmediately=True)
        self.assertEqual(self.available()["DBInstanceClass"], "db.t4g.small")

    def test_a_password_is_taken_soon(self):
        self.make()
        self.available()
        self.assertTrue(self.login("secret-secret"))
        changed = self.modify(MasterUserPassword="another-secret")
        self.assertEqual(changed["PendingModifiedValues"], {"MasterUserPassword": "****"})
        self.assertFalse(self.login("another-secret"))
        self.available()
        self.assertTrue(self.login("another-secret"))

    def test_passwords_and_protection_do_not_wait_for_the_window(self):
        self.make()
        self.available()
        self.modify(DBInstanceClass="db.t4g.small", MultiAZ=True)
        waits = {"DBInstanceClass": "db.t4g.small", "MultiAZ": True}
        changed = self.modify(MasterUserPassword="another-secret", DeletionProtection=True)
        self.assertTrue(changed["DeletionProtection"])
        self.assertEqual(changed["PendingModifiedValues"], waits | {"MasterUserPassword": "****"})
        found = [self.look() for _ in range(4)][-1]
        self.assertEqual((found["PendingModifiedValues"], found["DBInstanceClass"]), (waits, "db.t4g.micro"))
        self.assertTrue(self.login("another-secret"))
        self.modify(DeletionProtection=False)
        self.assertEqual([self.look()["PendingModifiedValues"] for _ in range(3)][-1], waits)
        self.modify(DeletionProtection=True, ApplyImmediately=True)
        found = self.available()
        self.assertEqual((found["DBInstanceClass"], found["MultiAZ"]), ("db.t4g.small", True))

    def test_what_has_begun_goes_on_when_more_is_asked_for(self):
        self.make()
        self.available()
        self.modify(DBInstanceClass="db.t4g.small", ApplyImmediately=True)
        self.modify(MasterUserPassword="another-secret")
        self.modify(MultiAZ=True)
        found = [self.look() for _ in range(4)][-1]
        self.assertEqual((found["DBInstanceStatus"], found["DBInstanceClass"]), ("available", "db.t4g.small"))
        self.assertEqual(found["PendingModifiedValues"], {"MultiAZ": True})
        self.assertTrue(self.login("another-secret"))

    def performance(self, name="main"):
        found = self.look(name)
        return found["AllocatedStorage"], found.get("Iops"), found.get("StorageThroughput")

    def test_gp3_storage_is_as_fast_as_it_is_large(self):
        for name, size in (("small", 399), ("large", 400)):
            self.make(DBInstanceIdentifier=name, StorageType="gp3", AllocatedStorage=size)
        self.make(DBInstanceIdentifier="other", StorageType="gp2", AllocatedStorage=400)
        self.assertEqual(self.performance("small"), (399, 3000, 125))
        self.assertEqual(self.performance("large"), (400, 12000, 500))
        self.assertEqual(self.performance("other"), (400, None, None))
        self.available("large")
        self.rds.create_db_instance_read_replica(DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="large")
        self.assertEqual(self.performance("copy"), (400, 12000, 500))

    def test_storage_grows_by_a_tenth_at_least(self):
        self.make(StorageType="gp3", AllocatedStorage=25)
        self.available()
        code, text, status = self.refusal(self.modify, AllocatedStorage=27)
        self.assertEqual((code, status), ("InvalidParameterCombination", 400))
        self.assertIn("at least 10%", text)
        self.modify(AllocatedStorage=25, ApplyImmediately=True)
        self.modify(AllocatedStorage=28, ApplyImmediately=True)
        self.assertEqual(self.available()["AllocatedStorage"], 28)

    def test_large_gp3_storage_comes_with_its_iops(self):
        self.make(StorageType="gp3", AllocatedStorage=100)
        self.available()
        both = "You must specify both the storage size and iops"
        small = "a storage size less than 400"
        for values, says in (
            ({"AllocatedStorage": 400}, both),
            ({"AllocatedStorage": 400, "Iops": 11999}, "Invalid iops value"),
            ({"AllocatedStorage": 200, "Iops": 3000}, small),
            ({"Iops": 12000}, small),
            ({"StorageThroughput": 500}, small),
        ):
            with self.subTest(values):
                code, text, status = self.refusal(self.modify, **values)
                self.assertEqual((code, status), ("InvalidParameterCombination", 400))
                self.assertIn(says, text)
        self.modify(AllocatedStorage=400, Iops=12000)
        self.assertEqual(self.look()["PendingModifiedValues"], {"AllocatedStorage": 400, "Iops": 12000})
        self.assertEqual(self.performance(), (100, 3000, 125))
        self.modify(ApplyImmediately=True)
        self.available()
        self.assertEqual(self.performance(), (400, 12000, 500))
        self.assertIn(both, self.refusal(self.modify, Iops=13000)[1])
        self.assertIn(both, self.refusal(self.modify, AllocatedStorage=500)[1])
        self.modify(AllocatedStorage=500, Iops=20000, StorageThroughput=600, ApplyImmediately=True)
        self.available()
        self.assertEqual(self.performance(), (500, 20000, 600))

    def test_storage_that_becomes_gp3_gets_its_speed(self):
        self.make(StorageType="gp2", AllocatedStorage=100)
        self.available()
        self.modify(StorageType="gp3", AllocatedStorage=400, Iops=12000, StorageThroughput=700, ApplyImmediately=True)
        self.available()
        self.assertEqual(self.performance(), (400, 12000, 700))

    def test_logs_and_insights_change(self):
        self.make(EnableCloudwatchLogsExports=["postgresql"])
        self.available()
        self.modify(CloudwatchLogsExportConfiguration={"EnableLogTypes": ["upgrade"], "DisableLogTypes": ["postgresql"]})
        shown = self.look()["PendingModifiedValues"]["PendingCloudwatchLogsExports"]
        self.assertEqual(shown, {"LogTypesToEnable": ["upgrade"], "LogTypesToDisable": ["postgresql"]})
        self.assertEqual(self.available()["EnabledCloudwatchLogsExports"], ["upgrade"])
        self.modify(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=31)
        self.assertEqual(self.look()["PerformanceInsightsRetentionPeriod"], 31)

    def test_what_a_change_may_not_say(self):
        self.make()
        self.available()
        for key, value in (("AllocatedStorage", 19), ("EngineVersion", "15.4"), ("EngineVersion", "17")):
            self.assertIn(
                code_of(self.modify, **{key: value}), ("InvalidParameterCombination", "InvalidParameterValue"), value
            )
        self.modify(AllocatedStorage=30, ApplyImmediately=True)
        self.available()
        self.assertEqual(code_of(self.modify, AllocatedStorage=25), "InvalidParameterCombination")
        group = self.group("new", "postgres17")
        self.modify(
            EngineVersion="17", AllowMajorVersionUpgrade=True, DBParameterGroupName=group, ApplyImmediately=True
        )
        self.assertEqual(self.available()["EngineVersion"].split(".")[0], "17")

    def test_a_delete_says_what_becomes_of_the_data(self):
        self.make(DeletionProtection=True)
        self.assertEqual(code_of(self.delete, SkipFinalSnapshot=True), "InvalidParameterCombination")
        self.available()
        self.modify(DeletionProtection=False)
        self.assertEqual(code_of(self.delete), "InvalidParameterCombination")
        both = code_of(self.delete, SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="s")
        self.assertEqual(both, "InvalidParameterCombination")
        self.delete(FinalDBSnapshotIdentifier="last")
        self.assertEqual(self.look()["DBInstanceStatus"], "deleting")
        self.assertEqual(code_of(self.look), "DBInstanceNotFound")
        snapshots = self.rds.describe_db_snapshots()["DBSnapshots"]
        self.assertEqual([one["DBSnapshotIdentifier"] for one in snapshots], ["last"])
        self.make()
        self.assertEqual(
            code_of(self.delete, FinalDBSnapshotIdentifier="next"), "InvalidDBInstanceState", "while it is made"
        )

    def test_replicas(self):
        self.make(BackupRetentionPeriod=0)
        self.available()
        replica = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "main"}
        make = self.rds.create_db_instance_read_replica
        self.assertEqual(code_of(make, **replica), "InvalidDBInstanceState")
        self.modify(BackupRetentionPeriod=1, ApplyImmediately=True)
        self.available()
        make(**replica, Tags=[{"Key": "a", "Value": "b"}])
        found = self.available("copy")
        self.assertEqual(found["ReadReplicaSourceDBInstanceIdentifier"], "main")
        self.assertEqual((found["TagList"], self.look()["TagList"]), ([{"Key": "a", "Value": "b"}], []))
        self.assertNotEqual(found["DbiResourceId"], self.look()["DbiResourceId"])
        final = {"DBInstanceIdentifier": "copy", "FinalDBSnapshotIdentifier": "s"}
        self.assertEqual(code_of(self.rds.delete_db_instance, **final), "InvalidParameterCombination")
        self.rds.delete_db_instance(DBInstanceIdentifier="copy", SkipFinalSnapshot=True)
        self.look("copy")
        self.assertEqual(code_of(self.look, "copy"), "DBInstanceNotFound")
        self.assertEqual(self.look()["ReadReplicaDBInstanceIdentifiers"], [])

    def test_a_replica_begins_with_the_parameters_of_its_source(self):
        source, own = self.group("source"), self.group("own")
        self.make(DBParameterGroupName=source)
        self.available()
        replica = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "main"}
        make = self.rds.create_db_instance_read_replica
        text = "A parameter group can't be specified during Read Replica creation for the following DB engine: postgres"
        refused = self.refusal(make, **replica, DBParameterGroupName=own)
        self.assertEqual(refused, ("InvalidParameterCombination", text, 400))
        make(**replica)
        self.assertEqual(self.parameters(self.available("copy")), source)
        self.rds.modify_db_instance(DBInstanceIdentifier="copy", DBParameterGroupName=own)
        self.assertEqual(self.parameters(self.look("copy")), own)
        self.assertEqual(self.parameters(self.look()), source)

    def parameters(self, instance):
        return instance["DBParameterGroups"][0]["DBParameterGroupName"]

    def test_restores(self):
        self.make(DeletionProtection=True, MultiAZ=True)
        self.available()
        self.rds.create_db_snapshot(DBSnapshotIdentifier="s", DBInstanceIdentifier="main")
        self.rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier="a", DBSnapshotIdentifier="s", DBSubnetGroupName="subnets", MultiAZ=False,
            DeletionProtection=False,
        )
        found = self.available("a")
        self.assertEqual((found["MultiAZ"], found["DeletionProtection"], found["TagList"]), (False, False, []))
        restore = self.rds.restore_db_instance_to_point_in_time
        target = {"SourceDBInstanceIdentifier": "main", "TargetDBInstanceIdentifier": "b"}
        self.assertEqual(code_of(restore, **target), "InvalidParameterCombination")
        restore(**target, UseLatestRestorableTime=True, DBSubnetGroupName="subnets")
        self.assertEqual(self.available("b")["MasterUsername"], "app")

    def test_the_dump_moves_nothing_and_hides_what_is_picked(self):
        self.make()
        before = emulator().control("GET", f"dump?account={self.account}&region={REGION}")
        self.assertEqual(self.look()["DBInstanceStatus"], "creating")
        shown = before["db_instances"]["main"]
        self.assertNotIn("DbiResourceId", shown)
        self.assertEqual(shown["DBSubnetGroup"], "subnets")

    def test_what_databases_use_stays(self):
        self.make()
        zone_a, zone_b = self.subnets
        self.assertEqual(code_of(self.ec2.delete_subnet, SubnetId=zone_a), "DependencyViolation")
        self.ec2.delete_subnet(SubnetId=zone_b)


class UpgradeTest(Place):
    def setUp(self):
        super().setUp()
        self.old, self.new = self.group("old"), self.group("new", "postgres17")
        self.make(DBParameterGroupName=self.old)
        self.before = self.available()["EngineVersion"]

    def play(self, **order):
        return emulator().control("POST", "rds/play", {"account": self.account, **order})

    def upgrade(self, **more):
        more = {"ApplyImmediately": True} | more
        self.modify(EngineVersion="17", AllowMajorVersionUpgrade=True, DBParameterGroupName=self.new, **more)

    def state(self):
        found = self.look()
        group = found["DBParameterGroups"][0]["DBParameterGroupName"]
        return found["DBInstanceStatus"], found["EngineVersion"], group, found.get("PendingModifiedValues", {})

    def events(self, **more):
        asked = {"SourceType": "db-instance", "SourceIdentifier": "main", "Duration": 60} | more
        return self.rds.describe_events(**asked)["Events"]

    def test_a_precheck_fails_once(self):
        self.play(instance="ma.n", outcome="failed_precheck", reason="Drop the slots.")
        self.upgrade()
        states = [self.state() for _ in range(3)]
        self.assertEqual([state[0] for state in states], ["available", "upgrading", "available"])
        self.assertEqual({state[1] for state in states}, {self.before})
        self.assertEqual(states[-1], ("available", self.before, "old", {}))
        told = self.events()[-1]
        text = "Database instance could not be upgraded: the precheck failed. Drop the slots."
        self.assertEqual((told["Message"], told["EventCategories"]), (text, ["maintenance"]))
        self.assertEqual((told["SourceIdentifier"], told["SourceType"]), ("main", "db-instance"))
        self.assertLess(abs(datetime.datetime.now(datetime.timezone.utc) - told["Date"]), datetime.timedelta(minutes=5))
        self.upgrade()
        found = self.available()
        self.assertEqual(found["EngineVersion"].split(".")[0], "17")
        self.assertEqual(self.state()[2], "new")

    def test_replicas_are_upgraded_with_their_source(self):
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="main", DBInstanceClass="db.t4g.micro"
        )
        self.available("copy")
        self.upgrade()
        self.available()
        self.assertEqual(self.look("copy")["DBInstanceStatus"], "upgrading")
        found = self.available("copy")
        self.assertEqual(found["EngineVersion"].split(".")[0], "17")
        self.assertEqual(found["DBParameterGroups"][0]["DBParameterGroupName"], "default.postgres17")
        self.rds.modify_db_instance(DBInstanceIdentifier="copy", DBParameterGroupName=self.new)

    def test_it_fails_when_the_upgrade_begins_and_undoes_that_alone(self):
        self.play()
        self.modify(DBInstanceClass="db.t4g.small", ApplyImmediately=True)
        self.available()
        self.upgrade(ApplyImmediately=False)
        self.assertEqual(self.state()[3].keys(), {"EngineVersion"})
        self.modify(MultiAZ=True, ApplyImmediately=True)
        states = [self.state() for _ in range(3)]
        self.assertEqual([state[0] for state in states], ["available", "upgrading", "available"])
        self.assertEqual(states[-1], ("available", self.before, "old", {}))
        found = self.look()
        self.assertEqual((found["DBInstanceClass"], found["MultiAZ"]), ("db.t4g.small", True))
        self.assertIn("pg_upgrade_precheck.log", self.events()[-1]["Message"])

    def test_the_default_parameters_come_back_too(self):
        self.make(DBInstanceIdentifier="plain")
        self.available("plain")
        self.play(instance="plain")
        self.rds.modify_db_instance(
            DBInstanceIdentifier="plain",
            EngineVersion="17",
            AllowMajorVersionUpgrade=True,
            DBParameterGroupName=self.new,
            ApplyImmediately=True,
        )
        groups = [self.look("plain")["DBParameterGroups"][0]["DBParameterGroupName"] for _ in range(3)]
        self.assertEqual(groups, ["new", "new", "default.postgres16"])

    def test_plays_are_for_their_instance_and_can_be_forgotten(self):
        self.play(instance="other", times=-1)
        self.play()
        emulator().control("DELETE", f"rds/play?account={self.account}")
        self.play(instance="other")
        self.upgrade()
        self.assertEqual(self.available()["EngineVersion"].split(".")[0], "17")
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.play(outcome="explodes")
        self.assertEqual(raised.exception.code, 400)
        raised.exception.close()

    def test_events_are_those_of_the_last_minutes(self):
        now = datetime.datetime(2026, 1, 1, 12)
        old, new = (types.SimpleNamespace(date=now - datetime.timedelta(minutes=ago)) for ago in (61, 59))
        self.assertEqual(rds_events.latest([old, new], 60, now), [new])
        self.assertEqual(rds_events.latest([old, new], 62, now), [old, new])
        self.assertEqual(self.events(SourceIdentifier="nobody"), [])
        self.assertEqual(self.events(), self.events(Duration=1440))
        self.assertNotEqual(self.events(), [])


class GroupTest(Place):
    def test_subnet_groups(self):
        self.assertEqual(code_of(self.subnet_group), "DBSubnetGroupAlreadyExists")
        self.assertEqual(
            code_of(self.subnet_group, "one", self.subnets[:1]), "DBSubnetGroupDoesNotCoverEnoughAZs"
        )
        self.assertEqual(code_of(self.subnet_group, "two", ["subnet-0"]), "InvalidSubnet")
        third = self.subnet("10.0.2.0/24", "c")
        self.make()
        change = self.rds.modify_db_subnet_group
        used = code_of(change, DBSubnetGroupName="subnets", SubnetIds=[self.subnets[1], third])
        self.assertEqual(used, "SubnetAlreadyInUse")
        change(DBSubnetGroupName="subnets", SubnetIds=[*self.subnets, third])
        found = self.rds.describe_db_subnet_groups(DBSubnetGroupName="subnets")["DBSubnetGroups"][0]
        self.assertEqual(len(found["Subnets"]), 3)
        gone = code_of(self.rds.delete_db_subnet_group, DBSubnetGroupName="subnets")
        self.assertEqual(gone, "InvalidDBSubnetGroupStateFault")

    def test_parameter_groups(self):
        self.assertEqual(code_of(self.group, "a", "postgres9.6"), "InvalidParameterValue")
        self.assertEqual(code_of(self.group, "a--b"), "InvalidParameterValue")
        name = self.group()
        self.assertEqual(code_of(self.group), "DBParameterGroupAlreadyExists")
        for wrong, code in (
            (("no_such_thing", "1", "immediate"), "InvalidParameterValue"),
            (("log_statement", "some", "immediate"), "InvalidParameterValue"),
            (("work_mem", "many", "immediate"), "InvalidParameterValue"),
            (("max_connections", "100", "immediate"), "InvalidParameterCombination"),
        ):
            self.assertEqual(code_of(self.write, name, *wrong), code, wrong)
        self.write(name, "work_mem", "4096", "immediate")
        self.write(name, "max_connections", "100", "pending-reboot")
        self.assertEqual(self.own(name), {"work_mem": "4096", "max_connections": "100"})
        engine = self.rds.describe_db_parameters(DBParameterGroupName=name)["Parameters"]
        types = {one["ParameterName"]: one["ApplyType"] for one in engine}
        self.assertEqual((types["max_connections"], types["log_statement"]), ("static", "dynamic"))
        self.rds.reset_db_parameter_group(
            DBParameterGroupName=name, ResetAllParameters=False, Parameters=[{"ParameterName": "work_mem"}]
        )
        self.assertEqual(self.own(name), {"max_connections": "100"})
        self.make(DBParameterGroupName=name)
        gone = code_of(self.rds.delete_db_parameter_group, DBParameterGroupName=name)
        self.assertEqual(gone, "InvalidDBParameterGroupState")
        none = code_of(self.rds.describe_db_parameter_groups, DBParameterGroupName="none")
        self.assertEqual(none, "DBParameterGroupNotFound")

    def write(self, group, name, value, method):
        parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
        self.rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[parameter])

    def own(self, group):
        found = self.rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
        return {one["ParameterName"]: one["ParameterValue"] for one in found}

    def test_tags_of_what_is_not_there(self):
        arn = f"arn:aws:rds:us-west-2:{self.account}:pg:none"
        self.assertEqual(code_of(self.rds.list_tags_for_resource, ResourceName=arn), "DBParameterGroupNotFound")
        group = f"arn:aws:rds:us-west-2:{self.account}:subgrp:subnets"
        wrong = [{"Key": "aws:x", "Value": "1"}]
        self.assertEqual(code_of(self.rds.add_tags_to_resource, ResourceName=group, Tags=wrong), "InvalidParameterValue")

    def test_groups_and_instances_come_in_small_pages(self):
        for at in range(3):
            self.group(f"g{at}")
            self.make(DBInstanceIdentifier=f"i{at}")
        self.settings(page_size=2)
        for method, member in (
            ("describe_db_parameter_groups", "DBParameterGroups"),
            ("describe_db_instances", "DBInstances"),
            ("describe_db_parameters", "Parameters"),
        ):
            more = {"DBParameterGroupName": "g0"} if member == "Parameters" else {}
            pages = [page[member] for page in self.rds.get_paginator(method).paginate(**more)]
            self.assertGreater(len(pages), 1, method)
            self.assertLessEqual(max(map(len, pages)), 2, method)


if __name__ == "__main__":
    unittest.main()
