//! Between Terraform values and Rust types.

use std::collections::{BTreeMap, BTreeSet};

use crate::conform::index;
use crate::decode_error::place;
use crate::{AttributeType, Block, Cfg, Nesting, Number, Path, Step, Type, Value};

/// The value does not have the shape that the schema says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}expected {expected}, found {found}", place(path))]
pub struct ConvertError {
    /// Where.
    pub path: Path,
    /// What the schema says.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl ConvertError {
    /// The error about a value at the top.
    pub fn new(expected: impl Into<String>, found: &Value) -> Self {
        let found = shape(found).to_owned();
        Self {
            path: Path::root(),
            expected: expected.into(),
            found,
        }
    }

    /// Whether it is a number where only some numbers fit: the schema knows no other kind, so the user may write it.
    pub fn is_about_a_number(&self) -> bool {
        self.found == NUMBER && self.expected.contains("number")
    }

    /// What to tell about a number that does not fit.
    pub fn about_a_number(&self) -> String {
        let subject = match self.path.0.as_slice() {
            [] => "The value".to_owned(),
            _ => format!("`{}`", self.path),
        };
        let expected = &self.expected;
        format!("{subject} must be {expected}; it has a fraction or is out of range.")
    }

    /// The same, one step deeper.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }
}

const NUMBER: &str = "a number";

const fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Unknown(_) => "a value that is not known yet",
        Value::Bool(_) => "a bool",
        Value::Number(_) => NUMBER,
        Value::String(_) => "a string",
        Value::Seq(_) => "a list",
        Value::Map(_) => "an object",
        Value::Dynamic(_) => "a dynamic value",
    }
}

/// A Rust type that stands for a wholly known Terraform value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a Terraform attribute",
    label = "not a type that Terraform knows",
    note = "use bool, String, i64, i32, u32, u16, Number, Dynamic, a struct with #[derive(TfSchema)], \
            or an Option, Vec, BTreeSet, WriteOnly or BTreeMap<String, _> of these"
)]
pub trait TfType: Sized {
    /// The twin whose parts may be null or unknown.
    type Config: TfConfig;

    /// The Terraform type.
    fn attribute_type() -> AttributeType;
    /// Whether null is a value of this type (`Option<T>`).
    const NULLABLE: bool = false;
    /// Reads a wholly known value.
    fn from_value(value: &Value) -> Result<Self, ConvertError>;
    /// Writes a wholly known value.
    fn to_value(&self) -> Value;
    /// The twin with everything known.
    fn to_config(&self) -> Self::Config {
        Self::Config::from_value(&self.to_value())
            .expect("the twin reads what its own type has written")
    }
}

/// A Rust type whose parts may be null or unknown.
pub trait TfConfig: Sized {
    /// Reads a value of configuration or plan.
    fn from_value(value: &Value) -> Result<Self, ConvertError>;
    /// Writes it back.
    fn to_value(&self) -> Value;
}

/// A struct with `#[derive(TfSchema)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no struct with `#[derive(TfSchema)]`",
    label = "only such a struct can be a block or be flattened"
)]
pub trait TfObject: TfType<Config = Cfg<Self::View>> {
    /// The twin whose parts may be null or unknown: `ServiceConfig` for `Service`.
    type View: TfConfig + TfConfigLeaf;

    /// Attributes and blocks, with the documentation of the struct.
    fn block() -> Block;
}

impl<T: TfConfigLeaf> TfConfig for Cfg<T> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Unknown(refinements) => Ok(Self::Unknown(refinements.clone())),
            known => T::leaf_from_value(known).map(Self::Known),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Known(value) => value.leaf_to_value(),
            Self::Null => Value::Null,
            Self::Unknown(refinements) => Value::Unknown(refinements.clone()),
        }
    }
}

/// What may stand inside a [`Cfg`]: a scalar, a collection of twins, or the twin of a struct.
pub trait TfConfigLeaf: Sized {
    /// Reads a value that is neither null nor unknown itself.
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError>;
    /// Writes it.
    fn leaf_to_value(&self) -> Value;
}

macro_rules! scalar {
    ($rust:ty, $tf:expr, $expected:literal, $pattern:pat => $read:expr, $write:expr) => {
        impl TfType for $rust {
            type Config = Cfg<$rust>;
            fn attribute_type() -> AttributeType {
                AttributeType::Plain($tf)
            }
            fn from_value(value: &Value) -> Result<Self, ConvertError> {
                Self::leaf_from_value(value)
            }
            fn to_value(&self) -> Value {
                self.leaf_to_value()
            }
        }
        impl TfConfigLeaf for $rust {
            fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
                match value {
                    $pattern => $read,
                    _ => None,
                }
                .ok_or_else(|| ConvertError::new($expected, value))
            }
            fn leaf_to_value(&self) -> Value {
                let write: fn(&$rust) -> Value = $write;
                write(self)
            }
        }
    };
}

