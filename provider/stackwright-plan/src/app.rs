//! `stackwright_app`: what all processes of an app share.
//!
//! Components: `log_group`, `security_group` (main) with `rule.egress` and `rule.egress_ipv6`,
//! `role.execution`, and `record`, an SSM parameter with the app's config and references, from which
//! an import, the command line and other roots read them.
//!
//! Replaced by a change of: `name`, or of the network's VPC.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tfplugin_types::{Cfg, Diagnostics, Path, TfSchema, TfType as _};

use crate::component::{
    Direction, LogGroup, Parameter, Role, SecurityGroup, SecurityGroupRule, Tags,
};
use crate::diff::FieldDiff;
use crate::network::{NetworkRef, NetworkRefConfig};
use crate::resource::{
    Anchor, Common, CommonConfig, Found, Plain, RecoverError, Refs, Resource, cfg_map, known_list,
    known_map, required, split_id,
};
use crate::secret_shapes::{self, Looks};
use crate::{
    Graph, In, Key, Kind, Outputs, ResourceId, Scope, aws_rules, name, policy_document, tag,
};

/// What all processes of an app share: a log group, the security group of its tasks, the role by which ECS starts them, its configuration and its secret references.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct App {
    /// Name, unique in the environment. Changing this replaces the app.
    #[tf(
        replace,
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub name: String,
    /// The network that its tasks run in: the `ref` of a `stackwright_network`. Another VPC replaces the app and its services.
    pub network: NetworkRef,
    /// Environment variables of all processes, over which a process's own `config` wins. A change restarts them. Names have letters, digits, `_`, `.` and `-`, and begin with a letter or `_`. Those that begin with `STACKWRIGHT_` are refused: every process gets `STACKWRIGHT_APP`, `STACKWRIGHT_PROCESS` and `STACKWRIGHT_ENVIRONMENT`. One that has a port finds that in `PORT`, whatever stands here.
    #[tf(default = BTreeMap::new())]
    pub config: BTreeMap<String, String>,
    /// Environment variables from secrets: name to the ARN of a Secrets Manager secret or SSM parameter. Stackwright never reads the secrets; ECS does when it starts a task. A value that has changed shows in the plans of the services.
    #[tf(default = BTreeMap::new())]
    pub secrets: BTreeMap<String, String>,
    /// What its tasks may do: IAM policy documents (JSON) by name, put into the task role of every process.
    #[tf(default = BTreeMap::new())]
    pub policies: BTreeMap<String, String>,
    /// Days to keep logs; one of the numbers that CloudWatch Logs takes.
    #[tf(
        default = 30,
        matches(aws_rules::retention_days),
        allowed = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653"
    )]
    pub log_retention: i64,
    /// Name of the CloudWatch log group.
    #[tf(computed)]
    pub log_group: String,
    /// Id of the security group of its tasks.
    #[tf(computed, prefix = "sg-")]
    pub security_group_id: String,
    /// ARN of the role by which ECS starts its tasks.
    #[tf(computed, prefix = "arn:")]
    pub execution_role_arn: String,
    /// Name of the SSM parameter with its configuration and references.
    #[tf(computed)]
    pub record: String,
    /// What other resources need to know of this app.
    #[tf(computed, name = "ref")]
    pub reference: Plain<AppRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// An app as its services see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct AppRef {
    /// Name of the app.
    pub name: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Ids of the subnets that its tasks run in.
    pub subnet_ids: Vec<String>,
    /// Id of the security group of its tasks.
    pub security_group_id: String,
    /// Name of the log group.
    pub log_group: String,
    /// ARN of the role by which ECS starts its tasks.
    pub execution_role_arn: String,
    /// Environment variables of all processes.
    pub config: BTreeMap<String, String>,
    /// Environment variables from secrets, by ARN.
    pub secrets: BTreeMap<String, String>,
    /// Policies of every task role.
    pub policies: BTreeMap<String, String>,
    /// Digest of config, secrets and policies: another digest means that the processes restart.
    pub config_digest: String,
    /// Id of the Cloud Map namespace for private names, when the network has one.
    pub namespace_id: Option<String>,
    /// Domain of the namespace.
    pub namespace: Option<String>,
}

/// The apps.
#[derive(Debug)]
pub struct AppResource;

const LOG_GROUP: &str = "log_group";
const GROUP: &str = "security_group";
const EGRESS: &str = "rule.egress";
const EGRESS_IPV6: &str = "rule.egress_ipv6";
const ROLE: &str = "role.execution";
const RECORD: &str = "record";

