//! Panics: a text on stderr that Terraform recognises, and a diagnostic instead of a dead provider.

use std::any::Any;
use std::backtrace::Backtrace;
use std::io::Write as _;
use std::panic::PanicHookInfo;

use tfplugin_types::Diagnostic;

/// Terraform shows up to a hundred lines of a crash.
const MOST_FRAMES: usize = 60;

/// Writes panics to stderr as Terraform looks for them: `panic: <text>`, then the frames.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let report = report(info, &Backtrace::force_capture());
        // There is nobody to tell when stderr is closed.
        drop(std::io::stderr().lock().write_all(report.as_bytes()));
    }));
}

fn report(info: &PanicHookInfo<'_>, frames: &Backtrace) -> String {
    let place = info
        .location()
        .map(|at| format!("\n\nat {at}"))
        .unwrap_or_default();
    let frames = telling(&frames.to_string());
    format!("panic: {}{place}\n{frames}\n", message(info.payload()))
}

/// The frames between the panic machinery and the framework: those of the provider itself.
fn telling(frames: &str) -> String {
    let lines: Vec<&str> = frames.lines().collect();
    let machinery = |line: &&str| line.contains("core::panicking::");
    let first = lines.iter().rposition(machinery).map_or(0, |at| at + 1);
    let kept = lines
        .iter()
        .skip(first)
        .take_while(|line| !line.contains("tfplugin_rs::service"));
    kept.take(MOST_FRAMES)
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a panic says.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without text".to_owned())
}

/// What the user is told about a panic in one call.
pub(crate) fn diagnostic(provider: &str, request_id: &str, rpc: &str, said: &str) -> Diagnostic {
    Diagnostic::error(
        "The Provider Has Crashed",
        format!(
            "The provider {provider} crashed while it answered {rpc}: {said}\n\nWhat it was doing \
             may be done in part. This is a bug in {provider}: please report it with the log of \
             this run (TF_LOG=DEBUG), where the call has the id {request_id}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_of_the_provider_are_shown() {
        let frames = "   5: core::panicking::panic_fmt\n   6: mine::create\n             at mine.rs:1\n   \
                      7: tfplugin_rs::service::guarded\n   8: tokio::runtime::run";
        assert_eq!(
            telling(frames),
            "   6: mine::create\n             at mine.rs:1"
        );
    }

    #[test]
    fn a_payload_that_is_no_text_has_words_too() {
        assert_eq!(message(&"static"), "static");
        assert_eq!(message(&"owned".to_owned()), "owned");
        assert_eq!(message(&7), "a panic without text");
    }
}
