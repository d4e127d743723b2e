//! From a project to its tree: which template makes which file.
//!
//! Templates know `each` and `if` and nothing else. A plain `{{value}}` is escaped for the inside of a quoted HCL string (in `.md`
//! templates: for Markdown), so that no template can forget it; `{{key value}}` writes the key of an object and `{{comment value}}` text
//! for a comment. Unescaped output (three braces) is refused by a test.

use std::num::NonZero;
use std::thread;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    ScopedJson,
};
use serde::Serialize;

use crate::module_sources::Modules;
use crate::project::{App, Environment, Project};
use crate::tree::Tree;
use crate::view::{AppView, BackendView, EnvironmentView, ProjectView};
use crate::{hcl_align, hcl_escape, hcl_value, markdown_escape};

/// Makes every file of the tree.
pub(crate) fn render(project: &Project, modules: &Modules) -> Tree {
    let templates = Templates::new();
    let mut tree = Tree::default();
    let view = shown(&ProjectView::of(project, modules));
    templates.add(&mut tree, "README.md", "README.md", &view);
    templates.add(&mut tree, "gitignore", ".gitignore", &view);
    render_root(&templates, &mut tree, "ops", &["ops"], &view);
    templates.add(
        &mut tree,
        "ops/terraform.tfvars",
        "ops/terraform.tfvars",
        &view,
    );
    let environments = project.environments.iter();
    let names: Vec<&str> = environments.map(|plan| plan.environment.name()).collect();
    render_root(&templates, &mut tree, "environment", &names, &view);
    render_own(&templates, &mut tree, project, modules);
    // Apps know nothing of each other, and with hundreds of them they are most of the work.
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = project.apps.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let shares = project.apps.chunks(share);
        let rendered: Vec<_> = shares
            .map(|apps| scope.spawn(|| render_apps(&templates, apps, modules)))
            .collect();
        for part in rendered {
            tree.join(part.join().expect("a test renders every template"));
        }
    });
    for (path, content) in modules.used_by(tree.files()) {
        tree.add(format!("modules/{path}"), &format!("\n{content}"));
    }
    tree.finished()
}

/// The modules of some apps.
fn render_apps(templates: &Templates<'_>, apps: &[App], modules: &Modules) -> Tree {
    let mut tree = Tree::default();
    let nothing = shown(&());
    for app in apps {
        let view = shown(&AppView::of(app, modules));
        let path = |file: &str| format!("apps/{}/{file}", app.name);
        for file in ["README.md", "main.tf", "outputs.tf", "variables.tf"] {
            templates.add(&mut tree, &format!("app/{file}"), &path(file), &view);
        }
        templates.add(&mut tree, "versions.tf", &path("versions.tf"), &nothing);
    }
    tree
}

/// What templates see, turned over once for all files that show it.
fn shown(view: &impl Serialize) -> Context {
    Context::wraps(view).expect("views have only what JSON has")
}

/// The files that every root of a kind has, and that say the same in each.
fn render_root(
    templates: &Templates<'_>,
    tree: &mut Tree,
    kind: &str,
    roots: &[&str],
    view: &Context,
) {
    let own = ["main.tf", "outputs.tf", "providers.tf", "variables.tf"];
    let own = own.map(|file| (format!("{kind}/{file}"), file));
    for (template, file) in own
        .into_iter()
        .chain([("versions.tf".to_owned(), "versions.tf")])
    {
        let body = templates.body(&template, view);
        for root in roots {
            tree.add(format!("{root}/{file}"), &body);
        }
    }
}

