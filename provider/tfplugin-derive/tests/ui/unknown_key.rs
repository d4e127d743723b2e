use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
#[tf(versoin = 2)]
struct Service {
    /// Name.
    #[tf(replce, sensitve, colour)]
    name: String,
}

fn main() {}
