//! Schemas: what the wire needs (names, types, modes) and what planning needs (defaults, replace
//! rules, checks, refinements).

use std::collections::BTreeMap;

use crate::{Check, Diagnostics, Path, Type, Value};

/// The schema of a provider block, resource or data source.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Version of the stored state; raised with every change that old state does not fit.
    pub version: i64,
    /// Attributes and blocks.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Attributes, in the order of the struct.
    pub attributes: Vec<Attribute>,
    /// Nested blocks, in the order of the struct.
    pub blocks: Vec<NestedBlock>,
    /// Markdown.
    pub description: String,
    /// Set when it should not be used any more: what to use instead.
    pub deprecated: Option<String>,
}

/// Who gives the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The user, always.
    Required,
    /// The user, or nobody.
    Optional,
    /// The provider, always.
    Computed,
    /// The user, else the provider.
    OptionalComputed,
}

/// When a change of an attribute replaces the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Replace {
    /// Never.
    #[default]
    No,
    /// When the value changes.
    Always,
}

/// One attribute.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own in the protocol"
)]
pub struct Attribute {
    /// Name in HCL.
    pub name: String,
    /// Type or nested attributes.
    pub ty: AttributeType,
    /// Who gives the value.
    pub mode: Mode,
    /// Markdown: meaning, unit, allowed values, effect of a change.
    pub description: String,
    /// Hidden in Terraform's output.
    pub sensitive: bool,
    /// Never in plan or state; readable from configuration only.
    pub write_only: bool,
    /// Set when it should not be used any more: what to use instead.
    pub deprecated: Option<String>,
    /// Value when the user gives none. Only with [`Mode::OptionalComputed`].
    pub default: Option<Value>,
    /// Whether a change replaces the resource.
    pub replace: Replace,
    /// Computed once at create; an update keeps the value of the state.
    pub stable: bool,
    /// Whether the value may be null: in Rust, an `Option`. A computed value that may not is
    /// promised to be there before it is known.
    pub nullable: bool,
    /// For computed text: what it will begin with, known before the value is.
    pub prefix: Option<String>,
    /// Checks on a known value.
    pub checks: Vec<Check>,
}

/// Type of an attribute.
#[derive(Debug, Clone)]
pub enum AttributeType {
    /// A plain type.
    Plain(Type),
    /// Nested attributes, with modes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// How nested attributes repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects with user keys.
    Map,
}

/// How a nested block repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockNesting {
    /// At most one; null when absent.
    Single,
    /// In order.
    List,
    /// Without order or duplicates.
    Set,
    /// By label.
    Map,
}

/// A nested block.
#[derive(Debug, Clone)]
pub struct NestedBlock {
    /// Name in HCL.
    pub name: String,
    /// How it repeats.
    pub nesting: BlockNesting,
    /// What is inside.
    pub block: Block,
    /// The fewest that are allowed.
    pub min_items: i64,
    /// The most that are allowed; 0 for no limit.
    pub max_items: i64,
}

impl AttributeType {
    /// The whole type, nested attributes included.
    pub fn ty(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, attributes) => {
                let object = Type::Object(
                    attributes
                        .iter()
                        .map(|a| (a.name.clone(), a.ty.ty()))
                        .collect(),
                );
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}

impl Block {
    /// The object type that values of this block have.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|a| (a.name.clone(), a.ty.ty()));
        let blocks = self.blocks.iter().map(|b| (b.name.clone(), b.ty()));
        Type::Object(attributes.chain(blocks).collect::<BTreeMap<_, _>>())
    }

    /// The same as attributes alone, for use inside nested attributes, where Terraform knows no
    /// blocks: a block becomes an optional attribute, a required one when blocks must be there.
    pub fn into_attributes(self) -> Vec<Attribute> {
        let blocks = self.blocks.into_iter().map(NestedBlock::into_attribute);
        self.attributes.into_iter().chain(blocks).collect()
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// Runs the checks of all attributes on what is known, at every depth.
    pub fn check(&self, value: &Value, at: &Path, found: &mut Diagnostics) {
        check_attributes(&self.attributes, value, at, found);
        for nested in &self.blocks {
            let at = at.join(&nested.name);
            each_object(
                nested.nesting.into(),
                value.get(&nested.name),
                &at,
                &mut |value, at| {
                    nested.block.check(value, at, found);
                },
            );
        }
    }
}

impl NestedBlock {
    /// The type of this block's value inside its parent.
    pub fn ty(&self) -> Type {
        match self.nesting {
            BlockNesting::Single => self.block.ty(),
            BlockNesting::List => Type::list(self.block.ty()),
            BlockNesting::Set => Type::set(self.block.ty()),
            BlockNesting::Map => Type::map(self.block.ty()),
        }
    }

