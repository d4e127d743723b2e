//! Rules about schemas: a malformed one makes Terraform crash or refuse the whole provider.

use std::collections::BTreeSet;

use tfplugin_types::{Block, BlockNesting, Mode, NestedBlock, Path, Schema, Type};

use super::Broken;
use crate::FunctionSignature;
use crate::shape::{Field, Shape};

/// All rules about the schema of a provider, resource or data source.
pub(crate) fn check(schema: &Schema) -> Vec<Broken> {
    let mut broken = Vec::new();
    if schema.version < 0 {
        broken.push(Broken::new(
            "S3",
            &Path::root(),
            "the schema version is negative",
        ));
    }
    check_block(&schema.block, &Path::root(), &mut broken);
    broken
}

fn check_block(block: &Block, at: &Path, broken: &mut Vec<Broken>) {
    check_shape(Shape::of(block), at, broken);
    for nested in &block.blocks {
        let at = at.join(&nested.name);
        broken.extend(s3_counts(nested, &at));
        check_block(&nested.block, &at, broken);
    }
}

fn check_shape(shape: Shape<'_>, at: &Path, broken: &mut Vec<Broken>) {
    let mut seen = BTreeSet::new();
    for field in shape.fields() {
        let at = at.join(field.name());
        broken.extend(s3_name(field.name(), &at));
        if !seen.insert(field.name()) {
            broken.push(Broken::new(
                "S3",
                &at,
                "two attributes or blocks have this name",
            ));
        }
        broken.extend(s3_set_contents(field, &at));
        broken.extend(p11_default(field, &at));
        if let Field::Nested(_, _, inner) = field {
            check_shape(inner, &at, broken);
        }
    }
}

/// S3: names are lower-case letters, digits and underscores, and begin with a letter.
fn s3_name(name: &str, at: &Path) -> Option<Broken> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    (!starts || !name.chars().all(good)).then(|| {
        Broken::new(
            "S3",
            at,
            "a name has other characters than lower-case letters, digits and `_`",
        )
    })
}

/// S3: how often a block may stand fits how it repeats.
fn s3_counts(block: &NestedBlock, at: &Path) -> Option<Broken> {
    let (min, max) = (block.min_items, block.max_items);
    let good = match block.nesting {
        BlockNesting::Single => (0..=1).contains(&min) && (0..=1).contains(&max),
        BlockNesting::Map => min == 0 && max == 0,
        BlockNesting::List | BlockNesting::Set => min >= 0 && max >= 0 && (max == 0 || min <= max),
    };
    (!good).then(|| Broken::new("S3", at, "the least and most number of blocks do not fit"))
}

/// S3: sets hold neither dynamic nor write-only values.
fn s3_set_contents(field: Field<'_>, at: &Path) -> Option<Broken> {
    let (tfplugin_types::Nesting::Set, shape) = field.inner()? else {
        return None;
    };
    let bad = |field: Field<'_>| {
        let ty = field.attribute().map(|attribute| attribute.ty.ty());
        field.is_write_only() || ty.is_some_and(|ty| has_dynamic(&ty))
    };
    shape
        .any(&bad)
        .then(|| Broken::new("S3", at, "a set holds a dynamic or write-only value"))
}

fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Object(types) => types.values().any(has_dynamic),
        Type::Tuple(types) => types.iter().any(has_dynamic),
        Type::Bool | Type::Number | Type::String => false,
    }
}

/// P11: defaults are for attributes that are optional and computed, and are of their type.
fn p11_default(field: Field<'_>, at: &Path) -> Option<Broken> {
    let attribute = field.attribute()?;
    let default = attribute.default.clone()?;
    if attribute.mode != Mode::OptionalComputed {
        return Some(Broken::new(
            "P11",
            at,
            "an attribute with a default is not optional and computed",
        ));
    }
    let mismatch = crate::canonical::of_type(&attribute.ty.ty(), default, at).err()?;
    Some(Broken::wrong_type("P11", mismatch))
}

