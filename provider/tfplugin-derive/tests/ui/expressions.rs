use tfplugin_types::TfSchema;

fn check(value: &bool) -> Result<(), String> {
    if *value { Ok(()) } else { Err("No.".to_owned()) }
}

/// A service.
#[derive(TfSchema)]
struct Service {
    /// One.
    #[tf(default = 1)]
    one: String,
    /// Two.
    #[tf(matches(check))]
    two: String,
}

fn main() {}
