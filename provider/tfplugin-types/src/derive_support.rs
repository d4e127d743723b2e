//! What the code written by `#[derive(TfSchema)]` calls. Not for authors.

use std::collections::BTreeMap;

use crate::{AttributeType, Block, BlockNesting, ConvertError, Nesting, Step, TfObject, Value};

/// The fields of an object that is being written.
pub type Fields = BTreeMap<String, Value>;

/// The nested attributes of a struct in the place of an attribute.
pub fn nested<S: TfObject>() -> AttributeType {
    AttributeType::Nested(Nesting::Single, S::block().into_attributes())
}

/// Adds the attributes and blocks of a flattened struct.
pub fn flatten<S: TfObject>(into: &mut Block) {
    let block = S::block();
    into.attributes.extend(block.attributes);
    into.blocks.extend(block.blocks);
}

/// The inside of a nested block, with the description and deprecation of its field.
pub fn block<S: TfObject>(description: &str, deprecated: Option<String>) -> Block {
    let block = S::block();
    let deprecated = deprecated.or(block.deprecated);
    Block {
        description: description.to_owned(),
        deprecated,
        ..block
    }
}

/// Refuses what is no object.
pub fn expect_object(value: &Value) -> Result<(), ConvertError> {
    value
        .as_map()
        .map(|_| ())
        .ok_or_else(|| ConvertError::new("an object", value))
}

/// Reads one field.
pub fn get<T>(
    object: &Value,
    name: &str,
    read: impl Fn(&Value) -> Result<T, ConvertError>,
) -> Result<T, ConvertError> {
    read(object.get(name)).map_err(|error| error.inside(Step::Attribute(name.to_owned())))
}

/// Reads nested blocks; when there are none, the collection is empty and not null.
pub fn get_blocks<T>(
    object: &Value,
    name: &str,
    nesting: BlockNesting,
    read: impl Fn(&Value) -> Result<T, ConvertError>,
) -> Result<T, ConvertError> {
    get(object, name, |value| {
        if value.is_null() {
            read(&none(nesting))
        } else {
            read(value)
        }
    })
}

/// Writes one field.
pub fn put(fields: &mut Fields, name: &str, value: Value) {
    fields.insert(name.to_owned(), value);
}

/// Writes nested blocks; when there are none, the collection is empty and not null.
pub fn put_blocks(fields: &mut Fields, name: &str, nesting: BlockNesting, value: Value) {
    put(
        fields,
        name,
        if value.is_null() {
            none(nesting)
        } else {
            value
        },
    );
}

/// Writes all fields of a flattened struct.
pub fn put_all(fields: &mut Fields, value: Value) {
    if let Value::Map(inner) = value {
        fields.extend(inner);
    }
}

const fn none(nesting: BlockNesting) -> Value {
    match nesting {
        BlockNesting::Single => Value::Null,
        BlockNesting::List | BlockNesting::Set => Value::Seq(Vec::new()),
        BlockNesting::Map => Value::Map(BTreeMap::new()),
    }
}
