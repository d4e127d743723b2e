//! Registry pages from the schemas themselves, in the layout that the Terraform Registry shows:
//! `index.md`, `resources/<name>.md`, `data-sources/<name>.md`, `functions/<name>.md`.
//!
//! Pure: examples come in as texts, pages go out as texts.

#![allow(
    clippy::format_push_string,
    reason = "pages are small, and `write!` would hide the text behind results that cannot fail"
)]

mod block;
mod words;

use std::collections::BTreeMap;

use crate::{DataSource, Function, Provider, Resource};

/// A file beside the pages, by its path under `examples/`, such as `resources/corner_gate/resource.tf`.
pub type Examples<'a> = &'a dyn Fn(&str) -> Option<String>;

/// All pages of a provider by their path under `docs/`. `introduction` is the text of the first page.
pub fn pages(
    provider: &dyn Provider,
    introduction: &str,
    examples: Examples<'_>,
) -> BTreeMap<String, String> {
    let name = provider.name();
    let mut pages = BTreeMap::new();
    pages.insert(
        "index.md".to_owned(),
        index(provider, introduction, examples),
    );
    for resource in provider.resources() {
        let short = short(name, resource.type_name());
        let page = of_resource(name, resource.as_ref(), examples);
        pages.insert(format!("resources/{short}.md"), page);
    }
    for source in provider.data_sources() {
        let short = short(name, source.type_name());
        let page = of_data_source(name, source.as_ref(), examples);
        pages.insert(format!("data-sources/{short}.md"), page);
    }
    for function in provider.functions() {
        let page = of_function(name, function.as_ref(), examples);
        pages.insert(format!("functions/{}.md", function.name()), page);
    }
    pages
}

/// The type name without the provider's prefix.
fn short<'a>(provider: &str, type_name: &'a str) -> &'a str {
    let rest = type_name.strip_prefix(provider);
    rest.and_then(|rest| rest.strip_prefix('_'))
        .unwrap_or(type_name)
}

fn index(provider: &dyn Provider, introduction: &str, examples: Examples<'_>) -> String {
    let name = provider.name();
    let schema = provider.schema();
    let mut page = front_matter(
        &format!("Provider: {name}"),
        &words::first_sentence(introduction),
    );
    page += &format!("# {name} Provider\n\n{}\n", introduction.trim());
    page += &example(examples, "provider/provider.tf", "terraform");
    page += &block::schema(&schema.block);
    page
}

fn of_resource(provider: &str, resource: &dyn Resource, examples: Examples<'_>) -> String {
    let (name, schema) = (resource.type_name(), resource.schema());
    let mut page = opening(provider, name, "Resource", &schema.block.description);
    let folder = format!("resources/{name}");
    page += &example(examples, &format!("{folder}/resource.tf"), "terraform");
    page += &block::schema(&schema.block);
    if let Some(import) = examples(&format!("{folder}/import.sh")) {
        page += &format!("\n## Import\n\n```shell\n{}\n```\n", import.trim());
    }
    page
}

fn of_data_source(provider: &str, source: &dyn DataSource, examples: Examples<'_>) -> String {
    let (name, schema) = (source.type_name(), source.schema());
    let mut page = opening(provider, name, "Data Source", &schema.block.description);
    let file = format!("data-sources/{name}/data-source.tf");
    page += &example(examples, &file, "terraform");
    page += &block::schema(&schema.block);
    page
}

fn of_function(provider: &str, function: &dyn Function, examples: Examples<'_>) -> String {
    let (name, signature) = (function.name(), function.signature());
    let title = format!("{name} function - {provider}");
    let mut page = front_matter(&title, &signature.summary);
    page += &format!(
        "# function: {name}\n\n{}\n",
        words::escaped(&signature.description)
    );
    let file = format!("functions/{name}/function.tf");
    page += &example(examples, &file, "terraform");
    page += "\n## Signature\n\n```text\n";
    page += &words::call(name, &signature);
    page += "\n```\n\n## Arguments\n\n";
    let all = signature.parameters.iter().chain(&signature.variadic);
    for (at, parameter) in all.enumerate() {
        let ty = words::of_type(&parameter.ty);
        let note = if at < signature.parameters.len() {
            ""
        } else {
            ", may be repeated or left out"
        };
        let text = words::escaped(&parameter.description);
        page += &format!("1. `{}` ({ty}{note}) {text}\n", parameter.name);
    }
    page
}

fn opening(provider: &str, name: &str, kind: &str, description: &str) -> String {
    let title = format!("{name} {kind} - {provider}");
    let front = front_matter(&title, &words::first_sentence(description));
    format!(
        "{front}# {name} ({kind})\n\n{}\n",
        words::escaped(description)
    )
}

fn front_matter(title: &str, description: &str) -> String {
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"\"\ndescription: |-\n  {}\n---\n\n<!-- Generated from the source by `make docs`. Do not edit. -->\n\n",
        description.replace('\n', " ")
    )
}

