//! CPU and memory: one word, or two numbers.

use tfplugin_types::{Cfg, Diagnostics, Path};

use super::ServiceConfig;
use crate::size::{self, Size};

pub(super) fn check(view: &ServiceConfig, found: &mut Diagnostics) {
    // What is not known yet may be null in the end.
    let given = |value: &Cfg<i64>| value.known().is_some();
    let lacks = |one: &Cfg<i64>, other: &Cfg<i64>| given(one) && other.is_null();
    let at = Path::attribute;
    match &view.size {
        Cfg::Known(size) => match size::parse(size).and_then(Size::round_up) {
            Ok(pair) => check_agreement(view, size, pair, found),
            Err(error) => found.error(at("size"), "Invalid Size", format!("{error}.")),
        },
        Cfg::Null if lacks(&view.cpu, &view.memory) || lacks(&view.memory, &view.cpu) => {
            let (has, lacks) = if given(&view.cpu) {
                ("cpu", "memory")
            } else {
                ("memory", "cpu")
            };
            found.error(
                at(has),
                "Missing Argument",
                format!("`{has}` needs `{lacks}` beside it. Give both, or use `size`."),
            );
        }
        Cfg::Null => {
            if let (Some(cpu), Some(memory)) = (view.cpu.known(), view.memory.known()) {
                check_pair(*cpu, *memory, found);
            }
        }
        Cfg::Unknown(_) => {}
    }
}

/// `size` may stand beside `cpu` and `memory`, as Terraform writes it when it generates
/// configuration, when they say the same.
fn check_agreement(view: &ServiceConfig, size: &str, pair: Size, found: &mut Diagnostics) {
    for (name, given, is) in [
        ("cpu", &view.cpu, pair.cpu),
        ("memory", &view.memory, pair.memory),
    ] {
        if let Some(given) = given.known().filter(|given| **given != i64::from(is)) {
            found.error(
                Path::attribute(name),
                "Conflicting Arguments",
                format!("`{name}` is {given}, but `size` \"{size}\" stands for {is}. Remove one of them."),
            );
        }
    }
}

/// Fargate has certain pairs of CPU and memory only.
fn check_pair(cpu: i64, memory: i64, found: &mut Diagnostics) {
    let asked = Size {
        cpu: u32::try_from(cpu).unwrap_or(0),
        memory: u32::try_from(memory).unwrap_or(0),
    };
    match asked.round_up() {
        Ok(fits) if fits == asked => {}
        Ok(fits) => found.error(
            Path::attribute("cpu"),
            "Not a Fargate Size",
            format!("Fargate has no tasks with {cpu} CPU units and {memory} MiB. The next larger pair is cpu = {}, memory = {}.", fits.cpu, fits.memory),
        ),
        Err(error) => found.error(Path::attribute("cpu"), "Not a Fargate Size", format!("{error}.")),
    }
}

/// What the task gets, however it is given; `None` while it is not known, or not right.
pub(super) fn of_task(view: &ServiceConfig) -> Option<Size> {
    match &view.size {
        Cfg::Unknown(_) => None,
        Cfg::Known(given) => size::parse(given).and_then(Size::round_up).ok(),
        Cfg::Null if view.explicit_pair() => view.pair(),
        Cfg::Null => Some(size::DEFAULT),
    }
}

/// Fills `size`, `cpu` and `memory` from what is given. Another spelling of the size in the state
/// stays as it is: an import writes its own.
pub(super) fn complete(prior: Option<&ServiceConfig>, view: &mut ServiceConfig) {
    let Some(pair) = of_task(view) else {
        let unknown = |value: &mut Cfg<i64>| {
            if value.is_null() {
                *value = Cfg::unknown();
            }
        };
        unknown(&mut view.cpu);
        unknown(&mut view.memory);
        if view.size.is_null() {
            view.size = Cfg::unknown();
        }
        return;
    };
    for (value, number) in [(&mut view.cpu, pair.cpu), (&mut view.memory, pair.memory)] {
        if !value.is_unknown() {
            *value = Cfg::Known(i64::from(number));
        }
    }
    let before = prior.and_then(|prior| prior.size.known());
    let same = before.filter(|before| size::parse(before).and_then(Size::round_up) == Ok(pair));
    match same {
        Some(same) => view.size = Cfg::Known(same.clone()),
        None if view.size.is_null() => view.size = Cfg::Known(name(pair)),
        None => {}
    }
}

pub(super) fn name(pair: Size) -> String {
    let named = size::NAMED.iter().find(|(_, size)| *size == pair);
    named.map_or_else(
        || format!("{}:{}mb", pair.cpu, pair.memory),
        |(name, _)| (*name).to_owned(),
    )
}

impl ServiceConfig {
    fn explicit_pair(&self) -> bool {
        !self.cpu.is_null() && !self.memory.is_null()
    }

    fn pair(&self) -> Option<Size> {
        let whole = |value: &Cfg<i64>| u32::try_from(*value.known()?).ok();
        Some(Size {
            cpu: whole(&self.cpu)?,
            memory: whole(&self.memory)?,
        })
    }
}
