//! What planning a service needs, and the names of its components.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_types::Cfg;

use super::schema::RouteConfig;
use super::{ServiceConfig, ServiceResource};
use crate::app::AppRefConfig;
use crate::cluster::ClusterRefConfig;
use crate::component::Tags;
use crate::resource::{Resource as _, known_map};
use crate::router::RouterRefConfig;
use crate::{ResourceId, Scope, name, tag};

pub(super) const ROLE: &str = "role.task";
pub(super) const EXECUTION_ROLE: &str = "role.execution";
pub(super) const TASK: &str = "task_definition";
pub(super) const SERVICE: &str = "service";
pub(super) const SECRETS: &str = "secrets";
pub(super) const GROUP: &str = "security_group";
pub(super) const TARGET: &str = "scalable_target";
pub(super) const REGISTRY: &str = "private_name";
pub(super) const POLICY: &str = "scaling_policy.";
pub(super) const TARGET_GROUP: &str = "target_group.";
pub(super) const RULE: &str = "rule.";
pub(super) const ROUTER_INGRESS: &str = "router_ingress.";
pub(super) const ROUTER_EGRESS: &str = "router_egress.";
pub(super) const CLIENT: &str = "client.";

/// The port of a process that takes requests and says nothing else.
pub(super) const DEFAULT_PORT: i64 = 8080;

/// What planning a service needs. Values that may be unknown stay so.
pub(super) struct Inputs<'a> {
    pub(super) scope: &'a Scope,
    pub(super) view: &'a ServiceConfig,
    pub(super) app_ref: &'a AppRefConfig,
    pub(super) cluster: &'a ClusterRefConfig,
    pub(super) app: &'a str,
    pub(super) process: &'a str,
    /// The port, when the process takes requests of anybody.
    pub(super) port: Option<i32>,
    /// Routes by key.
    pub(super) routes: BTreeMap<&'a str, &'a RouteConfig>,
    /// Routers by name.
    pub(super) routers: BTreeMap<&'a str, &'a RouterRefConfig>,
    pub(super) id: ResourceId,
    pub(super) user_tags: Tags,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(scope: &'a Scope, view: &'a ServiceConfig) -> Option<Self> {
        let app_ref = view.app.known()?;
        let (app, process) = (app_ref.name.known()?, view.process.known()?);
        let id = format!("{}/{app}/{process}", scope.environment);
        let routes = known_objects(&view.routes)?;
        Some(Self {
            scope,
            view,
            app_ref,
            cluster: view.cluster.known()?,
            app,
            process,
            port: port(view)?,
            routers: routers(&routes)?,
            routes,
            id: ResourceId::new(ServiceResource::TYPE, id),
            user_tags: known_map(&view.common.tags)?,
        })
    }

    pub(super) fn tags(&self, component: &str, label: &str) -> Tags {
        let mut tags = self
            .scope
            .tags(&self.id, component, Some(self.app), &self.user_tags);
        tags.insert(tag::NAME.to_owned(), label.to_owned());
        tags
    }

    /// `acme-stage-shop-web`: how its parts are called that need no name of their own.
    pub(super) fn label(&self) -> String {
        let Scope {
            project,
            environment,
            ..
        } = self.scope;
        format!("{project}-{environment}-{}-{}", self.app, self.process)
    }

    /// Whether anything reaches the process, so that it has a security group of its own.
    pub(super) fn is_served(&self) -> bool {
        let has_clients = |clients: &BTreeMap<String, Cfg<String>>| !clients.is_empty();
        !self.routes.is_empty() || self.view.clients.known().is_some_and(has_clients)
    }

    /// Key of the target group of a router. The port is part of it, because AWS cannot change it:
    /// with another port there are two for a while.
    pub(super) fn target_group_key(&self, router: &str) -> String {
        target_group_key(router, self.port.unwrap_or_default())
    }
}

pub(super) fn target_group_key(router: &str, port: impl std::fmt::Display) -> String {
    format!("{TARGET_GROUP}{router}.{port}")
}

/// `Some(None)`: the process has no port.
#[expect(clippy::option_option, reason = "known at all, and given")]
fn port(view: &ServiceConfig) -> Option<Option<i32>> {
    match &view.port {
        Cfg::Null => Some(None),
        Cfg::Known(port) => Some(i32::try_from(*port).ok()),
        Cfg::Unknown(_) => None,
    }
}

/// The entries of a map of objects; `None` while one is unknown.
pub(super) fn known_objects<T>(map: &Cfg<BTreeMap<String, Cfg<T>>>) -> Option<BTreeMap<&str, &T>> {
    match map {
        Cfg::Null => Some(BTreeMap::new()),
        Cfg::Unknown(_) => None,
        Cfg::Known(map) => map
            .iter()
            .map(|(key, value)| Some((key.as_str(), value.known()?)))
            .collect(),
    }
}

fn routers<'a>(
    routes: &BTreeMap<&'a str, &'a RouteConfig>,
) -> Option<BTreeMap<&'a str, &'a RouterRefConfig>> {
    let named = |route: &&'a RouteConfig| {
        let balancer = route.router.known()?;
        Some((balancer.name.known()?.as_str(), balancer))
    };
    routes.values().map(named).collect()
}

/// The names of the routers of a view, as far as they are known.
pub(super) fn router_names(view: &ServiceConfig) -> Option<BTreeSet<String>> {
    let routes = known_objects(&view.routes)?;
    let name = |route: &&RouteConfig| route.router.known()?.name.known().cloned();
    routes.values().map(name).collect()
}

/// Name of the ECS service of a process, and family of its task definitions.
pub(crate) fn ecs_name(scope: &Scope, app: &str, process: &str) -> String {
    name::unique(
        &[&scope.project, &scope.environment, app, process],
        &[],
        name::ECS,
    )
}

pub(super) fn task_role_name(scope: &Scope, app: &str, process: &str) -> String {
    let parts = [scope.project.as_str(), &scope.environment, app, process];
    name::role(scope, &parts)
}

pub(super) fn execution_role_name(scope: &Scope, app: &str, process: &str) -> String {
    let Scope {
        project,
        environment,
        ..
    } = scope;
    name::role(scope, &[project, environment, app, process, "execution"])
}
