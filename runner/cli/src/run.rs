//! Runs scenarios, the command without a name: shows what is found, each result as it comes, and a summary.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{Event, KeptOutput, OnFailure, Plan, Planned, Rules, ScenarioResult, Summary};
use fault::{Seed, ServiceName};
use report::{
    Again, Interruption, Planning, Progress, Repetitions, RunRecord, ServiceAddress, Target, Terminal,
    TerminalOptions, WorldKind, count,
};
use scenario::{Configuration, Scenario, Step, nearest_name};
use verdict::BrokenOff;

use crate::{
    Build, Exit, Mistakes, Prepared, Project, WorldOptions, Worlds,
    arguments::{Arguments, Run},
    github,
    interrupt::Interrupt,
    invocation::{Invocation, program_name},
    last_run::LastRun,
    masked::stdout,
    output::{
        check_reports, check_targets, show_mistakes, show_wrong_arguments, write, write_note, write_reports,
        written,
    },
    project::Purpose,
    project_command::{prepare_with, progress, run_command_for},
    selection::{plan, unsupported},
    selection_args::NothingSelected,
    service_output::{Notices, ScenarioNames},
    snapshots::Snapshots,
    started,
    thin::{self, Thin},
};

/// How a run begins on the screen, and what else is told of it.
pub(crate) struct RunView<'a> {
    pub(crate) opening: Opening,
    /// Is called with every event, also with those that aren't shown.
    pub(crate) on_event: &'a (dyn Fn(&Event) + Send + Sync),
}

/// What is written before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// What was found: services, links, scenarios.
    Project,
    /// Nothing, for a project that was shown before.
    Nothing,
}

impl Default for RunView<'_> {
    fn default() -> Self {
        Self { opening: Opening::Project, on_event: &|_| {} }
    }
}

/// Runs the scenarios that the command line names.
pub(crate) fn run(arguments: &Run, invocation: &Invocation, worlds: &impl Worlds) -> Exit {
    if let Some(mistakes) = misspelled_command(&arguments.paths) {
        return show_mistakes(&mistakes);
    }
    match arguments.selection.filters() {
        Ok(filters) => {
            run_chosen(arguments, invocation, worlds, &|scenarios: &[Arc<Scenario>], last: &LastRun, seed| {
                arguments.selection.choose(scenarios, &filters, last, seed)
            })
        }
        Err(mistakes) => show_wrong_arguments(&mistakes),
    }
}

/// Runs the scenarios that `choose` selects and orders, of those that were read; it gets the results of the last run, and the
/// seed.
pub(crate) fn run_chosen<W: Worlds>(
    arguments: &Run,
    invocation: &Invocation,
    worlds: &W,
    choose: &impl Fn(&[Arc<Scenario>], &LastRun, Seed) -> Result<Vec<Arc<Scenario>>, NothingSelected>,
) -> Exit {
    let purpose = if arguments.dry_run { Purpose::Look } else { Purpose::Run };
    run_command_for(
        purpose,
        &arguments.configuration,
        &arguments.paths,
        worlds,
        async |project, interrupt, notices| {
            let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
            let view = &RunView::default();
            ProjectRun { arguments, invocation, worlds, project, interrupt, notices, seed, view }
                .start(choose)
                .await
        },
    )
}

/// A run of a project's scenarios.
pub(crate) struct ProjectRun<'a, W> {
    pub(crate) arguments: &'a Run,
    pub(crate) invocation: &'a Invocation,
    pub(crate) worlds: &'a W,
    pub(crate) project: &'a Project,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) notices: &'a Notices,
    pub(crate) seed: Seed,
    pub(crate) view: &'a RunView<'a>,
}

