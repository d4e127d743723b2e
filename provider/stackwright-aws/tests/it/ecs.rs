//! Clusters, task definitions, services and their deployments against the emulator.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use stackwright_aws::{Adapter, AwsError, Freshness, Lookup, Recorded, Wait};
use stackwright_plan::ResourceId;
use stackwright_plan::component::{
    AwsLogs, CapacityShare, Container, ContainerHealthCheck, EcsCluster, EcsService, EfsVolume,
    Mount, Role, Tags, TaskDefinition,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::emulated::{Account, REGION, differences, wait};

fn tags(account: &Account, user: &[(&str, &str)]) -> Tags {
    let user = user
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    account.scope().tags(
        &ResourceId::new("service", "stage/shop/worker"),
        "it",
        None,
        &user,
    )
}

fn share(name: &str) -> CapacityShare {
    CapacityShare {
        capacity_provider: name.to_owned(),
        weight: 1,
        base: 0,
    }
}

fn cluster(account: &Account) -> EcsCluster {
    EcsCluster {
        cluster_name: "main".to_owned(),
        container_insights: "enabled".to_owned(),
        exec_logging: "DEFAULT".to_owned(),
        capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
        default_capacity_provider_strategy: vec![share("FARGATE_SPOT")],
        tags: tags(account, &[("team", "a"), ("gone", "b")]),
    }
}

fn task_definition(account: &Account, role: &str, command: &str) -> TaskDefinition {
    let container = Container {
        name: "worker".to_owned(),
        image: "registry.example.com/shop:1".into(),
        essential: true,
        command: vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()].into(),
        entry_point: Vec::new().into(),
        environment: BTreeMap::from([
            ("B".to_owned(), "\"${x}\" %{y}\n\\ */".to_owned()),
            ("A".to_owned(), String::new()),
        ])
        .into(),
        secrets: BTreeMap::from([(
            "TOKEN".to_owned(),
            account.scope().arn("ssm", "parameter/token"),
        )])
        .into(),
        stop_timeout: 60,
        log: AwsLogs {
            group: "/acme".to_owned(),
            region: REGION.to_owned(),
            stream_prefix: "worker".to_owned(),
        },
        init_process: true,
        ports: vec![8080],
        cpu: 128,
        memory: Some(256),
        health_check: Some(ContainerHealthCheck {
            command: vec!["CMD-SHELL".to_owned(), "curl -f localhost".to_owned()],
            interval: 10,
            timeout: 3,
            retries: 2,
            start_period: 5,
        }),
        depends_on: BTreeMap::new(),
        mounts: vec![Mount {
            name: "data".to_owned(),
            container_path: "/data".to_owned(),
            read_only: true,
        }],
    };
    TaskDefinition {
        family: "acme-stage-shop-worker-abc123".to_owned(),
        cpu: 256,
        memory: 512,
        cpu_architecture: "ARM64".to_owned(),
        execution_role_arn: role.into(),
        task_role_arn: role.into(),
        containers: vec![container],
        volumes: vec![EfsVolume {
            name: "data".to_owned(),
            file_system_id: "fs-0123abcd".to_owned(),
            root_directory: "/".to_owned(),
            access_point_id: "fsap-0123abcd".to_owned(),
            transit_encryption: true,
            iam: true,
        }],
        tags: tags(account, &[("team", "a"), ("gone", "b")]),
    }
}

/// A role that tasks may assume.
async fn role(account: &Account) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]});
    let role = Role {
        role_name: "task".to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        assume_role_policy: trust.into(),
        max_session_duration: 3600,
        permissions_boundary: String::new(),
        inline_policies: BTreeMap::new().into(),
        managed_policy_arns: Vec::new().into(),
        tags: tags(account, &[]),
    };
    account.make(&role).await["arn"].clone()
}

/// A cluster, two revisions and a service that is not made yet.
struct Shop {
    account: Account,
    cluster: Recorded,
    old: String,
    new: String,
    service: EcsService,
}

