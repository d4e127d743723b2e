use tfplugin_types::TfSchema;

/// A port.
#[derive(Debug, TfSchema)]
struct Port {
    /// Number.
    number: i64,
}

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(block, sensitive, computed)]
    one: Option<Port>,
    /// Two.
    #[tf(block)]
    two: Port,
    /// Three.
    #[tf(block, min = 1)]
    three: Option<Port>,
    /// Four.
    #[tf(block, min = 3, max = 2)]
    four: Vec<Port>,
    /// Five.
    #[tf(block, min = 0, max = "many")]
    five: Vec<Port>,
    /// Six.
    #[tf(min = 1)]
    six: Vec<Port>,
    #[tf(flatten, name = "seven")]
    seven: Port,
}

fn main() {}
