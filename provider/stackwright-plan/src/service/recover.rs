//! Import: the configuration that would have made what AWS has.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Dynamic, TfType as _, Type, Value};

use super::inputs::{
    CLIENT, POLICY, REGISTRY, RULE, SERVICE, TARGET, TARGET_GROUP, TASK, target_group_key,
};
use super::private_name::{self, Wanted};
use super::routing::ANY_PATH;
use super::schema::{
    ContainerCheckConfig, DeployConfig, HealthCheckConfig, RouteConfig, ScaleConfig, SidecarConfig,
    StickinessConfig, VolumeConfig,
};
use super::tasks::{SHELL, injected};
use super::{ServiceConfig, sizing};
use crate::app::AppRefConfig;
use crate::cluster::{ClusterRefConfig, spot_percent};
use crate::component::{Container, ContainerHealthCheck, EfsVolume, ScalingPolicy, TargetGroup};
use crate::resource::{Found, RecoverError, Refs, Seen, cfg_list, cfg_map, known_map, required};
use crate::router::RouterRefConfig;
use crate::size::Size;
use crate::{Key, Kind, ResourceId, Scope, tag};

/// What an import works with.
struct Parts<'a> {
    scope: &'a Scope,
    id: &'a str,
    process: &'a str,
    found: &'a Found,
    refs: &'a Refs,
}

pub(super) fn recover(
    scope: &Scope,
    id: &str,
    process: &str,
    app: AppRefConfig,
    found: &Found,
    refs: &Refs,
) -> Result<ServiceConfig, RecoverError> {
    let parts = Parts {
        scope,
        id,
        process,
        found,
        refs,
    };
    let service = required(found, SERVICE, id, Kind::EcsService)?;
    let task = required(found, TASK, id, Kind::TaskDefinition)?;
    let mut containers = parts.containers(task)?;
    let at = containers
        .iter()
        .position(|container| container.name == process)
        .ok_or_else(|| parts.foreign("it has no container with the name of the process"))?;
    let container = containers.remove(at);
    let flag = |name: &str| {
        let field = service.fields.get(name).and_then(Json::as_bool);
        Cfg::Known(field.unwrap_or_default())
    };
    let percent = |name: &str| service.number(name).into();
    let mut view = ServiceConfig {
        cluster: cluster(service, found),
        process: Cfg::Known(process.to_owned()),
        image: Cfg::Known(container.image.get().clone()),
        command: command(container.command.get()),
        entrypoint: cfg_list(container.entry_point.get().clone()),
        size: size(task),
        cpu: task.number("cpu").into(),
        memory: task.number("memory").into(),
        architecture: task.text("cpu_architecture").into(),
        config: cfg_map(parts.own_config(&container, &app)),
        secrets: cfg_map(own_secrets(&container, &app)),
        stop_timeout: Cfg::Known(i64::from(container.stop_timeout)),
        deploy: Cfg::Known(DeployConfig {
            minimum_percent: percent("minimum_healthy_percent"),
            maximum_percent: percent("maximum_percent"),
            circuit_breaker: flag("circuit_breaker"),
            rollback: flag("rollback"),
        }),
        exec: flag("enable_execute_command"),
        port: container.ports.first().map(|port| i64::from(*port)).into(),
        container_health_check: check(container.health_check.as_ref()),
        start_after: cfg_map(container.depends_on.clone()),
        volumes: volumes(task, &container),
        sidecars: sidecars(containers),
        scale: scale(found),
        clients: clients(found),
        routes: parts.routes()?,
        private_name: parts.private_name(&app),
        app: Cfg::Known(app),
        ..ServiceConfig::default()
    };
    if view.scale.is_null() {
        view.desired_count = service.number("desired_count").into();
    }
    target_group(&mut view, service, found);
    view.common.tags = cfg_map(service.user_tags(scope));
    Ok(view)
}