impl<W: Worlds> ProjectRun<'_, W> {
    /// Runs those of the project's scenarios that `choose` selects.
    pub(crate) async fn start(
        &self,
        choose: &impl Fn(&[Arc<Scenario>], &LastRun, Seed) -> Result<Vec<Arc<Scenario>>, NothingSelected>,
    ) -> Result<Exit, BrokenOff> {
        if let Err(mistakes) = check_targets(&self.arguments.report, self.project) {
            return Ok(show_mistakes(&mistakes));
        }
        let last = LastRun::read(self.project, W::KIND);
        match choose(&self.project.scenarios, &last, self.seed) {
            Ok(chosen) if self.arguments.dry_run => self.dry(&chosen),
            Ok(chosen) => self.run(&chosen, last).await,
            Err(nothing) => self.nothing(&nothing),
        }
    }

    /// Lists the scenarios that would run.
    fn dry(&self, chosen: &[Arc<Scenario>]) -> Result<Exit, BrokenOff> {
        let mut terminal = self.terminal();
        let listed = self.open(&mut terminal, chosen.len()).and_then(|()| list(chosen));
        written(listed, self.interrupt).map(|()| Exit::Passed)
    }

    /// Says that nothing runs, and why.
    fn nothing(&self, nothing: &NothingSelected) -> Result<Exit, BrokenOff> {
        let opened = self.open(&mut self.terminal(), 0);
        let told = opened.and_then(|()| {
            stdout().write_all(nothing.told("run", self.project.explorations.len()).as_bytes())
        });
        written(told, self.interrupt)?;
        // Otherwise the reports of an earlier run would stand for this one.
        let mut record = self.record(&[]);
        record.seed = self.seed;
        write_reports(&self.arguments.report, |target| target.write(&record))?;
        match nothing {
            NothingSelected::EmptyShard(scenarios) => {
                let thin = [Thin::EmptyShard(*scenarios)];
                thin::tell(&thin, self.arguments.strictness.strictness(), Exit::Passed, self.interrupt)
            }
            _ => thin::tell(
                &thin::not_included(self.project),
                self.arguments.strictness.strictness(),
                Exit::NothingRan,
                self.interrupt,
            ),
        }
    }

    async fn run(&self, chosen: &[Arc<Scenario>], last: LastRun) -> Result<Exit, BrokenOff> {
        let Self { arguments, project, interrupt, seed, .. } = *self;
        let configuration = &project.configuration;
        check_reports(&arguments.report)?;
        let planned = plan(chosen, self.repetitions(), configuration, &BTreeMap::new(), W::KIND);
        let mut terminal = self.terminal();
        let opened = match self.view.opening {
            Opening::Project => written(self.open(&mut terminal, chosen.len()), interrupt),
            Opening::Nothing => Ok(()),
        };
        let record = self.record(&planned);
        let shown = Mutex::new((terminal, record, opened));
        let on_event = |event: Event| {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let (terminal, record, result) = &mut *shown;
            if let (Event::RunEnded { summary }, Some(why)) = (&event, interrupt.why())
                && summary.not_run > 0
            {
                terminal.interrupt(why);
                record.interrupted = Some(why);
            }
            record.take(&event);
            (self.view.on_event)(&event);
            // After a closed pipe, too, nothing more is written.
            if result.is_ok() && interrupt.why() != Some(Interruption::OutputLost) {
                *result = written(terminal.show(&event), interrupt);
            }
        };
        let snapshots = Snapshots::new(configuration, W::KIND);
        let prepared = interrupt.unless(self.prepare(planned.len())).await;
        let summary = match prepared {
            Ok(Ok(Prepared { stage, missing })) => {
                let plan = Plan {
                    scenarios: plan(chosen, self.repetitions(), configuration, &missing, W::KIND),
                    rules: Rules::from(&**configuration),
                    seed,
                    jobs: self.jobs(),
                    on_failure: if arguments.fail_fast { OnFailure::Stop } else { OnFailure::Continue },
                    kept_output: if arguments.output.logs {
                        KeptOutput::OfAll
                    } else {
                        KeptOutput::OfFailures
                    },
                    stop: interrupt.token().clone(),
                };
                let review = |result: &ScenarioResult| snapshots.review(result);
                engine::run(&plan, &stage, &review, &on_event).await
            }
            Ok(Err(broken)) => {
                let (_, record, _) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
                // Otherwise the report of an earlier run would stand for this one.
                let record = record.not_begun(seed, planned.len(), broken.clone());
                write_reports(&arguments.report, |target| target.write(&record))?;
                github::tell(&record, None, interrupt)?;
                return Err(broken);
            }
            Err(_) => {
                let summary = Summary { not_run: planned.len(), ..Summary::default() };
                on_event(Event::RunStarted { scenarios: planned.len(), seed });
                on_event(Event::RunEnded { summary });
                summary
            }
        };
        let (terminal, record, result) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
        write_reports(&arguments.report, |target| target.write(&record))?;
        keep(last, &record);
        result?;
        write(&snapshots.told(), interrupt)?;
        github::tell(&record, terminal.again().as_deref(), interrupt)?;
        let exit = record.interrupted.map_or_else(|| summary.into(), Exit::Interrupted);
        let thin: Vec<Thin> =
            thin(project, chosen, &summary, W::KIND).into_iter().chain(self.notices.thin()).collect();
        thin::tell(&thin, arguments.strictness.strictness(), exit, interrupt)
    }

    /// Makes what starts worlds for so many runs.
    async fn prepare(&self, runs: usize) -> Result<Prepared<W::Stage>, BrokenOff> {
        let arguments = self.arguments;
        arguments.output.check(W::KIND);
        let side_by_side = self.jobs().get().min(runs) > 1;
        let names = if side_by_side { ScenarioNames::Shown } else { ScenarioNames::Hidden };
        let options = WorldOptions {
            lines: arguments.output.lines(names),
            keep: arguments.output.keep(),
            notices: self.notices.sink(),
            ..WorldOptions::new(if arguments.configuration.no_build { Build::Skip } else { Build::Run })
        };
        prepare_with(self.worlds, self.project, options, self.progress(), self.arguments.detail.detail())
            .await
    }

    /// The record of these runs, without results.
    fn record(&self, planned: &[Planned]) -> RunRecord {
        let writes_json = self.arguments.report.iter().any(|target| matches!(target, Target::Json(_)));
        let started = writes_json.then(|| started::started(self.project, &self.invocation.again, W::KIND));
        let scenarios = planned.iter().map(|planned| Arc::clone(&planned.scenario)).collect();
        let planning = Planning { scenarios, repetitions: self.repetitions(), started };
        let configuration = &self.project.configuration;
        RunRecord::default()
            .with_addresses(addresses(configuration))
            .with_secrets(configuration.outside.secrets.clone())
            .with_planning(planning)
    }

    fn open(&self, terminal: &mut Terminal<impl Write>, scenarios: usize) -> io::Result<()> {
        terminal.open(&self.project.configuration, scenarios, self.seed, self.jobs())
    }

    fn jobs(&self) -> NonZeroUsize {
        self.arguments.jobs.unwrap_or_else(|| self.worlds.jobs())
    }

    fn repetitions(&self) -> Repetitions {
        self.arguments.repeat.map_or_else(Repetitions::default, |runs| Repetitions { runs })
    }

    fn progress(&self) -> Progress {
        // A line that is overwritten would run into the services' lines.
        if self.arguments.output.logs { Progress::Hidden } else { progress() }
    }

    /// The files of invariants that hold here, and wouldn't for each of the scenarios alone.
    fn invariants_to_name(&self) -> Vec<PathBuf> {
        // One file of each folder: what holds for it holds for all in there.
        let scenarios = self.project.scenarios.iter().map(|scenario| scenario.file.as_path());
        let folders: BTreeMap<_, _> = scenarios.map(|file| (file.parent(), file)).collect();
        let lost = folders.into_values().flat_map(|file| self.project.invariants_lost_by(file));
        lost.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn terminal(&self) -> Terminal<impl Write + use<W>> {
        let addresses = addresses(&self.project.configuration);
        let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let columns = || env::var("COLUMNS").ok()?.parse().ok();
        let options = TerminalOptions {
            width: terminal.or_else(columns).filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH),
            world: W::KIND,
            progress: self.progress(),
            detail: self.arguments.detail.detail(),
            repetitions: self.repetitions(),
            again: Again { invariants: self.invariants_to_name(), ..self.invocation.again.clone() },
            address: Box::new(move |service| addresses.get(service).cloned()),
        };
        Terminal::new(stdout(), options)
    }
}

