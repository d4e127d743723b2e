//! What runs: roles, containers, the task definition.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin_types::{Cfg, Dynamic, Value};

use super::inputs::{
    EXECUTION_ROLE, Inputs, ROLE, SERVICE, TASK, ecs_name, execution_role_name, known_objects,
    task_role_name,
};
use super::schema::{ContainerCheckConfig, SidecarConfig, VolumeConfig};
use crate::app::{EXEC_POLICY, VOLUME_POLICY, execution_policies, log_group_name, trust_ecs_tasks};
use crate::component::{
    AwsLogs, Container, ContainerHealthCheck, EfsVolume, Mount, Role, TaskDefinition,
};
use crate::resource::{known_list, known_map};
use crate::{Graph, In, Scope, policy_document};

pub(super) const SHELL: [&str; 2] = ["/bin/sh", "-c"];

pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    task_role(inputs, graph)?;
    execution_role(inputs, graph)?;
    task_definition(inputs, graph)
}

fn task_role(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    let role_name = task_role_name(scope, app, process);
    let description = format!("What {process} of {app} may do in {}", scope.environment);
    let policies = match known_map(&inputs.app_ref.policies) {
        None => In::Unknown,
        Some(policies) => In::Known(task_policies(inputs, policies)?),
    };
    role(inputs, graph, ROLE, role_name, description, policies);
    Some(())
}

fn task_policies(
    inputs: &Inputs<'_>,
    policies: BTreeMap<String, String>,
) -> Option<BTreeMap<String, Json>> {
    let parse = |(name, text): (String, String)| {
        (name, policy_document::parse(&text).unwrap_or(Json::Null))
    };
    let mut documents: BTreeMap<String, Json> = policies.into_iter().map(parse).collect();
    let mut ours = Vec::new();
    if inputs.view.exec.known() == Some(&true) {
        ours.push((EXEC_POLICY, exec_policy(inputs)));
    }
    let volumes = known_objects(&inputs.view.volumes)?;
    if !volumes.is_empty() {
        ours.push((VOLUME_POLICY, volume_policy(inputs.scope, &volumes)?));
    }
    for (name, document) in ours {
        documents.insert(name.to_owned(), policy_document::normalise(&document));
    }
    Some(documents)
}

/// A role for ECS tasks; also [`execution_role`].
fn role(
    inputs: &Inputs<'_>,
    graph: &mut Graph,
    key: &str,
    role_name: String,
    description: String,
    inline_policies: In<BTreeMap<String, Json>>,
) {
    let scope = inputs.scope;
    let role = Role {
        path: scope.iam_path.clone(),
        description,
        assume_role_policy: In::Known(policy_document::normalise(&trust_ecs_tasks(scope))),
        max_session_duration: 3600,
        permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
        inline_policies,
        managed_policy_arns: In::Known(Vec::new()),
        tags: inputs.tags(key, &role_name),
        role_name: role_name.clone(),
    };
    let arn = scope.global_arn("iam", &format!("role{}{role_name}", scope.iam_path));
    graph
        .add(key, &role)
        .predict("arn", arn)
        .predict("name", role_name);
}

/// What ECS Exec needs, and what it needs to write down what was done, into the log of the app.
/// Sources: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-logging.html>
fn exec_policy(inputs: &Inputs<'_>) -> Json {
    let actions = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    let group = log_group_name(inputs.scope, inputs.app);
    let log = inputs.scope.arn("logs", &format!("log-group:{group}:*"));
    let writing = [
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ];
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": actions, "Resource": "*" },
        { "Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*" },
        { "Effect": "Allow", "Action": writing, "Resource": log },
    ] })
}

