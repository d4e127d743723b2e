//! The shapes of values that services take: paths, schedules, metrics, ARNs. `shape.rs` has those of names and places.

use crate::shape::{Shape, is_digits, is_domain, is_region};

/// Whether a value has one of these shapes.
pub(crate) fn accepts(shape: Shape, value: &str) -> bool {
    match shape {
        Shape::Key => is_key(value),
        Shape::Notify => value.len() <= 1024 && is_notify(value),
        Shape::Handle => is_handle(value),
        Shape::TargetArn => is_arn(value, "sns", ""),
        Shape::CertificateArn => is_arn(value, "acm", "certificate/"),
        Shape::ZoneId => {
            let rest = value.strip_prefix('Z').unwrap_or_default();
            (1..=31).contains(&rest.len())
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        }
        Shape::UrlPath => is_path(value, 1024, "_-.$/~\"'@:+&(),=%!;"),
        Shape::RoutePath => is_path(value, 128, "_-.$/~\"'@:+&(),=%!;*?"),
        Shape::Host => is_host(value),
        Shape::Matcher => value.split(',').all(is_codes),
        Shape::Schedule => is_schedule(value),
        Shape::TimeZone => is_time_zone(value),
        Shape::TimeWindow => is_time_window(value),
        Shape::SpaceAggr => is_space_aggr(value),
        Shape::Metric => {
            (1..=255).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        }
        Shape::MonitorName => {
            (1..=128).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        }
        Shape::Message => (1..=900).contains(&value.chars().count()),
        Shape::EngineVersion => is_version(value),
        Shape::InstanceClass => is_instance_class(value),
        Shape::BackupWindow => is_window(value, is_time),
        Shape::MaintenanceWindow => is_window(value, is_weekly_time),
        Shape::Parameter => is_parameter(value),
        Shape::KmsKeyArn => is_arn(value, "kms", "key/"),
        Shape::Replica => is_replica(value),
        Shape::RdsId => {
            (1..=255).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
        }
        Shape::Moment => is_moment(value),
        Shape::Policy => value.trim().starts_with('{') && value.trim().ends_with('}'),
        _ => false,
    }
}

/// What such a value is called.
pub(crate) fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Key => "a key",
        Shape::Notify => "a list of handles",
        Shape::Handle => "a handle",
        Shape::TargetArn => "the ARN of an SNS topic",
        Shape::CertificateArn => "the ARN of an ACM certificate",
        Shape::ZoneId => "the id of a Route 53 zone",
        Shape::UrlPath => "a path",
        Shape::RoutePath => "a path of a route",
        Shape::Host => "a host name",
        Shape::Matcher => "a list of HTTP codes",
        Shape::Schedule => "a schedule",
        Shape::TimeZone => "a time zone",
        Shape::TimeWindow => "a time window",
        Shape::SpaceAggr => "a way to put series together",
        Shape::Metric => "a name that CloudWatch takes",
        Shape::MonitorName => "a monitor name",
        Shape::Message => "a message that fits into an alarm",
        Shape::EngineVersion => "a PostgreSQL version",
        Shape::InstanceClass => "a database instance class",
        Shape::BackupWindow => "a time of day",
        Shape::MaintenanceWindow => "a time of the week",
        Shape::Parameter => "a PostgreSQL parameter",
        Shape::KmsKeyArn => "the ARN of a KMS key",
        Shape::Replica => "a key of a replica",
        Shape::RdsId => "a name that RDS has",
        Shape::Moment => "a moment in UTC",
        Shape::Policy => "an IAM policy",
        _ => "text",
    }
}

/// What to write instead.
pub(crate) fn rule(shape: Shape) -> &'static str {
    match shape {
        Shape::Key => {
            "write 1 to 64 lower-case letters, digits, `_` and `-`, starting with a letter, as in `latency`"
        }
        Shape::Notify => {
            "write handles that begin with `@`, or ARNs, with one space between them, as in `@pagerduty @slack-ops`"
        }
        Shape::Handle => "write a handle that begins with `@`, as in `@pagerduty`",
        Shape::TargetArn => {
            "write the full ARN of a topic, as in `arn:aws:sns:us-west-2:333333333333:pagerduty`"
        }
        Shape::CertificateArn => {
            "write the full ARN of a certificate, as in `arn:aws:acm:us-west-2:333333333333:certificate/12345678-1234-1234-1234-123456789012`"
        }
        Shape::ZoneId => "write the id of the hosted zone, as in `Z0123456789ABCDEFGHIJ`",
        Shape::UrlPath => "write a path that begins with `/`, as in `/healthz`",
        Shape::RoutePath => {
            "write a path of at most 128 characters that begins with `/`, as in `/api/*`"
        }
        Shape::Host => {
            "write a host name in lower case, as in `www.acme.example` or `*.acme.example`"
        }
        Shape::Matcher => "write codes from 200 to 499, as in `200`, `200,302` or `200-399`",
        Shape::Schedule => {
            "write six fields with `?` for one of the two days, as in `0 3 * * ? *` (every night at three), or `rate(5 minutes)`"
        }
        Shape::TimeZone => "write a name of the IANA list, as in `Europe/Berlin` or `UTC`",
        Shape::TimeWindow => {
            "write `last_` and a length of time, as in `last_5m`, `last_1h` or `last_1d`"
        }
        Shape::SpaceAggr => "write `avg`, `sum`, `min`, `max` or a percentile, as in `p95`",
        Shape::Metric => "write 1 to 255 printable ASCII characters, as in `app.internal_errors`",
        Shape::MonitorName => "write 1 to 128 printable ASCII characters",
        Shape::Message => "write 1 to 900 characters: CloudWatch keeps 1024 with what is added",
        Shape::EngineVersion => "write a major version or major and minor, as in `16` or `16.4`",
        Shape::InstanceClass => "write a class, as in `db.t4g.micro` or `db.m7g.large`",
        Shape::BackupWindow => "write two times in UTC, as in `03:00-03:30`",
        Shape::MaintenanceWindow => {
            "write two moments of the week in UTC, as in `sun:04:00-sun:04:30`"
        }
        Shape::Parameter => {
            "write lower-case letters, digits, `_` and `.`, as in `log_min_duration_statement`"
        }
        Shape::KmsKeyArn => {
            "write the full ARN of a key, as in `arn:aws:kms:us-west-2:333333333333:key/12345678-1234-1234-1234-123456789012`"
        }
        Shape::Replica => {
            "write 1 to 20 lower-case letters, digits and `-`, starting with a letter, as in `reports`"
        }
        Shape::RdsId => "write its identifier or ARN, without spaces",
        Shape::Moment => "write a time in UTC, as in `2026-11-20T09:30:00Z`",
        Shape::Policy => {
            "write a policy document as JSON, as in `{\"Version\": \"2012-10-17\", \"Statement\": []}`"
        }
        _ => "write text between quotes",
    }
}

