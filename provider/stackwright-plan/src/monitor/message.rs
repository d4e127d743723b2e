//! The text of an alarm: Datadog's templates, as far as one fixed text per level can say them.

use std::collections::BTreeMap;

/// Longest description of an alarm.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
pub(crate) const LONGEST: usize = 1024;

/// Which alarm a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Warning,
    Critical,
}

impl Level {
    pub(crate) const BOTH: [Self; 2] = [Self::Critical, Self::Warning];

    /// `warning` or `critical`: the name of its block.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What variables stand for; one that is not known yet has no text.
pub(crate) type Values = BTreeMap<&'static str, Option<String>>;

/// A rendered text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rendered {
    Text(String),
    /// A variable in it is not known yet.
    Unknown,
}

/// Renders a template for one level; what is wrong is a whole sentence each.
pub(crate) fn render(
    template: &str,
    level: Level,
    values: &Values,
) -> Result<Rendered, Vec<String>> {
    let mut work = Work {
        level,
        values,
        open: Vec::new(),
        text: String::new(),
        unknown: false,
        problems: Vec::new(),
    };
    work.run(template);
    for (tag, _) in &work.open {
        work.problems.push(format!(
            "{{{{#{tag}}}}} is never closed. Write {{{{/{tag}}}}} behind its text."
        ));
    }
    match (work.problems.is_empty(), work.unknown) {
        (false, _) => Err(work.problems),
        (true, true) => Ok(Rendered::Unknown),
        (true, false) => Ok(Rendered::Text(work.text.trim().to_owned())),
    }
}

struct Work<'a> {
    level: Level,
    values: &'a Values,
    /// Sections that are open, and whether each is shown.
    open: Vec<(String, bool)>,
    text: String,
    unknown: bool,
    problems: Vec<String>,
}