/// Keeps the verdicts for the next run.
fn keep(mut last: LastRun, record: &RunRecord) {
    last.update(record.results.iter().map(|result| &**result));
    if let Err(error) = last.write() {
        write_note(&format!("the verdicts of this run aren't kept for --rerun-failed and --sort: {error}"));
    }
}

/// The words for running in other tools, which need none here.
const RUN_WORDS: [&str; 3] = ["run", "test", "exec"];

/// The mistake of a first path that isn't there and is nearly the name of a command.
fn misspelled_command(paths: &[PathBuf]) -> Option<Mistakes> {
    let word = paths.first().filter(|path| !path.exists())?;
    if RUN_WORDS.iter().any(|run| word.as_os_str() == *run) {
        let program = program_name();
        let help = format!("scenarios are run without one: `{program}`, or `{program} FILE`");
        return Some(Mistakes::one(word.clone(), "there is no such file, folder or command", help));
    }
    let names = Arguments::command_names();
    let meant = nearest_name(word.to_str()?, names.iter().map(String::as_str))?;
    let help = if word.as_os_str() == meant {
        format!("write the command before its options: `{meant} …`")
    } else {
        format!("did you mean the command `{meant}`?")
    };
    Some(Mistakes::one(word.clone(), "there is no such file, folder or command", help))
}

