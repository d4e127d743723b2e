//! A checked spec with every default filled in: what the templates are made from.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The whole project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its name: part of every name and tag in AWS.
    pub name: String,
    /// The region of everything.
    pub region: String,
    /// The partition of the region: the second part of ARNs.
    pub partition: &'static str,
    /// The accounts.
    pub accounts: Accounts,
    /// Where state is kept; in the folder of each root when there is none.
    pub state: Option<State>,
    /// The apps, by name.
    pub apps: Vec<App>,
    /// Who is told when a monitor fires.
    pub notify: Option<Value>,
    /// What differs between the environments.
    pub environments: Vec<EnvironmentPlan>,
}

/// The ids of the three accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// Where people sign in and switch roles.
    pub ops: String,
    /// The account of stage.
    pub stage: String,
    /// The account of prod.
    pub prod: String,
}

/// State in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The bucket.
    pub bucket: String,
    /// The region of the bucket.
    pub region: String,
    /// The start of each key.
    pub prefix: String,
}

/// What an app is, in every environment.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Its name.
    pub name: String,
    /// The path of its Procfile, as in the spec.
    pub procfile: String,
    /// Its processes that can be generated, in the order of the Procfile.
    pub processes: Vec<Process>,
    /// Its processes that are written down and do not run: name, command and why.
    pub asleep: Vec<Asleep>,
    /// The apps that it calls.
    pub uses: Vec<Use>,
    /// The apps that call it.
    pub used_by: Vec<String>,
    /// What its image was built for, when somebody wrote it.
    pub architecture: Option<String>,
    /// The changes to the monitors of its database, when it has one.
    pub db: Option<Value>,
    /// Its own monitors, by key: the arguments of each.
    pub monitors: BTreeMap<String, Value>,
}

/// A process that does not run as a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asleep {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
    /// Why it does not run.
    pub why: &'static str,
}

/// A call from one app to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The variable with the address.
    pub variable: String,
    /// The private name below the network's namespace, such as `web.billing`.
    pub name: String,
    /// The port.
    pub port: i64,
}

/// A process of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
    /// What it is.
    pub role: Role,
    /// Environment variables of its own.
    pub config: BTreeMap<String, String>,
    /// Whether sessions inside its tasks are allowed.
    pub exec: bool,
    /// Seconds it has to end.
    pub stop_timeout: Option<i64>,
    /// How a new version replaces the old, as it is written.
    pub deploy: Option<Value>,
    /// Changes to the monitors that come with it.
    pub monitors: Option<Value>,
}

/// What a process is.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    /// It takes requests, from the public router or by its private name.
    Web(Web),
    /// It keeps running and takes no requests.
    Worker,
    /// It runs on a schedule.
    Job {
        /// When, as EventBridge Scheduler has it.
        schedule: String,
        /// The time zone of that.
        time_zone: Option<String>,
        /// How often a start that fails is tried again.
        retries: Option<i64>,
        /// Time within which it must be started, when somebody wrote it.
        expected_window: Option<String>,
    },
}

/// How a process takes requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Web {
    /// The port.
    pub port: i64,
    /// Whether the public router sends it requests.
    pub public: bool,
    /// Whether other apps reach it by its private name.
    pub internal: bool,
    /// Its routes, by key.
    pub routes: BTreeMap<String, Route>,
    /// The health check, as it is written.
    pub health_check: Option<Value>,
    /// Seconds that the router lets requests finish at a task that stops.
    pub deregistration_delay: Option<i64>,
    /// Share of requests in percent that are to be answered without a 5xx.
    pub slo: Option<Value>,
}

/// Requests of the public router. The host is that of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// The path.
    pub path: Option<String>,
    /// The place among the rules.
    pub priority: Option<i64>,
}

/// One of the two environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// Where changes are tried.
    Stage,
    /// What users see.
    Prod,
}

/// What an environment has of its own: sizes, counts, config, names and its range of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentPlan {
    /// Which one.
    pub environment: Environment,
    /// Its account.
    pub account: String,
    /// Its network.
    pub network: Network,
    /// The domains of its public router, its zone and its certificate; nothing when nothing is public.
    pub router: Option<Router>,
    /// Whether Container Insights counts tasks, when somebody said so.
    pub container_insights: Option<bool>,
    /// Whether routers and databases are kept from being deleted, when somebody said so.
    pub deletion_protection: Option<bool>,
    /// Handle -> topic.
    pub notifiers: BTreeMap<String, String>,
    /// Its apps, in the order of [`Project::apps`].
    pub apps: Vec<Scale>,
}

/// The public router of an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Router {
    /// The domains that it has a certificate and records for.
    pub domains: Vec<String>,
    /// The zone of the domains.
    pub zone_id: Option<String>,
    /// The certificate, when none is made.
    pub certificate_arn: Option<String>,
    /// Changes to the monitors that come with it.
    pub monitors: Option<Value>,
}

/// The network of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The range of addresses.
    pub cidr: String,
    /// In how many availability zones.
    pub az_count: i64,
    /// How it reaches the internet.
    pub nat: String,
    /// Whether it has IPv6 addresses.
    pub ipv6: bool,
    /// Days that its flow log is kept; 0 for none.
    pub flow_log_retention: i64,
}

/// An app in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// The app.
    pub app: String,
    /// Its image.
    pub image: String,
    /// Its environment variables.
    pub config: BTreeMap<String, String>,
    /// Its secrets: variable -> ARN.
    pub secrets: BTreeMap<String, String>,
    /// Its IAM policies: name -> document.
    pub policies: BTreeMap<String, String>,
    /// Process -> how many tasks of which size.
    pub processes: BTreeMap<String, ProcessScale>,
    /// The settings of its database.
    pub db: Option<Value>,
}

/// A process in an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessScale {
    /// How many tasks; nothing when that belongs to autoscaling or to a schedule.
    pub count: Option<i64>,
    /// CPU and memory of each.
    pub size: String,
    /// Autoscaling.
    pub scale: Option<Value>,
    /// Route -> host.
    pub hosts: BTreeMap<String, String>,
}

impl Project {
    /// Whether the public router sends requests to something.
    pub fn is_public(&self) -> bool {
        self.environments.iter().any(|plan| plan.router.is_some())
    }
}

impl Role {
    /// The module that makes such a process.
    pub fn module(&self) -> &'static str {
        match self {
            Self::Web(_) => "web-service",
            Self::Worker => "worker",
            Self::Job { .. } => "scheduled-job",
        }
    }

    /// What it is, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Web(Web {
                public: true,
                internal: true,
                ..
            }) => "public and private".to_owned(),
            Self::Web(Web { public: true, .. }) => "public".to_owned(),
            Self::Web(_) => "private".to_owned(),
            Self::Worker => "keeps running".to_owned(),
            Self::Job { schedule, .. } => schedule.clone(),
        }
    }
}

impl Environment {
    /// Both, in the order in which they are built.
    pub const ALL: [Self; 2] = [Self::Stage, Self::Prod];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Prod => "prod",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Stage => Self::Prod,
            Self::Prod => Self::Stage,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Accounts {
    /// The account of an environment.
    pub fn of(&self, environment: Environment) -> &str {
        match environment {
            Environment::Stage => &self.stage,
            Environment::Prod => &self.prod,
        }
    }
}
