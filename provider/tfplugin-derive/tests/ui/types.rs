use std::collections::{HashMap, HashSet};

use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    one: f64,
    /// Two.
    two: Option<u64>,
    /// Three.
    three: Vec<&'static str>,
    /// Four.
    four: HashMap<String, String>,
    /// Five.
    five: HashSet<String>,
    /// Six.
    #[tf(default = "six")]
    six: i64,
    /// Seven.
    #[tf(default = "seven")]
    seven: Vec<String>,
}

fn main() {}
