//! One page with a timeline for every scenario: steps, calls on each link, faults and processes. It opens offline.

use std::{collections::BTreeMap, time::Duration};

use engine::{LogLine, ScenarioResult, ServiceLog};
use fault::{Link, ServiceName};
use minijinja::{AutoEscape, Environment, value::Serde};
use scenario::BodyFile;
use serde::Serialize;
use verdict::{Exchange, ExchangeId, HistoryEvent, RequestOutcome, Verdict};

use crate::{
    RunRecord,
    body::Bodies,
    counts, curl, exchange, failure,
    layout::{count, duration},
    service_log,
    sweep::{self, page::SweepView},
    timeline::{Moments, Span, fault_windows, moments, step_spans},
};

/// The most calls of a scenario on the page; browsers are slow with more. The JSON report has all.
const MOST_CALLS: usize = 2_000;

/// The most rows of a lane. Calls that overlap are drawn in rows below one another.
const MOST_ROWS: usize = 12;

#[derive(Serialize)]
struct Page {
    seed: String,
    counts: String,
    early_end: Option<String>,
    sweeps: Vec<SweepView>,
    scenarios: Vec<ScenarioView>,
}

#[derive(Serialize)]
struct ScenarioView {
    /// Its position in the run, which the page's links name.
    index: usize,
    open: bool,
    name: String,
    file: String,
    verdict: &'static str,
    took: String,
    /// What didn't hold, as the terminal shows it.
    text: String,
    logs: Vec<LogView>,
    lanes: Vec<Lane>,
    ticks: Vec<Tick>,
    not_shown: usize,
}

/// What a service wrote.
#[derive(Serialize)]
struct LogView {
    service: String,
    text: String,
}

#[derive(Serialize)]
struct Lane {
    name: String,
    kind: &'static str,
    rows: usize,
    /// Windows of faults on the lane's link.
    shades: Vec<Block>,
    blocks: Vec<Block>,
}

/// Something with a beginning and an end, in percent of the scenario's time.
#[derive(Serialize)]
struct Block {
    left: String,
    width: String,
    row: usize,
    class: &'static str,
    label: String,
    /// What a click shows.
    detail: String,
}

#[derive(Serialize)]
struct Tick {
    left: String,
    label: String,
}

/// The page.
pub(crate) fn render(record: &RunRecord) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let mut scenarios: Vec<_> =
        record.results.iter().zip(0..).map(|(result, index)| scenario(result, index, record)).collect();
    // Failures come first: they are what the page is opened for.
    scenarios.sort_by_key(|scenario| !scenario.open);
    let page = Page {
        seed: record.seed.to_string(),
        counts: match record.sweeps.as_slice() {
            [(_, table)] => sweep::counts(table),
            _ => plain(&counts(&record.summary)),
        },
        early_end: record.early_end(),
        sweeps: record.sweeps.iter().map(|(baseline, table)| SweepView::new(table, *baseline)).collect(),
        scenarios,
    };
    environment
        .render_str(include_str!("page.html"), Serde(page))
        .expect("the template and what fills it in are both in this crate")
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn scenario(result: &ScenarioResult, index: usize, run: &RunRecord) -> ScenarioView {
    let scale = Scale::of(result);
    let written = || plain(&failure::render(result, &|service| run.address(service)));
    let (verdict, text) = match &result.verdict {
        Verdict::Passed => ("passed", String::new()),
        Verdict::Failed(_) => ("failed", written()),
        Verdict::BrokenOff(_) => ("broken off", written()),
        Verdict::Skipped(why) => ("skipped", why.clone()),
    };
    let exchanges = result.history.exchanges().count();
    ScenarioView {
        index,
        open: matches!(result.verdict, Verdict::Failed(_) | Verdict::BrokenOff(_)),
        name: result.scenario.name.clone(),
        file: result.scenario.file.display().to_string(),
        verdict,
        took: duration(result.took),
        text,
        logs: result.output.logs.iter().map(|(service, log)| log_view(service, log)).collect(),
        lanes: if result.history.records().is_empty() { Vec::new() } else { lanes(result, run, &scale) },
        ticks: scale.ticks(),
        not_shown: exchanges.saturating_sub(MOST_CALLS),
    }
}

