//! `stackwright_db`: a PostgreSQL database on RDS.
//!
//! Components: `record` (an SSM parameter, from which an import reads what AWS does not hold), `secret`, `subnet_group`, `parameter_group`, `security_group` with
//! `rule.client.<key>` per client, `instance` (main), `replica.<key>` per read replica,
//! `credentials` (the password, which nobody but RDS and the secret knows), `private_name` with
//! `private_address` where the network has a namespace, and `protection`, the last write of a create.
//!
//! Replaced by a change of: `name`, the network's VPC, `database`, `username`, `kms_key_id`.

mod classes;
mod components;
mod import;
mod notes;
mod record;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Path, TfSchema};

use crate::diff::FieldDiff;
use crate::network::NetworkRef;
use crate::resource::{
    Anchor, Common, CommonConfig, Exclusive, Facts, Found, Plain, RecoverError, Refs, Resource,
    cfg_map,
};
use crate::{Graph, Key, Outputs, Scope, name, resource};

/// A PostgreSQL database on RDS: the instance, its subnet, parameter and security groups, read replicas, a private name, and a secret with its password and URL.
///
/// The provider makes the password and gives it to RDS and Secrets Manager alone: it is in no state, plan or log. The database takes TLS connections only, is encrypted and has no public address.
#[derive(Debug, Clone, PartialEq, TfSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute")]
pub struct Db {
    /// Name, unique in the environment. Changing this replaces the database: everything in it is lost but for its final snapshot.
    #[tf(
        replace,
        matches(rules::database_resource_name),
        allowed = "1 to 32 lower-case letters, digits and single `-`, beginning with a letter and not ending with `-`"
    )]
    pub name: String,
    /// The network that it stands in: the `ref` of a `stackwright_network`. It needs private subnets in at least two availability zones. Another VPC replaces the database.
    pub network: NetworkRef,
    /// PostgreSQL version: a major version like `16`, which AWS keeps at its newest minor one, or a minor version like `16.4`, which stays as it is. An upgrade restarts the database.
    #[tf(
        matches(rules::engine_version),
        allowed = "a major version like `16` or a minor one like `16.4`"
    )]
    pub engine_version: String,
    /// Allows an upgrade of the major version, which stops the database for minutes and cannot be undone. Such an upgrade needs `apply_immediately = true`, too.
    #[tf(default = false)]
    pub allow_major_version_upgrade: bool,
    /// Size of the machine. A change restarts the database.
    #[tf(default = "db.t4g.micro".to_owned(), matches(rules::instance_class), allowed = "a class like `db.t4g.micro`")]
    pub instance_class: String,
    /// Storage in GiB. It can grow, by 10% at least each time, and never shrink.
    #[tf(default = 20, range(20..=65_536))]
    pub storage: i64,
    /// GiB up to which AWS grows the storage by itself when it fills, at least 10% above `storage`. Left out: never.
    #[tf(range(22..=65_536))]
    pub max_storage: Option<i64>,
    /// ARN of the KMS key that encrypts storage, backups and the secret. Default: AWS's own keys. Changing this replaces the database.
    #[tf(
        replace,
        matches(rules::kms_key_arn),
        allowed = "`arn:aws:kms:<region>:<account>:key/<id>`"
    )]
    pub kms_key_id: Option<String>,
    /// Name of the database inside PostgreSQL. Changing this replaces the database.
    #[tf(
        default = "app".to_owned(),
        replace,
        matches(rules::database_name),
        allowed = "1 to 63 letters, digits and `_`, beginning with a letter, no word that PostgreSQL or RDS reserves but `postgres`"
    )]
    pub database: String,
    /// Name of its first user. Changing this replaces the database.
    #[tf(
        default = "app".to_owned(),
        replace,
        matches(rules::user_name),
        allowed = "1 to 63 letters, digits and `_`, beginning with a letter, no word that PostgreSQL or RDS reserves"
    )]
    pub username: String,
    /// Increase it to give the database a new password. Running tasks keep the old one; the next plan shows every service that reads the secret as changed, and its apply replaces the tasks.
    #[tf(default = 1, range(1..=1_000_000))]
    pub password_version: i64,
    /// Port. A change restarts the database.
    #[tf(default = 5432, range(1150..=65_535))]
    pub port: i64,
    /// Whether a standby in another availability zone takes over when this one fails.
    #[tf(default = false)]
    pub multi_az: bool,
    /// Days to keep backups, by which every second of that time can be restored. 0 turns backups off and deletes those that are there; replicas need 1 at least.
    #[tf(default = 7, range(0..=35))]
    pub backup_retention: i64,
    /// When the daily backup runs, in UTC: `03:00-03:30`. It must not overlap `maintenance_window`. Default: chosen by AWS.
    #[tf(
        matches(rules::backup_window),
        allowed = "`hh:mm-hh:mm`, 30 minutes at least"
    )]
    pub backup_window: Option<String>,
    /// When AWS may restart the database, in UTC: `sun:04:00-sun:04:30`. Default: chosen by AWS.
    #[tf(
        matches(rules::maintenance_window),
        allowed = "`ddd:hh:mm-ddd:hh:mm`, 30 minutes to a day"
    )]
    pub maintenance_window: Option<String>,
    /// Whether changes that restart the database are done at once; else they wait for the maintenance window. An upgrade of the major version cannot wait.
    #[tf(default = true)]
    pub apply_immediately: bool,
    /// PostgreSQL parameters that differ from RDS's defaults. Some take effect at the next restart only. `rds.force_ssl` is always 1.
    #[tf(default = BTreeMap::new())]
    pub parameters: BTreeMap<String, String>,
    /// Who may connect: id of a security group, each once, by a key of your choice (1 to 64 letters, digits, `-`, `_` and `.`), like `{ shop = stackwright_app.shop.security_group_id }`.
    #[tf(default = BTreeMap::new())]
    pub clients: BTreeMap<String, String>,
    /// Read replicas, at most 15, by a key of your choice (1 to 20 lower-case letters, digits and `-`, not beginning with `-`). They need `backup_retention` of 1 or more.
    #[tf(default = BTreeMap::new())]
    pub replicas: BTreeMap<String, Replica>,
    /// What a new database is filled from: exactly one of `snapshot_id` and `source_db`. Read only when the database is made.
    pub restore: Option<Restore>,
    /// Whether IAM credentials are accepted besides passwords.
    #[tf(default = false)]
    pub iam_authentication: bool,
    /// Whether Performance Insights shows which queries are slow.
    #[tf(default = true)]
    pub performance_insights: bool,
    /// Days that Performance Insights keeps: 7 are free of charge.
    #[tf(
        default = 7,
        matches(rules::insights_retention),
        allowed = "7, a multiple of 31 up to 713, or 731"
    )]
    pub performance_insights_retention: i64,
    /// Logs that RDS sends to CloudWatch Logs.
    #[tf(default = BTreeSet::new(), one_of("iam-db-auth-error", "postgresql", "upgrade"))]
    pub log_exports: BTreeSet<String>,
    /// Certificate authority of its TLS certificate. A change restarts the database in some versions. Default: AWS's.
    #[tf(one_of("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"))]
    pub ca_certificate: Option<String>,
    /// Whether Terraform and AWS refuse to delete the database. Set it to `false` and apply, before you destroy.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Whether a delete leaves a last snapshot. Without it everything is lost at a delete.
    #[tf(default = true)]
    pub final_snapshot: bool,
    /// Identifier of the RDS instance.
    #[tf(computed)]
    pub instance_id: String,
    /// ARN of the RDS instance.
    #[tf(computed, prefix = "arn:")]
    pub instance_arn: String,
    /// Id that RDS gives the instance for good: what `rds-db:connect` names in a policy, with `iam_authentication`.
    #[tf(computed)]
    pub resource_id: String,
    /// Host name that its certificate is made out for.
    #[tf(computed)]
    pub host: String,
    /// Host names of the read replicas by key.
    #[tf(computed)]
    pub replica_hosts: BTreeMap<String, String>,
    /// Identifiers of the read replicas by key.
    #[tf(computed)]
    pub replica_ids: BTreeMap<String, String>,
    /// Name in the network's private domain, which a later database of the same name has again. Empty when the network has no namespace.
    #[tf(computed)]
    pub private_name: String,
    /// Version that runs.
    #[tf(computed)]
    pub engine_version_actual: String,
    /// Memory of the class in bytes; 0 when it is not known to this version of the provider. For monitors.
    #[tf(computed)]
    pub memory_bytes: i64,
    /// Connections that it takes, as `max_connections` says or as RDS reckons from the memory; 0 when that is not known. For monitors.
    #[tf(computed)]
    pub max_connections: i64,
    /// ARN of the secret `{host, port, dbname, username, password, url}`.
    #[tf(computed, prefix = "arn:")]
    pub secret_arn: String,
    /// Id of the security group.
    #[tf(computed, prefix = "sg-")]
    pub security_group_id: String,
    /// Name of the SSM parameter with its network and what was left to AWS.
    #[tf(computed)]
    pub record: String,
    /// Environment variables for `config` of a `stackwright_service` or `stackwright_job`: `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`. For `config` of a `stackwright_app` only when the app is not among `clients`; else Terraform reports a cycle.
    #[tf(computed)]
    pub config: BTreeMap<String, String>,
    /// Secret references for `secrets` of the same resources: `DB_PASSWORD`, `DATABASE_URL`.
    #[tf(computed)]
    pub secrets: BTreeMap<String, String>,
    /// What other resources need to know of this database.
    #[tf(computed, name = "ref")]
    pub reference: Plain<DbRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// A read replica.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Replica {
    /// Size of the machine. Default: that of the database.
    #[tf(
        matches(rules::instance_class),
        allowed = "a class like `db.t4g.micro`"
    )]
    pub instance_class: Option<String>,
    /// Its availability zone; not with `multi_az`. With another zone a new replica is made, with a host name of its own, before the old one goes; also when a zone is given for the first time, or taken out. Default: chosen by AWS.
    pub availability_zone: Option<String>,
    /// Whether it has a standby of its own, in a zone that AWS chooses as it does the first one.
    #[tf(default = false)]
    pub multi_az: bool,
}

