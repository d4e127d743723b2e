use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
enum Service {
    Web,
}

/// A pair.
#[derive(TfSchema)]
struct Pair(String, String);

/// A box.
#[derive(TfSchema)]
struct Boxed<T> {
    /// Inside.
    inside: T,
}

fn main() {}
