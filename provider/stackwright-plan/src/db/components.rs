//! The AWS objects of a database.

use std::collections::BTreeMap;

use tfplugin_types::Cfg;

use super::{
    ADDRESS, CLIENT, CREDENTIALS, DbConfig, DbResource, GROUP, INSTANCE, NAME, PARAMETERS,
    PROTECTION, RECORD, REPLICA, ReplicaConfig, RestoreConfig, SECRET, SUBNETS, instance_name,
    major, record, replica_name, single_hyphens,
};
use crate::component::{
    CloudMapInstance, CloudMapService, DbCredentials, DbInstance, DbOrigin, DbParameterGroup,
    DbProtection, DbReplica, DbSubnetGroup, Direction, Parameter, Secret, SecurityGroup,
    SecurityGroupRule, Tags,
};
use crate::network::NetworkRefConfig;
use crate::resource::{Resource as _, known_list, known_map};
use crate::{Graph, In, Key, ResourceId, Scope, name, tag};

/// Seconds that resolvers keep the private name.
const TTL: i64 = 60;

/// What planning a database needs. Values that may be unknown stay so.
struct Inputs<'a> {
    scope: &'a Scope,
    view: &'a DbConfig,
    network: &'a NetworkRefConfig,
    name: &'a str,
    instance: String,
    id: ResourceId,
    user_tags: Tags,
}

impl<'a> Inputs<'a> {
    fn new(scope: &'a Scope, view: &'a DbConfig) -> Option<Self> {
        let name = view.name.known()?;
        Some(Self {
            scope,
            view,
            network: view.network.known()?,
            name,
            instance: instance_name(scope, name),
            id: ResourceId::new(DbResource::TYPE, format!("{}/{name}", scope.environment)),
            user_tags: known_map(&view.common.tags)?,
        })
    }

    fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self.scope.tags(&self.id, component, None, &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }

    /// The tags of an instance or replica, with what AWS does not keep itself.
    fn instance_tags(&self, component: &str, label: &str) -> Option<Tags> {
        let mut tags = self.tags(component, label);
        if !*self.view.apply_immediately.known()? {
            tags.insert(tag::APPLY.to_owned(), "window".to_owned());
        }
        Some(tags)
    }

    /// A name for a subnet or parameter group: RDS keeps them in lower case.
    fn group_name(&self, more: &[&str]) -> String {
        let own = [
            self.scope.project.as_str(),
            &self.scope.environment,
            self.name,
        ];
        let parts: Vec<&str> = own.iter().chain(more).copied().collect();
        single_hyphens(&name::unique(&parts, &[], name::DATABASE_GROUP))
    }

    fn port(&self) -> Option<i32> {
        i32::try_from(*self.view.port.known()?).ok()
    }
}

fn output(key: &str, output: &'static str) -> In<String> {
    In::From(Key::from(key), output)
}

pub(super) fn plan(scope: &Scope, view: &DbConfig) -> Option<Graph> {
    let inputs = Inputs::new(scope, view)?;
    let mut graph = Graph::default();
    parameter(&inputs, &mut graph);
    secret(&inputs, &mut graph)?;
    subnet_group(&inputs, &mut graph);
    parameter_group(&inputs, &mut graph)?;
    security_group(&inputs, &mut graph);
    clients(&inputs, &mut graph)?;
    instance(&inputs, &mut graph)?;
    replicas(&inputs, &mut graph)?;
    credentials(&inputs, &mut graph)?;
    names(&inputs, &mut graph);
    protection(&inputs, &mut graph)?;
    Some(graph)
}

fn parameter(inputs: &Inputs<'_>, graph: &mut Graph) {
    let name = record::name(inputs.scope, inputs.name);
    let parameter = Parameter {
        description: format!(
            "Network and choices of database {} in {}, kept by Stackwright",
            inputs.name, inputs.scope.environment
        ),
        value: record::text(inputs.view).map_or(In::Unknown, In::Known),
        tags: inputs.tags(RECORD, &name),
        name: name.clone(),
    };
    graph.add(RECORD, &parameter).predict("name", name);
}

/// Name of the secret. It ends with a word: AWS adds a hyphen and six characters in the ARN.
pub(super) fn secret_name(scope: &Scope, db: &str) -> String {
    format!("{}/{}/{db}/database", scope.project, scope.environment)
}

fn secret(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let name = secret_name(inputs.scope, inputs.name);
    let mut tags = inputs.tags(SECRET, &name);
    let version = inputs.view.password_version.known()?;
    tags.insert(tag::PASSWORD_VERSION.to_owned(), version.to_string());
    let secret = Secret {
        description: format!("Password of database {}", inputs.instance),
        kms_key_id: inputs.view.kms_key_id.known().cloned(),
        tags,
        name,
    };
    graph.add(SECRET, &secret);
    Some(())
}

