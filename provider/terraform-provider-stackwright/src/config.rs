//! The provider block.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use stackwright_aws::{AssumeRole, Aws, Refresh, SessionConfig, WebIdentity};
use stackwright_plan::{Monitoring, Scope, UnknownTags, aws_rules, monitor};
use tfplugin_types::{Cfg, Diagnostics, Path, TfConfig as _, TfSchema, Value};

use crate::duration;

/// Where and in whose name Stackwright works.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct ProviderBlock {
    /// Name of the project: part of every name and tag.
    #[tf(
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub(crate) project: String,
    /// Name of the environment: `stage`, `prod`, `ops`. Part of every name and tag.
    #[tf(
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub(crate) environment: String,
    /// Name of this root, like `acme/prod`. Every object is tagged with it, and two roots never manage one object.
    #[tf(
        matches(owner_name),
        allowed = "1 to 128 letters, digits, and + - = . _ : / @"
    )]
    pub(crate) owner: String,
    /// AWS region. Default: that of the environment or the profile, also for an empty text.
    pub(crate) region: Option<String>,
    /// Accounts in which this root may work. With other credentials every run stops before it reads or changes anything. Always set it.
    pub(crate) allowed_account_ids: Option<BTreeSet<String>>,
    /// Role to switch to. Several blocks are switched through one after the other.
    #[tf(block)]
    pub(crate) assume_role: Vec<AssumeRoleBlock>,
    /// Role under which objects are created, changed and deleted, when it is not the one under which they are read. It is assumed in place of the last `assume_role`, with the same credentials, when the first change is applied: a plan needs no permission to assume it.
    #[tf(block)]
    pub(crate) apply_role: Option<AssumeRoleBlock>,
    /// Role to get with an OIDC token, in CI.
    #[tf(block)]
    pub(crate) assume_role_with_web_identity: Option<WebIdentityBlock>,
    /// Profile in the shared configuration files. An empty text counts as not set.
    pub(crate) profile: Option<String>,
    /// Instead of `~/.aws/config`.
    pub(crate) shared_config_files: Option<Vec<String>>,
    /// Instead of `~/.aws/credentials`.
    pub(crate) shared_credentials_files: Option<Vec<String>>,
    /// Endpoint of all AWS services, for emulators and private links. Default: `AWS_ENDPOINT_URL`. A whole URL, with `http://` or `https://`; an empty text counts as not set.
    pub(crate) endpoint_url: Option<String>,
    /// Endpoints of single AWS services, of the form of `endpoint_url`; these win.
    #[tf(block)]
    pub(crate) endpoints: Option<EndpointsBlock>,
    /// How often a call is tried again when AWS is busy. Default 10.
    #[tf(range(0..=100))]
    pub(crate) max_retries: Option<i64>,
    /// `full` compares every field at each refresh. `fast` leaves out what AWS tells only one by one or in further calls: the attributes of target groups, and the tags of load balancers, their listeners, rules and target groups, log groups, SSM parameters, certificates, Cloud Map namespaces and services, RDS subnet and parameter groups, and alarms. Default `full`.
    #[tf(one_of("full", "fast"))]
    pub(crate) refresh: Option<String>,
    /// Tags for every object. A resource's own tags win.
    pub(crate) default_tags: Option<BTreeMap<String, String>>,
    /// Tag keys that others may set or change: left alone everywhere.
    pub(crate) ignore_tags: Option<BTreeSet<String>>,
    /// ARN of a policy that bounds every IAM role that is made.
    pub(crate) permissions_boundary: Option<String>,
    /// Where monitors live, and whom they tell.
    #[tf(block)]
    pub(crate) monitoring: Option<MonitoringBlock>,
    /// Path of every IAM role that is made. Default `/`.
    #[tf(
        matches(iam_path),
        allowed = "`/`, or a path that begins and ends with `/`"
    )]
    pub(crate) iam_path: Option<String>,
}

