//! From a scenario back to text: what [`read_file`](crate::read_file) reads as the same scenario.
//!
//! A file here writes what the file of the same name in `model` describes.

use self::mapping::Mapping;
use crate::Scenario;

mod expectation;
mod fault;
mod mapping;
mod request;
mod step;
#[cfg(test)]
mod tests;
mod yaml;

pub use yaml::write_yaml;

/// The text of a scenario.
pub fn write(scenario: &Scenario) -> String {
    let mut written = Mapping::default();
    written.put("scenario", scenario.name.as_str());
    written.list("tags", scenario.tags.iter().map(|tag| tag.as_str().into()));
    written.names("vars", scenario.vars.iter().map(|(name, value)| (name.clone(), value.source())));
    written
        .names("faults", scenario.faults.iter().map(|fault| (fault.name.to_string(), fault::fault(fault))));
    written.list("steps", scenario.steps.iter().map(step::step));
    written.maybe("settle", scenario.settle.map(crate::duration::written));
    write_yaml(written.0)
}
