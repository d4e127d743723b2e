//! The struct: its own entries and all its fields.

use syn::{Data, DeriveInput, Fields, Ident, LitStr, Visibility};

use crate::docs;
use crate::entry::{Entries, Errors};
use crate::field::{Field, integer};
use crate::rules;

/// A struct that was understood.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: Vec<syn::Attribute>,
    pub(crate) description: String,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) version: i64,
    pub(crate) fields: Vec<Field>,
}

impl Model {
    /// Reads the whole struct and reports everything that is wrong with it.
    pub(crate) fn read(input: &DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let model = Self::collect(input, &mut errors);
        errors.finish(model)
    }

    fn collect(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        let named = named_fields(input, errors)?;
        let entries = Entries::read(&input.attrs, rules::STRUCT_KEYS, errors);
        let fields: Vec<_> = named
            .filter_map(|field| Field::read(field, errors))
            .collect();
        check_names(&fields, errors);
        Some(Self {
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            docs: docs::attributes(&input.attrs)
                .into_iter()
                .cloned()
                .collect(),
            description: description(input, errors),
            deprecated: entries.text("deprecated", errors),
            version: version(&entries, errors),
            fields,
        })
    }
}

fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<syn::punctuated::Iter<'a, syn::Field>> {
    if !input.generics.params.is_empty() {
        let problem = "a schema has no generic parameters: write one struct for each type";
        errors.push(syn::Error::new_spanned(&input.generics, problem));
        return None;
    }
    match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => Some(data.fields.iter()),
        _ => {
            let problem = "`TfSchema` is for a struct with named fields: they are the attributes";
            errors.at(input.ident.span(), problem);
            None
        }
    }
}

fn description(input: &DeriveInput, errors: &mut Errors) -> String {
    docs::markdown(&input.attrs).unwrap_or_else(|| {
        let ident = &input.ident;
        let problem = format!("`{ident}` needs a doc comment: it is the description in Terraform");
        errors.at(ident.span(), problem);
        String::new()
    })
}

fn version(entries: &Entries, errors: &mut Errors) -> i64 {
    let Some(expr) = entries.expr("version") else {
        return 0;
    };
    integer(expr)
        .filter(|version| *version >= 0)
        .unwrap_or_else(|| {
            errors.push(syn::Error::new_spanned(
                expr,
                "`version` needs a whole number from 0",
            ));
            0
        })
}

fn check_names(fields: &[Field], errors: &mut Errors) {
    let names: Vec<&LitStr> = fields.iter().filter_map(Field::name).collect();
    for (at, name) in names.iter().enumerate() {
        if names
            .iter()
            .take(at)
            .any(|before| before.value() == name.value())
        {
            errors.at(
                name.span(),
                format!("two fields have the name `{}`", name.value()),
            );
        }
    }
}
