//! What a spec may say: every key with its kind, its meaning and its default.
//!
//! This is the one description of the input. `form.rs` checks documents with it, `schema.rs` makes the JSON Schema of it, `explain.rs`
//! says the defaults from it. What depends on several values (an app that another one names, two accounts that are the same) is in
//! `check.rs`.

mod databases;

use crate::shape::Shape;

pub(crate) use databases::DB;
use databases::DB_IN;

/// What kind of value a key takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text of a shape.
    Text(Shape),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// The ARN of a secret. What is none may be the secret itself, so it is never shown.
    Secret,
    /// CPU and memory.
    Size,
    /// A whole number.
    Whole {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// Days that `CloudWatch` Logs can keep logs, or 0 for no log.
    LogDays,
    /// Any number.
    Number,
    /// True or false.
    Bool,
    /// Values in order.
    List {
        /// What each is.
        value: &'static Kind,
        /// Whether there has to be one.
        filled: bool,
    },
    /// A table with known keys.
    Table(&'static Table),
    /// A table with keys of the user's choice.
    Map {
        /// The shape of the keys.
        key: Shape,
        /// What each has.
        value: &'static Kind,
        /// Whether it has to have a key.
        filled: bool,
    },
    /// One of two kinds of different type.
    Either(&'static Kind, &'static Kind),
}

/// A table with known keys.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its keys.
    pub(crate) fields: &'static [Field],
    /// What tables under other keys are, such as the processes of an app.
    pub(crate) others: Option<&'static Table>,
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// A line to write when it is missing; nothing when it may be left out.
    pub(crate) required: Option<&'static str>,
    /// What it means.
    pub(crate) doc: &'static str,
    /// What holds without it, and why.
    pub(crate) default: Option<(&'static str, &'static str)>,
}

const fn field(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field {
        key,
        kind,
        required: None,
        doc,
        default: None,
    }
}

const fn required(
    key: &'static str,
    kind: Kind,
    example: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        key,
        kind,
        required: Some(example),
        doc,
        default: None,
    }
}

const fn default(
    key: &'static str,
    kind: Kind,
    value: &'static str,
    why: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        key,
        kind,
        required: None,
        doc,
        default: Some((value, why)),
    }
}

const fn known(fields: &'static [Field]) -> Table {
    Table {
        fields,
        others: None,
    }
}

/// Most tasks of a service.
pub(crate) const MOST_TASKS: i64 = 5000;

/// The key by which editors find the JSON Schema of a file.
pub(crate) const SCHEMA: &str = "$schema";

/// The whole spec.
pub(crate) static SPEC: Table = known(&[
    field(
        SCHEMA,
        Kind::Text(Shape::Any),
        "The JSON Schema that an editor checks this file with, as `stackwright schema` prints it.",
    ),
    required(
        "project",
        Kind::Text(Shape::Project),
        "project = \"acme\"",
        "Name of the project: part of every name and tag in AWS.",
    ),
    required(
        "region",
        Kind::Text(Shape::Region),
        "region = \"us-west-2\"",
        "AWS region of everything.",
    ),
    field(
        "domain",
        Kind::Text(Shape::Domain),
        "Domain of the project. A web app is reached at `<app>.<domain>` in prod and at `<app>.stage.<domain>` in stage.",
    ),
    required(
        "accounts",
        Kind::Table(&ACCOUNTS),
        "[accounts]",
        "The three AWS accounts.",
    ),
    field(
        "state",
        Kind::Table(&STATE),
        "Where Terraform's state is kept: without it, in the folder of each root.",
    ),
    field(
        "network",
        Kind::Table(&NETWORK),
        "The network of each environment.",
    ),
    field(
        "router",
        Kind::Table(&ROUTER),
        "The public router of each environment.",
    ),
    field(
        "notify",
        Kind::Table(&NOTIFY),
        "Who is told when a monitor fires.",
    ),
    field(
        "quotas",
        Kind::Table(&QUOTAS),
        "Quotas that AWS has raised in the accounts of stage and prod.",
    ),
    required(
        "apps",
        Kind::Map {
            key: Shape::App,
            value: &Kind::Table(&APP),
            filled: true,
        },
        "[apps.shop]",
        "The apps, by name.",
    ),
    field(
        "environments",
        Kind::Table(&ENVIRONMENTS),
        "What differs between stage and prod.",
    ),
]);

