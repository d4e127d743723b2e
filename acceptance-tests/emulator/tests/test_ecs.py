"""ECS services, their deployments and plays, clusters and task definitions."""

import unittest

from .harness import code_of, emulator, new_account, tags_of

BREAKER = {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "maximumPercent": 200,
    "minimumHealthyPercent": 50,
}


class EcsTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.ecs = emulator().client("ecs", self.account)
        self.ec2 = emulator().client("ec2", self.account)
        self.subnets = [s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"]][:2]
        self.group = self.ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self.ecs.create_cluster(clusterName="main", capacityProviders=["FARGATE", "FARGATE_SPOT"])
        self.definition = self.register()

    def register(self, **container):
        return self.ecs.register_task_definition(
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}], **container}
            ],
        )["taskDefinition"]["taskDefinitionArn"]

    def network(self, **awsvpc):
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.group], **awsvpc}}

    def create(self, **values):
        defaults = {
            "cluster": "main",
            "serviceName": "web",
            "taskDefinition": "web",
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": self.network(),
        }
        wanted = {key: value for key, value in (defaults | values).items() if value is not None}
        return self.ecs.create_service(**wanted)["service"]

    def update(self, **values):
        return self.ecs.update_service(cluster="main", service="web", **values)["service"]

    def describe(self, include=("TAGS",)):
        return self.ecs.describe_services(cluster="main", services=["web"], include=list(include))["services"][0]

    def states(self):
        return [(one["status"], one["rolloutState"]) for one in self.describe()["deployments"]]

    def settle(self):
        while self.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS":
            pass
        return self.describe()

    def play(self, **order):
        return emulator().control("POST", "ecs/play", {"account": self.account, **order})


