"""Target groups, listener rules, targets of ECS services, and autoscaling."""

import unittest

from .harness import code_of, emulator, new_account

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def tracking(value):
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    return {"TargetValue": value, "PredefinedMetricSpecification": metric}


class TargetsTest(unittest.TestCase):
    def setUp(self):
        self.account = new_account()
        self.elb = emulator().client("elbv2", self.account)
        self.ecs = emulator().client("ecs", self.account)
        ec2 = emulator().client("ec2", self.account)
        subnets = ec2.describe_subnets()["Subnets"]
        self.vpc = subnets[0]["VpcId"]
        self.subnets = [subnet["SubnetId"] for subnet in subnets][:2]
        self.group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]

    def balancer(self, name="main"):
        made = self.elb.create_load_balancer(Name=name, Subnets=self.subnets, SecurityGroups=[self.group])
        default = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[default])
        return listener["Listeners"][0]["ListenerArn"]

    def target_group(self, name="web"):
        made = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip")
        return made["TargetGroups"][0]["TargetGroupArn"]

    def rule(self, listener, *groups, priority=1, weights=None):
        forward = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, weights or (1, 1))]
        return self.elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": forward}}],
        )["Rules"][0]["RuleArn"]

    def test_a_sticky_group_among_several_wants_a_sticky_rule(self):
        listener, groups = self.balancer(), [self.target_group("a"), self.target_group("b")]
        sticky = [{"Key": "stickiness.enabled", "Value": "true"}, {"Key": "stickiness.type", "Value": "lb_cookie"}]
        self.elb.modify_target_group_attributes(TargetGroupArn=groups[1], Attributes=sticky)
        self.assertEqual(code_of(self.rule, listener, *groups), "InvalidLoadBalancerAction")
        rule = self.rule(listener, groups[0])
        forward = {
            "TargetGroups": [{"TargetGroupArn": group} for group in groups],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600},
        }
        self.elb.modify_rule(RuleArn=rule, Actions=[{"Type": "forward", "ForwardConfig": forward}])

    def service(self, group):
        self.ecs.create_cluster(clusterName="main", capacityProviders=["FARGATE"])
        container = {"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}]}
        self.ecs.register_task_definition(
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )
        network = {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.group]}}
        targets = [{"targetGroupArn": group, "containerName": "web", "containerPort": 80}]
        self.ecs.create_service(
            cluster="main",
            serviceName="web",
            taskDefinition="web",
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration=network,
            loadBalancers=targets if group else [],
        )
        for _ in range(3):
            self.ecs.describe_services(cluster="main", services=["web"])

    def states(self, group):
        health = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [one["TargetHealth"]["State"] for one in health]

    def test_running_tasks_are_targets_that_become_healthy(self):
        group = self.target_group()
        self.rule(self.balancer(), group)
        self.service(group)
        self.assertEqual(self.states(group), ["initial", "initial"])
        self.assertEqual(self.states(group), ["healthy", "healthy"])

    def health(self, group, **more):
        found = self.elb.describe_target_health(TargetGroupArn=group, **more)["TargetHealthDescriptions"]
        return [one["TargetHealth"] for one in found]

    def test_targets_of_a_group_without_traffic_are_unused(self):
        text = "Target group is not configured to receive traffic from the load balancer"
        unused = {"State": "unused", "Reason": "Target.NotInUse", "Description": text}
        old, new = self.target_group("old"), self.target_group("new")
        listener = self.balancer()
        rule = self.rule(listener, old)
        self.service(old)
        self.elb.register_targets(TargetGroupArn=old, Targets=[{"Id": "172.31.0.9"}])
        self.assertEqual(self.states(old), ["healthy", "initial", "initial"])
        to_new = [{"Type": "forward", "TargetGroupArn": new}]
        self.elb.modify_rule(RuleArn=rule, Actions=to_new)
        self.assertEqual(self.health(old), [unused] * 3)
        self.assertEqual(self.health(old, Targets=[{"Id": "172.31.0.9"}]), [unused])
        stranger = self.health(old, Targets=[{"Id": "172.31.0.8"}])
        self.assertEqual(stranger[0]["Reason"], "Target.NotRegistered")
        weights = [{"TargetGroupArn": new, "Weight": 1}, {"TargetGroupArn": old, "Weight": 0}]
        both = [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]
        self.elb.modify_rule(RuleArn=rule, Actions=both)
        self.assertEqual(self.states(old), ["healthy"] * 3)
        self.elb.delete_rule(RuleArn=rule)
        self.assertEqual(self.health(old), [unused] * 3)
        to_old = [{"Type": "forward", "TargetGroupArn": old}]
        self.elb.modify_listener(ListenerArn=listener, DefaultActions=to_old)
        self.assertEqual(self.states(old), ["healthy"] * 3)

    def test_a_target_group_belongs_to_the_load_balancer_of_its_rules(self):
        group, listener = self.target_group(), self.balancer()
        self.assertEqual(code_of(self.service, group), "InvalidParameterException")
        rule = self.rule(listener, group, self.target_group("other"), weights=(1, 0))
        self.assertEqual(code_of(self.rule, self.balancer("second"), group), "TargetGroupAssociationLimit")
        self.assertEqual(code_of(self.elb.delete_target_group, TargetGroupArn=group), "ResourceInUse")
        self.elb.delete_rule(RuleArn=rule)
        self.assertEqual(code_of(self.elb.delete_rule, RuleArn=rule), "RuleNotFound")
        self.elb.delete_target_group(TargetGroupArn=group)

    def test_rules_change_places_in_one_call(self):
        group, listener = self.target_group(), self.balancer()
        one, two = self.rule(listener, group, priority=1), self.rule(listener, group, priority=2)
        alone = [{"RuleArn": one, "Priority": 2}]
        self.assertEqual(code_of(self.elb.set_rule_priorities, RulePriorities=alone), "PriorityInUse")
        self.elb.set_rule_priorities(RulePriorities=[*alone, {"RuleArn": two, "Priority": 1}])
        found = self.elb.describe_rules(RuleArns=[one])["Rules"][0]
        self.assertEqual(found["Priority"], "2")

    def test_policies_go_with_their_target(self):
        scaling = emulator().client("application-autoscaling", self.account)
        self.service(None)
        policy = TARGET | {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
        policy["TargetTrackingScalingPolicyConfiguration"] = tracking(60.0)
        self.assertEqual(code_of(scaling.put_scaling_policy, **policy), "ObjectNotFoundException")
        refused = code_of(scaling.register_scalable_target, **TARGET, MinCapacity=3, MaxCapacity=2)
        self.assertEqual(refused, "ValidationException")
        scaling.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=5)
        first = scaling.put_scaling_policy(**policy)["PolicyARN"]
        self.assertEqual(scaling.put_scaling_policy(**policy)["PolicyARN"], first)
        service = self.ecs.describe_services(cluster="main", services=["web"])["services"][0]
        self.assertEqual(service["desiredCount"], 3)
        scaling.deregister_scalable_target(**TARGET)
        self.assertEqual(scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"], [])
        self.assertEqual(code_of(scaling.deregister_scalable_target, **TARGET), "ObjectNotFoundException")
        alarms = emulator().client("cloudwatch", self.account).describe_alarms()["MetricAlarms"]
        self.assertEqual(alarms, [])
