//! One account and region, as one caller.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use aws_smithy_runtime_api::client::retries::classifiers::SharedRetryClassifier;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;

use crate::credentials::Current;
use crate::loader::Loader;
use crate::pacer::Pacer;
use crate::redact::Redactor;
use crate::session::Writing;
use crate::settle::Newborns;
use crate::{
    endpoint, internet_gateway, nat_gateway, route_table, route_table_association, security_group,
    subnet, vpc,
};

/// How much of the state of the world a refresh reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refresh {
    /// Everything that we own.
    #[default]
    Full,
    /// All but what AWS tells one by one or in further calls.
    Fast,
}

/// Clients and loaders of one account and region. Made by [`connect`](crate::connect).
pub struct Aws {
    /// Account, 12 digits.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Unique id of the caller.
    pub user_id: String,
    /// Whose credentials calls are made with.
    pub(crate) current: Current,
    /// The role for writing, when it is not the one for reading.
    pub(crate) writing: Option<Writing>,
    /// How much a refresh reads.
    pub refresh: Refresh,
    /// One per kind of object.
    pub(crate) loaders: Loaders,
    /// What this process made just now.
    pub(crate) newborns: Newborns,
    /// Availability zones, once asked.
    pub(crate) zones: OnceCell<Vec<String>>,
    /// Keeps below AWS's rates.
    pub(crate) pacer: Pacer,
    /// Cleans texts from AWS.
    pub(crate) redactor: Redactor,
    /// How often a call is tried.
    pub(crate) attempts: u32,
    /// Decides how long an endpoint that does not answer is asked again.
    pub(crate) patience: SharedRetryClassifier,
    pub(crate) config: SdkConfig,
    pub(crate) endpoints: Endpoints,
    pub(crate) clients: Clients,
}