class SettingsTest(EcsTest):
    def test_every_setting_is_kept(self):
        sent = {
            "launchType": None,
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 1}],
            "deploymentConfiguration": BREAKER,
            "enableExecuteCommand": True,
            "availabilityZoneRebalancing": "DISABLED",
            "enableECSManagedTags": True,
            "propagateTags": "SERVICE",
            "platformVersion": "1.4.0",
            "tags": [{"key": "team", "value": "a"}],
            "serviceConnectConfiguration": {"enabled": True, "namespace": "local"},
        }
        self.create(**sent)
        service = self.describe()
        for key in ("capacityProviderStrategy", "enableExecuteCommand", "availabilityZoneRebalancing", "tags"):
            self.assertEqual(service[key], sent[key])
        for key in ("enableECSManagedTags", "propagateTags", "platformVersion"):
            self.assertEqual(service[key], sent[key])
        self.assertEqual(service["deploymentConfiguration"] | BREAKER, service["deploymentConfiguration"])
        self.assertNotIn("launchType", service)
        self.assertEqual(service["networkConfiguration"], self.network(assignPublicIp="DISABLED"))
        self.assertEqual(service["deployments"][0]["serviceConnectConfiguration"], sent["serviceConnectConfiguration"])

    def test_defaults_are_those_of_aws(self):
        service = self.create(desiredCount=None)
        self.assertEqual(service["desiredCount"], 0)
        self.assertEqual(service["deploymentConfiguration"]["maximumPercent"], 200)
        self.assertEqual(service["availabilityZoneRebalancing"], "ENABLED")
        self.assertEqual(service["propagateTags"], "NONE")

    def test_updates_in_place_keep_the_deployment(self):
        self.create()
        before = self.settle()["deployments"][0]["id"]
        self.update(
            desiredCount=3,
            deploymentConfiguration={"minimumHealthyPercent": 40},
            enableExecuteCommand=True,
            propagateTags="TASK_DEFINITION",
            enableECSManagedTags=True,
            availabilityZoneRebalancing="DISABLED",
        )
        service = self.describe()
        self.assertEqual([one["id"] for one in service["deployments"]], [before])
        self.assertEqual((service["desiredCount"], service["runningCount"], service["pendingCount"]), (3, 2, 1))
        service = self.describe()
        self.assertEqual((service["runningCount"], service["pendingCount"]), (3, 0))
        self.assertEqual(service["deploymentConfiguration"]["minimumHealthyPercent"], 40)
        self.assertEqual(service["deploymentConfiguration"]["maximumPercent"], 200)
        self.assertTrue(service["enableExecuteCommand"] and service["enableECSManagedTags"])
        self.assertEqual(service["propagateTags"], "TASK_DEFINITION")
        self.assertEqual(service["availabilityZoneRebalancing"], "DISABLED")

    def test_what_starts_a_deployment(self):
        self.create()
        ids = {self.settle()["deployments"][0]["id"]}
        changes = (
            {"forceNewDeployment": True},
            {"taskDefinition": self.register(image="nginx:2")},
            {"networkConfiguration": self.network(assignPublicIp="ENABLED")},
            {"platformVersion": "1.4.0"},
        )
        for change in changes:
            self.update(**change)
            ids.add(self.settle()["deployments"][0]["id"])
        self.assertEqual(len(ids), 5)
        self.update(taskDefinition=self.describe()["taskDefinition"])
        self.assertIn(self.describe()["deployments"][0]["id"], ids)

    def test_tags(self):
        arn = self.create(tags=[{"key": "a", "value": "1"}])["serviceArn"]
        self.ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
        self.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(tags_of(self.describe()), {"b": "2"})
        self.assertEqual(self.ecs.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "b", "value": "2"}])
        self.assertNotIn("tags", self.describe(include=[]))

    def test_creation_is_idempotent_for_the_same_settings_only(self):
        first = self.create()
        self.assertEqual(self.create()["deployments"][0]["id"], first["deployments"][0]["id"])
        self.assertEqual(code_of(self.create, desiredCount=5), "InvalidParameterException")

    def test_what_aws_refuses(self):
        strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
        refused = {
            "both": {"capacityProviderStrategy": strategy},
            "unknown provider": {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "other"}]},
            "no network": {"networkConfiguration": None},
            "unknown subnet": {"networkConfiguration": self.network(subnets=["subnet-0123456789abcdef0"])},
            "unknown group": {"networkConfiguration": self.network(securityGroups=["sg-0123456789abcdef0"])},
            "grace period without load balancer": {"healthCheckGracePeriodSeconds": 5},
        }
        for name, values in refused.items():
            with self.subTest(name):
                self.assertEqual(code_of(self.create, **values), "InvalidParameterException")
        self.assertEqual(code_of(self.create, taskDefinition="nothing"), "ClientException")
        names = [f"s{number}" for number in range(11)]
        code = code_of(self.ecs.describe_services, cluster="main", services=names)
        self.assertEqual(code, "InvalidParameterException")

    def test_zones_are_balanced_with_room_for_one_more_task_only(self):
        full = {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}
        on, off = ({"availabilityZoneRebalancing": value} for value in ("ENABLED", "DISABLED"))
        for name, values in {"by default": full, "on request": full | on}.items():
            with self.subTest(name):
                self.assertEqual(code_of(self.create, **values), "InvalidParameterException")
        self.create(**full, **off)
        for name, values in {"now": on, "full still": on | full}.items():
            with self.subTest(name):
                self.assertEqual(code_of(self.update, **values), "InvalidParameterException")
        self.assertEqual(self.describe()["availabilityZoneRebalancing"], "DISABLED")
        self.update(deploymentConfiguration={"maximumPercent": 101}, **on)
        self.assertEqual(code_of(self.update, **full), "InvalidParameterException")
        self.update(deploymentConfiguration={"minimumHealthyPercent": 50})
        service = self.describe()
        self.assertEqual(service["availabilityZoneRebalancing"], "ENABLED")
        self.assertEqual(service["deploymentConfiguration"]["maximumPercent"], 101)

    def test_load_balancers(self):
        elb = emulator().client("elbv2", self.account)
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        group = elb.create_target_group(Name="tg", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
        arn = group["TargetGroups"][0]["TargetGroupArn"]
        balancers = [{"targetGroupArn": arn, "containerName": "web", "containerPort": 80}]
        self.assertEqual(code_of(self.create, loadBalancers=balancers), "InvalidParameterException")
        balancer = elb.create_load_balancer(Name="lb", Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
        wrong = [balancers[0] | {"containerPort": 81}]
        self.assertEqual(code_of(self.create, loadBalancers=wrong), "InvalidParameterException")
        service = self.create(loadBalancers=balancers, healthCheckGracePeriodSeconds=7)
        self.assertEqual((service["loadBalancers"], service["healthCheckGracePeriodSeconds"]), (balancers, 7))


class DeploymentTest(EcsTest):
    def test_a_deployment_is_in_progress_for_one_describe_and_then_completed(self):
        created = self.create()
        self.assertEqual(created["deployments"][0]["rolloutState"], "IN_PROGRESS")
        self.assertEqual(self.describe()["runningCount"], 0)
        service = self.describe()
        deployment = service["deployments"][0]
        self.assertEqual(deployment["rolloutState"], "COMPLETED")
        self.assertEqual((service["runningCount"], deployment["runningCount"], service["pendingCount"]), (2, 2, 0))
        self.assertEqual(deployment["rolloutStateReason"], f"ECS deployment {deployment['id']} completed.")
        self.assertIn("has reached a steady state.", service["events"][0]["message"])

    def test_the_old_deployment_runs_until_the_new_one_is_completed(self):
        self.create()
        old = self.settle()["taskDefinition"]
        new = self.register(image="nginx:2")
        self.update(taskDefinition=new)
        service = self.describe()
        shown = [(one["status"], one["taskDefinition"], one["runningCount"]) for one in service["deployments"]]
        self.assertEqual(shown, [("PRIMARY", new, 0), ("ACTIVE", old, 2)])
        self.assertEqual(self.states(), [("PRIMARY", "COMPLETED")])

    def test_the_number_of_describes_can_be_set(self):
        emulator().control("POST", "settings", {"account": self.account, "ecs_describes": 0})
        self.create()
        self.assertEqual(self.states(), [("PRIMARY", "COMPLETED")])
        self.play(service="web", outcome="completed", after_describes=2)
        self.update(forceNewDeployment=True)
        self.assertEqual([self.states()[0][1] for _ in range(3)], ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED"])

    def test_tasks_of_a_service(self):
        self.create(propagateTags="SERVICE", tags=[{"key": "a", "value": "1"}])
        deployment = self.settle()["deployments"][0]
        arns = self.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
        self.assertEqual(len(arns), 2)
        self.assertEqual(self.ecs.list_tasks(cluster="main", startedBy=deployment["id"])["taskArns"], arns)
        answer = self.ecs.describe_tasks(cluster="main", tasks=[arns[0], "missing"], include=["TAGS"])
        task = answer["tasks"][0]
        self.assertEqual(
            (task["lastStatus"], task["group"], task["tags"]), ("RUNNING", "service:web", [{"key": "a", "value": "1"}])
        )
        self.assertEqual([one["reason"] for one in answer["failures"]], ["MISSING"])
        self.update(desiredCount=0)
        self.describe(), self.describe()
        self.assertEqual(self.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"], [])
        self.assertEqual(
            len(self.ecs.list_tasks(cluster="main", serviceName="web", desiredStatus="STOPPED")["taskArns"]), 2
        )

    def test_a_stopped_task_is_replaced(self):
        self.create(desiredCount=1)
        self.settle()
        first = self.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
        self.ecs.stop_task(cluster="main", task=first[0])
        self.describe()
        self.assertNotEqual(self.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"], first)

    def test_deletion(self):
        self.create()
        self.settle()
        self.assertEqual(code_of(self.ecs.delete_service, cluster="main", service="web"), "InvalidParameterException")
        code = code_of(self.ecs.delete_cluster, cluster="main")
        self.assertEqual(code, "ClusterContainsServicesException")
        self.assertEqual(code_of(self.ec2.delete_subnet, SubnetId=self.subnets[0]), "DependencyViolation")
        self.update(desiredCount=0)
        self.ecs.delete_service(cluster="main", service="web")
        self.assertEqual(self.ecs.list_services(cluster="main")["serviceArns"], [])
        self.assertEqual(code_of(self.create), "InvalidParameterException")
        self.assertEqual([self.describe()["status"] for _ in range(2)], ["DRAINING", "INACTIVE"])
        self.assertEqual(code_of(self.update, desiredCount=1), "ServiceNotActiveException")
        self.ec2.delete_subnet(SubnetId=self.subnets[0])
        self.create(networkConfiguration={"awsvpcConfiguration": {"subnets": self.subnets[1:]}})
        self.assertEqual(self.describe()["status"], "ACTIVE")

    def test_draining_can_last_for_ever(self):
        emulator().control("POST", "settings", {"account": self.account, "ecs_drain_describes": -1})
        self.create()
        self.ecs.delete_service(cluster="main", service="web", force=True)
        self.assertEqual({self.describe()["status"] for _ in range(5)}, {"DRAINING"})


class PlayTest(EcsTest):
    STOPPED = [
        {
            "stopped_reason": "Essential container in task exited",
            "exit_code": 1,
            "container_reason": "OOM",
            "container": "web",
        }
    ]

    def test_rollback(self):
        self.create(deploymentConfiguration=BREAKER)
        former = self.settle()
        self.play(service="w.b", outcome="rollback", after_describes=1, stopped_tasks=self.STOPPED)
        failed = self.update(taskDefinition=self.register(image="broken"))["deployments"][0]
        self.assertEqual(self.states(), [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")])
        service = self.describe()
        by_state = {one["rolloutState"]: one for one in service["deployments"]}
        primary = service["deployments"][0]
        self.assertEqual((primary["status"], primary["rolloutState"]), ("PRIMARY", "IN_PROGRESS"))
        self.assertEqual(by_state["FAILED"]["id"], failed["id"])
        self.assertEqual(
            by_state["FAILED"]["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start."
        )
        self.assertIn(
            "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/", primary["rolloutStateReason"]
        )
        self.assertEqual(service["taskDefinition"], former["taskDefinition"])
        service = self.settle()
        self.assertEqual([one["rolloutState"] for one in service["deployments"]], ["COMPLETED"])
        self.assertNotEqual(service["deployments"][0]["id"], failed["id"])
        self.assertEqual(service["runningCount"], 2)
        arns = self.ecs.list_tasks(cluster="main", serviceName="web", desiredStatus="STOPPED")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
        task = next(one for one in tasks if one["startedBy"] == failed["id"])
        container = task["containers"][0]
        self.assertEqual(task["stoppedReason"], "Essential container in task exited")
        self.assertEqual((container["exitCode"], container["reason"]), (1, "OOM"))

    def test_rollback_of_a_first_deployment_stays_failed(self):
        self.play(outcome="rollback", after_describes=0, stopped_tasks=[{"stopped_reason": "CannotPullContainerError"}])
        self.create()
        service = self.describe()
        self.assertEqual([(o["status"], o["rolloutState"]) for o in service["deployments"]], [("PRIMARY", "FAILED")])
        self.assertEqual((service["runningCount"], service["deployments"][0]["failedTasks"]), (0, 1))

    def test_failed_with_a_reason_of_its_own(self):
        self.create()
        self.settle()
        self.play(outcome="failed", after_describes=0, reason="because")
        self.update(forceNewDeployment=True)
        deployment = self.describe()["deployments"][0]
        self.assertEqual((deployment["rolloutState"], deployment["rolloutStateReason"]), ("FAILED", "because"))

    def test_never(self):
        self.play(outcome="never")
        self.create()
        self.assertEqual({self.states()[0][1] for _ in range(5)}, {"IN_PROGRESS"})

    def test_a_play_is_for_one_deployment_of_the_named_service(self):
        self.play(service="other", outcome="failed")
        self.play(service="web", outcome="failed", after_describes=0)
        self.create()
        self.assertEqual(self.states()[0][1], "FAILED")
        self.update(forceNewDeployment=True)
        self.assertEqual(self.settle()["deployments"][0]["rolloutState"], "COMPLETED")


class ClusterTest(unittest.TestCase):
    INCLUDE = ["TAGS", "SETTINGS", "CONFIGURATIONS"]

    def setUp(self):
        self.ecs = emulator().client("ecs", new_account())

    def describe(self, include=INCLUDE):
        return self.ecs.describe_clusters(clusters=["c"], include=include)["clusters"][0]

    def test_settings_are_kept_and_changed(self):
        log = {
            "executeCommandConfiguration": {
                "logging": "OVERRIDE",
                "logConfiguration": {"cloudWatchLogGroupName": "/exec"},
            }
        }
        strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 2}]
        arn = self.ecs.create_cluster(
            clusterName="c",
            tags=[{"key": "a", "value": "1"}],
            settings=[{"name": "containerInsights", "value": "enhanced"}],
            configuration=log,
            capacityProviders=["FARGATE", "FARGATE_SPOT"],
            defaultCapacityProviderStrategy=strategy,
        )["cluster"]["clusterArn"]
        cluster = self.describe()
        self.assertEqual((cluster["configuration"], cluster["defaultCapacityProviderStrategy"]), (log, strategy))
        self.assertEqual(cluster["settings"], [{"name": "containerInsights", "value": "enhanced"}])
        self.assertEqual(tags_of(cluster), {"a": "1"})
        self.assertFalse({"settings", "configuration", "tags"} & {k for k, v in self.describe([]).items() if v})
        self.ecs.update_cluster_settings(cluster="c", settings=[{"name": "containerInsights", "value": "disabled"}])
        self.assertEqual(self.describe()["settings"][0]["value"], "disabled")
        self.ecs.update_cluster(cluster="c", configuration={"executeCommandConfiguration": {"logging": "NONE"}})
        self.assertEqual(self.describe()["configuration"], {"executeCommandConfiguration": {"logging": "NONE"}})
        self.ecs.put_cluster_capacity_providers(
            cluster="c", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
        )
        self.assertEqual(self.describe()["capacityProviders"], ["FARGATE_SPOT"])
        self.ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
        self.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(tags_of(self.describe()), {"b": "2"})

    def test_a_second_creation_gives_the_existing_cluster(self):
        self.ecs.create_cluster(clusterName="c", tags=[{"key": "a", "value": "1"}])
        self.ecs.create_cluster(clusterName="c")
        self.assertEqual(tags_of(self.describe()), {"a": "1"})

    def test_unknown_providers_are_refused(self):
        code = code_of(self.ecs.create_cluster, clusterName="c", capacityProviders=["mine"])
        self.assertEqual(code, "InvalidParameterException")

    def test_a_deleted_cluster_is_inactive_and_not_listed(self):
        self.ecs.create_cluster(clusterName="c")
        self.ecs.delete_cluster(cluster="c")
        self.assertEqual(self.describe()["status"], "INACTIVE")
        self.assertEqual(self.ecs.list_clusters()["clusterArns"], [])
        self.assertEqual(code_of(self.ecs.list_services, cluster="c"), "ClusterNotFoundException")


class TaskDefinitionTest(unittest.TestCase):
    def setUp(self):
        self.ecs = emulator().client("ecs", new_account())

    def register(self, **values):
        container = {"name": "a", "image": "i", "memory": 64, "portMappings": [{"containerPort": 80}]}
        return self.ecs.register_task_definition(family="f", containerDefinitions=[container], **values)

    def test_defaults_and_tags(self):
        answer = self.register(networkMode="awsvpc", tags=[{"key": "a", "value": "1"}], enableFaultInjection=True)
        mapping = answer["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]
        self.assertEqual(mapping, {"containerPort": 80, "hostPort": 80, "protocol": "tcp"})
        described = self.ecs.describe_task_definition(taskDefinition="f", include=["TAGS"])
        self.assertEqual((described["tags"], answer["tags"]), ([{"key": "a", "value": "1"}],) * 2)
        self.assertTrue(described["taskDefinition"]["enableFaultInjection"])
        self.assertIn("registeredAt", described["taskDefinition"])

    def test_a_family_means_its_latest_active_revision(self):
        self.register(), self.register()
        self.ecs.deregister_task_definition(taskDefinition="f:2")
        self.assertEqual(self.ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]["revision"], 1)
        self.assertEqual(
            self.ecs.describe_task_definition(taskDefinition="f:2")["taskDefinition"]["status"], "INACTIVE"
        )
        self.assertEqual(code_of(self.ecs.describe_task_definition, taskDefinition="none"), "ClientException")

    def test_a_deleted_revision_is_not_used_again(self):
        self.register()
        failures = self.ecs.delete_task_definitions(taskDefinitions=["f:1"])["failures"]
        self.assertEqual(len(failures), 1)
        self.ecs.deregister_task_definition(taskDefinition="f:1")
        self.assertEqual(self.ecs.delete_task_definitions(taskDefinitions=["f:1"])["failures"], [])
        self.assertEqual(self.register()["taskDefinition"]["revision"], 2)
