//! Containers and volumes, to the SDK's form and back.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ContainerCondition, ContainerDefinition, ContainerDependency, EfsAuthorizationConfig,
    EfsAuthorizationConfigIam, EfsTransitEncryption, EfsVolumeConfiguration, HealthCheck,
    KeyValuePair, LinuxParameters, LogConfiguration, LogDriver, MountPoint, PortMapping, Secret,
    TransportProtocol, Volume,
};
use stackwright_plan::component::{AwsLogs, Container, ContainerHealthCheck, EfsVolume, Mount};

use super::filled;

/// What Fargate does when a container says nothing.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
const DEFAULT_STOP_TIMEOUT: i32 = 30;

/// Options of the `awslogs` driver.
pub(crate) const LOG_GROUP: &str = "awslogs-group";
const LOG_REGION: &str = "awslogs-region";
pub(crate) const LOG_STREAM_PREFIX: &str = "awslogs-stream-prefix";

pub(super) fn container_to_sdk(container: &Container) -> ContainerDefinition {
    let pair =
        |(name, value): (&String, &String)| KeyValuePair::builder().name(name).value(value).build();
    let environment: Vec<KeyValuePair> = container.environment.get().iter().map(pair).collect();
    let secrets: Vec<Secret> = container.secrets.get().iter().map(secret).collect();
    let init = LinuxParameters::builder()
        .init_process_enabled(true)
        .build();
    ContainerDefinition::builder()
        .name(&container.name)
        .image(container.image.get())
        .essential(container.essential)
        .set_command(filled(container.command.get().clone()))
        .set_entry_point(filled(container.entry_point.get().clone()))
        .set_environment(filled(environment))
        .set_secrets(filled(secrets))
        .stop_timeout(container.stop_timeout)
        .log_configuration(log_configuration(&container.log))
        .set_linux_parameters(container.init_process.then_some(init))
        .set_port_mappings(filled(container.ports.iter().copied().map(port).collect()))
        .cpu(container.cpu)
        .set_memory(container.memory)
        .set_health_check(container.health_check.as_ref().map(health_check))
        .set_depends_on(filled(
            container.depends_on.iter().map(dependency).collect(),
        ))
        .set_mount_points(filled(container.mounts.iter().map(mount_point).collect()))
        .build()
}

/// With `awsvpc` the port of the host is that of the container.
fn port(port: i32) -> PortMapping {
    PortMapping::builder()
        .container_port(port)
        .host_port(port)
        .protocol(TransportProtocol::Tcp)
        .build()
}

fn health_check(check: &ContainerHealthCheck) -> HealthCheck {
    HealthCheck::builder()
        .set_command(Some(check.command.clone()))
        .interval(check.interval)
        .timeout(check.timeout)
        .retries(check.retries)
        .start_period(check.start_period)
        .build()
        .expect("the required field is set")
}

fn dependency((name, condition): (&String, &String)) -> ContainerDependency {
    ContainerDependency::builder()
        .container_name(name)
        .condition(ContainerCondition::from(condition.as_str()))
        .build()
        .expect("both required fields are set")
}

fn mount_point(mount: &Mount) -> MountPoint {
    MountPoint::builder()
        .source_volume(&mount.name)
        .container_path(&mount.container_path)
        .read_only(mount.read_only)
        .build()
}

fn secret((name, from): (&String, &String)) -> Secret {
    Secret::builder()
        .name(name)
        .value_from(from)
        .build()
        .expect("both required fields are set")
}

fn log_configuration(log: &AwsLogs) -> LogConfiguration {
    LogConfiguration::builder()
        .log_driver(LogDriver::Awslogs)
        .options(LOG_GROUP, &log.group)
        .options(LOG_REGION, &log.region)
        .options(LOG_STREAM_PREFIX, &log.stream_prefix)
        .build()
        .expect("the required field is set")
}

pub(super) fn container_from_sdk(definition: &ContainerDefinition) -> Container {
    let environment = definition
        .environment()
        .iter()
        .filter_map(|pair| Some((pair.name.clone()?, pair.value.clone().unwrap_or_default())));
    let secrets = definition
        .secrets()
        .iter()
        .map(|secret| (secret.name.clone(), secret.value_from.clone()));
    let init = definition
        .linux_parameters()
        .and_then(LinuxParameters::init_process_enabled);
    Container {
        name: definition.name().unwrap_or_default().to_owned(),
        image: definition.image().unwrap_or_default().into(),
        essential: definition.essential().unwrap_or(true),
        command: definition.command().to_vec().into(),
        entry_point: definition.entry_point().to_vec().into(),
        environment: environment.collect::<BTreeMap<_, _>>().into(),
        secrets: secrets.collect::<BTreeMap<_, _>>().into(),
        stop_timeout: definition.stop_timeout().unwrap_or(DEFAULT_STOP_TIMEOUT),
        log: definition
            .log_configuration()
            .map_or_else(no_logs, aws_logs),
        init_process: init.unwrap_or(false),
        ports: definition
            .port_mappings()
            .iter()
            .filter_map(PortMapping::container_port)
            .collect(),
        cpu: definition.cpu(),
        memory: definition.memory(),
        health_check: definition.health_check().map(observe_check),
        depends_on: definition
            .depends_on()
            .iter()
            .map(|it| (it.container_name.clone(), it.condition.as_str().to_owned()))
            .collect(),
        mounts: mounts(definition),
    }
}

