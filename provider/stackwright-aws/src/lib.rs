//! Effects: one file per kind of AWS object, sessions, batching, pacing, retries.
//!
//! The only crate that uses `aws-sdk-*`. It knows nothing of Terraform: an [`Adapter`] reads,
//! finds, creates, updates and deletes one kind of [`stackwright_plan::Component`]; the engine in
//! `terraform-provider-stackwright` decides which and when, and calls by
//! [`Kind`](stackwright_plan::Kind) through [`adapter`](dispatch::adapter).
//!
//! - [`connect`] makes the session: credentials, roles, the account check;
//! - `call` is where every call goes out and its error becomes an [`AwsError`];
//! - `pacer` keeps below AWS's rates, `loader` reads in batches, `redact` cleans texts.

mod adapter;
mod availability_zones;
mod aws;
mod call;
mod credentials;
pub mod dispatch;
mod endpoint;
mod error;
mod http;
mod loader;
mod pacer;
mod patience;
mod redact;
mod restrictions;
mod session;

// EC2
mod default_security_group;
mod ec2_tags;
mod egress_only_internet_gateway;
mod elastic_ip;
mod flow_log;
mod gateway_endpoint;
mod interface_endpoint;
mod internet_gateway;
mod ipv6_cidr_block;
mod nat_gateway;
mod route;
mod route_table;
mod route_table_association;
mod security_group;
mod security_group_rule;
mod settle;
mod subnet;
mod users;
mod vpc;
mod vpc_endpoint;

// RDS, Secrets Manager
mod db_credentials;
mod db_instance;
mod db_parameter_group;
mod db_protection;
mod db_replica;
mod db_subnet_group;
mod password;
mod rds;
mod secret;

// IAM, CloudWatch Logs, SSM, ECS
mod deployment;
mod ecs_cluster;
mod ecs_object;
mod ecs_service;
mod log_group;
mod parameter;
mod propagation;
mod role;
mod tag_changes;
mod task_definition;
mod task_logs;
mod texts;
mod tokens;

// Cloud Map
mod cloud_map;
mod cloud_map_instance;
mod cloud_map_namespace;
mod cloud_map_service;
// Load balancers, certificates, DNS
mod certificate;
mod certificate_validation;
mod dns_changes;
mod dns_record;
mod elbv2;
mod listener;
mod listener_certificate;
mod load_balancer;
mod load_balancer_protection;
// What reaches services: target groups, rules, Application Auto Scaling
mod listener_rule;
mod rule_places;
mod scalable_target;
mod scaling_policy;
mod target_group;
mod target_health;

// CloudWatch
mod alarm;
mod anomaly_detector;
mod composite_alarm;
mod event_rule;
mod log_metric_filter;
mod metric_alarm;
// EventBridge Scheduler, SQS
mod queue;
mod schedule;
mod schedule_group;

pub use adapter::{Adapter, Created, Freshness, Lookup, Observed, Recorded, User, Wait};
pub use aws::{Aws, Refresh};
pub use dispatch::{AnyAdapter, AnyLookup, AnyObserved, adapter};
pub use endpoint::check_endpoint;
pub use error::{AwsError, LogTail, StoppedTasks};
pub use restrictions::{PLAIN_HTTP, RESTRICTED};
pub use session::{AssumeRole, ConnectError, SessionConfig, WebIdentity, connect};
pub use texts::{TEXT_LIMIT, delete_texts, texts_below, write_text};
