//! How an object that AWS cannot change gives way to its successor, for each field that asks for one.

use std::fmt::Write as _;

use stackwright_plan::Kind;

/// The way that the engine takes; it follows from what a kind says of itself.
fn way(kind: Kind, field: &str) -> &'static str {
    let facts = kind.facts();
    if facts.name.is_empty() {
        "beside it: AWS gives the id"
    } else if facts.name.contains(&field) {
        "beside it: the field is part of the name"
    } else if facts.precious {
        "refused: it holds data, and has the same name"
    } else {
        "after it was deleted: it has the same name"
    }
}

/// A field that is new here has to be looked at: does AWS take the name of the successor while the old object is
/// there? The names of `DbReplica` and `Role` differ by zone and by path, so that both stand beside each other.
#[test]
fn every_field_that_replaces_has_a_way_to_do_so() {
    let mut found = String::new();
    for kind in Kind::ALL {
        let facts = kind.facts();
        for field in facts.name.iter().chain(facts.replace) {
            let known = kind.fields().contains(field);
            assert!(known, "{kind:?} has no field `{field}`");
        }
        for field in facts.replace {
            let _ = writeln!(found, "{kind:?}.{field}: {}", way(*kind, field));
        }
    }
    let expected = include_str!("replacements.txt");
    assert_eq!(found, expected, "look at each new line, then keep it");
}
