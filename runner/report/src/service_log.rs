//! What services wrote: beside a failure, and as it comes.

use std::{collections::BTreeSet, time::Duration};

use engine::{LogLine, ScenarioResult, ServiceLog};
use fault::ServiceName;
use owo_colors::OwoColorize;
use verdict::{Failure, FailureLocation, Finding, FindingKind, HistoryEvent, ProcessChange};

use crate::layout::{count, pad, printable};

/// The most lines that are shown of a service.
const MOST_LINES: usize = 15;
/// The most lines that are shown of all services together, unless each has few.
const MOST_IN_ALL: usize = 45;
/// The lines that are shown of a service beside many others.
const FEW_LINES: usize = 3;

/// A line as it is shown: without the colours of the service, and with its control characters made visible.
pub(crate) fn plain(line: &str) -> String {
    printable(&anstream::adapter::strip_str(line).to_string())
}

/// A line of a service as it is shown when it is written. The scenario is named where several run side by side.
pub fn render_service_line(scenario: Option<&str>, service: &str, line: &str) -> String {
    let scenario = scenario.map_or_else(String::new, |name| format!("{name} "));
    let source = format!("{scenario}{service}");
    format!("{} {}", format!("{} |", pad(&source, 16)).dimmed(), plain(line))
}

/// When a service wrote, in the order of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Start,
    Step(usize),
    /// After the last step.
    End,
}

/// The lines of one phase that are kept.
struct Written<'a> {
    phase: Phase,
    lines: Vec<&'a LogLine>,
    left_out: usize,
}

/// What the services that a failure concerns wrote: a block for each, with the last lines of the phase that failed, or else
/// the last ones before it. What a service wrote while it started tells something only if it has ended since.
pub(crate) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let phase = match failure.location {
        FailureLocation::Start => Phase::Start,
        FailureLocation::Step { index, .. } => Phase::Step(index),
        FailureLocation::End => Phase::End,
    };
    let first_step = result.history.records().iter().find(|record| record.step.is_some());
    let first_step = first_step.map(|record| record.at);
    let last_until_then = |service| {
        let written = by_phase(result.output.logs.get(service)?, first_step);
        let written = written.into_iter().rfind(|written| written.phase <= phase)?;
        let is_told = written.phase != Phase::Start
            || phase == Phase::Start
            || exited(result).any(|exited| exited == service);
        is_told.then_some((service, written))
    };
    let concerned = concerned(result, failure, phase, first_step);
    let logs: Vec<_> = concerned.into_iter().filter_map(last_until_then).collect();
    let most = (MOST_IN_ALL / logs.len().max(1)).clamp(FEW_LINES, MOST_LINES);
    let mut lines = Vec::new();
    for (service, written) in logs {
        let when = if written.phase == phase {
            String::new()
        } else {
            format!(" before, {}", during(written.phase))
        };
        let shown = &written.lines[written.lines.len().saturating_sub(most)..];
        let hidden = written.lines.len() - shown.len() + written.left_out;
        lines.extend([String::new(), format!("what {service} wrote{when}").dimmed().to_string()]);
        lines.extend((hidden > 0).then(|| format!("  … {} before", count(hidden, "line"))));
        lines.extend(shown.iter().map(|line| format!("  {}", plain(&line.text))));
    }
    lines
}

/// Where the folders of the services are kept, if they are.
pub(crate) fn kept(result: &ScenarioResult) -> Option<String> {
    let folder = result.output.folder.as_ref()?;
    Some(format!("kept: data and logs of the services in {}", folder.display()))
}

/// The services that were called during the step, and those that ended by themselves until then, unless a finding shows
/// what they wrote; the callee of the judged exchange comes first.
fn concerned<'a>(
    result: &'a ScenarioResult,
    failure: &Failure,
    phase: Phase,
    first_step: Option<Duration>,
) -> Vec<&'a ServiceName> {
    let mut services: Vec<_> =
        failure.exchange.map(|judged| &result.history.exchange(judged).link.callee).into_iter().collect();
    services.extend(exited(result));
    let step = if let Phase::Step(step) = phase { Some(step) } else { None };
    let called = result.history.exchanges().filter(|exchange| exchange.step == step);
    services.extend(called.map(|exchange| &exchange.link.callee));
    if step.is_none() {
        // The system didn't settle: any service may have written why.
        let wrote =
            |log: &ServiceLog| by_phase(log, first_step).last().is_some_and(|last| last.phase == phase);
        services.extend(result.output.logs.iter().filter(|(_, log)| wrote(log)).map(|(service, _)| service));
    }
    // The finding about a process has its last lines already.
    let told = |service: &ServiceName| {
        let about =
            |finding: &Finding| matches!(&finding.kind, FindingKind::Process(name, _) if name == service);
        failure.findings.iter().any(|finding| about(finding) && !finding.log.is_empty())
    };
    let mut seen = BTreeSet::new();
    services.retain(|service| !told(service) && seen.insert(*service));
    services
}

/// The services that ended by themselves.
fn exited(result: &ScenarioResult) -> impl Iterator<Item = &ServiceName> {
    result.history.records().iter().filter_map(|record| match &record.event {
        HistoryEvent::Process { service, change: ProcessChange::Exited(_) } => Some(service),
        _ => None,
    })
}

/// The lines of a log, by phase. `first_step` is when the first step was recorded: lines outside the steps were written while
/// the service started until then, and at the end after that.
fn by_phase(log: &ServiceLog, first_step: Option<Duration>) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    for slice in log.slices() {
        let phase = |line: &LogLine| match slice.step {
            Some(step) => Phase::Step(step),
            None if first_step.is_some_and(|first| line.at > first) => Phase::End,
            None => Phase::Start,
        };
        let kept: Vec<_> = slice.lines().collect();
        let alike = kept.chunk_by(|one, other| phase(one) == phase(other));
        let written = |lines: &[_]| Written { phase: phase(lines[0]), lines: lines.to_vec(), left_out: 0 };
        let mut written: Vec<_> = alike.map(written).collect();
        if let Some(last) = written.last_mut() {
            last.left_out = slice.left_out;
        }
        all.append(&mut written);
    }
    all
}

fn during(phase: Phase) -> String {
    match phase {
        Phase::Start => "while it started".into(),
        Phase::Step(step) => format!("during step {}", step + 1),
        Phase::End => "after the last step".into(),
    }
}
