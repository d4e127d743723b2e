//! The names of a struct's fields, asked of serde: so no second list can fall behind.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// The names of the fields of a struct that derives `Deserialize`.
pub(crate) fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The listener answers every request with an error; the names came with the request.
    let _ = T::deserialize(Listener(&mut names));
    names
}

/// Takes down what a struct asks for.
struct Listener<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the names were wanted"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use crate::component::ElasticIp;
    use crate::component::RouteTableAssociation;

    #[test]
    fn names_come_from_the_struct() {
        assert_eq!(super::of::<ElasticIp>(), ["tags"]);
        assert_eq!(
            super::of::<RouteTableAssociation>(),
            ["route_table_id", "subnet_id"]
        );
    }
}