/// What ECS takes when nothing is said.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>
fn observe_check(check: &HealthCheck) -> ContainerHealthCheck {
    ContainerHealthCheck {
        command: check.command().to_vec(),
        interval: check.interval().unwrap_or(30),
        timeout: check.timeout().unwrap_or(5),
        retries: check.retries().unwrap_or(3),
        start_period: check.start_period().unwrap_or(0),
    }
}

fn mounts(definition: &ContainerDefinition) -> Vec<Mount> {
    let mount = |point: &MountPoint| Mount {
        name: point.source_volume().unwrap_or_default().to_owned(),
        container_path: point.container_path().unwrap_or_default().to_owned(),
        read_only: point.read_only().unwrap_or(false),
    };
    let mut mounts: Vec<Mount> = definition.mount_points().iter().map(mount).collect();
    mounts.sort_by(|a, b| a.name.cmp(&b.name));
    mounts
}

/// An EFS file system as the SDK wants it.
pub(super) fn volume_to_sdk(volume: &EfsVolume) -> Volume {
    let switch = |on: bool| if on { "ENABLED" } else { "DISABLED" };
    let access_point = Some(&volume.access_point_id).filter(|id| !id.is_empty());
    let authorization = EfsAuthorizationConfig::builder()
        .set_access_point_id(access_point.cloned())
        .iam(EfsAuthorizationConfigIam::from(switch(volume.iam)));
    let efs = EfsVolumeConfiguration::builder()
        .file_system_id(&volume.file_system_id)
        .root_directory(&volume.root_directory)
        .transit_encryption(EfsTransitEncryption::from(switch(
            volume.transit_encryption,
        )))
        .authorization_config(authorization.build())
        .build()
        .expect("the required field is set");
    Volume::builder()
        .name(&volume.name)
        .efs_volume_configuration(efs)
        .build()
}

/// A volume of another kind reads as no file system at all: it differs from everything that we write.
pub(super) fn volume_from_sdk(volume: &Volume) -> EfsVolume {
    let efs = volume.efs_volume_configuration();
    let authorization = efs.and_then(EfsVolumeConfiguration::authorization_config);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let transit = efs.and_then(EfsVolumeConfiguration::transit_encryption);
    EfsVolume {
        name: text(volume.name()),
        file_system_id: text(efs.map(EfsVolumeConfiguration::file_system_id)),
        root_directory: efs
            .and_then(EfsVolumeConfiguration::root_directory)
            .unwrap_or("/")
            .to_owned(),
        access_point_id: text(authorization.and_then(EfsAuthorizationConfig::access_point_id)),
        transit_encryption: transit == Some(&EfsTransitEncryption::Enabled),
        iam: authorization.and_then(EfsAuthorizationConfig::iam)
            == Some(&EfsAuthorizationConfigIam::Enabled),
    }
}

/// Another driver reads as no group at all: it differs from everything that we write.
pub(super) fn aws_logs(configuration: &LogConfiguration) -> AwsLogs {
    let option = |name| {
        configuration
            .options()
            .and_then(|options| options.get(name))
            .cloned()
    };
    if *configuration.log_driver() != LogDriver::Awslogs {
        return no_logs();
    }
    AwsLogs {
        group: option(LOG_GROUP).unwrap_or_default(),
        region: option(LOG_REGION).unwrap_or_default(),
        stream_prefix: option(LOG_STREAM_PREFIX).unwrap_or_default(),
    }
}

pub(super) const fn no_logs() -> AwsLogs {
    AwsLogs {
        group: String::new(),
        region: String::new(),
        stream_prefix: String::new(),
    }
}

/// One form for what AWS spells in several ways: empty lists that it adds, the order of pairs,
/// defaults.
pub(super) fn reduced(mut definition: ContainerDefinition) -> ContainerDefinition {
    definition
        .environment
        .iter_mut()
        .for_each(|pairs| pairs.sort_by(|a, b| a.name.cmp(&b.name)));
    definition
        .secrets
        .iter_mut()
        .for_each(|pairs| pairs.sort_by(|a, b| a.name.cmp(&b.name)));
    definition.environment = definition.environment.and_then(filled);
    definition.secrets = definition.secrets.and_then(filled);
    definition.command = definition.command.and_then(filled);
    definition.entry_point = definition.entry_point.and_then(filled);
    definition.depends_on = definition.depends_on.and_then(filled);
    definition.port_mappings = definition.port_mappings.and_then(filled);
    for mapping in definition.port_mappings.iter_mut().flatten() {
        mapping.host_port = mapping.host_port.or(mapping.container_port);
        mapping.protocol = mapping.protocol.take().or(Some(TransportProtocol::Tcp));
    }
    definition.mount_points = definition.mount_points.and_then(filled);
    for point in definition.mount_points.iter_mut().flatten() {
        point.read_only = point.read_only.or(Some(false));
    }
    definition.volumes_from = definition.volumes_from.and_then(filled);
    definition.system_controls = definition.system_controls.and_then(filled);
    definition.essential = definition.essential.or(Some(true));
    definition.stop_timeout = definition.stop_timeout.or(Some(DEFAULT_STOP_TIMEOUT));
    if let Some(log) = &mut definition.log_configuration {
        log.secret_options = log.secret_options.take().and_then(filled);
    }
    definition
}
