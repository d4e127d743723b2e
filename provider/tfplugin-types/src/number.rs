//! Exact decimal numbers.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use bigdecimal::{BigDecimal, ToPrimitive as _};

/// A Terraform number: a decimal of any size and precision, kept exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(BigDecimal);

/// The text is not a decimal number, or one of more than 10 000 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a decimal number of at most {} digits", MOST_DIGITS)]
pub struct ParseNumberError {
    /// What was given; the beginning of it when it is long.
    pub text: String,
}

/// Far more than the 512 bits that Terraform computes with, and little enough that `1e999999999`
/// cannot fill the memory when it is written out.
const MOST_DIGITS: usize = 10_000;

impl Number {
    /// The number as an `i64`, when it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// The number as a `u64`, when it is whole, not negative and fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.0.is_integer().then(|| self.0.to_u64()).flatten()
    }

    /// The nearest `f64`; `None` when it is out of range.
    pub fn to_f64(&self) -> Option<f64> {
        self.0.to_f64().filter(|value| value.is_finite())
    }

    /// The number that an `f64` stands for exactly; `None` for NaN and the infinities.
    pub fn from_f64(value: f64) -> Option<Self> {
        BigDecimal::try_from(value)
            .ok()
            .as_ref()
            .map(Self::normalised)
    }

    fn normalised(value: &BigDecimal) -> Self {
        Self(value.normalized())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::normalised(&BigDecimal::from(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::normalised(&BigDecimal::from(value))
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        let parsed = is_decimal(text)
            .then(|| BigDecimal::from_str(text).ok())
            .flatten();
        parsed
            .as_ref()
            .map(Self::normalised)
            .ok_or_else(|| ParseNumberError {
                text: text.chars().take(80).collect(),
            })
    }
}

/// Whether a text is `-12.5e-7` with few enough digits, also when written without exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent_fits = exponent
        .parse::<i64>()
        .is_ok_and(|e| e.unsigned_abs() <= MOST_DIGITS as u64);
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    exponent_fits && mantissa.len() <= MOST_DIGITS && digits(whole) && digits(fraction)
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_bigint_and_exponent().hash(state);
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        assert_eq!(number("1e3"), number("1000.00"));
        assert_eq!(number("-0"), Number::from(0_i64));
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("12.50").to_string(), "12.5");
    }

    #[test]
    fn digits_are_kept() {
        let long = "12345678901234567890123.000000000000000000000000000001";
        assert_eq!(number(long).to_string(), long);
        assert_eq!(Number::from_f64(1.5), Some(number("1.5")));
        assert_ne!(Number::from_f64(0.1), Some(number("0.1")));
    }

    #[test]
    fn whole_numbers_convert_when_they_fit() {
        assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("9223372036854775808").to_u64(), Some(1 << 63));
        assert_eq!(number("1.5").to_i64(), None);
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "1_000", "0x10", "inf", "NaN", "1e", "1 ", "1e10001",
        ] {
            let error = text.parse::<Number>().unwrap_err();
            assert_eq!(error.text, text);
        }
        assert_eq!(
            "9".repeat(10_001).parse::<Number>().unwrap_err().text.len(),
            80
        );
    }
}
