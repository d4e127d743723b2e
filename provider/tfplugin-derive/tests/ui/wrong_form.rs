use tfplugin_types::TfSchema;

/// A service.
#[derive(TfSchema)]
#[tf]
struct Service {
    /// Name.
    #[tf(replace = true, prefix, one_of = "a", computed(always), replace, replace)]
    name: String,
    /// Path.
    #[tf(default = , 7)]
    path: String,
    /// Old.
    #[tf(deprecated = "", name = 3)]
    old: String,
}

fn main() {}