/// What the run doesn't show.
fn thin(project: &Project, chosen: &[Arc<Scenario>], summary: &Summary, world: WorldKind) -> Vec<Thin> {
    let no_invariants = project.configuration.invariants.is_empty();
    let cannot_fail =
        chosen.iter().filter(|scenario| no_invariants && !scenario.steps.iter().any(Step::is_judged));
    let unsupported = chosen.iter().filter(|scenario| unsupported(scenario, world).is_some()).count();
    let commands = unsupported.min(summary.skipped);
    let skipped = summary.skipped - commands;
    let commands = (commands > 0).then_some(Thin::Commands(commands));
    let skipped = (skipped > 0).then_some(Thin::Skipped(skipped));
    let cannot_fail = cannot_fail.map(|scenario| Thin::CannotFail(scenario.name.clone()));
    let of_project = thin::invariants(project).into_iter();
    of_project.chain(cannot_fail).chain(thin::not_included(project)).chain(commands).chain(skipped).collect()
}

/// Lists the scenarios that would run.
fn list(chosen: &[Arc<Scenario>]) -> io::Result<()> {
    let mut out = stdout();
    for scenario in chosen {
        let steps = count(scenario.steps.len(), "step");
        writeln!(out, "{}  {}  {steps}", scenario.name, scenario.file.display())?;
    }
    writeln!(out, "\nNo mistakes; nothing was started.")
}

/// Where the services are reached by commands that a person types.
pub(crate) fn addresses(configuration: &Configuration) -> BTreeMap<ServiceName, ServiceAddress> {
    let address = |service: &scenario::Service| {
        let url = service.base_url.as_ref()?.to_string();
        let address = match service.start {
            Some(_) => ServiceAddress::WithUp,
            None => ServiceAddress::Running,
        };
        Some((service.name.clone(), address(url.trim_end_matches('/').to_owned())))
    };
    configuration.services.iter().filter_map(address).collect()
}

/// The columns of a line where neither a terminal nor `COLUMNS` says how many there are.
const USUAL_WIDTH: usize = 110;

/// A random seed, for a command line without `--seed`.
pub(crate) fn new_seed() -> u64 {
    // At most six digits, to be typed again. The hasher's keys are the standard library's only source of randomness.
    RandomState::new().hash_one("seed") % 1_000_000
}
