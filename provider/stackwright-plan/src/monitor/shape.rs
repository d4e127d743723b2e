//! From Datadog's pairs of aggregations to the statistic, period and datapoints of an alarm.
//!
//! Source of the pairs: the table in `docs/design/011-monitors.md`.

use super::window;

/// How the values of one series become one number over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    Avg,
    Sum,
    Min,
    Max,
}

/// How several series, or the samples of one, become one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Space {
    Avg,
    Sum,
    Min,
    Max,
    /// `p95`.
    Percentile(String),
}

/// What a monitor looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// One series, by its exact dimensions.
    One,
    /// All series of a metric, or those with certain tags: Metrics Insights.
    Many,
    /// The series in `metrics`, folded by `space_aggr`.
    Listed,
    /// An `expression` over the series in `metrics`.
    Formula,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) time: Time,
    pub(crate) space: Space,
    /// Whether the operator is `>` or `>=`. A band has none: then `min` says "at all times".
    pub(crate) above: bool,
    pub(crate) window: i64,
    pub(crate) interval: i64,
    pub(crate) scan: Scan,
}

/// How CloudWatch evaluates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// `Average`, `Sum`, `Minimum`, `Maximum` or `p95`.
    pub(crate) stat: String,
    /// Metric math function that folds listed series.
    pub(crate) fold: Option<&'static str>,
    /// Seconds.
    pub(crate) period: i64,
    /// Periods that are looked at.
    pub(crate) periods: i64,
    /// How many of them must breach.
    pub(crate) datapoints: i64,
}

/// Why an alarm cannot do it: attribute, summary, whole sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) at: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) detail: String,
}

/// A Metrics Insights alarm sees no older data.
const INSIGHTS_WINDOW: i64 = 10_800;
const DAY: i64 = 86_400;

impl Time {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "avg" => Some(Self::Avg),
            "sum" => Some(Self::Sum),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            _ => None,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// Whether every datapoint of the window is compared by itself.
    const fn is_pointwise(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

impl Space {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "avg" => Some(Self::Avg),
            "sum" => Some(Self::Sum),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            other => is_percentile(other).then(|| Self::Percentile(other.to_owned())),
        }
    }

    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Avg => "avg",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Percentile(text) => text,
        }
    }

    /// The statistic in AWS's words.
    pub(crate) fn stat(&self) -> String {
        match self {
            Self::Avg => "Average",
            Self::Sum => "Sum",
            Self::Min => "Minimum",
            Self::Max => "Maximum",
            Self::Percentile(text) => text,
        }
        .to_owned()
    }

    /// The function of Metrics Insights and of metric math.
    pub(crate) const fn function(&self) -> Option<&'static str> {
        match self {
            Self::Avg => Some("AVG"),
            Self::Sum => Some("SUM"),
            Self::Min => Some("MIN"),
            Self::Max => Some("MAX"),
            Self::Percentile(_) => None,
        }
    }
}

/// `p50` to `p99.9`; AWS takes `p0` to `p100` with up to ten decimals.
pub(crate) fn is_percentile(text: &str) -> bool {
    let Some(number) = text.strip_prefix('p') else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    let most = whole == "100" && rest.bytes().all(|byte| byte == b'0');
    digits(whole) && digits(rest) && rest.len() <= 10 && (whole.len() <= 2 || most)
}

impl Ask {
    /// How CloudWatch can do it.
    pub(crate) fn shape(&self) -> Result<Shape, Refusal> {
        self.fits()?;
        let (stat, fold) = self.statistic()?;
        let shape = if self.time.is_pointwise() {
            self.pointwise(stat, fold)?
        } else {
            Shape {
                stat,
                fold,
                period: self.window,
                periods: 1,
                datapoints: 1,
            }
        };
        Ok(shape)
    }

    fn fits(&self) -> Result<(), Refusal> {
        let window = window::text(self.window);
        if self.window > window::WEEK {
            return Err(Refusal {
                at: "time_window",
                summary: "Time Window Too Long",
                detail: format!(
                    "time_window {window} is longer than a week, and CloudWatch looks back no further. Use last_1w or less."
                ),
            });
        }
        if self.window % self.interval != 0 {
            return Err(Refusal {
                at: "time_window",
                summary: "Time Window Does Not Fit the Interval",
                detail: format!(
                    "time_window {window} is not a multiple of interval {} s; use {}.",
                    self.interval,
                    window::multiples(self.window, self.interval)
                ),
            });
        }
        if self.scan == Scan::Many && self.window > INSIGHTS_WINDOW {
            return Err(Refusal {
                at: "time_window",
                summary: "Time Window Too Long for Many Series",
                detail: format!(
                    "Without dimensions this monitor uses a Metrics Insights alarm, which sees only 3 hours of data; {window} cannot work. Set dimensions to watch one series."
                ),
            });
        }
        if self.scan == Scan::Many && self.interval < 60 {
            return Err(Refusal {
                at: "interval",
                summary: "Interval Too Short for Many Series",
                detail: format!(
                    "interval {} s needs exact dimensions: Metrics Insights looks at whole minutes. Set dimensions, or interval = 60.",
                    self.interval
                ),
            });
        }
        Ok(())
    }

