//! Databases, their groups, replicas, passwords and secrets against the emulator.

use std::pin::Pin;

use serde_json::{Value as Json, json};
use stackwright_aws::{Adapter, Created, Freshness, Lookup, Recorded};
use stackwright_plan::component::{
    DbCredentials, DbInstance, DbOrigin, DbParameterGroup, DbProtection, DbReplica, DbSubnetGroup,
    Secret, SecurityGroup, Subnet, Tags,
};
use stackwright_plan::{In, ResourceId};

use crate::emulated::{Account, REGION, code, differences, wait};
use crate::network::{id, vpc};

const RESOURCE: &str = "stage/main";
const MAIN: &str = "acme-stage-main-abcdef";

fn tags(account: &Account, component: &str, user: &[(&str, &str)]) -> Tags {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let user = user.iter().map(pair).collect();
    let id = ResourceId::new("db", RESOURCE);
    account.scope().tags(&id, component, None, &user)
}

/// What a database stands on.
struct Place {
    account: Account,
    group: Recorded,
    subnets: Recorded,
    parameters: Recorded,
}

/// In a box, because each of its steps is a large future.
fn place() -> Pin<Box<dyn Future<Output = Place>>> {
    Box::pin(new_place())
}

async fn new_place() -> Place {
    let account = Account::new().await;
    let vpc = account.make(&vpc(&account)).await;
    let mut ids = Vec::new();
    for (zone, cidr) in [("a", "10.1.0.0/24"), ("b", "10.1.1.0/24")] {
        let subnet = Subnet {
            vpc_id: id(&vpc),
            availability_zone: format!("us-west-2{zone}"),
            cidr_block: cidr.to_owned(),
            map_public_ip_on_launch: false,
            ipv6_cidr_block: "".into(),
            assign_ipv6_address_on_creation: false,
            tags: tags(&account, zone, &[]),
        };
        ids.push(account.make(&subnet).await["id"].clone());
    }
    let group = SecurityGroup {
        group_name: "db".to_owned(),
        description: "db".to_owned(),
        vpc_id: id(&vpc),
        default_egress: false,
        tags: tags(&account, "security_group", &[]),
    };
    let group = account.make(&group).await;
    let subnets = account.make(&subnet_group(&account, ids)).await;
    let parameters = account.make(&parameter_group(&account, &[])).await;
    Place {
        account,
        group,
        subnets,
        parameters,
    }
}

fn subnet_group(account: &Account, ids: Vec<String>) -> DbSubnetGroup {
    DbSubnetGroup {
        db_subnet_group_name: "acme-subnets".to_owned(),
        db_subnet_group_description: "Subnets".to_owned(),
        subnet_ids: In::Known(ids),
        tags: tags(account, "subnet_group", &[("team", "a")]),
    }
}

fn parameter_group(account: &Account, parameters: &[(&str, &str)]) -> DbParameterGroup {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let force = [("rds.force_ssl".to_owned(), "1".to_owned())];
    DbParameterGroup {
        db_parameter_group_name: "acme-parameters".to_owned(),
        db_parameter_group_family: "postgres16".to_owned(),
        description: "Parameters".to_owned(),
        parameters: force
            .into_iter()
            .chain(parameters.iter().map(pair))
            .collect(),
        tags: tags(account, "parameter_group", &[("team", "a")]),
    }
}

impl Place {
    fn instance(&self) -> DbInstance {
        DbInstance {
            db_instance_identifier: MAIN.to_owned(),
            major_version: "16".to_owned(),
            engine_version: None,
            db_instance_class: "db.t4g.micro".to_owned(),
            allocated_storage: 20,
            max_allocated_storage: 0,
            storage_type: "gp3".to_owned(),
            storage_encrypted: true,
            kms_key_id: None,
            db_name: Some("app".to_owned()),
            master_username: Some("app".to_owned()),
            port: 5432,
            db_subnet_group_name: In::Known(self.subnets["name"].clone()),
            vpc_security_group_ids: vec![id(&self.group)],
            db_parameter_group_name: In::Known(self.parameters["name"].clone()),
            multi_az: false,
            publicly_accessible: false,
            backup_retention_period: 7,
            preferred_backup_window: None,
            preferred_maintenance_window: None,
            copy_tags_to_snapshot: true,
            auto_minor_version_upgrade: true,
            enable_iam_database_authentication: false,
            enable_performance_insights: true,
            performance_insights_retention_period: Some(7),
            enabled_cloudwatch_logs_exports: Vec::new(),
            ca_certificate_identifier: None,
            apply_immediately: true,
            origin: None,
            tags: tags(&self.account, "instance", &[("stackwright:storage", "20")]),
        }
    }