static ACCOUNTS: Table = known(&[
    required(
        "ops",
        Kind::Text(Shape::Account),
        "ops = \"111111111111\"",
        "Where people sign in and switch roles.",
    ),
    required(
        "stage",
        Kind::Text(Shape::Account),
        "stage = \"222222222222\"",
        "The account of stage.",
    ),
    required(
        "prod",
        Kind::Text(Shape::Account),
        "prod = \"333333333333\"",
        "The account of prod.",
    ),
]);

static STATE: Table = known(&[
    required(
        "bucket",
        Kind::Text(Shape::Bucket),
        "bucket = \"acme-terraform-state\"",
        "S3 bucket that has the state of every root.",
    ),
    default(
        "region",
        Kind::Text(Shape::Region),
        "the region of the project",
        "state lies next to what it describes",
        "Region of the bucket.",
    ),
    default(
        "prefix",
        Kind::Text(Shape::StatePrefix),
        "the name of the project",
        "several projects may share a bucket",
        "Start of each key.",
    ),
]);

static NETWORK: Table = known(&[
    default(
        "cidr",
        Kind::Text(Shape::Cidr),
        "10.30.0.0/16",
        "room for every zone, and rarely taken by an office or another VPC",
        "IPv4 range, from /16 to /20.",
    ),
    default(
        "az_count",
        Kind::Whole { least: 2, most: 3 },
        "2",
        "survives the loss of one zone at the least cost",
        "In how many availability zones.",
    ),
    default(
        "nat",
        Kind::Word(&["none", "single", "per_az"]),
        "single",
        "one NAT gateway costs less than one in each zone; per_az survives the loss of its zone",
        "How tasks reach the internet: `single` (one NAT gateway), `per_az` (one in each zone), or `none` (over IPv6 alone, and AWS through endpoints).",
    ),
    default(
        "ipv6",
        Kind::Bool,
        "true",
        "it costs nothing, and what speaks IPv6 needs no NAT gateway",
        "Whether it has IPv6 addresses, too.",
    ),
    default(
        "flow_log_retention",
        Kind::LogDays,
        "30",
        "who spoke with whom is asked weeks later",
        "Days that its flow log is kept; 0 for none.",
    ),
]);

/// Changes to monitors that come by themselves, by their keys.
pub(crate) const DEFAULT_MONITORS: Kind = Kind::Map {
    key: Shape::Key,
    value: &Kind::Table(&DEFAULT_MONITOR),
    filled: false,
};

static ROUTER: Table = known(&[
    default(
        "wildcard",
        Kind::Bool,
        "false",
        "only names that are in use lead to it",
        "Whether one name, `*.<domain>`, stands for all apps right below the domain, in its certificate and in DNS. Needed for more than ten names.",
    ),
    field(
        "monitors",
        DEFAULT_MONITORS,
        "Changes to the monitors that come with it, by key, as in `certificate.warning = 30`.",
    ),
]);

static QUOTAS: Table = known(&[
    default(
        "router_rules",
        Kind::Whole {
            least: 100,
            most: 5000,
        },
        "100",
        "what AWS gives without asking",
        "Routes of a router: the quota \"Rules per Application Load Balancer\".",
    ),
    default(
        "security_group_rules",
        Kind::Whole {
            least: 60,
            most: 1000,
        },
        "60",
        "what AWS gives without asking",
        "Apps that may use one app: the quota \"Inbound or outbound rules per security group\".",
    ),
    default(
        "db_instances",
        Kind::Whole {
            least: 40,
            most: 5000,
        },
        "40",
        "what AWS gives without asking",
        "Databases and read replicas of an environment: the quota \"DB instances\".",
    ),
]);

static NOTIFY: Table = known(&[
    field(
        "warning",
        Kind::Text(Shape::Notify),
        "Handles or ARNs told of warnings, as in `@slack-ops`.",
    ),
    field(
        "critical",
        Kind::Text(Shape::Notify),
        "Handles or ARNs told of critical alarms, as in `@pagerduty`.",
    ),
]);

