//! Vectors taken from Terraform's own encoder, and random values and bytes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{decode, encode};
use crate::{DecodeProblem, Number, Refinements, Type, Value};

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn dynamic(ty: Type, value: Value) -> Value {
    Value::Dynamic(Box::new((ty, value)))
}

fn object(fields: &[(&str, Type)]) -> Type {
    Type::Object(
        fields
            .iter()
            .map(|(name, ty)| ((*name).to_owned(), ty.clone()))
            .collect(),
    )
}

fn both_ways(value: &Value, ty: &Type, expected: &str) {
    assert_eq!(hex(&encode(value, ty)), expected, "{value:?}");
    assert_eq!(&decode(&bytes(expected), ty).unwrap(), value);
}

fn problem(hex: &str, ty: &Type) -> String {
    decode(&bytes(hex), ty).unwrap_err().to_string()
}

#[test]
fn numbers_are_exact() {
    for (text, expected) in [
        ("0", "00"),
        ("127", "7f"),
        ("128", "cc80"),
        ("12345", "cd3039"),
        ("-1", "ff"),
        ("-33", "d0df"),
        ("4294967296", "cf0000000100000000"),
        ("9223372036854775807", "cf7fffffffffffffff"),
        ("-9223372036854775808", "d38000000000000000"),
        ("1.5", "cb3ff8000000000000"),
        ("0.1", "a3302e31"),
        ("1e-5", "a7302e3030303031"),
        ("123456789.125", "cb419d6f3454800000"),
        (
            "-9223372036854775809",
            "b42d39323233333732303336383534373735383039",
        ),
        (
            "9223372036854775808",
            "b339323233333732303336383534373735383038",
        ),
        (
            "12345678901234567890123",
            "b73132333435363738393031323334353637383930313233",
        ),
    ] {
        both_ways(&number(text), &Type::Number, expected);
    }
    let large = decode(&encode(&number("1e30"), &Type::Number), &Type::String).unwrap();
    assert_eq!(large, format!("1{}", "0".repeat(30)).into());
}

#[test]
fn numbers_are_read_in_every_form() {
    for (hex, expected) in [
        ("ca3fc00000", "1.5"),
        ("cfffffffffffffffff", "18446744073709551615"),
        ("d1ff00", "-256"),
        ("a431653330", "1e30"),
        ("cb3ff0000000000000", "1"),
    ] {
        assert_eq!(
            decode(&bytes(hex), &Type::Number).unwrap(),
            number(expected)
        );
    }
    let infinite = "expected a number, found an infinite number";
    assert_eq!(problem("cb7ff0000000000000", &Type::Number), infinite);
}

#[test]
fn unknown_values_carry_what_is_certain() {
    both_ways(&Value::unknown(), &Type::String, "d40000");
    both_ways(
        &Value::Unknown(Refinements::not_null()),
        &Type::Bool,
        "c7030c8101c2",
    );
    let arn = Value::Unknown(Refinements::prefix("arn:"));
    both_ways(&arn, &Type::String, "c7090c8201c202a461726e3a");
    let least = Some((Number::from(1_i64), true));
    let most = Some(("2.5".parse().unwrap(), false));
    let bounds = Refinements {
        number_min: least,
        number_max: most,
        ..Refinements::NONE
    };
    let expected = "c7110c82039201c30492cb4004000000000000c2";
    both_ways(&Value::Unknown(bounds), &Type::Number, expected);
    let exact = Some(("0.1".parse().unwrap(), true));
    let bound = Refinements {
        number_min: exact,
        ..Refinements::NONE
    };
    both_ways(
        &Value::Unknown(bound),
        &Type::Number,
        "d70c810392a3302e31c3",
    );
    let lengths = Refinements {
        length_min: Some(1),
        length_max: Some(9),
        ..Refinements::NONE
    };
    // Five bytes of payload have no fixed form.
    both_ways(
        &Value::Unknown(lengths),
        &Type::set(Type::Bool),
        "c7050c8205010609",
    );
}

#[test]
fn every_small_extension_is_unknown() {
    for hex in ["d40000", "d40c80", "c70000", "c70163ff", "d463ff"] {
        assert_eq!(decode(&bytes(hex), &Type::Bool).unwrap(), Value::unknown());
    }
}

#[test]
fn facts_that_do_not_fit_the_type_are_not_written() {
    let arn = Value::Unknown(Refinements {
        null: None,
        ..Refinements::prefix("arn:")
    });
    assert_eq!(hex(&encode(&arn, &Type::Number)), "d40000");
    assert_eq!(
        hex(&encode(
            &Value::Unknown(Refinements::not_null()),
            &Type::Dynamic
        )),
        "d40000"
    );
}

