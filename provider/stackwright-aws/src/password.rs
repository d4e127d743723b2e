//! Passwords: made by AWS, given to AWS, shown to nobody.

use std::fmt;

use crate::call::Op;
use crate::{Aws, AwsError};

const RANDOM: Op = Op::new("secretsmanager", "GetRandomPassword");
/// Letters and digits only: 40 of them are 238 bits. RDS takes up to 128 characters.
const LENGTH: i64 = 40;

/// A password. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone)]
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Password {
    /// A text that is a password from now on: no message of this process shows it.
    pub(crate) fn learn(aws: &Aws, text: &str) -> Self {
        aws.redactor.learn(text);
        Self(text.to_owned())
    }

    /// A new one. Without punctuation it needs no escaping in a URL, and RDS refuses `/ @ "`.
    pub(crate) async fn random(aws: &Aws) -> Result<Self, AwsError> {
        let request = aws
            .secretsmanager()
            .get_random_password()
            .password_length(LENGTH)
            .exclude_punctuation(true)
            .include_space(false)
            .require_each_included_type(true);
        let answer = aws.call(RANDOM, request.send()).await?;
        let text = answer
            .random_password
            .ok_or_else(|| RANDOM.lacks("RandomPassword"))?;
        Ok(Self::learn(aws, &text))
    }

    /// For the two services that may know it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_password() {
        let aws = Aws::offline();
        let password = Password::learn(&aws, "hunter2hunter2");
        assert_eq!(format!("{password:?}"), "Password(***)");
        let cleaned = aws.redactor.clean("refused hunter2hunter2");
        assert!(!cleaned.contains("hunter2"), "{cleaned}");
    }
}
