//! Consumes events and writes lines.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{Event, ScenarioResult, Summary};
use fault::{Seed, ServiceName};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use scenario::{Configuration, Scenario};
use verdict::Verdict;

use crate::{
    ServiceAddress, failure,
    heartbeat::Heartbeat,
    layout::{count, duration, fit, fit_end, pad},
    opening, summary,
};

/// The columns of a line where there is no terminal.
const USUAL_WIDTH: usize = 110;

/// Returns where a person reaches a service; `None` for one that is started on a free port.
pub type Addresses = Box<dyn Fn(&ServiceName) -> Option<ServiceAddress> + Send>;

/// How a run is shown.
pub struct TerminalOptions {
    /// The terminal's columns; `None` when it isn't one, and nothing is cut.
    pub width: Option<usize>,
    /// Whether progress is shown.
    pub progress: Progress,
    /// The command that runs scenarios, as it was typed, such as `runner`.
    pub command: String,
    /// The addresses of services, for the commands that repeat a request.
    pub address: Addresses,
}

/// Whether progress is shown, on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A line that changes while the run goes on and is gone in the end. stderr has to be a terminal.
    Shown,
    /// A line when nothing was written for ten seconds.
    Hidden,
}

/// Whether services have been started in this run, for the line that says so once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Starting {
    /// None is to be started, or the line is written.
    Settled,
    /// The first scenario hasn't started.
    Pending,
    /// The first scenario's services are being started since then.
    Since(Instant),
}

/// Shows a run as it happens. Results go to `out` with colours; a stream such as `anstream`'s removes those where they
/// aren't wanted.
pub struct Terminal<W> {
    out: W,
    options: TerminalOptions,
    bar: ProgressBar,
    /// In place of the bar, where there is no terminal.
    heartbeat: Option<Heartbeat>,
    starting: Starting,
    running: BTreeMap<usize, (Arc<Scenario>, Option<usize>)>,
    not_passed: Vec<(usize, Arc<ScenarioResult>)>,
    seed: Seed,
    began: Instant,
}

impl<W: Write> Terminal<W> {
    /// A terminal that writes to `out`.
    pub fn new(out: W, options: TerminalOptions) -> Self {
        Self {
            out,
            options,
            bar: ProgressBar::hidden(),
            heartbeat: None,
            starting: Starting::Settled,
            running: BTreeMap::new(),
            not_passed: Vec::new(),
            seed: Seed(0),
            began: Instant::now(),
        }
    }

