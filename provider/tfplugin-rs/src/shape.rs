//! Blocks and nested attributes seen alike: named fields, each with a schema of its own.

use tfplugin_types::{Attribute, AttributeType, Block, Mode, NestedBlock, Nesting};

/// The fields of a block or of nested attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    attributes: &'a [Attribute],
    blocks: &'a [NestedBlock],
}

/// What a field is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    /// An attribute of a plain type.
    Plain(&'a Attribute),
    /// An attribute with nested attributes.
    Nested(&'a Attribute, Nesting, Shape<'a>),
    /// A nested block.
    Block(&'a NestedBlock, Nesting, Shape<'a>),
}

impl<'a> Shape<'a> {
    pub(crate) fn of(block: &'a Block) -> Self {
        Self {
            attributes: &block.attributes,
            blocks: &block.blocks,
        }
    }

    pub(crate) fn fields(self) -> impl Iterator<Item = Field<'a>> {
        let attributes = self.attributes.iter().map(|attribute| match &attribute.ty {
            AttributeType::Plain(_) => Field::Plain(attribute),
            AttributeType::Nested(nesting, inner) => Field::Nested(
                attribute,
                *nesting,
                Shape {
                    attributes: inner,
                    blocks: &[],
                },
            ),
        });
        let blocks = self.blocks.iter();
        attributes.chain(blocks.map(|b| Field::Block(b, b.nesting.into(), Self::of(&b.block))))
    }

    pub(crate) fn field(self, name: &str) -> Option<Field<'a>> {
        self.fields().find(|field| field.name() == name)
    }

    /// Whether a field at any depth is so.
    pub(crate) fn any(self, test: &impl Fn(Field<'a>) -> bool) -> bool {
        self.fields()
            .any(|field| test(field) || field.inner().is_some_and(|(_, s)| s.any(test)))
    }
}

impl<'a> Field<'a> {
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Plain(attribute) | Self::Nested(attribute, ..) => &attribute.name,
            Self::Block(block, ..) => &block.name,
        }
    }

    pub(crate) const fn attribute(self) -> Option<&'a Attribute> {
        match self {
            Self::Plain(attribute) | Self::Nested(attribute, ..) => Some(attribute),
            Self::Block(..) => None,
        }
    }

    /// How often what is inside.
    pub(crate) const fn inner(self) -> Option<(Nesting, Shape<'a>)> {
        match self {
            Self::Plain(_) => None,
            Self::Nested(_, nesting, shape) | Self::Block(_, nesting, shape) => {
                Some((nesting, shape))
            }
        }
    }

    /// Whether the provider gives the value when the user does not.
    pub(crate) fn is_computed(self) -> bool {
        let mode = self.attribute().map(|attribute| attribute.mode);
        matches!(mode, Some(Mode::Computed | Mode::OptionalComputed))
    }

    pub(crate) fn is_write_only(self) -> bool {
        self.attribute()
            .is_some_and(|attribute| attribute.write_only)
    }
}