/// Where monitors live, and whom they tell.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct MonitoringBlock {
    /// `cloudwatch`, which is also the default: the only one in this version.
    #[tf(matches(monitor::rules::backend), allowed = "`cloudwatch`")]
    pub(crate) backend: Option<String>,
    /// CloudWatch namespace of monitors that name none.
    #[tf(
        matches(monitor::rules::namespace),
        allowed = "1 to 255 letters, digits, spaces and . - _ / # :, not beginning with `:`"
    )]
    pub(crate) namespace: Option<String>,
    /// What each handle in `notify` stands for: `"@pagerduty" = "arn:aws:sns:..."`.
    pub(crate) notifiers: Option<BTreeMap<String, String>>,
}

/// A role to switch to.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct AssumeRoleBlock {
    /// ARN of the role.
    #[tf(matches(role_arn), allowed = "the ARN of an IAM role")]
    pub(crate) role_arn: String,
    /// Who and which run, as CloudTrail shows it. Default `stackwright`.
    #[tf(
        matches(session_name),
        allowed = "2 to 64 letters, digits, and + = , . @ - _"
    )]
    pub(crate) session_name: Option<String>,
    /// Value that the role's trust policy asks for.
    pub(crate) external_id: Option<String>,
    /// Length of the session, like `1h`. Default one hour.
    #[tf(matches(session_length), allowed = "`15m` to `12h`")]
    pub(crate) duration: Option<String>,
    /// Policy (JSON) that narrows the session.
    pub(crate) policy: Option<String>,
    /// ARNs of managed policies that narrow the session.
    pub(crate) policy_arns: Option<BTreeSet<String>>,
    /// Session tags.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// Keys of session tags that stay through further switches.
    pub(crate) transitive_tag_keys: Option<BTreeSet<String>>,
    /// Who stands behind the session.
    pub(crate) source_identity: Option<String>,
}

/// A role that an OIDC token opens.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct WebIdentityBlock {
    /// ARN of the role.
    #[tf(matches(role_arn), allowed = "the ARN of an IAM role")]
    pub(crate) role_arn: String,
    /// Who and which run, as CloudTrail shows it. Default `stackwright`.
    #[tf(
        matches(session_name),
        allowed = "2 to 64 letters, digits, and + = , . @ - _"
    )]
    pub(crate) session_name: Option<String>,
    /// File with the token.
    pub(crate) web_identity_token_file: String,
}

/// Endpoints of single AWS services.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub(crate) struct EndpointsBlock {
    /// Certificate Manager.
    pub(crate) acm: Option<String>,
    /// Application Auto Scaling.
    pub(crate) appautoscaling: Option<String>,
    /// CloudWatch.
    pub(crate) cloudwatch: Option<String>,
    /// EC2.
    pub(crate) ec2: Option<String>,
    /// ECS.
    pub(crate) ecs: Option<String>,
    /// Elastic Load Balancing.
    pub(crate) elbv2: Option<String>,
    /// Events of AWS.
    pub(crate) events: Option<String>,
    /// IAM.
    pub(crate) iam: Option<String>,
    /// CloudWatch Logs.
    pub(crate) logs: Option<String>,
    /// RDS.
    pub(crate) rds: Option<String>,
    /// Route 53.
    pub(crate) route53: Option<String>,
    /// The scheduler of scheduled jobs.
    pub(crate) scheduler: Option<String>,
    /// Secrets Manager.
    pub(crate) secretsmanager: Option<String>,
    /// Cloud Map.
    pub(crate) servicediscovery: Option<String>,
    /// SQS.
    pub(crate) sqs: Option<String>,
    /// Systems Manager.
    pub(crate) ssm: Option<String>,
    /// Security Token Service.
    pub(crate) sts: Option<String>,
    /// Resource Groups Tagging API.
    pub(crate) tagging: Option<String>,
}

/// An empty text counts as not set, so that a variable with a default can be passed on.
fn set(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn refuse_unless(fits: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(problem()) }
}

fn owner_name(owner: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "+-=._:/@".contains(c);
    refuse_unless(
        (1..=128).contains(&owner.len()) && owner.chars().all(letters),
        || {
            format!(
                "`{owner}` does not work as the value of a tag. Use 1 to 128 letters, digits, and + - = . _ : / @, like \"acme/prod\"."
            )
        },
    )
}

fn iam_path(path: &String) -> Result<(), String> {
    let fits =
        path.starts_with('/') && path.ends_with('/') && path.len() <= 512 && !path.contains("//");
    refuse_unless(fits, || {
        format!(
            "`{path}` is not an IAM path. Write \"/\" or a path that begins and ends with \"/\"."
        )
    })
}

