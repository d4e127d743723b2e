//! Endpoints that somebody set, in the provider block, the environment or the profile.
//!
//! The SDK takes an empty text for an endpoint and panics when it calls it, and so does it with what is
//! no URL. An empty text means "not set", as in AWS's own tools; anything else is checked beforehand.

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use url::Url;

use crate::restrictions;
use crate::session::ConnectError;

/// Every service that is called: our name of it, that of its endpoint in a provider block, and AWS's
/// service id, from which the names in environment and profile follow.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
pub(crate) const SERVICES: &[(&str, &str)] = &[
    ("acm", "ACM"),
    ("appautoscaling", "Application Auto Scaling"),
    ("cloudwatch", "CloudWatch"),
    ("ec2", "EC2"),
    ("ecs", "ECS"),
    ("elbv2", "Elastic Load Balancing v2"),
    ("events", "EventBridge"),
    ("iam", "IAM"),
    ("logs", "CloudWatch Logs"),
    ("rds", "RDS"),
    ("route53", "Route 53"),
    ("scheduler", "Scheduler"),
    ("secretsmanager", "Secrets Manager"),
    ("servicediscovery", "ServiceDiscovery"),
    ("sqs", "SQS"),
    ("ssm", "SSM"),
    ("sts", "STS"),
    ("tagging", "Resource Groups Tagging API"),
];

const ALL: &str = "AWS_ENDPOINT_URL";

/// Says what is wrong with an endpoint. The empty text means that none is set.
pub fn check_endpoint(text: &str) -> Result<(), String> {
    let fits = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if text.is_empty() || Url::parse(text).is_ok_and(fits) {
        return Ok(());
    }
    let shown = without_user(text);
    Err(format!(
        "`{shown}` is not an endpoint. Write a whole URL with its scheme, like \"http://localhost:5555\"."
    ))
}

/// The URL without the password that someone may have put into it.
pub(crate) fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!(
                "{scheme}://{host}{}",
                path.split(['?', '#']).next().unwrap_or_default()
            )
        }
        None => url.to_owned(),
    }
}

/// The environment variable with the endpoint of a service.
pub(crate) fn variable(service_id: &str) -> String {
    format!("{ALL}_{}", service_id.to_uppercase().replace(' ', "_"))
}

/// Takes endpoints that are empty for endpoints that are not set, and refuses what is no URL.
pub(crate) fn checked(shared: SdkConfig) -> Result<SdkConfig, ConnectError> {
    let blank = shared.endpoint_url().is_some_and(str::is_empty);
    let all = shared.endpoint_url().filter(|url| !url.is_empty());
    let all = all.map(|url| (ALL.to_owned(), url.to_owned()));
    let single = SERVICES
        .iter()
        .filter_map(|(_, id)| Some((variable(id), configured(&shared, id)?)));
    for (setting, url) in all.into_iter().chain(single) {
        restrictions::check_plain(&setting, &url)?;
        check_endpoint(&url).map_err(|problem| ConnectError::Endpoint { setting, problem })?;
    }
    let mut builder = shared.clone().into_builder();
    if blank {
        builder.set_endpoint_url(None);
    }
    Ok(builder.service_config(NotEmpty(shared)).build())
}

/// The endpoint of one service in environment and profile.
fn configured(shared: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env(ALL)
        .profile("endpoint_url")
        .build()
        .ok()?;
    shared.service_config()?.load_config(key)
}

/// Settings of single services, but those that are empty.
#[derive(Debug)]
struct NotEmpty(SdkConfig);

impl LoadServiceConfig for NotEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let found = self.0.service_config()?.load_config(key)?;
        (!found.trim().is_empty()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_endpoint_is_a_whole_url_or_nothing() {
        for right in [
            "",
            "http://localhost:5555",
            "https://vpce-1.example.com/base",
        ] {
            assert_eq!(check_endpoint(right), Ok(()), "{right}");
        }
        for wrong in [" ", "localhost:5555", "ftp://x", "http://", "//x", "/path"] {
            assert!(check_endpoint(wrong).is_err(), "{wrong}");
        }
        let shown = check_endpoint("gopher://me:secret@host/x").unwrap_err();
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn variables_are_named_as_aws_names_them() {
        assert_eq!(variable("ECS"), "AWS_ENDPOINT_URL_ECS");
        let elb = "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2";
        assert_eq!(variable("Elastic Load Balancing v2"), elb);
    }
}
