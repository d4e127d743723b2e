//! Rules of CloudWatch for single values.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_types::{Cfg, Diagnostics, Path};

use crate::aws_rules::is_account;

/// Actions that an alarm runs per state.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
pub(crate) const ACTIONS: usize = 5;
/// Characters of an expression.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>
pub(crate) const EXPRESSION: usize = 2048;

/// Metrics that an alarm takes beside its expressions.
pub(crate) const METRICS: usize = 10;
/// Dimensions of a metric.
pub const DIMENSIONS: usize = 30;
/// Dimensions of a metric filter.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>
pub(crate) const FILTER_DIMENSIONS: usize = 3;

fn refuse_unless(fits: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(problem()) }
}

/// Where monitors live.
pub fn backend(name: &String) -> Result<(), String> {
    match name {
        name if name == "cloudwatch" => Ok(()),
        name if name == "datadog" => Err("backend = \"datadog\" comes with a later version of Stackwright. Use \"cloudwatch\", or keep these monitors with the datadog provider until then.".to_owned()),
        other => Err(format!("backend = \"{other}\" is unknown. Use \"cloudwatch\".")),
    }
}

/// Name of a CloudWatch namespace.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>
pub fn namespace(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || ".-_/#: ".contains(c);
    let fits =
        (1..=255).contains(&name.len()) && !name.starts_with(':') && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a CloudWatch namespace. Use 1 to 255 letters, digits, spaces and . - _ / # :, not beginning with `:`."
        )
    })
}

/// Name of a monitor: part of alarm names, alarm rules and tags.
pub fn name(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
    let fits = !name.is_empty() && name.trim() == name && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "name \"{name}\" is kept in tags, and AWS takes only letters, digits, spaces and + - = . _ : / @ there, with no space at either end. Put the rest into message."
        )
    })
}

/// Name of a metric.
pub fn metric(name: &String) -> Result<(), String> {
    let fits = (1..=255).contains(&name.chars().count())
        && !name
            .chars()
            .any(|c| c.is_control() || c == '"' || c == '\'');
    refuse_unless(fits, || {
        format!(
            "`{name}` is not a metric that an alarm can watch. Use 1 to 255 characters without quotes."
        )
    })
}

/// What a metric filter cannot put into a metric's name or namespace.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>
pub(crate) fn made_by_filter(what: &str, name: &str) -> Result<(), String> {
    refuse_unless(!name.contains([':', '*', '$']), || {
        format!(
            "{what} \"{name}\" has `:`, `*` or `$`, which CloudWatch Logs does not take for a metric that it makes. Leave them out."
        )
    })
}

/// What one event counts: a number, or a field of it.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>
pub fn log_value(value: &String) -> Result<(), String> {
    let fits = (1..=100).contains(&value.chars().count())
        && (value.starts_with('$') || value.parse::<f64>().is_ok_and(f64::is_finite));
    refuse_unless(fits, || {
        format!(
            "log.value \"{value}\" counts nothing: give a number, or a field of the event like `$.duration`, with at most 100 characters."
        )
    })
}

/// Longest pattern of an EventBridge rule.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
const PATTERN: usize = 4096;

/// Pattern of an EventBridge rule: objects, and at their ends lists of what is looked for.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>
pub fn event_pattern(text: &str) -> Result<(), String> {
    let json: Json = serde_json::from_str(text).map_err(|error| {
        format!("event.pattern is no JSON ({error}). Write it with jsonencode({{ ... }}).")
    })?;
    let length = json.to_string().chars().count();
    refuse_unless(length <= PATTERN, || {
        format!(
            "event.pattern has {length} characters, and EventBridge takes {PATTERN}. Look for fewer values, or for prefixes."
        )
    })?;
    match json.as_object() {
        Some(fields) if !fields.is_empty() => ends("", fields),
        _ => Err("event.pattern has to be an object with at least one field, like { source = [\"aws.ecs\"] }: any other would match nothing, or everything.".to_owned()),
    }
}