/// Name of an app's log group.
pub(crate) fn log_group_name(scope: &Scope, app: &str) -> String {
    format!("/{}/{}/{app}", scope.project, scope.environment)
}

fn record_name(scope: &Scope, app: &str) -> String {
    format!(
        "/stackwright/{}/{}/{app}/app",
        scope.project, scope.environment
    )
}

fn group_name(scope: &Scope, app: &str, vpc_id: &str) -> String {
    name::security_group(&[&scope.project, &scope.environment, app], &[vpc_id])
}

fn role_name(scope: &Scope, app: &str) -> String {
    let parts = [scope.project.as_str(), &scope.environment, app, "execution"];
    name::role(scope, &parts)
}

/// What planning an app needs. Values that may be unknown stay so.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a AppConfig,
    name: &'a str,
    id: ResourceId,
    user_tags: Tags,
}

impl<'a> Inputs<'a> {
    fn new(scope: &'a Scope, view: &'a AppConfig) -> Option<Self> {
        let name = view.name.known()?;
        let id = ResourceId::new(AppResource::TYPE, format!("{}/{name}", scope.environment));
        let user_tags = known_map(&view.common.tags)?;
        Some(Self {
            scope,
            view,
            name,
            id,
            user_tags,
        })
    }

    fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self
            .scope
            .tags(&self.id, component, Some(self.name), &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }

    fn network(&self) -> Option<&NetworkRefConfig> {
        self.view.network.known()
    }
}

impl Resource for AppResource {
    type Schema = App;
    type View = AppConfig;
    const TYPE: &'static str = "app";
    const VERSION: i64 = App::SCHEMA_VERSION;

