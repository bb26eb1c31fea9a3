//! Consumes events and writes lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{Event, ScenarioResult, Summary};
use fault::{Seed, ServiceName};
use indicatif::{ProgressBar, ProgressStyle};
use scenario::{Configuration, Scenario};
use verdict::Verdict;

use crate::{
    Again, Interruption, Repetitions, ServiceAddress, WorldKind, failure,
    folders::{Folders, Grouped, folder},
    heartbeat::{Beat, Heartbeat},
    layout::{count, duration},
    opening, result_line, summary,
};

/// How it is told that scenarios run while none ends.
const BEAT: Beat = Beat {
    quiet: Duration::from_secs(10),
    line: |quiet, status| format!("running, nothing ended for {quiet}: {status}"),
};

/// Returns where a person reaches a service; `None` for one that is started on a free port.
pub type Addresses = Box<dyn Fn(&ServiceName) -> Option<ServiceAddress> + Send>;

/// How a run is shown.
pub struct TerminalOptions {
    /// The columns of a line.
    pub width: usize,
    /// The kind of world: it says whether times are virtual.
    pub world: WorldKind,
    /// Whether progress is shown.
    pub progress: Progress,
    /// How much is shown.
    pub detail: Detail,
    /// How often each scenario runs.
    pub repetitions: Repetitions,
    /// The command that repeats the run.
    pub again: Again,
    /// The addresses of services, for the commands that repeat a request.
    pub address: Addresses,
}