/// What each root has of its own: where its state is, and the values of an environment.
fn render_own(templates: &Templates<'_>, tree: &mut Tree, project: &Project, modules: &Modules) {
    let environments = project.environments.iter();
    let all = environments.clone().map(|plan| Some(plan.environment));
    for environment in [None].into_iter().chain(all) {
        let root = environment.map_or("ops", Environment::name);
        let backend = shown(&BackendView::of(project.state.as_ref(), environment));
        templates.add(tree, "backend.tf", &format!("{root}/backend.tf"), &backend);
    }
    for plan in environments {
        let path = format!("{}/terraform.tfvars", plan.environment);
        let view = shown(&EnvironmentView::of(project, plan, modules));
        templates.add(tree, "environment/terraform.tfvars", &path, &view);
    }
}

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name, ".hbs")))),+]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "README.md",
    "app/README.md",
    "app/main.tf",
    "app/outputs.tf",
    "app/variables.tf",
    "backend.tf",
    "environment/main.tf",
    "environment/outputs.tf",
    "environment/providers.tf",
    "environment/terraform.tfvars",
    "environment/variables.tf",
    "gitignore",
    "ops/main.tf",
    "ops/outputs.tf",
    "ops/providers.tf",
    "ops/terraform.tfvars",
    "ops/variables.tf",
    "versions.tf",
];

/// The template engine, once for HCL and once for Markdown.
struct Templates<'reg> {
    hcl: Handlebars<'reg>,
    markdown: Handlebars<'reg>,
}

impl Templates<'_> {
    fn new() -> Self {
        let mut hcl = Handlebars::new();
        hcl.register_escape_fn(hcl_escape::string_content);
        let mut markdown = Handlebars::new();
        markdown.register_escape_fn(markdown_escape::text);
        for registry in [&mut hcl, &mut markdown] {
            registry.set_strict_mode(true);
            registry.register_helper("key", Box::new(key));
            registry.register_helper("comment", Box::new(comment));
            registry.register_helper("hcl", Box::new(expression));
            registry.register_helper("diagram", Box::new(diagram));
            registry.register_helper("written", Box::new(Written));
        }
        for (name, template) in TEMPLATES {
            let registry = if is_markdown(name) {
                &mut markdown
            } else {
                &mut hcl
            };
            registry
                .register_template_string(name, template)
                .expect("templates are built in, and a test renders each");
        }
        Self { hcl, markdown }
    }

    fn add(&self, tree: &mut Tree, template: &str, path: &str, view: &Context) {
        tree.add(path, &self.body(template, view));
    }

    /// What a file says below its header.
    fn body(&self, template: &str, view: &Context) -> String {
        let registry = if is_markdown(template) {
            &self.markdown
        } else {
            &self.hcl
        };
        let body = registry
            .render_with_context(template, view)
            .expect("templates are built in, and a test renders each");
        if is_markdown(template) {
            format!("\n{body}")
        } else {
            format!("\n{}", hcl_align::align(&body))
        }
    }
}

fn is_markdown(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "md")
}

fn key(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&hcl_escape::key(text_of(helper)))?;
    Ok(())
}

fn comment(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&hcl_escape::comment(text_of(helper)))?;
    Ok(())
}

/// Writes a value as an HCL expression; the second parameter says how far its line is indented.
fn expression(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let indent = helper.param(1).and_then(|param| param.value().as_u64());
    let indent = indent.and_then(|indent| usize::try_from(indent).ok());
    if let Some(value) = helper.param(0) {
        out.write(&hcl_value::expression(
            value.value(),
            indent.unwrap_or_default(),
        ))?;
    }
    Ok(())
}

/// Writes a picture, whose labels `graph.rs` has escaped.
fn diagram(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(text_of(helper))?;
    Ok(())
}

/// Whether there is a value: a number that is 0 is one.
struct Written;

impl HelperDef for Written {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let there = helper
            .param(0)
            .is_some_and(|param| !param.value().is_null());
        Ok(ScopedJson::Derived(there.into()))
    }
}

fn text_of<'a>(helper: &'a Helper<'_>) -> &'a str {
    helper
        .param(0)
        .and_then(|param| param.value().as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_writes_unescaped() {
        for (name, template) in TEMPLATES {
            assert!(
                !template.contains("{{{") && !template.contains("{{&"),
                "{name}"
            );
        }
    }
}
