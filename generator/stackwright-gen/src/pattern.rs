//! The shapes of values as regular expressions, for the JSON Schema. Tests hold them against the shapes.

use stackwright_plan::aws_rules::{BUCKET_PREFIXES, BUCKET_SUFFIXES};

use crate::shape::Shape;

/// The ARN of a Secrets Manager secret or an SSM parameter.
pub(crate) const SECRET: &str = "^arn:(aws|aws-cn|aws-us-gov):(secretsmanager:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:secret:|ssm:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:parameter/)[!-~]+$";

const DOMAIN: &str = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+";
const PLACE: &str = "[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:";

/// Pattern, least and largest length of a shape; nothing when it takes any text.
pub(crate) fn of(shape: Shape) -> Option<(String, u32, Option<u32>)> {
    let (pattern, least, most) = match shape {
        Shape::Any => return None,
        Shape::Project | Shape::App => ("^[a-z][a-z0-9]*(-[a-z0-9]+)*$".to_owned(), 1, Some(32)),
        Shape::Region => ("^[a-z]{2}(-[a-z]+)+-[0-9]+$".to_owned(), 0, None),
        Shape::Account => ("^[0-9]{12}$".to_owned(), 0, None),
        Shape::Domain => (format!("^{DOMAIN}$"), 0, Some(253)),
        Shape::Host => (format!("^(\\*\\.)?{DOMAIN}$"), 0, Some(128)),
        Shape::Image => (image(), 0, Some(255)),
        Shape::Path => ("^[^\\u0000-\\u001f\\u007f-\\u009f]+$".to_owned(), 1, None),
        Shape::Cidr => (cidr(), 0, None),
        Shape::Bucket => ("^[a-z0-9][a-z0-9.-]*[a-z0-9]$".to_owned(), 3, Some(63)),
        Shape::StatePrefix => (state_prefix(), 1, Some(512)),
        Shape::Variable => ("^[A-Za-z_][A-Za-z0-9_.-]*$".to_owned(), 0, None),
        shape => word(shape)?,
    };
    Some((pattern, least, most))
}

/// What a value of a shape must not match; nothing when its pattern says everything.
pub(crate) fn not(shape: Shape) -> Option<String> {
    let any = |ends: &[&str]| ends.join("|").replace('.', "\\.");
    let bucket = || {
        let (first, last) = (any(&BUCKET_PREFIXES), any(&BUCKET_SUFFIXES));
        format!("^({first})|({last})$|\\.\\.|^([0-9]{{1,3}}\\.){{3}}[0-9]{{1,3}}$")
    };
    (shape == Shape::Bucket).then(bucket)
}

fn word(shape: Shape) -> Option<(String, u32, Option<u32>)> {
    let (pattern, least, most) = match shape {
        Shape::Key => ("^[a-z][a-z0-9_-]*$".to_owned(), 0, Some(64)),
        Shape::Notify => (notify(), 1, Some(1024)),
        Shape::Handle => ("^@[A-Za-z0-9_.-]{1,127}$".to_owned(), 0, None),
        Shape::TargetArn => (format!("^{}$", arn("sns", "")), 0, None),
        Shape::CertificateArn => (format!("^{}$", arn("acm", "certificate/")), 0, None),
        Shape::ZoneId => ("^Z[A-Z0-9]{1,31}$".to_owned(), 0, None),
        Shape::UrlPath => (
            "^/[A-Za-z0-9_.$/~\"'@:+&(),=%!;-]*$".to_owned(),
            1,
            Some(1024),
        ),
        Shape::RoutePath => (
            "^/[A-Za-z0-9_.$/~\"'@:+&(),=%!;*?-]*$".to_owned(),
            1,
            Some(128),
        ),
        Shape::Matcher => (
            "^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$".to_owned(),
            0,
            None,
        ),
        Shape::Schedule => (schedule(), 0, None),
        Shape::TimeZone => ("^[A-Z][A-Za-z0-9_+/-]*$".to_owned(), 0, Some(50)),
        Shape::TimeWindow => ("^last_[1-9][0-9]{0,3}[mhd]$".to_owned(), 0, None),
        Shape::SpaceAggr => (
            "^(avg|sum|min|max|p[1-9][0-9]?(\\.[0-9]{1,2})?)$".to_owned(),
            0,
            None,
        ),
        Shape::Metric => ("^[ -~]*$".to_owned(), 1, Some(255)),
        Shape::MonitorName => ("^[ -~]*$".to_owned(), 1, Some(128)),
        Shape::Message => ("^[\\s\\S]*$".to_owned(), 1, Some(900)),
        Shape::EngineVersion => ("^[1-9][0-9](\\.[0-9]{1,2})?$".to_owned(), 0, None),
        Shape::InstanceClass => (
            "^db\\.[a-z0-9]+\\.[a-z0-9]+(-[a-z0-9]+)*$".to_owned(),
            0,
            Some(32),
        ),
        shape => of_databases(shape)?,
    };
    Some((pattern, least, most))
}

