//! Listener of a load balancer.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    self, Action, ActionTypeEnum, Certificate, FixedResponseActionConfig, ProtocolEnum,
    RedirectActionConfig, RedirectActionStatusCodeEnum,
};
use stackwright_plan::component::{Listener, ListenerAction};
use stackwright_plan::diff::FieldDiff;

use crate::call::Op;
use crate::elbv2::{self, ARNS, GONE};
use crate::loader::Source;
use crate::settle;
use crate::tag_changes::{same_resource, touches};
use crate::{Adapter, Aws, AwsError, Created, Freshness, Lookup, Observed, Recorded, Wait};

const DESCRIBE: Op = Op::new("elasticloadbalancing", "DescribeListeners");
const CREATE: Op = Op::new("elasticloadbalancing", "CreateListener");
const MODIFY: Op = Op::new("elasticloadbalancing", "ModifyListener");
const DELETE: Op = Op::new("elasticloadbalancing", "DeleteListener");

/// Listeners by ARN.
#[derive(Debug)]
pub(crate) struct Listeners;

#[async_trait]
impl Source for Listeners {
    type Key = String;
    type Item = types::Listener;
    const BATCH: usize = ARNS;

    async fn keyed(
        aws: &Aws,
        arns: &[String],
    ) -> Result<HashMap<String, types::Listener>, AwsError> {
        elbv2::whole_or_each(arns, |arns| async move {
            let pages = aws.elbv2().describe_listeners();
            let pages = pages.set_listener_arns(Some(arns)).into_paginator();
            let pages = aws.pages(DESCRIBE, pages.send()).await?;
            let found = pages
                .into_iter()
                .flat_map(|page| page.listeners.unwrap_or_default());
            Ok(found
                .filter_map(|one| Some((one.listener_arn.clone()?, one)))
                .collect())
        })
        .await
    }
}

pub(crate) async fn of_load_balancer(
    aws: &Aws,
    arn: &str,
) -> Result<Vec<types::Listener>, AwsError> {
    let pages = aws.elbv2().describe_listeners().load_balancer_arn(arn);
    let pages = pages.page_size(400).into_paginator().send();
    match aws.pages(DESCRIBE, pages).await {
        Err(error) if error.is_code(GONE) => Ok(Vec::new()),
        pages => Ok(pages?
            .into_iter()
            .flat_map(|page| page.listeners.unwrap_or_default())
            .collect()),
    }
}

fn arn_of(recorded: &Recorded) -> Option<&str> {
    recorded
        .get("arn")
        .map(String::as_str)
        .filter(|arn| !arn.is_empty())
}

fn outputs(arn: &str) -> Recorded {
    Recorded::from([("arn".to_owned(), arn.to_owned())])
}

fn forget(aws: &Aws, arn: &str) {
    aws.loaders.listeners.forget(&arn.to_owned());
    aws.loaders.elb_tags.forget(&arn.to_owned());
}

async fn observe(
    aws: &Aws,
    found: types::Listener,
    freshness: Freshness,
) -> Result<Observed<Listener>, AwsError> {
    let arn = found
        .listener_arn
        .clone()
        .ok_or_else(|| DESCRIBE.lacks("ListenerArn"))?;
    let tags = elbv2::tags(aws, &arn, freshness).await?;
    let protocol = found
        .protocol
        .map_or_else(String::new, |protocol| protocol.as_str().to_owned());
    // Plain HTTP has neither, whatever AWS shows.
    let tls = protocol == "HTTPS";
    let certificates = found.certificates.unwrap_or_default();
    let certificate = certificates.into_iter().find_map(|it| it.certificate_arn);
    let component = Listener {
        load_balancer_arn: found.load_balancer_arn.unwrap_or_default().into(),
        port: found.port.unwrap_or_default(),
        protocol,
        ssl_policy: found.ssl_policy.filter(|_| tls).unwrap_or_default(),
        certificate_arn: certificate.filter(|_| tls).unwrap_or_default().into(),
        default_action: action(found.default_actions.unwrap_or_default().last()),
        tags: tags.clone(),
    };
    Ok(Observed {
        component,
        outputs: outputs(&arn),
        tags,
    })
}