/// What a new database is filled from: `snapshot_id`, or `source_db` and perhaps `time`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct Restore {
    /// Name or ARN of a snapshot. Given instead of `source_db`.
    #[tf(length(1..=255))]
    pub snapshot_id: Option<String>,
    /// RDS identifier of a database with backups: `instance_id` of another `stackwright_db`. Given instead of `snapshot_id`.
    #[tf(length(1..=255))]
    pub source_db: Option<String>,
    /// Moment to restore, like `2026-11-20T09:30:00Z`; only with `source_db`. Default: the newest there is.
    #[tf(
        matches(rules::moment),
        allowed = "a UTC time like `2026-11-20T09:30:00Z`"
    )]
    pub time: Option<String>,
}

/// A database as other resources see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct DbRef {
    /// Name of the database.
    pub name: String,
    /// Identifier of the RDS instance.
    pub instance_id: String,
    /// Host name.
    pub host: String,
    /// Port.
    pub port: i64,
    /// Name of the database inside PostgreSQL.
    pub database: String,
    /// User.
    pub username: String,
    /// ARN of the secret with the password.
    pub secret_arn: String,
    /// Id of the security group.
    pub security_group_id: String,
}

/// The databases.
#[derive(Debug)]
pub struct DbResource;

const RECORD: &str = "record";
const SECRET: &str = "secret";
const SUBNETS: &str = "subnet_group";
const PARAMETERS: &str = "parameter_group";
const GROUP: &str = "security_group";
const INSTANCE: &str = "instance";
const CREDENTIALS: &str = "credentials";
const PROTECTION: &str = "protection";
const NAME: &str = "private_name";
const ADDRESS: &str = "private_address";
const CLIENT: &str = "rule.client.";
const REPLICA: &str = "replica.";