impl Work<'_> {
    fn run(&mut self, template: &str) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            self.put(before);
            let Some((tag, after)) = after.split_once("}}") else {
                self.problems
                    .push("{{ is never closed. Write }} behind the variable.".to_owned());
                return;
            };
            self.tag(tag.trim());
            rest = after;
        }
        self.put(rest);
    }

    fn shown(&self) -> bool {
        self.open.iter().all(|(_, shown)| *shown)
    }

    fn put(&mut self, text: &str) {
        if self.shown() {
            self.text.push_str(text);
        }
    }

    fn tag(&mut self, tag: &str) {
        if let Some(section) = tag.strip_prefix('#') {
            self.section('#', section);
        } else if let Some(section) = tag.strip_prefix('^') {
            self.section('^', section);
        } else if let Some(section) = tag.strip_prefix('/') {
            self.close(section);
        } else {
            self.variable(tag);
        }
    }

    /// A section may have arguments, as `{{#is_match "host.name" "web"}}`; it is closed by its name alone.
    fn section(&mut self, sign: char, section: &str) {
        let section = section.split_whitespace().next().unwrap_or_default();
        let holds = match section {
            "is_alert" => self.level == Level::Critical,
            "is_warning" => self.level == Level::Warning,
            _ => {
                self.problems.push(format!(
                    "{{{{{sign}{section}}}}} would be shown on every transition; CloudWatch has one text per alarm. Remove it with its text, or use {{{{#is_alert}}}} and {{{{#is_warning}}}}."
                ));
                true
            }
        };
        self.open.push((section.to_owned(), holds == (sign == '#')));
    }

    fn close(&mut self, section: &str) {
        let section = section.trim();
        if self.open.last().is_some_and(|(open, _)| open == section) {
            self.open.pop();
        } else {
            self.problems.push(format!(
                "{{{{/{section}}}}} closes nothing: the section that is open there has another name, or there is none."
            ));
        }
    }

    fn variable(&mut self, name: &str) {
        match self.values.get(name) {
            Some(Some(text)) => self.put(&text.clone()),
            Some(None) => self.unknown |= self.shown(),
            // What is not shown needs no value.
            None if !self.shown() => {}
            None if name == "else" => self.problems.push(
                "{{else}} has no meaning here. Close the section, and open one with ^ for the other case.".to_owned(),
            ),
            None if ["threshold", "warn_threshold", "comparator"].contains(&name) => {
                self.problems.push(format!(
                    "{{{{{name}}}}} has no value in this monitor. Remove it, or add the block that gives it one."
                ));
            }
            None if name == "value" => self.problems.push(
                "{{value}} cannot be filled in by CloudWatch (one static description per alarm). The notification's NewStateReason carries the value. Remove it here.".to_owned(),
            ),
            None => self.problems.push(format!(
                "{{{{{name}}}}} cannot be filled in by CloudWatch (one static description per alarm). Remove it; the notification names the alarm and, with by, the series."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn values() -> Values {
        BTreeMap::from([
            ("threshold", Some("50".to_owned())),
            ("warn_threshold", Some("10".to_owned())),
            ("comparator", Some(">".to_owned())),
        ])
    }

    fn text(template: &str, level: Level) -> String {
        match render(template, level, &values()).unwrap() {
            Rendered::Text(text) => text,
            Rendered::Unknown => panic!("unknown"),
        }
    }

    fn problem(template: &str) -> String {
        render(template, Level::Critical, &values())
            .unwrap_err()
            .join(" ")
    }

    #[test]
    fn each_level_has_its_own_text() {
        let template = "{{#is_alert}}Page: {{comparator}} {{threshold}}%.{{/is_alert}}{{#is_warning}}Look soon ({{warn_threshold}}).{{/is_warning}} Runbook";
        assert_eq!(text(template, Level::Critical), "Page: > 50%. Runbook");
        assert_eq!(text(template, Level::Warning), "Look soon (10). Runbook");
    }

    #[test]
    fn inverted_sections_and_spaces_work() {
        let template = "{{^is_alert}}calm{{/is_alert}}{{ ^is_warning }}loud{{ /is_warning }}";
        assert_eq!(
            text("{{^is_alert}}calm{{/is_alert}}!", Level::Warning),
            "calm!"
        );
        assert_eq!(text(template, Level::Critical), "loud");
    }

    #[test]
    fn values_of_the_moment_are_refused() {
        assert_eq!(
            problem("{{value}}"),
            "{{value}} cannot be filled in by CloudWatch (one static description per alarm). The notification's NewStateReason carries the value. Remove it here."
        );
        assert!(problem("on {{host.name}}").starts_with("{{host.name}} cannot be filled in"));
    }

    #[test]
    fn texts_of_a_transition_are_refused() {
        for section in [
            "is_recovery",
            "is_alert_recovery",
            "is_warning_recovery",
            "is_no_data",
            "is_renotify",
            "is_match",
        ] {
            let found = problem(&format!("{{{{#{section}}}}}x{{{{/{section}}}}}"));
            let start = format!(
                "{{{{#{section}}}}} would be shown on every transition; CloudWatch has one text per alarm."
            );
            assert!(found.starts_with(&start), "{found}");
        }
    }

    #[test]
    fn a_section_with_arguments_is_one_mistake() {
        let found = render(
            "{{#is_match \"host.name\" \"web\"}}x{{/is_match}}",
            Level::Critical,
            &values(),
        );
        let found = found.unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(problem("a{{else}}b").starts_with("{{else}} has no meaning"));
    }

    #[test]
    fn what_is_not_shown_needs_no_value() {
        let hidden = "{{#is_warning}}{{warn_threshold}}{{/is_warning}}x";
        let found = render(hidden, Level::Critical, &Values::new());
        assert_eq!(found, Ok(Rendered::Text("x".to_owned())));
    }

    #[test]
    fn sections_must_nest() {
        assert!(problem("{{#is_alert}}x").contains("never closed"));
        assert!(problem("x{{/is_alert}}").contains("closes nothing"));
        assert!(problem("{{threshold").contains("never closed"));
    }

    #[test]
    fn a_value_that_the_monitor_does_not_have_is_refused() {
        let found = render("{{warn_threshold}}", Level::Critical, &Values::new()).unwrap_err();
        assert!(
            found[0].starts_with("{{warn_threshold}} has no value in this monitor."),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_not_known_yet_makes_the_text_unknown_only_where_it_shows() {
        let values = Values::from([("threshold", None)]);
        assert_eq!(
            render("{{threshold}}", Level::Critical, &values),
            Ok(Rendered::Unknown)
        );
        let hidden = render(
            "{{#is_warning}}{{threshold}}{{/is_warning}}x",
            Level::Critical,
            &values,
        );
        assert_eq!(hidden, Ok(Rendered::Text("x".to_owned())));
    }
}
