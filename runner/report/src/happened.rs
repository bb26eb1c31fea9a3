//! A scenario's steps and what came of them, as a text that is the same in every run that went the same way.
//!
//! What isn't certain to be the same is left out: retries, polls and recoveries run in the background, so traffic
//! between services is shown only as long as nothing was damaged and nothing ran side by side, and then as a set.

use std::collections::{BTreeMap, BTreeSet};

use engine::ScenarioResult;
use fault::ServiceName;
use scenario::{
    Action, Expectations, Judging, OutcomeCount, OutcomePattern, ReplyExpectation, RequestStep, Step, Times,
};
use verdict::{Exchange, FaultChange, HistoryEvent, Record, Reply, Verdict};

use crate::normalise;

/// Reply headers that say something about what happened.
const SHOWN_HEADERS: [&str; 4] = ["content-type", "location", "idempotency-replayed", "allow"];

/// What happened, without what differs from run to run.
pub(crate) fn text(result: &ScenarioResult) -> String {
    let mut lines = vec![format!("{}: {}", result.scenario.name, verdict(&result.verdict))];
    let mut quiet = true;
    for (index, step) in result.scenario.steps.iter().enumerate() {
        lines.extend([String::new(), format!("{}. {}", index + 1, normalise::text(&step.name))]);
        quiet &= leaves_links_quiet(&step.action);
        let mut below = step_lines(result, index, step);
        if quiet {
            below.extend(between_services(result, index));
        }
        lines.extend(below.iter().flat_map(|text| indented(text)));
    }
    // Each of them fired, or the scenario would have failed; whether exchanges show it depends on the world, for a link
    // that refuses connections is seen by nobody on real sockets.
    let injected: BTreeSet<&str> = result.history.records().iter().filter_map(injected).collect();
    if !injected.is_empty() {
        let names: Vec<&str> = injected.into_iter().collect();
        lines.extend([String::new(), format!("faults: {}", names.join(", "))]);
    }
    if let Verdict::Failed(failures) = &result.verdict {
        lines.extend([String::new(), "findings".into()]);
        for finding in failures.iter().flat_map(|failure| &failure.findings) {
            let finding = format!("{}\n- {}\n+ {}", finding.subject(), finding.expected, finding.found);
            lines.extend(indented(&normalise::text(&finding)));
        }
    }
    lines.join("\n") + "\n"
}

fn injected(record: &Record) -> Option<&str> {
    match &record.event {
        HistoryEvent::Fault { fault, change: FaultChange::Injected } => Some(fault.as_str()),
        _ => None,
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => "passed".into(),
        Verdict::Failed(_) => "failed".into(),
        Verdict::BrokenOff(broken) => format!("broken off: {}", normalise::text(&broken.to_string())),
        Verdict::Skipped(why) => format!("skipped: {why}"),
    }
}

fn indented(text: &str) -> Vec<String> {
    text.lines().map(|line| format!("   {line}").trim_end().to_string()).collect()
}

/// Whether what passes between services during and after a step is certain.
fn leaves_links_quiet(action: &Action) -> bool {
    match action {
        Action::Request(request) => !matches!(request.times, Times::Parallel(_)),
        Action::Check(_) => true,
        Action::Together(_)
        | Action::Eventually(_)
        | Action::Inject(_)
        | Action::Heal(_)
        | Action::Process(_)
        | Action::Wait(_) => false,
    }
}

fn step_lines(result: &ScenarioResult, index: usize, step: &Step) -> Vec<String> {
    let client = ServiceName::client();
    let sent: Vec<Exchange<'_>> =
        result.history.exchanges_during(index).filter(|exchange| exchange.link.caller == client).collect();
    let request = match &step.action {
        Action::Request(request) => request,
        Action::Eventually(eventually) => &eventually.request,
        Action::Together(steps) => return together(steps, &sent),
        _ => return Vec::new(),
    };
    let Some(last) = sent.last() else { return Vec::new() };
    let mut lines = vec![asked(last)];
    match request.times {
        // Of a polled request, too, only the last attempt is certain.
        Times::Once => lines.extend(one(&request.expect, last)),
        Times::Repeat(_) | Times::Parallel(_) => lines.extend(counted(&request.expect, &sent)),
    }
    lines
}