/// Mounting, on exactly these file systems, through exactly these access points. A file system that
/// is mounted whole somewhere is not bound to an access point.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html>
fn volume_policy(scope: &Scope, volumes: &BTreeMap<&str, &VolumeConfig>) -> Option<Json> {
    let mut wanted: BTreeSet<(String, Option<String>, bool)> = BTreeSet::new();
    for volume in volumes.values() {
        let access_point = match &volume.access_point_id {
            Cfg::Null => None,
            Cfg::Known(id) => Some(id.clone()),
            Cfg::Unknown(_) => return None,
        };
        let file_system = volume.file_system_id.known()?.clone();
        wanted.insert((file_system, access_point, !*volume.read_only.known()?));
    }
    let efs = |resource: String| scope.arn("elasticfilesystem", &resource);
    let statement = |(file_system, access_point, writes): &(String, Option<String>, bool)| {
        let mut actions = vec!["elasticfilesystem:ClientMount"];
        actions.extend(writes.then_some("elasticfilesystem:ClientWrite"));
        let mut statement = json!({
            "Effect": "Allow",
            "Action": actions,
            "Resource": efs(format!("file-system/{file_system}")),
        });
        if let Some(id) = access_point {
            let arn = efs(format!("access-point/{id}"));
            statement["Condition"] =
                json!({ "StringEquals": { "elasticfilesystem:AccessPointArn": arn } });
        }
        statement
    };
    let statements: Vec<Json> = wanted.iter().map(statement).collect();
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// Whether the process or a sidecar has secrets of its own, which the app's role may not read.
pub(super) fn has_own_secrets(inputs: &Inputs<'_>) -> Option<bool> {
    let some = |secrets: &Cfg<BTreeMap<String, Cfg<String>>>| match secrets {
        Cfg::Null => Some(false),
        Cfg::Known(secrets) => Some(!secrets.is_empty()),
        Cfg::Unknown(_) => None,
    };
    let mut found = some(&inputs.view.secrets)?;
    for sidecar in known_objects(&inputs.view.sidecars)?.values() {
        found |= some(&sidecar.secrets)?;
    }
    Some(found)
}

/// The app's role reads the app's secrets only, so a process with secrets of its own has a role of
/// its own that reads both.
fn execution_role(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    if !has_own_secrets(inputs)? {
        return Some(());
    }
    let Inputs {
        scope,
        app,
        process,
        ..
    } = inputs;
    let role_name = execution_role_name(scope, app, process);
    let description = format!(
        "Starts the tasks of {process} of {app} in {}",
        scope.environment
    );
    let policies = all_secrets(inputs).map_or(In::Unknown, |secrets| {
        In::Known(execution_policies(scope, app, &secrets))
    });
    role(
        inputs,
        graph,
        EXECUTION_ROLE,
        role_name,
        description,
        policies,
    );
    Some(())
}

/// The ARNs of all secrets of the task, by names that do not meet.
pub(super) fn all_secrets(inputs: &Inputs<'_>) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let mut take = |owner: &str, secrets: &Cfg<BTreeMap<String, Cfg<String>>>| {
        let named = |(name, arn): (String, String)| (format!("{owner}/{name}"), arn);
        all.extend(known_map(secrets)?.into_iter().map(named));
        Some(())
    };
    take("app", &inputs.app_ref.secrets)?;
    take("process", &inputs.view.secrets)?;
    for (name, sidecar) in known_objects(&inputs.view.sidecars)? {
        take(&format!("sidecar/{name}"), &sidecar.secrets)?;
    }
    Some(all)
}

fn task_definition(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let Inputs {
        scope,
        app,
        process,
        view,
        app_ref,
        ..
    } = inputs;
    let family = ecs_name(scope, app, process);
    let execution_role_arn = if has_own_secrets(inputs)? {
        In::From(EXECUTION_ROLE.into(), "arn")
    } else {
        In::cfg(&app_ref.execution_role_arn)
    };
    let task = TaskDefinition {
        cpu: whole(&view.cpu)?,
        memory: whole(&view.memory)?,
        cpu_architecture: view.architecture.known()?.clone(),
        execution_role_arn,
        task_role_arn: In::From(ROLE.into(), "arn"),
        containers: containers(inputs)?,
        volumes: volumes(inputs)?,
        tags: inputs.tags(TASK, &family),
        family: family.clone(),
    };
    // The service says which revision runs: one that was deployed from outside is followed.
    graph
        .add(TASK, &task)
        .identified_by(SERVICE, "task_definition")
        .predict("family", family);
    Some(())
}

pub(super) fn whole(value: &Cfg<i64>) -> Option<i32> {
    Some(i32::try_from(*value.known()?).unwrap_or(i32::MAX))
}

/// `Some(None)`: left out.
#[expect(clippy::option_option, reason = "known at all, and given")]
fn maybe(value: &Cfg<i64>) -> Option<Option<i32>> {
    match value {
        Cfg::Null => Some(None),
        Cfg::Known(_) => whole(value).map(Some),
        Cfg::Unknown(_) => None,
    }
}

