//! What can be read off the type of a field.

use syn::{GenericArgument, PathArguments, Type};

/// The type of a field, as far as its tokens tell.
pub(crate) struct FieldType {
    /// As written.
    pub(crate) written: Type,
    /// Without `Option` and `WriteOnly`.
    pub(crate) inner: Type,
    /// Written as `Option<...>`.
    pub(crate) is_option: bool,
    /// Written as `WriteOnly<...>`.
    pub(crate) is_write_only: bool,
    /// Written as `WriteOnly<Option<...>>`.
    pub(crate) is_optional_write_only: bool,
    pub(crate) shape: Shape,
    /// The type of the elements of a collection, else of the value itself.
    pub(crate) element_type: Type,
    pub(crate) element: Shape,
}

/// What kind of value a type stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Number,
    Bool,
    Dynamic,
    List,
    Set,
    Map,
    /// A nested struct or a type of the author's own.
    Other,
}

impl FieldType {
    pub(crate) fn read(written: &Type) -> Self {
        let (option, write_only) = (argument(written, "Option"), argument(written, "WriteOnly"));
        let optional_write_only = write_only.and_then(|inner| argument(inner, "Option"));
        let inner = optional_write_only
            .or(write_only)
            .or(option)
            .unwrap_or(written);
        let element_type = innermost(inner);
        Self {
            written: written.clone(),
            inner: inner.clone(),
            is_option: option.is_some(),
            is_write_only: write_only.is_some(),
            is_optional_write_only: optional_write_only.is_some(),
            shape: Shape::of(inner),
            element: Shape::of(element_type),
            element_type: element_type.clone(),
        }
    }
}

impl FieldType {
    /// What to use in place of a well-known type that Terraform has no match for.
    pub(crate) fn unsupported(&self) -> Option<&'static str> {
        if matches!(self.element_type, Type::Reference(_)) {
            return Some("String");
        }
        match name(&self.element_type)?.as_str() {
            "f32" | "f64" => Some("Number"),
            "i8" | "i16" | "i128" | "isize" | "u8" | "u64" | "u128" | "usize" => Some("i64"),
            "str" | "char" => Some("String"),
            "HashMap" => Some("BTreeMap<String, _>"),
            "HashSet" => Some("BTreeSet<_>"),
            _ => None,
        }
    }
}

impl Shape {
    fn of(ty: &Type) -> Self {
        match name(ty).as_deref() {
            Some("String") => Self::Text,
            Some("Number" | "i64" | "i32" | "u16" | "u32") => Self::Number,
            Some("bool") => Self::Bool,
            Some("Dynamic") => Self::Dynamic,
            Some("Vec") => Self::List,
            Some("BTreeSet") => Self::Set,
            Some("BTreeMap") => Self::Map,
            _ => Self::Other,
        }
    }

    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "a bool",
            Self::Dynamic => "a dynamic value",
            Self::List => "a list",
            Self::Set => "a set",
            Self::Map => "a map",
            Self::Other => "a type of its own",
        }
    }
}

fn innermost(ty: &Type) -> &Type {
    let element = ["Vec", "BTreeSet", "BTreeMap"]
        .iter()
        .find_map(|name| argument(ty, name));
    element.map_or(ty, innermost)
}

fn name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        _ => None,
    }
}

/// The last type argument of `outer<...>`.
fn argument<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Group(group) => return argument(&group.elem, outer),
        Type::Paren(paren) => return argument(&paren.elem, outer),
        _ => return None,
    };
    let segment = path
        .segments
        .last()
        .filter(|segment| segment.ident == outer)?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments
                .args
                .iter()
                .rev()
                .find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
        }
        _ => None,
    }
}