    fn common(view: &mut AppConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &AppConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn validate(view: &AppConfig, found: &mut Diagnostics) {
        check_config(&view.config, found);
        check_secrets(&view.secrets, found);
        check_twice(&view.config, &view.secrets, found);
        check_policies(&view.policies, found);
        check_own_policies(&view.policies, found);
        check_record(view, found);
    }

    fn plan(scope: &Scope, view: &AppConfig) -> Option<Graph> {
        let inputs = Inputs::new(scope, view)?;
        let mut graph = Graph::default();
        log_group(&inputs, &mut graph);
        security_group(&inputs, &mut graph);
        execution_role(&inputs, &mut graph);
        record(&inputs, &mut graph);
        Some(graph)
    }

    fn fill(scope: &Scope, view: &mut AppConfig, outputs: &Outputs) {
        let name = view.name.clone();
        view.log_group = name.clone().map(|name| log_group_name(scope, &name));
        view.record = name.clone().map(|name| record_name(scope, &name));
        view.security_group_id = outputs.get(&GROUP.into(), "id");
        view.execution_role_arn = outputs.get(&ROLE.into(), "arn");
        let network = view.network.known();
        view.reference = Cfg::Known(AppRefConfig {
            name,
            vpc_id: network.map_or_else(Cfg::unknown, |network| network.vpc_id.clone()),
            subnet_ids: network
                .map_or_else(Cfg::unknown, |network| network.private_subnet_ids.clone()),
            security_group_id: view.security_group_id.clone(),
            log_group: view.log_group.clone(),
            execution_role_arn: view.execution_role_arn.clone(),
            config: view.config.clone(),
            secrets: view.secrets.clone(),
            policies: view.policies.clone(),
            config_digest: digest(view).map_or_else(Cfg::unknown, Cfg::Known),
            namespace_id: network.map_or_else(Cfg::unknown, |network| network.namespace_id.clone()),
            namespace: network.map_or_else(Cfg::unknown, |network| network.namespace.clone()),
        });
    }

    fn show(view: &mut AppConfig, component: &Key, difference: &FieldDiff) -> bool {
        let days = difference.observed.as_ref().and_then(Json::as_i64);
        match (component.0.as_str(), difference.field.as_str(), days) {
            (LOG_GROUP, "retention_in_days", Some(days)) => view.log_retention = Cfg::Known(days),
            _ => return false,
        }
        true
    }

    /// Another VPC: the tasks must leave the old one before it can go, so everything in it goes first.
    fn replaced_for(prior: &AppConfig, planned: &AppConfig) -> Vec<Path> {
        let vpc = |view: &AppConfig| {
            view.network
                .known()
                .and_then(|network| network.vpc_id.known().cloned())
        };
        let moves = vpc(prior).is_some() && vpc(prior) != vpc(planned);
        moves
            .then(|| Path::attribute("network"))
            .into_iter()
            .collect()
    }

    fn notes(prior: &AppConfig, planned: &AppConfig, _config: &AppConfig, found: &mut Diagnostics) {
        if !Self::replaced_for(prior, planned).is_empty() {
            found.warning(
                Path::attribute("network"),
                "Another VPC Stops the App",
                "Security groups and tasks cannot move between VPCs, so the app and its services are deleted and created again. Its processes do not run meanwhile.",
            );
        }
    }

    fn losses(view: &AppConfig) -> Diagnostics {
        let mut found = Diagnostics::new();
        if let Some(logs) = view.log_group.known() {
            found.warning(
                Path::root(),
                "The Logs of the App Are Deleted",
                format!("With the app, its log group {logs} is deleted, and in it the logs of all its processes. Export them first if they are needed, for example with `aws logs create-export-task`."),
            );
        }
        found
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, app] = split_id::<2>(scope, id, "<environment>/<name>")?;
        Ok(vec![
            Anchor::named(RECORD, Kind::Parameter, record_name(scope, app)),
            Anchor::named(LOG_GROUP, Kind::LogGroup, log_group_name(scope, app)),
        ])
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<AppConfig, RecoverError> {
        let [_, app] = split_id::<2>(scope, id, "<environment>/<name>")?;
        let seen = required(found, RECORD, id, Kind::Parameter)?;
        let foreign = |reason: String| RecoverError::Foreign {
            id: id.to_owned(),
            kind: Kind::Parameter.label(),
            reason,
        };
        let text = seen.text("value").unwrap_or_default();
        let record: Json = serde_json::from_str(&text)
            .map_err(|_| foreign("its value is not the JSON that Stackwright writes".to_owned()))?;
        let mut view =
            from_record(&record).ok_or_else(|| foreign("its JSON lacks a part".to_owned()))?;
        view.name = Cfg::Known(app.to_owned());
        let logs = found
            .get(&Key::from(LOG_GROUP))
            .and_then(|seen| seen.number("retention_in_days"));
        view.log_retention = Cfg::Known(logs.unwrap_or(30));
        view.common.tags = cfg_map(seen.user_tags(scope));
        Ok(view)
    }
}

/// Policies that a service adds to its task role by itself.
pub const OWN_POLICIES: [&str; 2] = [EXEC_POLICY, VOLUME_POLICY];
pub(crate) const EXEC_POLICY: &str = "stackwright-exec";
pub(crate) const VOLUME_POLICY: &str = "stackwright-volumes";

fn check_own_policies(policies: &Cfg<BTreeMap<String, Cfg<String>>>, found: &mut Diagnostics) {
    for name in policies.known().into_iter().flat_map(BTreeMap::keys) {
        if OWN_POLICIES.contains(&name.as_str()) {
            found.error(
                Path::attribute("policies").key(name),
                "Reserved Policy Name",
                format!("`{name}` is the name of a policy that a service adds by itself, and would be overwritten. Choose another name."),
            );
        }
    }
}

fn log_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let log_group_name = log_group_name(inputs.scope, inputs.name);
    let days = inputs.view.log_retention.known().copied().unwrap_or(30);
    let group = LogGroup {
        retention_in_days: i32::try_from(days).unwrap_or(i32::MAX),
        tags: inputs.tags(LOG_GROUP, &log_group_name),
        log_group_name: log_group_name.clone(),
    };
    let arn = inputs
        .scope
        .arn("logs", &format!("log-group:{log_group_name}"));
    graph.add(LOG_GROUP, &group).predict("arn", arn);
}

/// The name contains the VPC, so that a group in a new VPC can be made before the old one goes.
fn security_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let vpc_id = inputs
        .network()
        .map_or(In::Unknown, |network| In::cfg(&network.vpc_id));
    let label = format!(
        "{}-{}-{}",
        inputs.scope.project, inputs.scope.environment, inputs.name
    );
    let in_vpc = vpc_id.known().map_or("unknown", String::as_str);
    let group = SecurityGroup {
        group_name: group_name(inputs.scope, inputs.name, in_vpc),
        description: format!("Tasks of {}", inputs.name),
        vpc_id,
        default_egress: false,
        tags: inputs.tags(GROUP, &label),
    };
    graph.add(GROUP, &group).main();
    egress(inputs, EGRESS, (Some("0.0.0.0/0"), None), graph);
    egress(inputs, EGRESS_IPV6, (None, Some("::/0")), graph);
}

