//! The expressions of `EventBridge` Scheduler: `cron(...)`, `rate(...)` and `at(...)`.
//!
//! Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use crate::calendar::days_of;

/// One of the six fields of a cron expression.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    /// Names of the numbers from `low` on.
    names: &'static [&'static str],
    /// Whether it comes round again, so that `20-2` is a range of hours.
    cyclic: bool,
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const fn field(name: &'static str, low: u32, high: u32, names: &'static [&'static str]) -> Field {
    Field {
        name,
        low,
        high,
        names,
        cyclic: true,
    }
}

const FIELDS: [Field; 6] = [
    field("minutes", 0, 59, &[]),
    field("hours", 0, 23, &[]),
    field("day of month", 1, 31, &[]),
    field("month", 1, 12, MONTHS),
    field("day of week", 1, 7, DAYS),
    Field {
        cyclic: false,
        ..field("year", 1970, 2199, &[])
    },
];
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;

/// The longest expression.
/// Source: <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>
const LONGEST: usize = 256;

/// Checks when a job runs.
pub fn check(text: &String) -> Result<(), String> {
    if text.chars().count() > LONGEST {
        return Err(format!(
            "EventBridge Scheduler takes at most {LONGEST} characters. Write ranges and steps, like `0-23` or `*/5`, instead of long lists."
        ));
    }
    let problem = match text.split_once('(').and_then(|(kind, rest)| Some((kind, rest.strip_suffix(')')?))) {
        Some(("cron", inner)) => cron(inner),
        Some(("rate", inner)) => rate(inner),
        Some(("at", inner)) => at(inner),
        _ => Err("Write `cron(0 3 * * ? *)`, `rate(5 minutes)` or `at(2030-01-31T03:00:00)`, in lower case and without spaces around it.".to_owned()),
    };
    problem.map_err(|problem| format!("`{text}` is not a schedule. {problem}"))
}

fn rate(inner: &str) -> Result<(), String> {
    let form = "A rate is a whole number and a unit, like `rate(5 minutes)` or `rate(1 hour)`.";
    let (number, unit) = inner.split_once(' ').ok_or(form)?;
    let number: u32 = plain_number(number)
        .filter(|number| *number > 0)
        .ok_or(form)?;
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if !["minute", "hour", "day"].contains(&singular) {
        return Err(format!(
            "`{unit}` is not a unit: use minutes, hours or days."
        ));
    }
    let right = if number == 1 {
        singular.to_owned()
    } else {
        format!("{singular}s")
    };
    if unit == right {
        Ok(())
    } else {
        Err(format!("Write `rate({number} {right})`."))
    }
}

/// Digits alone: no sign, no space.
fn plain_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn at(inner: &str) -> Result<(), String> {
    let form = "A single run is written like `at(2030-01-31T03:00:00)`: date, `T`, time, no zone.";
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    if inner.chars().map(shape).collect::<String>() != "0000-00-00T00:00:00" {
        return Err(form.to_owned());
    }
    let part = |from: usize, to: usize| inner.get(from..to).and_then(plain_number).unwrap_or(0);
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let (hour, minute, second) = (part(11, 13), part(14, 16), part(17, 19));
    if day == 0 || day > days_of(year, month) || hour > 23 || minute > 59 || second > 59 {
        return Err("There is no such moment in the calendar.".to_owned());
    }
    Ok(())
}

fn cron(inner: &str) -> Result<(), String> {
    let parts: Vec<&str> = inner.split(' ').collect();
    let Ok(parts) = <[&str; 6]>::try_from(parts.as_slice()) else {
        return Err(format!(
            "A cron expression has six fields with one space between them (minutes, hours, day of month, month, day of week, year); this one has {}. A crontab line has five: add `*` for the year, and write `?` for one of the two days.",
            parts.len()
        ));
    };
    match (parts[DAY_OF_MONTH], parts[DAY_OF_WEEK]) {
        ("?", "?") => return Err("One of day of month and day of week is `?`, not both.".to_owned()),
        ("?", _) | (_, "?") => {}
        _ => return Err("Day of month and day of week cannot both be given: write `?` for the one that does not matter.".to_owned()),
    }
    FIELDS
        .iter()
        .zip(parts)
        .enumerate()
        .try_for_each(|(place, (field, text))| {
            let checked = match place {
                DAY_OF_MONTH | DAY_OF_WEEK if text == "?" => Ok(()),
                DAY_OF_MONTH if is_special_day_of_month(text) => Ok(()),
                DAY_OF_WEEK if text.contains(['L', 'l', '#']) => special_day_of_week(field, text),
                _ => text.split(',').try_for_each(|item| field.item(item)),
            };
            checked.map_err(|problem| format!("In the field {} (`{text}`): {problem}", field.name))
        })
}

/// `L`, the last day, or `15W`, the weekday nearest to the 15th.
fn is_special_day_of_month(text: &str) -> bool {
    let nearest = text.strip_suffix('W').and_then(plain_number);
    text == "L" || nearest.is_some_and(|day| (1..=31).contains(&day))
}

/// `L`, Saturday; `6L` or `FRIL`, the last Friday of the month; `2#1`, the first Monday.
fn special_day_of_week(field: &Field, text: &str) -> Result<(), String> {
    if let Some((day, week)) = text.split_once('#') {
        field.number(day)?;
        let fits = plain_number(week).is_some_and(|week| (1..=5).contains(&week));
        return if fits {
            Ok(())
        } else {
            Err(
                "after `#` stands the week of the month, 1 to 5, and there is one such day only."
                    .to_owned(),
            )
        };
    }
    match text.strip_suffix('L') {
        Some("") => Ok(()),
        Some(day) => field.number(day).map(drop),
        None => Err("`L` stands alone or after one day, like `6L`.".to_owned()),
    }
}

impl Field {
    /// A number or a name.
    fn number(&self, text: &str) -> Result<u32, String> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let named = named
            .and_then(|at| u32::try_from(at).ok())
            .map(|at| at + self.low);
        let number = named.or_else(|| plain_number(text));
        number
            .filter(|number| (self.low..=self.high).contains(number))
            .ok_or_else(|| {
                let or = match (self.names.first(), self.names.last()) {
                    (Some(first), Some(last)) => format!(" or {first} to {last}"),
                    _ => String::new(),
                };
                format!("`{text}` is not one of {} to {}{or}.", self.low, self.high)
            })
    }

    /// One item of a list: `*`, `5`, `1-5`, `*/15`, `10/15`, `1-30/2`.
    fn item(&self, text: &str) -> Result<(), String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        if let Some(step) = step {
            let most = self.high - self.low + 1;
            let fits = plain_number(step).is_some_and(|step| (1..=most).contains(&step));
            if !fits {
                return Err(format!(
                    "after `/` stands a step from 1 to {most}, not `{step}`."
                ));
            }
        }
        if range == "*" {
            return Ok(());
        }
        let Some((from, to)) = range.split_once('-') else {
            return self.number(range).map(drop);
        };
        if self.number(from)? <= self.number(to)? || self.cyclic {
            Ok(())
        } else {
            Err(format!(
                "the range `{range}` runs backwards: write the earlier year first."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        check(&text.to_owned()).err().unwrap_or_default()
    }

    #[test]
    fn expressions_that_scheduler_takes() {
        for good in [
            "cron(0 3 * * ? *)",
            "cron(0/15 8-17 ? * MON-FRI *)",
            "cron(0/30 20-2 ? * FRI-MON *)",
            "cron(*/5 * * * ? *)",
            "cron(15,45 0 1 JAN,jul ? 2026-2030)",
            "cron(0 0 L * ? *)",
            "cron(0 0 15W * ? *)",
            "cron(0 0 ? * L *)",
            "cron(0 0 ? * 6L 2022-2023)",
            "cron(0 0 ? * FRIL *)",
            "cron(0 0 ? * 2#1 *)",
            "cron(0 0 ? * MON#5 *)",
            "cron(1-59/2 23 31 12 ? 2199)",
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(1 hour)",
            "rate(30 days)",
            "at(2030-01-31T03:00:00)",
            "at(2028-02-29T23:59:59)",
        ] {
            assert_eq!(problem(good), "", "{good}");
        }
    }

    #[test]
    fn a_crontab_line_is_told_what_lacks() {
        assert!(problem("cron(0 3 * * *)").contains("add `*` for the year"));
        assert!(problem("0 3 * * *").contains("Write `cron("));
        assert!(problem("cron(0 3 * * ? * )").contains("this one has 7"));
        assert!(problem("cron(0  3 * * ? *)").contains("one space"));
    }

    #[test]
    fn one_of_the_days_is_a_question_mark() {
        assert!(problem("cron(0 3 * * * *)").contains("write `?`"));
        assert!(problem("cron(0 3 1 * MON *)").contains("write `?`"));
        assert!(problem("cron(0 3 ? * ? *)").contains("not both"));
        assert!(problem("cron(? 3 * * ? *)").contains("field minutes"));
    }

    #[test]
    fn fields_have_their_ranges() {
        for (bad, says) in [
            ("cron(60 3 * * ? *)", "`60` is not one of 0 to 59"),
            ("cron(0 24 * * ? *)", "`24` is not one of 0 to 23"),
            ("cron(0 3 0 * ? *)", "`0` is not one of 1 to 31"),
            ("cron(0 3 32W * ? *)", "field day of month"),
            ("cron(0 3 1W,2W * ? *)", "field day of month"),
            ("cron(0 3 LW * ? *)", "field day of month"),
            ("cron(0 3 * 13 ? *)", "or JAN to DEC"),
            ("cron(0 3 ? * 0 *)", "or SUN to SAT"),
            ("cron(0 3 ? * 8L *)", "`8` is not one of"),
            ("cron(0 3 ? * L,2 *)", "`L` stands alone"),
            ("cron(0 3 ? * 2#6 *)", "1 to 5"),
            ("cron(0 3 ? * 2#1,3#1 *)", "one such day only"),
            ("cron(0 3 * * ? 2031-2030)", "runs backwards"),
            ("cron(0 3 * * ? 1969)", "`1969` is not one of 1970 to 2199"),
            ("cron(0 3 * * ? 2200)", "1970 to 2199"),
            ("cron(*/0 3 * * ? *)", "a step from 1 to 60"),
            ("cron(0/61 3 * * ? *)", "a step from 1 to 60"),
            ("cron(/5 3 * * ? *)", "`` is not one of"),
            ("cron(1, 3 * * ? *)", "`` is not one of"),
            ("cron(+1 3 * * ? *)", "`+1` is not one of"),
            ("cron(L 3 * * ? *)", "`L` is not one of"),
        ] {
            let problem = problem(bad);
            assert!(problem.contains(says), "{bad}: {problem}");
        }
    }

    #[test]
    fn long_lists_are_refused() {
        let all = |most: u32| {
            (0..most)
                .map(|at| at.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        let text = format!("cron({} {} * * ? *)", all(60), all(24));
        assert_eq!(problem(&text), "", "{}", text.len());
        let text = format!("cron({} {} 1,2,3,4,5,6,7,8,9 * ? *)", all(60), all(24));
        assert!(problem(&text).contains("at most 256"), "{}", text.len());
    }

    #[test]
    fn rates_agree_with_their_number() {
        assert!(problem("rate(1 minutes)").contains("Write `rate(1 minute)`"));
        assert!(problem("rate(5 minute)").contains("Write `rate(5 minutes)`"));
        assert!(problem("rate(5 weeks)").contains("not a unit"));
        for bad in [
            "rate(0 minutes)",
            "rate(-1 days)",
            "rate(1.5 hours)",
            "rate(5)",
            "rate()",
        ] {
            assert!(problem(bad).contains("whole number"), "{bad}");
        }
    }

    #[test]
    fn moments_are_in_the_calendar() {
        for bad in [
            "at(2026-02-29T00:00:00)",
            "at(2026-13-01T00:00:00)",
            "at(2026-00-01T00:00:00)",
            "at(2026-04-31T00:00:00)",
            "at(2026-01-00T00:00:00)",
            "at(2026-01-01T24:00:00)",
            "at(2026-01-01T00:60:00)",
        ] {
            assert!(problem(bad).contains("calendar"), "{bad}");
        }
        for bad in [
            "at(2026-01-01T00:00:00Z)",
            "at(2026-01-01)",
            "at(2026-1-1T0:0:0)",
        ] {
            assert!(problem(bad).contains("is written like"), "{bad}");
        }
    }
}