fn subnet_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let group_name = inputs.group_name(&[]);
    let subnets = known_list(&inputs.network.private_subnet_ids);
    let group = DbSubnetGroup {
        db_subnet_group_description: format!("Subnets of database {}", inputs.name),
        subnet_ids: subnets.map_or(In::Unknown, In::Known),
        tags: inputs.tags(SUBNETS, &group_name),
        db_subnet_group_name: group_name.clone(),
    };
    graph.add(SUBNETS, &group).predict("name", group_name);
}

/// The name contains the family, so that the group of another major version can be made before the
/// old one goes.
fn parameter_group(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let version = inputs.view.engine_version.known()?;
    let family = format!("postgres{}", major(version));
    let group_name = inputs.group_name(&[&family]);
    let mut parameters = known_map(&inputs.view.parameters)?;
    parameters.insert("rds.force_ssl".to_owned(), "1".to_owned());
    let group = DbParameterGroup {
        db_parameter_group_family: family,
        description: format!("Parameters of database {}", inputs.name),
        parameters,
        tags: inputs.tags(PARAMETERS, &group_name),
        db_parameter_group_name: group_name.clone(),
    };
    graph.add(PARAMETERS, &group).predict("name", group_name);
    Some(())
}

fn security_group(inputs: &Inputs<'_>, graph: &mut Graph) {
    let vpc_id = In::cfg(&inputs.network.vpc_id);
    let in_vpc = vpc_id.known().map_or("unknown", String::as_str);
    let parts = [
        inputs.scope.project.as_str(),
        &inputs.scope.environment,
        inputs.name,
        "db",
    ];
    let group = SecurityGroup {
        group_name: name::security_group(&parts, &[in_vpc]),
        description: format!("Database {}", inputs.name),
        vpc_id,
        default_egress: false,
        tags: inputs.tags(GROUP, &inputs.instance),
    };
    graph.add(GROUP, &group);
}

fn clients(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let clients = match &inputs.view.clients {
        Cfg::Known(clients) => clients.clone(),
        Cfg::Null => BTreeMap::new(),
        Cfg::Unknown(_) => return None,
    };
    for (client, group) in &clients {
        let key = format!("{CLIENT}{client}");
        let rule = SecurityGroupRule {
            group_id: output(GROUP, "id"),
            direction: Direction::Ingress,
            ip_protocol: "tcp".to_owned(),
            from_port: inputs.port()?,
            to_port: inputs.port()?,
            cidr_ipv4: None,
            cidr_ipv6: None,
            referenced_group_id: Some(In::cfg(group)),
            description: format!("{client} may connect"),
            tags: inputs.tags(&key, &format!("{}-{client}", inputs.instance)),
        };
        graph.add(key, &rule);
    }
    Some(())
}

fn origin(restore: &RestoreConfig) -> DbOrigin {
    DbOrigin {
        snapshot: restore.snapshot_id.known().cloned(),
        source: restore.source_db.known().cloned(),
        time: restore.time.known().cloned(),
    }
}

fn instance(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let view = inputs.view;
    let version = view.engine_version.known()?;
    let is_pinned = version.contains('.');
    let whole = |value: &Cfg<i64>| i32::try_from(*value.known()?).ok();
    let storage = whole(&view.storage)?;
    let insights = *view.performance_insights.known()?;
    let mut tags = inputs.instance_tags(INSTANCE, &inputs.instance)?;
    tags.insert(tag::STORAGE.to_owned(), storage.to_string());
    let origin = view.restore.known().map(origin);
    let from = origin.as_ref().map(DbOrigin::to_tag);
    tags.extend(from.map(|from| (tag::ORIGIN.to_owned(), from)));
    let logs: Option<Vec<String>> = match &view.log_exports {
        Cfg::Known(logs) => logs.iter().map(|log| log.known().cloned()).collect(),
        Cfg::Null => Some(Vec::new()),
        Cfg::Unknown(_) => None,
    };
    let instance = DbInstance {
        db_instance_identifier: inputs.instance.clone(),
        major_version: major(version).to_owned(),
        engine_version: is_pinned.then(|| version.clone()),
        db_instance_class: view.instance_class.known()?.clone(),
        allocated_storage: storage,
        max_allocated_storage: match &view.max_storage {
            Cfg::Null => 0,
            given => whole(given)?,
        },
        storage_type: "gp3".to_owned(),
        storage_encrypted: true,
        kms_key_id: view.kms_key_id.known().cloned(),
        db_name: view.database.known().cloned(),
        master_username: view.username.known().cloned(),
        port: inputs.port()?,
        db_subnet_group_name: output(SUBNETS, "name"),
        vpc_security_group_ids: vec![output(GROUP, "id")],
        db_parameter_group_name: output(PARAMETERS, "name"),
        multi_az: *view.multi_az.known()?,
        publicly_accessible: false,
        backup_retention_period: whole(&view.backup_retention)?,
        preferred_backup_window: view.backup_window.known().cloned(),
        preferred_maintenance_window: view.maintenance_window.known().map(lower_case),
        copy_tags_to_snapshot: true,
        auto_minor_version_upgrade: !is_pinned,
        enable_iam_database_authentication: *view.iam_authentication.known()?,
        enable_performance_insights: insights,
        performance_insights_retention_period: if insights {
            Some(whole(&view.performance_insights_retention)?)
        } else {
            None
        },
        enabled_cloudwatch_logs_exports: logs?,
        ca_certificate_identifier: view.ca_certificate.known().cloned(),
        apply_immediately: *view.apply_immediately.known()?,
        origin,
        tags,
    };
    let arn = inputs.scope.arn("rds", &format!("db:{}", inputs.instance));
    graph
        .add(INSTANCE, &instance)
        .main()
        .predict("arn", arn)
        .predict("id", inputs.instance.clone());
    Some(())
}

