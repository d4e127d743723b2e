//! How an ending looks: to people like a compiler's messages, to programs as JSON.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use stackwright_gen::consequences::Init;
use stackwright_gen::explain::{Explained, Origin};
use stackwright_gen::init::Left;
use stackwright_gen::invisible::{is_invisible, one_line};
use stackwright_gen::regenerate::{Changes, Conflict};
use stackwright_gen::{Diagnostic, Problem, Severity, SourceFile};

use crate::commands::{Ending, Failure, Success, Update, count};

/// Whether messages have colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Colours,
}

impl Style {
    /// The style of standard error.
    pub(crate) fn of_stderr() -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self::of(
            is_terminal,
            env::var_os("NO_COLOR").as_deref(),
            env::var_os("TERM").as_deref(),
        )
    }

    /// Colours only on a terminal that has them, and not when `NO_COLOR` says so.
    fn of(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let unwanted = no_color.is_some_and(|value| !value.is_empty());
        let dumb = term.is_some_and(|value| value == "dumb");
        if is_terminal && !unwanted && !dumb {
            Self::Colours
        } else {
            Self::Plain
        }
    }

    fn renderer(self) -> Renderer {
        match self {
            Self::Plain => Renderer::plain(),
            Self::Colours => Renderer::styled(),
        }
    }
}

/// Everything that went wrong or may surprise, for people.
pub(crate) fn problems(ending: &Ending, style: Style) -> String {
    let renderer = style.renderer();
    let mut text = String::new();
    let sources = without_secrets(ending);
    for diagnostic in shown(&ending.diagnostics) {
        push(&mut text, &renderer, diagnostic_group(diagnostic, &sources));
    }
    for loss in update(ending).iter().flat_map(|it| &it.consequences.losses) {
        let (title, help) = (loss.to_string(), loss.help());
        push_titled(&mut text, &renderer, Level::WARNING, &title, &help);
    }
    match &ending.result {
        Ok(_) => {}
        Err(Failure::Input { would_write }) => {
            text.push_str(&totals(&ending.diagnostics, *would_write));
        }
        Err(Failure::Conflicts { out, conflicts }) => {
            text.push_str(&in_the_way(&renderer, conflicts));
            let _ = writeln!(
                text,
                "{} in the way in {}: nothing written",
                files(conflicts.len()),
                out.display()
            );
        }
        Err(failure) => {
            if let Failure::NothingFound { left, .. } = failure {
                for left in left {
                    let title = left.to_string();
                    push_titled(&mut text, &renderer, Level::WARNING, &title, &left.instead);
                }
            }
            if let Some((title, help)) = said(failure) {
                push_titled(&mut text, &renderer, Level::ERROR, &title, &help);
            }
        }
    }
    seen(&text, style)
}

/// What a run does to a tree, if it does anything to one.
fn update(ending: &Ending) -> Option<&Update> {
    match ending.result.as_ref().ok()? {
        Success::Written(update) | Success::Checked(update) | Success::Compared(update, _) => {
            Some(update)
        }
        Success::Started { generated, .. } => generated.as_ref(),
        _ => None,
    }
}

/// The files in the way, with one help for all that are so for the same reason.
fn in_the_way(renderer: &Renderer, conflicts: &[Conflict]) -> String {
    let mut by_help: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for conflict in conflicts {
        let titles = by_help.entry(conflict.help()).or_default();
        titles.push(conflict.to_string());
    }
    let report = |(help, titles): (&str, Vec<String>)| {
        let titles = titles
            .iter()
            .map(|title| Group::with_title(Level::ERROR.primary_title(title)));
        let help = Group::with_title(Level::HELP.secondary_title(help));
        renderer.render(&titles.chain([help]).collect::<Vec<_>>()) + "\n\n"
    };
    by_help.into_iter().map(report).collect()
}

