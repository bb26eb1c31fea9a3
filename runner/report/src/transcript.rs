//! A scenario's steps and how they went, as a text that is the same in every run that went the same way.
//!
//! Most lines are certain: they hold in both worlds and with any seed. Retries, polls and recoveries are not, since they
//! depend on time and chance. Lines about them begin with [`SIMULATED`]; they are the same in each simulated run with the
//! same seed, and [`certain`] leaves them out for all other runs.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `requests` | how a step's own requests ended, and the values that the step names |
//! | `traffic` | the calls between services, and the changes of processes |
//! | `keys` | names for idempotency keys |

mod keys;
mod requests;
mod traffic;

use std::collections::BTreeSet;

use engine::ScenarioResult;
use fault::{Seed, ServiceName};
use scenario::{Action, ForStep, RequestStep, Rounds, Step, Times};
use verdict::{Exchange, FaultChange, History, HistoryEvent, Record, Verdict};

use self::{keys::Keys, traffic::Counting};
use crate::normalise;

/// The seed of the runs whose transcripts are compared as a whole.
pub const SNAPSHOT_SEED: Seed = Seed(1);

/// Begins the lines that hold in a simulated run with a fixed seed only.
const SIMULATED: char = '~';

/// The whole transcript.
pub(crate) fn text(result: &ScenarioResult) -> String {
    let mut lines = vec![format!("{}: {}", result.scenario.name, verdict(&result.verdict))];
    let history = &result.history;
    let mut keys = Keys::new(history);
    let mut is_undisturbed = true;
    for (index, step) in result.scenario.steps.iter().enumerate() {
        lines.extend([String::new(), format!("{}. {}", index + 1, normalise::text(&step.name))]);
        is_undisturbed &= keeps_traffic_certain(&step.action);
        lines.extend(indented(' ', &step_lines(result, index, step, &mut keys)));
        if is_undisturbed {
            lines.extend(indented(' ', &traffic::undisturbed(history, index, &mut keys)));
        } else {
            lines.extend(indented(SIMULATED, &own_endings(history, index, step)));
            let (service, counting) = (signalled(&step.action), Counting::of(&step.action));
            let below = traffic::simulated(history, Some(index), service, counting, &mut keys);
            lines.extend(indented(SIMULATED, &below));
        }
    }
    let after = traffic::simulated(history, None, None, Counting::Hidden, &mut keys);
    if !after.is_empty() {
        lines.extend([SIMULATED.to_string(), format!("{SIMULATED} after the last step")]);
        lines.extend(indented(SIMULATED, &after));
    }
    if let Verdict::Failed(failures) = &result.verdict {
        lines.extend([String::new(), "findings".into()]);
        for finding in failures.iter().flat_map(|failure| &failure.findings) {
            let finding = format!("{}\n- {}\n+ {}", finding.subject(), finding.expected, finding.found);
            lines.extend(indented(' ', &[normalise::text(&finding)]));
        }
    }
    if lines.iter().any(|line| line.starts_with(SIMULATED)) {
        lines.insert(
            1,
            format!(
                "{SIMULATED} from the simulated run with seed {SNAPSHOT_SEED}, compared in that run only"
            ),
        );
    }
    lines.join("\n") + "\n"
}

/// A transcript without the lines that hold in a simulated run with a fixed seed only.
pub(crate) fn certain(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with(SIMULATED)).flat_map(|line| [line, "\n"]).collect()
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => "passed".into(),
        Verdict::Failed(_) => "failed".into(),
        Verdict::BrokenOff(broken) => format!("broken off: {}", normalise::text(&broken.to_string())),
        Verdict::Skipped(why) => format!("skipped: {why}"),
    }
}

/// The lines below a step's name, behind a mark or a blank.
fn indented(mark: char, lines: &[String]) -> Vec<String> {
    let each = lines.iter().flat_map(|text| text.lines());
    each.map(|line| format!("{mark}  {line}").trim_end().to_string()).collect()
}