/// One loader per kind of object.
#[derive(Debug, Default)]
pub(crate) struct Loaders {
    pub(crate) vpcs: Loader<vpc::Vpcs>,
    pub(crate) vpc_attributes: Loader<vpc::VpcAttributes>,
    pub(crate) subnets: Loader<subnet::Subnets>,
    pub(crate) internet_gateways: Loader<internet_gateway::InternetGateways>,
    pub(crate) addresses: Loader<crate::elastic_ip::Addresses>,
    pub(crate) nat_gateways: Loader<nat_gateway::NatGateways>,
    pub(crate) route_tables: Loader<route_table::RouteTables>,
    pub(crate) route_table_associations: Loader<route_table_association::AssociatedTables>,
    pub(crate) vpc_endpoints: Loader<crate::vpc_endpoint::VpcEndpoints>,
    pub(crate) egress_only_internet_gateways:
        Loader<crate::egress_only_internet_gateway::EgressOnlyInternetGateways>,
    pub(crate) flow_logs: Loader<crate::flow_log::FlowLogs>,
    pub(crate) security_groups: Loader<security_group::Groups>,
    pub(crate) security_group_rules: Loader<security_group::GroupRules>,
    // IAM, CloudWatch Logs, SSM and ECS: additive lines below.
    pub(crate) roles: Loader<crate::role::Roles>,
    pub(crate) log_groups: Loader<crate::log_group::LogGroups>,
    pub(crate) log_group_tags: Loader<crate::log_group::LogGroupTags>,
    pub(crate) parameters: Loader<crate::parameter::Parameters>,
    pub(crate) parameter_tags: Loader<crate::parameter::ParameterTags>,
    pub(crate) ecs_clusters: Loader<crate::ecs_cluster::EcsClusters>,
    pub(crate) task_definitions: Loader<crate::task_definition::TaskDefinitions>,
    pub(crate) ecs_services: Loader<crate::ecs_service::EcsServices>,
    pub(crate) cloud_map_namespaces: Loader<crate::cloud_map_namespace::Namespaces>,
    pub(crate) cloud_map_services: Loader<crate::cloud_map_service::Services>,
    pub(crate) cloud_map_instances: Loader<crate::cloud_map_instance::Instances>,
    pub(crate) cloud_map_tags: Loader<crate::cloud_map::TagsByArn>,
    pub(crate) schedule_groups: Loader<crate::schedule_group::Groups>,
    pub(crate) schedules: Loader<crate::schedule::Schedules>,
    pub(crate) queues: Loader<crate::queue::Queues>,
    pub(crate) db_instances: Loader<crate::rds::Instances>,
    pub(crate) db_subnet_groups: Loader<crate::db_subnet_group::SubnetGroups>,
    pub(crate) db_parameter_groups: Loader<crate::db_parameter_group::ParameterGroups>,
    pub(crate) db_tags: Loader<crate::rds::RdsTags>,
    pub(crate) secrets: Loader<crate::secret::Secrets>,
    pub(crate) secret_versions: Loader<crate::ecs_service::SecretVersions>,
    pub(crate) parameter_dates: Loader<crate::parameter::ParameterDates>,
    pub(crate) deployments: crate::ecs_service::StartedDeployments,
    // CloudWatch.
    pub(crate) alarms: Loader<crate::alarm::Alarms>,
    pub(crate) alarm_tags: Loader<crate::alarm::AlarmTags>,
    pub(crate) anomaly_detectors: Loader<crate::anomaly_detector::AnomalyDetectors>,
    pub(crate) metric_filters: Loader<crate::log_metric_filter::MetricFilters>,
    pub(crate) event_rules: Loader<crate::event_rule::Rules>,
    // Load balancers, certificates, DNS.
    pub(crate) load_balancers: Loader<crate::load_balancer::LoadBalancers>,
    pub(crate) load_balancer_attributes: Loader<crate::load_balancer::LoadBalancerAttributes>,
    pub(crate) listeners: Loader<crate::listener::Listeners>,
    pub(crate) listener_certificates: Loader<crate::listener_certificate::ListenerCertificates>,
    pub(crate) elb_tags: Loader<crate::elbv2::ElbTags>,
    pub(crate) certificates: Loader<crate::certificate::Certificates>,
    pub(crate) certificate_tags: Loader<crate::certificate::CertificateTags>,
    pub(crate) dns_records: Loader<crate::dns_record::DnsRecords>,
    pub(crate) dns_changes: crate::dns_changes::DnsChanges,
    pub(crate) dns_change_states: Loader<crate::dns_changes::ChangeStates>,
    // Target groups, rules and Application Auto Scaling.
    pub(crate) target_groups: Loader<crate::target_group::TargetGroups>,
    pub(crate) target_group_attributes: Loader<crate::target_group::TargetGroupAttributes>,
    pub(crate) listener_rules: Loader<crate::listener_rule::ListenerRules>,
    pub(crate) rule_places: crate::rule_places::RulePlaces,
    pub(crate) scalable_targets: Loader<crate::scalable_target::ScalableTargets>,
    pub(crate) scaling_policies: Loader<crate::scaling_policy::ScalingPolicies>,
}

/// Clients, each built when it is first used: building all of them would cost every start.
#[derive(Default)]
#[allow(dead_code, reason = "the adapters of some services are under way")]
pub(crate) struct Clients {
    ec2: OnceLock<aws_sdk_ec2::Client>,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    tagging: OnceLock<aws_sdk_resourcegroupstagging::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    events: OnceLock<aws_sdk_eventbridge::Client>,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    secretsmanager: OnceLock<aws_sdk_secretsmanager::Client>,
    rds: OnceLock<aws_sdk_rds::Client>,
    appautoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
    servicediscovery: OnceLock<aws_sdk_servicediscovery::Client>,
    acm: OnceLock<aws_sdk_acm::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
    elbv2: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
}

/// Endpoints that someone set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endpoints {
    /// By service (`ecs`, `logs`), from the provider block: wins over everything.
    pub(crate) by_service: BTreeMap<String, String>,
    /// For all services, from the provider block: wins over the environment.
    pub(crate) all: Option<String>,
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $krate:ident) => {
        $(#[$doc])*
        #[allow(dead_code, reason = "the adapters of some services are under way")]
        pub(crate) fn $name(&self) -> &$krate::Client {
            self.clients.$name.get_or_init(|| {
                let mut builder = $krate::config::Builder::from(&self.config);
                builder.push_retry_classifier(self.patience.clone());
                if let Some(url) = self.endpoints.by_service.get(stringify!($name)) {
                    builder = builder.endpoint_url(url);
                }
                $krate::Client::from_conf(builder.build())
            })
        }
    };
}

