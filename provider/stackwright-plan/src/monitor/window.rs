//! `last_5m`: how far back a monitor looks.

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// The longest that CloudWatch evaluates.
pub(crate) const WEEK: i64 = 604_800;

/// Seconds of a `time_window`; `None` when it is not written as one.
pub fn seconds(text: &str) -> Option<i64> {
    let rest = text.strip_prefix("last_")?;
    let unit = rest.chars().last()?;
    let number = &rest[..rest.len() - unit.len_utf8()];
    let digits =
        !number.is_empty() && number.len() <= 6 && number.chars().all(|c| c.is_ascii_digit());
    let number: i64 = if digits {
        number.parse().ok()?
    } else {
        return None;
    };
    let unit = match unit {
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => WEEK,
        _ => return None,
    };
    (number > 0).then_some(number * unit)
}

/// The `time_window` of so many seconds, in the largest unit that fits.
pub(crate) fn text(seconds: i64) -> String {
    let units = [(WEEK, 'w'), (DAY, 'd'), (HOUR, 'h')];
    let (unit, letter) = units
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0)
        .unwrap_or((MINUTE, 'm'));
    format!("last_{}{letter}", seconds / unit)
}

/// The same for people: `5 minutes`.
pub(crate) fn words(seconds: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0)
        .unwrap_or((1, "second"));
    let number = seconds / unit;
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {name}{plural}")
}

/// The windows next to `seconds` that are multiples of `interval`, as advice: `last_5m or last_10m`.
pub(crate) fn multiples(seconds: i64, interval: i64) -> String {
    multiples_below(seconds, interval, i64::MAX).unwrap_or_default()
}

/// Those of them that are shorter than `limit`.
pub(crate) fn multiples_below(seconds: i64, interval: i64, limit: i64) -> Option<String> {
    // A window is counted in minutes, so it has to be a multiple of both.
    let step = if interval % MINUTE == 0 {
        interval
    } else {
        MINUTE
    };
    let below = seconds / step * step;
    let fitting: Vec<String> = [below, below + step]
        .into_iter()
        .filter(|window| (1..limit).contains(window))
        .map(text)
        .collect();
    (!fitting.is_empty()).then(|| fitting.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read() {
        for (text, length) in [
            ("last_1m", 60),
            ("last_5m", 300),
            ("last_4h", 14_400),
            ("last_1d", 86_400),
            ("last_2d", 172_800),
            ("last_1w", WEEK),
        ] {
            assert_eq!(seconds(text), Some(length), "{text}");
        }
        for text in [
            "5m",
            "last_m",
            "last_0m",
            "last_5",
            "last_-5m",
            "last_5s",
            "last_5é",
            "last_",
            "",
            "last_9999999m",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn windows_are_written_in_the_largest_unit() {
        for text in ["last_5m", "last_90m", "last_4h", "last_1d", "last_1w"] {
            assert_eq!(seconds(text).map(super::text).as_deref(), Some(text));
        }
        assert_eq!(words(300), "5 minutes");
        assert_eq!(words(3600), "1 hour");
        assert_eq!(words(10), "10 seconds");
    }

    #[test]
    fn advice_names_the_windows_next_to_it() {
        assert_eq!(multiples(420, 300), "last_5m or last_10m");
        assert_eq!(multiples(60, 300), "last_5m");
    }
}
