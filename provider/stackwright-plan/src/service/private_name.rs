//! The name by which tasks of the network reach the process: a Cloud Map service that ECS fills.

use std::collections::BTreeMap;

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::ServiceConfig;
use super::inputs::{Inputs, REGISTRY};
use crate::component::CloudMapService;
use crate::{Graph, In};

/// Seconds that resolvers keep the addresses of tasks.
const TTL: i64 = 10;

/// Which name the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    None,
    /// `<process>.<app>`
    Default,
    Named(&'a str),
}

/// Terraform makes a text of `true`. `None`: not known yet.
pub(super) fn wanted(value: &Cfg<String>) -> Option<Wanted<'_>> {
    match value {
        Cfg::Null => Some(Wanted::None),
        Cfg::Known(text) => Some(match text.as_str() {
            "true" => Wanted::Default,
            "false" => Wanted::None,
            name => Wanted::Named(name),
        }),
        Cfg::Unknown(_) => None,
    }
}

/// The name inside the namespace.
pub(super) fn relative(wanted: Wanted<'_>, app: &str, process: &str) -> Option<String> {
    match wanted {
        Wanted::None => None,
        // A process may have letters in its name that host names do not have.
        Wanted::Default => Some(format!(
            "{}.{app}",
            process.to_ascii_lowercase().replace('_', "-")
        )),
        Wanted::Named(name) => Some(name.to_owned()),
    }
}

pub(super) fn components(inputs: &Inputs<'_>, graph: &mut Graph) -> Option<()> {
    let wanted = wanted(&inputs.view.private_name)?;
    let Some(name) = relative(wanted, inputs.app, inputs.process) else {
        return Some(());
    };
    let service = CloudMapService {
        namespace_id: In::cfg(&inputs.app_ref.namespace_id),
        description: format!("Tasks of {} of {}", inputs.process, inputs.app),
        records: BTreeMap::from([("A".to_owned(), TTL)]),
        routing_policy: "MULTIVALUE".to_owned(),
        custom_health: true,
        tags: inputs.tags(REGISTRY, &name),
        name,
    };
    graph.add(REGISTRY, &service);
    Some(())
}

/// The whole DNS name; null when there is none.
pub(super) fn dns_name(view: &ServiceConfig) -> Cfg<String> {
    let Some(wanted) = wanted(&view.private_name) else {
        return Cfg::unknown();
    };
    if wanted == Wanted::None {
        return Cfg::Null;
    }
    let parts = view.app.known().and_then(|app| {
        let name = relative(wanted, app.name.known()?, view.process.known()?)?;
        Some(format!("{name}.{}", app.namespace.known()?))
    });
    parts.map_or_else(Cfg::unknown, Cfg::Known)
}

pub(super) fn check(view: &ServiceConfig, found: &mut Diagnostics) {
    let at = Path::attribute("private_name");
    let wanted = wanted(&view.private_name).unwrap_or(Wanted::None);
    let app = view.app.known().and_then(|app| app.name.known());
    let app = app.map_or("app", String::as_str);
    let process = view.process.known().map_or("web", String::as_str);
    if let Some(name) = relative(wanted, app, process)
        && let Err(problem) = super::rules::private_name(&name)
    {
        found.error(at.clone(), "Invalid Private Name", problem);
    }
    let no_namespace = view
        .app
        .known()
        .is_some_and(|app| app.namespace_id.is_null() || app.namespace.is_null());
    if wanted != Wanted::None && no_namespace {
        found.error(
            at,
            "The Network Has No Private Names",
            "The network of the app has no namespace, so nothing in it can have a private name. Use a network of `stackwright_network`, give `namespace_id` and `namespace` in the app's network, or remove `private_name`.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_from_process_and_app() {
        let name = |text: &str| {
            let value = Cfg::Known(text.to_owned());
            relative(wanted(&value).unwrap_or(Wanted::None), "shop", "Web_API")
        };
        assert_eq!(name("true").as_deref(), Some("web-api.shop"));
        assert_eq!(name("api").as_deref(), Some("api"));
        assert_eq!(name("false"), None);
        assert_eq!(wanted(&Cfg::unknown()), None);
    }
}