#[test]
fn a_long_prefix_is_cut_between_characters() {
    let long = Value::Unknown(Refinements::prefix("ä".repeat(200) + "x"));
    let read = decode(&encode(&long, &Type::String), &Type::String).unwrap();
    assert_eq!(read, Value::Unknown(Refinements::prefix("ä".repeat(128))));
    let odd = Value::Unknown(Refinements::prefix("x".to_owned() + &"ä".repeat(200)));
    let read = decode(&encode(&odd, &Type::String), &Type::String).unwrap();
    assert_eq!(
        read,
        Value::Unknown(Refinements::prefix("x".to_owned() + &"ä".repeat(127)))
    );
}

#[test]
fn unreadable_facts_are_refused() {
    let about = "the facts about an unknown value are wrong: ";
    for (hex, ty, reason) in [
        (
            "c7020d8080",
            Type::Bool,
            "an extension that Terraform does not use",
        ),
        (
            "c7090c8201c202a461726e3a",
            Type::Number,
            "a fact that does not fit the type",
        ),
        ("c7030c8101c0", Type::Bool, "a flag is no bool"),
        ("c7030c9101c2", Type::Bool, "no map"),
        ("c7040c8101c200", Type::Bool, "bytes after the map"),
        (
            "c7030c8105ff",
            Type::list(Type::Bool),
            "a length is no length",
        ),
    ] {
        assert_eq!(problem(hex, &ty), format!("{about}{reason}"), "{hex}");
    }
    let oversized = format!("c804010c{}", "80".repeat(1025));
    assert_eq!(
        problem(&oversized, &Type::Bool),
        format!("{about}more than 1024 bytes")
    );
}

#[test]
fn later_facts_are_passed_over() {
    let hex = "c70b0c82639281a16101a17a01c2";
    let read = decode(&bytes(hex), &Type::Bool).unwrap();
    assert_eq!(read, Value::Unknown(Refinements::not_null()));
}

#[test]
fn dynamic_values_carry_their_type() {
    both_ways(
        &dynamic(Type::String, "hi".into()),
        &Type::Dynamic,
        "92c40822737472696e6722a26869",
    );
    both_ways(&Value::Null, &Type::Dynamic, "c0");
    both_ways(
        &dynamic(Type::Bool, Value::Null),
        &Type::Dynamic,
        "92c40622626f6f6c22c0",
    );
    both_ways(&Value::unknown(), &Type::Dynamic, "d40000");
    both_ways(
        &dynamic(Type::Bool, Value::unknown()),
        &Type::Dynamic,
        "92c40622626f6f6c22d40000",
    );
    assert!(problem("92c4022222c0", &Type::Dynamic).contains("is not a Terraform type"));
    assert!(problem("92c4017bc0", &Type::Dynamic).contains("is not a Terraform type"));
}

#[test]
fn endless_dynamic_values_are_refused() {
    let nested = "92c4092264796e616d696322".repeat(100_000);
    let error = decode(&bytes(&nested), &Type::Dynamic).unwrap_err();
    assert_eq!(error.problem, DecodeProblem::TooDeep);
}

#[test]
fn objects_have_exactly_their_attributes() {
    let ty = object(&[("a", Type::Bool), ("b", Type::String)]);
    let value = Value::object([("a", true.into()), ("b", Value::Null)]);
    both_ways(&value, &ty, "82a161c3a162c0");
    assert_eq!(
        hex(&encode(&Value::object([("a", true.into())]), &ty)),
        "82a161c3a162c0"
    );
    let list = Type::list(ty);
    assert_eq!(
        problem("9181a161c3", &list),
        "[0]: attribute `b` is missing"
    );
    assert_eq!(
        problem("9182a161c3a163c0", &list),
        "[0]: attribute `c` is not expected"
    );
    assert_eq!(
        problem("9182a161c3a161c3", &list),
        "[0]: key `a` is there twice"
    );
}

#[test]
fn an_attribute_too_many_is_not_hidden_from_terraform() {
    let value = Value::object([("a", Value::Null), ("z", 1.into())]);
    assert_eq!(
        hex(&encode(&value, &object(&[("a", Type::Bool)]))),
        "82a161c0a17a01"
    );
}

#[test]
fn sets_are_canonical() {
    let ty = Type::set(Type::String);
    let sorted = Value::list(["a".into(), "b".into()]);
    assert_eq!(decode(&bytes("93a162a161a162"), &ty).unwrap(), sorted);
    let unsorted = Value::list(["b".into(), "a".into(), "b".into()]);
    assert_eq!(hex(&encode(&unsorted, &ty)), "92a161a162");
    let unknowns = Value::list([Value::unknown(), Value::unknown()]);
    both_ways(&unknowns, &ty, "92d40000d40000");
}

#[test]
fn errors_name_the_place() {
    let ty = object(&[("a", Type::map(Type::list(Type::Bool)))]);
    let wrong = "81a16181a16b91a178";
    assert_eq!(
        problem(wrong, &ty),
        "a[\"k\"][0]: expected a bool, found a string"
    );
    assert_eq!(
        problem("c3c3", &Type::Bool),
        "1 bytes follow after the value"
    );
    assert_eq!(problem("a1ff", &Type::String), "the text is not UTF-8");
    assert_eq!(problem("", &Type::Bool), "the value ends too early");
    assert_eq!(
        problem("c1", &Type::Bool),
        "expected a value, found a byte that MessagePack does not use"
    );
    let tuple = Type::Tuple(vec![Type::Bool]);
    assert_eq!(
        problem("92c3c3", &tuple),
        "expected a tuple of 1, found one of 2"
    );
}

