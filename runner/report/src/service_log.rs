//! What services wrote: beside a failure, and as it comes.

use std::collections::BTreeSet;

use engine::{LogSlice, ScenarioResult, ServiceLog};
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

/// What the services that a failure concerns wrote: a block for each, with the last lines of the step that failed, or else
/// the last ones before it. What a service wrote while it started tells something only if it has ended since.
pub(crate) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let step = match failure.location {
        FailureLocation::Step { index, .. } => Some(index),
        FailureLocation::Start | FailureLocation::End => None,
    };
    let logs: Vec<_> = concerned(result, failure, step)
        .into_iter()
        .filter_map(|service| {
            let log = result.output.logs.get(service)?;
            let slice = slice(log, step)?;
            let is_start =
                slice.step.is_none() && log.slices().first().is_some_and(|first| std::ptr::eq(first, slice));
            (!is_start || exited(result).any(|exited| exited == service)).then_some((service, slice))
        })
        .collect();
    let most = (MOST_IN_ALL / logs.len().max(1)).clamp(FEW_LINES, MOST_LINES);
    let mut lines = Vec::new();
    for (service, slice) in logs {
        let when =
            if slice.step == step { String::new() } else { format!(" before, {}", during(slice.step)) };
        let kept: Vec<_> = slice.lines().collect();
        let shown = &kept[kept.len().saturating_sub(most)..];
        let hidden = kept.len() - shown.len() + slice.left_out;
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
fn concerned<'a>(result: &'a ScenarioResult, failure: &Failure, step: Option<usize>) -> Vec<&'a ServiceName> {
    let mut services: Vec<_> =
        failure.exchange.map(|judged| &result.history.exchange(judged).link.callee).into_iter().collect();
    services.extend(exited(result));
    let called = result.history.exchanges().filter(|exchange| exchange.step == step);
    services.extend(called.map(|exchange| &exchange.link.callee));
    if step.is_none() {
        // The system didn't settle: any service may have written why.
        let wrote = |log: &ServiceLog| log.slices().last().is_some_and(|slice| slice.step.is_none());
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

/// The slice of a step, or else the last one before it that has lines.
fn slice(log: &ServiceLog, step: Option<usize>) -> Option<&LogSlice> {
    let until = log.slices().iter().rposition(|slice| slice.step == step);
    // Without a slice of its own, a step comes behind all slices: it is the last one that ran.
    let slices = until.map_or(log.slices(), |last| &log.slices()[..=last]);
    let before = |slice: &&LogSlice| slice.step.is_none() || step.is_none() || slice.step <= step;
    slices.iter().rev().filter(before).find(|slice| slice.lines().next().is_some())
}

fn during(step: Option<usize>) -> String {
    step.map_or_else(|| "while it started".into(), |step| format!("during step {}", step + 1))
}