/// How much of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Failures and the summary.
    Quiet,
    /// Also what was found, and a line for each scenario.
    Usual,
    /// Also what each scenario did, a line for each request.
    Verbose,
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
    folders: Folders,
    interrupted: Option<Interruption>,
    /// The virtual time of all scenarios.
    virtual_time: Duration,
    /// All results of a run in which scenarios run several times.
    ended: Vec<Arc<ScenarioResult>>,
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
            folders: Folders::default(),
            interrupted: None,
            virtual_time: Duration::ZERO,
            ended: Vec::new(),
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
        if self.options.detail == Detail::Quiet {
            return Ok(());
        }
        let starts = configuration.services.iter().any(|service| service.start.is_some());
        if starts && self.options.world == WorldKind::Live {
            self.starting = Starting::Pending;
        }
        let runs = self.options.repetitions.runs.get();
        let side_by_side = jobs.get().min(scenarios.saturating_mul(runs as usize));
        let each = if runs > 1 { format!(", {runs} runs of each") } else { String::new() };
        let scenarios = format!("{}{each}", count(scenarios, "scenario"));
        let text =
            opening::render(configuration, &scenarios, "scenario", side_by_side, seed, self.options.world);
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// The run is being interrupted, and will end with results for a part of its scenarios.
    pub fn interrupt(&mut self, why: Interruption) {
        self.interrupted = Some(why);
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { scenarios, seed } => {
                self.seed = *seed;
                self.began = Instant::now();
                match self.options.progress {
                    _ if self.options.detail == Detail::Quiet => {}
                    Progress::Shown => self.bar = progress_bar(*scenarios),
                    Progress::Hidden => self.heartbeat = Some(Heartbeat::start(anstream::stderr(), BEAT)),
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
                    self.write_line(&format!("services started in {took}; each scenario gets its own\n"))?;
                }
                self.write_results()?;
                self.show_running();
            }
            Event::ScenarioEnded { index, result } => {
                self.running.remove(index);
                self.virtual_time += result.took;
                if self.options.detail != Detail::Quiet {
                    self.folders.add(Arc::clone(result), Instant::now());
                }
                if self.options.repetitions.are_several() {
                    self.ended.push(Arc::clone(result));
                }
                self.bar.inc(1);
                if !matches!(result.verdict, Verdict::Passed | Verdict::Skipped(_)) {
                    self.not_passed.push((*index, Arc::clone(result)));
                }
                self.write_results()?;
                self.show_running();
            }
            Event::RunEnded { summary } => {
                self.bar.finish_and_clear();
                self.heartbeat = None;
                let interrupted = self.stopped_scenarios();
                self.folders.end();
                self.write_results()?;
                interrupted.iter().try_for_each(|line| self.write_line(line))?;
                self.close(summary, self.began.elapsed())?;
            }
        }
        Ok(())
    }

    /// Writes every failure in full, and the summary.
    pub(crate) fn close(&mut self, summary: &Summary, took: Duration) -> io::Result<()> {
        self.not_passed.sort_by_key(|(index, _)| *index);
        let repetitions = self.options.repetitions;
        let mut shown = BTreeSet::new();
        for (_, result) in &self.not_passed {
            // Of several runs of a scenario, the first failure is shown.
            if !repetitions.are_several() || shown.insert((&result.scenario.file, &result.scenario.name)) {
                write!(self.out, "\n{}", failure::render(result, &*self.options.address))?;
            }
        }
        let flaky = repetitions.lines(&self.ended, self.seed);
        let virtual_time = match self.options.world {
            WorldKind::Live => None,
            WorldKind::Simulated => Some(self.virtual_time),
        };
        let (again, seed, counted) = (self.again(), self.seed, repetitions.counted());
        let end = summary::End { took, virtual_time, seed, interrupted: self.interrupted, again, counted };
        let text = summary::render(summary, &end);
        let blank =
            if self.options.detail == Detail::Quiet && self.not_passed.is_empty() { "" } else { "\n" };
        write!(self.out, "{blank}{flaky}{text}")?;
        self.out.flush()
    }

    /// The command that repeats what didn't pass; `None` if all passed.
    pub fn again(&self) -> Option<String> {
        let again = &self.options.again;
        if self.interrupted.is_some() {
            return Some(again.all(self.seed));
        }
        let failed = || self.not_passed.iter().map(|(_, result)| &**result);
        let files = failed().map(|result| result.scenario.file.as_path());
        // Failures of one seed need no repetitions.
        Some(match self.options.repetitions.common_seed(failed(), self.seed) {
            _ if self.not_passed.is_empty() => return None,
            Some(seed) => again.once().files(files, seed),
            None => again.files(files, self.seed),
        })
    }

    /// The stream that was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes the results that are due, each below the heading of its folder.
    fn write_results(&mut self) -> io::Result<()> {
        let columns = self.options.width;
        loop {
            let runs_in = |named: &Path| self.running.values().any(|(scenario, _)| folder(scenario) == named);
            let line = match self.folders.next(runs_in, Instant::now()) {
                None => return Ok(()),
                Some(Grouped::Folder { path, is_first }) => {
                    let heading = result_line::heading(&path, self.options.world, columns);
                    if is_first { heading } else { format!("\n{heading}") }
                }
                Some(Grouped::Result(result)) => {
                    let name = self.options.repetitions.name(&result, self.seed);
                    let line = result_line::render(&result, &name, columns);
                    match self.options.detail {
                        Detail::Verbose => [vec![line], failure::whole_story(&result)].concat().join("\n"),
                        Detail::Quiet | Detail::Usual => line,
                    }
                }
            };
            self.write_line(&line)?;
        }
    }

    fn write_line(&mut self, line: &str) -> io::Result<()> {
        let Self { bar, out, .. } = self;
        bar.suspend(|| writeln!(out, "{line}").and_then(|()| out.flush()))?;
        self.heartbeat.iter().for_each(Heartbeat::wrote);
        Ok(())
    }

    /// Takes the scenarios that were stopped while they ran: one line each, with the step that had begun.
    fn stopped_scenarios(&mut self) -> Vec<String> {
        let stopped = std::mem::take(&mut self.running);
        let line = |running: &(Arc<Scenario>, Option<usize>)| {
            result_line::not_run(
                &running.0.name,
                &format!("stopped at {}", step(running)),
                self.options.width,
            )
        };
        stopped.values().map(line).collect()
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
        let running = self.running.values().map(|running| format!("{}: {}", running.0.name, step(running)));
        running.collect::<Vec<_>>().join("; ")
    }
}

/// The step that a running scenario is at: `2/5 she pays`.
fn step((scenario, step): &(Arc<Scenario>, Option<usize>)) -> String {
    let step = step.and_then(|step| Some((step, scenario.steps.get(step)?)));
    step.map_or_else(
        || "the start of its services".into(),
        |(index, step)| format!("{}/{} {}", index + 1, scenario.steps.len(), step.name),
    )
}

fn progress_bar(scenarios: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {elapsed} {wide_msg}")
        .expect("the template is a literal");
    let bar = ProgressBar::new(scenarios as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
