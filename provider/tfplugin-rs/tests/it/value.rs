//! Short ways to write values.

use tfplugin_types::Value;

/// An object.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::object(fields)
}

/// The object with some attributes more, or other ones.
pub(crate) fn with<const N: usize>(mut object: Value, fields: [(&str, Value); N]) -> Value {
    let known = object.as_map_mut().unwrap();
    known.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    object
}

/// A list or set.
pub(crate) fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::list(items)
}
