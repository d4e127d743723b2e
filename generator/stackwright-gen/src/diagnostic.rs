//! What can be wrong with the input, as facts; the command line makes pictures of them.

use std::ops::Range;

use stackwright_plan::procfile::ProcfileErrorKind;
use stackwright_plan::secret_shapes::Looks;
use stackwright_plan::size::{Size, SizeError};

use crate::form;
use crate::project::Environment;
use crate::shape::Shape;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// The tree is generated, and the user should know something about it.
    Warning,
}

/// One problem, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name of the file.
    pub file: String,
    /// The bytes to point at.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
}

/// Why a Procfile could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcfileUnread {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The file is not UTF-8 text.
    #[error("it is not UTF-8 text: byte {offset} is not part of a character")]
    NotUtf8 {
        /// The first byte that is not part of a character.
        offset: usize,
    },
    /// The system refused.
    #[error("{reason}")]
    Refused {
        /// The answer of the system.
        reason: String,
    },
}

/// How an app that has no private name gets one, and keeps what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAnswer {
    /// A process with routes of its own: it keeps them.
    WithRoutes {
        /// The process.
        process: String,
    },
    /// A public process without routes of its own: a private name alone would take its public route away.
    Public {
        /// The process.
        process: String,
    },
    /// A process that takes no requests yet.
    Worker {
        /// The process.
        process: String,
    },
    /// Nothing of it keeps running.
    NothingRuns,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The spec does not follow the rules of its format.
    #[error("this is not valid {format}: {message}")]
    Syntax {
        /// The format.
        format: &'static str,
        /// The parser's message.
        message: String,
    },
    /// A key a second time.
    #[error("`{key}` is written a second time")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it is written first.
        first: Range<usize>,
    },
    /// A required key is missing.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key, with the path to it.
        key: String,
        /// A line to write.
        example: String,
    },
    /// A key that nothing reads.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
        /// The known key that was probably meant.
        suggestion: Option<String>,
        /// Every key known in this place.
        known: Vec<String>,
    },
    /// A word that is none of those that a key takes.
    #[error("`{key}` cannot be `{value}`")]
    NoWord {
        /// The key.
        key: String,
        /// The word.
        value: String,
        /// The words that it takes.
        words: &'static [&'static str],
        /// The word that was probably meant.
        suggestion: Option<String>,
    },
    /// A number of days for which `CloudWatch` Logs keeps nothing.
    #[error("CloudWatch Logs cannot keep logs for {value} days, as `{key}` asks")]
    NoLogDays {
        /// The key.
        key: String,
        /// The days.
        value: i64,
    },
    /// A list without a value.
    #[error("the list `{key}` is empty")]
    EmptyList {
        /// The key.
        key: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key.
        key: String,
        /// The type that is wanted.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
        /// What to write instead.
        instead: String,
    },
    /// A value that does not have the shape it needs.
    #[error("`{value}` is not {}", shape.noun())]
    BadShape {
        /// The value.
        value: String,
        /// The shape.
        shape: Shape,
    },
    /// A number outside its range.
    #[error("`{key}` is {value}, which is outside {least} to {most}")]
    OutOfRange {
        /// The key.
        key: String,
        /// The number.
        value: i64,
        /// The smallest allowed.
        least: i64,
        /// The largest allowed.
        most: i64,
    },
    /// Two of the three accounts are the same.
    #[error("account {id} is used for both `{first}` and `{second}`")]
    SameAccount {
        /// The account.
        id: String,
        /// Where it is used first.
        first: &'static str,
        /// Where it is used again.
        second: &'static str,
    },
    /// An environment names an app that does not exist.
    #[error("there is no app `{app}`")]
    UnknownApp {
        /// The name.
        app: String,
        /// The app that was probably meant.
        suggestion: Option<String>,
    },
    /// A table names a process that is not in the Procfile.
    #[error("app `{app}` has no process `{process}` in `{procfile}`")]
    UnknownProcess {
        /// The app.
        app: String,
        /// The name.
        process: String,
        /// The Procfile.
        procfile: String,
        /// The process that was probably meant.
        suggestion: Option<String>,
        /// Every process of the app.
        known: Vec<String>,
    },
    /// A size that cannot be read or is too large.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// A mistake in a Procfile.
    #[error(transparent)]
    Procfile(#[from] ProcfileErrorKind),
    /// A Procfile that cannot be read.
    #[error("the Procfile `{path}` of app `{app}` cannot be read: {reason}")]
    ProcfileUnread {
        /// The app.
        app: String,
        /// The path as in the spec.
        path: String,
        /// The reason.
        reason: ProcfileUnread,
    },
    /// A process whose table in the spec would be something else.
    #[error("process `{key}` has the name of a key of an app")]
    NamedLikeKey {
        /// The name and the key.
        key: &'static str,
        /// What the key means.
        means: &'static str,
    },
    /// A process name longer than names in AWS can carry.
    #[error("process name `{name}` has {length} characters, more than 64")]
    LongProcessName {
        /// The name.
        name: String,
        /// Its length.
        length: usize,
    },
    /// A NUL character.
    #[error("{what} contains a NUL character, which no process can get")]
    Nul {
        /// What contains it.
        what: String,
    },
    /// Text that Terraform would change.
    #[error("{what} is not in Unicode normal form C, and Terraform would change it")]
    NotNormalized {
        /// What is not normalized.
        what: String,
    },
    /// A secret that is not given by an ARN. The value is not part of it: it may be the secret itself.
    #[error("the secret `{name}` is not given by the ARN of a secret")]
    NotAnArn {
        /// The variable.
        name: String,
    },
    /// A variable that Stackwright itself sets.
    #[error("the environment variable `{name}` is set by stackwright")]
    ReservedVariable {
        /// The variable.
        name: String,
    },
    /// Warning: a variable of a Procfile that Stackwright itself sets.
    #[error(
        "`PORT` of process `{process}` is left out: stackwright alone sets it, where a process takes requests"
    )]
    PortOfProcfile {
        /// The process.
        process: String,
        /// Whether it takes requests.
        requests: bool,
    },
    /// Warning: a command names a port that is not the one that gets the requests.
    #[error(
        "process `{process}` seems to listen on port {listens}, and its requests and health checks go to port {port}"
    )]
    PortInCommand {
        /// The process.
        process: String,
        /// The port in the command.
        listens: u16,
        /// The port that it is given.
        port: i64,
        /// Whether the command sets `PORT` itself.
        sets_port: bool,
    },
    /// Warning: a command listens where no request arrives.
    #[error("process `{process}` seems to listen at `{address}` alone, where no request arrives")]
    HiddenAddress {
        /// The process.
        process: String,
        /// The address.
        address: String,
    },
    /// A value in the right form that AWS would refuse.
    #[error("{reason}")]
    Refused {
        /// Why.
        reason: String,
        /// What to write.
        help: &'static str,
    },
    /// One number for two routes of the router.
    #[error(
        "the routes of process `{process}` and of process `{other}` have the same priority, {priority}"
    )]
    SamePriority {
        /// The number.
        priority: i64,
        /// The app and the process.
        process: String,
        /// The other app and process.
        other: String,
    },
    /// One name as a variable and as a secret, which ECS refuses.
    #[error("`{name}` is both in config and in secrets of app `{app}`{}", environment.map(|e| format!(" in {e}")).unwrap_or_default())]
    ConfigAndSecret {
        /// The name.
        name: String,
        /// The app.
        app: String,
        /// The environment, when only it has both.
        environment: Option<Environment>,
    },
    /// A variable whose value looks like a secret.
    #[error("`{name}` looks like {}, and `config` is not for secrets", looks.like)]
    SecretInConfig {
        /// The variable.
        name: String,
        /// What it looks like.
        looks: Looks,
        /// Where its value is, which must not be shown.
        value: Range<usize>,
    },
    /// An environment would read a secret of the other environment.
    #[error("{environment} would read a secret of the {owner} account")]
    SecretOfOther {
        /// The environment that would read.
        environment: Environment,
        /// The environment whose account has the secret.
        owner: Environment,
    },
    /// An app of which nothing would run.
    #[error("app `{app}` has no process that runs as a service or on a schedule")]
    NothingToRun {
        /// The app.
        app: String,
    },
    /// A key of a process that means nothing for what the process is.
    #[error("`{key}` means nothing for process `{process}`, which {is}")]
    KeyWithoutUse {
        /// The key.
        key: String,
        /// The process.
        process: String,
        /// What the process is.
        is: &'static str,
    },
    /// A fixed number of tasks and autoscaling.
    #[error("process `{process}` has both `count` and `scale`{}", environment.map(|e| format!(" in {e}")).unwrap_or_default())]
    CountAndScale {
        /// The process.
        process: String,
        /// The environment, when only it has both.
        environment: Option<Environment>,
    },
    /// Autoscaling that cannot work.
    #[error("`scale` of process `{process}` {what}")]
    Scale {
        /// The process.
        process: String,
        /// What is wrong with it.
        what: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// A replacement that cannot work.
    #[error("`deploy` of process `{process}` {what}")]
    Deploy {
        /// The process.
        process: String,
        /// What is wrong with it.
        what: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// An app that nothing of another app answers.
    #[error("app `{app}` uses `{used}`, which has no process with a private name")]
    NotInternal {
        /// The app that calls.
        app: String,
        /// The app that is called.
        used: String,
        /// How it can answer.
        way: ToAnswer,
    },
    /// An app that uses itself.
    #[error("app `{app}` uses itself")]
    UsesItself {
        /// The app.
        app: String,
    },
    /// Two processes that want the same requests.
    #[error("process `{process}` of app `{app}` wants the same requests as `{other}`{}", environment.map(|e| format!(" in {e}")).unwrap_or_default())]
    SameRoute {
        /// Whether a domain would give each a host of its own.
        a_domain_helps: bool,
        /// The environment, when they meet in one only.
        environment: Option<Environment>,
        /// The app.
        app: String,
        /// The process.
        process: String,
        /// The other app and process.
        other: String,
    },
    /// A process that listens on several ports.
    #[error("process `{process}` listens on several ports")]
    SeveralPorts {
        /// The process.
        process: String,
    },
    /// A port of the router that it does not have.
    #[error("a router does not listen on port {port}")]
    RouterPort {
        /// The port.
        port: u16,
    },
    /// A time out that is not shorter than the interval.
    #[error("`timeout` ({timeout}) is not less than `interval` ({interval})")]
    Timeout {
        /// Seconds to wait.
        timeout: i64,
        /// Seconds between two questions.
        interval: i64,
    },
    /// A key of a monitor that does not come with this.
    #[error("there is no monitor `{key}` here")]
    UnknownMonitor {
        /// The key.
        key: String,
        /// The monitor that was probably meant.
        suggestion: Option<String>,
        /// Every monitor that there is.
        known: Vec<String>,
    },
    /// An objective that no alarm could watch.
    #[error("an objective of {value}% cannot be watched")]
    Objective {
        /// The number that was written.
        value: String,
    },
    /// A monitor without a threshold.
    #[error("monitor `{key}` has neither `warning` nor `critical`")]
    NoLevel {
        /// Its key.
        key: String,
    },
    /// A monitor whose warning comes after its critical alarm.
    #[error("the warning of monitor `{key}` would come after its critical alarm")]
    LevelOrder {
        /// Its key.
        key: String,
    },
    /// A second look back that cannot be.
    #[error("`short_window` of monitor `{key}` {what}")]
    ShortWindow {
        /// The monitor's key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// A handle that an environment does not know.
    #[error("`{handle}` has no meaning in {environment}")]
    UnknownHandle {
        /// The handle.
        handle: String,
        /// The environment.
        environment: Environment,
    },
    /// A setting that needs another one.
    #[error("`{key}` needs {needs}")]
    Needs {
        /// The setting.
        key: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// Warning: `release`.
    #[error("process `release` of app `{app}` is written down and does not run yet")]
    ReleaseDoesNotRun {
        /// The app.
        app: String,
    },
    /// An environment has a domain, and no certificate can be made for it.
    #[error(
        "`{domain}` of {environment} needs the Route 53 zone that its names and its certificate are proved in"
    )]
    NoZone {
        /// The environment.
        environment: Environment,
        /// The domain of the environment, or the first name in it.
        domain: String,
        /// The account of the environment.
        account: String,
    },
    /// More names than a certificate takes.
    #[error(
        "the router of {environment} has {names} names, and ACM puts {most} into a certificate"
    )]
    TooManyNames {
        /// The environment.
        environment: Environment,
        /// How many there are.
        names: usize,
        /// How many a certificate takes.
        most: usize,
        /// The name that would stand for enough of them.
        wildcard: Option<String>,
    },
    /// A certificate without a name that is short enough.
    #[error(
        "every name of the router of {environment} has more than {most} characters, and the first of a certificate takes no more"
    )]
    LongNames {
        /// The environment.
        environment: Environment,
        /// The longest first name.
        most: usize,
    },
    /// More of something than AWS takes.
    #[error("{what}, and AWS takes {most}")]
    TooMany {
        /// What there is, and how many.
        what: String,
        /// How many AWS takes.
        most: usize,
        /// What to do.
        help: &'static str,
    },
    /// A region that was not known when this was built: a warning when it may be a new one.
    #[error("{}", if *.can_be { format!("this version knows no region `{region}`") } else { format!("`{region}` is not an AWS region") })]
    UnknownRegion {
        /// The region.
        region: String,
        /// The known regions that come nearest.
        nearest: Vec<&'static str>,
        /// Whether it has the form of a region.
        can_be: bool,
    },
    /// Warning: nothing is public, so nothing has the domain.
    #[error("`domain` is not used: no app has a public process")]
    DomainUnused,
    /// Warning: an image that can change under the same name.
    #[error("image `{image}` does not say which version it means")]
    ImageWithoutVersion {
        /// The image.
        image: String,
    },
    /// Warning: Fargate has no such size.
    #[error("Fargate has no task of {asked}: it will be {rounded}")]
    SizeRounded {
        /// The size asked for.
        asked: Size,
        /// The size it will be.
        rounded: Size,
    },
}

