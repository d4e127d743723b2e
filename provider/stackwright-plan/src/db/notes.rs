//! What a plan says besides the difference: what stops, what is lost, what does not happen.

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::{DbConfig, DbResource, major};
use crate::resource::known_map;

/// Parameters that take effect when the database starts, not before. RDS knows all of them; these
/// are the common ones, for a plan that asks nobody.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html>
pub(super) const STATIC: &[&str] = &[
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "huge_pages",
    "max_connections",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "rds.logical_replication",
    "shared_buffers",
    "shared_preload_libraries",
    "track_activity_query_size",
    "wal_buffers",
];

pub(super) fn notes(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    if !DbResource::same_database(prior, planned) {
        lost(prior, planned, found);
        return;
    }
    stands_still(prior, planned, found);
    parameters(prior, planned, found);
    password(prior, planned, found);
    if prior.restore != planned.restore && !planned.restore.is_null() {
        found.warning(
            Path::attribute("restore"),
            "Restore Has No Effect on a Database That Exists",
            "`restore` is read when a database is made. To go back to a snapshot or a point in time, make a second stackwright_db with `restore`, check its data, and point the clients to it.",
        );
    }
    if planned.backup_retention.known() == Some(&0) && prior.backup_retention.known() != Some(&0) {
        found.warning(
            Path::attribute("backup_retention"),
            "All Backups Are Deleted",
            "With `backup_retention = 0` RDS deletes the automatic backups at once, and no point in time can be restored any more. Manual snapshots stay.",
        );
    }
}

/// What is lost by a replacement.
fn lost(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    let attribute = [
        ("name", prior.name != planned.name),
        ("database", prior.database != planned.database),
        ("username", prior.username != planned.username),
        ("kms_key_id", prior.kms_key_id != planned.kms_key_id),
    ];
    let changed = attribute.iter().find(|(_, differs)| *differs);
    let attribute = changed.map_or("network", |(name, _)| name);
    let kept = if prior.final_snapshot.known() == Some(&true) {
        "A final snapshot is left, from which `restore { snapshot_id }` fills a new database; its automatic backups go."
    } else {
        "`final_snapshot` is false, so NOTHING is left of its data."
    };
    let instance = prior
        .instance_id
        .known()
        .map_or("the database", String::as_str);
    found.warning(
        Path::attribute(attribute),
        "The Database Is Deleted and an Empty One Is Made",
        format!("`{attribute}` cannot change on a database that exists, so {instance} is deleted with its data and its replicas, and an empty database takes its place. {kept} To keep the data, put `{attribute}` back, or make a second stackwright_db with `restore` first."),
    );
}

/// Changes for which RDS restarts the database.
fn stands_still(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    let mut reasons = Vec::new();
    if differ(&prior.instance_class, &planned.instance_class) {
        let pause = if prior.multi_az.known() == Some(&true) {
            "the standby takes over: a minute or two"
        } else {
            "it starts on another machine: some minutes"
        };
        reasons.push(format!("`instance_class` ({pause})"));
    }
    if differ(&prior.engine_version, &planned.engine_version) && upgrades(prior, planned) {
        reasons
            .push("`engine_version` (the upgrade: minutes, longer for a major version)".to_owned());
    }
    if differ(&prior.port, &planned.port) {
        reasons.push("`port` (a restart; clients need the new port)".to_owned());
    }
    if differ(&prior.ca_certificate, &planned.ca_certificate) {
        reasons.push(
            "`ca_certificate` (a restart in versions that cannot load it while running)".to_owned(),
        );
    }
    if reasons.is_empty() {
        return;
    }
    let when = if planned.apply_immediately.known() == Some(&false) {
        "in the next maintenance window, because `apply_immediately` is false"
    } else {
        "during the apply, because `apply_immediately` is true"
    };
    found.warning(
        Path::root(),
        "Downtime of the Database",
        format!("Connections break {when}: {}.", reasons.join(", ")),
    );
}

/// Whether the version that runs is not the wanted one.
fn upgrades(prior: &DbConfig, planned: &DbConfig) -> bool {
    let (Some(wanted), Some(runs)) = (
        planned.engine_version.known(),
        prior.engine_version_actual.known(),
    ) else {
        return true;
    };
    if wanted.contains('.') {
        wanted != runs
    } else {
        wanted != major(runs)
    }
}

fn differ<T: PartialEq>(prior: &Cfg<T>, planned: &Cfg<T>) -> bool {
    prior.known().is_some() && planned.known().is_some() && prior != planned
}

fn parameters(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    let (Some(before), Some(after)) =
        (known_map(&prior.parameters), known_map(&planned.parameters))
    else {
        return;
    };
    let waits: Vec<&str> = STATIC
        .iter()
        .copied()
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    if !waits.is_empty() {
        found.warning(
            Path::attribute("parameters"),
            "Parameters Wait for a Restart",
            format!("{} take effect when the database restarts. Stackwright does not restart it; do so with `aws rds reboot-db-instance --db-instance-identifier {}`.", waits.join(", "), prior.instance_id.known().map_or("<instance_id>", String::as_str)),
        );
    }
}

fn password(prior: &DbConfig, planned: &DbConfig, found: &mut Diagnostics) {
    if differ(&prior.password_version, &planned.password_version) {
        found.warning(
            Path::attribute("password_version"),
            "Running Processes Keep the Old Password",
            "The database accepts only the new password, and ECS injects secrets only when it starts a task: running processes cannot open new connections until their tasks are replaced. Open connections stay open. After this apply, plan again: each service that reads the secret then shows `secrets.changed_since_deployment` as drift, and its apply replaces the tasks.",
        );
    }
}

/// The data that is deleted with the database.
pub(super) fn losses(view: &DbConfig) -> Diagnostics {
    let mut found = Diagnostics::new();
    if view.final_snapshot.known() == Some(&false) {
        found.warning(
            Path::attribute("final_snapshot"),
            "The Data of the Database Is Deleted",
            "`final_snapshot` is false, so the database is deleted with its automated backups, and nothing is left of its data. To keep a last snapshot, set `final_snapshot = true` and apply that first.",
        );
    }
    found
}
