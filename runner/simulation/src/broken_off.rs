//! Reasons for which a simulated world breaks off. All of them are built here.

use std::error::Error;

use fault::ServiceName;
use scenario::Readiness;
use verdict::BrokenOff;

pub(crate) fn used_up(limit: &str) -> BrokenOff {
    BrokenOff {
        help: Some("look for services that call each other without end, or make the scenario smaller".into()),
        ..broken_off(format!("the simulated world has used up its {limit}"))
    }
}

pub(crate) fn not_linked_in(name: &ServiceName) -> BrokenOff {
    BrokenOff {
        help: Some(format!("register {name} with the simulation, or use the runner that starts processes")),
        ..broken_off(format!("{name} isn't linked into this runner"))
    }
}

pub(crate) fn not_started(name: &ServiceName, error: &(dyn Error + Send + Sync)) -> BrokenOff {
    broken_off(format!("{name} can't be started: {error}"))
}

pub(crate) fn panicked(name: &ServiceName) -> BrokenOff {
    broken_off(format!("{name} panicked while it started"))
}

/// `last` says how the last request for readiness ended.
pub(crate) fn not_ready(name: &ServiceName, condition: &Readiness, last: &str) -> BrokenOff {
    let Readiness { path, within } = condition;
    broken_off(format!("{name} wasn't ready within {within:?}: GET {path} {last}"))
}

/// `change` is a participle: paused, resumed.
pub(crate) fn not_running(name: &ServiceName, change: &str) -> BrokenOff {
    BrokenOff {
        help: Some("start it first".into()),
        ..broken_off(format!("{name} can't be {change}: it doesn't run"))
    }
}

fn broken_off(reason: String) -> BrokenOff {
    BrokenOff { reason, help: None, log: Vec::new() }
}
