//! `ignore_drift`: a misspelt entry would ignore nothing, and nobody would notice.

use std::collections::BTreeSet;

use stackwright_plan::{Graph, Kind};
use tfplugin_types::{Cfg, Diagnostics, Path};

/// Warns of entries that name no component and no field. It is no error: a component may belong to an
/// argument that is null in this environment.
pub(super) fn check(
    graph: &Graph,
    ignore_drift: &Cfg<BTreeSet<Cfg<String>>>,
    found: &mut Diagnostics,
) {
    let patterns = ignore_drift.known().into_iter().flatten();
    for pattern in patterns.filter_map(Cfg::known) {
        let mut nodes = graph.nodes.iter();
        if !nodes.any(|(key, node)| names(pattern, &key.0, node.kind)) {
            found.warning(
                Path::attribute("ignore_drift"),
                "Entry of ignore_drift Has No Effect",
                format!("`{pattern}` names no component of this resource, or no field of one. {} Write `component` or `component.field`.", choices(graph, pattern)),
            );
        }
    }
}

/// Whether a pattern stands for components, or for a field of one.
fn names(pattern: &str, key: &str, kind: Kind) -> bool {
    let behind = |whole: &str, start: &str| {
        let rest = whole.strip_prefix(start)?.strip_prefix('.')?;
        Some(rest.split('.').next().unwrap_or_default().to_owned())
    };
    let is_field = |field: String| kind.fields().contains(&field.as_str());
    key == pattern || behind(key, pattern).is_some() || behind(pattern, key).is_some_and(is_field)
}

/// The fields of the component that is meant, or else all components.
fn choices(graph: &Graph, pattern: &str) -> String {
    let mut nodes = graph.nodes.iter();
    let meant = nodes.find(|(key, _)| pattern.starts_with(&format!("{key}.")));
    if let Some((key, node)) = meant {
        return format!("Fields of `{key}`: {}.", node.kind.fields().join(", "));
    }
    let keys: Vec<&str> = graph.nodes.keys().map(|key| key.0.as_str()).collect();
    format!("Its components: {}.", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_components_or_a_field() {
        for (pattern, fits) in [
            ("rule", true),
            ("rule.www", true),
            ("rule.www.priority", true),
            ("rule.www.tags.team", true),
            ("rule.www.colour", false),
            ("rule.w", false),
            ("rules", false),
            ("priority", false),
        ] {
            let named = names(pattern, "rule.www", Kind::ListenerRule);
            assert_eq!(named, fits, "{pattern}");
        }
    }
}