    /// Writes what was found: services and how they are reached, links, scenarios. Called before the run.
    pub fn open(
        &mut self,
        configuration: &Configuration,
        scenarios: usize,
        seed: Seed,
        jobs: NonZeroUsize,
    ) -> io::Result<()> {
        if configuration.services.iter().any(|service| service.start.is_some()) {
            self.starting = Starting::Pending;
        }
        self.out.write_all(opening::render(configuration, scenarios, seed, jobs).as_bytes())?;
        self.out.flush()
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { scenarios, seed } => {
                self.seed = *seed;
                self.began = Instant::now();
                match self.options.progress {
                    Progress::Shown => self.bar = progress_bar(*scenarios),
                    Progress::Hidden => self.heartbeat = Some(Heartbeat::start(anstream::stderr())),
                }
            }
            Event::ScenarioStarted { index, scenario } => {
                self.running.insert(*index, (Arc::clone(scenario), None));
                if self.starting == Starting::Pending {
                    self.starting = Starting::Since(Instant::now());
                }
                self.show_running();
            }
            Event::StepStarted { scenario, step } => {
                if let Some(running) = self.running.get_mut(scenario) {
                    running.1 = Some(*step);
                }
                if let Starting::Since(start) = self.starting {
                    self.starting = Starting::Settled;
                    let took = duration(start.elapsed());
                    let line = format!("services started in {took}; each scenario gets its own\n");
                    let Self { bar, out, .. } = self;
                    bar.suspend(|| writeln!(out, "{line}").and_then(|()| out.flush()))?;
                }
                self.show_running();
            }
            Event::ScenarioEnded { index, result } => {
                self.running.remove(index);
                let line = result_line(result, self.options.width);
                let Self { bar, out, .. } = self;
                bar.suspend(|| writeln!(out, "{line}").and_then(|()| out.flush()))?;
                self.bar.inc(1);
                self.heartbeat.iter().for_each(Heartbeat::wrote);
                self.show_running();
                if !matches!(result.verdict, Verdict::Passed | Verdict::Skipped(_)) {
                    self.not_passed.push((*index, Arc::clone(result)));
                }
            }
            Event::RunEnded { summary } => {
                self.bar.finish_and_clear();
                self.heartbeat = None;
                self.close(summary, self.began.elapsed())?;
            }
        }
        Ok(())
    }

    /// Writes every failure in full, and the summary.
    pub(crate) fn close(&mut self, summary: &Summary, took: Duration) -> io::Result<()> {
        self.not_passed.sort_by_key(|(index, _)| *index);
        for (_, result) in &self.not_passed {
            write!(self.out, "\n{}", failure::render(result, &*self.options.address))?;
        }
        let files = self.not_passed.iter().map(|(_, result)| result.scenario.file.as_path());
        let text = summary::render(summary, took, self.seed, &self.options.command, files);
        write!(self.out, "\n{text}")?;
        self.out.flush()
    }

    /// The stream that was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn show_running(&self) {
        let running = self.under_way();
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.running(running.clone());
        }
        self.bar.set_message(running);
    }

    /// The scenarios that run now, each with its step.
    fn under_way(&self) -> String {
        let step = |(scenario, step): &(Arc<Scenario>, Option<usize>)| {
            let step = step.and_then(|step| Some((step, scenario.steps.get(step)?)));
            let step = step.map_or_else(
                || "services start".into(),
                |(index, step)| format!("{}/{} {}", index + 1, scenario.steps.len(), step.name),
            );
            format!("{}: {step}", scenario.name)
        };
        self.running.values().map(step).collect::<Vec<_>>().join("; ")
    }
}

fn progress_bar(scenarios: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}")
        .expect("the template is a literal");
    let bar = ProgressBar::new(scenarios as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A scenario in one line: verdict, name, file, number of steps, time.
pub(crate) fn result_line(result: &ScenarioResult, columns: Option<usize>) -> String {
    let scenario = &result.scenario;
    let mark = match &result.verdict {
        Verdict::Passed => "✓".green().to_string(),
        Verdict::Failed(_) => "✗".red().bold().to_string(),
        Verdict::BrokenOff(_) => "!".red().bold().to_string(),
        Verdict::Skipped(_) => "–".yellow().to_string(),
    };
    let file = scenario.file.display().to_string();
    if let Verdict::Skipped(why) = &result.verdict {
        let line = format!("{}  skipped: {why}", scenario.name);
        return format!(
            "{mark} {}",
            columns.map_or(line.clone(), |columns| fit(&line, columns.saturating_sub(2)))
        );
    }
    let numbers = format!("{:>8}  {:>8}", count(scenario.steps.len(), "step"), duration(result.took));
    // Mark, blanks and numbers take 24 columns; names get somewhat more of the rest than files.
    let rest = columns.unwrap_or(USUAL_WIDTH).min(USUAL_WIDTH).saturating_sub(24);
    let name_columns = if rest < 40 { rest } else { rest * 11 / 20 };
    let file_columns = rest - name_columns;
    let (name, file) = match columns {
        Some(_) => (fit(&scenario.name, name_columns.max(8)), fit_end(&file, file_columns)),
        None => (scenario.name.clone(), file),
    };
    let name = pad(&name, name_columns);
    let file = pad(&file, file_columns);
    if file_columns == 0 && columns.is_some() {
        return format!("{mark} {name}  {numbers}");
    }
    format!("{mark} {name}  {}  {numbers}", file.dimmed())
}
