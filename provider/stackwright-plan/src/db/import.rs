//! Import: the configuration that would have made what was found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin_types::Cfg;

use super::{
    CLIENT, DbConfig, GROUP, INSTANCE, PARAMETERS, PROTECTION, REPLICA, ReplicaConfig, SECRET,
    SUBNETS, components, instance_name, major,
};
use crate::network::{NetworkRefConfig, NetworkResource};
use crate::resource::{
    Anchor, Found, RecoverError, Refs, Resource as _, Seen, cfg_list, cfg_map, required, split_id,
};
use crate::{Key, Kind, ResourceId, Scope, tag};

const FORM: &str = "<environment>/<name>";
const VPC: &str = "vpc";

pub(super) fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
    let [_, name] = split_id::<2>(scope, id, FORM)?;
    let instance = instance_name(scope, name);
    Ok(vec![
        Anchor::named(INSTANCE, Kind::DbInstance, instance.clone()),
        Anchor::named(PROTECTION, Kind::DbProtection, instance),
        Anchor::named(SECRET, Kind::Secret, components::secret_name(scope, name)),
        Anchor::follow(
            SUBNETS,
            Kind::DbSubnetGroup,
            INSTANCE,
            "db_subnet_group_name",
        ),
        Anchor::follow(
            PARAMETERS,
            Kind::DbParameterGroup,
            INSTANCE,
            "db_parameter_group_name",
        ),
        Anchor::tagged(Kind::DbReplica),
        Anchor::tagged(Kind::SecurityGroup),
        Anchor::tagged(Kind::SecurityGroupRule),
        Anchor::follow(VPC, Kind::Vpc, GROUP, "vpc_id"),
    ])
}

/// The network of ours that the database stands in.
pub(super) fn network_id(scope: &Scope, id: &str, found: &Found) -> Option<ResourceId> {
    split_id::<2>(scope, id, FORM).ok()?;
    let owner = found.get(&Key::from(VPC))?.tags.get(tag::ID)?;
    let (kind, id) = owner.split_once('/')?;
    let is_ours =
        kind == NetworkResource::TYPE && id.starts_with(&format!("{}/", scope.environment));
    is_ours.then(|| ResourceId::new(kind, id))
}

pub(super) fn recover(
    scope: &Scope,
    id: &str,
    found: &Found,
    refs: &Refs,
) -> Result<DbConfig, RecoverError> {
    let [_, name] = split_id::<2>(scope, id, FORM)?;
    let instance = required(found, INSTANCE, id, Kind::DbInstance)?;
    let reference = network_id(scope, id, found).and_then(|network| {
        let value = refs.get(&network)?;
        NetworkRefConfig::from_value(value).ok()
    });
    let network = reference.unwrap_or_else(|| foreign_network(found));
    let flag = |name: &str| Cfg::Known(instance.fields.get(name) == Some(&Json::Bool(true)));
    let number = |name: &str| Cfg::from(instance.number(name));
    let text = |name: &str| Cfg::from(instance.text(name));
    let insights = instance.number("performance_insights_retention_period");
    let mut view = DbConfig {
        name: Cfg::Known(name.to_owned()),
        network: Cfg::Known(network),
        engine_version: version(instance).into(),
        allow_major_version_upgrade: Cfg::Known(false),
        instance_class: text("db_instance_class"),
        storage: number("allocated_storage"),
        max_storage: instance
            .number("max_allocated_storage")
            .filter(|limit| *limit > 0)
            .into(),
        database: Cfg::Known(instance.text("db_name").unwrap_or_else(|| "app".to_owned())),
        username: text("master_username"),
        password_version: Cfg::Known(password_version(found)),
        port: number("port"),
        multi_az: flag("multi_az"),
        backup_retention: number("backup_retention_period"),
        apply_immediately: flag("apply_immediately"),
        parameters: cfg_map(parameters(found)),
        clients: cfg_map(clients(found)),
        replicas: Cfg::Known(replicas(found, instance)),
        iam_authentication: flag("enable_iam_database_authentication"),
        performance_insights: flag("enable_performance_insights"),
        performance_insights_retention: Cfg::Known(insights.unwrap_or(7)),
        log_exports: Cfg::Known(log_exports(instance)),
        deletion_protection: protection(found, "deletion_protection"),
        final_snapshot: protection(found, "final_snapshot"),
        ..DbConfig::default()
    };
    view.common.tags = cfg_map(instance.user_tags(scope));
    Ok(view)
}