/// The routers whose `ref` is needed: the keys of the target groups name them.
pub(super) fn routers(found: &Found) -> Vec<String> {
    let mut names: Vec<String> = found
        .keys()
        .filter_map(|key| key.0.strip_prefix(TARGET_GROUP)?.rsplit_once('.'))
        .map(|(router, _)| router.to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn router_of(scope: &Scope, name: &str) -> ResourceId {
    ResourceId::new("router", format!("{}/{name}", scope.environment))
}

impl Parts<'_> {
    fn foreign(&self, reason: &str) -> RecoverError {
        RecoverError::Foreign {
            id: self.id.to_owned(),
            kind: Kind::TaskDefinition.label(),
            reason: reason.to_owned(),
        }
    }

    fn containers(&self, task: &Seen) -> Result<Vec<Container>, RecoverError> {
        let containers = task.fields.get("containers").cloned().unwrap_or_default();
        serde_json::from_value(containers).map_err(|_| {
            self.foreign("its containers have settings that Stackwright does not write")
        })
    }

    fn own_config(&self, container: &Container, app: &AppRefConfig) -> BTreeMap<String, String> {
        let app_name = app.name.known().map_or("", String::as_str);
        let app_config = known_map(&app.config).unwrap_or_default();
        let mut ours = injected(self.scope, app_name, self.process);
        ours.extend(
            container
                .ports
                .first()
                .map(|port| ("PORT".to_owned(), port.to_string())),
        );
        let own = |(name, value): &(String, String)| {
            !ours.contains_key(name) && app_config.get(name) != Some(value)
        };
        let environment = container.environment.get().clone();
        environment.into_iter().filter(own).collect()
    }

    fn private_name(&self, app: &AppRefConfig) -> Cfg<String> {
        let registry = self.found.get(&Key::from(REGISTRY));
        let name = registry.and_then(|seen| seen.text("name"));
        let app = app.name.known().map_or("", String::as_str);
        let default = private_name::relative(Wanted::Default, app, self.process);
        if name.is_some() && name == default {
            return Cfg::Known("true".to_owned());
        }
        name.into()
    }

    /// The routes are what the rules say; each router is known by the target group.
    fn routes(&self) -> Result<Cfg<BTreeMap<String, Cfg<RouteConfig>>>, RecoverError> {
        let mut routes = BTreeMap::new();
        for (key, rule) in self.found {
            if let Some(name) = key.0.strip_prefix(RULE) {
                routes.insert(name.to_owned(), Cfg::Known(self.route(rule)?));
            }
        }
        Ok(Cfg::Known(routes))
    }

    fn route(&self, rule: &Seen) -> Result<RouteConfig, RecoverError> {
        let first = |field: &str| {
            let list = rule.fields.get(field).and_then(Json::as_array);
            list.and_then(|list| list.first()?.as_str().map(str::to_owned))
        };
        let (host, path) = (first("host_headers"), first("path_patterns"));
        // A route without host and path is written with the path that means any.
        let any = host.is_none() && path.as_deref() == Some(ANY_PATH);
        Ok(RouteConfig {
            router: Cfg::Known(self.router(rule)?),
            host: host.into(),
            path: path.filter(|_| !any).into(),
            priority: rule.number("priority").into(),
        })
    }

    fn router(&self, rule: &Seen) -> Result<RouterRefConfig, RecoverError> {
        let targets = rule.fields.get("targets").and_then(Json::as_array);
        let arns: Vec<&str> = targets
            .into_iter()
            .flatten()
            .filter_map(|target| target.get("target_group_arn")?.as_str())
            .collect();
        let ours = |name: &String| {
            let prefix = target_group_key(name, "");
            self.found.iter().any(|(key, seen)| {
                let arn = seen.outputs.get("arn").map_or("", String::as_str);
                key.0.starts_with(&prefix) && arns.contains(&arn)
            })
        };
        let name = routers(self.found).into_iter().find(ours);
        let reference = name.and_then(|name| {
            let value = self.refs.get(&router_of(self.scope, &name))?;
            RouterRefConfig::from_value(value).ok()
        });
        reference.ok_or_else(|| RecoverError::Missing {
            id: self.id.to_owned(),
            kind: "router",
        })
    }
}

pub(crate) fn own_secrets(container: &Container, app: &AppRefConfig) -> BTreeMap<String, String> {
    let apps = known_map(&app.secrets).unwrap_or_default();
    let own = |(name, arn): &(String, String)| apps.get(name) != Some(arn);
    container
        .secrets
        .get()
        .clone()
        .into_iter()
        .filter(own)
        .collect()
}

pub(crate) fn size(task: &Seen) -> Cfg<String> {
    let whole = |name: &str| u32::try_from(task.number(name)?).ok();
    match (whole("cpu"), whole("memory")) {
        (Some(cpu), Some(memory)) => Cfg::Known(sizing::name(Size { cpu, memory })),
        _ => Cfg::Null,
    }
}

/// A cluster of ours is known by its short name, another by its own.
pub(crate) fn cluster(service: &Seen, found: &Found) -> Cfg<ClusterRefConfig> {
    let arn = service.text("cluster").unwrap_or_default();
    let own_name = arn.rsplit('/').next().unwrap_or_default();
    let cluster = found.get(&Key::from("cluster"));
    let ours = cluster.and_then(|cluster| Some((cluster, cluster.tags.get(tag::ID)?)));
    let name = ours.and_then(|(_, id)| id.rsplit('/').next());
    Cfg::Known(ClusterRefConfig {
        name: Cfg::Known(name.unwrap_or(own_name).to_owned()),
        arn: Cfg::Known(arn.clone()),
        spot_percent: ours.map_or(Cfg::Null, |(cluster, _)| Cfg::Known(spot_percent(cluster))),
    })
}

pub(crate) fn command(command: &[String]) -> Cfg<Dynamic> {
    match command {
        [] => Cfg::Null,
        [sh, dash_c, text] if [sh.as_str(), dash_c] == SHELL => {
            Cfg::Known(Dynamic(Type::String, Value::String(text.clone())))
        }
        items => Cfg::Known(Dynamic(
            Type::Tuple(vec![Type::String; items.len()]),
            Value::Seq(
                items
                    .iter()
                    .map(|item| Value::from(item.as_str()))
                    .collect(),
            ),
        )),
    }
}

fn number(value: i32) -> Cfg<i64> {
    Cfg::Known(i64::from(value))
}

fn check(check: Option<&ContainerHealthCheck>) -> Cfg<ContainerCheckConfig> {
    let shell =
        |check: &&ContainerHealthCheck| check.command.len() == 2 && check.command[0] == "CMD-SHELL";
    check.filter(shell).map_or(Cfg::Null, |check| {
        Cfg::Known(ContainerCheckConfig {
            command: Cfg::Known(check.command[1].clone()),
            interval: number(check.interval),
            timeout: number(check.timeout),
            retries: number(check.retries),
            start_period: number(check.start_period),
        })
    })
}

fn sidecars(containers: Vec<Container>) -> Cfg<BTreeMap<String, Cfg<SidecarConfig>>> {
    let sidecar = |container: Container| {
        let config = SidecarConfig {
            image: Cfg::Known(container.image.get().clone()),
            command: match container.command.get() {
                words if words.is_empty() => Cfg::Null,
                words => cfg_list(words.clone()),
            },
            entrypoint: cfg_list(container.entry_point.get().clone()),
            config: cfg_map(container.environment.get().clone()),
            secrets: cfg_map(container.secrets.get().clone()),
            essential: Cfg::Known(container.essential),
            port: container.ports.first().map(|port| i64::from(*port)).into(),
            cpu: Some(container.cpu)
                .filter(|cpu| *cpu > 0)
                .map(i64::from)
                .into(),
            memory: container.memory.map(i64::from).into(),
            health_check: check(container.health_check.as_ref()),
            depends_on: cfg_map(container.depends_on),
            stop_timeout: number(container.stop_timeout),
        };
        (container.name, Cfg::Known(config))
    };
    Cfg::Known(containers.into_iter().map(sidecar).collect())
}

fn volumes(task: &Seen, container: &Container) -> Cfg<BTreeMap<String, Cfg<VolumeConfig>>> {
    let volumes = task.fields.get("volumes").cloned().unwrap_or_default();
    let volumes: Vec<EfsVolume> = serde_json::from_value(volumes).unwrap_or_default();
    let mounted = |volume: EfsVolume| {
        let mount = container
            .mounts
            .iter()
            .find(|mount| mount.name == volume.name)?;
        let access_point = Some(volume.access_point_id).filter(|id| !id.is_empty());
        let config = VolumeConfig {
            file_system_id: Cfg::Known(volume.file_system_id),
            access_point_id: access_point.into(),
            root_directory: Cfg::Known(volume.root_directory),
            mount_path: Cfg::Known(mount.container_path.clone()),
            read_only: Cfg::Known(mount.read_only),
        };
        Some((volume.name, Cfg::Known(config)))
    };
    Cfg::Known(volumes.into_iter().filter_map(mounted).collect())
}

fn policies(found: &Found) -> Vec<ScalingPolicy> {
    let policy = |(key, seen): (&Key, &Seen)| {
        key.0
            .starts_with(POLICY)
            .then(|| serde_json::from_value(Json::Object(seen.fields.clone())).ok())?
    };
    found.iter().filter_map(policy).collect()
}

fn scale(found: &Found) -> Cfg<ScaleConfig> {
    let Some(target) = found.get(&Key::from(TARGET)) else {
        return Cfg::Null;
    };
    let policies = policies(found);
    let value = |name: &str| {
        let policy = policies
            .iter()
            .find(|it| it.policy_name.split('.').next() == Some(name));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a target is a whole number"
        )]
        policy.map(|policy| policy.target_value as i64).into()
    };
    let cooldown = |of: fn(&ScalingPolicy) -> i32, default: i64| {
        Cfg::Known(
            policies
                .first()
                .map_or(default, |policy| i64::from(of(policy))),
        )
    };
    Cfg::Known(ScaleConfig {
        min: target.number("min_capacity").into(),
        max: target.number("max_capacity").into(),
        cpu: value("cpu"),
        memory: value("memory"),
        requests: value("requests"),
        scale_in_cooldown: cooldown(|policy| policy.scale_in_cooldown, 300),
        scale_out_cooldown: cooldown(|policy| policy.scale_out_cooldown, 60),
    })
}

