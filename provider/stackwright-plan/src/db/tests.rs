//! What a database is made of, what is refused, and what a plan says.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::Node;
use crate::network::NetworkRefConfig;
use crate::resource::{Seen, cfg_list};
use crate::scope::example as scope;

fn text(text: &str) -> Cfg<String> {
    Cfg::Known(text.to_owned())
}

fn network(subnets: usize) -> NetworkRefConfig {
    let ids = |side: &str| {
        cfg_list(
            (0..subnets)
                .map(|at| format!("subnet-{side}{at}"))
                .collect(),
        )
    };
    NetworkRefConfig {
        name: text("main"),
        vpc_id: text("vpc-1"),
        cidr: text("10.30.0.0/16"),
        private_subnet_ids: ids("a"),
        public_subnet_ids: ids("b"),
        namespace_id: text("ns-1"),
        namespace: text("stage.acme.internal"),
        ipv6_cidr: Cfg::Null,
        private_subnet_ipv6_cidrs: Cfg::Null,
        public_subnet_ipv6_cidrs: Cfg::Null,
    }
}

fn db() -> DbConfig {
    DbConfig {
        name: text("main"),
        network: Cfg::Known(network(2)),
        engine_version: text("16"),
        allow_major_version_upgrade: Cfg::Known(false),
        instance_class: text("db.t4g.micro"),
        storage: Cfg::Known(20),
        database: text("app"),
        username: text("app"),
        password_version: Cfg::Known(1),
        port: Cfg::Known(5432),
        multi_az: Cfg::Known(false),
        backup_retention: Cfg::Known(7),
        apply_immediately: Cfg::Known(true),
        parameters: cfg_map(BTreeMap::new()),
        clients: cfg_map(BTreeMap::new()),
        replicas: Cfg::Known(BTreeMap::new()),
        iam_authentication: Cfg::Known(false),
        performance_insights: Cfg::Known(true),
        performance_insights_retention: Cfg::Known(7),
        log_exports: Cfg::Known(BTreeSet::new()),
        deletion_protection: Cfg::Known(true),
        final_snapshot: Cfg::Known(true),
        engine_version_actual: text("16.4"),
        ..DbConfig::default()
    }
}

fn with_replica(class: Cfg<String>) -> DbConfig {
    let replica = ReplicaConfig {
        instance_class: class,
        availability_zone: Cfg::Null,
        multi_az: Cfg::Known(false),
    };
    DbConfig {
        replicas: Cfg::Known(BTreeMap::from([("a".to_owned(), Cfg::Known(replica))])),
        ..db()
    }
}

fn graph(view: &DbConfig) -> Graph {
    DbResource::plan(&scope(), view).unwrap()
}

fn node(view: &DbConfig, key: &str) -> Node {
    graph(view).nodes[&Key::from(key)].clone()
}

/// The summaries of what is wrong with a configuration.
fn refused(view: &DbConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    DbResource::validate(view, &mut found);
    found.0.iter().map(|one| one.summary.clone()).collect()
}

/// The summaries of what is wrong with a change.
fn refused_change(prior: &DbConfig, planned: &DbConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    let facts = Facts::default();
    let mut planned = planned.clone();
    DbResource::complete(&scope(), &facts, Some(prior), &mut planned, &mut found);
    found.0.iter().map(|one| one.summary.clone()).collect()
}

/// The summaries of what a plan says of a change.
fn said(prior: &DbConfig, planned: &DbConfig) -> Vec<String> {
    let mut found = Diagnostics::new();
    DbResource::notes(prior, planned, planned, &mut found);
    found.0.iter().map(|one| one.summary.clone()).collect()
}

#[test]
fn a_database_is_made_of_these() {
    let keys: Vec<String> = graph(&with_replica(Cfg::Null))
        .nodes
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        keys,
        [
            "credentials",
            "instance",
            "parameter_group",
            "private_address",
            "private_name",
            "protection",
            "record",
            "replica.a",
            "secret",
            "security_group",
            "subnet_group",
        ]
    );
}

#[test]
fn protection_needs_everything_else() {
    let graph = graph(&with_replica(Cfg::Null));
    let needs = graph.nodes[&Key::from(PROTECTION)].needs();
    assert_eq!(needs.len(), graph.nodes.len() - 1);
}

#[test]
fn without_a_namespace_there_is_no_private_name() {
    let network = NetworkRefConfig {
        namespace_id: Cfg::Null,
        namespace: Cfg::Null,
        ..network(2)
    };
    let view = DbConfig {
        network: Cfg::Known(network),
        ..db()
    };
    assert!(!graph(&view).nodes.contains_key(&Key::from(NAME)));
    assert_eq!(components::private_name(&view), text(""));
}

