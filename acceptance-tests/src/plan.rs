//! A plan as Terraform tells it: the JSON of a saved plan and the text that a person reads.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::output::Output;

/// A saved plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What `terraform plan` printed.
    pub output: Output,
    /// `terraform show -json` of it.
    pub json: Json,
}

/// What happens to one resource.
#[derive(Debug, Clone)]
pub struct Change {
    /// `stackwright_service.worker`.
    pub address: String,
    /// What Terraform does with it.
    pub action: Action,
    /// Its values now.
    pub before: Json,
    /// Its planned values.
    pub after: Json,
    /// Which planned values are known only after the apply.
    pub unknown: Json,
}

/// What Terraform does with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it.
    Delete,
    /// Removes it and creates it again.
    Replace,
}

/// One element of the attribute `drift`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Drift {
    /// `subnet.private.us-west-2a`.
    pub component: String,
    /// `map_public_ip_on_launch`.
    pub field: String,
    /// What AWS has.
    pub observed: Option<String>,
    /// What we want.
    pub expected: Option<String>,
    /// `outside`, `apply` or `provider`.
    pub cause: String,
}

impl Plan {
    /// Whether the plan changes nothing at all.
    pub fn is_empty(&self) -> bool {
        self.output.code == Some(0)
            && self
                .changes()
                .iter()
                .all(|change| change.action == Action::Nothing)
    }

    /// Fails with the plan's text unless it changes nothing.
    pub fn empty(&self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            bail!("the plan is not empty\n{}", self.output.all())
        }
    }

    /// Every resource in it.
    pub fn changes(&self) -> Vec<Change> {
        let list = self.json["resource_changes"].as_array();
        list.into_iter()
            .flatten()
            .filter(|change| change["mode"] == "managed")
            .map(change_of)
            .collect()
    }

    /// One resource.
    pub fn change(&self, address: &str) -> Result<Change> {
        let found = self
            .changes()
            .into_iter()
            .find(|change| change.address == address);
        found.with_context(|| format!("the plan has no {address}\n{}", self.output.all()))
    }

    /// The output of a saved plan must say what the plan does with one resource.
    pub fn expect(&self, address: &str, action: Action) -> Result<Change> {
        let change = self.change(address)?;
        if change.action == action {
            return Ok(change);
        }
        bail!(
            "{address} is planned as {:?}, expected {action:?}\n{}",
            change.action,
            self.output.all()
        )
    }
}

fn change_of(change: &Json) -> Change {
    let (data, actions) = (&change["change"], &change["change"]["actions"]);
    let has = |name: &str| {
        actions
            .as_array()
            .is_some_and(|list| list.iter().any(|it| it == name))
    };
    let action = match (has("create"), has("delete"), has("update")) {
        (true, true, _) => Action::Replace,
        (true, false, _) => Action::Create,
        (false, true, _) => Action::Delete,
        (false, false, true) => Action::Update,
        (false, false, false) => Action::Nothing,
    };
    Change {
        address: change["address"].as_str().unwrap_or_default().to_owned(),
        action,
        before: data["before"].clone(),
        after: data["after"].clone(),
        unknown: data["after_unknown"].clone(),
    }
}

impl Change {
    /// What reading found to differ.
    pub fn drift(&self) -> Result<Vec<Drift>> {
        match &self.before["drift"] {
            Json::Null => Ok(Vec::new()),
            list => {
                serde_json::from_value(list.clone()).with_context(|| format!("drift is {list}"))
            }
        }
    }

    /// The attributes whose values change or become unknown, without `drift`.
    pub fn changed(&self) -> Vec<String> {
        let attributes = self
            .after
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name);
        let unknown = self.unknown.as_object().into_iter().flatten();
        let unknown = unknown
            .filter(|(_, value)| has_true(value))
            .map(|(name, _)| name);
        let differs = |name: &&String| self.before[name.as_str()] != self.after[name.as_str()];
        let mut names: Vec<String> = attributes.filter(differs).chain(unknown).cloned().collect();
        names.sort();
        names.dedup();
        names.retain(|name| name != "drift");
        names
    }
}

fn has_true(value: &Json) -> bool {
    match value {
        Json::Bool(unknown) => *unknown,
        Json::Array(items) => items.iter().any(has_true),
        Json::Object(map) => map.values().any(has_true),
        _ => false,
    }
}