/// An app.
pub(crate) static APP: Table = Table {
    fields: &[
        required(
            "image",
            Kind::Text(Shape::Image),
            "image = \"111111111111.dkr.ecr.us-west-2.amazonaws.com/shop:v41\"",
            "Container image of all its processes, with tag or digest.",
        ),
        default(
            "procfile",
            Kind::Text(Shape::Path),
            "Procfile",
            "where Heroku and Empire look",
            "Path of its Procfile, from the folder of the spec.",
        ),
        field(
            "config",
            CONFIG,
            "Environment variables of all its processes. Not for secrets.",
        ),
        field(
            "secrets",
            SECRETS,
            "Environment variables whose values are secrets: name to ARN.",
        ),
        field(
            "policies",
            POLICIES,
            "What its processes may do in AWS: IAM policies as JSON, by a name of your choice.",
        ),
        default(
            "architecture",
            Kind::Word(&["ARM64", "X86_64"]),
            "X86_64",
            "what most images are built for",
            "What its image was built for.",
        ),
        default(
            "internal",
            Kind::Bool,
            "false",
            "`web` is what users see",
            "Whether its `web` is reached from inside the network alone, by its private name.",
        ),
        field(
            "domain",
            Kind::Text(Shape::Domain),
            "Domain of its `web` in prod, in place of `<app>.<domain>`.",
        ),
        field(
            "uses",
            Kind::List {
                value: &Kind::Text(Shape::App),
                filled: true,
            },
            "Apps that it calls by their private names: it may connect, and gets `<APP>_URL`.",
        ),
        field(
            "db",
            Kind::Either(&Kind::Bool, &Kind::Table(&DB)),
            "Its PostgreSQL database: `true`, or a table.",
        ),
        field(
            "monitors",
            Kind::Map {
                key: Shape::Key,
                value: &Kind::Table(&MONITOR),
                filled: false,
            },
            "Its own monitors, besides those that come with each process.",
        ),
    ],
    others: Some(&PROCESS),
};

/// A process of an app.
pub(crate) static PROCESS: Table = known(&[
    default(
        "count",
        Kind::Whole {
            least: 0,
            most: MOST_TASKS,
        },
        "1",
        "one task runs everything; the spec says more where it is needed",
        "How many tasks run.",
    ),
    default(
        "size",
        Kind::Size,
        "1X",
        "the smallest size of Heroku and Empire: 256 CPU units, 512 MiB",
        "CPU and memory of a task: 1X, 2X, PX or cpu:memory, as in 256:1gb.",
    ),
    field(
        "scale",
        Kind::Table(&SCALE),
        "Autoscaling; the number of tasks then belongs to it.",
    ),
    default(
        "exec",
        Kind::Bool,
        "false",
        "nobody gets into a container unless asked for",
        "Whether sessions inside its running tasks are allowed.",
    ),
    default(
        "internal",
        Kind::Bool,
        "false",
        "`web` is what users see; other processes take no requests",
        "Whether other apps reach it by its private name. A `web` that is internal is public as well only with `routes`.",
    ),
    default(
        "port",
        Kind::Whole {
            least: 1,
            most: 65_535,
        },
        "8080",
        "what Heroku's and Empire's apps find in PORT",
        "Port that it listens on, given to it as PORT.",
    ),
    default(
        "health_check",
        Kind::Either(&Kind::Text(Shape::UrlPath), &Kind::Table(&HEALTH_CHECK)),
        "/",
        "every web app answers there",
        "Path that the router asks, or a table.",
    ),
    field(
        "routes",
        Kind::Map {
            key: Shape::Key,
            value: &Kind::Table(&ROUTE),
            filled: true,
        },
        "Which requests of the public router it gets. Default for `web`: all of the app's domain.",
    ),
    field(
        "config",
        CONFIG,
        "Environment variables of this process alone.",
    ),
    field(
        "cron",
        Kind::Text(Shape::Schedule),
        "When it runs, if it does not keep running: six fields as in `0 3 * * ? *`, or `rate(5 minutes)`.",
    ),
    default(
        "time_zone",
        Kind::Text(Shape::TimeZone),
        "UTC",
        "no hour is skipped or doubled in spring and autumn",
        "Time zone of `cron`.",
    ),
    default(
        "retries",
        Kind::Whole {
            least: 0,
            most: 185,
        },
        "3",
        "a start that fails for a moment is tried again",
        "How often a run that could not start is tried again.",
    ),
    default(
        "expected_window",
        Kind::Text(Shape::TimeWindow),
        "a little longer than the pause between two runs, where that is known",
        "a run that is missed is told soon after",
        "Time within which it must be started, as in `last_4d`, a week at most: without it, jobs that run less than once a day have no monitor of missed runs. With more than 2 days the monitor of a new job may fire before its first run.",
    ),
    field(
        "slo",
        Kind::Number,
        "Share of requests in percent that are to be answered without a 5xx, as in 99.9: adds monitors of how fast the rest is used up.",
    ),
    default(
        "stop_timeout",
        Kind::Whole {
            least: 2,
            most: 120,
        },
        "30",
        "what ECS gives",
        "Seconds it has to end after SIGTERM.",
    ),
    default(
        "deregistration_delay",
        Kind::Whole {
            least: 0,
            most: 3600,
        },
        "30",
        "longer than most requests take",
        "Seconds that the router lets requests finish at a task that stops.",
    ),
    field(
        "deploy",
        Kind::Table(&DEPLOY),
        "How a new version replaces the old.",
    ),
    field(
        "monitors",
        DEFAULT_MONITORS,
        "Changes to the monitors that come with it, by key, as in `latency.enabled = false`.",
    ),
]);

