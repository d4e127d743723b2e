//! `stackwright_role`: an IAM role to switch into from another account.
//!
//! Components: `role` (main).
//!
//! Replaced by a change of: `name`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin_types::{Cfg, Diagnostics, Path, TfSchema};

use crate::app::check_policies;
use crate::component::Role as IamRole;
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Facts, Found, Plain, RecoverError, Refs, Resource, cfg_map,
    known_map, required,
};
use crate::{
    Graph, In, Key, Kind, Outputs, ResourceId, Scope, aws_rules, policy_document, role_presets, tag,
};

/// An IAM role that people or machines of another account switch into.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Role {
    /// Name, as people type it: `acme-deploy`. Unique in the account. Changing this replaces the role.
    #[tf(
        replace,
        matches(aws_rules::role_name),
        allowed = "1 to 64 letters, digits and + = , . @ _ -"
    )]
    pub name: String,
    /// Who may switch into it.
    pub trust: Trust,
    /// What it may do: `admin` everything; `deploy` what an apply of Stackwright's resources in this project and environment needs; `plan` what a plan needs; `read` look at everything but secrets. Can be joined by `policies`.
    #[tf(one_of("admin", "deploy", "plan", "read"))]
    pub preset: Option<String>,
    /// What it may do besides: IAM policy documents (JSON) by name.
    #[tf(default = BTreeMap::new())]
    pub policies: BTreeMap<String, String>,
    /// ARNs of managed policies to attach besides.
    #[tf(default = BTreeSet::new())]
    pub managed_policy_arns: BTreeSet<String>,
    /// Longest session, in seconds. When the role is assumed from another role (role chaining), AWS allows one hour whatever stands here.
    #[tf(default = 3600, range(3600..=43_200))]
    pub max_session: i64,
    /// What the role is for, shown in the AWS console, in letters of Latin-1, digits, spaces, line ends and punctuation.
    #[tf(
        default = String::new(),
        length(0..=1000),
        matches(aws_rules::iam_description)
    )]
    pub description: String,
    /// ARN of the role.
    #[tf(computed, prefix = "arn:")]
    pub role_arn: String,
    /// What other resources need to know of this role.
    #[tf(computed, name = "ref")]
    pub reference: Plain<RoleRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// Who may switch into a role. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Trust {
    /// Accounts whose users and roles may switch, when their own policies allow it too.
    #[tf(length(1..=20))]
    pub account_ids: Vec<String>,
    /// Only members of this organization of AWS may switch: `o-abcde12345`.
    #[tf(
        matches(organization_id),
        allowed = "`o-` and 10 to 32 lower-case letters or digits"
    )]
    pub organization_id: Option<String>,
    /// Only these principals of the accounts may switch: ARNs of users and roles, in which `*` matches any text.
    #[tf(default = BTreeSet::new())]
    pub principal_arns: BTreeSet<String>,
    /// Whether the session must have been opened with a second factor.
    #[tf(default = false)]
    pub require_mfa: bool,
    /// A value that the caller must give along, against the confused deputy, of letters, digits and `_ + = , . @ : / -`.
    #[tf(length(2..=1224), matches(aws_rules::external_id))]
    pub external_id: Option<String>,
}

/// A role as other resources see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct RoleRef {
    /// Name of the role.
    pub name: String,
    /// ARN of the role.
    pub arn: String,
}

/// The roles.
#[derive(Debug)]
pub struct RoleResource;

const ROLE: &str = "role";
/// Name of the inline policy that a preset becomes.
const PRESET: &str = "stackwright-preset";

impl Resource for RoleResource {
    type Schema = Role;
    type View = RoleConfig;
    const TYPE: &'static str = "role";
    const VERSION: i64 = Role::SCHEMA_VERSION;

