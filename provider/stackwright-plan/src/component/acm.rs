//! Certificate Manager.

use serde::{Deserialize, Serialize};

use super::{Component, Kind, Tags};
use crate::In;

/// A certificate of ACM that is validated by DNS. Outputs: `arn`, and for each name that has to be
/// proved, in alphabetical order and wildcards with their parent, [`VALIDATION_NAMES`] and
/// [`VALIDATION_VALUES`] of the CNAME record that proves it.
/// One that failed, timed out, was revoked or has expired never works again, so it is replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The first name.
    pub domain_name: String,
    /// All names, the first one included.
    pub subject_alternative_names: Vec<String>,
    /// Whether it works, or will once it is validated.
    pub usable: bool,
    /// Tags.
    pub tags: Tags,
}

impl Component for Certificate {
    const KIND: Kind = Kind::Certificate;
    const REPLACE: &'static [&'static str] =
        &["domain_name", "subject_alternative_names", "usable"];
    const UNORDERED: &'static [&'static str] = &["subject_alternative_names"];
}

/// Names of the outputs of a [`Certificate`] with the names of its validation records.
pub const VALIDATION_NAMES: [&str; 10] = [
    "validation_name_0",
    "validation_name_1",
    "validation_name_2",
    "validation_name_3",
    "validation_name_4",
    "validation_name_5",
    "validation_name_6",
    "validation_name_7",
    "validation_name_8",
    "validation_name_9",
];

/// Names of the outputs of a [`Certificate`] with the values of its validation records.
pub const VALIDATION_VALUES: [&str; 10] = [
    "validation_value_0",
    "validation_value_1",
    "validation_value_2",
    "validation_value_3",
    "validation_value_4",
    "validation_value_5",
    "validation_value_6",
    "validation_value_7",
    "validation_value_8",
    "validation_value_9",
];

/// The state in which a certificate can be used: no object of its own. `settle` waits for it.
/// Outputs: `arn` (of the certificate).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateValidation {
    /// The certificate.
    pub certificate_arn: In<String>,
    /// `ISSUED`.
    pub status: String,
}

impl Component for CertificateValidation {
    const KIND: Kind = Kind::CertificateValidation;
    const REPLACE: &'static [&'static str] = &["certificate_arn"];
    const NAME: &'static [&'static str] = &["certificate_arn"];
}
