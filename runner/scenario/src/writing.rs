//! From a scenario back to text: what [`read_file`](crate::read_file) reads as the same scenario.
//!
//! A file here writes what the file of the same name in `model` describes.

use self::mapping::Mapping;
use crate::{Phase, Scenario};

mod expectation;
mod fault;
mod mapping;
mod request;
mod step;
#[cfg(test)]
mod tests;
mod yaml;

/// The text of a scenario, without the steps that e2e.conf adds to every one.
pub fn write(scenario: &Scenario) -> String {
    let mut written = Mapping::default();
    written.put("scenario", scenario.name.as_str());
    written.list("tags", scenario.tags.iter().map(|tag| tag.as_str().into()));
    written.maybe("vars", Some(step::vars(&scenario.vars)).filter(|vars| !vars.is_empty()));
    written
        .names("faults", scenario.faults.iter().map(|fault| (fault.name.to_string(), fault::fault(fault))));
    let steps = |phase: Phase| scenario.steps.iter().filter(move |step| step.phase == phase).map(step::step);
    written.list("steps", steps(Phase::Main));
    written.list("finally", steps(Phase::Finally));
    written.maybe("settle", scenario.settle.map(crate::duration::written));
    yaml::text(written.0)
}
