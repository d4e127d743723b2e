//! `data.stackwright_caller`: who the provider is.

use tfplugin_types::TfSchema;

/// Who the provider is, after all roles were assumed.
#[derive(Debug, Clone, PartialEq, TfSchema)]
pub struct Caller {
    /// AWS account, 12 digits.
    #[tf(computed)]
    pub account_id: String,
    /// AWS region.
    #[tf(computed)]
    pub region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    #[tf(computed)]
    pub partition: String,
    /// ARN of the caller: the session of the assumed role.
    #[tf(computed)]
    pub arn: String,
    /// Unique id of the caller.
    #[tf(computed)]
    pub user_id: String,
}