/// A failure that has no place in a file, and what to do about it.
fn said(failure: &Failure) -> Option<(String, String)> {
    let (title, help) = match failure {
        Failure::Input { .. } | Failure::Conflicts { .. } => return None,
        Failure::Disk(error) => (error.to_string(), error.help()),
        Failure::Manifest(error) => (
            error.to_string(),
            "restore it from version control: it says which files may be replaced",
        ),
        Failure::Unanswered { missing } => {
            let options: Vec<String> = missing.iter().map(|name| format!("--{name}")).collect();
            let title = format!("nothing says what to write for {}", missing.join(", "));
            let help = format!(
                "add {}, or run on a terminal without --yes to be asked",
                options.join(" ")
            );
            return Some((title, help));
        }
        Failure::SeveralSpecs { paths } => {
            let names: Vec<String> = paths
                .iter()
                .map(|it| format!("`{}`", it.display()))
                .collect();
            let title = format!("there are several specs: {}", names.join(" and "));
            let help = "keep one of them, or name the one that counts with --spec".to_owned();
            return Some((title, help));
        }
        Failure::SpecExists { path } => (
            format!("`{}` is there already", path.display()),
            "edit it, or remove it and run again",
        ),
        Failure::NothingFound { folder, .. } => (
            format!("nothing in `{}` says what to run", folder.display()),
            "write a Procfile with one line per process, as in `web: bundle exec puma`",
        ),
    };
    Some((title, help.to_owned()))
}

/// What was done, for people.
pub(crate) fn summary(ending: &Ending) -> String {
    match &ending.result {
        Err(_) => String::new(),
        Ok(Success::Valid { spec }) => format!("{}: no errors\n", spec.display()),
        Ok(Success::Explained(explained)) => explained_text(explained),
        Ok(Success::Schema(schema)) => format!("{schema:#}\n"),
        Ok(Success::Picture(picture)) => picture.clone(),
        Ok(Success::Started {
            spec,
            procfile,
            notes,
            left,
            generated,
        }) => started(spec, procfile.as_deref(), (notes, left), generated.as_ref()),
        Ok(Success::Compared(update, diff)) if !update.changes.is_empty() => diff.clone(),
        Ok(Success::Written(update) | Success::Checked(update) | Success::Compared(update, _))
            if update.is_empty() =>
        {
            let (out, unchanged) = (update.out.display(), files(update.changes.unchanged));
            format!("{out} is up to date ({unchanged})\n")
        }
        Ok(Success::Written(update)) => format!(
            "{}wrote {}\n{}{}",
            listed(&update.changes),
            update.out.display(),
            counts(&update.changes),
            next(update)
        ),
        Ok(Success::Checked(update) | Success::Compared(update, _)) => out_of_date(update),
    }
}

/// The roots that need `terraform init` before the next plan.
fn next(update: &Update) -> String {
    let one = |init: &Init| format!("next: {} ({})\n", init.command(&update.out), init.why);
    update.consequences.init.iter().map(one).collect()
}

fn out_of_date(update: &Update) -> String {
    let left = if update.interrupted {
        "  ! .stackwright/new is left from a run that was interrupted\n"
    } else {
        ""
    };
    format!(
        "{left}{}{} is out of date: run `stackwright generate`\n{}",
        listed(&update.changes),
        update.out.display(),
        counts(&update.changes)
    )
}

fn started(
    spec: &Path,
    procfile: Option<&Path>,
    (notes, left): (&[String], &[Left]),
    generated: Option<&Update>,
) -> String {
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "found in {}", one_line(note));
    }
    for left in left {
        let (title, instead) = (left.to_string(), &left.instead);
        let _ = writeln!(text, "{}: {}", one_line(&title), one_line(instead));
    }
    for path in [procfile, Some(spec)].into_iter().flatten() {
        let _ = writeln!(text, "wrote {}", path.display());
    }
    match generated {
        Some(Update { out, changes, .. }) => {
            let _ = writeln!(text, "wrote {}", out.display());
            text.push_str(&counts(changes));
        }
        None => text.push_str("next: look at it, then run `stackwright generate`\n"),
    }
    text
}