static DEPLOY: Table = known(&[
    default(
        "minimum_percent",
        Kind::Whole {
            least: 0,
            most: 100,
        },
        "100",
        "users notice nothing",
        "Least share of the tasks that stays running, in percent.",
    ),
    default(
        "maximum_percent",
        Kind::Whole {
            least: 100,
            most: 200,
        },
        "200",
        "the new version starts beside the old",
        "Largest share of the tasks that runs meanwhile, in percent.",
    ),
    default(
        "circuit_breaker",
        Kind::Bool,
        "true",
        "a version that does not start is not tried for ever",
        "Whether ECS gives up on a version whose tasks do not start.",
    ),
    default(
        "rollback",
        Kind::Bool,
        "true",
        "what ran before still works",
        "Whether giving up brings the former version back. Needs `circuit_breaker`.",
    ),
]);

static SCALE: Table = known(&[
    default(
        "min",
        Kind::Whole {
            least: 0,
            most: MOST_TASKS,
        },
        "1",
        "something answers at all times",
        "Least number of tasks.",
    ),
    required(
        "max",
        Kind::Whole {
            least: 1,
            most: MOST_TASKS,
        },
        "max = 4",
        "Largest number of tasks.",
    ),
    field(
        "cpu",
        Kind::Whole {
            least: 1,
            most: 100,
        },
        "CPU to hold the tasks at, in percent.",
    ),
    field(
        "memory",
        Kind::Whole {
            least: 1,
            most: 100,
        },
        "Memory to hold the tasks at, in percent.",
    ),
    field(
        "requests",
        Kind::Whole {
            least: 1,
            most: 1_000_000,
        },
        "Requests a minute to hold each task at.",
    ),
]);

static HEALTH_CHECK: Table = known(&[
    default(
        "path",
        Kind::Text(Shape::UrlPath),
        "/",
        "every web app answers there",
        "Path that the router asks.",
    ),
    default(
        "interval",
        Kind::Whole {
            least: 5,
            most: 300,
        },
        "15",
        "a bad task is out in 45 seconds",
        "Seconds between two questions.",
    ),
    default(
        "timeout",
        Kind::Whole {
            least: 2,
            most: 120,
        },
        "5",
        "slower than that is not well",
        "Seconds to wait for the answer.",
    ),
    default(
        "healthy_threshold",
        Kind::Whole { least: 2, most: 10 },
        "2",
        "the fewest that AWS takes",
        "Good answers in a row that make a task healthy.",
    ),
    default(
        "unhealthy_threshold",
        Kind::Whole { least: 2, most: 10 },
        "3",
        "one lost answer is no illness",
        "Bad answers in a row that make it unhealthy.",
    ),
    default(
        "matcher",
        Kind::Text(Shape::Matcher),
        "200-399",
        "a redirect to HTTPS or to a login is well, too",
        "HTTP codes of a good answer.",
    ),
    default(
        "grace_period",
        Kind::Whole {
            least: 0,
            most: 86_400,
        },
        "60",
        "time to start",
        "Seconds after its start in which a task is not stopped for bad answers.",
    ),
]);