    /// Makes a database and waits until it works.
    async fn made(&self, desired: &DbInstance) -> Recorded {
        let aws = &self.account.aws;
        let Created { outputs, complete } = desired.create(aws, "t").await.unwrap();
        desired.settle(aws, &outputs, &wait()).await.unwrap();
        if !complete {
            self.changed(desired, &outputs).await;
        }
        self.account.assert_same(desired, &outputs).await;
        self.account.read::<DbInstance>(&outputs).await.outputs
    }

    /// Writes what differs and waits until it is done.
    async fn changed<C: Adapter>(&self, desired: &C, recorded: &Recorded) {
        let aws = &self.account.aws;
        let observed = self.account.read::<C>(recorded).await;
        let changed = differences(desired, &observed);
        assert!(!changed.is_empty(), "nothing differs");
        C::ready(aws, recorded, &wait()).await.unwrap();
        desired.update(aws, &observed, &changed).await.unwrap();
        desired.settle(aws, recorded, &wait()).await.unwrap();
        self.account.assert_same(desired, recorded).await;
    }

    async fn secret(&self) -> Recorded {
        self.account.make(&secret(&self.account)).await
    }

    fn value(&self, secret: &Recorded) -> Json {
        let params = json!({ "SecretId": secret["arn"] });
        let answer = self
            .account
            .outside("secretsmanager", "GetSecretValue", params);
        serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap()
    }

    fn opens(&self, password: &Json) -> bool {
        let asked =
            json!({ "region": REGION, "instance": MAIN, "user": "app", "password": password });
        self.account.control("rds/login", asked)["ok"] == true
    }
}

fn credentials(secret: &Recorded, instance: &Recorded, version: i64) -> DbCredentials {
    let of = |name: &str| In::Known(instance[name].clone());
    DbCredentials {
        secret_arn: In::Known(secret["arn"].clone()),
        db_instance_identifier: of("id"),
        resource_id: of("resource_id"),
        host: of("address"),
        port: 5432,
        dbname: "app".to_owned(),
        username: "app".to_owned(),
        password_version: version,
        current: true,
    }
}

fn secret(account: &Account) -> Secret {
    Secret {
        name: "acme/stage/main/database".to_owned(),
        description: "Password".to_owned(),
        kms_key_id: None,
        tags: tags(account, "secret", &[("team", "a"), ("gone", "b")]),
    }
}

#[tokio::test]
async fn groups_live_change_and_are_found() {
    let place = place().await;
    let account = &place.account;
    let desired = parameter_group(account, &[("work_mem", "8192"), ("max_connections", "50")]);
    account.change(&desired, &place.parameters).await;
    let fewer = DbParameterGroup {
        tags: tags(account, "parameter_group", &[("team", "b")]),
        ..parameter_group(account, &[("work_mem", "4096")])
    };
    account.change(&fewer, &place.parameters).await;
    account.control("settings", json!({"page_size": 1}));
    account.assert_same(&fewer, &place.parameters).await;
    let own = account.own_tags("db", RESOURCE, "parameter_group");
    for lookup in [
        Lookup::Desired(&fewer, &own),
        Lookup::Named("acme-parameters"),
        Lookup::Owned(&own),
    ] {
        let found = DbParameterGroup::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
    }
    let subnets = account
        .read::<DbSubnetGroup>(&place.subnets)
        .await
        .component;
    let renamed = DbSubnetGroup {
        db_subnet_group_description: "Other".to_owned(),
        tags: tags(account, "subnet_group", &[]),
        ..subnets
    };
    account.change(&renamed, &place.subnets).await;
    let own = account.own_tags("db", RESOURCE, "subnet_group");
    let found = DbSubnetGroup::find(&account.aws, Lookup::Owned(&own)).await;
    assert_eq!(found.unwrap().len(), 1);
    account.remove::<DbParameterGroup>(&place.parameters).await;
    account.remove::<DbSubnetGroup>(&place.subnets).await;
}