    /// Statistic of one series, and the function that folds listed ones.
    fn statistic(&self) -> Result<(String, Option<&'static str>), Refusal> {
        match (self.scan, &self.space, self.time) {
            (Scan::Formula, _, Time::Sum) => Ok((Space::Sum.stat(), None)),
            (Scan::Formula, ..) => Ok((Space::Avg.stat(), None)),
            (Scan::Many | Scan::Listed, Space::Percentile(p), _) => Err(self.percentile(p)),
            (Scan::Listed, space, Time::Avg | Time::Min | Time::Max) => {
                Ok((Space::Avg.stat(), space.function()))
            }
            (Scan::Listed, Space::Sum, Time::Sum) => Ok((Space::Sum.stat(), Some("SUM"))),
            (_, Space::Avg | Space::Percentile(_), Time::Avg)
            | (_, Space::Sum, Time::Sum)
            | (_, _, Time::Min | Time::Max) => Ok((self.space.stat(), None)),
            (_, _, Time::Avg | Time::Sum) => Err(self.pair()),
        }
    }

    fn percentile(&self, percentile: &str) -> Refusal {
        let detail = if self.scan == Scan::Many {
            format!(
                "space_aggr \"{percentile}\" needs exact dimensions: Metrics Insights has no percentiles. Set dimensions to watch one series."
            )
        } else {
            format!(
                "space_aggr \"{percentile}\" needs one series: metric math cannot take a percentile over several. Watch one series with metric and dimensions, or use avg, sum, min or max."
            )
        };
        Refusal {
            at: "space_aggr",
            summary: "Percentile of Many Series",
            detail,
        }
    }

    fn pair(&self) -> Refusal {
        let mut detail = format!(
            "time_aggr \"{}\" with space_aggr \"{}\" cannot be expressed as a CloudWatch alarm. Use sum/sum or avg/avg; backend = \"datadog\", which can, comes with a later version.",
            self.time.word(),
            self.space.word()
        );
        if self.time == Time::Avg {
            detail
                .push_str(" For up to 10 series that you can name, list them in metrics instead.");
        }
        Refusal {
            at: "space_aggr",
            summary: "Aggregations Do Not Go Together",
            detail,
        }
    }

