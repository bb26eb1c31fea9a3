//! Which of the scenarios are meant.

use std::{collections::BTreeSet, sync::Arc};

use engine::Planned;
use fault::ServiceName;
use scenario::{Action, Scenario};

/// The scenarios that a filter leaves, each with why it can't be run when it needs a service that is missing.
pub(crate) fn select(
    scenarios: &[Arc<Scenario>],
    filters: &[String],
    missing: &BTreeSet<ServiceName>,
) -> Vec<Planned> {
    let chosen = scenarios
        .iter()
        .filter(|scenario| filters.is_empty() || filters.iter().any(|f| matches(scenario, f)));
    chosen.map(|scenario| Planned { scenario: Arc::clone(scenario), skip: skip(scenario, missing) }).collect()
}

fn matches(scenario: &Scenario, filter: &str) -> bool {
    let filter = filter.to_lowercase();
    let contains = |text: &str| text.to_lowercase().contains(&filter);
    contains(&scenario.name)
        || contains(&scenario.file.to_string_lossy())
        || scenario.tags.iter().any(|tag| tag.to_lowercase() == filter)
}

fn skip(scenario: &Scenario, missing: &BTreeSet<ServiceName>) -> Option<String> {
    let used = scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Request(request) => Some(&request.call.service),
        Action::Eventually(eventually) => Some(&eventually.request.call.service),
        Action::Process(process) => Some(&process.service),
        _ => None,
    });
    let links = scenario.faults.iter().flat_map(|fault| [&fault.link.caller, &fault.link.callee]);
    let needed = used.chain(links).find(|service| missing.contains(service))?;
    Some(format!("{needed} isn't there"))
}
