//! The schema part of a page.

use tfplugin_types::{Attribute, AttributeType, Block, BlockNesting, Mode, NestedBlock, Nesting};

use super::words;

/// A named part that is described further down.
struct Below {
    path: String,
    attributes: Vec<Attribute>,
    blocks: Vec<NestedBlock>,
}

/// Arguments and attributes, nested ones below.
pub(super) fn schema(block: &Block) -> String {
    let mut page = "\n## Schema\n".to_owned();
    let mut waiting = vec![Below {
        path: String::new(),
        attributes: block.attributes.clone(),
        blocks: block.blocks.clone(),
    }];
    while let Some(part) = waiting.pop() {
        let mut below = Vec::new();
        if !part.path.is_empty() {
            page += &format!(
                "\n<a id=\"{}\"></a>\n### Nested Schema for `{}`\n",
                anchor(&part.path),
                part.path
            );
        }
        page += &sections(&part, &mut below);
        waiting.extend(below.into_iter().rev());
    }
    page
}

fn sections(part: &Below, below: &mut Vec<Below>) -> String {
    let level = if part.path.is_empty() { "###" } else { "####" };
    let mut page = String::new();
    for (title, wanted) in [
        ("Required", Some(true)),
        ("Optional", Some(false)),
        ("Read-Only", None),
    ] {
        let mut lines: Vec<(String, String)> = Vec::new();
        for attribute in &part.attributes {
            if given(attribute.mode) == wanted {
                let text = attribute_line(attribute, &part.path, below);
                lines.push((attribute.name.clone(), text));
            }
        }
        for block in &part.blocks {
            if Some(block.min_items > 0) == wanted {
                lines.push((block.name.clone(), block_line(block, &part.path, below)));
            }
        }
        lines.sort();
        if !lines.is_empty() {
            let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
            page += &format!("\n{level} {title}\n\n{}\n", lines.join("\n"));
        }
    }
    page
}

/// Whether the user must give it; `None` when only the provider does.
const fn given(mode: Mode) -> Option<bool> {
    match mode {
        Mode::Required => Some(true),
        Mode::Optional | Mode::OptionalComputed => Some(false),
        Mode::Computed => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn anchor(path: &str) -> String {
    format!("nestedatt--{}", path.replace('.', "--"))
}

fn attribute_line(attribute: &Attribute, path: &str, below: &mut Vec<Below>) -> String {
    let mut text = words::escaped(&attribute.description);
    for allowed in attribute
        .checks
        .iter()
        .filter(|check| !check.allowed.is_empty())
    {
        text += &format!(" Allowed: {}.", allowed.allowed);
    }
    if let Some(default) = &attribute.default {
        text += &format!(" Default: `{}`.", words::of_value(default));
    }
    if attribute.replace != tfplugin_types::Replace::No && !text.contains("replaces") {
        text += " A change replaces the resource.";
    }
    if let Some(instead) = &attribute.deprecated {
        text += &format!(" **Deprecated**: {instead}");
    }
    let mut kind = match &attribute.ty {
        AttributeType::Plain(ty) => words::of_type(ty),
        AttributeType::Nested(nesting, inner) => {
            let path = join(path, &attribute.name);
            text += &format!(" (see [below](#{}))", anchor(&path));
            below.push(Below {
                path,
                attributes: inner.clone(),
                blocks: Vec::new(),
            });
            nesting_name(*nesting).to_owned()
        }
    };
    if attribute.sensitive {
        kind += ", Sensitive";
    }
    if attribute.write_only {
        kind += ", Write-only";
    }
    format!("- `{}` ({kind}) {}", attribute.name, text.trim())
}

fn block_line(block: &NestedBlock, path: &str, below: &mut Vec<Below>) -> String {
    let path = join(path, &block.name);
    let kind = match block.nesting {
        BlockNesting::Single => "Block",
        BlockNesting::List => "Block List",
        BlockNesting::Set => "Block Set",
        BlockNesting::Map => "Block Map",
    };
    let line = format!(
        "- `{}` ({kind}) {} (see [below](#{}))",
        block.name,
        words::escaped(&block.block.description),
        anchor(&path)
    );
    below.push(Below {
        path,
        attributes: block.block.attributes.clone(),
        blocks: block.block.blocks.clone(),
    });
    line
}

const fn nesting_name(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Single => "Attributes",
        Nesting::List => "Attributes List",
        Nesting::Set => "Attributes Set",
        Nesting::Map => "Attributes Map",
    }
}