static ROUTE: Table = known(&[
    field(
        "host",
        Kind::Text(Shape::Host),
        "Host in prod, with `*` as wildcard; in stage the one of the app's domain there.",
    ),
    field(
        "path",
        Kind::Text(Shape::RoutePath),
        "Path with `*` and `?` as wildcards, as in `/api/*`.",
    ),
    field(
        "priority",
        Kind::Whole {
            least: 1,
            most: 50_000,
        },
        "Place among the router's rules: the lowest wins. Default: by specificity.",
    ),
]);

/// A monitor that comes with a process, a database or the router.
static DEFAULT_MONITOR: Table = known(&[
    default(
        "enabled",
        Kind::Bool,
        "true",
        "monitors come without asking",
        "Whether it exists.",
    ),
    field("warning", Kind::Number, "Threshold of the warning."),
    field("critical", Kind::Number, "Threshold of the critical alarm."),
    field(
        "time_window",
        Kind::Text(Shape::TimeWindow),
        "Time that is looked at, as in `last_5m`.",
    ),
    field(
        "short_window",
        Kind::Text(Shape::TimeWindow),
        "Shorter time that is looked at as well: a level fires while it is past its threshold in both.",
    ),
    field(
        "message",
        Kind::Text(Shape::Message),
        "What is said when it fires.",
    ),
    field("no_data", NO_DATA, "What missing data means."),
    field(
        "notify",
        Kind::Table(&NOTIFY),
        "Whom it tells, in place of those of `notify`.",
    ),
]);

/// A monitor in Segment's spelling.
pub(crate) static MONITOR: Table = known(&[
    field(
        "name",
        Kind::Text(Shape::MonitorName),
        "What it is called. Default: the app and its key.",
    ),
    required(
        "message",
        Kind::Text(Shape::Message),
        "message = \"shop answers with errors\"",
        "What is said when it fires.",
    ),
    required(
        "metric",
        Kind::Text(Shape::Metric),
        "metric = \"app.internal_errors\"",
        "Name of the metric.",
    ),
    default(
        "namespace",
        Kind::Text(Shape::Metric),
        "the name of the project",
        "apps write to one namespace",
        "CloudWatch namespace of the metric.",
    ),
    field(
        "dimensions",
        Kind::Map {
            key: Shape::Metric,
            value: &Kind::Text(Shape::Metric),
            filled: false,
        },
        "Dimensions of the metric.",
    ),
    default(
        "time_aggr",
        Kind::Word(&["avg", "sum", "min", "max"]),
        "sum",
        "most own metrics count something",
        "How values are put together over time: avg, sum, min or max.",
    ),
    default(
        "time_window",
        Kind::Text(Shape::TimeWindow),
        "last_5m",
        "long enough to be no accident",
        "Time that is looked at.",
    ),
    field(
        "short_window",
        Kind::Text(Shape::TimeWindow),
        "Shorter time that is looked at as well: a level fires while it is past its threshold in both.",
    ),
    default(
        "space_aggr",
        Kind::Text(Shape::SpaceAggr),
        "sum",
        "as over time",
        "How series are put together: avg, sum, min, max or a percentile.",
    ),
    default(
        "operator",
        Kind::Word(&[">", ">=", "<", "<="]),
        ">",
        "more is worse",
        "How the value is compared with the thresholds.",
    ),
    field(
        "warning",
        Kind::Table(&LEVEL),
        "Threshold of the warning, and whom it tells.",
    ),
    field(
        "critical",
        Kind::Table(&LEVEL),
        "Threshold of the critical alarm, and whom it tells.",
    ),
    field("no_data", NO_DATA, "What missing data means."),
]);

static LEVEL: Table = known(&[
    required(
        "threshold",
        Kind::Number,
        "threshold = 10",
        "The number that the value is compared with.",
    ),
    field(
        "notify",
        Kind::Text(Shape::Notify),
        "Handles or ARNs that are told. Default: those of `notify`.",
    ),
]);

static ENVIRONMENTS: Table = known(&[
    field(
        "stage",
        Kind::Table(&ENVIRONMENT),
        "What stage has of its own.",
    ),
    field(
        "prod",
        Kind::Table(&ENVIRONMENT),
        "What prod has of its own.",
    ),
]);