fn explained_text(explained: &[Explained]) -> String {
    let width = |pick: fn(&Explained) -> &str| {
        let lengths = explained.iter().map(|it| pick(it).chars().count());
        lengths.max().unwrap_or(0).min(60)
    };
    let (paths, values) = (width(|it| &it.path), width(|it| &it.value));
    let line = |it: &Explained| {
        let (path, value) = (one_line(&it.path), one_line(&it.value));
        format!(
            "{path:paths$}  {value:values$}  {}\n",
            one_line(&origin(&it.origin))
        )
    };
    explained.iter().map(line).collect()
}

/// The text without what a terminal would obey or show in another order, but for line ends and the colours of the renderer.
fn seen(text: &str, style: Style) -> String {
    let shown = |c: char| match c {
        '\n' => c,
        // The renderer has taken those of the input out.
        '\u{1b}' if style == Style::Colours => c,
        c if is_invisible(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Written { line } => format!("line {line} of the spec"),
        Origin::Default { why } => format!("default: {why}"),
        Origin::Follows { from } => format!("follows from {from}"),
    }
}

fn explained_json(explained: &Explained) -> Value {
    let (kind, detail) = match &explained.origin {
        Origin::Written { line } => ("written", json!(line)),
        Origin::Default { why } => ("default", json!(why)),
        Origin::Follows { from } => ("follows", json!(from)),
    };
    let name = match kind {
        "written" => "line",
        "default" => "why",
        _ => "from",
    };
    json!({ "path": explained.path, "value": explained.value, "origin": kind, name: detail })
}

fn with_diff(mut json: Value, diff: &str) -> Value {
    json["diff"] = Value::String(diff.to_owned());
    json
}

/// The whole ending, for programs.
pub(crate) fn json(ending: &Ending) -> Value {
    let diagnostics: Vec<Value> = shown(&ending.diagnostics)
        .into_iter()
        .map(|diagnostic| diagnostic_json(diagnostic, &ending.sources))
        .collect();
    let left_out = ending.diagnostics.len() - diagnostics.len();
    let mut answer = json!({ "ok": ending.exit_code() == 0, "diagnostics": diagnostics });
    if left_out > 0 {
        answer["diagnostics_left_out"] = left_out.into();
    }
    let more = match &ending.result {
        Ok(Success::Valid { .. }) => json!({ "status": "valid" }),
        Ok(Success::Written(update)) => update_json("written", update),
        Ok(Success::Checked(update)) => update_json(freshness(update), update),
        Ok(Success::Compared(update, diff)) => {
            with_diff(update_json(freshness(update), update), diff)
        }
        Ok(Success::Started {
            spec,
            procfile,
            notes,
            left,
            generated,
        }) => json!({
            "status": "started",
            "spec": spec.to_string_lossy(),
            "procfile": procfile.as_ref().map(|path| path.to_string_lossy()),
            "notes": notes,
            "not_carried_over": left_json(left),
            "generated": generated.as_ref().map(|update| update_json("written", update)),
        }),
        Ok(Success::Explained(explained)) => {
            let each: Vec<Value> = explained.iter().map(explained_json).collect();
            json!({ "status": "explained", "values": each })
        }
        // A schema is an answer of its own, so that it can be written to a file as it is.
        Ok(Success::Schema(schema)) => return schema.clone(),
        Ok(Success::Picture(picture)) => {
            json!({ "status": "drawn", "format": "mermaid", "graph": picture })
        }
        Err(Failure::Unanswered { missing }) => {
            json!({ "status": "unanswered", "missing": missing })
        }
        Err(Failure::Input { .. }) => json!({ "status": "invalid" }),
        Err(Failure::Conflicts { out, conflicts }) => {
            let each = conflicts.iter().map(|conflict| json!({ "path": conflict.path, "message": conflict.to_string(), "help": conflict.help() }));
            json!({ "status": "conflict", "out": out.to_string_lossy(), "conflicts": each.collect::<Vec<Value>>() })
        }
        Err(failure @ Failure::NothingFound { left, .. }) => {
            let (error, help) = said(failure).unzip();
            json!({ "status": "failed", "error": error, "help": help, "not_carried_over": left_json(left) })
        }
        Err(failure) => {
            let (error, help) = said(failure).unzip();
            json!({ "status": "failed", "error": error, "help": help })
        }
    };
    if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
        answer.extend(more);
    }
    answer
}

