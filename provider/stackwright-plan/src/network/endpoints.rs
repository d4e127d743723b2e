//! What a network without NAT gateways needs instead: interface endpoints to the AWS services that
//! ECS and Fargate call to start a task, and that tasks call for logs, secrets and `exec`.

use super::{Inputs, VPC, output};
use crate::component::{Direction, InterfaceEndpoint, SecurityGroup, SecurityGroupRule};
use crate::{Graph, name};

/// The services, as endpoint names have them. Images themselves come through the S3 endpoint.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html>
pub(super) const SERVICES: [&str; 6] = [
    "ecr.api",
    "ecr.dkr",
    "logs",
    "secretsmanager",
    "ssm",
    "ssmmessages",
];

const GROUP: &str = "security_group.endpoints";
const RULE: &str = "rule.endpoints";

/// Key of an endpoint.
pub(super) fn key(service: &str) -> String {
    format!("endpoint.{service}")
}

/// The endpoints with their security group.
pub(super) fn add(inputs: &Inputs<'_>, graph: &mut Graph) {
    security_group(inputs, graph);
    for service in SERVICES {
        endpoint(inputs, service, graph);
    }
}

fn security_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let scope = inputs.scope;
    let parts = [
        scope.project.as_str(),
        &scope.environment,
        &inputs.name,
        "endpoints",
    ];
    let group = SecurityGroup {
        group_name: name::security_group(&parts, &[]),
        description: format!("AWS services inside network {}", inputs.name),
        vpc_id: output(VPC),
        default_egress: false,
        tags: inputs.tags(GROUP),
    };
    graph.add(GROUP, &group);
    let rule = SecurityGroupRule {
        group_id: output(GROUP),
        direction: Direction::Ingress,
        ip_protocol: "tcp".to_owned(),
        from_port: 443,
        to_port: 443,
        cidr_ipv4: Some(inputs.cidr.to_string()),
        cidr_ipv6: None,
        referenced_group_id: None,
        description: "Everything in the network".to_owned(),
        tags: inputs.tags(RULE),
    };
    graph.add(RULE, &rule);
}

/// Nothing may connect before the rule stands, so an endpoint waits for it.
fn endpoint(inputs: &Inputs<'_>, service: &str, graph: &mut Graph) {
    let key = key(service);
    let private = |zone: &String| output(format!("subnet.private.{zone}"));
    let endpoint = InterfaceEndpoint {
        vpc_id: output(VPC),
        service_name: format!("com.amazonaws.{}.{service}", inputs.scope.region),
        subnet_ids: inputs.zones.iter().map(private).collect(),
        security_group_ids: vec![output(GROUP)],
        private_dns_enabled: true,
        tags: inputs.tags(&key),
    };
    graph.add(key, &endpoint).after(RULE);
}