    fn common(view: &mut RoleConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(_scope: &Scope, view: &RoleConfig) -> Option<String> {
        view.name.known().cloned()
    }

    fn validate(view: &RoleConfig, found: &mut Diagnostics) {
        check_policies(&view.policies, found);
        check_accounts(&view.trust, found);
        check_principals(&view.trust, found);
        check_trust_length(&view.trust, found);
        check_arns(view, found);
        let empty =
            |map: &Cfg<BTreeMap<String, Cfg<String>>>| map.known().is_none_or(BTreeMap::is_empty);
        let no_arns = view
            .managed_policy_arns
            .known()
            .is_none_or(BTreeSet::is_empty);
        let unknown = view.policies.is_unknown() || view.managed_policy_arns.is_unknown();
        if view.preset.is_null() && empty(&view.policies) && no_arns && !unknown {
            found.error(
                Path::attribute("preset"),
                "A Role That May Do Nothing",
                "Give `preset` (admin, deploy, plan or read), `policies` or `managed_policy_arns`.",
            );
        }
        if view
            .policies
            .known()
            .is_some_and(|policies| policies.contains_key(PRESET))
        {
            found.error(
                Path::attribute("policies").key(PRESET),
                "Reserved Policy Name",
                format!("`{PRESET}` is the name of the policy that a preset becomes. Choose another name."),
            );
        }
    }

    fn complete(
        _scope: &Scope,
        _facts: &Facts,
        prior: Option<&RoleConfig>,
        view: &mut RoleConfig,
        _found: &mut Diagnostics,
    ) {
        if let Some(prior) = prior {
            keep_spelling(prior, view);
        }
    }

    fn plan(scope: &Scope, view: &RoleConfig) -> Option<Graph> {
        let name = view.name.known()?;
        let mut tags = scope.tags(
            &ResourceId::new(Self::TYPE, name.clone()),
            ROLE,
            None,
            &known_map(&view.common.tags)?,
        );
        tags.insert(tag::NAME.to_owned(), name.clone());
        let role = IamRole {
            path: scope.iam_path.clone(),
            description: view.description.known()?.clone(),
            assume_role_policy: trust_policy(&scope.partition, &view.trust)
                .map_or(In::Unknown, |trust| {
                    In::Known(policy_document::normalise(&trust))
                }),
            max_session_duration: i32::try_from(*view.max_session.known()?).unwrap_or(i32::MAX),
            permissions_boundary: scope.permissions_boundary.clone().unwrap_or_default(),
            inline_policies: inline_policies(scope, view).map_or(In::Unknown, In::Known),
            managed_policy_arns: managed_policies(scope, view).map_or(In::Unknown, In::Known),
            tags,
            role_name: name.clone(),
        };
        let arn = scope.global_arn("iam", &format!("role{}{name}", scope.iam_path));
        let mut graph = Graph::default();
        graph
            .add(ROLE, &role)
            .main()
            .predict("arn", arn)
            .predict("name", name.clone());
        Some(graph)
    }

    fn fill(_scope: &Scope, view: &mut RoleConfig, outputs: &Outputs) {
        view.role_arn = outputs.get(&ROLE.into(), "arn");
        view.reference = Cfg::Known(RoleRefConfig {
            name: view.name.clone(),
            arn: view.role_arn.clone(),
        });
    }

    fn show(view: &mut RoleConfig, _component: &Key, difference: &FieldDiff) -> bool {
        let observed = difference.observed.as_ref();
        match difference.field.as_str() {
            "max_session_duration" => {
                let Some(seconds) = observed.and_then(Json::as_i64) else {
                    return false;
                };
                view.max_session = Cfg::Known(seconds);
            }
            "description" => {
                view.description = Cfg::Known(
                    observed
                        .and_then(Json::as_str)
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
            _ => return false,
        }
        true
    }

    fn anchors(_scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        aws_rules::role_name(&id.to_owned()).map_err(|_| RecoverError::BadId {
            id: id.to_owned(),
            form: "<role name>",
        })?;
        Ok(vec![Anchor::named(ROLE, Kind::Role, id)])
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<RoleConfig, RecoverError> {
        let role = required(found, ROLE, id, Kind::Role)?;
        let mut inline: Map<String, Json> = role
            .fields
            .get("inline_policies")
            .and_then(Json::as_object)
            .cloned()
            .unwrap_or_default();
        let attached: BTreeSet<String> = role
            .fields
            .get("managed_policy_arns")
            .and_then(|json| serde_json::from_value(json.clone()).ok())
            .unwrap_or_default();
        let (preset, attached) = recover_preset(scope, &inline, attached);
        inline.remove(PRESET);
        let mut view = RoleConfig {
            name: Cfg::Known(id.to_owned()),
            trust: recover_trust(role.fields.get("assume_role_policy")),
            preset: preset.map(str::to_owned).into(),
            policies: cfg_map(
                inline
                    .into_iter()
                    .map(|(name, json)| (name, json.to_string()))
                    .collect(),
            ),
            managed_policy_arns: Cfg::Known(attached.into_iter().map(Cfg::Known).collect()),
            max_session: role.number("max_session_duration").into(),
            description: Cfg::Known(role.text("description").unwrap_or_default()),
            ..RoleConfig::default()
        };
        view.common.tags = cfg_map(role.user_tags(scope));
        Ok(view)
    }
}

fn same(one: &Json, two: &Json) -> bool {
    policy_document::normalise(one) == policy_document::normalise(two)
}

/// A policy in the state that says the same in other words stays as it is: an import writes its own.
fn keep_spelling(prior: &RoleConfig, view: &mut RoleConfig) {
    let (Cfg::Known(before), Cfg::Known(after)) = (&prior.policies, &mut view.policies) else {
        return;
    };
    for (name, text) in after {
        let parse = |text: &Cfg<String>| policy_document::parse(text.known()?).ok();
        let old = before.get(name);
        if old
            .and_then(parse)
            .is_some_and(|old| parse(text) == Some(old))
        {
            *text = old.cloned().unwrap_or_default();
        }
    }
}

fn check_accounts(trust: &Cfg<TrustConfig>, found: &mut Diagnostics) {
    let accounts = trust.known().and_then(|trust| trust.account_ids.known());
    for (index, account) in accounts.into_iter().flatten().enumerate() {
        if account
            .known()
            .is_some_and(|account| !aws_rules::is_account(account))
        {
            found.error(
                Path::attribute("trust").join("account_ids").index(index),
                "Invalid Account",
                "An AWS account is given by its 12 digits, in quotes so that leading zeros stay.",
            );
        }
    }
}

/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html>
fn organization_id(id: &String) -> Result<(), String> {
    let fits = id.strip_prefix("o-").is_some_and(|rest| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        (10..=32).contains(&rest.len()) && rest.chars().all(letters)
    });
    if fits {
        Ok(())
    } else {
        Err(format!(
            "`{id}` is not the id of an organization, like \"o-abcde12345\"."
        ))
    }
}

/// A principal outside of the accounts could never switch, whatever its ARN says.
fn check_principals(trust: &Cfg<TrustConfig>, found: &mut Diagnostics) {
    let Some(trust) = trust.known() else {
        return;
    };
    let accounts = trust.account_ids.known().into_iter().flatten();
    let accounts: Option<Vec<&str>> = accounts.map(|it| it.known().map(String::as_str)).collect();
    let arns = trust.principal_arns.known().into_iter().flatten();
    for arn in arns.filter_map(Cfg::known) {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let account = match parts[..] {
            ["arn", _, "iam", "", account, name]
                if name.starts_with("user/") || name.starts_with("role/") =>
            {
                account
            }
            _ => "",
        };
        let known = accounts.as_ref().is_none_or(|all| all.contains(&account));
        if !aws_rules::is_account(account) || !known {
            found.error(
                Path::attribute("trust").join("principal_arns"),
                "Invalid Principal",
                format!("`{arn}` is not the ARN of a user or role in one of `account_ids`, like arn:aws:iam::111111111111:role/ci or arn:aws:iam::111111111111:user/people/*."),
            );
        }
    }
}

/// IAM counts a trust policy without white space.
fn check_trust_length(trust: &Cfg<TrustConfig>, found: &mut Diagnostics) {
    // The longest partition: what is planned elsewhere is not longer.
    let length = trust_policy("aws-us-gov", trust).map(|document| document.to_string().len());
    if let Some(length) = length.filter(|length| *length > aws_rules::TRUST_POLICY) {
        found.error(
            Path::attribute("trust"),
            "Trust Policy Too Long",
            format!("The trust policy would have {length} characters; AWS takes {} in every account. Name fewer accounts or a shorter `external_id`.", aws_rules::TRUST_POLICY),
        );
    }
}

fn check_arns(view: &RoleConfig, found: &mut Diagnostics) {
    let arns = view.managed_policy_arns.known().into_iter().flatten();
    let known: Vec<&String> = arns.filter_map(Cfg::known).collect();
    for arn in &known {
        if !arn.starts_with("arn:") || !arn.contains(":iam::") || !arn.contains(":policy/") {
            found.error(
                Path::attribute("managed_policy_arns"),
                "Invalid Policy ARN",
                format!("`{arn}` is not the ARN of a managed policy, like arn:aws:iam::aws:policy/ReadOnlyAccess."),
            );
        }
    }
    let preset = view.preset.known();
    let brings = preset.is_some_and(|preset| role_presets::managed_name(preset).is_some());
    let most = 10 - usize::from(brings);
    if known.len() > most {
        let own = if brings {
            " one of which the preset brings,"
        } else {
            ""
        };
        found.error(
            Path::attribute("managed_policy_arns"),
            "Too Many Managed Policies",
            format!("AWS attaches at most 10 managed policies to a role,{own} and these are {}. Give at most {most}.", known.len()),
        );
    }
}

/// The trust policy; `None` while a part is unknown.
fn trust_policy(partition: &str, trust: &Cfg<TrustConfig>) -> Option<Json> {
    let trust = trust.known()?;
    let accounts: Option<Vec<&String>> =
        trust.account_ids.known()?.iter().map(Cfg::known).collect();
    let mut principals: Vec<String> = accounts?
        .into_iter()
        .map(|account| format!("arn:{partition}:iam::{account}:root"))
        .collect();
    principals.sort();
    principals.dedup();
    let mut condition = Map::new();
    if *trust.require_mfa.known()? {
        condition.insert(
            "Bool".to_owned(),
            json!({ "aws:MultiFactorAuthPresent": "true" }),
        );
    }
    let texts = [
        ("aws:PrincipalOrgID", &trust.organization_id),
        ("sts:ExternalId", &trust.external_id),
    ];
    let mut equal = Map::new();
    for (key, text) in texts {
        match text {
            Cfg::Known(text) => drop(equal.insert(key.to_owned(), text.as_str().into())),
            Cfg::Null => {}
            Cfg::Unknown(_) => return None,
        }
    }
    if !equal.is_empty() {
        condition.insert("StringEquals".to_owned(), equal.into());
    }
    let arns: Option<Vec<&String>> = trust
        .principal_arns
        .known()?
        .iter()
        .map(Cfg::known)
        .collect();
    let arns = arns?;
    if !arns.is_empty() {
        condition.insert("ArnLike".to_owned(), json!({ "aws:PrincipalArn": arns }));
    }
    let mut statement = json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Principal": { "AWS": principals },
    });
    if !condition.is_empty() {
        statement["Condition"] = Json::Object(condition);
    }
    Some(json!({ "Version": "2012-10-17", "Statement": [statement] }))
}

fn recover_trust(policy: Option<&Json>) -> Cfg<TrustConfig> {
    let statement = policy.and_then(|policy| policy.pointer("/Statement/0"));
    let Some(statement) = statement else {
        return Cfg::Null;
    };
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let principals: Vec<String> = match statement.pointer("/Principal/AWS") {
        Some(Json::Array(items)) => items.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    };
    let account = |arn: &String| arn.split(':').nth(4).unwrap_or(arn).to_owned();
    let one = |pointer: &str| statement.pointer(pointer).and_then(text).into();
    let arns = match statement.pointer("/Condition/ArnLike/aws:PrincipalArn") {
        Some(Json::Array(arns)) => arns.iter().filter_map(text).collect(),
        Some(arn) => text(arn).into_iter().collect(),
        None => BTreeSet::new(),
    };
    Cfg::Known(TrustConfig {
        account_ids: Cfg::Known(principals.iter().map(account).map(Cfg::Known).collect()),
        require_mfa: Cfg::Known(
            statement
                .pointer("/Condition/Bool/aws:MultiFactorAuthPresent")
                .is_some(),
        ),
        external_id: one("/Condition/StringEquals/sts:ExternalId"),
        organization_id: one("/Condition/StringEquals/aws:PrincipalOrgID"),
        principal_arns: Cfg::Known(arns.into_iter().map(Cfg::Known).collect()),
    })
}

fn inline_policies(scope: &Scope, view: &RoleConfig) -> Option<BTreeMap<String, Json>> {
    let parse = |(name, text): (String, String)| {
        (name, policy_document::parse(&text).unwrap_or(Json::Null))
    };
    let mut policies: BTreeMap<String, Json> =
        known_map(&view.policies)?.into_iter().map(parse).collect();
    let document = match &view.preset {
        Cfg::Known(preset) => role_presets::document(scope, preset)
            .map(|document| policy_document::normalise(&document)),
        Cfg::Null => None,
        Cfg::Unknown(_) => return None,
    };
    policies.extend(document.map(|document| (PRESET.to_owned(), document)));
    Some(policies)
}

fn managed_policies(scope: &Scope, view: &RoleConfig) -> Option<Vec<String>> {
    let given: Option<BTreeSet<String>> = view
        .managed_policy_arns
        .known()?
        .iter()
        .map(|arn| arn.known().cloned())
        .collect();
    let mut arns = given?;
    match &view.preset {
        Cfg::Known(preset) => arns.extend(role_presets::managed(scope, preset)),
        Cfg::Null => {}
        Cfg::Unknown(_) => return None,
    }
    Some(arns.into_iter().collect())
}

/// The preset that would have made these policies, and the attached policies without its own.
fn recover_preset(
    scope: &Scope,
    inline: &Map<String, Json>,
    mut attached: BTreeSet<String>,
) -> (Option<&'static str>, BTreeSet<String>) {
    let fits = |preset: &&&str| {
        let managed = role_presets::managed(scope, preset);
        let document = role_presets::document(scope, preset);
        (managed.is_some() || document.is_some())
            && managed.is_none_or(|arn| attached.contains(&arn))
            && document.is_some() == inline.contains_key(PRESET)
            && document.is_none_or(|document| same(&document, &inline[PRESET]))
    };
    let preset = role_presets::ALL.iter().find(fits).copied();
    if let Some(arn) = preset.and_then(|preset| role_presets::managed(scope, preset)) {
        attached.remove(&arn);
    }
    (preset, attached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(accounts: usize, external_id: &str) -> Cfg<TrustConfig> {
        let account = |at: usize| Cfg::Known(format!("{at:012}"));
        Cfg::Known(TrustConfig {
            account_ids: Cfg::Known((0..accounts).map(account).collect()),
            require_mfa: Cfg::Known(true),
            external_id: Cfg::Known(external_id.to_owned()),
            organization_id: Cfg::Null,
            principal_arns: Cfg::Known(BTreeSet::new()),
        })
    }

    fn problems(trust: &Cfg<TrustConfig>) -> Vec<String> {
        let mut found = Diagnostics::new();
        check_trust_length(trust, &mut found);
        found.0.into_iter().map(|found| found.detail).collect()
    }

    #[test]
    fn a_trust_policy_keeps_to_the_limit_of_aws() {
        assert_eq!(problems(&trust(20, "short")), Vec::<String>::new());
        let found = problems(&trust(20, &"x".repeat(1224)));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("2048") && found[0].contains("fewer accounts"));
    }

    #[test]
    fn every_condition_of_a_trust_policy_is_read_back() {
        let arn = "arn:aws:iam::000000000000:role/ci-*".to_owned();
        let mut whole = trust(1, "agreed");
        let Cfg::Known(inner) = &mut whole else {
            unreachable!()
        };
        inner.organization_id = Cfg::Known("o-abcde12345".to_owned());
        inner.principal_arns = Cfg::Known([Cfg::Known(arn.clone())].into());
        let policy = trust_policy("aws", &whole).expect("all is known");
        assert_eq!(
            policy.pointer("/Statement/0/Condition"),
            Some(&json!({
                "Bool": { "aws:MultiFactorAuthPresent": "true" },
                "StringEquals": { "aws:PrincipalOrgID": "o-abcde12345", "sts:ExternalId": "agreed" },
                "ArnLike": { "aws:PrincipalArn": [arn] },
            }))
        );
        assert_eq!(
            recover_trust(Some(&policy_document::normalise(&policy))),
            whole
        );
    }

    #[test]
    fn principals_are_users_and_roles_of_the_accounts() {
        let problems = |arn: &str| {
            let mut whole = trust(1, "agreed");
            if let Cfg::Known(inner) = &mut whole {
                inner.principal_arns = Cfg::Known([Cfg::Known(arn.to_owned())].into());
            }
            let mut found = Diagnostics::new();
            check_principals(&whole, &mut found);
            found.0.len()
        };
        for right in [
            "arn:aws:iam::000000000000:role/ci",
            "arn:aws:iam::000000000000:user/people/*",
        ] {
            assert_eq!(problems(right), 0, "{right}");
        }
        for wrong in [
            "ci",
            "*",
            "arn:aws:iam::000000000001:role/ci",
            "arn:aws:iam::000000000000:root",
            "arn:aws:sts::000000000000:assumed-role/ci/x",
            "arn:aws:iam::*:role/ci",
        ] {
            assert_eq!(problems(wrong), 1, "{wrong}");
        }
    }

    #[test]
    fn policies_and_preset_share_the_room_of_a_role() {
        let scope = crate::scope::example();
        let problems = |length: usize| {
            let statement = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{}", "x".repeat(length)) });
            let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
            let view = RoleConfig {
                name: Cfg::Known("deploy".to_owned()),
                trust: trust(1, "shared"),
                preset: Cfg::Known("deploy".to_owned()),
                policies: cfg_map([("p".to_owned(), policy.to_string())].into()),
                managed_policy_arns: Cfg::Known(BTreeSet::new()),
                max_session: Cfg::Known(3600),
                description: Cfg::Known(String::new()),
                common: CommonConfig {
                    tags: cfg_map(BTreeMap::new()),
                    ..CommonConfig::default()
                },
                ..RoleConfig::default()
            };
            let mut found = Diagnostics::new();
            crate::limits::check(
                &RoleResource::plan(&scope, &view).expect("all is known"),
                &mut found,
            );
            let told = found.0.into_iter().map(|it| it.summary);
            told.collect::<Vec<_>>()
        };
        assert_eq!(problems(100), Vec::<String>::new());
        assert_eq!(problems(3_000), ["Policies Too Long"]);
    }

    #[test]
    fn managed_policies_are_arns_and_at_most_ten() {
        let arns = |preset: &str, arns: Vec<String>| RoleConfig {
            preset: Cfg::Known(preset.to_owned()),
            managed_policy_arns: Cfg::Known(arns.into_iter().map(Cfg::Known).collect()),
            ..RoleConfig::default()
        };
        let policy = |at: usize| format!("arn:aws:iam::aws:policy/P{at}");
        let summaries = |view: &RoleConfig| {
            let mut found = Diagnostics::new();
            check_arns(view, &mut found);
            let found = found.0.into_iter();
            found.map(|found| found.summary).collect::<Vec<_>>()
        };
        for (preset, most) in [("deploy", 10), ("plan", 10), ("admin", 9), ("read", 9)] {
            assert!(summaries(&arns(preset, (0..most).map(policy).collect())).is_empty());
            let many = summaries(&arns(preset, (0..=most).map(policy).collect()));
            assert_eq!(many, ["Too Many Managed Policies"], "{preset}");
        }
        let wrong = summaries(&arns("deploy", vec!["ReadOnlyAccess".to_owned()]));
        assert_eq!(wrong, ["Invalid Policy ARN"]);
    }
}
