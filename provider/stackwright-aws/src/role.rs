//! IAM roles with their inline and attached policies.
//!
//! A few roles are read one by one (`GetRole`, its inline policies, its attachments). Many are read by
//! `GetAccountAuthorizationDetails`, a thousand roles a page with everything but description and
//! longest session, which `ListRoles` adds. Documents are compared as [`policy_document`] says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use aws_sdk_iam::operation::list_attached_role_policies::ListAttachedRolePoliciesOutput;
use aws_sdk_iam::operation::list_instance_profiles_for_role::ListInstanceProfilesForRoleOutput;
use aws_sdk_iam::operation::list_roles::ListRolesOutput;
use aws_sdk_iam::types::{AttachedPolicy, EntityType, PolicyDetail, Role as Sdk, RoleDetail, Tag};
use serde_json::Value as Json;
use stackwright_plan::component::Role;
use stackwright_plan::diff::FieldDiff;
use stackwright_plan::tag;

use crate::adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, Wait};
use crate::call::Op;
use crate::loader::Source;
use crate::propagation::{self, outlast, unknown_principal};
use crate::tag_changes::{self, TagChanges, same_resource, touches};
use crate::{Aws, AwsError};
use stackwright_plan::policy_document;

const CREATE: Op = Op::new("iam", "CreateRole");
const GET: Op = Op::new("iam", "GetRole");
const LIST: Op = Op::new("iam", "ListRoles");
const DETAILS: Op = Op::new("iam", "GetAccountAuthorizationDetails");
const LIST_INLINE: Op = Op::new("iam", "ListRolePolicies");
const GET_INLINE: Op = Op::new("iam", "GetRolePolicy");
const PUT_INLINE: Op = Op::new("iam", "PutRolePolicy");
const DELETE_INLINE: Op = Op::new("iam", "DeleteRolePolicy");
const LIST_ATTACHED: Op = Op::new("iam", "ListAttachedRolePolicies");
const ATTACH: Op = Op::new("iam", "AttachRolePolicy");
const DETACH: Op = Op::new("iam", "DetachRolePolicy");
const UPDATE_TRUST: Op = Op::new("iam", "UpdateAssumeRolePolicy");
const UPDATE: Op = Op::new("iam", "UpdateRole");
const PUT_BOUNDARY: Op = Op::new("iam", "PutRolePermissionsBoundary");
const DELETE_BOUNDARY: Op = Op::new("iam", "DeleteRolePermissionsBoundary");
const TAG: Op = Op::new("iam", "TagRole");
const UNTAG: Op = Op::new("iam", "UntagRole");
const LIST_PROFILES: Op = Op::new("iam", "ListInstanceProfilesForRole");
const DELETE: Op = Op::new("iam", "DeleteRole");

/// Most objects of one page.
const PAGE: i32 = 1000;
const NOT_FOUND: &[&str] = &["NoSuchEntity"];
/// What a role may do without `MaxSessionDuration`.
const DEFAULT_SESSION: i32 = 3600;
const PAUSE: Duration = Duration::from_secs(1);

#[async_trait]
impl Adapter for Role {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(None);
        };
        aws.loaders.roles.get(aws, name, freshness).await
    }

    /// `Named` takes a name or an ARN.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let name = match lookup {
            Lookup::Desired(desired, _) => &desired.role_name,
            Lookup::Named(name) => name.rsplit('/').next().unwrap_or(name),
            Lookup::Owned(tags) => {
                let mut all = all(aws).await?;
                all.retain(|role| same_resource(&role.tags, tags));
                return Ok(all);
            }
        };
        let found = aws
            .loaders
            .roles
            .get(aws, &name.to_owned(), Freshness::Fresh)
            .await?;
        Ok(found.into_iter().collect())
    }

    /// Policies come after: a role is made without any. Returns when IAM shows the role.
    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let answer = outlast(propagation::WRITE, unknown_principal, || create(self, aws)).await?;
        aws.loaders.roles.forget(&self.role_name);
        let complete =
            self.inline_policies.get().is_empty() && self.managed_policy_arns.get().is_empty();
        until_visible(aws, &self.role_name).await;
        Ok(Created {
            outputs: outputs(&answer, &self.role_name),
            complete,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        aws.loaders.roles.forget(&self.role_name);
        let written = write(self, aws, &observed.component, changed).await;
        aws.loaders.roles.forget(&self.role_name);
        written.map(|()| observed.outputs.clone())
    }

    /// Takes its policies away first. A role that someone put into an instance profile stays as it is.
    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(name) = recorded.get("name") else {
            return Ok(());
        };
        aws.loaders.roles.forget(name);
        let deleted = delete(aws, name, wait).await;
        aws.loaders.roles.forget(name);
        match deleted {
            Err(error) if error.is_code(NOT_FOUND) => Ok(()),
            outcome => outcome,
        }
    }
}