#[test]
fn lengths_without_bytes_are_refused_at_once() {
    for hex in [
        "ddffffffff",
        "dfffffffff",
        "dbffffffff",
        "c6ffffffff",
        "c9ffffffff0c",
    ] {
        for ty in [Type::list(Type::Bool), Type::map(Type::Bool), Type::String] {
            assert!(decode(&bytes(hex), &ty).is_err());
        }
    }
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::Dynamic),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            btree_map("[a-c]", inner.clone(), 0..4).prop_map(Type::Object),
            vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,2})?".prop_map(|text| text.parse().unwrap()),
    ]
}

fn refinements(ty: &Type) -> BoxedStrategy<Refinements> {
    use proptest::option::of;
    let null = of(any::<bool>());
    match ty {
        Type::Dynamic => Just(Refinements::NONE).boxed(),
        Type::String => (null, of("\\PC{1,20}"))
            .prop_map(|(null, prefix)| Refinements {
                null,
                prefix,
                ..Refinements::NONE
            })
            .boxed(),
        Type::Number => (
            null,
            of((any::<i64>(), any::<bool>())),
            of((any::<i64>(), any::<bool>())),
        )
            .prop_map(|(null, min, max)| Refinements {
                null,
                number_min: min.map(|(n, inclusive)| (n.into(), inclusive)),
                number_max: max.map(|(n, inclusive)| (n.into(), inclusive)),
                ..Refinements::NONE
            })
            .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => (null, of(0..9_u64), of(9..20_u64))
            .prop_map(|(null, length_min, length_max)| Refinements {
                null,
                length_min,
                length_max,
                ..Refinements::NONE
            })
            .boxed(),
        _ => null
            .prop_map(|null| Refinements {
                null,
                ..Refinements::NONE
            })
            .boxed(),
    }
}

fn known(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::String => ".{0,12}".prop_map(Value::String).boxed(),
        Type::Dynamic => types()
            .prop_filter("says something", |ty| *ty != Type::Dynamic)
            .prop_flat_map(|ty| (Just(ty.clone()), values(&ty)))
            .prop_map(|(ty, value)| dynamic(ty, value))
            .boxed(),
        Type::List(element) => vec(values(element), 0..4).prop_map(Value::Seq).boxed(),
        Type::Set(element) => vec(values(element), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => btree_map(".{0,4}", values(element), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(values)
            .collect::<Vec<_>>()
            .prop_map(Value::Seq)
            .boxed(),
        Type::Object(types) => {
            let names: Vec<String> = types.keys().cloned().collect();
            let fields: Vec<_> = types.values().map(values).collect();
            fields
                .prop_map(move |fields| {
                    Value::Map(
                        names
                            .iter()
                            .cloned()
                            .zip(fields)
                            .collect::<BTreeMap<_, _>>(),
                    )
                })
                .boxed()
        }
    }
}

fn values(ty: &Type) -> BoxedStrategy<Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => refinements(ty).prop_map(Value::Unknown),
        6 => known(ty),
    ]
    .boxed()
}

fn typed_values() -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(|ty| (Just(ty.clone()), values(&ty)))
}

proptest! {
    #[test]
    fn every_value_survives_the_round_trip((ty, value) in typed_values()) {
        prop_assert_eq!(decode(&encode(&value, &ty), &ty), Ok(value));
    }

    #[test]
    fn known_values_survive_json_too((ty, value) in typed_values()) {
        let value = value.conform(&ty).unwrap();
        match crate::json::encode(&value, &ty) {
            Ok(json) => {
                let read: serde_json::Value = serde_json::from_str(&json.to_string()).unwrap();
                prop_assert_eq!(crate::json::decode(&read, &ty), Ok(value));
            }
            Err(_) => prop_assert!(!value.is_wholly_known()),
        }
    }

    #[test]
    fn conforming_twice_changes_nothing((ty, value) in typed_values()) {
        let once = value.conform(&ty).unwrap();
        prop_assert_eq!(once.conform(&ty), Ok(once));
    }

    #[test]
    fn arbitrary_bytes_never_panic(ty in types(), bytes in vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(decode(&encode(&value, &ty), &ty), Ok(value));
        }
    }

    #[test]
    fn damaged_values_never_panic(
        (ty, value) in typed_values(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&value, &ty);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert!(value.conform(&ty).is_ok());
        }
    }

    #[test]
    fn another_type_never_panics((_, value) in typed_values(), ty in types()) {
        let _: Result<Value, _> = decode(&encode(&value, &ty), &ty);
    }
}
