//! `app.json` of Heroku: the name, the formation and the add-ons.

use std::collections::BTreeMap;

use stackwright_plan::document::Node;

use super::{Left, SETTINGS, Settings, is_blank, slug};

const FILE: &str = "app.json";

/// What `app.json` says.
#[derive(Debug, Default)]
pub(super) struct Heroku {
    pub(super) app: Option<String>,
    /// Dyno type -> how many of which size, where that can be carried over.
    pub(super) formation: BTreeMap<String, Settings>,
    pub(super) db: bool,
    pub(super) left: Vec<Left>,
}

/// Keys that say nothing about how an app runs.
const SILENT: [&str; 7] = [
    "$schema",
    "description",
    "keywords",
    "logo",
    "repository",
    "success_url",
    "website",
];

/// What to do about keys that are left.
const INSTEAD: [(&str, &str); 6] = [
    ("env", SETTINGS),
    ("scripts", super::RELEASE),
    (
        "buildpacks",
        "build the image yourself and name it with --image",
    ),
    ("stack", "build the image yourself and name it with --image"),
    ("image", "name the image with --image"),
    (
        "environments",
        "write what differs in `[environments.stage]` and `[environments.prod]`",
    ),
];

const PLAIN: [&str; 6] = ["free", "hobby", "eco", "basic", "standard-1x", "1x"];

pub(super) fn look(root: &Node) -> Heroku {
    let mut heroku = Heroku {
        app: root.get("name").and_then(Node::text).and_then(slug),
        ..Heroku::default()
    };
    for entry in root.entries() {
        match entry.key.as_str() {
            "name" => {}
            "formation" => formation(&entry.node, &mut heroku),
            "addons" => addons(&entry.node, &mut heroku),
            key if SILENT.contains(&key) || is_blank(&entry.node) => {}
            key => {
                let known = INSTEAD.iter().find(|(name, _)| *name == key);
                let instead = known.map_or(super::NOTHING, |(_, instead)| *instead);
                heroku.left(&format!("`{key}`"), instead);
            }
        }
    }
    heroku
}

impl Heroku {
    fn left(&mut self, what: &str, instead: &str) {
        self.left.push(Left::part(FILE, what, instead));
    }
}

fn formation(formation: &Node, heroku: &mut Heroku) {
    for entry in formation.entries() {
        let name = &entry.key;
        let quantity = entry.node.get("quantity").and_then(Node::whole);
        let count = quantity.filter(|count| (0..=super::MOST_TASKS).contains(count));
        if quantity != count {
            heroku.left(
                &format!("`quantity` of `{name}`"),
                "write a whole number from 0 to 5000 as `count` in its table",
            );
        }
        let written = entry.node.get("size").and_then(Node::text);
        let size = written.and_then(size);
        let is_plain = |it: &&str| PLAIN.contains(&it.to_ascii_lowercase().as_str());
        if let Some(odd) = written.filter(|it| size.is_none() && !is_plain(it)) {
            heroku.left(
                &format!("size `{odd}` of `{name}`"),
                "write `size` in its table",
            );
        }
        let settings = Settings {
            count: count.filter(|count| *count != 1),
            size: size.map(str::to_owned),
            ..Settings::default()
        };
        if count.is_some() || size.is_some() || written.as_ref().is_some_and(is_plain) {
            heroku.formation.insert(name.clone(), settings);
        }
    }
}

fn addons(addons: &Node, heroku: &mut Heroku) {
    for addon in addons.items() {
        let plan = addon.text().or_else(|| addon.get("plan")?.text());
        match plan {
            Some(plan) if plan.starts_with("heroku-postgresql") => heroku.db = true,
            Some(plan) => heroku.left(
                &format!("add-on `{plan}`"),
                "make it in a root of your own, and give the app its address in `config` or `secrets`",
            ),
            None => {}
        }
    }
}

/// A size of ours for one of Heroku's, when it is not the default.
fn size(size: &str) -> Option<&'static str> {
    match size.to_ascii_lowercase().as_str() {
        "standard-2x" | "2x" => Some("2X"),
        "performance-m" | "performance" | "px" => Some("1024:3gb"),
        "performance-l" => Some("4096:14gb"),
        _ => None,
    }
}
