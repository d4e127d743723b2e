//! Schedules, their groups, and queues against the emulator.

use std::collections::BTreeMap;

use serde_json::json;
use stackwright_aws::{Adapter, Lookup, Recorded};
use stackwright_plan::component::{Queue, Role, Schedule, ScheduleGroup, Tags};
use stackwright_plan::{In, ResourceId, policy_document};

use crate::emulated::{Account, code, differences};

const RESOURCE: &str = "stage/shop/report";

fn tags(account: &Account, component: &str, user: &[(&str, &str)]) -> Tags {
    let user = user
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let id = ResourceId::new("job", RESOURCE);
    account.scope().tags(&id, component, Some("shop"), &user)
}

fn group(account: &Account, name: &str) -> ScheduleGroup {
    ScheduleGroup {
        name: name.to_owned(),
        tags: tags(account, "schedule_group", &[("team", "a"), ("gone", "b")]),
    }
}

fn queue(account: &Account, name: &str) -> Queue {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }],
    });
    Queue {
        queue_name: name.to_owned(),
        message_retention_period: 1_209_600,
        sqs_managed_sse_enabled: true,
        policy: In::Known(policy_document::normalise(&policy)),
        tags: tags(account, "dead_letters", &[("team", "a"), ("gone", "b")]),
    }
}

async fn role(account: &Account) -> Recorded {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "scheduler.amazonaws.com" },
        }],
    });
    let role = Role {
        role_name: "scheduler".to_owned(),
        path: "/".to_owned(),
        description: "starts it".to_owned(),
        assume_role_policy: In::Known(policy_document::normalise(&trust)),
        max_session_duration: 3600,
        permissions_boundary: String::new(),
        inline_policies: In::Known(BTreeMap::new()),
        managed_policy_arns: In::Known(Vec::new()),
        tags: tags(account, "role.scheduler", &[]),
    };
    role.create(&account.aws, "t").await.unwrap().outputs
}

fn schedule(account: &Account, role: &Recorded) -> Schedule {
    let ecs = |what: &str| format!("arn:aws:ecs:us-west-2:{}:{what}", account.id);
    Schedule {
        group_name: "jobs".into(),
        name: "report".to_owned(),
        description: "runs report".to_owned(),
        schedule_expression: "cron(0 3 * * ? *)".to_owned(),
        schedule_expression_timezone: "Europe/Berlin".to_owned(),
        state: "ENABLED".to_owned(),
        flexible_window_minutes: 0,
        cluster: In::Known(ecs("cluster/main")),
        role_arn: In::Known(role["arn"].clone()),
        task_definition: In::Known(ecs("task-definition/report:1")),
        task_count: 1,
        subnets: In::Known(vec!["subnet-1".to_owned(), "subnet-2".to_owned()]),
        security_groups: In::Known(vec!["sg-1".to_owned()]),
        assign_public_ip: false,
        enable_ecs_managed_tags: true,
        propagate_tags: "TASK_DEFINITION".to_owned(),
        input: String::new(),
        maximum_retry_attempts: 3,
        maximum_event_age_in_seconds: 3600,
        dead_letter_arn: In::Known(format!("arn:aws:sqs:us-west-2:{}:letters", account.id)),
    }
}

#[tokio::test]
async fn a_schedule_group_lives_and_changes() {
    let account = Account::new().await;
    let desired = group(&account, "jobs");
    let recorded = account.make(&desired).await;
    let changed = ScheduleGroup {
        tags: tags(&account, "schedule_group", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.remove::<ScheduleGroup>(&recorded).await;
}

#[tokio::test]
async fn a_schedule_group_is_found_on_every_page() {
    let account = Account::new().await;
    let desired = group(&account, "jobs");
    account.make(&desired).await;
    account.control("settings", json!({"page_size": 2}));
    for at in 0..4 {
        let params = json!({"Name": format!("other{at}")});
        account.outside("scheduler", "CreateScheduleGroup", params);
    }
    let own = account.own_tags("job", RESOURCE, "schedule_group");
    let arn = format!(
        "arn:aws:scheduler:us-west-2:{}:schedule-group/jobs",
        account.id
    );
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named("jobs"),
        Lookup::Named(&arn),
        Lookup::Owned(&own),
    ] {
        let found = ScheduleGroup::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].component, desired);
    }
    let error = desired.create(&account.aws, "t").await.unwrap_err();
    assert_eq!(
        code(&error),
        "ScheduleGroupExists",
        "one that stays is not waited for"
    );
}