#[test]
fn the_parameter_group_is_of_the_major_version_and_forces_tls() {
    let desired = node(&db(), PARAMETERS).desired;
    assert_eq!(desired["db_parameter_group_family"], "postgres16");
    assert_eq!(desired["parameters"], json!({ "rds.force_ssl": "1" }));
    let next = DbConfig {
        engine_version: text("17.2"),
        ..db()
    };
    let next = node(&next, PARAMETERS).desired;
    assert_eq!(next["db_parameter_group_family"], "postgres17");
    let name = "db_parameter_group_name";
    assert_ne!(next[name], desired[name], "both exist for a while");
}

#[test]
fn a_minor_version_is_pinned_and_a_major_one_is_not() {
    let major = node(&db(), INSTANCE).desired;
    assert_eq!(major["engine_version"], json!(null));
    assert_eq!(major["auto_minor_version_upgrade"], true);
    let view = DbConfig {
        engine_version: text("16.4"),
        ..db()
    };
    let minor = node(&view, INSTANCE).desired;
    assert_eq!(minor["engine_version"], "16.4");
    assert_eq!(minor["auto_minor_version_upgrade"], false);
}

#[test]
fn a_replica_has_the_class_of_its_source_unless_told_otherwise() {
    let class = |view: &DbConfig| node(view, "replica.a").desired["db_instance_class"].clone();
    assert_eq!(class(&with_replica(Cfg::Null)), "db.t4g.micro");
    assert_eq!(class(&with_replica(text("db.m6g.large"))), "db.m6g.large");
}

#[test]
fn identifiers_are_ones_that_rds_takes() {
    for name in ["main", "a-", &"x".repeat(32)] {
        let id = instance_name(&scope(), name);
        assert!(
            id.len() <= 63 && !id.contains("--") && !id.ends_with('-'),
            "{id}"
        );
        let replica = replica_name(&scope(), name, &"k".repeat(20), None);
        assert!(replica.len() <= 63 && replica != id, "{replica}");
    }
}

#[test]
fn a_network_of_one_zone_is_refused() {
    let view = DbConfig {
        network: Cfg::Known(network(1)),
        ..db()
    };
    assert_eq!(refused(&view), ["Too Few Subnets"]);
    assert_eq!(refused(&db()), Vec::<String>::new());
}

#[test]
fn replicas_need_backups() {
    let view = DbConfig {
        backup_retention: Cfg::Known(0),
        ..with_replica(Cfg::Null)
    };
    assert_eq!(refused(&view), ["Replicas Need Backups"]);
}

#[test]
fn what_rds_does_not_undo_is_refused() {
    let prior = DbConfig {
        storage: Cfg::Known(100),
        password_version: Cfg::Known(2),
        ..db()
    };
    let older = DbConfig {
        engine_version: text("15"),
        ..prior.clone()
    };
    assert_eq!(
        refused_change(&prior, &older),
        ["No Way Back to an Older Version"]
    );
    let newer = DbConfig {
        engine_version: text("17"),
        ..prior.clone()
    };
    assert_eq!(
        refused_change(&prior, &newer),
        ["Major Upgrade Not Allowed"]
    );
    let allowed = DbConfig {
        allow_major_version_upgrade: Cfg::Known(true),
        ..newer
    };
    assert!(refused_change(&prior, &allowed).is_empty());
    let less = DbConfig {
        storage: Cfg::Known(99),
        password_version: Cfg::Known(1),
        ..prior.clone()
    };
    assert_eq!(
        refused_change(&prior, &less),
        ["Storage Does Not Shrink", "Password Version Goes Back"]
    );
}

#[test]
fn storage_grows_by_a_tenth_at_least() {
    let with = |storage: i64| DbConfig {
        storage: Cfg::Known(storage),
        ..db()
    };
    assert!(refused_change(&with(100), &with(110)).is_empty());
    assert_eq!(
        refused_change(&with(100), &with(109)),
        ["Storage Grows by a Tenth at Least"]
    );
}

#[test]
fn replicas_are_few_and_in_one_place() {
    let Cfg::Known(one) = with_replica(Cfg::Null).replicas else {
        unreachable!("a replica is given");
    };
    let replica = one["a"].clone();
    let many = |count: usize| DbConfig {
        replicas: Cfg::Known(
            (0..count)
                .map(|at| (format!("r{at}"), replica.clone()))
                .collect(),
        ),
        ..db()
    };
    assert!(refused(&many(15)).is_empty());
    assert_eq!(refused(&many(16)), ["Too Many Replicas"]);
    let mut both = many(1);
    if let Cfg::Known(replicas) = &mut both.replicas {
        let both = ReplicaConfig {
            multi_az: Cfg::Known(true),
            availability_zone: text("us-west-2a"),
            ..ReplicaConfig::default()
        };
        replicas.insert("r0".to_owned(), Cfg::Known(both));
    }
    assert_eq!(refused(&both), ["Conflicting Arguments"]);
}