fn clients(found: &Found) -> Cfg<BTreeMap<String, Cfg<String>>> {
    let client = |(key, rule): (&Key, &Seen)| {
        let (name, _) = key.0.strip_prefix(CLIENT)?.rsplit_once('.')?;
        Some((
            name.to_owned(),
            Cfg::Known(rule.text("referenced_group_id")?),
        ))
    };
    Cfg::Known(found.iter().filter_map(client).collect())
}

/// Health check and attributes are the same in all target groups; without one they are the defaults.
fn target_group(view: &mut ServiceConfig, service: &Seen, found: &Found) {
    let groups = found
        .iter()
        .filter(|(key, _)| key.0.starts_with(TARGET_GROUP));
    let fields = groups
        .map(|(_, seen)| Json::Object(seen.fields.clone()))
        .next();
    let group = fields.and_then(|fields| serde_json::from_value::<TargetGroup>(fields).ok());
    let grace = service.number("health_check_grace_period_seconds");
    view.health_check = super::schema::HealthCheck::default().to_config();
    view.deregistration_delay = Cfg::Known(super::DEREGISTRATION_DELAY);
    view.slow_start = Cfg::Known(0);
    let Some(group) = group else { return };
    view.health_check = Cfg::Known(HealthCheckConfig {
        path: Cfg::Known(group.health_check_path),
        interval: number(group.health_check_interval_seconds),
        timeout: number(group.health_check_timeout_seconds),
        healthy_threshold: number(group.healthy_threshold_count),
        unhealthy_threshold: number(group.unhealthy_threshold_count),
        matcher: Cfg::Known(group.matcher),
        grace_period: Cfg::Known(grace.unwrap_or(60)),
    });
    let attribute = |name: &str| {
        group
            .attributes
            .get(name)
            .and_then(|text| text.parse().ok())
    };
    let delay = attribute("deregistration_delay.timeout_seconds");
    view.deregistration_delay = Cfg::Known(delay.unwrap_or(super::DEREGISTRATION_DELAY));
    view.slow_start = Cfg::Known(attribute("slow_start.duration_seconds").unwrap_or(0));
    let sticky = group.attributes.get("stickiness.enabled");
    if sticky.is_some_and(|enabled| enabled == "true") {
        let duration = attribute("stickiness.lb_cookie.duration_seconds");
        view.stickiness = Cfg::Known(StickinessConfig {
            duration: Cfg::Known(duration.unwrap_or(86_400)),
        });
    }
}