/// Identifier of the instance. RDS refuses two hyphens side by side.
fn instance_name(scope: &Scope, db: &str) -> String {
    let unique = name::unique(
        &[&scope.project, &scope.environment, db],
        &[],
        name::DATABASE,
    );
    single_hyphens(&unique)
}

/// Identifier of a replica. The zone is part of it where one is given: AWS cannot change it, and the
/// successor is made before the old one goes.
fn replica_name(scope: &Scope, db: &str, key: &str, zone: Option<&str>) -> String {
    let parts = [&scope.project, &scope.environment, db, "replica", key];
    let salt: Vec<&str> = zone.into_iter().collect();
    single_hyphens(&name::unique(&parts, &salt, name::DATABASE))
}

fn single_hyphens(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

/// The major version of `16` or `16.4`.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

impl Resource for DbResource {
    type Schema = Db;
    type View = DbConfig;
    const TYPE: &'static str = "db";
    const VERSION: i64 = Db::SCHEMA_VERSION;
    const TIMEOUT_MINUTES: u64 = 60;

    fn common(view: &mut DbConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &DbConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn validate(view: &DbConfig, found: &mut Diagnostics) {
        rules::validate(view, found);
    }

    fn complete(
        _scope: &Scope,
        _facts: &Facts,
        prior: Option<&DbConfig>,
        view: &mut DbConfig,
        found: &mut Diagnostics,
    ) {
        if let Some(prior) = prior.filter(|prior| Self::same_database(prior, view)) {
            rules::check_change(prior, view, found);
        }
    }

    fn exclusives(_scope: &Scope, view: &DbConfig) -> Vec<Exclusive> {
        let name = components::private_name(view);
        let claimed = resource::private_name(&name, Path::attribute("name"));
        claimed.into_iter().collect()
    }

    fn plan(scope: &Scope, view: &DbConfig) -> Option<Graph> {
        components::plan(scope, view)
    }

    fn fill(scope: &Scope, view: &mut DbConfig, outputs: &Outputs) {
        fill(scope, view, outputs);
    }

    fn show(view: &mut DbConfig, component: &Key, difference: &FieldDiff) -> bool {
        show(view, &component.0, difference).is_some()
    }

    /// RDS does not move a database between VPCs.
    fn replaced_for(prior: &DbConfig, planned: &DbConfig) -> Vec<Path> {
        let moves = vpc(prior).is_some() && vpc(prior) != vpc(planned);
        moves
            .then(|| Path::attribute("network"))
            .into_iter()
            .collect()
    }

    fn protection(state: &DbConfig) -> Option<&'static str> {
        let is_protected = state.deletion_protection.known() == Some(&true);
        is_protected.then_some("deletion_protection")
    }

    fn losses(view: &DbConfig) -> Diagnostics {
        notes::losses(view)
    }

    fn notes(prior: &DbConfig, planned: &DbConfig, _config: &DbConfig, found: &mut Diagnostics) {
        notes::notes(prior, planned, found);
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        import::anchors(scope, id)
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<DbConfig, RecoverError> {
        import::recover(scope, id, found)
    }
}

impl DbResource {
    /// Whether a change is about the database that is there, not about one that takes its place.
    fn same_database(prior: &DbConfig, planned: &DbConfig) -> bool {
        let fixed = prior.name == planned.name
            && prior.database == planned.database
            && prior.username == planned.username
            && prior.kms_key_id == planned.kms_key_id;
        fixed && Self::replaced_for(prior, planned).is_empty()
    }
}

fn vpc(view: &DbConfig) -> Option<&String> {
    view.network
        .known()
        .and_then(|network| network.vpc_id.known())
}

fn fill(scope: &Scope, view: &mut DbConfig, outputs: &Outputs) {
    let instance = |output: &str| outputs.get(&INSTANCE.into(), output);
    view.instance_id = view.name.clone().map(|name| instance_name(scope, &name));
    view.instance_arn = instance("arn");
    view.resource_id = instance("resource_id");
    view.host = instance("address");
    view.engine_version_actual = instance("engine_version");
    view.secret_arn = outputs.get(&SECRET.into(), "arn");
    view.security_group_id = outputs.get(&GROUP.into(), "id");
    view.record = view.name.clone().map(|name| record::name(scope, &name));
    view.private_name = components::private_name(view);
    view.replica_hosts = by_replica(view, |key| {
        outputs.get(&format!("{REPLICA}{key}").into(), "address")
    });
    view.replica_ids = by_replica(view, |key| replica_id(scope, view, key));
    view.memory_bytes = view
        .instance_class
        .clone()
        .map(|class| classes::memory_bytes(&class).unwrap_or(0));
    view.max_connections = classes::max_connections(view);
    fill_references(view);
}

fn replica_id(scope: &Scope, view: &DbConfig, key: &str) -> Cfg<String> {
    let replica = view.replicas.known().and_then(|all| all.get(key)?.known());
    let zone = match replica.map(|replica| &replica.availability_zone) {
        Some(Cfg::Known(zone)) => Some(zone.as_str()),
        Some(Cfg::Null) => None,
        Some(Cfg::Unknown(_)) | None => return Cfg::unknown(),
    };
    let name = view.name.known();
    name.map_or_else(Cfg::unknown, |name| {
        Cfg::Known(replica_name(scope, name, key, zone))
    })
}

/// A map with something of each replica.
fn by_replica(view: &DbConfig, of: impl Fn(&str) -> Cfg<String>) -> Texts {
    match &view.replicas {
        Cfg::Known(replicas) => {
            let pair = |key: &String| (key.clone(), of(key));
            Cfg::Known(replicas.keys().map(pair).collect())
        }
        Cfg::Null => cfg_map(BTreeMap::new()),
        Cfg::Unknown(_) => Cfg::unknown(),
    }
}

type Texts = Cfg<BTreeMap<String, Cfg<String>>>;

fn fill_references(view: &mut DbConfig) {
    let port = view.port.clone().map(|port| port.to_string());
    let text = |name: &str, value: &Cfg<String>| (name.to_owned(), value.clone());
    view.config = Cfg::Known(BTreeMap::from([
        text("DB_HOST", &view.host),
        text("DB_PORT", &port),
        text("DB_NAME", &view.database),
        text("DB_USER", &view.username),
    ]));
    let within = |key: &str| view.secret_arn.clone().map(|arn| format!("{arn}:{key}::"));
    view.secrets = Cfg::Known(BTreeMap::from([
        ("DB_PASSWORD".to_owned(), within("password")),
        ("DATABASE_URL".to_owned(), within("url")),
    ]));
    view.reference = Cfg::Known(DbRefConfig {
        name: view.name.clone(),
        instance_id: view.instance_id.clone(),
        host: view.host.clone(),
        port: view.port.clone(),
        database: view.database.clone(),
        username: view.username.clone(),
        secret_arn: view.secret_arn.clone(),
        security_group_id: view.security_group_id.clone(),
    });
}

/// Takes what somebody changed into the attribute that says it. `None` when none does.
fn show(view: &mut DbConfig, component: &str, difference: &FieldDiff) -> Option<()> {
    let observed = difference.observed.as_ref()?;
    let text = || observed.as_str().map(str::to_owned).map(Cfg::Known);
    let number = || observed.as_i64().map(Cfg::Known);
    let flag = || observed.as_bool().map(Cfg::Known);
    if let Some(key) = component.strip_prefix(REPLICA) {
        return show_replica(view, key, &difference.field, observed);
    }
    match (component, difference.field.as_str()) {
        (INSTANCE, "db_instance_class") => view.instance_class = text()?,
        (INSTANCE, "allocated_storage") => view.storage = number()?,
        (INSTANCE, "max_allocated_storage") => {
            let limit = observed.as_i64()?;
            view.max_storage = if limit == 0 {
                Cfg::Null
            } else {
                Cfg::Known(limit)
            };
        }
        (INSTANCE, "port") => view.port = number()?,
        (INSTANCE, "multi_az") => view.multi_az = flag()?,
        (INSTANCE, "backup_retention_period") => view.backup_retention = number()?,
        (INSTANCE, "preferred_backup_window") => view.backup_window = text()?,
        (INSTANCE, "preferred_maintenance_window") => view.maintenance_window = text()?,
        (INSTANCE, "enable_iam_database_authentication") => view.iam_authentication = flag()?,
        (INSTANCE, "enable_performance_insights") => view.performance_insights = flag()?,
        (INSTANCE, "performance_insights_retention_period") => {
            view.performance_insights_retention = number()?;
        }
        (INSTANCE, "ca_certificate_identifier") => view.ca_certificate = text()?,
        (PROTECTION, "deletion_protection") => view.deletion_protection = flag()?,
        (PROTECTION, "final_snapshot") => view.final_snapshot = flag()?,
        _ => return None,
    }
    Some(())
}

fn show_replica(view: &mut DbConfig, key: &str, field: &str, observed: &Json) -> Option<()> {
    let Cfg::Known(replicas) = &mut view.replicas else {
        return None;
    };
    let Some(Cfg::Known(replica)) = replicas.get_mut(key) else {
        return None;
    };
    match field {
        "db_instance_class" => {
            replica.instance_class = Cfg::Known(observed.as_str()?.to_owned());
        }
        "multi_az" => replica.multi_az = Cfg::Known(observed.as_bool()?),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests;
