//! The flow log of a network: who connected to whom, kept in a log group.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Inputs, VPC, output};
use crate::component::{FlowLog, LogGroup, Role};
use crate::{Graph, In, Scope, aws_rules, name, policy_document};

/// Key of the log group.
pub(super) const GROUP: &str = "log_group.flow_log";
const ROLE: &str = "role.flow_log";
const LOG: &str = "flow_log";
/// Seconds that AWS sums up in one line: the longer of its two spans, which writes less.
const INTERVAL: i32 = 600;

/// Days to keep the flow log, or 0 for none.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "attributes are checked by reference"
)]
pub(super) fn check_days(days: &i64) -> Result<(), String> {
    if *days == 0 {
        return Ok(());
    }
    aws_rules::retention_days(days)
}

/// Name of the log group. No app has a name with a `/`, so it is not the log group of one.
pub(super) fn group_name(scope: &Scope, network: &str) -> String {
    let Scope {
        project,
        environment,
        ..
    } = scope;
    format!("/{project}/{environment}/network/{network}")
}

/// The flow log with its log group and role.
pub(super) fn add(inputs: &Inputs<'_>, days: i64, graph: &mut Graph) {
    log_group(inputs, days, graph);
    role(inputs, graph);
    let log = FlowLog {
        resource_id: output(VPC),
        traffic_type: "ALL".to_owned(),
        log_group_name: In::From(GROUP.into(), "name"),
        deliver_logs_permission_arn: In::From(ROLE.into(), "arn"),
        max_aggregation_interval: INTERVAL,
        tags: inputs.tags(LOG),
    };
    graph.add(LOG, &log);
}

fn log_group(inputs: &Inputs<'_>, days: i64, graph: &mut Graph) {
    let name = group_name(inputs.scope, &inputs.name);
    let group = LogGroup {
        log_group_name: name.clone(),
        retention_in_days: i32::try_from(days).unwrap_or(i32::MAX),
        tags: inputs.tags(GROUP),
    };
    graph.add(GROUP, &group).predict("name", name);
}

fn role(inputs: &Inputs<'_>, graph: &mut Graph) {
    let scope = inputs.scope;
    let parts = [
        scope.project.as_str(),
        &scope.environment,
        "network",
        &inputs.name,
        "flow-log",
    ];
    let role_name = name::role(scope, &parts);
    let arn = scope.global_arn("iam", &format!("role{}{role_name}", scope.iam_path));
    let role = Role {
        path: scope.iam_path.clone(),
        description: format!("Writes the flow log of network {}", inputs.name),
        assume_role_policy: In::Known(policy_document::normalise(&trust(scope))),
        max_session_duration: 3600,
        permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
        inline_policies: In::Known(policies(inputs)),
        managed_policy_arns: In::Known(Vec::new()),
        tags: inputs.tags(ROLE),
        role_name: role_name.clone(),
    };
    graph
        .add(ROLE, &role)
        .predict("arn", arn)
        .predict("name", role_name);
}

/// Lets flow logs of this account and region assume the role, and nobody else's.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html>
fn trust(scope: &Scope) -> Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": "vpc-flow-logs.amazonaws.com" },
            "Condition": {
                "StringEquals": { "aws:SourceAccount": scope.account_id },
                "ArnLike": { "aws:SourceArn": scope.arn("ec2", "vpc-flow-log/*") },
            },
        }],
    })
}

/// Writes to its own log group. It cannot make one: a deleted log group would come back by itself.
fn policies(inputs: &Inputs<'_>) -> BTreeMap<String, Json> {
    let name = group_name(inputs.scope, &inputs.name);
    let logs = inputs.scope.arn("logs", &format!("log-group:{name}:*"));
    let write = [
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ];
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": write, "Resource": logs },
            { "Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*" },
        ],
    });
    BTreeMap::from([(
        "write-flow-log".to_owned(),
        policy_document::normalise(&document),
    )])
}