#[tokio::test]
async fn a_database_lives_and_every_field_changes() {
    let place = place().await;
    let desired = place.instance();
    let recorded = place.made(&desired).await;
    assert!(recorded["address"].contains(MAIN), "{recorded:?}");
    let changed = DbInstance {
        db_instance_class: "db.t4g.small".to_owned(),
        allocated_storage: 30,
        max_allocated_storage: 100,
        port: 5433,
        multi_az: true,
        backup_retention_period: 1,
        preferred_backup_window: Some("03:00-03:30".to_owned()),
        preferred_maintenance_window: Some("sun:08:00-sun:08:30".to_owned()),
        copy_tags_to_snapshot: false,
        auto_minor_version_upgrade: false,
        enable_iam_database_authentication: true,
        enable_performance_insights: false,
        performance_insights_retention_period: None,
        enabled_cloudwatch_logs_exports: vec!["postgresql".to_owned()],
        ca_certificate_identifier: Some("rds-ca-rsa4096-g1".to_owned()),
        tags: tags(
            &place.account,
            "instance",
            &[("stackwright:storage", "30"), ("team", "a")],
        ),
        ..desired.clone()
    };
    place.changed(&changed, &recorded).await;
    let own = place.account.own_tags("db", RESOURCE, "instance");
    for lookup in [
        Lookup::Desired(&changed, &own),
        Lookup::Named(MAIN),
        Lookup::Owned(&own),
    ] {
        let found = DbInstance::find(&place.account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
    }
    place.account.remove::<DbInstance>(&recorded).await;
}

#[tokio::test]
async fn what_waits_for_the_window_counts_as_there() {
    let place = place().await;
    let desired = place.instance();
    let recorded = place.made(&desired).await;
    let user = [
        ("stackwright:storage", "20"),
        ("stackwright:apply", "window"),
    ];
    let later = DbInstance {
        db_instance_class: "db.t4g.small".to_owned(),
        apply_immediately: false,
        tags: tags(&place.account, "instance", &user),
        ..desired
    };
    place.changed(&later, &recorded).await;
    let params = json!({ "DBInstanceIdentifier": MAIN });
    let shown = place.account.outside("rds", "DescribeDBInstances", params);
    assert_eq!(shown["DBInstances"][0]["DBInstanceClass"], "db.t4g.micro");
}

#[tokio::test]
async fn a_major_upgrade_brings_its_parameters_along() {
    let place = place().await;
    let desired = place.instance();
    let recorded = place.made(&desired).await;
    let next = DbParameterGroup {
        db_parameter_group_name: "acme-parameters-17".to_owned(),
        db_parameter_group_family: "postgres17".to_owned(),
        ..parameter_group(&place.account, &[])
    };
    let next = place.account.make(&next).await;
    let upgraded = DbInstance {
        major_version: "17".to_owned(),
        db_parameter_group_name: In::Known(next["name"].clone()),
        ..desired
    };
    place.changed(&upgraded, &recorded).await;
    place
        .account
        .remove::<DbParameterGroup>(&place.parameters)
        .await;
}

/// What was put off is done when it is wanted at once, without another change.
#[tokio::test]
async fn what_was_put_off_is_done_at_once_when_that_is_asked() {
    let place = place().await;
    let desired = place.instance();
    let recorded = place.made(&desired).await;
    let user = [
        ("stackwright:storage", "20"),
        ("stackwright:apply", "window"),
    ];
    let later = DbInstance {
        db_instance_class: "db.t4g.small".to_owned(),
        apply_immediately: false,
        tags: tags(&place.account, "instance", &user),
        ..desired
    };
    place.changed(&later, &recorded).await;
    let now = DbInstance {
        apply_immediately: true,
        tags: tags(&place.account, "instance", &user[..1]),
        ..later
    };
    place.changed(&now, &recorded).await;
    let params = json!({ "DBInstanceIdentifier": MAIN });
    let shown = place.account.outside("rds", "DescribeDBInstances", params);
    assert_eq!(shown["DBInstances"][0]["DBInstanceClass"], "db.t4g.small");
}

#[tokio::test]
async fn large_storage_grows_with_its_iops() {
    let place = place().await;
    let of = |storage: i32| DbInstance {
        allocated_storage: storage,
        tags: tags(
            &place.account,
            "instance",
            &[("stackwright:storage", &storage.to_string())],
        ),
        ..place.instance()
    };
    let recorded = place.made(&of(100)).await;
    place.changed(&of(400), &recorded).await;
    place.changed(&of(500), &recorded).await;
}

/// RDS is available again on the old version: only its events say why.
#[tokio::test]
async fn an_upgrade_that_rds_gives_up_is_told() {
    let place = place().await;
    let desired = place.instance();
    let recorded = place.made(&desired).await;
    let play = json!({
        "account": place.account.id, "instance": MAIN, "outcome": "failed_precheck",
        "reason": "Drop the replication slots.",
    });
    place.account.control("rds/play", play);
    let next = DbParameterGroup {
        db_parameter_group_name: "acme-parameters-17".to_owned(),
        db_parameter_group_family: "postgres17".to_owned(),
        ..parameter_group(&place.account, &[])
    };
    let next = place.account.make(&next).await;
    let upgraded = DbInstance {
        major_version: "17".to_owned(),
        db_parameter_group_name: In::Known(next["name"].clone()),
        ..desired
    };
    let aws = &place.account.aws;
    let observed = place.account.read::<DbInstance>(&recorded).await;
    let changed = differences(&upgraded, &observed);
    upgraded.update(aws, &observed, &changed).await.unwrap();
    let told = upgraded.settle(aws, &recorded, &wait()).await.unwrap_err();
    let told = told.to_string();
    assert!(
        told.contains("PostgreSQL 17") && told.contains("precheck"),
        "{told}"
    );
}

#[tokio::test]
async fn what_autoscaling_added_is_no_difference() {
    let place = place().await;
    let desired = DbInstance {
        max_allocated_storage: 100,
        ..place.instance()
    };
    let recorded = place.made(&desired).await;
    let grown = json!({
        "DBInstanceIdentifier": MAIN, "AllocatedStorage": 40, "ApplyImmediately": true,
    });
    place.account.outside("rds", "ModifyDBInstance", grown);
    DbInstance::ready(&place.account.aws, &recorded, &wait())
        .await
        .unwrap();
    place.account.assert_same(&desired, &recorded).await;
}

#[tokio::test]
async fn a_password_is_known_to_rds_and_the_secret_alone() {
    let place = place().await;
    let instance = place.made(&place.instance()).await;
    let secret = place.secret().await;
    let aws = &place.account.aws;
    let one = credentials(&secret, &instance, 1);
    let created = one.create(aws, "t").await.unwrap();
    one.settle(aws, &created.outputs, &wait()).await.unwrap();
    place.account.assert_same(&one, &created.outputs).await;
    let first = place.value(&secret)["password"].clone();
    assert!(place.opens(&first));
    assert!(!format!("{:?}", created.outputs).contains(first.as_str().unwrap()));
    let two = credentials(&secret, &instance, 2);
    let observed = place.account.read::<DbCredentials>(&created.outputs).await;
    let changed = differences(&two, &observed);
    let outputs = two.update(aws, &observed, &changed).await.unwrap();
    two.settle(aws, &outputs, &wait()).await.unwrap();
    let second = place.value(&secret)["password"].clone();
    assert!(second != first && place.opens(&second) && !place.opens(&first));
    let url = place.value(&secret)["url"].as_str().unwrap().to_owned();
    assert!(url.ends_with(":5432/app?sslmode=require"), "not its url");
}

#[tokio::test]
async fn a_value_that_somebody_changed_is_brought_back_with_the_same_password() {
    let place = place().await;
    let instance = place.made(&place.instance()).await;
    let secret = place.secret().await;
    let aws = &place.account.aws;
    let wanted = credentials(&secret, &instance, 1);
    let created = wanted.create(aws, "t").await.unwrap();
    wanted.settle(aws, &created.outputs, &wait()).await.unwrap();
    let password = place.value(&secret)["password"].clone();
    // Twice: the wanted version has no label any more and is not listed.
    for _ in 0..2 {
        let params = json!({ "SecretId": secret["arn"], "SecretString": "{}",
            "VersionStages": ["AWSCURRENT", "AWSPENDING"] });
        place
            .account
            .outside("secretsmanager", "PutSecretValue", params);
    }
    let observed = place.account.read::<DbCredentials>(&created.outputs).await;
    assert!(!observed.component.current);
    let changed = differences(&wanted, &observed);
    let outputs = wanted.update(aws, &observed, &changed).await.unwrap();
    wanted.settle(aws, &outputs, &wait()).await.unwrap();
    assert_eq!(place.value(&secret)["password"], password);
    assert!(place.opens(&password));
}

#[tokio::test]
async fn protection_comes_last_and_its_tag_decides_about_the_snapshot() {
    let place = place().await;
    let recorded = place.made(&place.instance()).await;
    let aws = &place.account.aws;
    let protection = DbProtection {
        db_instance_identifier: In::Known(MAIN.to_owned()),
        deletion_protection: true,
        final_snapshot: Some(true),
    };
    place.changed(&protection, &recorded).await;
    let refused = DbInstance::delete(aws, &recorded, &wait())
        .await
        .unwrap_err();
    assert_eq!(code(&refused), "InvalidParameterCombination");
    DbProtection::delete(aws, &recorded, &wait()).await.unwrap();
    place.account.remove::<DbInstance>(&recorded).await;
    let shown = place.account.outside(
        "rds",
        "DescribeDBSnapshots",
        json!({"SnapshotType": "manual"}),
    );
    let snapshots = shown["DBSnapshots"].as_array().unwrap();
    assert_eq!(snapshots.len(), 1, "{shown}");
    let name = snapshots[0]["DBSnapshotIdentifier"].as_str().unwrap();
    assert!(name.starts_with(&format!("{MAIN}-final-")), "{name}");
}

#[tokio::test]
async fn a_database_that_was_never_finished_goes_without_a_snapshot() {
    let place = place().await;
    let aws = &place.account.aws;
    let created = place.instance().create(aws, "t").await.unwrap();
    DbInstance::delete(aws, &created.outputs, &wait())
        .await
        .unwrap();
    let shown = place.account.outside(
        "rds",
        "DescribeDBSnapshots",
        json!({"SnapshotType": "manual"}),
    );
    assert_eq!(shown["DBSnapshots"], json!([]));
}

#[tokio::test]
async fn a_replica_lives_and_changes() {
    let place = place().await;
    let source = place.made(&place.instance()).await;
    let desired = DbReplica {
        db_instance_identifier: "acme-stage-main-replica-a-abcdef".to_owned(),
        source_db_instance_identifier: In::Known(source["id"].clone()),
        db_instance_class: "db.t4g.micro".to_owned(),
        availability_zone: Some("us-west-2b".to_owned()),
        multi_az: false,
        publicly_accessible: false,
        vpc_security_group_ids: vec![id(&place.group)],
        db_parameter_group_name: In::Known(place.parameters["name"].clone()),
        auto_minor_version_upgrade: true,
        copy_tags_to_snapshot: true,
        apply_immediately: true,
        tags: tags(&place.account, "replica.a", &[]),
    };
    let aws = &place.account.aws;
    let created = desired.create(aws, "t").await.unwrap();
    desired
        .settle(aws, &created.outputs, &wait())
        .await
        .unwrap();
    place.account.assert_same(&desired, &created.outputs).await;
    let own = place.account.own_tags("db", RESOURCE, "replica.a");
    let replicas = DbReplica::find(aws, Lookup::Owned(&own)).await.unwrap();
    let sources = DbInstance::find(aws, Lookup::Owned(&own)).await.unwrap();
    assert_eq!((replicas.len(), sources.len()), (1, 1));
    let changed = DbReplica {
        db_instance_class: "db.t4g.small".to_owned(),
        multi_az: true,
        auto_minor_version_upgrade: false,
        copy_tags_to_snapshot: false,
        tags: tags(&place.account, "replica.a", &[("team", "a")]),
        ..desired
    };
    place.changed(&changed, &created.outputs).await;
    place.account.remove::<DbReplica>(&created.outputs).await;
}

#[tokio::test]
async fn a_database_is_restored_from_a_snapshot_or_another_one() {
    let place = place().await;
    place.made(&place.instance()).await;
    let snapshot = json!({ "DBSnapshotIdentifier": "before", "DBInstanceIdentifier": MAIN });
    place.account.outside("rds", "CreateDBSnapshot", snapshot);
    let origins = [
        DbOrigin {
            snapshot: Some("before".to_owned()),
            source: None,
            time: None,
        },
        DbOrigin {
            snapshot: None,
            source: Some(MAIN.to_owned()),
            time: None,
        },
    ];
    for (at, origin) in origins.into_iter().enumerate() {
        let from = origin.to_tag();
        let user = [
            ("stackwright:storage", "20"),
            ("stackwright:restored-from", from.as_str()),
        ];
        let desired = DbInstance {
            db_instance_identifier: format!("restored-{at}"),
            origin: Some(origin),
            preferred_backup_window: Some("03:00-03:30".to_owned()),
            tags: tags(&place.account, "instance", &user),
            ..place.instance()
        };
        place.made(&desired).await;
    }
}

#[tokio::test]
async fn what_a_restore_cannot_change_is_told_before_and_after() {
    let place = place().await;
    place.made(&place.instance()).await;
    let origin = Some(DbOrigin {
        snapshot: None,
        source: Some(MAIN.to_owned()),
        time: None,
    });
    let aws = &place.account.aws;
    let wanted = DbInstance {
        db_instance_identifier: "copy".to_owned(),
        origin,
        ..place.instance()
    };
    let other_user = DbInstance {
        master_username: Some("root2".to_owned()),
        ..wanted.clone()
    };
    let error = other_user.create(aws, "t").await.unwrap_err().to_string();
    assert!(error.contains("set `username`"), "{error}");
    let other_name = DbInstance {
        db_name: Some("other".to_owned()),
        ..wanted
    };
    let created = other_name.create(aws, "t").await.unwrap();
    let error = other_name.settle(aws, &created.outputs, &wait()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("is `app`; set `database`"), "{error}");
}

#[tokio::test]
async fn a_secret_lives_and_changes() {
    let account = Account::new().await;
    let desired = secret(&account);
    let recorded = account.make(&desired).await;
    let changed = Secret {
        description: "other".to_owned(),
        tags: tags(&account, "secret", &[("team", "c")]),
        ..desired.clone()
    };
    account.change(&changed, &recorded).await;
    let own = account.own_tags("db", RESOURCE, "secret");
    account.control("settings", json!({"page_size": 1}));
    for lookup in [
        Lookup::Desired(&changed, &own),
        Lookup::Named(&desired.name),
        Lookup::Named(&recorded["arn"]),
        Lookup::Owned(&own),
    ] {
        let found = Secret::find(&account.aws, lookup).await.unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
    }
    account.remove::<Secret>(&recorded).await;
    // AWS keeps the name for some seconds.
    account.make(&desired).await;
}

#[tokio::test]
async fn a_secret_of_ours_that_waits_for_its_deletion_is_brought_back() {
    let account = Account::new().await;
    let desired = secret(&account);
    let recorded = account.make(&desired).await;
    let params = json!({ "SecretId": recorded["arn"], "RecoveryWindowInDays": 7 });
    account.outside("secretsmanager", "DeleteSecret", params);
    let gone = Secret::read(&account.aws, &recorded, Freshness::Fresh).await;
    assert!(gone.unwrap().is_none());
    let again = desired.create(&account.aws, "t").await.unwrap();
    assert_eq!((&again.outputs, again.complete), (&recorded, false));
    account.assert_same(&desired, &recorded).await;
}

#[tokio::test]
async fn somebody_elses_secret_that_waits_for_its_deletion_is_told() {
    let account = Account::new().await;
    let desired = secret(&account);
    let theirs = json!({ "Name": desired.name, "SecretString": "x" });
    account.outside("secretsmanager", "CreateSecret", theirs);
    let params = json!({ "SecretId": desired.name, "RecoveryWindowInDays": 7 });
    account.outside("secretsmanager", "DeleteSecret", params);
    let error = desired.create(&account.aws, "t").await.unwrap_err();
    assert!(error.to_string().contains("somebody else's"), "{error}");
}

#[tokio::test]
async fn a_slow_database_is_waited_for() {
    let place = place().await;
    place
        .account
        .control("settings", json!({"rds_describes": 3}));
    let recorded = place.made(&place.instance()).await;
    place.account.remove::<DbInstance>(&recorded).await;
}
