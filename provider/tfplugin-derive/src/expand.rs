//! The code that the macro writes.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, LitStr};

use crate::field::{Attribute, Block, BlockNesting, Field, Kind};
use crate::model::Model;

/// Everything for one struct.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let twin = format_ident!("{}Config", model.ident, span = model.ident.span());
    let items = [
        version(model),
        object(model, &twin),
        type_impl(model, &twin),
        twin_struct(model, &twin),
        twin_debug(model, &twin),
        twin_impl(model, &twin),
    ];
    quote!(#(#items)*)
}

/// An `impl` that lints leave alone.
fn generated(item: &TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "written by `TfSchema`")]
        #[allow(deprecated, dead_code, reason = "the user decides what is used")]
        #item
    }
}

fn version(model: &Model) -> TokenStream {
    let Model {
        ident,
        vis,
        version,
        ..
    } = model;
    generated(&quote! {
        impl #ident {
            /// Version of the stored state; raised with every change that old state does not fit.
            #vis const SCHEMA_VERSION: i64 = #version;
        }
    })
}

fn object(model: &Model, twin: &Ident) -> TokenStream {
    let Model {
        ident, description, ..
    } = model;
    let deprecated = optional_text(model.deprecated.as_ref());
    let parts = model.fields.iter().map(schema_part);
    generated(&quote! {
        impl ::tfplugin_types::TfObject for #ident {
            type View = #twin;

            fn block() -> ::tfplugin_types::Block {
                use ::tfplugin_types::{Check, TfType};
                let mut __block = ::tfplugin_types::Block {
                    attributes: ::std::vec::Vec::new(),
                    blocks: ::std::vec::Vec::new(),
                    description: ::std::string::String::from(#description),
                    deprecated: #deprecated,
                };
                #(#parts)*
                __block
            }
        }
    })
}