/// Roles by name; the list holds only those that we made.
#[derive(Debug)]
pub(crate) struct Roles;

#[async_trait]
impl Source for Roles {
    type Key = String;
    type Item = Observed<Role>;
    const BATCH: usize = 1;
    const LISTS: bool = true;
    /// A role by itself costs four calls, all roles of a small account two.
    const LIST_AFTER: usize = 4;

    async fn keyed(
        aws: &Aws,
        keys: &[String],
    ) -> Result<HashMap<String, Observed<Role>>, AwsError> {
        let mut found = HashMap::new();
        for name in keys {
            found.extend(get(aws, name).await?.map(|role| (name.clone(), role)));
        }
        Ok(found)
    }

    async fn list(
        aws: &Aws,
        _asked: &[Self::Key],
    ) -> Result<Option<HashMap<String, Observed<Role>>>, AwsError> {
        let ours = all(aws)
            .await?
            .into_iter()
            .filter(|role| role.tags.contains_key(tag::PROJECT));
        Ok(Some(
            ours.map(|role| (role.component.role_name.clone(), role))
                .collect(),
        ))
    }
}

async fn get(aws: &Aws, name: &str) -> Result<Option<Observed<Role>>, AwsError> {
    let answer = match aws
        .call(GET, aws.iam().get_role().role_name(name).send())
        .await
    {
        Err(error) if error.is_code(NOT_FOUND) => return Ok(None),
        answer => answer?,
    };
    let role = answer.role().ok_or(GET.lacks("Role"))?;
    let policies = futures_util::future::try_join(inline(aws, name), attached(aws, name)).await;
    match policies {
        Ok((inline, attached)) => Facts::of_role(role, inline, attached).observed().map(Some),
        // It went away between two calls.
        Err(error) if error.is_code(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn inline_names(aws: &Aws, name: &str) -> Result<Vec<String>, AwsError> {
    let stream = aws
        .iam()
        .list_role_policies()
        .role_name(name)
        .into_paginator()
        .send();
    let pages = aws.pages(LIST_INLINE, stream).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.policy_names)
        .collect())
}

/// Inline policies as IAM writes them.
async fn inline(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let names = inline_names(aws, name).await?;
    let documents = names.into_iter().map(|policy| async move {
        let request = aws
            .iam()
            .get_role_policy()
            .role_name(name)
            .policy_name(&policy);
        match aws.call(GET_INLINE, request.send()).await {
            Err(error) if error.is_code(NOT_FOUND) => Ok(None),
            answer => answer.map(|answer| Some((policy, answer.policy_document))),
        }
    });
    let documents = futures_util::future::try_join_all(documents).await?;
    Ok(documents.into_iter().flatten().collect())
}

async fn attached(aws: &Aws, name: &str) -> Result<Vec<String>, AwsError> {
    let stream = aws
        .iam()
        .list_attached_role_policies()
        .role_name(name)
        .into_paginator()
        .send();
    let pages = aws.pages(LIST_ATTACHED, stream).await?;
    Ok(arns(pages.iter().flat_map(
        ListAttachedRolePoliciesOutput::attached_policies,
    )))
}

fn arns<'a>(policies: impl Iterator<Item = &'a AttachedPolicy>) -> Vec<String> {
    policies
        .filter_map(|policy| policy.policy_arn.clone())
        .collect()
}

