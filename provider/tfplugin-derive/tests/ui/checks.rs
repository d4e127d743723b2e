use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(range(1..=5), prefix = "o", computed, optional)]
    one: Option<String>,
    /// Two.
    #[tf(length(1..=5), one_of("a"))]
    two: i64,
    /// Three.
    #[tf(range(5..=1), length(..))]
    three: Vec<i64>,
    /// Four.
    #[tf(range(3..3), matches("check"), allowed = "few")]
    four: i64,
    /// Five.
    #[tf(one_of(), length(7), allowed = "few")]
    five: String,
    /// Six.
    #[tf(one_of("a", b))]
    six: String,
    /// Seven.
    #[tf(one_of("a", "b", "a"))]
    seven: String,
}

fn main() {}
