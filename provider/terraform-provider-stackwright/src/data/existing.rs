//! What another root manages: the attributes of a resource, read by its natural key.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use stackwright_aws::Freshness;
use stackwright_plan::resource::Resource as Planned;
use tfplugin_rs::{Cx, DataResponse, DataSource};
use tfplugin_types::{
    Attribute, AttributeType, Block, Diagnostic, Diagnostics, Mode, Replace, Schema, TfConfig as _,
    TfObject as _, Type, Value,
};

use super::not_configured;
use crate::engine::Record;
use crate::resource::{known, recover, refreshed};
use crate::session::{Connected, Session};

/// Attributes that are about managing a resource, not about what there is.
const MANAGING: [&str; 3] = ["drift", "ignore_drift", "timeouts"];

/// How sentences begin that tell whoever manages the resource what may be written and what a change does.
const FOR_MANAGERS: [&str; 16] = [
    "A change ",
    "Add at the end",
    "Allowed",
    "Another ",
    "Changing this",
    "Default",
    "Given ",
    "Keys that begin",
    "Names ",
    "Set it to",
    "Such an upgrade",
    "The first apply",
    "Those that begin",
    "To delete",
    "When left out",
    "When set",
];

/// The data source of a resource type.
pub(crate) struct ExistingDataSource<R> {
    type_name: String,
    /// Attributes that make the natural key, behind the environment.
    keys: &'static [&'static str],
    session: Arc<Session>,
    of: PhantomData<fn() -> R>,
}

impl<R: Planned> ExistingDataSource<R> {
    pub(crate) fn new(session: Arc<Session>, keys: &'static [&'static str]) -> Self {
        Self {
            type_name: format!("stackwright_{}", R::TYPE),
            keys,
            session,
            of: PhantomData,
        }
    }

    async fn find(&self, connected: &Connected, config: &Value) -> Result<Value, Diagnostics> {
        let key = |name: &&str| config.get(name).as_str().unwrap_or_default();
        let keys: Vec<&str> = self.keys.iter().map(key).collect();
        let id = format!("{}/{}", connected.scope.environment, keys.join("/"));
        let mut view = recover::<R>(connected, &id).await?;
        let cached = Freshness::Cached;
        refreshed::<R>(connected, &mut view, Record::default(), cached)
            .await?
            .ok_or_else(|| gone(R::TYPE, &id))?;
        // What is not there, as in a resource of an earlier version, is null.
        let found = known(&view.to_value(), &Value::Null);
        Ok(self.shaped(&found, config))
    }

    /// The attributes of the data source alone.
    fn shaped(&self, view: &Value, config: &Value) -> Value {
        let of = |attribute: &Attribute| {
            let from = if self.keys.contains(&attribute.name.as_str()) {
                config
            } else {
                view
            };
            (attribute.name.clone(), from.get(&attribute.name).clone())
        };
        let attributes = self.schema().block.attributes;
        Value::Map(attributes.iter().map(of).collect::<BTreeMap<_, _>>())
    }
}

fn gone(kind: &str, id: &str) -> Diagnostics {
    let detail = format!(
        "Nothing of the {kind} `{id}` exists in this account and region. Check the name, and that the root that makes it was applied."
    );
    Diagnostic::error(format!("No Such {kind}"), detail).into()
}

#[async_trait]
impl<R: Planned> DataSource for ExistingDataSource<R> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: reading(R::Schema::block(), self.keys),
        }
    }

    async fn read(&self, _cx: &Cx, config: &Value) -> DataResponse {
        let Some(connected) = self.session.connected() else {
            return not_configured();
        };
        match self.find(&connected, config).await {
            Ok(value) => value.into(),
            Err(diagnostics) => diagnostics.into(),
        }
    }
}

/// The schema of a resource for readers: the key is required text, the rest is answered.
fn reading(block: Block, keys: &[&str]) -> Block {
    let attributes = block.attributes.into_iter();
    let attributes = attributes
        .filter(|attribute| !MANAGING.contains(&attribute.name.as_str()) && !attribute.write_only)
        .map(|attribute| {
            let is_key = keys.contains(&attribute.name.as_str());
            let ty = attribute.ty.clone();
            let mut attribute = answered(attribute);
            attribute.description = for_readers(&attribute.description);
            if is_key {
                attribute.mode = Mode::Required;
                attribute.ty = match ty {
                    AttributeType::Nested(..) => AttributeType::Plain(Type::String),
                    plain @ AttributeType::Plain(_) => plain,
                };
                attribute.description = format!("The {} to look for.", attribute.name);
            }
            attribute
        })
        .collect();
    Block {
        attributes,
        blocks: Vec::new(),
        description: format!(
            "Reads what another root manages, by its name. {}",
            what_it_is(&block.description)
        ),
        deprecated: block.deprecated,
    }
}

/// A description without the sentences that are for managers.
fn for_readers(description: &str) -> String {
    let sentences = description.split_inclusive(". ");
    let told = |sentence: &&str| !FOR_MANAGERS.iter().any(|start| sentence.starts_with(start));
    let kept: String = sentences.filter(told).collect();
    kept.trim_end().to_owned()
}

/// The first paragraph of a description; the others are about managing.
fn what_it_is(description: &str) -> &str {
    description.split("\n\n").next().unwrap_or_default()
}

/// An attribute that the provider answers. Nested attributes become plain objects.
fn answered(attribute: Attribute) -> Attribute {
    Attribute {
        ty: AttributeType::Plain(attribute.ty.ty()),
        mode: Mode::Computed,
        default: None,
        replace: Replace::No,
        stable: false,
        nullable: true,
        prefix: None,
        checks: Vec::new(),
        ..attribute
    }
}

#[cfg(test)]
mod tests {
    use stackwright_plan::service::ServiceResource;

    use super::*;

    #[test]
    fn a_service_is_found_by_two_names_and_shows_no_managing() {
        let source =
            ExistingDataSource::<ServiceResource>::new(Arc::default(), &["app", "process"]);
        let block = source.schema().block;
        for (name, mode) in [
            ("app", Mode::Required),
            ("process", Mode::Required),
            ("image", Mode::Computed),
            ("ref", Mode::Computed),
        ] {
            let attribute = block.attribute(name);
            assert_eq!(attribute.map(|it| it.mode), Some(mode), "{name}");
        }
        let app = block.attribute("app").map(|it| it.ty.ty());
        assert_eq!(app, Some(Type::String));
        assert!(block.attribute("drift").is_none() && block.blocks.is_empty());
        assert!(!block.description.contains("\n\n"));
    }

    #[test]
    fn readers_are_not_told_how_to_manage() {
        assert_eq!(
            for_readers("Name of the root. Another root is refused."),
            "Name of the root."
        );
        assert_eq!(
            for_readers("Size of the machine. A change restarts the database. See `1.5 GiB`."),
            "Size of the machine. See `1.5 GiB`."
        );
    }
}