/// A service's lines with their times, under the steps during which they were begun.
fn log_view(service: &ServiceName, log: &ServiceLog) -> LogView {
    let mut text = String::new();
    for slice in log.slices() {
        let step = slice.step.map_or_else(|| "outside the steps".into(), |step| format!("step {}", step + 1));
        let left_out = (slice.left_out > 0).then(|| format!("… {}", count(slice.left_out, "line")));
        let line = |line: &LogLine| format!("{:>9}  {}", duration(line.at), service_log::plain(&line.text));
        let lines = slice.first.iter().map(line).chain(left_out).chain(slice.last.iter().map(line));
        text.extend([step].into_iter().chain(lines).map(|line| line + "\n"));
    }
    LogView { service: service.to_string(), text }
}

/// The time that is drawn, from 0 to 100 percent.
struct Scale(Duration);

impl Scale {
    /// Up to the end of the last thing that happened.
    fn of(result: &ScenarioResult) -> Self {
        let last = result.history.records().iter().map(|record| record.at).max();
        Self(last.unwrap_or_default().max(result.took).max(Duration::from_micros(1)))
    }

    fn percent(&self, time: Duration) -> String {
        format!("{:.4}", time.as_secs_f64() / self.0.as_secs_f64() * 100.0)
    }

    fn block(&self, span: Span, class: &'static str, label: String, detail: String) -> Block {
        let (left, width) = (self.percent(span.from), self.percent(span.until.saturating_sub(span.from)));
        Block { left, width, row: 0, class, label, detail }
    }

    fn ticks(&self) -> Vec<Tick> {
        let at = |tenth: u32| self.0 * tenth / 10;
        (0..10).map(|tenth| Tick { left: self.percent(at(tenth)), label: duration(at(tenth)) }).collect()
    }
}

fn lanes(result: &ScenarioResult, run: &RunRecord, scale: &Scale) -> Vec<Lane> {
    let moments = moments(&result.history);
    let mut lanes = vec![Lane::new("steps", "steps", steps(result, scale))];
    let windows = fault_windows(result);
    let fault_blocks = windows.iter().map(|window| {
        let fault = result.scenario.faults.iter().find(|fault| fault.name == *window.fault);
        let detail = fault.map_or_else(String::new, ToString::to_string);
        scale.block(window.span, "fault", window.fault.to_string(), format!("{}\n{detail}", window.fault))
    });
    let spans = windows.iter().map(|window| window.span).collect::<Vec<_>>();
    lanes.push(Lane::new("faults", "faults", fault_blocks.collect()).in_rows(&spans));
    lanes.extend(processes(result, scale));
    for link in links(result) {
        let shades = windows.iter().filter(|window| {
            result.scenario.faults.iter().any(|fault| fault.name == *window.fault && fault.link == link)
        });
        let shades =
            shades.map(|window| scale.block(window.span, "shade", window.fault.to_string(), String::new()));
        let (spans, blocks) = calls(result, &moments, run, scale, &link);
        let lane = Lane { shades: shades.collect(), ..Lane::new(&link.to_string(), "calls", blocks) };
        lanes.push(lane.in_rows(&spans));
    }
    lanes.retain(|lane| !lane.blocks.is_empty());
    lanes
}

impl Lane {
    fn new(name: &str, kind: &'static str, blocks: Vec<Block>) -> Self {
        Self { name: name.into(), kind, rows: 1, shades: Vec::new(), blocks }
    }

    /// Puts what overlaps into rows below one another.
    fn in_rows(mut self, spans: &[Span]) -> Self {
        let mut rows: Vec<Duration> = Vec::new();
        for (block, span) in self.blocks.iter_mut().zip(spans) {
            let free = rows.iter().position(|until| *until <= span.from);
            block.row = free.unwrap_or_else(|| rows.len().min(MOST_ROWS - 1));
            rows.resize(rows.len().max(block.row + 1), Duration::ZERO);
            rows[block.row] = rows[block.row].max(span.until);
        }
        self.rows = rows.len().max(1);
        self
    }
}

