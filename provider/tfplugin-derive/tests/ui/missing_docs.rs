use tfplugin_types::TfSchema;

#[derive(TfSchema)]
struct Service {
    name: String,
    ///
    #[tf(block)]
    port: Option<Port>,
}

/// A port.
#[derive(TfSchema)]
struct Port {
    /// Number.
    number: i64,
}

fn main() {}
