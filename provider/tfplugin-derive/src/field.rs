//! One field: what the schema says about it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ExprRange, Ident, Lit, LitStr, RangeLimits, Token, UnOp};

use crate::docs;
use crate::entry::{Entries, Errors};
use crate::field_type::{FieldType, Shape};
use crate::rules;

/// A field that was understood.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: syn::Visibility,
    pub(crate) docs: Vec<syn::Attribute>,
    pub(crate) ty: FieldType,
    pub(crate) kind: Kind,
}

/// What becomes of a field.
pub(crate) enum Kind {
    Flatten,
    Attribute(Box<Attribute>),
    Block(Block),
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that an author may write"
)]
pub(crate) struct Attribute {
    pub(crate) name: LitStr,
    pub(crate) description: String,
    pub(crate) mode: Mode,
    pub(crate) default: Option<Expr>,
    pub(crate) replace: bool,
    pub(crate) stable: bool,
    pub(crate) prefix: Option<LitStr>,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) deprecated: Option<LitStr>,
    /// Expressions of type `Check`, for a type named `Check` and a trait named `TfType` in scope.
    pub(crate) checks: Vec<TokenStream>,
}

pub(crate) struct Block {
    pub(crate) name: LitStr,
    pub(crate) nesting: BlockNesting,
    pub(crate) description: String,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Required,
    Optional,
    Computed,
    OptionalComputed,
}

#[derive(Clone, Copy)]
pub(crate) enum BlockNesting {
    Single,
    List,
    Set,
    Map,
}

impl Field {
    /// Reads a field; what is wrong goes to `errors`.
    pub(crate) fn read(field: &syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let ty = FieldType::read(&field.ty);
        let entries = Entries::read(&field.attrs, rules::FIELD_KEYS, errors);
        rules::check(&entries, &ty, errors);
        let kind = if entries.has("flatten") {
            Kind::Flatten
        } else {
            let name = name(&ident, &entries, errors);
            let description = description(field, &ident, errors);
            if entries.has("block") {
                Kind::Block(Block::read(name, description, &ty, &entries, errors))
            } else {
                let attribute = Attribute::read(name, description, &ty, &entries, errors);
                Kind::Attribute(Box::new(attribute))
            }
        };
        let docs = docs::attributes(&field.attrs)
            .into_iter()
            .cloned()
            .collect();
        Some(Self {
            ident,
            vis: field.vis.clone(),
            docs,
            ty,
            kind,
        })
    }

    /// The name in Terraform; a flattened struct has none.
    pub(crate) fn name(&self) -> Option<&LitStr> {
        match &self.kind {
            Kind::Flatten => None,
            Kind::Attribute(attribute) => Some(&attribute.name),
            Kind::Block(block) => Some(&block.name),
        }
    }

    /// Whether `Debug` must not show the value.
    pub(crate) fn is_secret(&self) -> bool {
        match &self.kind {
            Kind::Attribute(attribute) => attribute.sensitive || attribute.write_only,
            Kind::Flatten | Kind::Block(_) => false,
        }
    }
}

impl Attribute {
    fn read(
        name: LitStr,
        description: String,
        ty: &FieldType,
        entries: &Entries,
        errors: &mut Errors,
    ) -> Self {
        Self {
            name,
            description,
            mode: mode(ty, entries),
            default: entries.expr("default").cloned(),
            replace: entries.has("replace"),
            stable: entries.has("stable"),
            prefix: entries.text("prefix", errors),
            sensitive: entries.has("sensitive"),
            write_only: entries.has("write_only"),
            deprecated: entries.text("deprecated", errors),
            checks: checks(ty, entries, errors),
        }
    }
}

impl Block {
    fn read(
        name: LitStr,
        description: String,
        ty: &FieldType,
        entries: &Entries,
        errors: &mut Errors,
    ) -> Self {
        let (min, max) = (count("min", entries, errors), count("max", entries, errors));
        if let Some(entry) = entries.get("max").filter(|_| max != 0 && min > max) {
            errors.at(
                entry.span,
                format!("at least {min} and at most {max} blocks: none fits"),
            );
        }
        let nesting = match ty.shape {
            Shape::List => BlockNesting::List,
            Shape::Set => BlockNesting::Set,
            Shape::Map => BlockNesting::Map,
            _ => BlockNesting::Single,
        };
        let deprecated = entries.text("deprecated", errors);
        Self {
            name,
            nesting,
            description,
            deprecated,
            min,
            max,
        }
    }
}

fn mode(ty: &FieldType, entries: &Entries) -> Mode {
    let optional = ty.is_optional_write_only || entries.has("optional");
    match (entries.has("default"), entries.has("computed"), optional) {
        (true, _, _) | (_, true, true) => Mode::OptionalComputed,
        (_, true, false) => Mode::Computed,
        _ if optional || ty.is_option => Mode::Optional,
        _ => Mode::Required,
    }
}