fn left_json(left: &[Left]) -> Vec<Value> {
    let one = |left: &Left| json!({ "file": left.file, "what": left.what, "message": left.to_string(), "help": left.instead });
    left.iter().map(one).collect()
}

fn push(text: &mut String, renderer: &Renderer, group: Group<'_>) {
    text.push_str(&renderer.render(&[group]));
    text.push_str("\n\n");
}

/// A message that has no place in a file.
fn push_titled(text: &mut String, renderer: &Renderer, level: Level<'_>, title: &str, help: &str) {
    let groups = [
        Group::with_title(level.primary_title(one_line(title))),
        Group::with_title(Level::HELP.secondary_title(one_line(help))),
    ];
    text.push_str(&renderer.render(&groups));
    text.push_str("\n\n");
}

fn diagnostic_group<'a>(
    diagnostic: &Diagnostic,
    sources: &'a BTreeMap<String, SourceFile>,
) -> Group<'a> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        Group::with_title(level.primary_title(one_line(&diagnostic.problem.to_string())));
    if let Some(source) = sources.get(&diagnostic.file) {
        group = group.element(snippet(diagnostic, source));
    }
    group.element(Level::HELP.message(one_line(&diagnostic.problem.help())))
}

fn snippet<'a>(
    diagnostic: &Diagnostic,
    source: &'a SourceFile,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
    let snippet = match first_definition(&diagnostic.problem) {
        Some(first) => snippet.annotation(
            AnnotationKind::Context
                .span(first)
                .label("first defined here"),
        ),
        None => snippet,
    };
    snippet.annotation(AnnotationKind::Primary.span(diagnostic.span.clone()))
}

fn first_definition(problem: &Problem) -> Option<std::ops::Range<usize>> {
    use stackwright_gen::procfile::ProcfileErrorKind::Duplicate;
    match problem {
        Problem::Procfile(Duplicate { first, .. }) => Some(first.span.clone()),
        Problem::DuplicateKey { first, .. } => Some(first.clone()),
        _ => None,
    }
}

/// The input with a star for each byte of a value that looks like a secret: messages show lines of it, and end up in the
/// log of a CI.
fn without_secrets(ending: &Ending) -> BTreeMap<String, SourceFile> {
    let mut sources = ending.sources.clone();
    for diagnostic in &ending.diagnostics {
        if let Problem::SecretInConfig { value, .. } = &diagnostic.problem
            && let Some(source) = sources.get_mut(&diagnostic.file)
        {
            let hidden = source.text[value.clone()].bytes();
            let stars: String = hidden
                .map(|byte| if byte == b'\n' { '\n' } else { '*' })
                .collect();
            source.text.replace_range(value.clone(), &stars);
        }
    }
    sources
}

/// Most diagnostics that are shown. Each points into its file, and a file may have one on every line.
const MOST: usize = 100;

/// The first diagnostics, of many the errors first.
fn shown(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    if diagnostics.len() <= MOST {
        return diagnostics.iter().collect();
    }
    let of = |severity| {
        diagnostics
            .iter()
            .filter(move |it| it.severity() == severity)
    };
    of(Severity::Error)
        .chain(of(Severity::Warning))
        .take(MOST)
        .collect()
}

