//! Roles, log groups and parameters against the emulator.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use stackwright_aws::{Adapter, Freshness, Lookup, Observed};
use stackwright_plan::component::{LogGroup, Parameter, Role, Tags};
use stackwright_plan::{ResourceId, policy_document};

use crate::emulated::{Account, code, differences, wait};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const VIEW_ONLY: &str = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";

fn trust(service: &str) -> Json {
    policy_document::normalise(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}]}))
}

fn policy(action: &str) -> Json {
    policy_document::normalise(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": [action], "Resource": "*"}]}))
}

fn tags(account: &Account, resource: &str, user: &[(&str, &str)]) -> Tags {
    let user = user
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    account
        .scope()
        .tags(&ResourceId::new("app", resource), "it", None, &user)
}

fn role(account: &Account, name: &str) -> Role {
    Role {
        role_name: name.to_owned(),
        path: "/".to_owned(),
        description: "what it is for".to_owned(),
        assume_role_policy: trust("ecs-tasks.amazonaws.com").into(),
        max_session_duration: 3600,
        permissions_boundary: String::new(),
        inline_policies: BTreeMap::from([
            ("logs".to_owned(), policy("logs:PutLogEvents")),
            ("a.b".to_owned(), policy("ssm:GetParameters")),
        ])
        .into(),
        managed_policy_arns: vec![READ_ONLY.to_owned()].into(),
        tags: tags(account, "stage/shop", &[("team", "a"), ("gone", "b")]),
    }
}

#[tokio::test]
async fn a_role_lives_and_changes() {
    let account = Account::new().await;
    let desired = role(&account, "shop");
    let recorded = account.make(&desired).await;
    assert_eq!(
        recorded["arn"],
        format!("arn:aws:iam::{}:role/shop", account.id)
    );
    let changed = Role {
        description: "another".to_owned(),
        max_session_duration: 7200,
        assume_role_policy: trust("lambda.amazonaws.com").into(),
        permissions_boundary: VIEW_ONLY.to_owned(),
        inline_policies: BTreeMap::from([
            ("a.b".to_owned(), policy("ssm:GetParameter")),
            ("new".to_owned(), policy("s3:GetObject")),
        ])
        .into(),
        managed_policy_arns: vec![VIEW_ONLY.to_owned()].into(),
        tags: tags(&account, "stage/shop", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<Role>(&recorded).await;
}

#[tokio::test]
async fn roles_are_found_by_name_by_arn_and_by_resource() {
    let account = Account::new().await;
    let desired = role(&account, "shop");
    let own = account.own_tags("app", "stage/shop", "it");
    assert!(
        Role::find(&account.aws, Lookup::Desired(&desired, &own))
            .await
            .unwrap()
            .is_empty()
    );
    let recorded = account.make(&desired).await;
    let other = Role {
        tags: tags(&account, "stage/other", &[]),
        ..role(&account, "other")
    };
    account.make(&other).await;
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named("shop"),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found: Vec<Observed<Role>> = Role::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(differences(&desired, &found[0]), [], "{lookup:?}");
    }
}

#[tokio::test]
async fn many_roles_are_listed_rather_than_read() {
    let account = Account::new().await;
    let names: Vec<String> = (0..30).map(|index| format!("role-{index:02}")).collect();
    for name in &names {
        let plain = Role {
            inline_policies: BTreeMap::new().into(),
            ..role(&account, name)
        };
        let created = plain.create(&account.aws, "token").await.unwrap();
        assert!(!created.complete);
    }
    let before = account.calls().len();
    let reads = names.iter().map(|name| {
        let recorded = [("name".to_owned(), name.clone())].into();
        let aws = &account.aws;
        async move {
            Role::read(aws, &recorded, Freshness::Cached)
                .await
                .unwrap()
                .unwrap()
        }
    });
    let found = futures_util::future::join_all(reads).await;
    assert!(
        found
            .iter()
            .zip(&names)
            .all(|(found, name)| found.component.role_name == *name)
    );
    assert!(
        found
            .iter()
            .all(|found| found.component.description == "what it is for")
    );
    let calls = account.calls().len() - before;
    assert!(calls <= 4, "{calls} calls");
}

#[tokio::test]
async fn a_role_in_an_instance_profile_is_left_alone() {
    let account = Account::new().await;
    let desired = role(&account, "shop");
    let recorded = account.make(&desired).await;
    account.outside(
        "iam",
        "CreateInstanceProfile",
        json!({"InstanceProfileName": "theirs"}),
    );
    let add = json!({"InstanceProfileName": "theirs", "RoleName": "shop"});
    account.outside("iam", "AddRoleToInstanceProfile", add.clone());
    let error = Role::delete(&account.aws, &recorded, &wait())
        .await
        .unwrap_err();
    assert_eq!(code(&error), "DeleteConflict");
    account.assert_same(&desired, &recorded).await;
    account.outside("iam", "RemoveRoleFromInstanceProfile", add);
    account.remove::<Role>(&recorded).await;
}

#[tokio::test]
async fn a_log_group_lives_and_changes() {
    let account = Account::new().await;
    let own = account.own_tags("app", "stage/shop", "it");
    let name = "/acme-stage/shop";
    let desired = LogGroup {
        log_group_name: name.to_owned(),
        retention_in_days: 7,
        tags: tags(&account, "stage/shop", &[("team", "a"), ("gone", "b")]),
    };
    let recorded = account.make(&desired).await;
    let longer = LogGroup {
        log_group_name: format!("{name}-2"),
        ..desired.clone()
    };
    let longer_recorded = account.make(&longer).await;
    let changed = LogGroup {
        retention_in_days: 30,
        tags: tags(&account, "stage/shop", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account
        .change(
            &LogGroup {
                retention_in_days: 0,
                ..changed.clone()
            },
            &recorded,
        )
        .await;
    assert_eq!(
        LogGroup::find(&account.aws, Lookup::Desired(&desired, &own))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        LogGroup::find(&account.aws, Lookup::Named(&recorded["arn"]))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        LogGroup::find(&account.aws, Lookup::Owned(&own))
            .await
            .unwrap()
            .len(),
        2
    );
    account.remove::<LogGroup>(&recorded).await;
    account.assert_same(&longer, &longer_recorded).await;
}

#[tokio::test]
async fn log_groups_are_read_fifty_at_a_time() {
    let account = Account::new().await;
    let mut recorded = Vec::new();
    for index in 0..30 {
        let desired = LogGroup {
            log_group_name: format!("/acme-stage/{index}"),
            retention_in_days: 0,
            tags: tags(&account, "stage/shop", &[]),
        };
        recorded.push(desired.create(&account.aws, "token").await.unwrap().outputs);
    }
    let reads = recorded
        .iter()
        .map(|recorded| LogGroup::read(&account.aws, recorded, Freshness::Cached));
    let found = futures_util::future::join_all(reads).await;
    assert!(found.iter().all(|found| matches!(found, Ok(Some(_)))));
    assert_eq!(account.calls_of("DescribeLogGroups").len(), 1);
}

#[tokio::test]
async fn a_parameter_lives_and_changes() {
    let account = Account::new().await;
    let own = account.own_tags("app", "stage/shop", "it");
    let desired = Parameter {
        name: "/acme/stage/shop".to_owned(),
        description: String::new(),
        value: "{\"a\": 1}".into(),
        tags: tags(&account, "stage/shop", &[("team", "a"), ("gone", "b")]),
    };
    let recorded = account.make(&desired).await;
    assert_eq!(
        recorded["arn"],
        format!(
            "arn:aws:ssm:us-west-2:{}:parameter/acme/stage/shop",
            account.id
        )
    );
    let changed = Parameter {
        description: "now with one".to_owned(),
        value: "{\"a\": 2}".into(),
        tags: tags(&account, "stage/shop", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named("/acme/stage/shop"),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found: Vec<Observed<Parameter>> = Parameter::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
    }
    account.remove::<Parameter>(&recorded).await;
}