    fn into_attribute(self) -> Attribute {
        Attribute {
            name: self.name,
            mode: if self.min_items > 0 {
                Mode::Required
            } else {
                Mode::Optional
            },
            description: self.block.description.clone(),
            sensitive: false,
            write_only: false,
            deprecated: self.block.deprecated.clone(),
            default: None,
            replace: Replace::No,
            stable: false,
            nullable: true,
            prefix: None,
            checks: Vec::new(),
            ty: AttributeType::Nested(self.nesting.into(), self.block.into_attributes()),
        }
    }
}

impl From<BlockNesting> for Nesting {
    fn from(nesting: BlockNesting) -> Self {
        match nesting {
            BlockNesting::Single => Self::Single,
            BlockNesting::List => Self::List,
            BlockNesting::Set => Self::Set,
            BlockNesting::Map => Self::Map,
        }
    }
}

fn check_attributes(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Diagnostics) {
    for attribute in attributes {
        let value = value.get(&attribute.name);
        let at = at.join(&attribute.name);
        if value.is_wholly_known() && !value.is_null() {
            // One problem at a time: 0.5 is neither whole nor from 1 to 50.
            let mut checks = attribute.checks.iter();
            if let Some(problem) = checks.find_map(|check| check.run(value).err()) {
                found.error(
                    at.clone(),
                    format!("Invalid Value for {}", attribute.name),
                    problem,
                );
            }
        }
        if let AttributeType::Nested(nesting, inner) = &attribute.ty {
            each_object(*nesting, value, &at, &mut |value, at| {
                check_attributes(inner, value, at, found);
            });
        }
    }
}

/// Visits every known object of a nested value. Elements of sets are addressed by the set itself:
/// Terraform has no path step for them.
fn each_object(nesting: Nesting, value: &Value, at: &Path, visit: &mut impl FnMut(&Value, &Path)) {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => visit(value, at),
        (Nesting::List, Value::Seq(items)) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &at.index(index));
            }
        }
        (Nesting::Set, Value::Seq(items)) => items.iter().for_each(|item| visit(item, at)),
        (Nesting::Map, Value::Map(items)) => {
            for (key, item) in items {
                visit(item, &at.key(key));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{TfObject as _, TfSchema};

    /// One port.
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, TfSchema)]
    struct Port {
        /// Number.
        #[tf(range(1..=65535))]
        number: i64,
    }

    /// A gate.
    #[derive(Debug, Clone, PartialEq, TfSchema)]
    struct Gate {
        /// By name.
        named: BTreeMap<String, Port>,
        /// Without order.
        any: Option<BTreeSet<Port>>,
        /// In order.
        #[tf(block)]
        listed: Vec<Port>,
    }

    fn port(number: i64) -> Value {
        Value::object([("number", number.into())])
    }

    fn problems(value: &Value) -> Vec<String> {
        let mut found = Diagnostics::new();
        Gate::block().check(value, &Path::root(), &mut found);
        found
            .0
            .iter()
            .map(|found| format!("{}: {}", found.path, found.detail))
            .collect()
    }

    #[test]
    fn checks_run_at_every_depth_and_name_the_place() {
        let value = Value::object([
            ("named", Value::object([("a", port(0)), ("b", port(1))])),
            ("any", Value::list([port(0)])),
            ("listed", Value::list([port(1), port(0)])),
        ]);
        let wrong = "The value must be 1 to 65535.";
        let places = ["named[\"a\"].number", "any.number", "listed[1].number"];
        assert_eq!(
            problems(&value),
            places.map(|place| format!("{place}: {wrong}"))
        );
    }

    #[test]
    fn what_is_unknown_or_null_is_not_checked() {
        let unknown = Value::object([("number", Value::unknown())]);
        let value = Value::object([
            ("named", Value::unknown()),
            ("any", Value::Null),
            (
                "listed",
                Value::list([unknown, Value::object([("number", Value::Null)])]),
            ),
        ]);
        assert_eq!(problems(&value), Vec::<String>::new());
    }

    #[test]
    fn the_type_of_a_block_covers_attributes_and_blocks() {
        let Type::Object(types) = Gate::block().ty() else {
            panic!("a block is an object")
        };
        let port = Type::Object(BTreeMap::from([("number".to_owned(), Type::Number)]));
        assert_eq!(types["named"], Type::map(port.clone()));
        assert_eq!(types["any"], Type::set(port.clone()));
        assert_eq!(types["listed"], Type::list(port));
    }
}