#[tokio::test]
async fn a_schedule_lives_and_every_field_changes() {
    let account = Account::new().await;
    let role = role(&account).await;
    let group = account.make(&group(&account, "jobs")).await;
    let desired = schedule(&account, &role);
    let own = account.own_tags("job", RESOURCE, "schedule");
    let find = Lookup::Desired(&desired, &own);
    assert!(Schedule::find(&account.aws, find).await.unwrap().is_empty());
    let recorded = account.make(&desired).await;
    assert_eq!(Schedule::find(&account.aws, find).await.unwrap().len(), 1);
    assert_eq!(
        Schedule::find(&account.aws, Lookup::Named("jobs/report"))
            .await
            .unwrap()
            .len(),
        1
    );
    let by_arn = Lookup::Named(&recorded["arn"]);
    let found = Schedule::find(&account.aws, by_arn).await.unwrap();
    assert_eq!(found.len(), 1, "the plan of a create asks by ARN");
    let changed = Schedule {
        description: "other".to_owned(),
        schedule_expression: "rate(5 minutes)".to_owned(),
        schedule_expression_timezone: "UTC".to_owned(),
        state: "DISABLED".to_owned(),
        flexible_window_minutes: 15,
        task_definition: "arn:aws:ecs:us-west-2:1:task-definition/report:2".into(),
        task_count: 2,
        subnets: In::Known(vec!["subnet-3".to_owned()]),
        security_groups: In::Known(vec!["sg-2".to_owned()]),
        assign_public_ip: true,
        enable_ecs_managed_tags: false,
        input: "{}".to_owned(),
        maximum_retry_attempts: 0,
        maximum_event_age_in_seconds: 60,
        dead_letter_arn: "arn:aws:sqs:us-west-2:1:other".into(),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    account.remove::<Schedule>(&recorded).await;
    account.remove::<ScheduleGroup>(&group).await;
}

#[tokio::test]
async fn a_schedule_goes_with_its_group() {
    let account = Account::new().await;
    let role = role(&account).await;
    let group = account.make(&group(&account, "jobs")).await;
    let recorded = account.make(&schedule(&account, &role)).await;
    account.remove::<ScheduleGroup>(&group).await;
    account.remove::<Schedule>(&recorded).await;
}

#[tokio::test]
async fn a_queue_lives_and_changes() {
    let account = Account::new().await;
    let desired = queue(&account, "letters");
    let recorded = account.make(&desired).await;
    let changed = Queue {
        message_retention_period: 60,
        sqs_managed_sse_enabled: false,
        tags: tags(&account, "dead_letters", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    account.change(&desired, &recorded).await;
    let params = json!({"QueueUrl": recorded["url"], "Attributes": {"Policy": ""}});
    account.outside("sqs", "SetQueueAttributes", params);
    let observed = account.read::<Queue>(&recorded).await;
    assert_eq!(
        differences(&desired, &observed).len(),
        1,
        "its policy is gone"
    );
    account.remove::<Queue>(&recorded).await;
}

#[tokio::test]
async fn a_queue_is_found_by_name_arn_url_and_tags() {
    let account = Account::new().await;
    let desired = queue(&account, "letters");
    let recorded = account.make(&desired).await;
    account.control("settings", json!({"page_size": 2}));
    for at in 0..4 {
        let params = json!({"QueueName": format!("a{at}")});
        account.outside("sqs", "CreateQueue", params);
    }
    let own = account.own_tags("job", RESOURCE, "dead_letters");
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named(&recorded["arn"]),
        Lookup::Named(&recorded["url"]),
        Lookup::Owned(&own),
    ] {
        let found = Queue::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].component, desired);
    }
}
