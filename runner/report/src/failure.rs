//! What a person reads of a scenario that didn't pass, and of a run that couldn't begin.

use std::iter;

use engine::ScenarioResult;
use fault::ServiceName;
use owo_colors::OwoColorize;
use verdict::{BrokenOff, Exchange, Failure, FailureLocation, Finding, Verdict};

use crate::{
    curl::curl,
    exchange,
    layout::{count, duration, pad, printable, width},
    service_log,
    timeline::{fault_windows, step_spans, traffic},
};

const MOST_CALLS: usize = 40;
const MOST_CHARACTERS: usize = 4_000;

/// A scenario's failures, each with what led there; an empty text for a scenario that passed or was skipped. `address`
/// returns the URL at which a person reaches a service.
pub fn render(result: &ScenarioResult, address: &dyn Fn(&ServiceName) -> Option<String>) -> String {
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
    address: &dyn Fn(&ServiceName) -> Option<String>,
) -> Vec<String> {
    let file = result.scenario.file.display();
    let mut lines = match &failure.location {
        location @ FailureLocation::Step { span, .. } => {
            let position = format!("{file}:{}:{}", span.line, span.column);
            vec![format!("  {}  {location}", position.dimmed())]
        }
        location => vec![format!("  {}  {location}", file.dimmed())],
    };
    lines.push(String::new());
    lines.extend(failure.findings.iter().flat_map(finding).map(|line| format!("    {line}")));
    if let Some(judged) = failure.exchange {
        let judged = &result.history.exchange(judged);
        lines.push(String::new());
        lines.extend(exchange::lines(judged).into_iter().map(|line| format!("    {line}")));
        lines.push(String::new());
        lines.push(format!("    {} {}", "again:".dimmed(), curl(judged, address)));
    }
    if let FailureLocation::Step { index, .. } = failure.location {
        lines.extend(titled("meanwhile between services", calls_during(result, index)));
        lines.extend(titled("faults in force", faults_during(result, index)));
    }
    let wrote = service_log::lines(result, failure);
    lines.extend(wrote.into_iter().map(|line| format!("    {line}").trim_end().to_owned()));
    lines
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let head = [String::new(), format!("    {}", title.dimmed())];
    head.into_iter().chain(lines.into_iter().map(|line| format!("      {line}"))).collect()
}

/// A finding as a diff, with the last lines of the service concerned and what to do.
pub(crate) fn finding(finding: &Finding) -> Vec<String> {
    let mut lines = vec![finding.subject()];
    lines.extend(marked('-', &finding.expected).iter().map(|line| line.green().to_string()));
    lines.extend(marked('+', &finding.found).iter().map(|line| line.red().to_string()));
    lines.extend(last_lines(&finding.log).iter().map(|line| format!("  {line}")));
    lines.extend(finding.help().map(|help| format!("  {help}")));
    lines
}

fn marked(mark: char, text: &str) -> Vec<String> {
    let mut short: String = printable(text).chars().take(MOST_CHARACTERS).collect();
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        short.push('…');
    }
    if short.is_empty() {
        short.push_str("(nothing)");
    }
    // Only the first line bears the mark: the others may be a diff with marks of their own.
    let marks = iter::once(mark).chain(iter::repeat(' '));
    marks.zip(short.lines()).map(|(mark, line)| format!("  {mark} {line}")).collect()
}

/// The calls between services during a step, one line each, in columns.
fn calls_during(result: &ScenarioResult, step: usize) -> Vec<String> {
    let calls: Vec<Exchange<'_>> =
        traffic(&result.history).filter(|exchange| exchange.step == Some(step)).collect();
    let shown = &calls[..calls.len().min(MOST_CALLS)];
    let whats: Vec<String> = shown.iter().map(asked).collect();
    let link_width = shown.iter().map(|exchange| width(&exchange.link.to_string())).max();
    let what_width = whats.iter().map(|what| width(what).min(60)).max();
    let mut lines = Vec::new();
    for (exchange, what) in shown.iter().zip(&whats) {
        let columns = [
            format!("{:>9}", duration(exchange.at)).dimmed().to_string(),
            pad(&exchange.link.to_string(), link_width.unwrap_or(0)),
            pad(what, what_width.unwrap_or(0)),
            exchange::outcome(exchange),
        ];
        lines.push(columns.join("  ") + &faults(exchange));
    }
    if calls.len() > shown.len() {
        lines.push(format!("… {}", count(calls.len() - shown.len(), "more call")));
    }
    lines
}

fn asked(exchange: &Exchange<'_>) -> String {
    format!("{} {}", exchange.request.method, printable(&exchange.request.path))
}

fn faults(exchange: &Exchange<'_>) -> String {
    let names = exchange::fault_names(exchange);
    if names.is_empty() { names } else { format!(" {names}").yellow().to_string() }
}

fn faults_during(result: &ScenarioResult, step: usize) -> Vec<String> {
    let Some(during) = step_spans(result).get(step).copied() else { return Vec::new() };
    let windows = fault_windows(result);
    let in_force = windows.iter().filter(|window| window.span.overlaps(during));
    let described = in_force.map(|window| {
        let fault = result.scenario.faults.iter().find(|fault| fault.name == *window.fault);
        let what = fault.map_or_else(String::new, |fault| format!(": {fault}"));
        let since = window.step.map_or_else(String::new, |step| format!(", since step {}", step + 1));
        format!("{}{what}{since}", window.fault)
    });
    described.collect()
}