impl ToAnswer {
    fn help(&self, app: &str) -> String {
        match self {
            Self::WithRoutes { process } => format!(
                "write `internal = true` in `[apps.{app}.{process}]`: it keeps its public routes and gets a private name, too"
            ),
            Self::Public { process } => format!(
                "write `{process} = {{ internal = true, routes = {{ main = {{}} }} }}` in `[apps.{app}]`: `routes` keeps its public route, and it gets a private name, too"
            ),
            Self::Worker { process } => format!(
                "write `internal = true` in the table of the process that answers, as in `[apps.{app}.{process}]`"
            ),
            Self::NothingRuns => format!(
                "add a process that keeps running to the Procfile of `{app}`, and write `internal = true` in its table"
            ),
        }
    }
}

impl Diagnostic {
    /// Whether it stops generation.
    pub fn severity(&self) -> Severity {
        match self.problem {
            Problem::PortOfProcfile { .. }
            | Problem::PortInCommand { .. }
            | Problem::HiddenAddress { .. }
            | Problem::SecretInConfig {
                looks: Looks { certain: false, .. },
                ..
            }
            | Problem::ReleaseDoesNotRun { .. }
            | Problem::DomainUnused
            | Problem::UnknownRegion { can_be: true, .. }
            | Problem::ImageWithoutVersion { .. }
            | Problem::SizeRounded { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Where it is shown among others: by file, then by place.
    pub(crate) fn order(&self) -> (&str, usize, usize, String) {
        (
            &self.file,
            self.span.start,
            self.span.end,
            self.problem.to_string(),
        )
    }
}

impl Problem {
    /// What to write instead.
    pub fn help(&self) -> String {
        match self {
            Self::Syntax { .. } => "correct the line; everything after it is checked once it can be read".to_owned(),
            Self::DuplicateKey { .. } => "remove one of the two, or put what both have into one".to_owned(),
            Self::MissingKey { example, .. } => format!("write `{example}`"),
            Self::UnknownKey { suggestion, known, .. } | Self::UnknownMonitor { suggestion, known, .. } | Self::UnknownProcess { suggestion, known, .. } => meant(suggestion.as_deref(), known),
            Self::NoWord { suggestion, words, .. } => meant(suggestion.as_deref(), &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()),
            Self::NoLogDays { .. } => meant(None, &form::log_days().map(|days| days.to_string()).collect::<Vec<_>>()),
            Self::EmptyList { .. } => "write at least one value, or remove the key".to_owned(),
            Self::WrongType { instead, .. } => instead.clone(),
            Self::BadShape { value, shape } => shape.help(value),
            Self::OutOfRange { least, most, .. } => format!("write a whole number from {least} to {most}"),
            Self::SameAccount { .. } => "give each environment an account of its own".to_owned(),
            Self::UnknownApp { suggestion, .. } => {
                suggestion.as_ref().map_or_else(|| "define it with a table of its own, as in `[apps.shop]`".to_owned(), |name| format!("did you mean `{name}`?"))
            }
            Self::Size(error) => error.help(),
            Self::Procfile(kind) => kind.help(),
            Self::ProcfileUnread { reason: ProcfileUnread::Missing, .. } => {
                "write a Procfile there, or name another with `procfile = \"...\"`, a path from the folder of this file".to_owned()
            }
            Self::ProcfileUnread { reason: ProcfileUnread::NotUtf8 { .. }, .. } => {
                "save it as UTF-8 text".to_owned()
            }
            Self::ProcfileUnread { .. } => {
                "name a text file of this repository that you can read, by its path from the folder of the spec".to_owned()
            }
            Self::NamedLikeKey { key, means } => format!("rename it in the Procfile, as in `{key}-runner`: in the spec, `{key}` of an app is something else. {means}"),
            Self::LongProcessName { .. } => "write a shorter name".to_owned(),
            Self::Nul { .. } => "remove the character".to_owned(),
            Self::NotNormalized { .. } => "write its accented characters as single characters (normal form C)".to_owned(),
            Self::NotAnArn { .. } => {
                "write the full ARN of a Secrets Manager secret or an SSM parameter, as in `arn:aws:secretsmanager:us-west-2:333333333333:secret:shop/api-key-AbCdEf`; the value is not shown, as it may be the secret itself".to_owned()
            }
            Self::ReservedVariable { .. } => "choose another name: `PORT` and names that start with `STACKWRIGHT_` are taken, with `uses` those like `BILLING_URL`, and with `db` `DATABASE_URL` and `DB_PASSWORD`".to_owned(),
            Self::PortOfProcfile { requests: false, .. } => "remove it: the process takes no requests".to_owned(),
            Self::PortOfProcfile { process, .. } => format!("remove it; another port is written as `port = 3000` in the table `{process}` of the app"),
            Self::PortInCommand { process, listens, sets_port, .. } => format!(
                "write `port = {listens}` in the table `{process}` of the app, or {} the command: stackwright sets it to the port that gets the requests",
                if *sets_port { "take `PORT` out of" } else { "use `$PORT` in" }
            ),
            Self::HiddenAddress { .. } => "listen at `0.0.0.0`, on the port in `$PORT`".to_owned(),
            Self::SamePriority { .. } => "give one of them another number, or leave it out: a router takes each number once".to_owned(),
            Self::ConfigAndSecret { .. } => "keep it in one of the two: ECS refuses a name that is in both".to_owned(),
            Self::SecretInConfig { .. } => "put it into Secrets Manager or an SSM parameter of each environment and name its ARN in `secrets`; what calls AWS needs no key, but `policies`".to_owned(),
            Self::SecretOfOther { environment, .. } => {
                format!("give {environment} a secret of its own in `[environments.{environment}.apps.<app>.secrets]`")
            }
            Self::NothingToRun { .. } => "add a process to the Procfile, as in `worker: bundle exec sidekiq`".to_owned(),
            Self::KeyWithoutUse { .. } => "remove the key".to_owned(),
            Self::CountAndScale { .. } => "keep `scale` (its `min` is the least number) or `count`".to_owned(),
            Self::NotInternal { used, way, .. } => way.help(used),
            Self::UsesItself { .. } => "remove it: processes of one app reach each other anyway".to_owned(),
            Self::SameRoute { a_domain_helps: true, .. } => "give the project a `domain`, so that each app has a host of its own, or give one of them `routes` with a `host` or a `path`".to_owned(),
            Self::SameRoute { .. } => "give one of them `routes` with a `host` or a `path` of its own".to_owned(),
            Self::SeveralPorts { .. } => "write one port: a router sends requests to one port of a process".to_owned(),
            Self::RouterPort { .. } => "write 80 or 443: the router listens on both when it has a certificate, and redirects 80 to 443".to_owned(),
            Self::Timeout { .. } => "write a shorter `timeout` or a longer `interval`".to_owned(),
            Self::Objective { .. } => "write 94 to 99.999, as in `slo = 99.9`: with less, 14.4 times the errors that are left is more than all requests".to_owned(),
            Self::NoLevel { .. } => "write at least one, as in `critical = { threshold = 10 }`".to_owned(),
            Self::LevelOrder { .. } => "exchange the two thresholds, or turn the `operator` round".to_owned(),
            Self::UnknownHandle { handle, environment } => format!("write `[environments.{environment}.notifiers]` with `\"{handle}\" = \"arn:aws:sns:...\"`"),
            Self::Refused { help, .. }
            | Self::TooMany { help, .. }
            | Self::Needs { help, .. }
            | Self::Scale { help, .. }
            | Self::Deploy { help, .. }
            | Self::ShortWindow { help, .. } => (*help).to_owned(),
            Self::ReleaseDoesNotRun { .. } => "run it by hand before the new version starts; a later version runs it".to_owned(),
            Self::NoZone { environment, domain, account } => format!(
                "write `zone_id = \"Z...\"` in `[environments.{environment}]`: `aws route53 list-hosted-zones-by-name --dns-name {domain}` shows it, in account {account}. With DNS elsewhere, write the `certificate_arn` of a certificate that you made. When {environment} is to have no names, write `domain` in `[environments.{}]` alone",
                environment.other()
            ),
            Self::TooManyNames { wildcard: Some(name), .. } => format!("write `wildcard = true` in `[router]`: `{name}` then stands for all apps right below it, in the certificate and in DNS"),
            Self::TooManyNames { environment, .. } => format!("write the `certificate_arn` of a certificate of your own in `[environments.{environment}]`, or bring hosts right below the domain, where `wildcard = true` in `[router]` joins them"),
            Self::LongNames { .. } => "give one app a shorter `domain`, or the project one, with `wildcard = true` in `[router]`".to_owned(),
            Self::UnknownRegion { nearest, can_be, .. } => {
                let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
                let meant = match names.split_last() {
                    None => "write the code of a region, as in `us-west-2`".to_owned(),
                    Some((one, [])) => format!("did you mean {one}?"),
                    Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
                };
                if *can_be { format!("{meant} A region that AWS opened since works all the same") } else { meant }
            }
            Self::DomainUnused => "remove it, or add a `web` process".to_owned(),
            Self::ImageWithoutVersion { image } => {
                let name = image.strip_suffix(":latest").unwrap_or(image);
                format!("name a tag or a digest, as in `{name}:v41`, so that stage and prod run the same")
            }
            Self::SizeRounded { rounded, .. } => format!("write \"{}:{}mb\" to say it yourself", rounded.cpu, rounded.memory),
        }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { format: "YAML", .. } => "invalid-yaml",
            Self::Syntax { format: "JSON", .. } => "invalid-json",
            Self::Syntax { .. } => "invalid-toml",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::MissingKey { .. } => "missing-key",
            Self::UnknownKey { .. } => "unknown-key",
            Self::NoWord { .. } => "invalid-word",
            Self::EmptyList { .. } => "empty-list",
            Self::WrongType { .. } => "wrong-type",
            Self::BadShape { .. } => "invalid-value",
            Self::OutOfRange { .. } | Self::NoLogDays { .. } => "out-of-range",
            Self::SameAccount { .. } => "same-account",
            Self::UnknownApp { .. } => "unknown-app",
            Self::UnknownProcess { .. } => "unknown-process",
            Self::Size(_) => "invalid-size",
            Self::Procfile(_) => "invalid-procfile",
            Self::ProcfileUnread { .. } => "unreadable-procfile",
            Self::NamedLikeKey { .. } => "process-named-like-key",
            Self::LongProcessName { .. } => "long-process-name",
            Self::Nul { .. } => "nul-character",
            Self::NotNormalized { .. } => "not-normalized",
            Self::NotAnArn { .. } => "not-an-arn",
            Self::ReservedVariable { .. } => "reserved-variable",
            Self::PortOfProcfile { .. } => "port-of-procfile",
            Self::PortInCommand { .. } => "port-in-command",
            Self::HiddenAddress { .. } => "hidden-address",
            Self::Refused { .. } => "refused-value",
            Self::SamePriority { .. } => "same-priority",
            Self::ConfigAndSecret { .. } => "config-and-secret",
            Self::SecretInConfig { .. } => "secret-in-config",
            Self::SecretOfOther { .. } => "secret-of-other-environment",
            Self::NothingToRun { .. } => "nothing-to-run",
            Self::KeyWithoutUse { .. } => "key-without-use",
            Self::CountAndScale { .. } => "count-and-scale",
            Self::Scale { .. } => "invalid-scale",
            Self::Deploy { .. } => "invalid-deploy",
            Self::NotInternal { .. } => "not-internal",
            Self::UsesItself { .. } => "uses-itself",
            Self::SameRoute { .. } => "same-route",
            Self::SeveralPorts { .. } => "several-ports",
            Self::RouterPort { .. } => "router-port",
            Self::Timeout { .. } => "timeout-too-long",
            Self::UnknownMonitor { .. } => "unknown-monitor",
            Self::Objective { .. } => "invalid-objective",
            Self::NoLevel { .. } => "no-level",
            Self::LevelOrder { .. } => "level-order",
            Self::ShortWindow { .. } => "short-window",
            Self::UnknownHandle { .. } => "unknown-handle",
            Self::Needs { .. } => "setting-missing",
            Self::ReleaseDoesNotRun { .. } => "release-does-not-run",
            Self::NoZone { .. } => "domain-without-zone",
            Self::TooManyNames { .. } => "too-many-names",
            Self::LongNames { .. } => "long-names",
            Self::TooMany { .. } => "too-many",
            Self::UnknownRegion { .. } => "unknown-region",
            Self::DomainUnused => "domain-unused",
            Self::ImageWithoutVersion { .. } => "image-without-version",
            Self::SizeRounded { .. } => "size-rounded",
        }
    }
}

/// The candidate that a person most likely meant.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).first().map(|it| (*it).to_owned())
}

/// The candidates that a person may have meant: all that are equally near, in alphabetical order.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let distance = |candidate: &str| {
        strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase())
    };
    let allowed = (word.chars().count() / 3).max(1);
    let near = candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate));
    let mut near: Vec<(usize, &str)> = near.filter(|(distance, _)| *distance <= allowed).collect();
    near.sort_unstable();
    let least = near.first().map(|(distance, _)| *distance);
    near.retain(|(distance, _)| Some(*distance) == least);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

fn meant(suggestion: Option<&str>, known: &[String]) -> String {
    match suggestion {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!(
            "known here: {}",
            known
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_closest_word() {
        let known = ["image", "procfile", "config", "secrets"];
        assert_eq!(closest("imgae", known).as_deref(), Some("image"));
        assert_eq!(closest("Image", known).as_deref(), Some("image"));
        assert_eq!(closest("secret", known).as_deref(), Some("secrets"));
        assert_eq!(closest("worker", known), None);
    }
}
