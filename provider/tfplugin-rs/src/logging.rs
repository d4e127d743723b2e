//! Logs as Terraform reads them: one JSON object in go-hclog's form per line on stderr.

use std::fmt;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Terraform splits lines above 64 KiB; texts are cut so that a line stays well below.
const LONGEST_TEXT: usize = 8 * 1024;
/// What a line may have in all.
const LONGEST_LINE: usize = 60 * 1024;

/// Writes the events of this provider, each with the fields of the spans around it.
#[derive(Debug)]
struct HclogLayer {
    level: LevelFilter,
    provider: String,
}

/// The fields of a span.
struct Fields(Map<String, Json>);

/// Sends the logs of this process to stderr, as far as the environment asks for them.
pub(crate) fn start(provider: &str, var: impl Fn(&str) -> Option<String>) {
    let level = level(provider, var);
    if level == LevelFilter::OFF {
        return;
    }
    let layer = HclogLayer {
        level,
        provider: provider.to_owned(),
    };
    // Only a second provider in the same process would find a subscriber in place; it stays.
    drop(tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(layer),
    ));
}

/// `TF_LOG_PROVIDER_<NAME>`, else `TF_LOG_PROVIDER`, else `TF_LOG`, else nothing.
fn level(provider: &str, var: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!(
        "TF_LOG_PROVIDER_{}",
        provider.to_uppercase().replace('-', "_")
    );
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|name| var(name).filter(|value| !value.is_empty()));
    match asked.map(|level| level.to_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        // TRACE, JSON, and as in Terraform everything that is no level.
        Some(_) => LevelFilter::TRACE,
    }
}

impl HclogLayer {
    /// Libraries may log what passes through them, secrets included: only their warnings count.
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let ours = target.starts_with("tfplugin") || target.contains(&self.provider);
        let level = if ours {
            self.level
        } else {
            self.level.min(LevelFilter::WARN)
        };
        *metadata.level() <= level
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for HclogLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Fields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Fields(fields)) = span.extensions_mut().get_mut() {
            values.record(&mut Collect(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(Fields(of_span)) = span.extensions().get() {
                fields.extend(of_span.clone());
            }
        }
        event.record(&mut Collect(&mut fields));
        let line = line(event.metadata(), fields, SystemTime::now());
        // There is nobody to tell when stderr is closed.
        drop(std::io::stderr().lock().write_all(line.as_bytes()));
    }
}

/// One line. Terraform crashes on a message or level that is no text, so these two always are.
fn line(metadata: &Metadata<'_>, fields: Map<String, Json>, now: SystemTime) -> String {
    let mut entry = Map::new();
    let message = fields.get("message").map(text).unwrap_or_default();
    entry.insert("@level".to_owned(), level_name(*metadata.level()).into());
    entry.insert("@message".to_owned(), message.into());
    entry.insert(
        "@module".to_owned(),
        metadata.target().replace("::", ".").into(),
    );
    entry.insert("@timestamp".to_owned(), timestamp(now).into());
    let mut length = LONGEST_TEXT;
    for (key, value) in fields {
        length += key.len() + value.to_string().len();
        if key != "message" && !key.starts_with('@') && length < LONGEST_LINE {
            entry.insert(key, value);
        }
    }
    format!("{}\n", Json::Object(entry))
}

