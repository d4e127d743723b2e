//! Panics: a text on stderr that Terraform recognises, and a diagnostic instead of a dead provider.

use std::any::Any;
use std::backtrace::Backtrace;
use std::io::Write as _;
use std::panic::PanicHookInfo;

use tfplugin_types::Diagnostic;

/// Writes panics to stderr as Terraform looks for them: `panic: <text>`, then the frames.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let report = report(info, &Backtrace::force_capture());
        // There is nobody to tell when stderr is closed.
        drop(std::io::stderr().lock().write_all(report.as_bytes()));
    }));
}

fn report(info: &PanicHookInfo<'_>, frames: &Backtrace) -> String {
    let place = info.location().map(|at| format!("\n\nat {at}")).unwrap_or_default();
    format!("panic: {}{place}\n{frames}\n", message(info.payload()))
}

/// What a panic says.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
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