/// A pinned minor version is one that AWS does not upgrade by itself.
fn version(instance: &Seen) -> Option<String> {
    let full = instance.text("engine_version")?;
    let automatic = instance.fields.get("auto_minor_version_upgrade") == Some(&Json::Bool(true));
    Some(if automatic {
        major(&full).to_owned()
    } else {
        full
    })
}

fn password_version(found: &Found) -> i64 {
    let tag = found
        .get(&Key::from(SECRET))
        .and_then(|secret| secret.tags.get(tag::PASSWORD_VERSION));
    tag.and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn protection(found: &Found, field: &str) -> Cfg<bool> {
    let seen = found.get(&Key::from(PROTECTION));
    let value = seen.and_then(|seen| seen.fields.get(field)?.as_bool());
    Cfg::Known(value.unwrap_or(false))
}

fn parameters(found: &Found) -> BTreeMap<String, String> {
    let group = found.get(&Key::from(PARAMETERS));
    let map = group
        .and_then(|group| group.fields.get("parameters")?.as_object())
        .into_iter()
        .flatten();
    map.filter(|(name, _)| *name != "rds.force_ssl")
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn clients(found: &Found) -> BTreeMap<String, String> {
    let client = |(key, seen): (&Key, &Seen)| {
        let client = key.0.strip_prefix(CLIENT)?;
        Some((client.to_owned(), seen.text("referenced_group_id")?))
    };
    found.iter().filter_map(client).collect()
}

/// A replica of the database's own class has none of its own.
fn replicas(found: &Found, instance: &Seen) -> BTreeMap<String, Cfg<ReplicaConfig>> {
    let class = instance.text("db_instance_class");
    let replica = |(key, seen): (&Key, &Seen)| {
        let key = key.0.strip_prefix(REPLICA)?;
        let own = seen
            .text("db_instance_class")
            .filter(|own| Some(own) != class.as_ref());
        let replica = ReplicaConfig {
            instance_class: own.into(),
            availability_zone: Cfg::Null,
            multi_az: Cfg::Known(seen.fields.get("multi_az") == Some(&Json::Bool(true))),
        };
        Some((key.to_owned(), Cfg::Known(replica)))
    };
    found.iter().filter_map(replica).collect()
}

fn log_exports(instance: &Seen) -> BTreeSet<Cfg<String>> {
    let logs = instance
        .fields
        .get("enabled_cloudwatch_logs_exports")
        .and_then(Json::as_array);
    logs.into_iter()
        .flatten()
        .filter_map(|log| log.as_str().map(|log| Cfg::Known(log.to_owned())))
        .collect()
}

/// A VPC that Stackwright has not made: what can be known of it. Its `public_subnet_ids` and the
/// order of the private ones cannot, so the first plan may set `network` anew.
fn foreign_network(found: &Found) -> NetworkRefConfig {
    let vpc = found.get(&Key::from(VPC));
    let field = |name: &str| vpc.and_then(|vpc| vpc.text(name)).unwrap_or_default();
    let subnets = found
        .get(&Key::from(SUBNETS))
        .and_then(|group| group.fields.get("subnet_ids")?.as_array().cloned())
        .unwrap_or_default();
    let subnets = subnets
        .iter()
        .filter_map(|id| id.as_str().map(str::to_owned));
    let group = found.get(&Key::from(GROUP));
    NetworkRefConfig {
        name: Cfg::Known(
            vpc.and_then(|vpc| vpc.tags.get(tag::NAME).cloned())
                .unwrap_or_default(),
        ),
        vpc_id: Cfg::Known(
            group
                .and_then(|group| group.text("vpc_id"))
                .unwrap_or_default(),
        ),
        cidr: Cfg::Known(field("cidr_block")),
        private_subnet_ids: cfg_list(subnets.collect()),
        public_subnet_ids: cfg_list(Vec::new()),
        namespace_id: Cfg::Null,
        namespace: Cfg::Null,
    }
}