/// Lets tasks reach everything, by IPv4 or by IPv6. In a network without IPv6 the second does nothing.
fn egress(
    inputs: &Inputs<'_>,
    key: &str,
    (cidr_ipv4, cidr_ipv6): (Option<&str>, Option<&str>),
    graph: &mut Graph,
) {
    let Inputs { scope, name, .. } = inputs;
    let end = key.trim_start_matches("rule.").replace('_', "-");
    let label = format!("{}-{}-{name}-{end}", scope.project, scope.environment);
    let rule = SecurityGroupRule {
        group_id: In::From(GROUP.into(), "id"),
        direction: Direction::Egress,
        ip_protocol: "-1".to_owned(),
        from_port: -1,
        to_port: -1,
        cidr_ipv4: cidr_ipv4.map(str::to_owned),
        cidr_ipv6: cidr_ipv6.map(str::to_owned),
        referenced_group_id: None,
        description: "Tasks may reach everything".to_owned(),
        tags: inputs.tags(key, &label),
    };
    graph.add(key, &rule);
}

fn execution_role(inputs: &Inputs<'_>, graph: &mut Graph) {
    let Inputs {
        scope, name: app, ..
    } = inputs;
    let role_name = role_name(scope, app);
    let policies = known_map(&inputs.view.secrets).map_or(In::Unknown, |secrets| {
        In::Known(execution_policies(scope, app, &secrets))
    });
    let role = Role {
        path: scope.iam_path.clone(),
        description: format!("Starts the tasks of {app} in {}", scope.environment),
        assume_role_policy: In::Known(policy_document::normalise(&trust_ecs_tasks(scope))),
        max_session_duration: 3600,
        permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
        inline_policies: policies,
        managed_policy_arns: In::Known(Vec::new()),
        tags: inputs.tags(ROLE, &role_name),
        role_name: role_name.clone(),
    };
    let arn = scope.global_arn("iam", &format!("role{}{role_name}", scope.iam_path));
    graph
        .add(ROLE, &role)
        .predict("arn", arn)
        .predict("name", role_name);
}

/// Lets ECS tasks of this account and region assume a role, and nobody else's
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>).
pub(crate) fn trust_ecs_tasks(scope: &Scope) -> Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Condition": {
                "StringEquals": { "aws:SourceAccount": scope.account_id },
                "ArnLike": { "aws:SourceArn": scope.arn("ecs", "*") },
            },
        }],
    })
}

/// Pull images, write to the app's own log group, read the app's own secrets.
pub(crate) fn execution_policies(
    scope: &Scope,
    app: &str,
    secrets: &BTreeMap<String, String>,
) -> BTreeMap<String, Json> {
    let logs = scope.arn(
        "logs",
        &format!("log-group:{}:*", log_group_name(scope, app)),
    );
    let pull = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ];
    let mut statements = vec![
        json!({ "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*" }),
        json!({ "Effect": "Allow", "Action": pull, "Resource": format!("arn:{}:ecr:*:*:repository/*", scope.partition) }),
        json!({ "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": logs }),
    ];
    let of = |service: &str| -> Vec<String> {
        let marker = format!(":{service}:");
        let mut arns: Vec<String> = secrets
            .values()
            .filter(|arn| arn.contains(&marker))
            .map(|arn| whole_secret(arn))
            .collect();
        arns.sort();
        arns.dedup();
        arns
    };
    for (action, arns) in [
        ("secretsmanager:GetSecretValue", of("secretsmanager")),
        ("ssm:GetParameters", of("ssm")),
    ] {
        if !arns.is_empty() {
            statements.push(json!({ "Effect": "Allow", "Action": action, "Resource": arns }));
        }
    }
    statements.extend(open_secrets(scope, secrets.values()));
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    BTreeMap::from([(
        "start-tasks".to_owned(),
        policy_document::normalise(&document),
    )])
}

