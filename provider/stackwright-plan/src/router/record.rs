//! What an import cannot read from a load balancer is kept in an SSM parameter (design record 002).

use serde_json::{Value as Json, json};
use tfplugin_types::{Cfg, TfType as _};

use super::{BALANCER, RECORD, RouterConfig, RouterLogsConfig, parts};
use crate::app::{network_from_record, network_to_record};
use crate::component::AccessLogs;
use crate::resource::{Found, RecoverError, cfg_list, cfg_map, known_list, known_map, required};
use crate::{Kind, Scope};

/// Name of the parameter. Two levels below the environment, where an app has one.
pub(super) fn name(scope: &Scope, router: &str) -> String {
    format!(
        "/stackwright/{}/{}/routers/{router}/router",
        scope.project, scope.environment
    )
}

/// What it says; `None` while a part is not known.
pub(super) fn text(view: &RouterConfig) -> Option<String> {
    let mut record = json!({
        "network": network_to_record(view.network.known()?)?,
        "domains": known_list(&view.domains)?,
        "additional_certificate_arns": known_map(&view.additional_certificate_arns)?,
        "ssl_policy": view.ssl_policy.known()?,
    });
    for (name, value) in [
        ("zone_id", &view.zone_id),
        ("certificate_arn", &view.certificate_arn),
    ] {
        if !value.is_null() {
            record[name] = json!(value.known()?);
        }
    }
    Some(record.to_string())
}

/// The configuration that would have made what was found.
pub(super) fn recover(
    scope: &Scope,
    id: &str,
    router: &str,
    found: &Found,
) -> Result<RouterConfig, RecoverError> {
    let parameter = required(found, RECORD, id, Kind::Parameter)?;
    let balancer = required(found, BALANCER, id, Kind::LoadBalancer)?;
    let foreign = |reason: &str| RecoverError::Foreign {
        id: id.to_owned(),
        kind: Kind::Parameter.label(),
        reason: reason.to_owned(),
    };
    let record: Json = serde_json::from_str(&parameter.text("value").unwrap_or_default())
        .map_err(|_| foreign("its value is not the JSON that Stackwright writes"))?;
    let mut view = from_record(&record).ok_or_else(|| foreign("its JSON lacks a part"))?;
    let logs = balancer.fields.get("access_logs").cloned();
    let logs: AccessLogs = logs
        .and_then(|logs| serde_json::from_value(logs).ok())
        .unwrap_or_default();
    if logs.enabled {
        view.access_logs = Cfg::Known(RouterLogsConfig {
            bucket: Cfg::Known(logs.bucket),
            prefix: Cfg::Known(logs.prefix),
        });
    }
    view.name = Cfg::Known(router.to_owned());
    view.public = Cfg::Known(balancer.text("scheme").as_deref() == Some(parts::scheme(true)));
    view.ipv6 = Cfg::Known(balancer.text("ip_address_type").as_deref() == Some("dualstack"));
    view.idle_timeout = balancer.number("idle_timeout").into();
    // What AWS has is read right after the import; until then it counts as protected.
    view.deletion_protection = Cfg::Known(true);
    view.common.tags = cfg_map(balancer.user_tags(scope));
    Ok(view)
}

fn from_record(record: &Json) -> Option<RouterConfig> {
    let text = |name: &str| record.get(name).and_then(Json::as_str).map(str::to_owned);
    let domains: Vec<String> = serde_json::from_value(record.get("domains")?.clone()).ok()?;
    let further = record.get("additional_certificate_arns")?.clone();
    Some(RouterConfig {
        network: network_from_record(record.get("network")?)?.to_config(),
        domains: cfg_list(domains),
        additional_certificate_arns: cfg_map(serde_json::from_value(further).ok()?),
        ssl_policy: text("ssl_policy").into(),
        zone_id: text("zone_id").into(),
        certificate_arn: text("certificate_arn").into(),
        ..RouterConfig::default()
    })
}
