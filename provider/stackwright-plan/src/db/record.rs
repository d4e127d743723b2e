//! What an import cannot read from RDS is kept in an SSM parameter (design record 002): the network,
//! and what was left to AWS rather than given.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin_types::{Cfg, TfType as _};

use super::{DbConfig, ReplicaConfig, RestoreConfig};
use crate::Scope;
use crate::app::{network_from_record, network_to_record};

/// Name of the parameter. Two levels below the environment, where an app has one.
pub(super) fn name(scope: &Scope, db: &str) -> String {
    format!(
        "/stackwright/{}/{}/databases/{db}/database",
        scope.project, scope.environment
    )
}

/// What it says; `None` while a part is not known.
pub(super) fn text(view: &DbConfig) -> Option<String> {
    let mut record = Map::new();
    let network = network_to_record(view.network.known()?)?;
    record.insert("network".to_owned(), network);
    for (name, value) in texts(view) {
        put(&mut record, name, value)?;
    }
    match &view.restore {
        Cfg::Null => {}
        restore => drop(record.insert("restore".to_owned(), restored(restore.known()?)?)),
    }
    let replicas = match &view.replicas {
        Cfg::Null => BTreeMap::new(),
        replicas => replicas.known()?.clone(),
    };
    let replicas: Option<Map<String, Json>> = replicas
        .iter()
        .map(|(key, replica)| Some((key.clone(), replica_text(replica.known()?)?)))
        .collect();
    record.insert("replicas".to_owned(), replicas?.into());
    Some(Json::from(record).to_string())
}

fn texts(view: &DbConfig) -> [(&'static str, &Cfg<String>); 5] {
    [
        ("engine_version", &view.engine_version),
        ("kms_key_id", &view.kms_key_id),
        ("backup_window", &view.backup_window),
        ("maintenance_window", &view.maintenance_window),
        ("ca_certificate", &view.ca_certificate),
    ]
}

/// A text that is left out when there is none; `None` while it is not known.
fn put(record: &mut Map<String, Json>, name: &str, value: &Cfg<String>) -> Option<()> {
    if !value.is_null() {
        record.insert(name.to_owned(), json!(value.known()?));
    }
    Some(())
}

fn restored(restore: &RestoreConfig) -> Option<Json> {
    let mut record = Map::new();
    put(&mut record, "snapshot_id", &restore.snapshot_id)?;
    put(&mut record, "source_db", &restore.source_db)?;
    put(&mut record, "time", &restore.time)?;
    Some(record.into())
}

fn replica_text(replica: &ReplicaConfig) -> Option<Json> {
    let mut record = Map::new();
    put(&mut record, "instance_class", &replica.instance_class)?;
    put(&mut record, "availability_zone", &replica.availability_zone)?;
    Some(record.into())
}

/// The part of the configuration that a record holds; `None` when it lacks one.
pub(super) fn read(text: &str) -> Option<DbConfig> {
    let record: Json = serde_json::from_str(text).ok()?;
    let own = |name: &str| given(&record, name);
    Some(DbConfig {
        network: network_from_record(record.get("network")?)?.to_config(),
        engine_version: Cfg::Known(record.get("engine_version")?.as_str()?.to_owned()),
        kms_key_id: own("kms_key_id"),
        backup_window: own("backup_window"),
        maintenance_window: own("maintenance_window"),
        ca_certificate: own("ca_certificate"),
        restore: record.get("restore").map(restore_of).into(),
        replicas: Cfg::Known(replicas_of(record.get("replicas")?)?),
        ..DbConfig::default()
    })
}

fn given(record: &Json, name: &str) -> Cfg<String> {
    let text = record.get(name).and_then(Json::as_str);
    text.map(str::to_owned).into()
}

fn restore_of(record: &Json) -> RestoreConfig {
    RestoreConfig {
        snapshot_id: given(record, "snapshot_id"),
        source_db: given(record, "source_db"),
        time: given(record, "time"),
    }
}

fn replicas_of(record: &Json) -> Option<BTreeMap<String, Cfg<ReplicaConfig>>> {
    let replica = |(key, record): (&String, &Json)| {
        let replica = ReplicaConfig {
            instance_class: given(record, "instance_class"),
            availability_zone: given(record, "availability_zone"),
            multi_az: Cfg::Known(false),
        };
        (key.clone(), Cfg::Known(replica))
    };
    Some(record.as_object()?.iter().map(replica).collect())
}
