//! The Stackwright Terraform provider.
fn main() {}