scalar!(bool, Type::Bool, "a bool", Value::Bool(b) => Some(*b), |b| Value::Bool(*b));
scalar!(String, Type::String, "a string", Value::String(s) => Some(s.clone()), |s| Value::String(s.clone()));
scalar!(Number, Type::Number, "a number", Value::Number(n) => Some(n.clone()), |n| Value::Number(n.clone()));
scalar!(i64, Type::Number, "a whole number", Value::Number(n) => n.to_i64(), |n| Value::Number((*n).into()));
scalar!(i32, Type::Number, "a whole number of 32 bits", Value::Number(n) => n.to_i64().and_then(|n| n.try_into().ok()), |n| Value::Number(i64::from(*n).into()));
scalar!(u16, Type::Number, "a whole number from 0 to 65535", Value::Number(n) => n.to_i64().and_then(|n| n.try_into().ok()), |n| Value::Number(i64::from(*n).into()));
scalar!(u32, Type::Number, "a whole number that is not negative", Value::Number(n) => n.to_i64().and_then(|n| n.try_into().ok()), |n| Value::Number(i64::from(*n).into()));

/// A value of any type, with the type it turned out to have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dynamic(pub Type, pub Value);

impl TfType for Dynamic {
    type Config = Cfg<Dynamic>;
    fn attribute_type() -> AttributeType {
        AttributeType::Plain(Type::Dynamic)
    }
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Self::leaf_from_value(value)
    }
    fn to_value(&self) -> Value {
        self.leaf_to_value()
    }
}

impl TfConfigLeaf for Dynamic {
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Dynamic(inner) => Ok(Self(inner.0.clone(), inner.1.clone())),
            _ => Err(ConvertError::new("a value of any type", value)),
        }
    }
    fn leaf_to_value(&self) -> Value {
        Value::Dynamic(Box::new((self.0.clone(), self.1.clone())))
    }
}

/// The place of a write-only attribute in the state view: always empty, so a secret cannot be kept there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WriteOnly<T>(std::marker::PhantomData<T>);

impl<T: TfType> TfType for WriteOnly<T> {
    type Config = T::Config;
    const NULLABLE: bool = true;
    fn attribute_type() -> AttributeType {
        T::attribute_type()
    }
    fn from_value(_: &Value) -> Result<Self, ConvertError> {
        Ok(Self(std::marker::PhantomData))
    }
    fn to_value(&self) -> Value {
        Value::Null
    }
}

impl<T: TfType> TfType for Option<T> {
    type Config = T::Config;
    const NULLABLE: bool = true;
    fn attribute_type() -> AttributeType {
        T::attribute_type()
    }
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

fn collection(element: AttributeType, nesting: Nesting, plain: fn(Type) -> Type) -> AttributeType {
    match element {
        AttributeType::Nested(Nesting::Single, attributes) => {
            AttributeType::Nested(nesting, attributes)
        }
        other => AttributeType::Plain(plain(other.ty())),
    }
}

impl<T: TfType> TfType for Vec<T> {
    type Config = Cfg<Vec<T::Config>>;
    fn attribute_type() -> AttributeType {
        collection(T::attribute_type(), Nesting::List, Type::list)
    }
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        items(value, T::from_value)
    }
    fn to_value(&self) -> Value {
        Value::Seq(self.iter().map(T::to_value).collect())
    }
}

impl<C: TfConfig> TfConfigLeaf for Vec<C> {
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
        items(value, C::from_value)
    }
    fn leaf_to_value(&self) -> Value {
        Value::Seq(self.iter().map(C::to_value).collect())
    }
}

impl<T: TfType + Ord> TfType for BTreeSet<T>
where
    T::Config: Ord,
{
    type Config = Cfg<BTreeSet<T::Config>>;
    fn attribute_type() -> AttributeType {
        collection(T::attribute_type(), Nesting::Set, Type::set)
    }
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        elements(value)?.iter().map(T::from_value).collect()
    }
    fn to_value(&self) -> Value {
        Value::set(self.iter().map(T::to_value))
    }
}

impl<C: TfConfig + Ord> TfConfigLeaf for BTreeSet<C> {
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
        elements(value)?.iter().map(C::from_value).collect()
    }
    fn leaf_to_value(&self) -> Value {
        Value::set(self.iter().map(C::to_value))
    }
}

impl<T: TfType> TfType for BTreeMap<String, T> {
    type Config = Cfg<BTreeMap<String, T::Config>>;
    fn attribute_type() -> AttributeType {
        collection(T::attribute_type(), Nesting::Map, Type::map)
    }
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        entries(value, T::from_value)
    }
    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, item)| (key.clone(), item.to_value()))
                .collect(),
        )
    }
}

impl<C: TfConfig> TfConfigLeaf for BTreeMap<String, C> {
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
        entries(value, C::from_value)
    }
    fn leaf_to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, item)| (key.clone(), item.to_value()))
                .collect(),
        )
    }
}

fn items<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, ConvertError>,
) -> Result<Vec<T>, ConvertError> {
    let found = value
        .as_seq()
        .ok_or_else(|| ConvertError::new("a list", value))?;
    let read = |(at, item)| read(item).map_err(|error| error.inside(index(at)));
    found.iter().enumerate().map(read).collect()
}

/// The elements of a set; errors in them point at the set, because no path leads inside.
fn elements(value: &Value) -> Result<&[Value], ConvertError> {
    value
        .as_seq()
        .ok_or_else(|| ConvertError::new("a set", value))
}

fn entries<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, ConvertError>,
) -> Result<BTreeMap<String, T>, ConvertError> {
    let found = value
        .as_map()
        .ok_or_else(|| ConvertError::new("a map", value))?;
    let read = |(key, item): (&String, &Value)| {
        let item = read(item).map_err(|error| error.inside(Step::Key(key.clone())))?;
        Ok((key.clone(), item))
    };
    found.iter().map(read).collect()
}