/// By name, as they are read back.
fn containers(inputs: &Inputs<'_>) -> Option<Vec<Container>> {
    let mut all = vec![main_container(inputs)?];
    for (name, sidecar) in known_objects(&inputs.view.sidecars)? {
        all.push(sidecar_container(inputs, name, sidecar)?);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Some(all)
}

fn log(inputs: &Inputs<'_>, stream_prefix: String) -> Option<AwsLogs> {
    Some(AwsLogs {
        group: inputs.app_ref.log_group.known()?.clone(),
        region: inputs.scope.region.clone(),
        stream_prefix,
    })
}

fn main_container(inputs: &Inputs<'_>) -> Option<Container> {
    let view = inputs.view;
    Some(Container {
        name: inputs.process.to_owned(),
        image: In::cfg(&view.image),
        essential: true,
        command: command(&view.command),
        entry_point: known_list(&view.entrypoint).map_or(In::Unknown, In::Known),
        environment: environment(inputs).map_or(In::Unknown, In::Known),
        secrets: secrets(inputs).map_or(In::Unknown, In::Known),
        stop_timeout: whole(&view.stop_timeout)?,
        log: log(inputs, inputs.process.to_owned())?,
        init_process: true,
        ports: inputs.port.into_iter().collect(),
        cpu: 0,
        memory: None,
        health_check: health_check(&view.container_health_check)?,
        depends_on: known_map(&view.start_after)?,
        mounts: mounts(inputs)?,
    })
}

/// The app's, then the process's own, which win.
fn secrets(inputs: &Inputs<'_>) -> Option<BTreeMap<String, String>> {
    let mut secrets = known_map(&inputs.app_ref.secrets)?;
    secrets.extend(known_map(&inputs.view.secrets)?);
    Some(secrets)
}

fn sidecar_container(
    inputs: &Inputs<'_>,
    name: &str,
    sidecar: &SidecarConfig,
) -> Option<Container> {
    Some(Container {
        name: name.to_owned(),
        image: In::cfg(&sidecar.image),
        essential: *sidecar.essential.known()?,
        command: known_list(&sidecar.command).map_or(In::Unknown, In::Known),
        entry_point: known_list(&sidecar.entrypoint).map_or(In::Unknown, In::Known),
        environment: known_map(&sidecar.config).map_or(In::Unknown, In::Known),
        secrets: known_map(&sidecar.secrets).map_or(In::Unknown, In::Known),
        stop_timeout: whole(&sidecar.stop_timeout)?,
        log: log(inputs, inputs.process.to_owned())?,
        init_process: true,
        ports: maybe(&sidecar.port)?.into_iter().collect(),
        cpu: maybe(&sidecar.cpu)?.unwrap_or(0),
        memory: maybe(&sidecar.memory)?,
        health_check: health_check(&sidecar.health_check)?,
        depends_on: known_map(&sidecar.depends_on)?,
        mounts: Vec::new(),
    })
}

/// `Some(None)`: there is none.
#[expect(clippy::option_option, reason = "known at all, and given")]
fn health_check(check: &Cfg<ContainerCheckConfig>) -> Option<Option<ContainerHealthCheck>> {
    let check = match check {
        Cfg::Null => return Some(None),
        Cfg::Known(check) => check,
        Cfg::Unknown(_) => return None,
    };
    Some(Some(ContainerHealthCheck {
        command: vec!["CMD-SHELL".to_owned(), check.command.known()?.clone()],
        interval: whole(&check.interval)?,
        timeout: whole(&check.timeout)?,
        retries: whole(&check.retries)?,
        start_period: whole(&check.start_period)?,
    }))
}

fn volumes(inputs: &Inputs<'_>) -> Option<Vec<EfsVolume>> {
    let volume = |(name, volume): (&str, &VolumeConfig)| {
        let access_point_id = match &volume.access_point_id {
            Cfg::Null => String::new(),
            Cfg::Known(id) => id.clone(),
            Cfg::Unknown(_) => return None,
        };
        Some(EfsVolume {
            name: name.to_owned(),
            file_system_id: volume.file_system_id.known()?.clone(),
            root_directory: volume.root_directory.known()?.clone(),
            access_point_id,
            transit_encryption: true,
            iam: true,
        })
    };
    known_objects(&inputs.view.volumes)?
        .into_iter()
        .map(volume)
        .collect()
}

fn mounts(inputs: &Inputs<'_>) -> Option<Vec<Mount>> {
    let mount = |(name, volume): (&str, &VolumeConfig)| {
        Some(Mount {
            name: name.to_owned(),
            container_path: volume.mount_path.known()?.clone(),
            read_only: *volume.read_only.known()?,
        })
    };
    known_objects(&inputs.view.volumes)?
        .into_iter()
        .map(mount)
        .collect()
}

/// The variables of the process: ours, then the app's, then its own. `PORT` is what the port says.
fn environment(inputs: &Inputs<'_>) -> Option<BTreeMap<String, String>> {
    let mut variables = injected(inputs.scope, inputs.app, inputs.process);
    variables.extend(known_map(&inputs.app_ref.config)?);
    variables.extend(known_map(&inputs.view.config)?);
    variables.extend(
        inputs
            .port
            .map(|port| ("PORT".to_owned(), port.to_string())),
    );
    Some(variables)
}

pub(crate) fn injected(scope: &Scope, app: &str, process: &str) -> BTreeMap<String, String> {
    let ours = [
        ("STACKWRIGHT_APP", app),
        ("STACKWRIGHT_ENVIRONMENT", &scope.environment),
        ("STACKWRIGHT_PROCESS", process),
    ];
    ours.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn command(command: &Cfg<Dynamic>) -> In<Vec<String>> {
    match command {
        Cfg::Null | Cfg::Known(Dynamic(_, Value::Null)) => In::Known(Vec::new()),
        Cfg::Unknown(_) => In::Unknown,
        Cfg::Known(Dynamic(_, Value::String(text))) => In::Known(
            SHELL
                .into_iter()
                .chain([text.as_str()])
                .map(str::to_owned)
                .collect(),
        ),
        Cfg::Known(Dynamic(_, value)) => value
            .as_seq()
            .and_then(|items| {
                items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect()
            })
            .map_or(In::Unknown, In::Known),
    }
}