impl Shop {
    async fn new() -> Self {
        let account = Account::new().await;
        let cluster = account.make(&cluster(&account)).await;
        let role = role(&account).await;
        let old = account.make(&task_definition(&account, &role, "one")).await["arn"].clone();
        let new = account.make(&task_definition(&account, &role, "two")).await["arn"].clone();
        let subnets = account.outside("ec2", "DescribeSubnets", json!({}));
        let mut subnets: Vec<String> = subnets["Subnets"]
            .as_array()
            .unwrap()
            .iter()
            .take(2)
            .map(|subnet| subnet["SubnetId"].as_str().unwrap().to_owned())
            .collect();
        subnets.sort();
        let groups = account.outside("ec2", "DescribeSecurityGroups", json!({}));
        let group = groups["SecurityGroups"][0]["GroupId"]
            .as_str()
            .unwrap()
            .to_owned();
        let service = EcsService {
            service_name: "worker".to_owned(),
            cluster: cluster["arn"].as_str().into(),
            task_definition: old.as_str().into(),
            desired_count: Some(2),
            capacity_provider_strategy: None,
            subnets: subnets.into(),
            security_groups: vec![group.into()],
            assign_public_ip: false,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: true,
            rollback: true,
            enable_execute_command: true,
            availability_zone_rebalancing: true,
            enable_ecs_managed_tags: true,
            propagate_tags: "SERVICE".to_owned(),
            health_check_grace_period_seconds: None,
            load_balancers: Vec::new(),
            service_registries: Vec::new(),
            tags: tags(&account, &[("team", "a"), ("gone", "b")]),
        };
        Self {
            account,
            cluster,
            old,
            new,
            service,
        }
    }

    async fn running(&self) -> Recorded {
        let recorded = self.account.make(&self.service).await;
        self.service
            .settle(&self.account.aws, &recorded, &wait())
            .await
            .unwrap();
        recorded
    }

    fn newer(&self) -> EcsService {
        EcsService {
            task_definition: self.new.as_str().into(),
            ..self.service.clone()
        }
    }
}