/// S5: parameters have names that are identifiers, each once.
pub(crate) fn s5_function(name: &str, signature: &FunctionSignature) -> Vec<Broken> {
    let mut broken: Vec<Broken> = s3_name(name, &Path::attribute(name)).into_iter().collect();
    let mut seen = BTreeSet::new();
    for parameter in signature.parameters.iter().chain(&signature.variadic) {
        let at = Path::attribute(name).join(&parameter.name);
        broken.extend(s3_name(&parameter.name, &at));
        if !seen.insert(&parameter.name) {
            broken.push(Broken::new("S5", &at, "two parameters have this name"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use tfplugin_types::{Attribute, AttributeType, Nesting, Replace, Value};

    use super::*;

    fn attribute(name: &str, ty: AttributeType) -> Attribute {
        Attribute {
            name: name.to_owned(),
            ty,
            mode: Mode::Optional,
            description: String::new(),
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            replace: Replace::No,
            stable: false,
            nullable: true,
            prefix: None,
            checks: Vec::new(),
        }
    }

    fn broken(attributes: Vec<Attribute>, blocks: Vec<NestedBlock>) -> Vec<String> {
        let block = Block {
            attributes,
            blocks,
            ..Block::default()
        };
        let found = check(&Schema { version: 0, block });
        found
            .into_iter()
            .map(|one| format!("{} {}", one.rule, one.path))
            .collect()
    }

    fn text(name: &str) -> Attribute {
        attribute(name, AttributeType::Plain(Type::String))
    }

    fn block(nesting: BlockNesting, min_items: i64, max_items: i64) -> Vec<NestedBlock> {
        let block = Block::default();
        vec![NestedBlock {
            name: "b".to_owned(),
            nesting,
            block,
            min_items,
            max_items,
        }]
    }

    #[test]
    fn s3_names_and_versions() {
        assert_eq!(broken(vec![text("good_1")], Vec::new()), [""; 0]);
        assert_eq!(broken(vec![text("Bad")], Vec::new()), ["S3 Bad"]);
        assert_eq!(broken(vec![text("1a")], Vec::new()), ["S3 1a"]);
        assert_eq!(broken(vec![text("a"), text("a")], Vec::new()), ["S3 a"]);
        assert_eq!(
            broken(vec![text("b")], block(BlockNesting::List, 0, 0)),
            ["S3 b"]
        );
        let negative = Schema {
            version: -1,
            block: Block::default(),
        };
        assert_eq!(check(&negative)[0].rule, "S3");
    }

    #[test]
    fn s3_counts_of_blocks() {
        assert_eq!(
            broken(Vec::new(), block(BlockNesting::List, 2, 1)),
            ["S3 b"]
        );
        assert_eq!(broken(Vec::new(), block(BlockNesting::List, 2, 0)), [""; 0]);
        assert_eq!(
            broken(Vec::new(), block(BlockNesting::Single, 0, 2)),
            ["S3 b"]
        );
        assert_eq!(broken(Vec::new(), block(BlockNesting::Map, 1, 0)), ["S3 b"]);
    }

    #[test]
    fn s3_sets_hold_nothing_dynamic_or_write_only() {
        let set = |inner| attribute("s", AttributeType::Nested(Nesting::Set, vec![inner]));
        let dynamic = attribute("d", AttributeType::Plain(Type::list(Type::Dynamic)));
        assert_eq!(broken(vec![set(dynamic)], Vec::new()), ["S3 s"]);
        let secret = Attribute {
            write_only: true,
            ..text("w")
        };
        assert_eq!(broken(vec![set(secret)], Vec::new()), ["S3 s"]);
        assert_eq!(broken(vec![set(text("t"))], Vec::new()), [""; 0]);
    }

    #[test]
    fn p11_defaults_are_of_their_type_and_computed() {
        let with = |mode, default| Attribute {
            mode,
            default: Some(default),
            ..text("t")
        };
        let good = with(Mode::OptionalComputed, Value::from("x"));
        assert_eq!(broken(vec![good], Vec::new()), [""; 0]);
        assert_eq!(
            broken(vec![with(Mode::Optional, "x".into())], Vec::new()),
            ["P11 t"]
        );
        assert_eq!(
            broken(vec![with(Mode::OptionalComputed, 1.into())], Vec::new()),
            ["P11 t"]
        );
    }
}
