//! `stackwright_cluster`: an ECS cluster on Fargate and Fargate Spot.
//!
//! Components: `cluster` (main).
//!
//! Replaced by a change of: `name`.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, TfSchema};

use crate::component::{CapacityShare, EcsCluster};
use crate::diff::FieldDiff;
use crate::resource::{
    Anchor, Common, CommonConfig, Found, Plain, RecoverError, Refs, Resource, Seen, cfg_map,
    known_map, required, split_id,
};
use crate::{Graph, Key, Kind, Outputs, ResourceId, Scope, aws_rules, name, tag};

/// An ECS cluster on Fargate and Fargate Spot.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Cluster {
    /// Name, unique in the environment. Changing this replaces the cluster.
    #[tf(
        replace,
        matches(aws_rules::resource_name),
        allowed = "1 to 32 lower-case letters, digits and `-`, beginning with a letter and not ending with `-`"
    )]
    pub name: String,
    /// Share of tasks on Fargate Spot, in percent. Spot tasks cost less and are stopped with two minutes' notice when AWS needs the capacity.
    #[tf(default = 0, range(0..=100))]
    pub spot_percent: i64,
    /// Whether CloudWatch Container Insights collects metrics per service and task.
    #[tf(default = false)]
    pub container_insights: bool,
    /// Whether sessions of `exec` are logged with the log driver of the task.
    #[tf(default = true)]
    pub exec_logging: bool,
    /// ARN of the ECS cluster.
    #[tf(computed, prefix = "arn:")]
    pub cluster_arn: String,
    /// Name of the ECS cluster.
    #[tf(computed)]
    pub cluster_name: String,
    /// What other resources need to know of this cluster.
    #[tf(computed, name = "ref")]
    pub reference: Plain<ClusterRef>,
    /// What every resource has.
    #[tf(flatten)]
    pub common: Common,
}

/// A cluster as other resources see it. Write it by hand to use a cluster that exists already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
pub struct ClusterRef {
    /// Name of the cluster.
    pub name: String,
    /// ARN of the ECS cluster.
    pub arn: String,
    /// Share of the tasks of services on Fargate Spot, in percent. Left out: the cluster's own default strategy when a service is created.
    #[tf(range(0..=100))]
    pub spot_percent: Option<i64>,
}

/// The clusters.
#[derive(Debug)]
pub struct ClusterResource;

const CLUSTER: &str = "cluster";

/// Name of the ECS cluster of a `stackwright_cluster`.
pub(crate) fn ecs_name(scope: &Scope, name: &str) -> String {
    name::unique(&[&scope.project, &scope.environment, name], &[], name::ECS)
}

impl Resource for ClusterResource {
    type Schema = Cluster;
    type View = ClusterConfig;
    const TYPE: &'static str = "cluster";
    const VERSION: i64 = Cluster::SCHEMA_VERSION;

    fn common(view: &mut ClusterConfig) -> &mut CommonConfig {
        &mut view.common
    }

    fn id(scope: &Scope, view: &ClusterConfig) -> Option<String> {
        Some(format!("{}/{}", scope.environment, view.name.known()?))
    }

    fn plan(scope: &Scope, view: &ClusterConfig) -> Option<Graph> {
        let name = view.name.known()?;
        let cluster_name = ecs_name(scope, name);
        let id = ResourceId::new(Self::TYPE, format!("{}/{name}", scope.environment));
        let mut tags = scope.tags(&id, CLUSTER, None, &known_map(&view.common.tags)?);
        tags.insert(tag::NAME.to_owned(), cluster_name.clone());
        let cluster = EcsCluster {
            container_insights: if *view.container_insights.known()? {
                "enabled"
            } else {
                "disabled"
            }
            .to_owned(),
            exec_logging: if *view.exec_logging.known()? {
                "DEFAULT"
            } else {
                "NONE"
            }
            .to_owned(),
            capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
            default_capacity_provider_strategy: strategy(*view.spot_percent.known()?),
            tags,
            cluster_name: cluster_name.clone(),
        };
        let mut graph = Graph::default();
        graph
            .add(CLUSTER, &cluster)
            .main()
            .predict("arn", scope.arn("ecs", &format!("cluster/{cluster_name}")))
            .predict("name", cluster_name);
        Some(graph)
    }

