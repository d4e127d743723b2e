use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
#[tf(version = -1, deprecated = 3)]
struct Service {
    /// One.
    #[tf(name = "One-Two")]
    one: String,
    /// Two.
    _two: String,
    /// Three.
    three: String,
    /// Four.
    #[tf(name = "three")]
    four: String,
}

fn main() {}