impl Aws {
    client!(
        /// `EventBridge`.
        events, aws_sdk_eventbridge
    );
    client!(
        /// EC2.
        ec2, aws_sdk_ec2
    );
    client!(
        /// ECS.
        ecs, aws_sdk_ecs
    );
    client!(
        /// IAM.
        iam, aws_sdk_iam
    );
    client!(
        /// `CloudWatch` Logs.
        logs, aws_sdk_cloudwatchlogs
    );
    client!(
        /// Systems Manager.
        ssm, aws_sdk_ssm
    );
    client!(
        /// Elastic Load Balancing.
        elbv2, aws_sdk_elasticloadbalancingv2
    );
    client!(
        /// Route 53.
        route53, aws_sdk_route53
    );
    client!(
        /// Certificate Manager.
        acm, aws_sdk_acm
    );
    client!(
        /// Cloud Map.
        servicediscovery, aws_sdk_servicediscovery
    );
    client!(
        /// Application Auto Scaling.
        appautoscaling, aws_sdk_applicationautoscaling
    );
    client!(
        /// RDS.
        rds, aws_sdk_rds
    );
    client!(
        /// Secrets Manager.
        secretsmanager, aws_sdk_secretsmanager
    );
    client!(
        /// `EventBridge` Scheduler.
        scheduler, aws_sdk_scheduler
    );
    client!(
        /// SQS.
        sqs, aws_sdk_sqs
    );
    client!(
        /// `CloudWatch`.
        cloudwatch, aws_sdk_cloudwatch
    );
    client!(
        /// Tags of many kinds of objects at once.
        tagging, aws_sdk_resourcegroupstagging
    );
}

impl Endpoints {
    /// Where a service's calls go: what was set for it, for all, in the environment, or "AWS".
    pub(crate) fn of(&self, service: &str) -> String {
        // IAM names it otherwise than the SDK.
        let service = match service {
            "elasticloadbalancing" => "elbv2",
            service => service,
        };
        let env = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
        let ids = endpoint::SERVICES.iter();
        let id = ids.copied().find(|(name, _)| *name == service);
        let url = self
            .by_service
            .get(service)
            .or(self.all.as_ref())
            .cloned()
            .or_else(|| env(&endpoint::variable(id?.1)))
            .or_else(|| env("AWS_ENDPOINT_URL"));
        url.map_or_else(|| "AWS".to_owned(), |url| endpoint::without_user(&url))
    }
}

impl fmt::Debug for Aws {
    /// Without clients and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("account_id", &self.account_id)
            .field("region", &self.region)
            .field("principal", &self.principal())
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// ARN of the caller.
    pub fn principal(&self) -> String {
        self.current.principal()
    }
}

#[cfg(test)]
impl Aws {
    /// Reaches nothing: for tests of what needs no answer.
    pub(crate) fn offline() -> Self {
        use crate::patience::Patience;
        Self {
            account_id: "111111111111".to_owned(),
            region: "us-west-2".to_owned(),
            partition: "aws".to_owned(),
            user_id: "AIDATEST".to_owned(),
            current: Current::nobody("arn:aws:iam::111111111111:user/test"),
            writing: None,
            refresh: Refresh::Full,
            loaders: Loaders::default(),
            newborns: Newborns::default(),
            zones: OnceCell::new(),
            pacer: Pacer::default(),
            redactor: Redactor::default(),
            attempts: 1,
            patience: SharedRetryClassifier::new(Patience::default()),
            config: SdkConfig::builder().build(),
            endpoints: Endpoints::default(),
            clients: Clients::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_without_its_password() {
        let all = Some("http://user:secret@127.0.0.1:5000/base?token=x".to_owned());
        let endpoints = Endpoints {
            by_service: BTreeMap::new(),
            all,
        };
        assert_eq!(endpoints.of("ecs"), "http://127.0.0.1:5000/base");
    }

    #[test]
    fn the_endpoint_of_a_service_wins() {
        let by_service = BTreeMap::from([("logs".to_owned(), "http://logs:1".to_owned())]);
        let endpoints = Endpoints {
            by_service,
            all: Some("http://all:2".to_owned()),
        };
        assert_eq!(endpoints.of("logs"), "http://logs:1");
        assert_eq!(endpoints.of("ecs"), "http://all:2");
    }
}
