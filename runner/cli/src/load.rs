//! Whether a machine carries as many requests at once as scenarios send.

use std::sync::Arc;

use fleet::Capacity;
use scenario::{Mistake, Scenario, Step, Times};

use crate::{Mistakes, Project, Worlds};

/// Finds the steps of scenarios that send more requests at once than these worlds carry.
pub(crate) fn check(project: &Project, worlds: &impl Worlds) -> Result<(), Mistakes> {
    let links = project.configuration.links().count();
    let mistakes = mistakes(&project.scenarios, |wanted| worlds.capacity(links, wanted));
    if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
}

fn mistakes(scenarios: &[Arc<Scenario>], capacity: impl Fn(u64) -> Option<Capacity>) -> Vec<Mistake> {
    let all = |scenario: &Arc<Scenario>| -> Vec<(u32, Step, Arc<Scenario>)> {
        let steps = scenario.steps.iter().flat_map(Step::all);
        let parallel = steps.filter_map(|step| match step.own_request()?.times {
            Times::Parallel(times) => Some((times, step.clone(), Arc::clone(scenario))),
            Times::Once | Times::Repeat(_) => None,
        });
        parallel.collect()
    };
    let parallel: Vec<_> = scenarios.iter().flat_map(all).collect();
    let Some(most) = parallel.iter().map(|(times, ..)| u64::from(*times)).max() else { return Vec::new() };
    let Some(Capacity { requests, limit }) = capacity(most) else { return Vec::new() };
    let above = parallel.into_iter().filter(|(times, ..)| u64::from(*times) > requests);
    let mistake = |(times, step, scenario): (u32, Step, Arc<Scenario>)| Mistake {
        file: step.file.map_or_else(|| Arc::clone(&scenario.file), |file| Arc::new(file.path.clone())),
        span: step.span,
        message: format!("{times} requests at once are more than this machine carries, which is {requests}"),
        help: Some(limit.help().into()),
    };
    above.map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use fleet::CapacityLimit;
    use scenario::{File, read_configuration, read_file};

    use super::*;

    /// The mistakes in a scenario with a request that is sent so often at once.
    fn found(times: u32, capacity: Option<Capacity>) -> Vec<String> {
        let services = "services: { shop: { command: shop } }";
        let configuration = read_configuration(services, "e2e.conf".into()).expect("a configuration");
        let text = format!(
            "scenario: s\nsteps:\n  - for: {{ each: [1] }}\n    steps:\n      - {{ parallel: {times}, request: GET shop /, expect: {{ status: 200 }} }}\n"
        );
        let read = read_file(&text, "s.yaml".into(), &configuration);
        let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}") };
        mistakes(&[Arc::from(scenario)], |_| capacity).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn more_requests_than_the_machine_carries_are_a_mistake() {
        let capacity = Some(Capacity { requests: 100, limit: CapacityLimit::Ports });
        assert_eq!(found(100, capacity), [""; 0]);
        assert_eq!(
            found(101, capacity),
            ["s.yaml:5:11: 101 requests at once are more than this machine carries, which is 100 \
              (there are too few ports: widen /proc/sys/net/ipv4/ip_local_port_range)"]
        );
        assert_eq!(found(100_000, None), [""; 0], "in virtual time");
    }
}
