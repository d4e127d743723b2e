use tfplugin_types::{TfSchema, WriteOnly};

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(default = 1)]
    one: Option<i64>,
    /// Two.
    #[tf(required)]
    two: Option<i64>,
    /// Three.
    #[tf(optional)]
    three: i64,
    /// Four.
    #[tf(write_only)]
    four: String,
    /// Five.
    five: WriteOnly<String>,
    /// Six.
    #[tf(write_only)]
    six: Option<WriteOnly<String>>,
}

fn main() {}