/// Secrets under a customer's key are opened by whoever reads them, through Secrets Manager and SSM and for nothing else.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>
fn open_secrets<'a>(scope: &Scope, arns: impl Iterator<Item = &'a String>) -> Option<Json> {
    let keys: BTreeSet<String> = arns
        .filter_map(|arn| match arn.split(':').collect::<Vec<_>>()[..] {
            [_, partition, _, region, account, ..] => {
                Some(format!("arn:{partition}:kms:{region}:{account}:key/*"))
            }
            _ => None,
        })
        .collect();
    let suffix = if scope.partition == "aws-cn" {
        ".cn"
    } else {
        ""
    };
    let via = ["secretsmanager", "ssm"].map(|it| format!("{it}.*.amazonaws.com{suffix}"));
    (!keys.is_empty()).then(|| {
        json!({
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": keys,
            "Condition": { "StringLike": { "kms:ViaService": via } },
        })
    })
}

/// The ARN of a secret without JSON key, version stage and version id, which IAM does not know.
fn whole_secret(arn: &str) -> String {
    let parts: Vec<&str> = arn.split(':').collect();
    let keep = if parts.get(2) == Some(&"secretsmanager") {
        7
    } else {
        parts.len()
    };
    parts[..keep.min(parts.len())].join(":")
}

fn record(inputs: &Inputs<'_>, graph: &mut Graph) {
    let name = record_name(inputs.scope, inputs.name);
    let parameter = Parameter {
        description: format!(
            "Configuration of {} in {}, kept by Stackwright",
            inputs.name, inputs.scope.environment
        ),
        value: to_record(inputs.view).map_or(In::Unknown, |record| In::Known(record_text(&record))),
        tags: inputs.tags(RECORD, &name),
        name: name.clone(),
    };
    graph.add(RECORD, &parameter).predict("name", name);
}

fn to_record(view: &AppConfig) -> Option<Json> {
    Some(json!({
        "config": known_map(&view.config)?,
        "secrets": known_map(&view.secrets)?,
        "policies": known_map(&view.policies)?,
        "network": network_to_record(view.network.known()?)?,
    }))
}

/// A network as a record keeps it; `None` while a part is not known.
pub(crate) fn network_to_record(network: &NetworkRefConfig) -> Option<Json> {
    let mut record = json!({
        "name": network.name.known()?,
        "vpc_id": network.vpc_id.known()?,
        "cidr": network.cidr.known()?,
        "private_subnet_ids": known_list(&network.private_subnet_ids)?,
        "public_subnet_ids": known_list(&network.public_subnet_ids)?,
    });
    // Left out when there is none: the records of older apps stay as they are.
    for (name, value) in [
        ("namespace_id", &network.namespace_id),
        ("namespace", &network.namespace),
        ("ipv6_cidr", &network.ipv6_cidr),
    ] {
        if !value.is_null() {
            record[name] = json!(value.known()?);
        }
    }
    for (name, list) in [
        (
            "private_subnet_ipv6_cidrs",
            &network.private_subnet_ipv6_cidrs,
        ),
        (
            "public_subnet_ipv6_cidrs",
            &network.public_subnet_ipv6_cidrs,
        ),
    ] {
        if !list.is_null() {
            record[name] = json!(known_list(list)?);
        }
    }
    Some(record)
}

/// A network from a record; `None` when it lacks a part.
pub(crate) fn network_from_record(network: &Json) -> Option<NetworkRef> {
    let text = |name: &str| network.get(name)?.as_str().map(str::to_owned);
    let list = |name: &str| -> Option<Vec<String>> {
        serde_json::from_value(network.get(name)?.clone()).ok()
    };
    Some(NetworkRef {
        name: text("name")?,
        vpc_id: text("vpc_id")?,
        cidr: text("cidr")?,
        private_subnet_ids: list("private_subnet_ids")?,
        public_subnet_ids: list("public_subnet_ids")?,
        namespace_id: text("namespace_id"),
        namespace: text("namespace"),
        ipv6_cidr: text("ipv6_cidr"),
        private_subnet_ipv6_cidrs: list("private_subnet_ipv6_cidrs"),
        public_subnet_ipv6_cidrs: list("public_subnet_ipv6_cidrs"),
    })
}

fn from_record(record: &Json) -> Option<AppConfig> {
    let map = |name: &str| -> Option<BTreeMap<String, String>> {
        serde_json::from_value(record.get(name)?.clone()).ok()
    };
    let network = network_from_record(record.get("network")?)?;
    Some(AppConfig {
        network: network.to_config(),
        config: cfg_map(map("config")?),
        secrets: cfg_map(map("secrets")?),
        policies: cfg_map(map("policies")?),
        ..AppConfig::default()
    })
}