fn role_arn(arn: &String) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let fits = matches!(parts.as_slice(), ["arn", _, "iam", "", account, role]
        if aws_rules::is_account(account) && role.starts_with("role/"));
    refuse_unless(fits, || {
        format!(
            "`{arn}` is not the ARN of a role, like arn:aws:iam::111111111111:role/acme-deploy."
        )
    })
}

/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn session_name(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c);
    refuse_unless(
        (2..=64).contains(&name.len()) && name.chars().all(letters),
        || {
            format!(
                "`{name}` is not a session name. Use 2 to 64 letters, digits, and + = , . @ - _."
            )
        },
    )
}

fn session_length(text: &String) -> Result<(), String> {
    let allowed = Duration::from_mins(15)..=Duration::from_hours(12);
    let fits = duration::parse(text).is_some_and(|length| allowed.contains(&length));
    refuse_unless(fits, || {
        format!(
            "`{text}` is not the length of a session. Write a number and a unit, from \"15m\" to \"12h\"."
        )
    })
}

/// Rules that are not those of one attribute alone.
pub(crate) fn validate(block: &ProviderBlockConfig, found: &mut Diagnostics) {
    let accounts = block.allowed_account_ids.known().into_iter().flatten();
    if accounts
        .filter_map(Cfg::known)
        .any(|account| !aws_rules::is_account(account))
    {
        found.error(
            Path::attribute("allowed_account_ids"),
            "Invalid Account",
            "An AWS account is given by its 12 digits, in quotes so that leading zeros stay.",
        );
    }
    if block
        .allowed_account_ids
        .known()
        .is_some_and(BTreeSet::is_empty)
    {
        found.error(
            Path::attribute("allowed_account_ids"),
            "No Account Allowed",
            "The list is empty. Name the account in which this root works, or leave the argument out to work in that of the credentials.",
        );
    }
    let single = block.endpoints.to_value();
    let single = single.as_map().into_iter().flatten();
    let single = single.map(|(name, url)| (Path::attribute("endpoints").join(name), url.clone()));
    let all = (
        Path::attribute("endpoint_url"),
        block.endpoint_url.to_value(),
    );
    for (at, url) in single.chain([all]) {
        if let Value::String(url) = url
            && let Err(problem) = stackwright_aws::check_endpoint(&url)
        {
            found.error(at, "Invalid Endpoint", problem);
        }
    }
    stackwright_plan::resource::check_tags(
        &Path::attribute("default_tags"),
        &block.default_tags,
        found,
    );
    if let Some(monitoring) = block.monitoring.known() {
        let at = Path::attribute("monitoring").join("notifiers");
        monitor::rules::notifiers(&at, &monitoring.notifiers, found);
    }
}

/// Everything that must be known before a session can be opened, and is not.
pub(crate) fn unknown(block: &ProviderBlockConfig) -> Option<&'static str> {
    let texts = [
        ("project", &block.project),
        ("environment", &block.environment),
        ("owner", &block.owner),
        ("region", &block.region),
        ("profile", &block.profile),
        ("endpoint_url", &block.endpoint_url),
        ("permissions_boundary", &block.permissions_boundary),
        ("iam_path", &block.iam_path),
    ];
    texts
        .into_iter()
        .find(|(_, value)| value.is_unknown())
        .map(|(name, _)| name)
}

/// Takes default tags out of a block whose values are not known yet: they are no reason not to plan.
pub(crate) fn take_unknown_tags(block: &mut ProviderBlockConfig) -> UnknownTags {
    let tags = match &mut block.default_tags {
        Cfg::Null => return UnknownTags::None,
        Cfg::Unknown(_) => {
            block.default_tags = Cfg::Null;
            return UnknownTags::All;
        }
        Cfg::Known(tags) => tags,
    };
    let unknown = tags.extract_if(.., |_, value| value.is_unknown());
    let keys: BTreeSet<String> = unknown.map(|(key, _)| key).collect();
    if keys.is_empty() {
        UnknownTags::None
    } else {
        UnknownTags::Keys(keys)
    }
}