fn totals(diagnostics: &[Diagnostic], would_write: bool) -> String {
    let number =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let mut text = number(count(diagnostics, Severity::Error), "error");
    let warnings = count(diagnostics, Severity::Warning);
    if warnings > 0 {
        text = format!("{text}, {}", number(warnings, "warning"));
    }
    let left_out = diagnostics.len().saturating_sub(MOST);
    if left_out > 0 {
        text = format!("{text} ({left_out} not shown)");
    }
    if would_write {
        format!("{text}: nothing written\n")
    } else {
        format!("{text}\n")
    }
}

fn files(count: usize) -> String {
    format!("{count} file{}", if count == 1 { "" } else { "s" })
}

fn listed(changes: &Changes) -> String {
    let created = changes.create.keys().map(|path| format!("  + {path}\n"));
    let updated = changes.update.keys().map(|path| format!("  ~ {path}\n"));
    let removed = changes.remove.iter().map(|path| format!("  - {path}\n"));
    created.chain(updated).chain(removed).collect()
}

fn counts(changes: &Changes) -> String {
    let Changes {
        create,
        update,
        remove,
        unchanged,
        ..
    } = changes;
    format!(
        "{} new, {} changed, {} removed, {unchanged} unchanged\n",
        create.len(),
        update.len(),
        remove.len()
    )
}

fn freshness(update: &Update) -> &'static str {
    if update.is_empty() {
        "up_to_date"
    } else {
        "out_of_date"
    }
}

fn update_json(status: &str, update: &Update) -> Value {
    let changes = &update.changes;
    let (losses, init) = (
        update.consequences.losses.iter(),
        update.consequences.init.iter(),
    );
    let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<String>>();
    json!({
        "status": status,
        "out": update.out.to_string_lossy(),
        "created": paths(&changes.create),
        "updated": paths(&changes.update),
        "removed": changes.remove,
        "unchanged": changes.unchanged,
        "interrupted": update.interrupted,
        "losses": losses.map(|loss| json!({ "code": loss.code(), "message": loss.to_string(), "help": loss.help() })).collect::<Vec<Value>>(),
        "init": init.map(|init| json!({ "root": init.root, "command": init.command(&update.out), "why": init.why })).collect::<Vec<Value>>(),
    })
}

fn diagnostic_json(diagnostic: &Diagnostic, sources: &BTreeMap<String, SourceFile>) -> Value {
    let place = |offset| {
        sources
            .get(&diagnostic.file)
            .map(|source| source.position(offset))
    };
    let (start, end) = (place(diagnostic.span.start), place(diagnostic.span.end));
    json!({
        "severity": match diagnostic.severity() { Severity::Error => "error", Severity::Warning => "warning" },
        "code": diagnostic.problem.code(),
        "message": diagnostic.problem.to_string(),
        "help": diagnostic.problem.help(),
        "file": diagnostic.file,
        "line": start.map(|position| position.line),
        "column": start.map(|position| position.column),
        "end_line": end.map(|position| position.line),
        "end_column": end.map(|position| position.column),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_and_permission() {
        let text = |value: &'static str| Some(OsStr::new(value));
        assert_eq!(Style::of(true, None, text("xterm")), Style::Colours);
        assert_eq!(Style::of(true, text(""), None), Style::Colours);
        assert_eq!(Style::of(false, None, text("xterm")), Style::Plain);
        assert_eq!(Style::of(true, text("1"), text("xterm")), Style::Plain);
        assert_eq!(Style::of(true, None, text("dumb")), Style::Plain);
    }

    #[test]
    fn only_the_coloured_renderer_writes_escapes() {
        let mut texts = [Style::Plain, Style::Colours].map(|style| {
            let mut text = String::new();
            push_titled(&mut text, &style.renderer(), Level::ERROR, "a", "b");
            text
        });
        texts.sort();
        assert_eq!(texts.map(|text| text.contains('\u{1b}')), [true, false]);
    }
}