fn digest(view: &AppConfig) -> Option<String> {
    let parts = json!({
        "config": known_map(&view.config)?,
        "secrets": known_map(&view.secrets)?,
        "policies": known_map(&view.policies)?,
    });
    let digest = Sha256::digest(parts.to_string().as_bytes());
    Some(
        digest
            .iter()
            .take(8)
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
    )
}

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

/// The app's configuration is kept in one SSM parameter.
fn check_record(view: &AppConfig, found: &mut Diagnostics) {
    let length = to_record(view).map_or(0, |record| record_text(&record).len());
    if length > aws_rules::PARAMETER {
        found.error(
            Path::attribute("config"),
            "Configuration Too Long",
            format!("`config`, `secrets` and `policies` take {length} characters together, and the SSM parameter that keeps them takes {}. Move long values into files of the image, or policies into managed policies.", aws_rules::PARAMETER),
        );
    }
}

/// SSM refuses values with two braces, which it takes for a reference to another parameter.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
fn record_text(record: &Json) -> String {
    let mut text = record.to_string();
    while text.contains("{{") {
        text = text.replace("{{", "{\\u007b");
    }
    text
}

/// Rules for environment variables.
pub(crate) fn check_config(config: &Texts, found: &mut Diagnostics) {
    for (name, value) in config.known().into_iter().flatten() {
        let value = value.known().map_or("", String::as_str);
        let problem = aws_rules::variable_name(name)
            .and_then(|()| aws_rules::container_text(&format!("The value of `{name}`"), value));
        if let Err(problem) = problem {
            found.error(
                Path::attribute("config").key(name),
                "Invalid Environment Variable",
                problem,
            );
        }
        if let Some(looks) = secret_shapes::looks_like(name, value) {
            secret_in_config(name, looks, found);
        }
    }
}

/// Without the value: a message ends up in the log of a CI.
fn secret_in_config(name: &str, looks: Looks, found: &mut Diagnostics) {
    let at = Path::attribute("config").key(name);
    let detail = format!(
        "`{name}` looks like {}. `config` is not for secrets: its values are in the state, in plans and in the task definition, where everyone who may look at the account reads them. Put it into Secrets Manager or an SSM parameter and name its ARN in `secrets`; what calls AWS needs no key at all, but `policies` of the app.",
        looks.like
    );
    if looks.certain {
        found.error(at, "Secret in Clear Text", detail);
    } else {
        found.warning(at, "Secret in Clear Text", detail);
    }
}

pub(crate) fn check_secrets(secrets: &Texts, found: &mut Diagnostics) {
    for (name, arn) in secrets.known().into_iter().flatten() {
        let at = Path::attribute("secrets").key(name);
        if let Err(problem) = aws_rules::variable_name(name) {
            found.error(at.clone(), "Invalid Environment Variable", problem);
        }
        if let Some(Err(problem)) = arn.known().map(|arn| aws_rules::secret_arn(arn)) {
            found.error(at, "Invalid Secret Reference", problem);
        }
    }
}

/// ECS refuses a variable that has a value and a secret.
pub(crate) fn check_twice(config: &Texts, secrets: &Texts, found: &mut Diagnostics) {
    let (Cfg::Known(config), Cfg::Known(secrets)) = (config, secrets) else {
        return;
    };
    for name in config.keys().filter(|name| secrets.contains_key(*name)) {
        found.error(
            Path::attribute("config").key(name),
            "Variable Given Twice",
            format!("`{name}` stands in `config` and in `secrets` (the app's count too). ECS takes it in one place only. Remove one."),
        );
    }
}