    /// "At all times" is every datapoint, "at least once" is one of them.
    fn pointwise(&self, stat: String, fold: Option<&'static str>) -> Result<Shape, Refusal> {
        let periods = self.window / self.interval;
        if self.interval < 3600 && self.window > DAY {
            return Err(Refusal {
                at: "time_window",
                summary: "Time Window Too Long for Its Interval",
                detail: format!(
                    "time_aggr \"{}\" over {} needs more than one day of {} s periods; CloudWatch allows one day. Set interval = 3600 and a time_window of whole hours, or look back one day at most.",
                    self.time.word(),
                    window::text(self.window),
                    self.interval
                ),
            });
        }
        let at_all_times = (self.time == Time::Min) == self.above;
        Ok(Shape {
            stat,
            fold,
            period: self.interval,
            periods,
            datapoints: if at_all_times { periods } else { 1 },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn ask(time: &str, space: &str) -> Ask {
        Ask {
            time: Time::parse(time).unwrap(),
            space: Space::parse(space).unwrap(),
            above: true,
            window: 300,
            interval: 60,
            scan: Scan::One,
        }
    }

    fn shape(stat: &str, period: i64, periods: i64, datapoints: i64) -> Shape {
        Shape {
            stat: stat.to_owned(),
            fold: None,
            period,
            periods,
            datapoints,
        }
    }

    #[test]
    fn the_whole_window_is_one_period() {
        assert_eq!(
            ask("avg", "avg").shape().unwrap(),
            shape("Average", 300, 1, 1)
        );
        assert_eq!(ask("sum", "sum").shape().unwrap(), shape("Sum", 300, 1, 1));
        assert_eq!(ask("avg", "p95").shape().unwrap(), shape("p95", 300, 1, 1));
    }

    #[test]
    fn at_all_times_is_every_datapoint_and_at_least_once_is_one() {
        let below = |time: &str| Ask {
            above: false,
            ..ask(time, "max")
        };
        assert_eq!(
            ask("min", "max").shape().unwrap(),
            shape("Maximum", 60, 5, 5)
        );
        assert_eq!(ask("max", "sum").shape().unwrap(), shape("Sum", 60, 5, 1));
        assert_eq!(below("max").shape().unwrap(), shape("Maximum", 60, 5, 5));
        assert_eq!(below("min").shape().unwrap(), shape("Maximum", 60, 5, 1));
    }

    #[test]
    fn an_interval_replaces_the_minute() {
        let slow = Ask {
            interval: 300,
            window: 900,
            ..ask("min", "avg")
        };
        assert_eq!(slow.shape().unwrap(), shape("Average", 300, 3, 3));
    }

    #[test]
    fn listed_series_are_folded() {
        let listed = |time: &str, space: &str| Ask {
            scan: Scan::Listed,
            ..ask(time, space)
        };
        let folded = |time, space| {
            let shape = listed(time, space).shape().unwrap();
            (shape.stat, shape.fold)
        };
        assert_eq!(folded("avg", "sum"), ("Average".to_owned(), Some("SUM")));
        assert_eq!(folded("avg", "max"), ("Average".to_owned(), Some("MAX")));
        assert_eq!(folded("sum", "sum"), ("Sum".to_owned(), Some("SUM")));
        assert!(listed("sum", "avg").shape().is_err());
        let detail = listed("avg", "p95").shape().unwrap_err().detail;
        assert!(detail.contains("needs one series"), "{detail}");
    }

    #[test]
    fn a_window_that_is_no_multiple_of_the_interval_is_refused() {
        let refused = Ask {
            window: 420,
            interval: 300,
            ..ask("min", "avg")
        }
        .shape()
        .unwrap_err();
        assert_eq!(
            refused.detail,
            "time_window last_7m is not a multiple of interval 300 s; use last_5m or last_10m."
        );
    }

    #[test]
    fn metrics_insights_sees_three_hours() {
        let many = Ask {
            scan: Scan::Many,
            window: 14_400,
            ..ask("avg", "avg")
        };
        let detail = many.shape().unwrap_err().detail;
        assert_eq!(
            detail,
            "Without dimensions this monitor uses a Metrics Insights alarm, which sees only 3 hours of data; last_4h cannot work. Set dimensions to watch one series."
        );
        assert!(
            Ask {
                window: 10_800,
                ..many
            }
            .shape()
            .is_ok()
        );
    }

    #[test]
    fn metrics_insights_looks_at_whole_minutes() {
        let many = Ask {
            scan: Scan::Many,
            interval: 10,
            ..ask("avg", "avg")
        };
        assert_eq!(many.shape().unwrap_err().at, "interval");
    }

    #[test]
    fn many_short_periods_fill_one_day_at_most() {
        let long = Ask {
            window: 172_800,
            ..ask("min", "avg")
        };
        let detail = long.shape().unwrap_err().detail;
        assert_eq!(
            detail,
            "time_aggr \"min\" over last_2d needs more than one day of 60 s periods; CloudWatch allows one day. Set interval = 3600 and a time_window of whole hours, or look back one day at most."
        );
        assert!(
            Ask {
                window: 86_400,
                ..ask("min", "avg")
            }
            .shape()
            .is_ok()
        );
        assert!(
            Ask {
                window: 172_800,
                interval: 3600,
                ..ask("min", "avg")
            }
            .shape()
            .is_ok()
        );
        assert!(
            Ask {
                window: 172_800,
                ..ask("avg", "avg")
            }
            .shape()
            .is_ok()
        );
    }

    #[test]
    fn nobody_looks_back_more_than_a_week() {
        let detail = Ask {
            window: 1_209_600,
            ..ask("avg", "avg")
        }
        .shape()
        .unwrap_err()
        .detail;
        assert!(
            detail.starts_with("time_window last_2w is longer than a week"),
            "{detail}"
        );
        assert!(
            Ask {
                window: window::WEEK,
                ..ask("avg", "avg")
            }
            .shape()
            .is_ok()
        );
    }

    #[test]
    fn pairs_without_an_alarm_are_refused() {
        for (time, space) in [
            ("sum", "avg"),
            ("sum", "min"),
            ("sum", "max"),
            ("sum", "p95"),
            ("avg", "sum"),
            ("avg", "min"),
            ("avg", "max"),
        ] {
            for scan in [Scan::One, Scan::Many] {
                let refused = Ask {
                    scan,
                    ..ask(time, space)
                }
                .shape()
                .unwrap_err();
                assert!(
                    refused.detail.contains("cannot be expressed")
                        || refused.detail.contains("percentiles"),
                    "{time}/{space}"
                );
            }
        }
        let detail = ask("sum", "avg").shape().unwrap_err().detail;
        assert!(detail.starts_with("time_aggr \"sum\" with space_aggr \"avg\" cannot be expressed as a CloudWatch alarm. Use sum/sum or avg/avg"), "{detail}");
    }

    #[test]
    fn percentiles_of_many_series_are_refused() {
        let detail = Ask {
            scan: Scan::Many,
            ..ask("avg", "p95")
        }
        .shape()
        .unwrap_err()
        .detail;
        assert!(
            detail.starts_with(
                "space_aggr \"p95\" needs exact dimensions: Metrics Insights has no percentiles."
            ),
            "{detail}"
        );
    }

    #[test]
    fn percentiles_are_told_from_other_words() {
        for text in ["p50", "p99.9", "p0", "p100", "p100.0"] {
            assert!(is_percentile(text), "{text}");
        }
        for text in ["p", "p101", "p100.1", "p9x", "p99.", "95", "pp5"] {
            assert!(!is_percentile(text), "{text}");
        }
    }
}
