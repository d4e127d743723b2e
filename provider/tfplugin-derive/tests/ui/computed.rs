use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(computed, replace, length(1..), one_of("a"))]
    one: String,
    /// Two.
    #[tf(computed, range(1..), matches(check))]
    two: i64,
    /// Three.
    #[tf(stable, prefix = "arn:")]
    three: String,
}

fn main() {}
