//! `MessagePack` values, as Terraform's protocol writes them.
//!
//! Numbers are exact: whole ones that fit are integers, others are floats only when nothing is
//! lost, and decimal text when something would be. Unknown values are extensions that carry what is
//! already certain. Objects have exactly the attributes of their type. A dynamic value carries its
//! type as JSON.
//!
//! ```
//! use tfplugin_types::{Type, Value, msgpack};
//!
//! let ty = Type::list(Type::Number);
//! let value = Value::list([1.into(), Value::unknown(), Value::Null]);
//! let bytes = msgpack::encode(&value, &ty);
//! assert_eq!(msgpack::decode(&bytes, &ty), Ok(value));
//! assert!(msgpack::decode(&bytes, &Type::Bool).is_err());
//! ```

mod decode;
mod encode;
mod reader;
mod refined;
#[cfg(test)]
mod tests;

pub use crate::decode_error::DecodeError;
pub use decode::decode;
pub use encode::encode;