fn name(ident: &Ident, entries: &Entries, errors: &mut Errors) -> LitStr {
    let given = entries.text("name", errors);
    let name = given.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
    let text = name.value();
    let fits = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !fits {
        let problem =
            format!("`{text}` is no name in Terraform: use a-z, 0-9 and `_`, a letter first");
        errors.at(name.span(), problem);
    }
    name
}

fn description(field: &syn::Field, ident: &Ident, errors: &mut Errors) -> String {
    docs::markdown(&field.attrs).unwrap_or_else(|| {
        let problem = format!("`{ident}` needs a doc comment: it is the description in Terraform");
        errors.at(ident.span(), problem);
        String::new()
    })
}

/// The number of `min = n` or `max = n`; zero when not given.
fn count(key: &str, entries: &Entries, errors: &mut Errors) -> i64 {
    let Some(expr) = entries.expr(key) else {
        return 0;
    };
    integer(expr).filter(|count| *count > 0).unwrap_or_else(|| {
        let problem = format!("`{key}` needs a whole number from 1");
        errors.push(syn::Error::new_spanned(expr, problem));
        0
    })
}

/// The value of an integer literal, also a negative one.
pub(crate) fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            integer(&unary.expr).and_then(i64::checked_neg)
        }
        _ => None,
    }
}

fn checks(ty: &FieldType, entries: &Entries, errors: &mut Errors) -> Vec<TokenStream> {
    let mut checks = Vec::new();
    if let Some((span, list)) = entries.list("one_of") {
        checks.extend(one_of(span, list, errors));
    }
    if let Some((span, list)) = entries.list("range")
        && let Some(range) = range("range", span, list, errors)
    {
        checks.push(quote_spanned!(span=> Check::range(#range)));
    }
    if let Some((span, list)) = entries.list("length")
        && let Some(range) = range("length", span, list, errors)
    {
        let inner = &ty.inner;
        let of = quote!(&<#inner as TfType>::attribute_type());
        checks.push(quote_spanned!(span=> Check::length(#range, #of)));
    }
    if let Some((span, list)) = entries.list("matches") {
        let allowed = entries.text("allowed", errors);
        checks.extend(matches(ty, span, list, allowed, errors));
    }
    checks
}

fn one_of(span: Span, list: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let texts = match Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(list) {
        Ok(texts) if !texts.is_empty() => texts,
        Ok(_) => {
            errors.at(
                span,
                "`one_of` allows nothing: name the texts, `one_of(\"a\", \"b\")`",
            );
            return None;
        }
        Err(error) => {
            errors.at(
                error.span(),
                "`one_of` needs texts in quotes, with commas between",
            );
            return None;
        }
    };
    for (at, text) in texts.iter().enumerate() {
        if texts
            .iter()
            .take(at)
            .any(|before| before.value() == text.value())
        {
            errors.at(text.span(), format!("`{}` is given twice", text.value()));
        }
    }
    Some(quote_spanned!(span=> Check::one_of(&[#texts])))
}

fn range(key: &str, span: Span, list: TokenStream, errors: &mut Errors) -> Option<ExprRange> {
    let Ok(range) = syn::parse2::<ExprRange>(list) else {
        errors.at(
            span,
            format!("`{key}` needs a range: `{key}(1..=50)`, `{key}(1..)` or `{key}(..=50)`"),
        );
        return None;
    };
    let literal = |bound: &Option<Box<Expr>>| bound.as_deref().and_then(integer);
    if range.start.is_none() && range.end.is_none() {
        errors.at(range.span(), "this range has no bound: leave the check out");
        return None;
    }
    if let (Some(start), Some(end)) = (literal(&range.start), literal(&range.end)) {
        let inclusive = matches!(range.limits, RangeLimits::Closed(_));
        if start > end || (start == end && !inclusive) {
            errors.push(syn::Error::new_spanned(&range, "nothing is in this range"));
            return None;
        }
    }
    Some(range)
}

fn matches(
    ty: &FieldType,
    span: Span,
    list: TokenStream,
    allowed: Option<LitStr>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let Ok(path) = syn::parse2::<syn::ExprPath>(list) else {
        errors.at(
            span,
            "`matches` needs the path of a function: `matches(path::to::check)`",
        );
        return None;
    };
    let inner = &ty.inner;
    let allowed = allowed.map_or_else(String::new, |allowed| allowed.value());
    // The call stands in the user's tokens, so that a wrong function is blamed there; as an
    // argument, `&String` also fits a function that takes `&str`.
    let call = quote_spanned!(path.span()=> #path(value));
    Some(quote_spanned!(span=> Check::matches(#allowed, |value: &#inner| #call)))
}

impl ToTokens for Mode {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = match self {
            Self::Required => "Required",
            Self::Optional => "Optional",
            Self::Computed => "Computed",
            Self::OptionalComputed => "OptionalComputed",
        };
        Ident::new(name, Span::call_site()).to_tokens(tokens);
    }
}

impl ToTokens for BlockNesting {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = match self {
            Self::Single => "Single",
            Self::List => "List",
            Self::Set => "Set",
            Self::Map => "Map",
        };
        Ident::new(name, Span::call_site()).to_tokens(tokens);
    }
}
