use tfplugin_types::{TfSchema, WriteOnly};

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(required, optional)]
    one: String,
    /// Two.
    #[tf(required, computed)]
    two: String,
    /// Three.
    #[tf(required, default = 3)]
    three: i64,
    /// Four.
    #[tf(computed, default = 4)]
    four: i64,
    /// Five.
    #[tf(write_only, computed)]
    five: WriteOnly<String>,
    /// Six.
    #[tf(write_only, default = "six")]
    six: WriteOnly<String>,
    /// Seven.
    #[tf(write_only, replace)]
    seven: WriteOnly<String>,
}

fn main() {}