static ENVIRONMENT: Table = known(&[
    field("network", Kind::Table(&NETWORK), "Its network, key by key."),
    field(
        "domain",
        Kind::Text(Shape::Domain),
        "Domain of its apps. Default: the project's domain in prod, `stage.<domain>` in stage.",
    ),
    field(
        "zone_id",
        Kind::Text(Shape::ZoneId),
        "Route 53 zone of the domain, in its account: for names and a TLS certificate.",
    ),
    field(
        "certificate_arn",
        Kind::Text(Shape::CertificateArn),
        "ACM certificate of the public router, in place of one made for the domains.",
    ),
    default(
        "container_insights",
        Kind::Bool,
        "true",
        "the monitors of running tasks need it; it costs a few dollars a month for each service",
        "Whether CloudWatch Container Insights counts tasks.",
    ),
    default(
        "deletion_protection",
        Kind::Bool,
        "true",
        "nothing that users notice goes by accident",
        "Whether its routers and databases are kept from being deleted. Set it to false and apply before you destroy them.",
    ),
    field(
        "notifiers",
        Kind::Map {
            key: Shape::Handle,
            value: &Kind::Text(Shape::TargetArn),
            filled: false,
        },
        "What each handle stands for: handle to the ARN of an SNS topic.",
    ),
    field(
        "apps",
        Kind::Map {
            key: Shape::App,
            value: &Kind::Table(&APP_IN),
            filled: false,
        },
        "Sizes, counts, config and secrets of its apps.",
    ),
]);

/// What an environment says of an app: all but what the app is.
static APP_IN: Table = Table {
    fields: &[
        field(
            "config",
            CONFIG,
            "Environment variables, over those of the app.",
        ),
        field("secrets", SECRETS, "Secrets, over those of the app."),
        field(
            "policies",
            POLICIES,
            "IAM policies as JSON, over those of the app.",
        ),
        field(
            "domain",
            Kind::Text(Shape::Domain),
            "Domain of its `web` here.",
        ),
        field("db", Kind::Table(&DB_IN), "Its database here, key by key."),
    ],
    others: Some(&PROCESS_IN),
};

static PROCESS_IN: Table = known(&[
    field(
        "count",
        Kind::Whole {
            least: 0,
            most: MOST_TASKS,
        },
        "How many tasks run.",
    ),
    field("size", Kind::Size, "CPU and memory of a task."),
    field("scale", Kind::Table(&SCALE), "Autoscaling."),
]);

const CONFIG: Kind = Kind::Map {
    key: Shape::Variable,
    value: &Kind::Text(Shape::Any),
    filled: false,
};

const SECRETS: Kind = Kind::Map {
    key: Shape::Variable,
    value: &Kind::Secret,
    filled: false,
};

const POLICIES: Kind = Kind::Map {
    key: Shape::Key,
    value: &Kind::Text(Shape::Policy),
    filled: false,
};

const NO_DATA: Kind = Kind::Word(&["ignore", "ok", "alert", "notify", "show"]);

impl Table {
    /// A key that it knows.
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Every key that it knows.
    pub(crate) fn keys(&self) -> Vec<String> {
        let keys = self.fields.iter().map(|field| field.key.to_owned());
        keys.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(table: &Table, visit: &mut dyn FnMut(&Field)) {
        for field in table.fields {
            visit(field);
            walk_kind(&field.kind, visit);
        }
        if let Some(others) = table.others {
            walk(others, visit);
        }
    }

    fn walk_kind(kind: &Kind, visit: &mut dyn FnMut(&Field)) {
        match kind {
            Kind::Table(table) => walk(table, visit),
            Kind::Map { value, .. } | Kind::List { value, .. } => walk_kind(value, visit),
            Kind::Either(first, second) => {
                walk_kind(first, visit);
                walk_kind(second, visit);
            }
            _ => {}
        }
    }

    #[test]
    fn every_key_is_documented_and_every_default_has_a_reason() {
        let mut count = 0;
        walk(&SPEC, &mut |field| {
            count += 1;
            assert!(field.doc.ends_with('.'), "{}", field.key);
            if let Some((value, why)) = field.default {
                assert!(!value.is_empty() && !why.ends_with('.'), "{}", field.key);
            }
            if let Some(example) = field.required {
                assert!(example.contains(field.key), "{}", field.key);
            }
        });
        assert!(count > 90, "{count}");
    }
}