const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]";

fn of_databases(shape: Shape) -> Option<(String, u32, Option<u32>)> {
    let (pattern, least, most) = match shape {
        Shape::BackupWindow => (format!("^{TIME}-{TIME}$"), 0, None),
        Shape::MaintenanceWindow => {
            let moment = format!("(mon|tue|wed|thu|fri|sat|sun):{TIME}");
            (format!("^{moment}-{moment}$"), 0, None)
        }
        Shape::Parameter => ("^[a-z][a-z0-9_.]*$".to_owned(), 0, Some(255)),
        Shape::KmsKeyArn => (format!("^{}$", arn("kms", "key/")), 0, None),
        Shape::Replica => ("^[a-z][a-z0-9-]*$".to_owned(), 0, Some(20)),
        Shape::RdsId => ("^[!-~]*$".to_owned(), 1, Some(255)),
        Shape::Moment => (
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$".to_owned(),
            0,
            None,
        ),
        Shape::Policy => ("^\\s*\\{[\\s\\S]*\\}\\s*$".to_owned(), 0, None),
        _ => return None,
    };
    Some((pattern, least, most))
}

fn arn(service: &str, start: &str) -> String {
    format!("arn:(aws|aws-cn|aws-us-gov):{service}:{PLACE}{start}[A-Za-z0-9_:/.$-]+")
}

fn notify() -> String {
    let one = format!(
        "(@[A-Za-z0-9_.-]{{1,127}}|{}|{})",
        arn("sns", ""),
        arn("lambda", "")
    );
    format!("^{one}( {one})*$")
}

/// Six fields of which exactly one of the third and the fifth is `?`, or a rate.
fn schedule() -> String {
    let field = "[A-Za-z0-9*?/,#-]+";
    // A field that is not `?` alone.
    let other = "([A-Za-z0-9*/,#-][A-Za-z0-9*?/,#-]*|\\?[A-Za-z0-9*?/,#-]+)";
    let days = format!("(\\? {field} {other}|{other} {field} \\?)");
    let rate = "rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]{1,5}) (minutes|hours|days))\\)";
    format!("^({field} {field} {days} {field}|{rate})$")
}

/// Ranges of /16 to /20 that begin at their first address.
fn cidr() -> String {
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let firsts = |prefix: u32| {
        let step = 1_usize << (24 - prefix);
        let starts: Vec<String> = (0..256)
            .step_by(step)
            .map(|start| start.to_string())
            .collect();
        format!("({})\\.0/{prefix}", starts.join("|"))
    };
    let ends: Vec<String> = (16..=20).map(firsts).collect();
    format!("^{octet}\\.{octet}\\.({})$", ends.join("|"))
}

fn state_prefix() -> String {
    let part =
        "([A-Za-z0-9_-][A-Za-z0-9._-]*|\\.[A-Za-z0-9_-][A-Za-z0-9._-]*|\\.\\.[A-Za-z0-9._-]+)";
    format!("^{part}(/{part})*$")
}

/// `[registry/]repository[:tag][@sha256:digest]`.
fn image() -> String {
    let word = "[a-z0-9]+([._-]+[a-z0-9]+)*";
    let undotted = "[a-z0-9]+([_-]+[a-z0-9]+)*";
    let number =
        "(0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4}))";
    let label = "[A-Za-z0-9-]+";
    let host = format!("(localhost|{label}(\\.{label})+|{label}(\\.{label})*:{number})");
    let tag = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?";
    let digest = "(@sha256:[0-9a-f]{64})?";
    format!("^(({host}|{undotted})/{word}(/{word})*|{word}){tag}{digest}$")
}

/// CPU and memory. Whether Fargate has so much is not for a pattern to say.
pub(crate) const SIZE: &str = "^([12P]X|[0-9]+:[0-9]+(\\.[0-9]+)?([KkMmGgTt][Bb])?)$";