/// What a session is opened with.
pub(crate) fn session(block: &ProviderBlock) -> SessionConfig {
    let paths = |files: &Option<Vec<String>>| files.iter().flatten().map(PathBuf::from).collect();
    SessionConfig {
        region: set(block.region.as_ref()),
        profile: set(block.profile.as_ref()),
        shared_config_files: paths(&block.shared_config_files),
        shared_credentials_files: paths(&block.shared_credentials_files),
        assume_roles: block.assume_role.iter().map(assume_role).collect(),
        apply_role: block.apply_role.as_ref().map(assume_role),
        web_identity: block
            .assume_role_with_web_identity
            .as_ref()
            .map(web_identity),
        endpoint_url: set(block.endpoint_url.as_ref()),
        endpoints: block.endpoints.as_ref().map(endpoints).unwrap_or_default(),
        max_retries: block
            .max_retries
            .and_then(|retries| u32::try_from(retries).ok()),
        refresh: if block.refresh.as_deref() == Some("fast") {
            Refresh::Fast
        } else {
            Refresh::Full
        },
        user_agent: Some(concat!("stackwright/", env!("CARGO_PKG_VERSION")).to_owned()),
        allowed_account_ids: block
            .allowed_account_ids
            .iter()
            .flatten()
            .cloned()
            .collect(),
    }
}

fn assume_role(block: &AssumeRoleBlock) -> AssumeRole {
    AssumeRole {
        role_arn: block.role_arn.clone(),
        session_name: session_name_of(block.session_name.as_ref()),
        external_id: block.external_id.clone(),
        duration: block.duration.as_deref().and_then(duration::parse),
        policy: block.policy.clone(),
        policy_arns: block.policy_arns.iter().flatten().cloned().collect(),
        tags: block.tags.clone().unwrap_or_default(),
        transitive_tag_keys: block
            .transitive_tag_keys
            .iter()
            .flatten()
            .cloned()
            .collect(),
        source_identity: block.source_identity.clone(),
    }
}

fn web_identity(block: &WebIdentityBlock) -> WebIdentity {
    WebIdentity {
        role_arn: block.role_arn.clone(),
        session_name: session_name_of(block.session_name.as_ref()),
        token_file: PathBuf::from(&block.web_identity_token_file),
    }
}

fn session_name_of(given: Option<&String>) -> String {
    given.cloned().unwrap_or_else(|| "stackwright".to_owned())
}

fn endpoints(block: &EndpointsBlock) -> BTreeMap<String, String> {
    let all = [
        ("acm", &block.acm),
        ("appautoscaling", &block.appautoscaling),
        ("cloudwatch", &block.cloudwatch),
        ("ec2", &block.ec2),
        ("ecs", &block.ecs),
        ("elbv2", &block.elbv2),
        ("events", &block.events),
        ("iam", &block.iam),
        ("logs", &block.logs),
        ("rds", &block.rds),
        ("route53", &block.route53),
        ("scheduler", &block.scheduler),
        ("secretsmanager", &block.secretsmanager),
        ("servicediscovery", &block.servicediscovery),
        ("sqs", &block.sqs),
        ("ssm", &block.ssm),
        ("sts", &block.sts),
        ("tagging", &block.tagging),
    ];
    all.into_iter()
        .filter_map(|(name, url)| Some((name.to_owned(), set(url.as_ref())?)))
        .collect()
}

fn monitoring(block: &MonitoringBlock) -> Monitoring {
    Monitoring {
        namespace: block.namespace.clone(),
        notifiers: block.notifiers.clone().unwrap_or_default(),
    }
}

/// Who we are, now that the account is known.
pub(crate) fn scope(block: &ProviderBlock, unknown_tags: UnknownTags, aws: &Aws) -> Scope {
    Scope {
        project: block.project.clone(),
        environment: block.environment.clone(),
        owner: block.owner.clone(),
        account_id: aws.account_id.clone(),
        region: aws.region.clone(),
        partition: aws.partition.clone(),
        default_tags: block.default_tags.clone().unwrap_or_default(),
        unknown_tags,
        iam_path: block.iam_path.clone().unwrap_or_else(|| "/".to_owned()),
        permissions_boundary: set(block.permissions_boundary.as_ref()),
        monitoring: block
            .monitoring
            .as_ref()
            .map(monitoring)
            .unwrap_or_default(),
    }
}
