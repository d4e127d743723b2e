//! Planning a change.

use tfplugin_types::{Diagnostics, Path, Value};

use super::About;
use crate::proto::tfplugin6::plan_resource_change;
use crate::registry::{Entry, Registry};
use crate::rules;
use crate::{Cx, PlanRequest, PlanResponse, Resource, propose, replace, wire};

pub(crate) async fn plan(
    registry: &Registry,
    cx: &Cx,
    request: plan_resource_change::Request,
) -> plan_resource_change::Response {
    let type_name = request.type_name.as_str();
    let entry = match super::resource(registry, type_name) {
        Ok(entry) => entry,
        Err(answer) => return answer,
    };
    let about = About {
        provider: registry.provider.name(),
        type_name,
        known: entry.known(),
    };
    planned(&about, &entry, cx, &request)
        .await
        .unwrap_or_else(|found| about.failed(found))
}

async fn planned(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    request: &plan_resource_change::Request,
) -> Result<plan_resource_change::Response, Diagnostics> {
    let prior = about.optional("state", request.prior_state.as_ref())?;
    let config = about.optional("configuration", request.config.as_ref())?;
    let private = about.private(&request.prior_private)?;
    let Some(config) = config else {
        return planned_destroy(about, entry, cx, prior, private).await;
    };
    let proposed = propose::propose(about.block(), prior.as_ref(), &config);
    let broken = |found| about.broken("the plan", found);
    let proposed = about
        .form("P1", proposed)
        .map_err(|found| broken(vec![found]))?;
    let question = PlanRequest {
        prior: prior.clone(),
        config: config.clone(),
        proposed,
        private,
    };
    let mut response = entry.of.plan(cx, question).await;
    if response.diagnostics.has_errors() {
        return Err(response.diagnostics);
    }
    let planned = std::mem::take(&mut response.planned);
    let planned = about
        .form("P1", planned)
        .map_err(|found| broken(vec![found]))?;
    let planned = exactly(prior.as_ref(), planned);
    let mut found = rules::plan::check(about.block(), prior.as_ref(), &config, &planned);
    let replaced = replaced(about, prior.as_ref(), &planned, &response, &mut found);
    if !found.is_empty() {
        return Err(broken(found));
    }
    Ok(plan_resource_change::Response {
        planned_state: Some(about.dynamic(&planned)),
        requires_replace: replaced.iter().map(wire::path).collect(),
        planned_private: response.private.to_bytes(),
        diagnostics: about.diagnostics(response.diagnostics),
        ..plan_resource_change::Response::default()
    })
}

/// The prior state itself when nothing differs from it.
fn exactly(prior: Option<&Value>, planned: Value) -> Value {
    prior
        .filter(|prior| prior.same(&planned))
        .cloned()
        .unwrap_or(planned)
}

/// What asks for replacement, each path once and in order.
fn replaced(
    about: &About<'_>,
    prior: Option<&Value>,
    planned: &Value,
    response: &PlanResponse,
    found: &mut Vec<rules::Broken>,
) -> Vec<Path> {
    let Some(prior) = prior else {
        return Vec::new();
    };
    let mut paths = replace::paths(about.block(), prior, planned);
    for path in &response.requires_replace {
        found.extend(rules::plan::p7_path_exists(path, prior, planned));
        paths.insert(path.clone());
    }
    paths.into_iter().collect()
}

async fn planned_destroy(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    prior: Option<Value>,
    private: crate::Private,
) -> Result<plan_resource_change::Response, Diagnostics> {
    let plan = entry
        .of
        .plan_destroy(cx, &prior.unwrap_or_default(), private)
        .await;
    if plan.diagnostics.has_errors() {
        return Err(plan.diagnostics);
    }
    Ok(plan_resource_change::Response {
        planned_state: Some(about.dynamic(&Value::Null)),
        planned_private: plan.private.to_bytes(),
        diagnostics: about.diagnostics(plan.diagnostics),
        ..plan_resource_change::Response::default()
    })
}
