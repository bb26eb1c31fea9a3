//! From a scenario back to text: what [`read_file`](crate::read_file) reads as the same scenario.
//!
//! A file here writes what the file of the same name in `model` describes.

use std::path::Path;

use self::mapping::Mapping;
use crate::{Client, Phase, Scenario};

mod calls;
mod client;
mod expectation;
mod fault;
mod mapping;
mod path_between;
mod request;
mod run;
mod step;
mod stub;
#[cfg(test)]
mod tests;
mod yaml;

pub use path_between::path_between;
pub use yaml::write_yaml;

/// The text of a scenario, for a file at the scenario's own path: the files that it names are named from there. It is without
/// the steps that e2e.conf adds to every one.
pub fn write(scenario: &Scenario) -> String {
    let folder = scenario.file.parent().unwrap_or(Path::new(""));
    let mut written = Mapping::default();
    written.put("scenario", scenario.name.as_str());
    written.list("tags", scenario.tags.iter().map(|tag| tag.as_str().into()));
    written.maybe("vars", Some(step::vars(&scenario.vars)).filter(|vars| !vars.is_empty()));
    let client = |client: &Client| (client.name.to_string(), client::client(client, folder).into());
    written.names("clients", scenario.clients.iter().map(client));
    let defaults = &scenario.defaults;
    written.maybe("defaults", (!defaults.is_empty()).then(|| client::defaults(defaults)));
    written.names(
        "stubs",
        scenario.stubs.iter().map(|stub| (stub.service.to_string(), stub::stub(&stub.entries, folder))),
    );
    written
        .names("faults", scenario.faults.iter().map(|fault| (fault.name.to_string(), fault::fault(fault))));
    let steps = |phase: Phase| {
        scenario.steps.iter().filter(move |step| step.phase == phase).map(|step| step::step(step, folder))
    };
    written.list("steps", steps(Phase::Main));
    written.list("finally", steps(Phase::Finally));
    written.maybe("settle", scenario.settle.map(crate::duration::written));
    write_yaml(written.0)
}
