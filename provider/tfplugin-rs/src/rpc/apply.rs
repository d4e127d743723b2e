//! Creating, updating and deleting.

use tfplugin_types::{Diagnostics, Type, Value};

use super::About;
use crate::proto::tfplugin6::{self as proto, apply_resource_change};
use crate::registry::{Entry, Registry};
use crate::rules::{self, Broken};
use crate::service::Answer as _;
use crate::{ApplyRequest, ApplyResponse, Cx, Resource, Saved};

pub(crate) async fn apply(
    registry: &Registry,
    cx: &Cx,
    request: apply_resource_change::Request,
) -> apply_resource_change::Response {
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
    match order(&about, &request) {
        Ok(order) => applied(&about, &entry, cx, order).await,
        Err(found) => unchanged(&about, &request, found),
    }
}

/// Nothing was done: the state from before, whatever it is, stays.
fn unchanged(
    about: &About<'_>,
    request: &apply_resource_change::Request,
    found: Diagnostics,
) -> apply_resource_change::Response {
    apply_resource_change::Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        diagnostics: about.diagnostics(found),
        ..apply_resource_change::Response::default()
    }
}

fn order(
    about: &About<'_>,
    request: &apply_resource_change::Request,
) -> Result<ApplyRequest, Diagnostics> {
    Ok(ApplyRequest {
        prior: about.optional("state", request.prior_state.as_ref())?,
        planned: about.optional("planned state", request.planned_state.as_ref())?,
        config: about.optional("configuration", request.config.as_ref())?,
        private: about.private(&request.planned_private)?,
    })
}

async fn applied(
    about: &About<'_>,
    entry: &Entry<dyn Resource>,
    cx: &Cx,
    order: ApplyRequest,
) -> apply_resource_change::Response {
    let (prior, planned) = (order.prior.clone(), order.planned.clone());
    let before = order.private.clone();
    let mut response = entry.of.apply(cx, order).await;
    let failed = response.diagnostics.has_errors();
    let answered = response.state.is_some();
    let (state, broken) = checked(about, prior.as_ref(), planned.as_ref(), &mut response, cx);
    // Whoever fails without a word about the private data has not meant to lose it.
    let private = if failed && !answered {
        before
    } else {
        response.private
    };
    let mut found = response.diagnostics;
    found.extend(about.broken("the apply", broken));
    apply_resource_change::Response {
        new_state: Some(about.dynamic(&state.unwrap_or_default())),
        private: private.to_bytes(),
        diagnostics: about.diagnostics(found),
        ..apply_resource_change::Response::default()
    }
}

/// The state to save, and the rules that it breaks. Something that may exist is never forgotten:
/// an answer that breaks a rule is saved as far as it can be.
fn checked(
    about: &About<'_>,
    prior: Option<&Value>,
    planned: Option<&Value>,
    response: &mut ApplyResponse,
    cx: &Cx,
) -> (Option<Value>, Vec<Broken>) {
    let failed = response.diagnostics.has_errors();
    let Some(state) = response.state.take() else {
        if failed {
            return (prior.cloned(), Vec::new());
        }
        let broken = rules::apply::a4_presence(planned, None);
        let kept = planned.map(|planned| settled(&about.known.ty, planned, prior));
        return (kept, broken.into_iter().collect());
    };
    let state = match about.form("A1", state) {
        Ok(state) => state,
        Err(broken) => {
            let saved = cx
                .saved()
                .and_then(|saved| about.form("A1", saved.state).ok());
            let kept = saved.as_ref().or(planned).or(prior);
            let kept = kept.map(|kept| settled(&about.known.ty, kept, prior));
            return (kept, vec![broken]);
        }
    };
    if failed {
        return (Some(settled(&about.known.ty, &state, prior)), Vec::new());
    }
    let mut broken: Vec<Broken> = rules::apply::a4_presence(planned, Some(&state))
        .into_iter()
        .collect();
    broken.extend(rules::state::check(
        "A1",
        about.block(),
        &about.known.ty,
        &state,
    ));
    if let Some(planned) = planned {
        broken.extend(rules::apply::check(&about.known.ty, planned, &state));
    }
    (Some(settled(&about.known.ty, &state, prior)), broken)
}

/// The value with the prior one, or null, wherever it is still unknown.
pub(crate) fn settled(ty: &Type, value: &Value, prior: Option<&Value>) -> Value {
    match (ty, value) {
        (_, Value::Unknown(_)) => prior.cloned().unwrap_or_default(),
        (_, value) if value.is_wholly_known() => value.clone(),
        (Type::Object(types), Value::Map(fields)) => {
            Value::object(fields.iter().map(|(name, value)| {
                let ty = types.get(name).unwrap_or(&Type::Dynamic);
                (
                    name.clone(),
                    settled(ty, value, prior.map(|prior| prior.get(name))),
                )
            }))
        }
        (Type::Map(element), Value::Map(items)) => {
            Value::object(items.iter().map(|(key, item)| {
                (
                    key.clone(),
                    settled(element, item, prior.map(|prior| prior.get(key))),
                )
            }))
        }
        (Type::List(element), Value::Seq(items)) => {
            let prior = prior.and_then(Value::as_seq).unwrap_or_default();
            let items = items.iter().enumerate();
            Value::list(items.map(|(index, item)| settled(element, item, prior.get(index))))
        }
        (Type::Set(element), Value::Seq(items)) => {
            Value::list(items.iter().map(|item| settled(element, item, None)))
        }
        _ => Value::Null,
    }
}

/// The answer of an apply that panicked or was abandoned: the newest checkpoint, else the state from before.
pub(crate) fn unfinished(
    registry: &Registry,
    type_name: &str,
    saved: Option<Saved>,
    before: (Option<proto::DynamicValue>, Vec<u8>),
    diagnostic: proto::Diagnostic,
) -> apply_resource_change::Response {
    let mut answer = apply_resource_change::Response::failed(vec![diagnostic]);
    (answer.new_state, answer.private) = before;
    let Ok(entry) = super::resource::<apply_resource_change::Response>(registry, type_name) else {
        return answer;
    };
    let about = About {
        provider: registry.provider.name(),
        type_name,
        known: entry.known(),
    };
    if let Some(saved) = saved
        && let Ok(state) = about.form("A1", saved.state)
    {
        let prior = about.value("state", answer.new_state.as_ref()).ok();
        let state = settled(&about.known.ty, &state, prior.as_ref());
        answer.new_state = Some(about.dynamic(&state));
        answer.private = saved.private.to_bytes();
    }
    answer
}
