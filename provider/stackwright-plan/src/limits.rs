//! Limits of AWS on what the attributes of a resource become together: they show in its graph alone.

use serde_json::{Map, Value as Json};
use tfplugin_types::{Diagnostics, Path};

use crate::aws_rules;
use crate::component::Kind;
use crate::graph::Node;
use crate::{Graph, Key};

/// The largest task definition, as JSON.
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
const TASK_DEFINITION: usize = 64 * 1024;

/// Tells of every component that AWS would refuse for its size. What is not known yet counts as nothing.
pub fn check(graph: &Graph, found: &mut Diagnostics) {
    for (key, node) in &graph.nodes {
        match node.kind {
            Kind::Role => check_role(key, node, found),
            Kind::TaskDefinition => check_task_definition(&node.desired, found),
            _ => {}
        }
    }
}

/// IAM counts the inline policies of a role together, without white space.
fn check_role(key: &Key, role: &Node, found: &mut Diagnostics) {
    let policies = role
        .desired
        .get("inline_policies")
        .and_then(Json::as_object);
    let mut lengths: Vec<(&String, usize)> = policies
        .into_iter()
        .flatten()
        .map(|(name, document)| (name, document.to_string().len()))
        .collect();
    let total: usize = lengths.iter().map(|(_, length)| length).sum();
    if total <= aws_rules::INLINE_POLICIES {
        return;
    }
    lengths.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
    let parts: Vec<String> = lengths
        .iter()
        .map(|(name, length)| format!("`{name}` {length}"))
        .collect();
    let (at, advice) = if key.0 == "role.execution" {
        (
            Path::attribute("secrets"),
            "Name fewer secrets: one secret of Secrets Manager can hold many values, each read by its JSON key (`<arn>:<key>::`).",
        )
    } else if key.0 == "role" {
        (
            Path::attribute("policies"),
            "Shorten them, or move some into a managed policy.",
        )
    } else {
        (
            Path::root(),
            "Shorten the `policies` of the app, or mount fewer volumes.",
        )
    };
    found.error(
        at,
        "Policies Too Long",
        format!(
            "The inline policies of the IAM role {} would have {total} characters together ({}), and IAM takes {}. {advice}",
            name_of(role),
            parts.join(", "),
            aws_rules::INLINE_POLICIES,
        ),
    );
}

fn name_of(role: &Node) -> &str {
    let name = role.desired.get("role_name").and_then(Json::as_str);
    name.unwrap_or_default()
}

fn check_task_definition(definition: &Map<String, Json>, found: &mut Diagnostics) {
    let containers = definition.get("containers").and_then(Json::as_array);
    let containers: Vec<&Json> = containers.into_iter().flatten().collect();
    let size: usize = containers.iter().map(|it| size_of(it)).sum();
    if size <= TASK_DEFINITION {
        return;
    }
    let main = containers.first().copied().unwrap_or(&Json::Null);
    let of = |field: &str| main.get(field).map_or(0, |it| it.to_string().len());
    let rest: usize = containers.iter().skip(1).map(|it| size_of(it)).sum();
    let largest = [
        ("config", of("environment")),
        ("secrets", of("secrets")),
        ("command", of("command") + of("entry_point")),
        ("sidecars", rest),
    ];
    let largest = largest.into_iter().max_by_key(|(_, size)| *size);
    found.error(
        Path::attribute(largest.map_or("config", |(name, _)| name)),
        "Task Definition Too Large",
        format!("The task definition, with the variables of the app and the process, commands and sidecars, would have about {size} bytes, and ECS takes {TASK_DEFINITION}. Keep large texts in a file of the image, in S3, or in a secret."),
    );
}

/// Bytes of a container in AWS's form, where a variable is `{"name":"A","value":"b"}` and a secret `{"name":"A","valueFrom":"b"}`
/// and not, as here, `"A":"b"`.
fn size_of(container: &Json) -> usize {
    let count = |field: &str| {
        let map = container.get(field).and_then(Json::as_object);
        map.map_or(0, Map::len)
    };
    container.to_string().len() + 18 * count("environment") + 22 * count("secrets")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn graph(key: &str, kind: Kind, desired: &Json) -> Graph {
        let node = Node {
            kind,
            desired: desired.as_object().unwrap().clone(),
            predicted: std::collections::BTreeMap::new(),
            after: std::collections::BTreeSet::new(),
            main: false,
            identified_by: None,
        };
        Graph {
            nodes: [(key.into(), node)].into(),
        }
    }

    fn problems(graph: &Graph) -> Vec<String> {
        let mut found = Diagnostics::new();
        check(graph, &mut found);
        let told = |it: tfplugin_types::Diagnostic| format!("{}: {}", it.path, it.detail);
        found.0.into_iter().map(told).collect()
    }

    #[test]
    fn the_inline_policies_of_a_role_count_together() {
        let role = |key: &str, length: usize| {
            // Each document is a JSON string here: two quotes more.
            let policies = json!({ "preset": "x".repeat(5_000 - 2), "p": "x".repeat(length - 2) });
            let desired = json!({ "role_name": "acme", "inline_policies": policies });
            problems(&graph(key, Kind::Role, &desired))
        };
        assert_eq!(role("role", 5_240), Vec::<String>::new());
        let one = role("role", 5_241);
        assert!(one[0].starts_with("policies: "), "{one:?}");
        assert!(
            one[0].contains("acme would have 10241 characters together (`p` 5241, `preset` 5000)"),
            "{one:?}"
        );
        let other = role("role.execution", 9_000);
        assert!(
            other[0].starts_with("secrets: ") && other[0].contains("fewer secrets"),
            "{other:?}"
        );
        let unknown = json!({ "inline_policies": { "$unknown": true } });
        assert_eq!(
            problems(&graph("role", Kind::Role, &unknown)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_task_definition_counts_as_aws_writes_it() {
        let task = |main: Json| {
            let desired = json!({ "containers": [main, { "name": "log" }] });
            problems(&graph("task_definition", Kind::TaskDefinition, &desired))
        };
        let variables = |count: usize| -> Json {
            let all: Map<String, Json> = (0..count)
                .map(|at| (format!("V{at:04}"), json!("1")))
                .collect();
            json!({ "environment": all })
        };
        assert_eq!(task(variables(2_000)), Vec::<String>::new());
        assert!(task(variables(2_300))[0].starts_with("config: "));
        let command = json!({ "command": ["x".repeat(66_000)] });
        assert!(task(command)[0].starts_with("command: "));
    }
}