/// All roles of the account, whoever made them.
async fn all(aws: &Aws) -> Result<Vec<Observed<Role>>, AwsError> {
    let details = aws
        .iam()
        .get_account_authorization_details()
        .filter(EntityType::Role)
        .max_items(PAGE);
    let roles = aws.iam().list_roles().max_items(PAGE);
    let (details, roles) = futures_util::future::try_join(
        aws.pages(DETAILS, details.into_paginator().send()),
        aws.pages(LIST, roles.into_paginator().send()),
    )
    .await?;
    let listed = roles.iter().flat_map(ListRolesOutput::roles);
    let listed: HashMap<&str, &Sdk> = listed.map(|role| (role.role_name(), role)).collect();
    let details = details
        .iter()
        .flat_map(GetAccountAuthorizationDetailsOutput::role_detail_list);
    // A role that only one of the two shows was made or deleted just now: it is read one by one.
    let both = details.filter_map(|detail| Some((detail, *listed.get(detail.role_name()?)?)));
    both.map(|(detail, role)| Facts::of_detail(detail, role).observed())
        .collect()
}

/// What IAM says of a role, before it is understood.
#[derive(Debug)]
struct Facts<'a> {
    role: &'a Sdk,
    trust: Option<&'a str>,
    inline: BTreeMap<String, String>,
    attached: Vec<String>,
    boundary: Option<&'a str>,
    tags: &'a [Tag],
    op: Op,
}

impl<'a> Facts<'a> {
    fn of_role(role: &'a Sdk, inline: BTreeMap<String, String>, attached: Vec<String>) -> Self {
        let boundary = role
            .permissions_boundary()
            .and_then(|it| it.permissions_boundary_arn());
        let trust = role.assume_role_policy_document();
        Self {
            role,
            trust,
            inline,
            attached,
            boundary,
            tags: role.tags(),
            op: GET,
        }
    }

    /// Description and longest session from the list, everything else from the details.
    fn of_detail(detail: &'a RoleDetail, role: &'a Sdk) -> Self {
        let boundary = detail
            .permissions_boundary()
            .and_then(|it| it.permissions_boundary_arn());
        let pair = |policy: &PolicyDetail| {
            Some((policy.policy_name.clone()?, policy.policy_document.clone()?))
        };
        Self {
            role,
            trust: detail.assume_role_policy_document(),
            inline: detail.role_policy_list().iter().filter_map(pair).collect(),
            attached: arns(detail.attached_managed_policies().iter()),
            boundary,
            tags: detail.tags(),
            op: DETAILS,
        }
    }

    fn observed(self) -> Result<Observed<Role>, AwsError> {
        let document = |text: &str| {
            policy_document::parse(text)
                .map_err(|_| self.op.lacks("a policy document that can be read"))
        };
        let trust = document(
            self.trust
                .ok_or(self.op.lacks("AssumeRolePolicyDocument"))?,
        )?;
        let inline: Result<BTreeMap<String, Json>, AwsError> = self
            .inline
            .iter()
            .map(|(name, text)| Ok((name.clone(), document(text)?)))
            .collect();
        let mut attached = self.attached;
        attached.sort();
        let tags = self
            .tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()));
        let tags = tag_changes::own(tags);
        let component = Role {
            role_name: self.role.role_name.clone(),
            path: self.role.path.clone(),
            description: self.role.description().unwrap_or_default().to_owned(),
            assume_role_policy: trust.into(),
            max_session_duration: self.role.max_session_duration().unwrap_or(DEFAULT_SESSION),
            permissions_boundary: self.boundary.unwrap_or_default().to_owned(),
            inline_policies: inline?.into(),
            managed_policy_arns: attached.into(),
            tags: tags.clone(),
        };
        let outputs = outputs(self.role.arn(), self.role.role_name());
        Ok(Observed {
            component,
            outputs,
            tags,
        })
    }
}

