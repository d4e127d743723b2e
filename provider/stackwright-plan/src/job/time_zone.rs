//! Names of the IANA time zone database, which `EventBridge` Scheduler takes.
//!
//! `time_zones.txt` lists every zone and link of the database, one a line, sorted.

const NAMES: &str = include_str!("time_zones.txt");

/// Checks the name of a time zone.
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones>
pub fn check(name: &String) -> Result<(), String> {
    if NAMES.lines().any(|known| known == name) {
        return Ok(());
    }
    let spelled = NAMES.lines().find(|known| known.eq_ignore_ascii_case(name));
    let meant = spelled.or_else(|| NAMES.lines().find(|known| is_city(known, name)));
    let hint = meant.map_or_else(
        || "Use a name of the IANA time zone database, like `UTC` or `Europe/Berlin`.".to_owned(),
        |meant| format!("Write `{meant}`."),
    );
    Err(format!("`{name}` is not a time zone. {hint}"))
}

fn is_city(known: &str, name: &str) -> bool {
    let city = known.rsplit('/').next().unwrap_or(known);
    city.eq_ignore_ascii_case(&name.replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_database_are_known() {
        for good in [
            "UTC",
            "Europe/Berlin",
            "America/Argentina/Ushuaia",
            "US/Pacific",
            "Etc/GMT+5",
        ] {
            assert_eq!(check(&good.to_owned()), Ok(()), "{good}");
        }
        assert!(NAMES.lines().is_sorted() && NAMES.lines().count() > 500);
    }

    #[test]
    fn what_was_meant_is_named() {
        for (bad, says) in [
            ("berlin", "Write `Europe/Berlin`."),
            ("New York", "Write `America/New_York`."),
            ("utc", "Write `UTC`."),
            ("CEST", "like `UTC`"),
            ("", "like `UTC`"),
        ] {
            let problem = check(&bad.to_owned()).err().unwrap_or_default();
            assert!(problem.contains(says), "{bad}: {problem}");
        }
    }
}
