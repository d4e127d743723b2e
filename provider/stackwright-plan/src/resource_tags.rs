//! [`Common`] for a resource whose own field has the name `tags`.

use tfplugin_types::{
    AttributeType, Block, Cfg, ConvertError, Nesting, TfConfig, TfConfigLeaf, TfObject, TfType,
    Value,
};

use crate::resource::{Common, CommonConfig};

/// Name of the user's tags for AWS objects where `tags` means something else.
pub(crate) const RESOURCE_TAGS: &str = "resource_tags";
const TAGS: &str = "tags";

/// [`Common`] with `resource_tags` in place of `tags`.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonBesideTags(pub Common);

/// The twin of [`CommonBesideTags`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommonBesideTagsConfig(pub CommonConfig);

/// The object with its `resource_tags` under the name that [`Common`] knows.
fn inward(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_map_mut() {
        let tags = fields.remove(RESOURCE_TAGS).unwrap_or(Value::Null);
        fields.insert(TAGS.to_owned(), tags);
    }
    value
}

fn outward(mut value: Value) -> Value {
    if let Some(fields) = value.as_map_mut() {
        let tags = fields.remove(TAGS).unwrap_or(Value::Null);
        fields.insert(RESOURCE_TAGS.to_owned(), tags);
    }
    value
}

impl TfObject for CommonBesideTags {
    type View = CommonBesideTagsConfig;

    fn block() -> Block {
        let mut block = Common::block();
        for attribute in &mut block.attributes {
            if attribute.name == TAGS {
                RESOURCE_TAGS.clone_into(&mut attribute.name);
            }
            attribute.description = attribute
                .description
                .replace("`tags` and", "`resource_tags` and");
        }
        block
    }
}

impl TfType for CommonBesideTags {
    type Config = Cfg<CommonBesideTagsConfig>;

    fn attribute_type() -> AttributeType {
        AttributeType::Nested(Nesting::Single, Self::block().into_attributes())
    }

    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Common::from_value(&inward(value)).map(Self)
    }

    fn to_value(&self) -> Value {
        outward(self.0.to_value())
    }
}

impl TfConfig for CommonBesideTagsConfig {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        CommonConfig::from_value(&inward(value)).map(Self)
    }

    fn to_value(&self) -> Value {
        outward(self.0.to_value())
    }
}

impl TfConfigLeaf for CommonBesideTagsConfig {
    fn leaf_from_value(value: &Value) -> Result<Self, ConvertError> {
        <Self as TfConfig>::from_value(value)
    }

    fn leaf_to_value(&self) -> Value {
        <Self as TfConfig>::to_value(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_tags_differs() {
        let names = |block: Block| -> Vec<String> {
            block.attributes.into_iter().map(|it| it.name).collect()
        };
        let ours = names(CommonBesideTags::block());
        let theirs = names(Common::block());
        assert_eq!(ours.len(), theirs.len());
        assert!(!ours.contains(&"tags".to_owned()) && ours.contains(&RESOURCE_TAGS.to_owned()));
        let described = CommonBesideTags::block();
        let all = described.attribute("tags_all").map(|it| &it.description);
        assert!(all.is_some_and(|text| text.starts_with("`resource_tags` and")));
    }

    #[test]
    fn a_filter_called_tags_is_left_alone() {
        let tags = Value::object([("team", Value::from("core"))]);
        let whole = Value::object([
            ("tags", Value::from("somebody else's")),
            (RESOURCE_TAGS, tags.clone()),
        ]);
        let read = <CommonBesideTagsConfig as TfConfig>::from_value(&whole);
        let written = read.map(|view| TfConfig::to_value(&view));
        assert_eq!(written.as_ref().map(|it| it.get(RESOURCE_TAGS)), Ok(&tags));
        assert_eq!(written.as_ref().map(|it| it.get("tags")), Ok(&Value::Null));
    }
}
