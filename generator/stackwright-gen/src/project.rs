//! A checked spec with every default filled in: what the templates are made from.

use std::collections::BTreeMap;
use std::fmt;

/// The whole project.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub name: String,
    /// The path of its Procfile, as in the spec.
    pub procfile: String,
    /// Its processes that can be generated, in the order of the Procfile.
    pub processes: Vec<Process>,
}

/// A process of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its command.
    pub command: String,
}

/// One of the two environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// Where changes are tried.
    Stage,
    /// What users see.
    Prod,
}

/// What an environment has of its own: sizes, counts, config and its range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentPlan {
    /// Which one.
    pub environment: Environment,
    /// Its account.
    pub account: String,
    /// Its network.
    pub network: Network,
    /// Its apps, in the order of [`Project::apps`].
    pub apps: Vec<Scale>,
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
}

/// An app in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// The app.
    pub app: String,
    /// Its image.
    pub image: String,
    /// Its environment variables.
    pub config: BTreeMap<String, String>,
    /// Its secrets: variable -> ARN.
    pub secrets: BTreeMap<String, String>,
    /// Process -> how many tasks of which size.
    pub processes: BTreeMap<String, (i64, String)>,
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