/// The statement that adds one field to `__block`.
fn schema_part(field: &Field) -> TokenStream {
    match &field.kind {
        Kind::Flatten => {
            let ty = &field.ty.written;
            quote_spanned! {ty.span()=>
                ::tfplugin_types::derive_support::flatten::<#ty>(&mut __block);
            }
        }
        Kind::Attribute(attribute) => {
            let attribute = attribute_expr(field, attribute);
            quote!(__block.attributes.push(#attribute);)
        }
        Kind::Block(block) => {
            let block = block_expr(field, block);
            quote!(__block.blocks.push(#block);)
        }
    }
}

fn attribute_expr(field: &Field, attribute: &Attribute) -> TokenStream {
    let Attribute {
        name,
        description,
        mode,
        stable,
        sensitive,
        write_only,
        checks,
        ..
    } = attribute;
    let ty = &field.ty.written;
    let attribute_type = quote_spanned!(ty.span()=> <#ty as TfType>::attribute_type());
    let default = default_expr(field, attribute);
    let replace = if attribute.replace {
        quote!(Always)
    } else {
        quote!(No)
    };
    let prefix = optional_text(attribute.prefix.as_ref());
    let deprecated = optional_text(attribute.deprecated.as_ref());
    quote! {
        ::tfplugin_types::Attribute {
            name: ::std::string::String::from(#name),
            ty: #attribute_type,
            mode: ::tfplugin_types::Mode::#mode,
            description: ::std::string::String::from(#description),
            sensitive: #sensitive,
            write_only: #write_only,
            deprecated: #deprecated,
            default: #default,
            replace: ::tfplugin_types::Replace::#replace,
            stable: #stable,
            nullable: <#ty as TfType>::NULLABLE,
            prefix: #prefix,
            checks: ::core::iter::Iterator::collect(::core::iter::Iterator::chain(
                ::core::iter::IntoIterator::into_iter(::tfplugin_types::Check::number::<#ty>()),
                [#(#checks),*],
            )),
        }
    }
}

/// The default as a value. A text in quotes stands for any type made from text; all else must have
/// the type of the field, so that numbers take its width.
fn default_expr(field: &Field, attribute: &Attribute) -> TokenStream {
    let Some(expr) = &attribute.default else {
        return quote!(::core::option::Option::None);
    };
    let ty = &field.ty.written;
    let expr = if syn::parse2::<LitStr>(expr.to_token_stream()).is_ok() {
        quote_spanned!(expr.span()=> <#ty as ::core::convert::From<&str>>::from(#expr))
    } else {
        expr.to_token_stream()
    };
    quote! {
        ::core::option::Option::Some({
            let __default: #ty = #expr;
            TfType::to_value(&__default)
        })
    }
}

fn block_expr(field: &Field, block: &Block) -> TokenStream {
    let Block {
        name,
        nesting,
        description,
        min,
        max,
        ..
    } = block;
    let (ty, deprecated) = (
        &field.ty.element_type,
        optional_text(block.deprecated.as_ref()),
    );
    let inside = quote_spanned! {ty.span()=>
        ::tfplugin_types::derive_support::block::<#ty>(#description, #deprecated)
    };
    quote! {
        ::tfplugin_types::NestedBlock {
            name: ::std::string::String::from(#name),
            nesting: ::tfplugin_types::BlockNesting::#nesting,
            block: #inside,
            min_items: #min,
            max_items: #max,
        }
    }
}

fn type_impl(model: &Model, twin: &Ident) -> TokenStream {
    let ident = &model.ident;
    let (read, write) = (
        model.fields.iter().map(read_field),
        model.fields.iter().map(write_field),
    );
    generated(&quote! {
        impl ::tfplugin_types::TfType for #ident {
            type Config = ::tfplugin_types::Cfg<#twin>;

            fn attribute_type() -> ::tfplugin_types::AttributeType {
                ::tfplugin_types::derive_support::nested::<Self>()
            }

            fn from_value(
                __value: &::tfplugin_types::Value,
            ) -> ::core::result::Result<Self, ::tfplugin_types::ConvertError> {
                use ::tfplugin_types::TfType as __Half;
                ::tfplugin_types::derive_support::expect_object(__value)?;
                ::core::result::Result::Ok(Self { #(#read),* })
            }

            fn to_value(&self) -> ::tfplugin_types::Value {
                use ::tfplugin_types::TfType as __Half;
                let mut __fields = ::tfplugin_types::derive_support::Fields::new();
                #(#write)*
                ::tfplugin_types::Value::Map(__fields)
            }
        }
    })
}

/// `field: value`, by whichever of `TfType` and `TfConfig` has the name `__Half` in scope.
fn read_field(field: &Field) -> TokenStream {
    let ident = &field.ident;
    let Some(name) = field.name() else {
        return quote!(#ident: __Half::from_value(__value)?);
    };
    let helpers = quote!(::tfplugin_types::derive_support);
    match block_nesting(field) {
        None => quote!(#ident: #helpers::get(__value, #name, __Half::from_value)?),
        Some(nesting) => {
            let nesting = quote!(::tfplugin_types::BlockNesting::#nesting);
            quote!(#ident: #helpers::get_blocks(__value, #name, #nesting, __Half::from_value)?)
        }
    }
}

/// The statement that adds one field to `__fields`.
fn write_field(field: &Field) -> TokenStream {
    let ident = &field.ident;
    let helpers = quote!(::tfplugin_types::derive_support);
    let value = quote!(__Half::to_value(&self.#ident));
    let Some(name) = field.name() else {
        return quote!(#helpers::put_all(&mut __fields, #value););
    };
    match block_nesting(field) {
        None => quote!(#helpers::put(&mut __fields, #name, #value);),
        Some(nesting) => {
            let nesting = quote!(::tfplugin_types::BlockNesting::#nesting);
            quote!(#helpers::put_blocks(&mut __fields, #name, #nesting, #value);)
        }
    }
}

fn block_nesting(field: &Field) -> Option<BlockNesting> {
    match &field.kind {
        Kind::Block(block) => Some(block.nesting),
        Kind::Flatten | Kind::Attribute(_) => None,
    }
}

fn twin_struct(model: &Model, twin: &Ident) -> TokenStream {
    let Model {
        ident, vis, docs, ..
    } = model;
    let note = format!(
        " The twin of [`{ident}`] as configuration and plans have it: every value may be null or unknown."
    );
    let fields = model.fields.iter().map(twin_field);
    quote! {
        #(#docs)*
        ///
        #[doc = #note]
        #[derive(
            ::core::clone::Clone, ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::cmp::PartialOrd,
            ::core::cmp::Ord, ::core::hash::Hash, ::core::default::Default,
        )]
        #[allow(clippy::pedantic, reason = "written by `TfSchema`")]
        #vis struct #twin {
            #(#fields),*
        }
    }
}

fn twin_field(field: &Field) -> TokenStream {
    let Field {
        ident, vis, docs, ..
    } = field;
    let ty = &field.ty.written;
    let fallback = docs
        .is_empty()
        .then(|| quote!(#[doc = "Attributes shared with others."]));
    let twin = if matches!(field.kind, Kind::Flatten) {
        quote_spanned!(ty.span()=> <#ty as ::tfplugin_types::TfObject>::View)
    } else {
        quote_spanned!(ty.span()=> <#ty as ::tfplugin_types::TfType>::Config)
    };
    quote!(#(#docs)* #fallback #vis #ident: #twin)
}

/// `Debug` that keeps secrets.
fn twin_debug(model: &Model, twin: &Ident) -> TokenStream {
    let name = twin.to_string();
    let fields = model.fields.iter().map(|field| {
        let (ident, name) = (&field.ident, field.ident.to_string());
        if field.is_secret() {
            quote!(.field(#name, &::core::format_args!("(sensitive)")))
        } else {
            quote!(.field(#name, &self.#ident))
        }
    });
    generated(&quote! {
        impl ::core::fmt::Debug for #twin {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#name) #(#fields)* .finish()
            }
        }
    })
}

fn twin_impl(model: &Model, twin: &Ident) -> TokenStream {
    let vis = &model.vis;
    let (read, write) = (
        model.fields.iter().map(read_field),
        model.fields.iter().map(write_field),
    );
    let own = generated(&quote! {
        impl #twin {
            /// Reads an object of configuration or plan; an attribute that is missing is null.
            #vis fn from_value(
                __value: &::tfplugin_types::Value,
            ) -> ::core::result::Result<Self, ::tfplugin_types::ConvertError> {
                use ::tfplugin_types::TfConfig as __Half;
                ::tfplugin_types::derive_support::expect_object(__value)?;
                ::core::result::Result::Ok(Self { #(#read),* })
            }

            /// Writes it back as an object.
            #vis fn to_value(&self) -> ::tfplugin_types::Value {
                use ::tfplugin_types::TfConfig as __Half;
                let mut __fields = ::tfplugin_types::derive_support::Fields::new();
                #(#write)*
                ::tfplugin_types::Value::Map(__fields)
            }
        }
    });
    let traits = twin_traits(twin);
    quote!(#own #traits)
}

fn twin_traits(twin: &Ident) -> TokenStream {
    let error = quote!(::tfplugin_types::ConvertError);
    let config = generated(&quote! {
        impl ::tfplugin_types::TfConfig for #twin {
            fn from_value(
                value: &::tfplugin_types::Value,
            ) -> ::core::result::Result<Self, #error> {
                #twin::from_value(value)
            }
            fn to_value(&self) -> ::tfplugin_types::Value {
                #twin::to_value(self)
            }
        }
    });
    let leaf = generated(&quote! {
        impl ::tfplugin_types::TfConfigLeaf for #twin {
            fn leaf_from_value(
                value: &::tfplugin_types::Value,
            ) -> ::core::result::Result<Self, #error> {
                #twin::from_value(value)
            }
            fn leaf_to_value(&self) -> ::tfplugin_types::Value {
                #twin::to_value(self)
            }
        }
    });
    quote!(#config #leaf)
}

fn optional_text(text: Option<&LitStr>) -> TokenStream {
    text.map_or_else(
        || quote!(::core::option::Option::None),
        |text| quote!(::core::option::Option::Some(::std::string::String::from(#text))),
    )
}