fn ends(at: &str, fields: &serde_json::Map<String, Json>) -> Result<(), String> {
    for (name, value) in fields {
        let path = format!("{at}{name}");
        match value {
            Json::Array(wanted) if wanted.is_empty() => {
                return Err(format!(
                    "event.pattern looks for nothing in `{path}`: its list is empty. Name values, or leave the field out."
                ));
            }
            Json::Array(any) if name == "$or" => alternatives(&path, any)?,
            Json::Array(_) => {}
            Json::Object(inner) if !inner.is_empty() => ends(&format!("{path}."), inner)?,
            _ => {
                return Err(format!(
                    "event.pattern has `{path}` as {value}: EventBridge takes a list of what is looked for, like [{value}]."
                ));
            }
        }
    }
    Ok(())
}

/// At least two patterns of which one is enough.
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
fn alternatives(path: &str, any: &[Json]) -> Result<(), String> {
    refuse_unless(any.len() > 1, || {
        format!(
            "event.pattern has `{path}` with one pattern, and EventBridge takes two or more. Write it without $or."
        )
    })?;
    for one in any {
        match one.as_object() {
            Some(fields) if !fields.is_empty() => ends(&format!("{path}."), fields)?,
            _ => {
                return Err(format!(
                    "event.pattern has `{path}` over {one}: write it as a list of patterns."
                ));
            }
        }
    }
    Ok(())
}

/// Name of a log group.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
pub fn log_group(name: &String) -> Result<(), String> {
    let letters = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    let fits = (1..=512).contains(&name.len()) && name.chars().all(letters);
    refuse_unless(fits, || {
        format!(
            "`{name}` is not the name of a log group. Use 1 to 512 letters, digits and _ - / . #, like `/acme/prod/shop`."
        )
    })
}

/// Seconds between two datapoints.
pub fn interval(seconds: &i64) -> Result<(), String> {
    let fits = [10, 20, 30].contains(seconds) || (*seconds > 0 && seconds % 60 == 0);
    refuse_unless(fits, || {
        format!("interval {seconds}: use 10, 20, 30 or a multiple of 60.")
    })
}

/// Something that an alarm can do, by its ARN.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
pub(crate) fn is_action(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        [
            "arn",
            _,
            "sns" | "lambda" | "ssm" | "aiops",
            region,
            account,
            rest,
        ] => !region.is_empty() && is_account(account) && !rest.is_empty(),
        ["arn", _, "ssm-incidents", "", account, rest] => is_account(account) && !rest.is_empty(),
        _ => false,
    }
}

/// Name of a dimension that a metric filter makes, and the field that it takes the value from.
/// Sources: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
pub(super) fn filter_dimension(name: &str, field: Option<&String>) -> Result<(), String> {
    let named = (1..=255).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !name.trim().is_empty()
        && !name.starts_with(':');
    let field = field.is_none_or(|field| field != "$" && field.chars().count() <= 255);
    refuse_unless(named && field, || {
        "A dimension of a metric filter has a name of 1 to 255 ASCII characters that does not begin with `:`, and a field like `$.path` of at most 255 characters. Write it so.".to_owned()
    })
}

/// Whether an action runs when an alarm recovers or has no data: an investigation begins when it fires, and a composite alarm
/// begins no `OpsItem` when it recovers.
/// Sources: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
pub(crate) fn runs_beside_alarm(arn: &str, composite: bool) -> bool {
    match arn.split(':').nth(2) {
        Some("aiops") => false,
        Some("sns" | "lambda") => true,
        _ => !composite,
    }
}

/// Region of an action, when it is not the alarm's own.
pub(crate) fn foreign_region<'a>(arn: &'a str, region: &str) -> Option<&'a str> {
    let found = arn.split(':').nth(3).unwrap_or_default();
    (!found.is_empty() && found != region).then_some(found)
}

