//! Import: the configuration that would have made what was found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin_types::Cfg;

use super::{
    CLIENT, DbConfig, INSTANCE, PARAMETERS, PROTECTION, RECORD, REPLICA, SECRET, components,
    instance_name, record,
};
use crate::resource::{Anchor, Found, RecoverError, Seen, cfg_map, required, split_id};
use crate::{Key, Kind, Scope, tag};

const FORM: &str = "<environment>/<name>";

pub(super) fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
    let [_, name] = split_id::<2>(scope, id, FORM)?;
    let instance = instance_name(scope, name);
    Ok(vec![
        Anchor::named(RECORD, Kind::Parameter, record::name(scope, name)),
        Anchor::named(INSTANCE, Kind::DbInstance, instance.clone()),
        Anchor::named(PROTECTION, Kind::DbProtection, instance),
        Anchor::named(SECRET, Kind::Secret, components::secret_name(scope, name)),
        Anchor::follow(
            PARAMETERS,
            Kind::DbParameterGroup,
            INSTANCE,
            "db_parameter_group_name",
        ),
        Anchor::tagged(Kind::DbReplica),
        Anchor::tagged(Kind::SecurityGroupRule),
    ])
}

pub(super) fn recover(scope: &Scope, id: &str, found: &Found) -> Result<DbConfig, RecoverError> {
    let [_, name] = split_id::<2>(scope, id, FORM)?;
    let instance = required(found, INSTANCE, id, Kind::DbInstance)?;
    let kept = required(found, RECORD, id, Kind::Parameter)?;
    let text = kept.text("value").unwrap_or_default();
    let mut view = record::read(&text).ok_or_else(|| RecoverError::Foreign {
        id: id.to_owned(),
        kind: Kind::Parameter.label(),
        reason: "its value is not the JSON that Stackwright writes".to_owned(),
    })?;
    view.name = Cfg::Known(name.to_owned());
    of_instance(&mut view, instance);
    view.password_version = Cfg::Known(password_version(found));
    view.parameters = cfg_map(parameters(found));
    view.clients = cfg_map(clients(found));
    replicas(&mut view, found);
    view.deletion_protection = protection(found, "deletion_protection");
    view.final_snapshot = protection(found, "final_snapshot");
    view.common.tags = cfg_map(instance.user_tags(scope));
    Ok(view)
}

/// What the instance itself says.
fn of_instance(view: &mut DbConfig, instance: &Seen) {
    let flag = |name: &str| Cfg::Known(instance.fields.get(name) == Some(&Json::Bool(true)));
    let number = |name: &str| Cfg::from(instance.number(name));
    let text = |name: &str| Cfg::from(instance.text(name));
    let limit = instance.number("max_allocated_storage");
    let insights = instance.number("performance_insights_retention_period");
    view.allow_major_version_upgrade = Cfg::Known(false);
    view.instance_class = text("db_instance_class");
    view.storage = number("allocated_storage");
    view.max_storage = limit.filter(|limit| *limit > 0).into();
    view.database = text("db_name");
    view.username = text("master_username");
    view.port = number("port");
    view.multi_az = flag("multi_az");
    view.backup_retention = number("backup_retention_period");
    view.apply_immediately = flag("apply_immediately");
    view.iam_authentication = flag("enable_iam_database_authentication");
    view.performance_insights = flag("enable_performance_insights");
    view.performance_insights_retention = Cfg::Known(insights.unwrap_or(7));
    view.log_exports = Cfg::Known(log_exports(instance));
}

fn password_version(found: &Found) -> i64 {
    let tag = found
        .get(&Key::from(SECRET))
        .and_then(|secret| secret.tags.get(tag::PASSWORD_VERSION));
    tag.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Protected until AWS says otherwise.
fn protection(found: &Found, field: &str) -> Cfg<bool> {
    let seen = found.get(&Key::from(PROTECTION));
    let value = seen.and_then(|seen| seen.fields.get(field)?.as_bool());
    Cfg::Known(value.unwrap_or(true))
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

/// Which replicas there are says the record; whether each has a standby, AWS.
fn replicas(view: &mut DbConfig, found: &Found) {
    let Cfg::Known(replicas) = &mut view.replicas else {
        return;
    };
    for (key, replica) in replicas {
        let seen = found.get(&Key::from(format!("{REPLICA}{key}")));
        if let (Cfg::Known(replica), Some(seen)) = (replica, seen) {
            replica.multi_az = Cfg::Known(seen.fields.get("multi_az") == Some(&Json::Bool(true)));
        }
    }
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