fn example(examples: Examples<'_>, file: &str, language: &str) -> String {
    examples(file).map_or_else(String::new, |text| {
        format!(
            "\n## Example Usage\n\n```{language}\n{}\n```\n",
            text.trim()
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;
    use std::sync::Arc;

    use async_trait::async_trait;
    use tfplugin_types::{Diagnostics, Schema, TfObject as _, TfSchema, Type, Value};

    use super::*;
    use crate::{
        ApplyRequest, ApplyResponse, Cx, FunctionError, FunctionSignature, ImportResponse,
        Parameter, PlanRequest, PlanResponse, ReadRequest, ReadResponse,
    };

    /// A gate in a wall. It opens inwards.
    #[derive(Debug, Clone, PartialEq, TfSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Gate {
        /// Its name.
        #[tf(replace, one_of("north", "south"))]
        name: String,
        /// Keys by owner.
        keys: Option<std::collections::BTreeMap<String, Key>>,
        /// Width in cm.
        #[tf(default = 90, range(60..=200))]
        width: i64,
        /// Who may pass.
        #[tf(default = BTreeSet::new())]
        guests: BTreeSet<String>,
        /// Its number.
        #[tf(computed)]
        number: i64,
    }

    /// A key.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
    struct Key {
        /// Teeth.
        teeth: i64,
        /// Engraving.
        #[tf(default = "none".to_owned())]
        engraving: String,
    }

    struct GateResource;

    #[async_trait]
    impl Resource for GateResource {
        fn type_name(&self) -> &'static str {
            "corner_gate"
        }

        fn schema(&self) -> Schema {
            Schema {
                version: 0,
                block: Gate::block(),
            }
        }

        async fn read(&self, _: &Cx, request: ReadRequest) -> ReadResponse {
            ReadResponse::found(request.state, request.private)
        }

        async fn plan(&self, _: &Cx, _: PlanRequest) -> PlanResponse {
            PlanResponse::failed(Diagnostics::new())
        }

        async fn apply(&self, _: &Cx, _: ApplyRequest) -> ApplyResponse {
            ApplyResponse::failed(Diagnostics::new())
        }

        async fn import(&self, _: &Cx, _: &str) -> ImportResponse {
            ImportResponse::failed(Diagnostics::new())
        }
    }

    struct Double;

    impl Function for Double {
        fn name(&self) -> &'static str {
            "double"
        }

        fn signature(&self) -> FunctionSignature {
            FunctionSignature {
                parameters: vec![Parameter::new("number", Type::Number, "What to double.")],
                variadic: Some(Parameter::new("more", Type::String, "Ignored.")),
                returns: Type::Number,
                summary: "Doubles".to_owned(),
                description: "Answers twice the number.".to_owned(),
            }
        }

        fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
            Ok(arguments[0].clone())
        }
    }

    struct Corner;

    #[async_trait]
    impl Provider for Corner {
        fn name(&self) -> &'static str {
            "corner"
        }

        fn version(&self) -> &'static str {
            "0.1.0"
        }

        fn schema(&self) -> Schema {
            Schema::default()
        }

        fn resources(&self) -> Vec<Arc<dyn Resource>> {
            vec![Arc::new(GateResource)]
        }

        fn functions(&self) -> Vec<Arc<dyn Function>> {
            vec![Arc::new(Double)]
        }

        async fn configure(&self, _: &Cx, _: &Value, _: &str) -> Diagnostics {
            Diagnostics::new()
        }
    }

    fn page(path: &str) -> String {
        let examples = |file: &str| {
            file.ends_with("corner_gate/import.sh")
                .then(|| "terraform import corner_gate.x north\n".to_owned())
        };
        pages(&Corner, "Corners. More.", &examples)[path].clone()
    }

    #[test]
    fn a_page_for_each_thing() {
        let pages = pages(&Corner, "Corners.", &|_| None);
        let paths: Vec<&String> = pages.keys().collect();
        assert_eq!(
            paths,
            ["functions/double.md", "index.md", "resources/gate.md"]
        );
    }

    #[test]
    fn an_argument_says_what_it_takes_and_what_a_change_does() {
        let page = page("resources/gate.md");
        let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("- ")).collect();
        assert_eq!(
            lines,
            [
                "- `name` (String) Its name. Allowed: one of `north`, `south`. A change replaces the resource.",
                "- `guests` (Set of String) Who may pass. Default: `[]`.",
                "- `keys` (Attributes Map) Keys by owner. (see [below](#nestedatt--keys))",
                "- `width` (Number) Width in cm. Allowed: 60 to 200. Default: `90`.",
                "- `number` (Number) Its number.",
                "- `teeth` (Number) Teeth.",
                "- `engraving` (String) Engraving. Default: `\"none\"`.",
            ]
        );
        let order = [
            "### Required",
            "### Optional",
            "### Read-Only",
            "### Nested Schema for `keys`",
        ];
        let places: Vec<usize> = order.iter().map(|text| page.find(text).unwrap()).collect();
        assert!(places.is_sorted(), "{page}");
    }

    #[test]
    fn the_front_matter_has_the_first_sentence() {
        let page = page("resources/gate.md");
        assert!(page.starts_with("---\npage_title: \"corner_gate Resource - corner\"\n"));
        assert!(page.contains("description: |-\n  A gate in a wall.\n---"));
    }

    #[test]
    fn the_import_is_shown() {
        assert!(page("resources/gate.md").contains("terraform import corner_gate.x north"));
    }

    #[test]
    fn a_function_shows_its_call() {
        let page = page("functions/double.md");
        assert!(
            page.contains("double(number number, more string...) number"),
            "{page}"
        );
    }
}