fn action(found: Option<&Action>) -> ListenerAction {
    let other = || {
        let kind = found.and_then(Action::r#type);
        ListenerAction::Other(kind.map_or_else(|| "none".to_owned(), |it| it.as_str().to_owned()))
    };
    let text = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    let Some(found) = found else { return other() };
    match (found.redirect_config(), found.fixed_response_config()) {
        (Some(to), _) => ListenerAction::Redirect {
            protocol: text(to.protocol(), "#{protocol}"),
            port: text(to.port(), "#{port}"),
            host: text(to.host(), "#{host}"),
            path: text(to.path(), "/#{path}"),
            query: text(to.query(), "#{query}"),
            status_code: to
                .status_code()
                .map_or_else(String::new, |code| code.as_str().to_owned()),
        },
        (None, Some(says)) => ListenerAction::FixedResponse {
            status_code: text(says.status_code(), ""),
            content_type: text(says.content_type(), "text/plain"),
            message_body: text(says.message_body(), ""),
        },
        (None, None) => other(),
    }
}

fn sdk_action(action: &ListenerAction) -> Action {
    let builder = Action::builder();
    match action {
        ListenerAction::Redirect {
            protocol,
            port,
            host,
            path,
            query,
            status_code,
        } => {
            let to = RedirectActionConfig::builder()
                .protocol(protocol)
                .port(port)
                .host(host)
                .path(path)
                .query(query)
                .status_code(RedirectActionStatusCodeEnum::from(status_code.as_str()));
            builder
                .r#type(ActionTypeEnum::Redirect)
                .redirect_config(to.build())
                .build()
        }
        ListenerAction::FixedResponse {
            status_code,
            content_type,
            message_body,
        } => {
            let says = FixedResponseActionConfig::builder()
                .status_code(status_code)
                .content_type(content_type)
                .message_body(message_body);
            builder
                .r#type(ActionTypeEnum::FixedResponse)
                .fixed_response_config(says.build())
                .build()
        }
        ListenerAction::Other(kind) => builder.r#type(ActionTypeEnum::from(kind.as_str())).build(),
    }
}

/// The certificates and the policy of a listener with TLS.
fn tls(desired: &Listener) -> (Option<Vec<Certificate>>, Option<String>) {
    if desired.protocol != "HTTPS" {
        return (None, None);
    }
    let certificate = Certificate::builder()
        .certificate_arn(desired.certificate_arn.get())
        .build();
    (Some(vec![certificate]), Some(desired.ssl_policy.clone()))
}

#[async_trait]
impl Adapter for Listener {
    async fn read(
        aws: &Aws,
        recorded: &Recorded,
        freshness: Freshness,
    ) -> Result<Option<Observed<Self>>, AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(None);
        };
        match settle::get(aws, &aws.loaders.listeners, arn, freshness).await? {
            Some(found) => observe(aws, found, freshness).await.map(Some),
            None => Ok(None),
        }
    }

    /// A load balancer has one listener per port.
    async fn find(aws: &Aws, lookup: Lookup<'_, Self>) -> Result<Vec<Observed<Self>>, AwsError> {
        let found = match lookup {
            Lookup::Desired(desired, _) => {
                let mut found = of_load_balancer(aws, desired.load_balancer_arn.get()).await?;
                found.retain(|one| one.port == Some(desired.port));
                found
            }
            Lookup::Named(arn) => {
                let loader = &aws.loaders.listeners;
                let found = loader.get(aws, &arn.to_owned(), Freshness::Fresh).await?;
                found.into_iter().collect()
            }
            Lookup::Owned(_) => all(aws).await?,
        };
        let reads = found
            .into_iter()
            .map(|one| observe(aws, one, Freshness::Fresh));
        let mut found = futures_util::future::try_join_all(reads).await?;
        if let Lookup::Owned(tags) = lookup {
            found.retain(|one| same_resource(&one.tags, tags));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, _token: &str) -> Result<Created, AwsError> {
        let load_balancer = self.load_balancer_arn.get();
        let certificate = self.certificate_arn.get();
        let answer = settle::once_known(aws, &[load_balancer, certificate], || {
            let (certificates, policy) = tls(self);
            let call = aws
                .elbv2()
                .create_listener()
                .load_balancer_arn(load_balancer)
                .port(self.port)
                .protocol(ProtocolEnum::from(self.protocol.as_str()))
                .set_certificates(certificates)
                .set_ssl_policy(policy)
                .default_actions(sdk_action(&self.default_action))
                .set_tags(Some(elbv2::sdk_tags(&self.tags)));
            aws.call(CREATE, call.send())
        })
        .await?;
        let made = answer.listeners.unwrap_or_default().into_iter().next();
        let arn = made
            .and_then(|listener| listener.listener_arn)
            .ok_or_else(|| CREATE.lacks("ListenerArn"))?;
        aws.newborns.note(&arn);
        forget(aws, &arn);
        Ok(Created {
            outputs: outputs(&arn),
            complete: true,
        })
    }

    async fn update(
        &self,
        aws: &Aws,
        observed: &Observed<Self>,
        changed: &[FieldDiff],
    ) -> Result<Recorded, AwsError> {
        let Some(arn) = arn_of(&observed.outputs) else {
            return Err(DESCRIBE.lacks("ListenerArn"));
        };
        forget(aws, arn);
        let written = write(self, aws, arn, changed).await;
        forget(aws, arn);
        written.map(|()| observed.outputs.clone())
    }

    async fn delete(aws: &Aws, recorded: &Recorded, wait: &Wait) -> Result<(), AwsError> {
        let Some(arn) = arn_of(recorded) else {
            return Ok(());
        };
        let attempt = || {
            let call = aws.elbv2().delete_listener().listener_arn(arn);
            aws.call(DELETE, call.send())
        };
        let deleted = settle::delete(aws, arn, GONE, wait, attempt).await;
        forget(aws, arn);
        deleted
    }
}