/// Whether the calls between services during and after a step are the same in both worlds.
fn keeps_traffic_certain(action: &Action) -> bool {
    match action {
        Action::Request(request) => !matches!(request.times, Times::Parallel(_)),
        Action::Check(_) | Action::Vars(_) => true,
        // How often one goes round until something is true can be a matter of time.
        Action::For(ForStep { rounds: Rounds::Each { .. }, steps, .. }) => {
            steps.iter().all(|step| keeps_traffic_certain(&step.action))
        }
        Action::For(_)
        | Action::During(_)
        | Action::WaitUntil(_)
        | Action::Together(_)
        | Action::Run(_)
        | Action::Eventually(_)
        | Action::Watch(_)
        | Action::Inject(_)
        | Action::Heal(_)
        | Action::Process(_)
        | Action::Wait(_) => false,
    }
}

/// The service to whose process a step sends a signal.
fn signalled(action: &Action) -> Option<&ServiceName> {
    match action {
        Action::Process(process) => Some(&process.service),
        _ => None,
    }
}

/// The step's own request, when it has one.
fn own_request(action: &Action) -> Option<&RequestStep> {
    match action {
        Action::Request(request) => Some(request),
        Action::Eventually(eventually) => Some(&eventually.request),
        Action::Watch(watch) => Some(&watch.request),
        _ => None,
    }
}

fn own_exchanges(history: &History, step: usize) -> Vec<Exchange<'_>> {
    let client = ServiceName::client();
    history.exchanges_during(step).filter(|exchange| exchange.link.caller == client).collect()
}

fn step_lines<'a>(result: &'a ScenarioResult, index: usize, step: &Step, keys: &mut Keys<'a>) -> Vec<String> {
    let sent = own_exchanges(&result.history, index);
    let during = result.history.records().iter().filter(|record| record.step == Some(index));
    match &step.action {
        Action::Together(_) | Action::During(_) => requests::together(step, &sent, keys),
        Action::For(ForStep { rounds: Rounds::Each { .. }, .. }) => requests::rounds(step, &sent, keys),
        Action::For(_) => requests::uncounted_rounds(step, &sent, keys),
        Action::Inject(_) | Action::Heal(_) => during
            .filter_map(|record| fault_change(result, record))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        Action::Process(_) => {
            let service = signalled(&step.action);
            let own = during.filter(|record| {
                matches!(&record.event, HistoryEvent::Process { service: changed, .. } if Some(changed) == service)
            });
            own.filter_map(traffic::process).collect()
        }
        action => own_request(action).map_or_else(Vec::new, |request| requests::lines(request, &sent, keys)),
    }
}

/// `reply-lost injected: reply lost on payment-service -> users-service`, or that it was healed.
fn fault_change(result: &ScenarioResult, record: &Record) -> Option<String> {
    let HistoryEvent::Fault { fault, change } = &record.event else { return None };
    Some(match change {
        FaultChange::Healed => format!("{fault} healed"),
        FaultChange::Injected => {
            // Without the selector, which the scenario says: a snapshot tells what happened.
            let known = result.scenario.faults.iter().find(|known| known.name == *fault);
            let what =
                known.map_or_else(String::new, |known| format!(": {} on {}", known.damage, known.link));
            format!("{fault} injected{what}")
        }
    })
}

/// How a step's requests ended in this run, where that isn't certain or a fault met them.
fn own_endings(history: &History, index: usize, step: &Step) -> Vec<String> {
    let action = &step.action;
    let is_uncertain = |exchange: &Exchange<'_>| match own_request(action) {
        None if matches!(action, Action::For(_) | Action::During(_)) => {
            requests::is_uncertain(step, exchange)
        }
        Some(request) => {
            request.times == Times::Once && requests::uncertain(&request.expect, exchange).is_some()
        }
        None => true,
    };
    let told = own_exchanges(history, index).into_iter().filter(|exchange| {
        is_uncertain(exchange) || !exchange.faults.is_empty() || exchange.reply().is_none()
    });
    let mut lines: Vec<String> = told
        .map(|exchange| match action {
            Action::Together(_) | Action::For(_) | Action::During(_) => {
                format!("{}: {}", requests::head(&exchange), traffic::ending(&exchange))
            }
            _ => traffic::ending(&exchange),
        })
        .collect();
    lines.dedup();
    lines
}
