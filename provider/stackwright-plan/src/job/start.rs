//! What starts the tasks of a job: schedule, role, and a queue for what could not be started.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin_types::Cfg;

use super::{GROUP, Inputs, QUEUE, ROLE, SCHEDULE, TASK, TASK_ROLE, queue_name, schedule_name};
use crate::component::{Queue, Role, Schedule, ScheduleGroup};
use crate::resource::known_list;
use crate::{Graph, In, Key, Scope, name, policy_document};

/// How long a run that could not be started stays in the queue: as long as SQS can.
const DEAD_LETTERS: i32 = 14 * 24 * 3600;

pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    queue(inputs, graph);
    role(inputs, graph);
    group(inputs, graph);
    schedule(inputs, graph)?;
    // The schedule says which revision runs: one that was deployed from outside is followed.
    if let Some(task) = graph.nodes.get_mut(&Key::from(TASK)) {
        task.identified_by(SCHEDULE, "task_definition");
    }
    Some(())
}

fn queue_arn(inputs: &Inputs<'_>) -> String {
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    scope.arn("sqs", &queue_name(scope, app, process))
}

fn queue(inputs: &Inputs<'_>, graph: &mut Graph) {
    let queue_name = queue_name(inputs.scope, inputs.app, inputs.process);
    let arn = queue_arn(inputs);
    let queue = Queue {
        message_retention_period: DEAD_LETTERS,
        sqs_managed_sse_enabled: true,
        policy: In::Known(policy_document::normalise(&only_encrypted(&arn))),
        tags: inputs.tags(QUEUE, &queue_name),
        queue_name: queue_name.clone(),
    };
    graph
        .add(QUEUE, &queue)
        .predict("name", queue_name)
        .predict("arn", arn);
}

/// Who may send is said by the role's policy; nobody may without TLS.
fn only_encrypted(arn: &str) -> Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "OnlyEncrypted",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }],
    })
}

fn role(inputs: &Inputs<'_>, graph: &mut Graph) {
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    let Scope {
        project,
        environment,
        iam_path,
        ..
    } = scope;
    let role_name = name::role(scope, &[project, environment, app, process, "scheduler"]);
    let policies = policy(inputs, graph).map_or(In::Unknown, |policy| {
        let policy = policy_document::normalise(&policy);
        In::Known(BTreeMap::from([("start".to_owned(), policy)]))
    });
    let role = Role {
        path: iam_path.clone(),
        description: format!("Starts the runs of {process} of {app} in {environment}"),
        assume_role_policy: In::Known(policy_document::normalise(&trust(inputs))),
        max_session_duration: 3600,
        permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
        inline_policies: policies,
        managed_policy_arns: In::Known(Vec::new()),
        tags: inputs.tags(ROLE, &role_name),
        role_name: role_name.clone(),
    };
    let arn = scope.global_arn("iam", &format!("role{iam_path}{role_name}"));
    graph
        .add(ROLE, &role)
        .predict("arn", arn)
        .predict("name", role_name);
}

/// Scheduler, for the schedules of this job's group alone.
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html>
fn trust(inputs: &Inputs<'_>) -> Json {
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    let group = schedule_name(scope, app, process);
    let group = scope.arn("scheduler", &format!("schedule-group/{group}"));
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": "scheduler.amazonaws.com" },
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": scope.account_id,
                    "aws:SourceArn": group,
                },
            },
        }],
    })
}

/// Start exactly this family on exactly this cluster, give it exactly its roles, and put what could
/// not be started into exactly this queue. `None` while the cluster or a role is not known.
fn policy(inputs: &Inputs<'_>, graph: &Graph) -> Option<Json> {
    let scope = inputs.scope;
    let cluster = inputs.cluster.arn.known()?;
    let predicted = |key: &str, output: &str| {
        let node = graph.nodes.get(&Key::from(key))?;
        node.predicted.get(output).cloned()
    };
    let execution_role = predicted("role.execution", "arn")
        .or_else(|| inputs.app_ref.execution_role_arn.known().cloned())?;
    let family = predicted(TASK, "family")?;
    let tasks = format!("task/{}/*", cluster.rsplit('/').next().unwrap_or_default());
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ecs:RunTask",
                "Resource": scope.arn("ecs", &format!("task-definition/{family}:*")),
                "Condition": { "ArnEquals": { "ecs:cluster": cluster } },
            },
            {
                "Effect": "Allow",
                "Action": "ecs:TagResource",
                "Resource": scope.arn("ecs", &tasks),
                "Condition": { "StringEquals": { "ecs:CreateAction": "RunTask" } },
            },
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": [execution_role, predicted(TASK_ROLE, "arn")?],
                "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
            },
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": queue_arn(inputs),
            },
        ],
    }))
}

fn group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let name = schedule_name(inputs.scope, inputs.app, inputs.process);
    let arn = inputs
        .scope
        .arn("scheduler", &format!("schedule-group/{name}"));
    let group = ScheduleGroup {
        tags: inputs.tags(GROUP, &name),
        name: name.clone(),
    };
    graph
        .add(GROUP, &group)
        .predict("name", name)
        .predict("arn", arn);
}

fn whole(value: &Cfg<i64>) -> Option<i32> {
    Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX))
}

fn schedule(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let Inputs {
        scope,
        app,
        process,
        view,
        app_ref,
        ..
    } = inputs;
    let name = schedule_name(scope, app, process);
    let state = if *view.enabled.known()? {
        "ENABLED"
    } else {
        "DISABLED"
    };
    let security_group = app_ref.security_group_id.known();
    let schedule = Schedule {
        group_name: In::From(GROUP.into(), "name"),
        name: name.clone(),
        description: format!("Runs {process} of {app} in {}", scope.environment),
        schedule_expression: view.schedule.known()?.clone(),
        schedule_expression_timezone: view.time_zone.known()?.clone(),
        state: state.to_owned(),
        flexible_window_minutes: whole(&view.flexible_window)?,
        cluster: In::cfg(&inputs.cluster.arn),
        role_arn: In::From(ROLE.into(), "arn"),
        task_definition: In::From(TASK.into(), "arn"),
        task_count: 1,
        subnets: known_list(&app_ref.subnet_ids).map_or(In::Unknown, In::Known),
        security_groups: security_group.map_or(In::Unknown, |it| In::Known(vec![it.clone()])),
        assign_public_ip: false,
        enable_ecs_managed_tags: true,
        propagate_tags: "TASK_DEFINITION".to_owned(),
        input: String::new(),
        maximum_retry_attempts: whole(&view.retries)?,
        maximum_event_age_in_seconds: whole(&view.maximum_age)?,
        dead_letter_arn: In::From(QUEUE.into(), "arn"),
    };
    let arn = scope.arn("scheduler", &format!("schedule/{name}/{name}"));
    graph
        .add(SCHEDULE, &schedule)
        .main()
        .predict("id", format!("{name}/{name}"))
        .predict("name", name)
        .predict("arn", arn);
    Some(())
}