fn outputs(arn: &str, name: &str) -> Recorded {
    [("arn", arn), ("name", name)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn tags_to_sdk(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        Tag::builder()
            .key(key)
            .value(value)
            .build()
            .expect("both required fields are set")
    };
    tags.iter().map(tag).collect()
}

/// Answers the ARN.
async fn create(desired: &Role, aws: &Aws) -> Result<String, AwsError> {
    let boundary = Some(desired.permissions_boundary.clone()).filter(|arn| !arn.is_empty());
    let request = aws
        .iam()
        .create_role()
        .role_name(&desired.role_name)
        .path(&desired.path)
        .description(&desired.description)
        .assume_role_policy_document(desired.assume_role_policy.get().to_string())
        .max_session_duration(desired.max_session_duration)
        .set_permissions_boundary(boundary)
        .set_tags(Some(tags_to_sdk(&desired.tags)));
    let answer = aws.call(CREATE, request.send()).await?;
    Ok(answer.role().ok_or(CREATE.lacks("Role"))?.arn().to_owned())
}

/// IAM shows a new role some seconds late; the writes that follow would not find it. That it is not
/// seen in time is no failure of the create.
async fn until_visible(aws: &Aws, name: &str) {
    let seen = outlast(
        propagation::WRITE,
        |error| error.is_code(NOT_FOUND),
        || async move {
            aws.call(GET, aws.iam().get_role().role_name(name).send())
                .await
        },
    );
    if let Err(error) = seen.await {
        tracing::debug!(%error, role = name, "the new role is not visible yet");
    }
}

async fn write(
    desired: &Role,
    aws: &Aws,
    observed: &Role,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    let name = desired.role_name.as_str();
    // The boundary comes first: no policy is ever wider than it.
    if touches(changed, &["permissions_boundary"]) {
        put_boundary(desired, aws).await?;
    }
    if touches(changed, &["assume_role_policy"]) {
        outlast(propagation::WRITE, unknown_principal, || {
            put_trust(desired, aws)
        })
        .await?;
    }
    if touches(changed, &["description", "max_session_duration"]) {
        let request = aws
            .iam()
            .update_role()
            .role_name(name)
            .description(&desired.description);
        let request = request.max_session_duration(desired.max_session_duration);
        aws.call(UPDATE, request.send()).await?;
    }
    if touches(changed, &["inline_policies"]) {
        write_inline(desired, aws, observed).await?;
    }
    if touches(changed, &["managed_policy_arns"]) {
        write_attached(desired, aws, observed).await?;
    }
    write_tags(aws, name, TagChanges::of(changed)).await
}

async fn put_boundary(desired: &Role, aws: &Aws) -> Result<(), AwsError> {
    let (name, boundary) = (
        desired.role_name.as_str(),
        desired.permissions_boundary.as_str(),
    );
    if boundary.is_empty() {
        let request = aws.iam().delete_role_permissions_boundary().role_name(name);
        return aws.call(DELETE_BOUNDARY, request.send()).await.map(drop);
    }
    let request = aws
        .iam()
        .put_role_permissions_boundary()
        .role_name(name)
        .permissions_boundary(boundary);
    aws.call(PUT_BOUNDARY, request.send()).await.map(drop)
}

async fn put_trust(desired: &Role, aws: &Aws) -> Result<(), AwsError> {
    let document = desired.assume_role_policy.get().to_string();
    let request = aws
        .iam()
        .update_assume_role_policy()
        .role_name(&desired.role_name);
    aws.call(UPDATE_TRUST, request.policy_document(document).send())
        .await
        .map(drop)
}

async fn write_inline(desired: &Role, aws: &Aws, observed: &Role) -> Result<(), AwsError> {
    let (name, want, have) = (
        desired.role_name.as_str(),
        desired.inline_policies.get(),
        observed.inline_policies.get(),
    );
    for (policy, document) in want
        .iter()
        .filter(|(policy, document)| !same(have.get(*policy), document))
    {
        let request = aws
            .iam()
            .put_role_policy()
            .role_name(name)
            .policy_name(policy);
        let request = request.policy_document(document.to_string());
        aws.call(PUT_INLINE, request.send()).await?;
    }
    for policy in have.keys().filter(|policy| !want.contains_key(*policy)) {
        delete_inline(aws, name, policy).await?;
    }
    Ok(())
}

fn same(have: Option<&Json>, want: &Json) -> bool {
    have.is_some_and(|have| policy_document::normalise(have) == policy_document::normalise(want))
}

async fn write_attached(desired: &Role, aws: &Aws, observed: &Role) -> Result<(), AwsError> {
    let name = desired.role_name.as_str();
    let want: BTreeSet<&String> = desired.managed_policy_arns.get().iter().collect();
    let have: BTreeSet<&String> = observed.managed_policy_arns.get().iter().collect();
    for arn in want.difference(&have) {
        let request = aws
            .iam()
            .attach_role_policy()
            .role_name(name)
            .policy_arn(arn.as_str());
        aws.call(ATTACH, request.send()).await?;
    }
    for arn in have.difference(&want) {
        detach(aws, name, arn).await?;
    }
    Ok(())
}

/// Keys that differ only in case are one key to IAM: `team` has to go before `Team` comes, or it takes that along.
async fn write_tags(aws: &Aws, name: &str, changes: TagChanges) -> Result<(), AwsError> {
    if !changes.remove.is_empty() {
        let request = aws
            .iam()
            .untag_role()
            .role_name(name)
            .set_tag_keys(Some(changes.remove));
        aws.call(UNTAG, request.send()).await?;
    }
    if !changes.set.is_empty() {
        let request = aws
            .iam()
            .tag_role()
            .role_name(name)
            .set_tags(Some(tags_to_sdk(&changes.set)));
        aws.call(TAG, request.send()).await?;
    }
    Ok(())
}

async fn detach(aws: &Aws, name: &str, arn: &str) -> Result<(), AwsError> {
    let request = aws
        .iam()
        .detach_role_policy()
        .role_name(name)
        .policy_arn(arn);
    gone_is_fine(aws.call(DETACH, request.send()).await.map(drop))
}

async fn delete_inline(aws: &Aws, name: &str, policy: &str) -> Result<(), AwsError> {
    let request = aws
        .iam()
        .delete_role_policy()
        .role_name(name)
        .policy_name(policy);
    gone_is_fine(aws.call(DELETE_INLINE, request.send()).await.map(drop))
}

fn gone_is_fine(outcome: Result<(), AwsError>) -> Result<(), AwsError> {
    match outcome {
        Err(error) if error.is_code(NOT_FOUND) => Ok(()),
        outcome => outcome,
    }
}

async fn delete(aws: &Aws, name: &str, wait: &Wait) -> Result<(), AwsError> {
    refuse_instance_profiles(aws, name).await?;
    for arn in attached(aws, name).await? {
        detach(aws, name, &arn).await?;
    }
    for policy in inline_names(aws, name).await? {
        delete_inline(aws, name, &policy).await?;
    }
    loop {
        match aws
            .call(DELETE, aws.iam().delete_role().role_name(name).send())
            .await
        {
            // IAM may still see the policies that are gone.
            Err(error) if error.is_code(&["DeleteConflict", "ConcurrentModification"]) => {
                wait.pause(PAUSE, &format!("IAM role {name} to be deleted: {error}"))
                    .await?;
            }
            outcome => return outcome.map(drop),
        }
    }
}

/// Instance profiles are never ours: whoever made one still uses the role.
async fn refuse_instance_profiles(aws: &Aws, name: &str) -> Result<(), AwsError> {
    let stream = aws
        .iam()
        .list_instance_profiles_for_role()
        .role_name(name)
        .into_paginator()
        .send();
    let pages = aws.pages(LIST_PROFILES, stream).await?;
    let profile = pages
        .iter()
        .flat_map(ListInstanceProfilesForRoleOutput::instance_profiles)
        .next();
    profile.map_or(Ok(()), |profile| {
        let profile = profile.instance_profile_name();
        Err(AwsError::Refused {
            service: DELETE.service,
            operation: DELETE.name.to_owned(),
            code: "DeleteConflict".to_owned(),
            message: format!(
                "role {name} is in instance profile {profile}, which stackwright did not make"
            ),
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use aws_sdk_iam::primitives::DateTime;
    use aws_sdk_iam::types::{AttachedPermissionsBoundary, builders::RoleBuilder};
    use serde_json::json;

    const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";
    const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

    fn listed() -> RoleBuilder {
        Sdk::builder()
            .role_name("shop")
            .role_id("AROAX")
            .path("/acme/")
            .arn("arn:aws:iam::123456789012:role/acme/shop")
            .create_date(DateTime::from_secs(0))
            .description("what it is for")
            .max_session_duration(7200)
    }

    fn trust() -> Json {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})
    }

    fn boundary() -> AttachedPermissionsBoundary {
        AttachedPermissionsBoundary::builder()
            .permissions_boundary_arn(BOUNDARY)
            .build()
    }

    fn attached_policy(arn: &str) -> AttachedPolicy {
        AttachedPolicy::builder().policy_arn(arn).build()
    }

    fn tag(key: &str) -> Tag {
        Tag::builder().key(key).value("x").build().unwrap()
    }

    fn expected() -> Role {
        Role {
            role_name: "shop".to_owned(),
            path: "/acme/".to_owned(),
            description: "what it is for".to_owned(),
            assume_role_policy: trust().into(),
            max_session_duration: 7200,
            permissions_boundary: BOUNDARY.to_owned(),
            inline_policies: BTreeMap::from([("logs".to_owned(), json!({"Statement": []}))]).into(),
            managed_policy_arns: vec!["arn:a".to_owned(), READ_ONLY.to_owned()].into(),
            tags: [("team".to_owned(), "x".to_owned())].into(),
        }
    }

    #[test]
    fn both_ways_to_read_a_role_say_the_same() {
        let inline = "%7B%22Statement%22%3A%5B%5D%7D";
        let single = listed()
            .assume_role_policy_document(trust().to_string())
            .permissions_boundary(boundary())
            .tags(tag("team"))
            .tags(tag("aws:x"))
            .build()
            .unwrap();
        let inline_policies = BTreeMap::from([("logs".to_owned(), inline.to_owned())]);
        let attached = vec![READ_ONLY.to_owned(), "arn:a".to_owned()];
        let one = Facts::of_role(&single, inline_policies, attached)
            .observed()
            .unwrap();
        let detail = RoleDetail::builder()
            .role_name("shop")
            .assume_role_policy_document(trust().to_string())
            .role_policy_list(
                PolicyDetail::builder()
                    .policy_name("logs")
                    .policy_document(inline)
                    .build(),
            )
            .attached_managed_policies(attached_policy(READ_ONLY))
            .attached_managed_policies(attached_policy("arn:a"))
            .permissions_boundary(boundary())
            .tags(tag("team"))
            .build();
        let plain = listed().build().unwrap();
        let many = Facts::of_detail(&detail, &plain).observed().unwrap();
        assert_eq!(one.component, expected());
        assert_eq!(many.component, expected());
        assert_eq!(one.outputs, many.outputs);
        assert_eq!(
            one.outputs["arn"],
            "arn:aws:iam::123456789012:role/acme/shop"
        );
    }

    #[test]
    fn a_role_that_says_little_reads_as_its_defaults() {
        let mut role = listed()
            .assume_role_policy_document(trust().to_string())
            .build()
            .unwrap();
        (role.description, role.max_session_duration) = (None, None);
        let component = Facts::of_role(&role, BTreeMap::new(), Vec::new())
            .observed()
            .unwrap()
            .component;
        assert_eq!(component.description, "");
        assert_eq!(component.max_session_duration, DEFAULT_SESSION);
        assert_eq!(component.permissions_boundary, "");
    }

    #[test]
    fn a_document_that_cannot_be_read_is_an_error() {
        let role = listed().assume_role_policy_document("%7").build().unwrap();
        let outcome = Facts::of_role(&role, BTreeMap::new(), Vec::new()).observed();
        assert!(matches!(
            outcome,
            Err(AwsError::Answer {
                operation: "GetRole",
                ..
            })
        ));
    }

    #[test]
    fn documents_are_compared_by_meaning() {
        let have = json!({"Statement": [{"Action": "a"}]});
        assert!(same(Some(&have), &json!({"Statement": {"Action": ["a"]}})));
        assert!(!same(Some(&have), &json!({"Statement": {"Action": ["b"]}})));
        assert!(!same(None, &have));
    }
}