fn steps(result: &ScenarioResult, scale: &Scale) -> Vec<Block> {
    let failed = |index: usize| {
        match &result.verdict {
        Verdict::Failed(failures) => failures
            .iter()
            .any(|failure| matches!(failure.location, verdict::FailureLocation::Step { index: at, .. } if at == index)),
        _ => false,
    }
    };
    let spans = step_spans(result);
    let from = spans.last().map_or(Duration::ZERO, |span| span.until);
    let after = (from < result.took).then(|| {
        let span = Span { from, until: result.took };
        let label = "until it had settled".to_string();
        scale.block(span, "step after", label.clone(), label)
    });
    let steps = result.scenario.steps.iter().zip(spans).enumerate().map(|(index, (step, span))| {
        let label = format!("{}. {}", index + 1, step.name);
        let lasted = duration(span.until.saturating_sub(span.from));
        let detail = match step.span.line {
            0 => format!("{label}\n{lasted}"),
            line => format!("{label}\nline {line}, {lasted}"),
        };
        scale.block(span, if failed(index) { "step bad" } else { "step" }, label, detail)
    });
    steps.chain(after).collect()
}

/// A lane for each service whose process changed.
fn processes(result: &ScenarioResult, scale: &Scale) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for record in result.history.records() {
        let HistoryEvent::Process { service, change } = &record.event else { continue };
        let label = change.to_string();
        let detail = format!("{service} {label} at {}", duration(record.at));
        let block = scale.block(Span { from: record.at, until: record.at }, "process", label, detail);
        match lanes.iter_mut().find(|lane| lane.name == service.as_str()) {
            Some(lane) => lane.blocks.push(block),
            None => lanes.push(Lane::new(service.as_str(), "processes", vec![block])),
        }
    }
    lanes
}

/// The links that were used: the scenario's own first, then by their first call.
fn links(result: &ScenarioResult) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for exchange in result.history.exchanges() {
        if !links.contains(exchange.link) {
            links.push(exchange.link.clone());
        }
    }
    links.sort_by_key(|link| link.caller != ServiceName::client());
    links
}

fn calls(
    result: &ScenarioResult,
    moments: &BTreeMap<ExchangeId, Moments>,
    run: &RunRecord,
    scale: &Scale,
    link: &Link,
) -> (Vec<Span>, Vec<Block>) {
    let on_link = result.history.exchanges().take(MOST_CALLS).filter(|exchange| exchange.link == link);
    let files = result.scenario.body_files();
    let call = |exchange: Exchange<'_>| {
        let until = exchange.ending.map_or(result.took, |ending| exchange.at + ending.took);
        let span = Span { from: exchange.at, until: until.max(exchange.at) };
        let ended = exchange::outcome(&exchange);
        let label = format!("{} {} → {ended}", exchange.request.method, exchange.request.path);
        (
            span,
            scale.block(
                span,
                class(&exchange),
                label,
                detail(&exchange, &moments[&exchange.id], &files, run),
            ),
        )
    };
    on_link.map(call).unzip()
}

fn class(exchange: &Exchange<'_>) -> &'static str {
    match (exchange.outcome(), exchange.reply()) {
        (RequestOutcome::Ok, Some(reply)) if reply.status.as_u16() >= 400 => "call refused",
        (RequestOutcome::Ok, _) => "call",
        _ => "call bad",
    }
}

/// The whole exchange as text, with the times of its records.
fn detail(exchange: &Exchange<'_>, moments: &Moments, files: &[&BodyFile], run: &RunRecord) -> String {
    let mut lines =
        vec![format!("{} at {}: {}", exchange.link, duration(exchange.at), exchange::outcome(exchange))];
    let faults = exchange::fault_names(exchange);
    if !faults.is_empty() {
        lines.push(format!("faults:{faults}"));
    }
    let moments = [("delivered", &moments.delivered), ("answered", &moments.answered)];
    let times = moments.into_iter().flat_map(|(what, at)| at.iter().map(move |at| (what, *at)));
    lines.extend(times.map(|(what, at)| format!("{what} at {}", duration(at))));
    lines.push(String::new());
    lines.extend(exchange::lines(exchange, &Bodies::Whole));
    if exchange.link.caller == ServiceName::client() {
        lines.push(String::new());
        lines.extend(curl::again(exchange, files, &|service| run.address(service)));
    }
    plain(&lines.join("\n"))
}
