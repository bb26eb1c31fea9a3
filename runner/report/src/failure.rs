//! What a person reads of a scenario that didn't pass, and of a run that couldn't begin.
//!
//! A failure is told on one screen: what differs, the exchange that shows it, how to repeat that, what led there, and what
//! the services said to each other meanwhile. Each part has a file.

use std::iter;

use engine::ScenarioResult;
use fault::ServiceName;
use owo_colors::OwoColorize;
use verdict::{BrokenOff, Failure, FailureLocation, FindingKind, PathSegment, Verdict};

use crate::{
    address::ServiceAddress, body::Bodies, curl, diagnostics::excerpt, exchange, layout::position,
    service_log,
};

mod circuits;
mod faults;
mod finding;
mod folding;
mod replies;
mod requests;
mod story;
mod traffic;

/// A scenario's failures, each with what led there; an empty text for a scenario that passed or was skipped. `address`
/// returns where a person reaches a service.
pub fn render(result: &ScenarioResult, address: &dyn Fn(&ServiceName) -> Option<ServiceAddress>) -> String {
    let scenario = &result.scenario;
    let file = scenario.file.display();
    let mut lines = Vec::new();
    match &result.verdict {
        Verdict::Passed | Verdict::Skipped(_) => return String::new(),
        Verdict::BrokenOff(broken) => {
            lines.push(format!("{} {}", "!".red().bold(), scenario.name.bold()));
            lines.push(format!("  {}", file.dimmed()));
            lines.push(String::new());
            lines.extend(broken_off(broken).iter().map(|line| format!("    {line}").trim_end().to_string()));
        }
        Verdict::Failed(failures) => {
            lines.push(format!("{} {}", "✗".red().bold(), scenario.name.bold()));
            for (number, failure) in failures.iter().enumerate() {
                lines.extend((number > 0).then(String::new));
                lines.extend(failed(result, failure, address));
                // What follows from the first failure needs no story of its own.
                if number == 0 {
                    lines.extend(titled(
                        "what led there, with times since the services were started",
                        story::lines(result, failure),
                    ));
                    lines.extend(titled(&traffic::title(failure), traffic::lines(result, failure)));
                    lines.extend(titled("circuits", circuits::lines(result, failure)));
                    lines.extend(titled("faults in force", faults::lines(result, failure)));
                }
                let wrote = service_log::lines(result, failure);
                lines.extend(wrote.into_iter().map(|line| format!("    {line}").trim_end().to_owned()));
            }
            let kept = service_log::kept(result).map(|kept| format!("    {kept}"));
            lines.extend(kept.into_iter().flat_map(|kept| [String::new(), kept]));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Why a run couldn't begin, and what to do about it.
pub fn render_broken_off(broken: &BrokenOff) -> String {
    broken_off(broken).join("\n") + "\n"
}

fn broken_off(broken: &BrokenOff) -> Vec<String> {
    let mut lines = vec![format!("{} {broken}", "broken off:".red().bold())];
    lines.extend(broken.help());
    if !broken.log().is_empty() {
        lines.push(String::new());
        lines.extend(last_lines(broken.log()));
    }
    lines
}

/// The last lines that a service wrote.
fn last_lines(log: &[String]) -> Vec<String> {
    let head = (!log.is_empty()).then(|| "its last lines:".to_owned());
    let lines = log.iter().map(|line| format!("  {}", service_log::plain(line).dimmed()));
    head.into_iter().chain(lines).collect()
}

fn failed(
    result: &ScenarioResult,
    failure: &Failure,
    address: &dyn Fn(&ServiceName) -> Option<ServiceAddress>,
) -> Vec<String> {
    let file = &result.scenario.file;
    let mut lines = match &failure.location {
        location @ FailureLocation::Step { span, .. } => {
            let head = format!("  {}  {location}", position(file, *span).dimmed());
            let line = excerpt(&result.scenario.text, *span);
            iter::once(head).chain(line.into_iter().map(|line| format!("    {line}"))).collect()
        }
        location => vec![format!("  {}  {location}", file.display().dimmed())],
    };
    lines.push(String::new());
    lines.extend(finding::all(&failure.findings).into_iter().map(|line| format!("    {line}")));
    let Some(judged) = failure.exchange else { return lines };
    lines.extend(requests::failed(&result.scenario, failure).map(|line| format!("    {line}")));
    let judged = &result.history.exchange(judged);
    let differing = failure.findings.iter().filter_map(|finding| match &finding.kind {
        FindingKind::Body(path) => Some(path.segments()),
        _ => None,
    });
    let differing: Vec<&[PathSegment]> = differing.collect();
    lines.push(String::new());
    let shown = exchange::lines(judged, &Bodies::Around(&differing));
    lines.extend(shown.into_iter().map(|line| format!("    {line}")));
    lines.extend(replies::others(&result.history, failure).into_iter().map(|line| format!("    {line}")));
    lines.push(String::new());
    lines.extend(
        curl::again(judged, &result.scenario.body_files(), address)
            .into_iter()
            .map(|line| format!("    {line}")),
    );
    lines
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let head = [String::new(), format!("    {}", title.dimmed())];
    head.into_iter().chain(lines.into_iter().map(|line| format!("      {line}"))).collect()
}
