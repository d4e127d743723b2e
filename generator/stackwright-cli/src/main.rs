//! The `stackwright` command line: arguments, files, colours and exit codes. Everything else is in `stackwright-gen`.

mod arguments;
mod commands;
mod disk;
mod init;
mod input;
mod report;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;
use commands::Ending;
use report::Style;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ending = commands::run(&arguments);
    match show(&arguments, &ending) {
        Ok(()) => ExitCode::from(ending.exit_code()),
        // Nobody reads the output any more, as in `stackwright validate | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(ending.exit_code())
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn show(arguments: &Arguments, ending: &Ending) -> io::Result<()> {
    if arguments.json() {
        return writeln!(io::stdout(), "{}", report::json(ending));
    }
    io::stderr().write_all(report::problems(ending, Style::of_stderr()).as_bytes())?;
    io::stdout().write_all(report::summary(ending).as_bytes())
}