    fn fill(_scope: &Scope, view: &mut ClusterConfig, outputs: &Outputs) {
        view.cluster_arn = outputs.get(&CLUSTER.into(), "arn");
        view.cluster_name = outputs.get(&CLUSTER.into(), "name");
        view.reference = Cfg::Known(ClusterRefConfig {
            name: view.name.clone(),
            arn: view.cluster_arn.clone(),
            spot_percent: view.spot_percent.clone(),
        });
    }

    fn show(view: &mut ClusterConfig, _component: &Key, difference: &FieldDiff) -> bool {
        let observed = difference.observed.as_ref().and_then(Json::as_str);
        match (difference.field.as_str(), observed) {
            ("container_insights", Some("enabled")) => view.container_insights = Cfg::Known(true),
            ("container_insights", Some("disabled")) => view.container_insights = Cfg::Known(false),
            ("exec_logging", Some("DEFAULT")) => view.exec_logging = Cfg::Known(true),
            ("exec_logging", Some("NONE")) => view.exec_logging = Cfg::Known(false),
            _ => return false,
        }
        true
    }

    fn anchors(scope: &Scope, id: &str) -> Result<Vec<Anchor>, RecoverError> {
        let [_, name] = split_id::<2>(scope, id, "<environment>/<name>")?;
        Ok(vec![Anchor::named(
            CLUSTER,
            Kind::EcsCluster,
            ecs_name(scope, name),
        )])
    }

    fn recover(
        scope: &Scope,
        id: &str,
        found: &Found,
        _refs: &Refs,
    ) -> Result<ClusterConfig, RecoverError> {
        let [_, name] = split_id::<2>(scope, id, "<environment>/<name>")?;
        let cluster = required(found, CLUSTER, id, Kind::EcsCluster)?;
        let mut view = ClusterConfig {
            name: Cfg::Known(name.to_owned()),
            spot_percent: Cfg::Known(spot_percent(cluster)),
            container_insights: Cfg::Known(
                cluster.text("container_insights").as_deref() == Some("enabled"),
            ),
            exec_logging: Cfg::Known(cluster.text("exec_logging").as_deref() != Some("NONE")),
            ..ClusterConfig::default()
        };
        view.common.tags = cfg_map(cluster.user_tags(scope));
        Ok(view)
    }
}

/// Shares of 0 are left out: AWS wants at least one weight above 0.
pub(crate) fn strategy(spot_percent: i64) -> Vec<CapacityShare> {
    let shares = BTreeMap::from([
        ("FARGATE", 100 - spot_percent),
        ("FARGATE_SPOT", spot_percent),
    ]);
    let share = |(provider, weight): (&str, i64)| CapacityShare {
        capacity_provider: provider.to_owned(),
        weight: i32::try_from(weight).unwrap_or(0),
        base: 0,
    };
    shares
        .into_iter()
        .filter(|(_, weight)| *weight > 0)
        .map(share)
        .collect()
}

/// What the default strategy of a cluster says.
pub(crate) fn spot_percent(cluster: &Seen) -> i64 {
    let shares = cluster.fields.get("default_capacity_provider_strategy");
    let shares: Vec<CapacityShare> = shares
        .and_then(|json| serde_json::from_value(json.clone()).ok())
        .unwrap_or_default();
    let total: i64 = shares.iter().map(|share| i64::from(share.weight)).sum();
    let spot = shares
        .iter()
        .find(|share| share.capacity_provider == "FARGATE_SPOT");
    spot.map_or(0, |share| i64::from(share.weight) * 100 / total.max(1))
}