fn text(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The one form that Terraform reads: `2006-01-02T15:04:05.000000Z`.
fn timestamp(now: SystemTime) -> String {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let seconds = since.as_secs();
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Years are taken to begin in March, so that the leap day is the last of its year.
const fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Collects fields as JSON.
struct Collect<'a>(&'a mut Map<String, Json>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: Json) {
        self.0.insert(field.name().to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, mut text: String) {
        if text.len() > LONGEST_TEXT {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push_str(" ... (cut)");
        }
        self.put(field, text.into());
    }
}

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value.to_owned());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        self.put_text(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::{Arc, Mutex};

    use super::*;

    fn at(seconds: u64, micros: u32) -> String {
        timestamp(SystemTime::UNIX_EPOCH + Duration::new(seconds, micros * 1000))
    }

    #[test]
    fn timestamps_have_the_one_form_that_terraform_reads() {
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(1_709_210_096, 42), "2024-02-29T12:34:56.000042Z");
        assert_eq!(at(1_709_251_199, 999_999), "2024-02-29T23:59:59.999999Z");
        assert_eq!(at(1_709_251_200, 0), "2024-03-01T00:00:00.000000Z");
        assert_eq!(at(4_102_444_800, 0), "2100-01-01T00:00:00.000000Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }

    fn asked(vars: &[(&str, &str)]) -> LevelFilter {
        level("my-corner", |name| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_most_special_variable_wins() {
        assert_eq!(asked(&[]), LevelFilter::OFF);
        assert_eq!(asked(&[("TF_LOG", "debug")]), LevelFilter::DEBUG);
        let both = [("TF_LOG", "debug"), ("TF_LOG_PROVIDER", "ERROR")];
        assert_eq!(asked(&both), LevelFilter::ERROR);
        let own = [
            ("TF_LOG_PROVIDER", "ERROR"),
            ("TF_LOG_PROVIDER_MY_CORNER", "off"),
        ];
        assert_eq!(asked(&own), LevelFilter::OFF);
        assert_eq!(asked(&[("TF_LOG", "JSON")]), LevelFilter::TRACE);
    }

    /// Keeps the lines that the layer would write.
    struct Keep(HclogLayer, Arc<Mutex<Vec<Json>>>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keep {
        fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
            self.0.wants(metadata)
        }
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut fields = Map::new();
            event.record(&mut Collect(&mut fields));
            let line = line(event.metadata(), fields, SystemTime::now());
            assert!(line.len() < 64 * 1024, "{} bytes", line.len());
            assert_eq!(line.matches('\n').count(), 1);
            self.1
                .lock()
                .unwrap()
                .push(serde_json::from_str(&line).unwrap());
        }
    }

    fn kept(log: impl FnOnce()) -> Vec<Json> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let layer = HclogLayer {
            level: LevelFilter::TRACE,
            provider: "corner".to_owned(),
        };
        let keep = Keep(layer, Arc::clone(&lines));
        let subscriber = tracing_subscriber::registry().with(keep);
        tracing::subscriber::with_default(subscriber, log);
        std::mem::take(&mut *lines.lock().unwrap())
    }

    #[test]
    fn a_line_is_what_hclog_writes() {
        let lines = kept(|| tracing::warn!(tf_rpc = "Plan", count = 3, "two\nlines"));
        assert_eq!(lines[0]["@level"], "warn");
        assert_eq!(lines[0]["@message"], "two\nlines");
        assert_eq!(lines[0]["@module"], "tfplugin_rs.logging.tests");
        assert_eq!(lines[0]["@timestamp"].as_str().unwrap().len(), 27);
        assert_eq!(lines[0]["tf_rpc"], "Plan");
        assert_eq!(lines[0]["count"], 3);
    }

    #[test]
    fn the_message_is_text_whatever_it_was() {
        let lines = kept(|| tracing::info!(message = 7, "@level" = "none"));
        assert_eq!(lines[0]["@message"], "7");
        assert_eq!(lines[0]["@level"], "info");
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "é".repeat(100_000);
        let lines = kept(|| tracing::info!(a = long, b = long, c = long, d = long, "{long}"));
        assert!(lines[0]["@message"].as_str().unwrap().ends_with("(cut)"));
    }

    #[test]
    fn libraries_only_warn() {
        let lines = kept(|| {
            tracing::debug!(target: "hyper::proto", "a secret body");
            tracing::warn!(target: "hyper::proto", "trouble");
            tracing::trace!(target: "terraform_provider_corner::engine", "a step");
        });
        let messages: Vec<_> = lines
            .iter()
            .map(|line| line["@message"].as_str().unwrap())
            .collect();
        assert_eq!(messages, ["trouble", "a step"]);
    }
}
