//! Plans the runs of scenarios, and finds those whose services are missing.

use std::{collections::BTreeMap, sync::Arc};

use engine::Planned;
use fault::{Damage, Fault, ServiceName};
use report::{Repetitions, WorldKind};
use scenario::{
    Action, CallsExpectation, Client, Configuration, DuringStep, EventuallyStep, RequestStep, Scenario, Step,
    WatchStep,
};
use verdict::BrokenOff;

/// Plans runs of each of the chosen scenarios. One that needs a missing service, or what this kind of world doesn't have, is
/// marked to be skipped. The invariants are those of the whole run.
pub(crate) fn plan(
    chosen: &[Arc<Scenario>],
    repetitions: Repetitions,
    configuration: &Configuration,
    missing: &BTreeMap<ServiceName, BrokenOff>,
    world: WorldKind,
) -> Vec<Planned> {
    let planned = |scenario: &Arc<Scenario>| {
        let why = |name| missing.get(name).map(ToString::to_string);
        let skip = unsupported(scenario, world).as_ref().map(ToString::to_string);
        let skip = skip.or_else(|| needed_services(scenario, configuration).into_iter().find_map(why));
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

/// Why a scenario can't be run in worlds of this kind, whatever is there.
pub(crate) fn unsupported(scenario: &Scenario, world: WorldKind) -> Option<BrokenOff> {
    (world == WorldKind::Simulated).then(|| BrokenOff::no_commands(scenario)).flatten()
}

/// The services without which a scenario can't be run and judged: those of its steps and faults, those at which its
/// clients log in, and those that the invariants observe. Those that it stubs are no such services.
fn needed_services<'a>(scenario: &'a Scenario, configuration: &'a Configuration) -> Vec<&'a ServiceName> {
    let mut needed = Vec::new();
    let is_stub = |name: &&ServiceName| scenario.stubs.iter().any(|stub| stub.service == **name);
    needed.extend(scenario.steps.iter().flat_map(Step::all).flat_map(services_of_step));
    needed.extend(scenario.faults.iter().flat_map(services_of_fault));
    let senders = scenario.senders();
    let own = |client: &&Client| scenario.clients.iter().any(|own| own.name == client.name);
    let clients = configuration.clients.iter().filter(|client| !own(client)).chain(&scenario.clients);
    let logins =
        clients.filter(|client| senders.contains(&client.name)).filter_map(|client| client.login.as_ref());
    needed.extend(logins.map(|login| &login.request.call.service));
    let invariants = configuration.invariants.iter();
    needed.extend(
        invariants.flat_map(|invariant| &invariant.observe).map(|observation| &observation.call.service),
    );
    needed.retain(|name| !is_stub(name));
    needed
}

/// The services of a step, without those of the steps within it.
fn services_of_step(step: &Step) -> Vec<&ServiceName> {
    match &step.action {
        Action::Request(request)
        | Action::Eventually(EventuallyStep { request, .. })
        | Action::Watch(WatchStep { request, .. })
        | Action::During(DuringStep { request, .. }) => services_of_request(request),
        Action::Process(process) => vec![&process.service],
        Action::Run(run) => run.services.iter().collect(),
        Action::WaitUntil(wait) => vec![&wait.link.caller, &wait.link.callee],
        Action::Inject(_)
        | Action::Heal(_)
        | Action::Wait(_)
        | Action::Check(_)
        | Action::Vars(_)
        | Action::Together(_)
        | Action::For(_) => Vec::new(),
    }
}

fn services_of_request(request: &RequestStep) -> Vec<&ServiceName> {
    let expect = &request.expect;
    let links = expect.links.iter().map(|expectation| &expectation.link);
    let links = links.chain(expect.calls.iter().flat_map(CallsExpectation::links));
    let links = links.chain(expect.circuits.iter().map(|circuit| &circuit.link));
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

    use scenario::{File, read_configuration, read_file};

    use super::*;

    fn configuration() -> Configuration {
        let text = "
services:
  shop: { command: shop, depends_on: [bank] }
  bank: { command: bank }
  mail: { base_url: 'http://localhost:1', required: false }
clients:
  ann: { login: { request: POST mail /login, expect: { status: 200 } } }
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
        let configuration = Configuration { invariants: Vec::new(), ..configuration };
        let names = needed_services(&scenario, &configuration).into_iter().map(ToString::to_string);
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
        check(&format!("steps:\n  - {{ request: GET shop /, as: ann, {ok} }}\n"), &["mail", "shop"]);
        let own = "clients: { ann: { login: { request: GET bank /, expect: { status: 200 } } } }";
        check(&format!("{own}\nsteps:\n  - {{ request: GET shop /, as: ann, {ok} }}\n"), &["bank", "shop"]);
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
            plan(&[Arc::from(scenario)], Repetitions::default(), &configuration, &missing, WorldKind::Live);
        assert_eq!(
            planned[0].skip.as_deref(),
            Some("bank isn't there: http://localhost:1 refuses connections")
        );
    }

    #[test]
    fn a_scenario_with_a_command_is_skipped_in_simulated_worlds() {
        let text = "scenario: test\nsteps:\n  - wait: 1s\n  - { run: 'ls ${url.bank}' }\n";
        let configuration = configuration();
        let read = read_file(text, "test.yaml".into(), &configuration);
        let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}") };
        let scenarios = [Arc::from(scenario)];
        let skip = |world| {
            plan(&scenarios, Repetitions::default(), &configuration, &BTreeMap::new(), world)[0].skip.clone()
        };
        assert_eq!(skip(WorldKind::Live), None);
        let why = "test.yaml: the step on line 4 runs a command, and simulated worlds have none";
        assert_eq!(skip(WorldKind::Simulated).as_deref(), Some(why));
        assert_eq!(needed("steps:\n  - { run: 'ls ${url.bank}' }\n"), ["bank"]);
    }
}
