//! Lengths of time as people write them in HCL.

use std::time::Duration;

/// `30s`, `20m`, `1h`: a whole number and a unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("20m"), Some(Duration::from_mins(20)));
        assert_eq!(parse("1h"), Some(Duration::from_hours(1)));
        for bad in ["", "s", "1d", "-1m", "1.5h", "1mü", "99999999999999999999s"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
