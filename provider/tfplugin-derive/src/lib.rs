//! Turns one documented struct into a Terraform schema and typed views.
//!
//! The struct is the schema: its fields are the attributes, its doc comments the descriptions.
//! Users take the macro from `tfplugin_types`, which owns every type that the macro names:
//!
//! ```
//! use tfplugin_types::{Mode, TfObject, TfSchema};
//!
//! /// A queue of parcels.
//! #[derive(Debug, Clone, TfSchema)]
//! struct Queue {
//!     /// Name of the queue. Changing this replaces the queue.
//!     #[tf(replace, length(1..=80))]
//!     name: String,
//!     /// Days to keep a parcel.
//!     #[tf(default = 4, range(1..=14))]
//!     days: i64,
//!     /// ARN of the queue.
//!     #[tf(computed, stable, prefix = "arn:")]
//!     arn: String,
//! }
//!
//! let block = Queue::block();
//! assert_eq!(block.attributes[0].description, "Name of the queue. Changing this replaces the queue.");
//! assert_eq!(block.attributes[1].mode, Mode::OptionalComputed);
//! assert_eq!(block.attributes[2].prefix.as_deref(), Some("arn:"));
//! ```
//!
//! Must not depend on `tfplugin-types` (but in tests), a runtime or anything that is not needed to
//! read and write Rust tokens.

mod docs;
mod entry;
mod expand;
mod field;
mod field_type;
mod model;
mod rules;

/// Makes a documented struct a Terraform schema, with a twin for configuration and plans.
///
/// For `struct Queue` this gives `impl TfType` and `impl TfObject` for `Queue`,
/// `Queue::SCHEMA_VERSION`, and a struct `QueueConfig` of the same visibility in which every
/// attribute may be null or unknown.
///
/// A plain field is a required attribute and an `Option` an optional one. The doc comment of a
/// field is its description and must be there. The name is the field's own.
///
/// # On a field: `#[tf(...)]`
///
/// ## Who gives the value
/// - `computed`: the provider, always.
/// - `optional, computed`: the user, else the provider.
/// - `optional`: the user or nobody; `Option<T>` says the same.
/// - `required`: the user, always; a plain field says the same.
/// - `default = 30`: the user, else this value. The field is never null, so it is no `Option`.
///
/// ## How a change is planned
/// - `replace`: a change replaces the resource.
/// - `stable`: a computed value that an update keeps.
/// - `prefix = "arn:"`: what a computed text begins with, certain before the value is known.
///
/// ## How the value is kept
/// - `sensitive`: hidden in Terraform's output and in `Debug` of the twin.
/// - `write_only`: never in plan or state. The field is a `WriteOnly<T>`; with `optional`, it may
///   be left out.
/// - `deprecated = "Use x instead."`
///
/// ## What the value may be
/// - `one_of("a", "b")`: one of these texts; in a collection, each element.
/// - `range(1..=50)`: a number in a range of `i64`, open or not; in a collection, each element.
/// - `length(1..=32)`: characters of a text, elements of a collection.
/// - `matches(path::to::check)`: what a `fn(&T) -> Result<(), String>` accepts; the error is a
///   whole sentence. `allowed = "lower case letters"` says the same in the documentation.
///
/// ## Shape
/// - `name = "type"`: the name in Terraform.
/// - `flatten`: the attributes and blocks of another struct, at this level.
/// - `block`: a nested block. `Option<S>` is a single one, `Vec<S>` a list, `BTreeSet<S>` a set,
///   `BTreeMap<String, S>` a map by label; `min = 1` and `max = 5` limit a list or set.
///
/// # On the struct: `#[tf(...)]`
/// - `version = 2`: schema version of the stored state, zero when not given.
/// - `deprecated = "Use x instead."`
#[proc_macro_derive(TfSchema, attributes(tf))]
pub fn derive_tf_schema(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    match model::Model::read(&input) {
        Ok(model) => expand::expand(&model).into(),
        Err(errors) => errors.into_compile_error().into(),
    }
}