/// Whether a statement allows every action.
fn allows_everything(document: &Json) -> bool {
    let many = |json: &Json| match json {
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let all = |statement: &Json| {
        let actions = many(&statement["Action"]);
        statement["Effect"] == "Allow" && actions.iter().any(|it| it == "*" || it == "*:*")
    };
    many(&document["Statement"]).iter().any(all)
}

/// Rules for policy documents by name.
pub(crate) fn check_policies(policies: &Texts, found: &mut Diagnostics) {
    let Cfg::Known(policies) = policies else {
        return;
    };
    let mut total = 0;
    for (name, text) in policies {
        let at = Path::attribute("policies").key(name);
        if let Err(problem) = aws_rules::policy_name(name) {
            found.error(at.clone(), "Invalid Policy Name", problem);
        }
        let Some(text) = text.known() else { continue };
        match aws_rules::policy_document(text) {
            Ok(document) => {
                total += document.to_string().len();
                if allows_everything(&document) {
                    found.warning(at, "Policy Allows Everything", format!("`{name}` allows every action. Whoever gets into a task of the app can do as much: name the actions that it needs."));
                }
            }
            Err(problem) => found.error(at, "Invalid Policy Document", problem),
        }
    }
    if total > aws_rules::INLINE_POLICIES {
        found.error(
            Path::attribute("policies"),
            "Policies Too Long",
            format!("The inline policies of a role may have {} characters together; these have {total}. Move some into a managed policy.", aws_rules::INLINE_POLICIES),
        );
    }
}

#[cfg(test)]
mod tests {
    use tfplugin_types::Severity;

    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        let owned = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        cfg_map(owned.collect())
    }

    fn summaries(check: impl FnOnce(&mut Diagnostics)) -> Vec<String> {
        let mut found = Diagnostics::new();
        check(&mut found);
        found.0.into_iter().map(|found| found.summary).collect()
    }

    #[test]
    fn a_secret_in_clear_text_is_seen_and_not_repeated() {
        let config = texts(&[
            ("STRIPE_KEY", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
            ("DATABASE_URL", "postgres://app:hunter2@db/shop"),
            ("RAILS_ENV", "production"),
        ]);
        let mut found = Diagnostics::new();
        check_config(&config, &mut found);
        let severities: Vec<Severity> = found.0.iter().map(|it| it.severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Error]);
        let said = format!("{found:?}");
        assert!(
            !said.contains("4eC39") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn a_policy_of_every_action_is_a_warning() {
        let policy = |action: &str| {
            format!(
                "{{\"Statement\": {{\"Effect\": \"Allow\", \"Action\": {action}, \"Resource\": \"*\"}}}}"
            )
        };
        for (action, warnings) in [
            ("\"*\"", 1),
            ("[\"s3:GetObject\", \"*\"]", 1),
            ("\"s3:*\"", 0),
        ] {
            let policies = texts(&[("p", &policy(action))]);
            let found = summaries(|found| check_policies(&policies, found));
            assert_eq!(found.len(), warnings, "{action} {found:?}");
        }
    }

    #[test]
    fn a_record_that_is_too_long_is_refused() {
        let network = NetworkRef {
            name: "main".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            cidr: "10.0.0.0/16".to_owned(),
            private_subnet_ids: vec!["subnet-1".to_owned()],
            public_subnet_ids: Vec::new(),
            namespace_id: None,
            namespace: None,
            ipv6_cidr: None,
            private_subnet_ipv6_cidrs: None,
            public_subnet_ipv6_cidrs: None,
        };
        let app = |length: usize| AppConfig {
            network: network.to_config(),
            config: texts(&[("LONG", &"x".repeat(length))]),
            secrets: texts(&[]),
            policies: texts(&[]),
            ..AppConfig::default()
        };
        assert!(summaries(|found| check_record(&app(7_000), found)).is_empty());
        let long = summaries(|found| check_record(&app(9_000), found));
        assert_eq!(long, ["Configuration Too Long"]);
    }

    #[test]
    fn a_variable_has_a_value_or_a_secret() {
        let (config, secrets) = (texts(&[("A", "1"), ("B", "2")]), texts(&[("B", "arn")]));
        let twice = summaries(|found| check_twice(&config, &secrets, found));
        assert_eq!(twice, ["Variable Given Twice"]);
    }

    #[test]
    fn policies_together_keep_to_the_limit_of_aws() {
        let long = json!({ "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": format!("arn:aws:s3:::{}", "r".repeat(6_000)) } });
        let long = long.to_string();
        let one = texts(&[("one", &long)]);
        let two = texts(&[("one", &long), ("two", &long)]);
        assert!(summaries(|found| check_policies(&one, found)).is_empty());
        assert_eq!(
            summaries(|found| check_policies(&two, found)),
            ["Policies Too Long"]
        );
    }

    #[test]
    fn two_braces_never_reach_ssm() {
        let text = record_text(&json!({ "a": "{{b}}{{{c" }));
        assert!(!text.contains("{{"), "{text}");
        assert_eq!(
            serde_json::from_str::<Json>(&text).ok(),
            Some(json!({ "a": "{{b}}{{{c" }))
        );
    }
}
