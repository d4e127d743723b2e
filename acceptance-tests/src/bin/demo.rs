//! `make demo`: the whole slice, told to a person. Ends with 0 only when everything held.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use acceptance_tests::{Account, Binaries, Emulator, Mirror, Output, ROOTS, Sight, Story, python};
use anyhow::Result;

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];
const ENVIRONMENTS: [&str; 2] = ["stage", "prod"];

fn main() -> ExitCode {
    match tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!(" failed\n\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The steps that were done, and how long each took.
#[derive(Debug, Default)]
struct Steps(Vec<(String, Duration)>);

impl Steps {
    fn step<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        print!("{what:.<58}");
        std::io::stdout().flush()?;
        let start = Instant::now();
        let done = work()?;
        println!(" {:>6.1} s", start.elapsed().as_secs_f64());
        self.0.push((what.to_owned(), start.elapsed()));
        Ok(done)
    }

    fn seconds(&self, what: &str) -> f64 {
        let step = self.0.iter().find(|(name, _)| name == what);
        step.map_or(0.0, |(_, took)| took.as_secs_f64())
    }
}

fn tell() -> Result<()> {
    let mut steps = Steps::default();
    println!(
        "Two apps with web, worker, schedule and database, from their Procfiles to two member accounts, by switching roles from ops.\n"
    );
    steps.step("build provider and generator", || Binaries::get().map(drop))?;
    steps.step("set up the AWS emulator's Python", || python().map(drop))?;
    steps.step("start the AWS emulator", || Emulator::shared().map(drop))?;
    steps.step("install the provider into a filesystem mirror", || {
        Mirror::get().map(drop)
    })?;
    let [ops, stage, prod] = ACCOUNTS.map(Account::numbered);
    let accounts = [ops?, stage?, prod?];
    let story = steps.step("stackwright generate", || Story::new(accounts))?;
    show_input(&story)?;
    for root in ROOTS {
        steps.step(&format!("{root}: terraform init"), || story.init(root))?;
        steps.step(&format!("{root}: terraform plan"), || story.plan(root))?;
        steps.step(&format!("{root}: terraform apply"), || story.apply(root))?;
    }
    let mut seen = Vec::new();
    for environment in ENVIRONMENTS {
        let what = format!("{environment}: look from outside with a plain AWS client");
        let sights = steps.step(&what, || story.look(environment))?;
        seen.push((environment, sights));
    }
    for root in ROOTS {
        steps.step(&format!("{root}: second plan"), || {
            story.plan(root)?.empty()
        })?;
    }
    let refused = steps.step("prod: terraform destroy is refused", || {
        story.destroy_is_refused("prod")
    })?;
    show_refusal(&refused);
    steps.step("take the protection off in the spec, generate", || {
        story.take_protection_off()
    })?;
    for environment in ENVIRONMENTS {
        steps.step(&format!("{environment}: apply that"), || {
            story.plan(environment)?;
            story.apply(environment)
        })?;
    }
    for root in ["prod", "stage", "ops"] {
        steps.step(&format!("{root}: terraform destroy"), || {
            story.destroy(root)
        })?;
    }
    steps.step("every account is as before", || story.as_before())?;
    show_end(&steps, &seen);
    Ok(())
}

fn show_input(story: &Story) -> Result<()> {
    for file in ["shop/Procfile", "billing/Procfile", "stackwright.toml"] {
        println!("\n  {file}");
        for line in std::fs::read_to_string(story.tree().input().join(file))?.lines() {
            println!("  | {line}");
        }
    }
    println!(
        "\n  generated {} files below infra/\n",
        story.tree().files("")?.len()
    );
    Ok(())
}

/// The first error, as Terraform shows it.
fn show_refusal(refused: &Output) {
    println!();
    let lines = refused
        .stderr
        .lines()
        .map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']));
    for line in lines.skip_while(|line| !line.starts_with("Error")).take(8) {
        println!("  | {line}");
    }
    println!();
}

fn show_end(steps: &Steps, seen: &[(&str, Vec<Sight>)]) {
    println!("\nWhat existed, seen from outside:");
    for ((environment, sights), account) in seen.iter().zip(&ACCOUNTS[1..]) {
        println!("\n  {environment} ({account})");
        for sight in sights {
            println!("    {:<16} {}", sight.kind, sight.what);
        }
    }
    println!(
        "\n  {:<6} {:>7} {:>7} {:>7} {:>12} {:>9}  second plan said",
        "root", "init", "plan", "apply", "second plan", "destroy"
    );
    for root in ROOTS {
        let seconds = |step: &str| format!("{:.1} s", steps.seconds(&format!("{root}: {step}")));
        println!(
            "  {root:<6} {:>7} {:>7} {:>7} {:>12} {:>9}  No changes",
            seconds("terraform init"),
            seconds("terraform plan"),
            seconds("terraform apply"),
            seconds("second plan"),
            seconds("terraform destroy"),
        );
    }
    let total: Duration = steps.0.iter().map(|(_, took)| *took).sum();
    println!(
        "\nEverything held, in {:.0} s. Each account is as it was before.",
        total.as_secs_f64()
    );
}