/// The listeners of every load balancer.
async fn all(aws: &Aws) -> Result<Vec<types::Listener>, AwsError> {
    use crate::load_balancer::LoadBalancers;
    let balancers = LoadBalancers::list(aws, &[]).await?.unwrap_or_default();
    let mut found = Vec::new();
    for arn in balancers.keys() {
        found.extend(of_load_balancer(aws, arn).await?);
    }
    Ok(found)
}

async fn write(
    desired: &Listener,
    aws: &Aws,
    arn: &str,
    changed: &[FieldDiff],
) -> Result<(), AwsError> {
    let port = touches(
        changed,
        &["port", "protocol", "ssl_policy", "certificate_arn"],
    );
    let action = touches(changed, &["default_action"]);
    if port || action {
        let mut call = aws.elbv2().modify_listener().listener_arn(arn);
        if port {
            let (certificates, policy) = tls(desired);
            call = call
                .port(desired.port)
                .protocol(ProtocolEnum::from(desired.protocol.as_str()))
                .set_certificates(certificates)
                .set_ssl_policy(policy);
        }
        if action {
            call = call.default_actions(sdk_action(&desired.default_action));
        }
        aws.call(MODIFY, call.send()).await?;
    }
    elbv2::write_tags(aws, arn, changed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_read_back_as_they_were_written() {
        let text = str::to_owned;
        let redirect = ListenerAction::Redirect {
            protocol: text("HTTPS"),
            port: text("443"),
            host: text("#{host}"),
            path: text("/#{path}"),
            query: text("#{query}"),
            status_code: text("HTTP_301"),
        };
        let fixed = ListenerAction::FixedResponse {
            status_code: text("404"),
            content_type: text("text/plain"),
            message_body: text("nothing here"),
        };
        for one in [redirect, fixed, ListenerAction::Other(text("forward"))] {
            assert_eq!(action(Some(&sdk_action(&one))), one);
        }
        assert_eq!(action(None), ListenerAction::Other("none".to_owned()));
    }
}