#[tokio::test]
async fn a_cluster_lives_and_changes() {
    let account = Account::new().await;
    let desired = cluster(&account);
    let own = account.own_tags("service", "stage/shop/worker", "it");
    assert!(
        EcsCluster::find(&account.aws, Lookup::Desired(&desired, &own))
            .await
            .unwrap()
            .is_empty()
    );
    let recorded = account.make(&desired).await;
    desired
        .settle(&account.aws, &recorded, &wait())
        .await
        .unwrap();
    let changed = EcsCluster {
        container_insights: "disabled".to_owned(),
        exec_logging: "NONE".to_owned(),
        capacity_providers: vec!["FARGATE".to_owned()],
        default_capacity_provider_strategy: vec![share("FARGATE")],
        tags: tags(&account, &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    for lookup in [
        Lookup::Desired(&desired, &own),
        Lookup::Named("main"),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        assert_eq!(
            EcsCluster::find(&account.aws, lookup).await.unwrap().len(),
            1,
            "{lookup:?}"
        );
    }
    account.remove::<EcsCluster>(&recorded).await;
}

#[tokio::test]
async fn a_revision_lives_and_is_adopted() {
    let account = Account::new().await;
    let role = role(&account).await;
    let desired = task_definition(&account, &role, "one");
    let own = account.own_tags("service", "stage/shop/worker", "it");
    assert!(
        TaskDefinition::find(&account.aws, Lookup::Desired(&desired, &own))
            .await
            .unwrap()
            .is_empty()
    );
    let recorded = account.make(&desired).await;
    let retagged = TaskDefinition {
        tags: tags(&account, &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&retagged, &recorded).await;
    let found = TaskDefinition::find(&account.aws, Lookup::Desired(&desired, &own))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].outputs, recorded);
    let other = task_definition(&account, &role, "two");
    assert!(
        TaskDefinition::find(&account.aws, Lookup::Desired(&other, &own))
            .await
            .unwrap()
            .is_empty()
    );
    account.make(&other).await;
    assert_eq!(
        TaskDefinition::find(&account.aws, Lookup::Owned(&own))
            .await
            .unwrap()
            .len(),
        2
    );
    account.remove::<TaskDefinition>(&recorded).await;
}

#[tokio::test]
async fn a_revision_is_described_once() {
    let account = Account::new().await;
    let role = role(&account).await;
    let recorded = account.make(&task_definition(&account, &role, "one")).await;
    let before = account.calls_of("DescribeTaskDefinition").len();
    for _ in 0..3 {
        TaskDefinition::read(&account.aws, &recorded, Freshness::Cached)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(account.calls_of("DescribeTaskDefinition").len(), before);
}

#[tokio::test]
async fn a_service_lives_and_changes() {
    let shop = Box::pin(Shop::new()).await;
    let own = shop.account.own_tags("service", "stage/shop/worker", "it");
    let recorded = shop.running().await;
    let changed = EcsService {
        desired_count: Some(1),
        capacity_provider_strategy: Some(vec![share("FARGATE")]),
        assign_public_ip: true,
        minimum_healthy_percent: 50,
        maximum_percent: 150,
        rollback: false,
        enable_execute_command: false,
        enable_ecs_managed_tags: false,
        tags: tags(&shop.account, &[("team", "c")]),
        ..shop.newer()
    };
    shop.account.change(&changed, &recorded).await;
    changed
        .settle(&shop.account.aws, &recorded, &wait())
        .await
        .unwrap();
    for lookup in [
        Lookup::Desired(&shop.service, &own),
        Lookup::Named("main/worker"),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = EcsService::find(&shop.account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(differences(&changed, &found[0]), [], "{lookup:?}");
    }
    shop.account.remove::<EcsService>(&recorded).await;
    shop.account.remove::<EcsCluster>(&shop.cluster).await;
}

#[tokio::test]
async fn another_count_sends_the_count_alone() {
    let shop = Box::pin(Shop::new()).await;
    let recorded = shop.running().await;
    let three = EcsService {
        desired_count: Some(3),
        ..shop.service.clone()
    };
    shop.account.change(&three, &recorded).await;
    three
        .settle(&shop.account.aws, &recorded, &wait())
        .await
        .unwrap();
    let updates = shop.account.calls_of("UpdateService");
    assert_eq!(updates.len(), 1);
    let params = updates[0]["params"].as_object().unwrap();
    let keys: Vec<&str> = params.keys().map(String::as_str).collect();
    assert_eq!(keys, ["cluster", "desiredCount", "service"]);
}

#[tokio::test]
async fn a_rollback_is_an_error_with_reasons() {
    let shop = Box::pin(Shop::new()).await;
    let recorded = shop.running().await;
    let exited = json!({"stopped_reason": "Essential container in task exited", "exit_code": 3, "container": "worker"});
    let play = json!({"service": "worker", "outcome": "rollback", "after_describes": 1,
        "reason": "ECS deployment circuit breaker: tasks failed to start.", "stopped_tasks": [exited.clone(), exited]});
    shop.account.control("ecs/play", play);
    shop.account.change(&shop.newer(), &recorded).await;
    let outcome = shop
        .newer()
        .settle(&shop.account.aws, &recorded, &wait())
        .await;
    let Err(AwsError::RolledBack {
        service,
        reason,
        running,
        stopped,
    }) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(service, "worker");
    assert!(reason.contains("circuit breaker"), "{reason}");
    assert_eq!(running, shop.old);
    assert_eq!(
        stopped.reasons,
        ["2 tasks: Essential container in task exited (worker: exit code 3)"]
    );
    // A later run, which did not write, sees the former revision as it is.
    assert_eq!(
        shop.account
            .read::<EcsService>(&recorded)
            .await
            .component
            .task_definition
            .get(),
        &shop.old
    );
}

#[tokio::test]
async fn a_failed_first_deployment_is_begun_again_by_the_next_run() {
    let shop = Box::pin(Shop::new()).await;
    let play = json!({"service": "worker", "outcome": "failed", "after_describes": 1, "reason": "tasks failed to start"});
    shop.account.control("ecs/play", play);
    let recorded = shop.account.make(&shop.service).await;
    let first = shop
        .service
        .settle(&shop.account.aws, &recorded, &wait())
        .await;
    assert!(
        matches!(first, Err(AwsError::RolledBack { .. })),
        "{first:?}"
    );
    let play = json!({"service": "worker", "outcome": "failed", "after_describes": 1, "reason": "still failing"});
    shop.account.control("ecs/play", play);
    let later = Account::again(&shop.account.id).await;
    let second = shop.service.settle(&later.aws, &recorded, &wait()).await;
    assert!(
        matches!(second, Err(AwsError::RolledBack { .. })),
        "{second:?}"
    );
    let mended = Account::again(&shop.account.id).await;
    let third = shop.service.settle(&mended.aws, &recorded, &wait()).await;
    assert_eq!(third, Ok(()));
}

#[tokio::test]
async fn waiting_in_vain_says_for_what() {
    let shop = Box::pin(Shop::new()).await;
    shop.account
        .control("ecs/play", json!({"service": "worker", "outcome": "never"}));
    let recorded = shop.account.make(&shop.service).await;
    let short = Wait {
        deadline: Instant::now() + Duration::from_secs(2),
        cancel: CancellationToken::new(),
    };
    let outcome = shop
        .service
        .settle(&shop.account.aws, &recorded, &short)
        .await;
    let Err(AwsError::Timeout { what }) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        what.contains("ECS service worker") && what.contains("of 2 tasks run"),
        "{what}"
    );
    let stopped = wait();
    stopped.cancel.cancel();
    let outcome = shop
        .service
        .settle(&shop.account.aws, &recorded, &stopped)
        .await;
    assert!(
        matches!(outcome, Err(AwsError::Stopped { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_role_that_is_not_assumable_yet_is_waited_for() {
    let shop = Box::pin(Shop::new()).await;
    let fault = json!({"service": "ecs", "action": "CreateService", "times": 2, "status": 400,
        "code": "InvalidParameterException",
        "message": "Unable to assume the service linked role. Please verify that the ECS service linked role exists."});
    shop.account.control("faults", fault);
    shop.running().await;
    assert_eq!(shop.account.calls_of("CreateService").len(), 3);
}

#[tokio::test]
async fn a_service_that_is_deleted_is_waited_for() {
    let shop = Box::pin(Shop::new()).await;
    let recorded = shop.running().await;
    shop.account
        .control("settings", json!({"ecs_drain_describes": 3}));
    EcsService::delete(&shop.account.aws, &recorded, &wait())
        .await
        .unwrap();
    let looks = shop.account.calls();
    let deleted = looks
        .iter()
        .position(|call| call["action"] == "DeleteService")
        .unwrap();
    let after = looks[deleted..]
        .iter()
        .filter(|call| call["action"] == "DescribeServices")
        .count();
    assert!(after >= 4, "{after} looks after the delete");
}

#[tokio::test]
async fn services_are_read_ten_at_a_time() {
    let shop = Box::pin(Shop::new()).await;
    let mut recorded = Vec::new();
    for index in 0..25 {
        let service = EcsService {
            service_name: format!("worker-{index}"),
            ..shop.service.clone()
        };
        recorded.push(
            service
                .create(&shop.account.aws, &format!("token-{index}"))
                .await
                .unwrap()
                .outputs,
        );
    }
    let before = shop.account.calls_of("DescribeServices").len();
    let reads = recorded
        .iter()
        .map(|recorded| EcsService::read(&shop.account.aws, recorded, Freshness::Cached));
    let found = futures_util::future::join_all(reads).await;
    assert!(found.iter().all(|found| matches!(found, Ok(Some(_)))));
    assert_eq!(shop.account.calls_of("DescribeServices").len() - before, 3);
}

#[tokio::test]
async fn many_services_of_a_cluster_are_read_whole() {
    let shop = Box::pin(Shop::new()).await;
    let mut made = Vec::new();
    for at in 0..25 {
        let service = EcsService {
            service_name: format!("worker{at}"),
            ..shop.service.clone()
        };
        made.push(service.create(&shop.account.aws, "token").await.unwrap());
    }
    let before = shop.account.calls_of("DescribeServices").len();
    let refresh = Account::again(&shop.account.id).await;
    for service in &made {
        let read = EcsService::read(&refresh.aws, &service.outputs, Freshness::Cached);
        assert!(read.await.unwrap().is_some());
    }
    let calls = shop.account.calls_of("DescribeServices").len() - before;
    assert_eq!(calls, 10 + 3, "one by one, and then all in tens");
}
