//! The entries of `#[tf(...)]`, before anything is known about their meaning.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Expr, Ident, LitStr, Meta, Token};

/// One entry: `key`, `key = value` or `key(...)`.
pub(crate) struct Entry {
    pub(crate) key: &'static str,
    pub(crate) span: Span,
    pub(crate) value: EntryValue,
}

pub(crate) enum EntryValue {
    Flag,
    Expr(Box<Expr>),
    List(TokenStream),
}

/// How a key is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Flag,
    /// `key = value`, with an example of the value.
    Value(&'static str),
    /// `key(...)`, with an example of the inside.
    List(&'static str),
}

/// A key that may be written, and how.
pub(crate) type Key = (&'static str, Form);

/// All entries of one struct or field.
pub(crate) struct Entries(Vec<Entry>);

/// Errors of the whole input; they are reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn finish<T>(self, value: Option<T>) -> syn::Result<T> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(error), _) => Err(error),
            (None, None) => Err(syn::Error::new(
                Span::call_site(),
                "the input was not understood",
            )),
        }
    }
}

impl Entries {
    /// Reads every `#[tf(...)]`; what is wrong goes to `errors` and is left out.
    pub(crate) fn read(attributes: &[Attribute], keys: &[Key], errors: &mut Errors) -> Self {
        let mut entries = Self(Vec::new());
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("tf"))
        {
            match &attribute.meta {
                Meta::List(list) => entries.read_list(list.tokens.clone(), keys, errors),
                other => errors.push(syn::Error::new_spanned(other, "expected `#[tf(...)]`")),
            }
        }
        entries
    }

    fn read_list(&mut self, tokens: TokenStream, keys: &[Key], errors: &mut Errors) {
        for tokens in split_at_commas(tokens) {
            match raw_entry.parse2(tokens) {
                Ok((key, value)) => self.add(&key, value, keys, errors),
                Err(error) => errors.push(error),
            }
        }
    }

    fn add(&mut self, ident: &Ident, value: EntryValue, keys: &[Key], errors: &mut Errors) {
        let written = ident.unraw().to_string();
        let Some((key, form)) = keys.iter().find(|(key, _)| *key == written) else {
            return errors.at(ident.span(), unknown_key(&written, keys));
        };
        if self.has(key) {
            return errors.at(ident.span(), format!("`{key}` is given twice"));
        }
        if let Some(problem) = wrong_form(key, *form, &value) {
            return errors.at(ident.span(), problem);
        }
        self.0.push(Entry {
            key,
            span: ident.span(),
            value,
        });
    }

    /// All entries, in the order they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of `key = value`.
    pub(crate) fn expr(&self, key: &str) -> Option<&Expr> {
        match &self.get(key)?.value {
            EntryValue::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    /// The inside of `key(...)`.
    pub(crate) fn list(&self, key: &str) -> Option<(Span, TokenStream)> {
        let entry = self.get(key)?;
        match &entry.value {
            EntryValue::List(tokens) => Some((entry.span, tokens.clone())),
            _ => None,
        }
    }

    /// The text of `key = "text"`, which must not be empty.
    pub(crate) fn text(&self, key: &str, errors: &mut Errors) -> Option<LitStr> {
        let expr = self.expr(key)?;
        match syn::parse2::<LitStr>(expr.to_token_stream()) {
            Ok(text) if !text.value().trim().is_empty() => Some(text),
            _ => {
                let problem = format!("`{key}` needs a text in quotes that is not empty");
                errors.push(syn::Error::new_spanned(expr, problem));
                None
            }
        }
    }
}

fn raw_entry(input: ParseStream<'_>) -> syn::Result<(Ident, EntryValue)> {
    let refuse = |error: syn::Error| syn::Error::new(error.span(), "expected a key like `replace`");
    let key = input.call(Ident::parse_any).map_err(refuse)?;
    if input.is_empty() {
        return Ok((key, EntryValue::Flag));
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() {
            return Err(syn::Error::new(
                key.span(),
                format!("`{key} =` needs a value"),
            ));
        }
        return Ok((key, EntryValue::Expr(Box::new(input.parse()?))));
    }
    let inside;
    syn::parenthesized!(inside in input);
    Ok((key, EntryValue::List(inside.parse()?)))
}

/// The parts between commas. Commas inside brackets are part of a group token; a default that is a
/// call with type arguments (`Map::<A, B>::new()`) keeps its own, because the parts are joined
/// again while an angle bracket is open.
fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    let mut depth = 0_usize;
    let mut before = ' ';
    for token in tokens {
        let punct = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match punct {
            '<' if before == ':' || depth > 0 => depth += 1,
            '>' if before != '-' && before != '=' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = punct;
        if punct == ',' && depth == 0 {
            parts.push(TokenStream::new());
        } else if let Some(part) = parts.last_mut() {
            part.extend([token]);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn unknown_key(written: &str, keys: &[Key]) -> String {
    let nearest = keys
        .iter()
        .map(|(key, _)| (strsim::damerau_levenshtein(written, key), *key))
        .min()
        .filter(|(distance, key)| *distance <= 1.max(key.len() / 3));
    if let Some((_, key)) = nearest {
        return format!("unknown key `{written}`, did you mean `{key}`?");
    }
    let known: Vec<String> = keys.iter().map(|(key, _)| format!("`{key}`")).collect();
    format!("unknown key `{written}`; known are {}", known.join(", "))
}

fn wrong_form(key: &str, form: Form, value: &EntryValue) -> Option<String> {
    match (form, value) {
        (Form::Flag, EntryValue::Flag)
        | (Form::Value(_), EntryValue::Expr(_))
        | (Form::List(_), EntryValue::List(_)) => None,
        (Form::Flag, _) => Some(format!("`{key}` takes no value")),
        (Form::Value(example), _) => Some(format!("`{key}` is written `{key} = {example}`")),
        (Form::List(example), _) => Some(format!("`{key}` is written `{key}({example})`")),
    }
}