/// The parameter group changes with the version, so the apply could not end before the window.
#[test]
fn a_major_upgrade_does_not_wait_for_the_window() {
    let prior = DbConfig {
        engine_version_actual: text("15.4"),
        ..db()
    };
    let planned = DbConfig {
        engine_version: text("16"),
        allow_major_version_upgrade: Cfg::Known(true),
        apply_immediately: Cfg::Known(false),
        ..prior.clone()
    };
    assert_eq!(
        refused_change(&prior, &planned),
        ["Major Upgrade Cannot Wait"]
    );
}

#[test]
fn another_database_is_not_compared_with_the_old_one() {
    let renamed = DbConfig {
        name: text("other"),
        storage: Cfg::Known(20),
        ..db()
    };
    let prior = DbConfig {
        storage: Cfg::Known(100),
        ..db()
    };
    assert!(refused_change(&prior, &renamed).is_empty());
    assert_eq!(
        said(&prior, &renamed),
        ["The Database Is Deleted and an Empty One Is Made"]
    );
}

#[test]
fn a_plan_says_what_stands_still() {
    let changes = vec![
        (
            DbConfig {
                instance_class: text("db.t4g.small"),
                ..db()
            },
            "Downtime of the Database",
        ),
        (
            DbConfig {
                engine_version: text("16.6"),
                ..db()
            },
            "Downtime of the Database",
        ),
        (
            DbConfig {
                password_version: Cfg::Known(2),
                ..db()
            },
            "Running Processes Keep the Old Password",
        ),
        (
            DbConfig {
                backup_retention: Cfg::Known(0),
                ..db()
            },
            "All Backups Are Deleted",
        ),
        (
            DbConfig {
                parameters: cfg_map(BTreeMap::from([(
                    "max_connections".to_owned(),
                    "50".to_owned(),
                )])),
                ..db()
            },
            "Parameters Wait for a Restart",
        ),
    ];
    for (planned, summary) in changes {
        assert_eq!(said(&db(), &planned), [summary]);
    }
    assert!(said(&db(), &db()).is_empty());
    // The version that runs already, pinned: nothing restarts.
    let pinned = DbConfig {
        engine_version: text("16.4"),
        ..db()
    };
    assert!(said(&db(), &pinned).is_empty());
}

#[test]
fn a_record_brings_back_what_aws_does_not_hold() {
    let restore = RestoreConfig {
        snapshot_id: text("before"),
        source_db: Cfg::Null,
        time: Cfg::Null,
    };
    let view = DbConfig {
        backup_window: text("03:00-03:30"),
        restore: Cfg::Known(restore),
        ..with_replica(text("db.m6g.large"))
    };
    let read = record::read(&record::text(&view).unwrap()).unwrap();
    assert_eq!(read.network, view.network);
    assert_eq!(read.engine_version, view.engine_version);
    assert_eq!(read.backup_window, view.backup_window);
    assert_eq!(read.maintenance_window, Cfg::Null);
    assert_eq!(read.restore, view.restore);
    assert_eq!(read.replicas, view.replicas);
    assert!(record::read("{}").is_none());
}

#[test]
fn an_import_brings_back_the_configuration() {
    let view = DbConfig {
        max_storage: Cfg::Known(100),
        engine_version_actual: Cfg::Null,
        ..with_replica(Cfg::Null)
    };
    let mut found = Found::new();
    for (key, node) in graph(&view).nodes {
        let mut fields = node.desired.clone();
        if key.0 == INSTANCE {
            fields.insert("engine_version".to_owned(), json!("16.4"));
        }
        let tags = fields.get("tags").cloned();
        let tags = tags.and_then(|tags| serde_json::from_value(tags).ok());
        let seen = Seen {
            fields,
            outputs: BTreeMap::new(),
            tags: tags.unwrap_or_default(),
        };
        found.insert(key, seen);
    }
    let recovered = import::recover(&scope(), "stage/main", &found).unwrap();
    let expected = DbConfig {
        common: recovered.common.clone(),
        ..view
    };
    assert_eq!(recovered, expected);
}

#[test]
fn another_vpc_replaces_the_database_and_another_subnet_does_not() {
    let moved = NetworkRefConfig {
        vpc_id: text("vpc-2"),
        ..network(2)
    };
    let moved = DbConfig {
        network: Cfg::Known(moved),
        ..db()
    };
    let replaced = DbResource::replaced_for(&db(), &moved);
    assert_eq!(replaced, [Path::attribute("network")]);
    let wider = DbConfig {
        network: Cfg::Known(network(3)),
        ..db()
    };
    assert!(DbResource::replaced_for(&db(), &wider).is_empty());
    assert!(said(&db(), &wider).is_empty());
}