fn asked(exchange: &Exchange<'_>) -> String {
    let Exchange { link, request, .. } = exchange;
    normalise::text(&format!("{} {} {}", request.method, link.callee, request.path))
}

/// What came of one request.
fn one(expect: &Expectations, exchange: &Exchange<'_>) -> Vec<String> {
    match (uncertain(expect, exchange), exchange.ending.map(|ending| ending.received)) {
        (Some(ways), _) => vec![ways],
        (None, Some(Ok(reply))) => reply_lines(reply),
        (None, _) => vec![named(OutcomePattern::NoReply)],
    }
}

/// The ways in which a request may end, where there are several: then it isn't certain which of them it takes.
fn uncertain(expect: &Expectations, exchange: &Exchange<'_>) -> Option<String> {
    if expect.judging == Judging::Lenient {
        return Some("any end".into());
    }
    let mut ways: BTreeSet<String> = expect.status.iter().map(u16::to_string).collect();
    if expect.reply == ReplyExpectation::Optional {
        if ways.is_empty() {
            return Some("a reply or no reply".into());
        }
        ways.insert(named(OutcomePattern::NoReply));
    }
    let one_of_them = ways.len() > 1 && ways.contains(&named(exchange.pattern()));
    one_of_them.then(|| ways.into_iter().collect::<Vec<_>>().join(" or "))
}

/// What came of different requests that were released at once. Which of two alike came first isn't certain: each may
/// have ended in the way that is expected of the other.
fn together(steps: &[Step], sent: &[Exchange<'_>]) -> Vec<String> {
    let line = |exchange: &Exchange<'_>| {
        let mut merged = Expectations::default();
        for step in steps {
            let Action::Request(RequestStep { call, expect, .. }) = &step.action else { continue };
            if call.method == exchange.request.method && call.service == exchange.link.callee {
                merged.status.extend(&expect.status);
                if expect.reply != ReplyExpectation::Required {
                    merged.reply = ReplyExpectation::Optional;
                }
                if expect.judging == Judging::Lenient {
                    merged.judging = Judging::Lenient;
                }
            }
        }
        let ended = uncertain(&merged, exchange).unwrap_or_else(|| named(exchange.pattern()));
        format!("{}: {ended}", asked(exchange))
    };
    let mut lines: Vec<String> = sent.iter().map(line).collect();
    lines.sort();
    lines
}

fn reply_lines(reply: &Reply) -> Vec<String> {
    let mut lines = vec![reply.status.as_u16().to_string()];
    for name in SHOWN_HEADERS {
        for value in reply.headers.get_all(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            // That JSON is JSON needn't be said.
            if name != "content-type" || value != "application/json" {
                lines.push(format!("{name}: {}", normalise::text(&value)));
            }
        }
    }
    if !reply.body.is_empty() {
        lines.push(normalise::body(&reply.body));
    }
    lines
}

/// How many requests of a step ended how. Where a range is expected, the range, for the number isn't certain.
fn counted(expect: &Expectations, sent: &[Exchange<'_>]) -> Vec<String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in sent {
        let ended = uncertain(expect, exchange).unwrap_or_else(|| named(exchange.pattern()));
        *numbers.entry(ended).or_default() += 1;
    }
    found.extend(numbers.into_iter().map(|(ended, number)| (ended, number.to_string())));
    for (pattern, count) in &expect.outcomes {
        if let OutcomeCount::Between(least, most) = count {
            let range =
                if *most == u32::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
            found.insert(named(*pattern), range);
        }
    }
    found.into_iter().map(|(ended, number)| format!("{ended}: {number}")).collect()
}

fn named(pattern: OutcomePattern) -> String {
    match pattern {
        OutcomePattern::Status(status) => status.to_string(),
        OutcomePattern::NoReply => "no reply".into(),
    }
}

/// The calls between services during a step: which there were, not how many.
fn between_services(result: &ScenarioResult, step: usize) -> BTreeSet<String> {
    let client = ServiceName::client();
    let during = result.history.exchanges_during(step).filter(|exchange| exchange.link.caller != client);
    let replied = during.filter_map(|exchange| {
        let reply = exchange.reply()?;
        let asked = format!("{} {}", exchange.request.method, exchange.request.path);
        Some(format!("{}: {} {}", exchange.link, normalise::text(&asked), reply.status.as_u16()))
    });
    replied.collect()
}