#[expect(
    clippy::ptr_arg,
    reason = "called with a reference to a text of a view"
)]
fn lower_case(text: &String) -> String {
    text.to_ascii_lowercase()
}

fn replicas(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let replicas = match &inputs.view.replicas {
        Cfg::Known(replicas) => replicas.clone(),
        Cfg::Null => BTreeMap::new(),
        Cfg::Unknown(_) => return None,
    };
    for (key, replica) in &replicas {
        let component = format!("{REPLICA}{key}");
        let desired = replica_of(inputs, key, &component, replica.known()?)?;
        graph.add(component, &desired).after(CREDENTIALS);
    }
    Some(())
}

fn replica_of(
    inputs: &Inputs<'_>,
    key: &str,
    component: &str,
    replica: &ReplicaConfig,
) -> Option<DbReplica> {
    let zone = match &replica.availability_zone {
        Cfg::Null => None,
        zone => Some(zone.known()?.clone()),
    };
    let identifier = replica_name(inputs.scope, inputs.name, key, zone.as_deref());
    let class = match &replica.instance_class {
        Cfg::Null => inputs.view.instance_class.known()?,
        given => given.known()?,
    };
    Some(DbReplica {
        source_db_instance_identifier: output(INSTANCE, "id"),
        db_instance_class: class.clone(),
        availability_zone: zone,
        multi_az: *replica.multi_az.known()?,
        publicly_accessible: false,
        vpc_security_group_ids: vec![output(GROUP, "id")],
        db_parameter_group_name: output(PARAMETERS, "name"),
        auto_minor_version_upgrade: !inputs.view.engine_version.known()?.contains('.'),
        copy_tags_to_snapshot: true,
        apply_immediately: *inputs.view.apply_immediately.known()?,
        tags: inputs.instance_tags(component, &identifier)?,
        db_instance_identifier: identifier,
    })
}

fn credentials(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let credentials = DbCredentials {
        secret_arn: output(SECRET, "arn"),
        db_instance_identifier: output(INSTANCE, "id"),
        resource_id: output(INSTANCE, "resource_id"),
        host: output(INSTANCE, "address"),
        port: inputs.port()?,
        dbname: inputs.view.database.known()?.clone(),
        username: inputs.view.username.known()?.clone(),
        password_version: *inputs.view.password_version.known()?,
        current: true,
    };
    graph.add(CREDENTIALS, &credentials);
    Some(())
}

/// The private name of a database; empty when its network has no namespace.
pub(super) fn private_name(view: &DbConfig) -> Cfg<String> {
    let Some(network) = view.network.known() else {
        return Cfg::unknown();
    };
    match (&network.namespace, &view.name) {
        (Cfg::Null, _) => Cfg::Known(String::new()),
        (Cfg::Known(domain), Cfg::Known(name)) => Cfg::Known(format!("{name}.db.{domain}")),
        _ => Cfg::unknown(),
    }
}

/// A CNAME in the network's namespace. The certificate of the database is made out for RDS's own
/// name, which therefore stands in the secret.
fn names(inputs: &Inputs<'_>, graph: &mut Graph) {
    if inputs.network.namespace_id.is_null() {
        return;
    }
    let service_name = format!("{}.db", inputs.name);
    let service = CloudMapService {
        namespace_id: In::cfg(&inputs.network.namespace_id),
        description: format!("Database {}", inputs.name),
        records: BTreeMap::from([("CNAME".to_owned(), TTL)]),
        routing_policy: "WEIGHTED".to_owned(),
        custom_health: false,
        tags: inputs.tags(NAME, &service_name),
        name: service_name,
    };
    graph.add(NAME, &service);
    let address = CloudMapInstance {
        service_id: output(NAME, "id"),
        instance_id: "db".to_owned(),
        attributes: BTreeMap::from([(
            CloudMapInstance::CNAME.to_owned(),
            output(INSTANCE, "address"),
        )]),
    };
    graph.add(ADDRESS, &address);
}

/// After everything else: what was made only in part is deleted without ado.
fn protection(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let protection = DbProtection {
        db_instance_identifier: output(INSTANCE, "id"),
        deletion_protection: *inputs.view.deletion_protection.known()?,
        final_snapshot: Some(*inputs.view.final_snapshot.known()?),
    };
    let others: Vec<Key> = graph.nodes.keys().cloned().collect();
    let node = graph.add(PROTECTION, &protection);
    for other in others {
        node.after(other);
    }
    Some(())
}
