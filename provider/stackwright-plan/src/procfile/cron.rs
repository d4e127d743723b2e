//! The six fields of a schedule, as AWS and Empire write them. What each field may hold in detail is checked by `job/expression.rs`.

use super::ProcfileErrorKind;

/// The schedule with single spaces, or what is wrong with it.
pub(super) fn check(text: &str) -> Result<String, ProcfileErrorKind> {
    let inner = text
        .trim()
        .strip_prefix("cron(")
        .and_then(|rest| rest.strip_suffix(')'));
    let fields: Vec<&str> = inner.unwrap_or(text).split_whitespace().collect();
    let mistake = |reason: &str, six_fields| ProcfileErrorKind::Cron {
        cron: text.to_owned(),
        reason: reason.to_owned(),
        six_fields,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "*?/,-#".contains(c);
    match fields.as_slice() {
        [.., _] if fields.iter().any(|field| !field.chars().all(plain)) => {
            Err(mistake("it has characters that no schedule has", None))
        }
        [_, _, day, _, weekday, _] if (*day == "?") == (*weekday == "?") => Err(mistake(
            "exactly one of day of month and day of week is `?`",
            None,
        )),
        [_, _, _, _, _, _] => Ok(fields.join(" ")),
        [minute, hour, day, month, weekday] => Err(mistake(
            "it has five fields",
            six_fields([minute, hour, day, month, weekday]),
        )),
        _ => Err(mistake(&format!("it has {} fields", fields.len()), None)),
    }
}

/// The same schedule with a year, when days are said in one way only. Days of the week count from 1 here, from 0 in crontab.
fn six_fields([minute, hour, day, month, weekday]: [&str; 5]) -> Option<String> {
    match (day, weekday) {
        (day, "*") => Some(format!("{minute} {hour} {day} {month} ? *")),
        ("*", weekday) => {
            let number = weekday.parse::<u8>().ok().filter(|number| *number <= 7)?;
            Some(format!("{minute} {hour} ? {month} {} *", number % 7 + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(text: &str) -> String {
        check(text).unwrap_or_else(|kind| kind.help())
    }

    #[test]
    fn six_fields_pass() {
        assert_eq!(help("0/2 *  * * ? *"), "0/2 * * * ? *");
        assert_eq!(help("cron(0 9 ? * MON-FRI *)"), "0 9 ? * MON-FRI *");
    }

    #[test]
    fn five_fields_are_translated() {
        assert!(help("*/5 * * * *").ends_with("`*/5 * * * ? *`"));
        assert!(help("0 3 * * 0").ends_with("`0 3 ? * 1 *`"));
        assert!(help("0 3 1 * *").ends_with("`0 3 1 * ? *`"));
        assert!(help("0 3 1 * 2").contains("as in"));
    }

    #[test]
    fn the_rest_is_refused() {
        for text in ["", "daily", "* * * * * *", "0 0 ? * ? *", "0 0 * * ; *"] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