fn is_key(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

fn is_notify(text: &str) -> bool {
    text.split(' ')
        .all(|word| is_handle(word) || is_target(word))
}

fn is_handle(text: &str) -> bool {
    let name = text.strip_prefix('@').unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=127).contains(&name.len()) && name.chars().all(plain)
}

fn is_target(text: &str) -> bool {
    ["sns", "lambda"]
        .iter()
        .any(|service| is_arn(text, service, ""))
}

/// `arn:partition:service:region:account:` and what follows, of plain characters.
fn is_arn(text: &str, service: &str, start: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, of, region, account, rest] = parts.as_slice() else {
        return false;
    };
    let name = rest.strip_prefix(start).unwrap_or_default();
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '.' | '$');
    *arn == "arn"
        && matches!(*partition, "aws" | "aws-cn" | "aws-us-gov")
        && *of == service
        && is_region(region)
        && account.len() == 12
        && is_digits(account)
        && !name.is_empty()
        && name.chars().all(plain)
}

fn is_path(text: &str, most: usize, marks: &str) -> bool {
    text.len() <= most
        && text.starts_with('/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

fn is_host(text: &str) -> bool {
    text.len() <= 128 && is_domain(text.strip_prefix("*.").unwrap_or(text))
}

fn is_codes(text: &str) -> bool {
    let code = |text: &str| {
        text.len() == 3
            && is_digits(text)
            && ('2'..='4').contains(&text.chars().next().unwrap_or('0'))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    code(first) && code(last)
}

/// Six fields of which one of the two days is `?`, or a rate. What the fields hold is checked with the meaning: `check_processes.rs`.
fn is_schedule(text: &str) -> bool {
    if let Some(rate) = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return is_rate(rate);
    }
    let plain = |field: &&str| {
        !field.is_empty()
            && field
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "*?/,-#".contains(c))
    };
    let fields: Vec<&str> = text.split(' ').collect();
    let [_, _, day, _, weekday, _] = fields.as_slice() else {
        return false;
    };
    fields.iter().all(plain) && (*day == "?") != (*weekday == "?")
}

fn is_rate(rate: &str) -> bool {
    let Some((value, unit)) = rate.split_once(' ') else {
        return false;
    };
    let counted = is_digits(value) && !value.starts_with('0') && value.len() <= 6;
    let one = value == "1";
    counted
        && match unit {
            "minute" | "hour" | "day" => one,
            "minutes" | "hours" | "days" => !one,
            _ => false,
        }
}

fn is_time_zone(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    (1..=50).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(plain)
}

fn is_time_window(text: &str) -> bool {
    let Some(length) = text.strip_prefix("last_") else {
        return false;
    };
    let Some(number) = length.strip_suffix(['m', 'h', 'd']) else {
        return false;
    };
    is_digits(number) && !number.starts_with('0') && number.len() <= 4
}

fn is_space_aggr(text: &str) -> bool {
    if matches!(text, "avg" | "sum" | "min" | "max") {
        return true;
    }
    let Some(percent) = text.strip_prefix('p') else {
        return false;
    };
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    is_digits(whole)
        && whole.len() <= 2
        && !whole.starts_with('0')
        && is_digits(part)
        && part.len() <= 2
}

/// Two moments with a hyphen between them.
fn is_window(text: &str, moment: fn(&str) -> bool) -> bool {
    text.split_once('-')
        .is_some_and(|(from, to)| moment(from) && moment(to))
}

/// `04:30`.
fn is_time(text: &str) -> bool {
    let number = |part: &str, below: u8| {
        part.len() == 2 && is_digits(part) && part.parse().is_ok_and(|number: u8| number < below)
    };
    text.split_once(':')
        .is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60))
}

/// `sun:04:30`.
fn is_weekly_time(text: &str) -> bool {
    text.split_once(':').is_some_and(|(day, time)| {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&day) && is_time(time)
    })
}

fn is_parameter(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'))
}

fn is_replica(text: &str) -> bool {
    text.len() <= 20
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// `2026-11-20T09:30:00Z`; whether there is such a day is the provider's to say.
fn is_moment(text: &str) -> bool {
    let shape = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c });
    shape.eq("0000-00-00T00:00:00Z".chars())
}

fn is_version(text: &str) -> bool {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(major)
        && major.len() == 2
        && !major.starts_with('0')
        && is_digits(minor)
        && minor.len() <= 2
}

fn is_instance_class(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let Some((family, size)) = text
        .strip_prefix("db.")
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    text.len() <= 32 && word(family) && size.split('-').all(word)
}