/// The provider's handles.
pub fn notifiers(at: &Path, map: &Cfg<BTreeMap<String, Cfg<String>>>, found: &mut Diagnostics) {
    let Cfg::Known(map) = map else { return };
    for (handle, arn) in map {
        if handle.is_empty()
            || handle.chars().any(char::is_whitespace)
            || handle.starts_with("arn:")
        {
            found.error(
                at.key(handle),
                "Invalid Handle",
                format!("`{handle}` cannot be a handle: `notify` is split at spaces, and ARNs stand for themselves. Write it like \"@pagerduty\"."),
            );
        }
        if let Some(arn) = arn.known().filter(|arn| !is_action(arn)) {
            found.error(
                at.key(handle),
                "Not an Alarm Action",
                format!("`{handle}` stands for `{arn}`, which a monitor cannot tell. Give the ARN of an SNS topic (arn:aws:sns:...), a Lambda function, an OpsItem or a response plan."),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn texts(check: fn(&String) -> Result<(), String>, text: &str) -> Result<(), String> {
        check(&text.to_owned())
    }

    #[test]
    fn datadog_is_told_to_come_later() {
        let problem = texts(backend, "datadog").unwrap_err();
        assert!(problem.contains("comes with a later version"), "{problem}");
        assert!(texts(backend, "cloudwatch").is_ok());
        assert!(texts(backend, "nagios").unwrap_err().contains("nagios"));
    }

    #[test]
    fn periods_that_cloudwatch_does_not_have_are_refused() {
        assert_eq!(
            interval(&45).unwrap_err(),
            "interval 45: use 10, 20, 30 or a multiple of 60."
        );
        for seconds in [10, 20, 30, 60, 300, 3600] {
            assert!(interval(&seconds).is_ok(), "{seconds}");
        }
        for seconds in [0, -60, 1, 40, 90] {
            assert!(interval(&seconds).is_err(), "{seconds}");
        }
    }

    #[test]
    fn names_fit_into_tags() {
        assert!(texts(name, "App Internal Errors").is_ok());
        for bad in ["", " x", "x ", "5xx > 10%", "a\"b", "a\nb"] {
            assert!(texts(name, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn metrics_and_namespaces_are_checked() {
        assert!(texts(metric, "app.5xx").is_ok());
        assert!(texts(metric, "a\"b").is_err());
        assert!(texts(namespace, "AWS/RDS").is_ok());
        assert!(texts(namespace, ":x").is_err());
        assert!(texts(namespace, "").is_err());
    }

    #[test]
    fn patterns_are_objects_with_lists_at_their_ends() {
        for good in [
            r#"{"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}"#,
            r#"{"detail": {"containers": {"exitCode": [{"anything-but": 0}]}}}"#,
            r#"{"$or": [{"source": ["a"]}, {"detail": {"x": [{"exists": false}]}}]}"#,
        ] {
            assert_eq!(event_pattern(good), Ok(()), "{good}");
        }
        for (bad, said) in [
            ("{", "is no JSON"),
            ("{}", "at least one field"),
            (r#"["aws.ecs"]"#, "at least one field"),
            (r#"{"source": "aws.ecs"}"#, "like [\"aws.ecs\"]"),
            (r#"{"source": []}"#, "looks for nothing in `source`"),
            (r#"{"detail": {"a": {"b": 1}}}"#, "`detail.a.b` as 1"),
            (r#"{"detail": {}}"#, "`detail` as {}"),
            (r#"{"$or": [{"source": ["x"]}]}"#, "two or more"),
            (r#"{"$or": ["x", "y"]}"#, "list of patterns"),
            (r#"{"$or": [{"source": ["x"]}, {}]}"#, "list of patterns"),
            (
                r#"{"$or": [{"source": ["x"]}, {"source": "x"}]}"#,
                "`$or.source`",
            ),
        ] {
            let found = event_pattern(bad).unwrap_err();
            assert!(found.contains(said), "{bad}: {found}");
        }
        let long = format!(r#"{{"source": ["{}"]}}"#, "x".repeat(PATTERN));
        assert!(event_pattern(&long).unwrap_err().contains("takes 4096"));
    }

    #[test]
    fn notifiers_are_handles_and_actions() {
        let map = |handle: &str, arn: &str| {
            let entry = (handle.to_owned(), Cfg::Known(arn.to_owned()));
            let mut found = Diagnostics::new();
            notifiers(
                &Path::root(),
                &Cfg::Known(BTreeMap::from([entry])),
                &mut found,
            );
            found.0.into_iter().map(|it| it.summary).collect::<Vec<_>>()
        };
        assert!(map("@pagerduty", "arn:aws:sns:us-west-2:111111111111:page").is_empty());
        assert!(
            map(
                "@ops",
                "arn:aws:ssm-incidents::111111111111:response-plan/x"
            )
            .is_empty()
        );
        assert_eq!(
            map("@a b", "arn:aws:sns:us-west-2:111111111111:page"),
            ["Invalid Handle"]
        );
        assert_eq!(map("@s3", "arn:aws:s3:::bucket"), ["Not an Alarm Action"]);
    }
}
