//! Plans the runs of scenarios, and finds those whose services are missing.

use std::{collections::BTreeMap, sync::Arc};

use engine::Planned;
use fault::{Damage, Fault, ServiceName};
use report::Repetitions;
use scenario::{Action, Invariant, RequestStep, Scenario, Step};
use verdict::BrokenOff;

/// Plans runs of each of the chosen scenarios. One that needs a missing service is marked to be skipped. `invariants` are those
/// of the whole run.
pub(crate) fn plan(
    chosen: &[Arc<Scenario>],
    repetitions: Repetitions,
    invariants: &[Invariant],
    missing: &BTreeMap<ServiceName, BrokenOff>,
) -> Vec<Planned> {
    let planned = |scenario: &Arc<Scenario>| {
        let why = |name| missing.get(name).map(ToString::to_string);
        let skip = needed_services(scenario, invariants).into_iter().find_map(why);
        let scenario = Arc::clone(scenario);
        let run = move |repetition| Planned {
            repetition,
            skip: skip.clone(),
            ..Planned::new(Arc::clone(&scenario))
        };
        (0..repetitions.runs.get()).map(run)
    };
    chosen.iter().flat_map(planned).collect()
}

/// The services without which a scenario can't be run and judged: those of its steps and faults, and those that the
/// invariants observe.
fn needed_services<'a>(scenario: &'a Scenario, invariants: &'a [Invariant]) -> Vec<&'a ServiceName> {
    let mut needed = Vec::new();
    needed.extend(scenario.steps.iter().flat_map(services_of_step));
    needed.extend(scenario.faults.iter().flat_map(services_of_fault));
    needed.extend(invariants.iter().flat_map(|invariant| &invariant.observe).map(|(_, call)| &call.service));
    needed
}

fn services_of_step(step: &Step) -> Vec<&ServiceName> {
    match &step.action {
        Action::Request(request) => services_of_request(request),
        Action::Eventually(eventually) => services_of_request(&eventually.request),
        Action::Together(members) => members.iter().flat_map(services_of_step).collect(),
        Action::Process(process) => vec![&process.service],
        Action::Inject(_) | Action::Heal(_) | Action::Wait(_) | Action::Check(_) => Vec::new(),
    }
}

fn services_of_request(request: &RequestStep) -> Vec<&ServiceName> {
    let links = request.expect.links.iter().map(|expectation| &expectation.link);
    let ends = links.flat_map(|link| [&link.caller, &link.callee]);
    [&request.call.service].into_iter().chain(ends).collect()
}

fn services_of_fault(fault: &Fault) -> Vec<&ServiceName> {
    let mut services = vec![&fault.link.caller, &fault.link.callee];
    if let Damage::Crash { service, .. } = &fault.damage {
        services.push(service);
    }
    services
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scenario::{Configuration, File, read_configuration, read_file};

    use super::*;

    fn configuration() -> Configuration {
        let text = "
services:
  shop: { command: shop, depends_on: [bank] }
  bank: { command: bank }
  mail: { base_url: 'http://localhost:1', required: false }
invariants:
  it adds up: { when: settled, observe: { ledger: GET bank /ledger }, holds: ledger.sum == 0 }
";
        read_configuration(text, "e2e.conf".into()).expect("a configuration")
    }

    /// The services that a scenario with these faults and steps needs, each once.
    fn needed(text: &str) -> Vec<String> {
        let configuration = configuration();
        let text = format!("scenario: test\n{text}");
        let read = read_file(&text, "test.yaml".into(), &configuration);
        let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}\n{text}") };
        let names = needed_services(&scenario, &[]).into_iter().map(ToString::to_string);
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    #[test]
    fn every_kind_of_step_needs_its_services() {
        let ok = "expect: { status: 200 }";
        let check = |steps: &str, expected: &[&str]| assert_eq!(needed(steps), expected, "{steps}");
        check(&format!("steps:\n  - {{ request: GET mail /, {ok} }}\n"), &["mail"]);
        check(&format!("steps:\n  - eventually: {{ within: 1s, request: GET mail /, {ok} }}\n"), &["mail"]);
        let members = format!("[{{ request: GET shop /, {ok} }}, {{ request: GET mail /, {ok} }}]");
        check(&format!("steps:\n  - together: {members}\n"), &["mail", "shop"]);
        check("steps:\n  - kill: bank\n  - wait: 1s\n", &["bank"]);
        let links = "expect: { status: 200, links: { shop -> bank: calls == 1 } }";
        check(&format!("steps:\n  - {{ request: GET shop /, {links} }}\n"), &["bank", "shop"]);
    }

    #[test]
    fn a_fault_needs_its_link_and_what_it_crashes() {
        let faults = "faults:\n  f: { link: shop -> bank, crash: mail }\nsteps:\n  - inject: f\n";
        assert_eq!(needed(faults), ["bank", "mail", "shop"]);
    }

    #[test]
    fn what_invariants_observe_is_needed_by_every_scenario() {
        let configuration = configuration();
        let text = "scenario: test\nsteps:\n  - { request: GET shop /, expect: { status: 200 } }\n";
        let read = read_file(text, "test.yaml".into(), &configuration);
        let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}") };
        let (service, address) = ("bank".parse().expect("a name"), "http://localhost:1".to_owned());
        let missing =
            BTreeMap::from([("bank".parse().expect("a name"), BrokenOff::Absent { service, address })]);
        let planned =
            plan(&[Arc::from(scenario)], Repetitions::default(), &configuration.invariants, &missing);
        assert_eq!(
            planned[0].skip.as_deref(),
            Some("bank isn't there: http://localhost:1 refuses connections")
        );
    }
}
