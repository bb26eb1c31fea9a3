//! Runs scenarios, the command without a name: shows what is found, each result as it comes, and a summary.

use std::{
    collections::BTreeMap,
    env,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use engine::{Event, KeptOutput, OnFailure, Plan, Planned, Rules, ScenarioResult, Summary};
use fault::{Seed, ServiceName};
use report::{
    Interruption, Progress, RunRecord, ServiceAddress, Terminal, TerminalOptions, WorldKind,
    compare_snapshot, count,
};
use scenario::{Configuration, Step};
use verdict::{BrokenOff, Finding, FindingKind};

use crate::{
    Build, Exit, Prepared, Project, WorldOptions, Worlds,
    arguments::Run,
    interrupt::Interrupt,
    invocation::Invocation,
    output::{check_reports, write_reports, written},
    project,
    project_command::{prepare_with, progress, run_command},
    selection::select,
    service_output::{Notices, ScenarioNames},
    thin::{self, Thin},
};

/// Runs the scenarios that the command line names.
pub(crate) fn run(arguments: &Run, invocation: &Invocation, worlds: &impl Worlds) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project, interrupt, notices| {
        run_project(arguments, invocation, project, interrupt, notices, worlds).await
    })
}

async fn run_project<W: Worlds>(
    arguments: &Run,
    invocation: &Invocation,
    project: &Project,
    interrupt: &Interrupt,
    notices: &Notices,
    worlds: &W,
) -> Result<Exit, BrokenOff> {
    let configuration = &project.configuration;
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    let jobs = arguments.jobs.unwrap_or_else(|| worlds.jobs());
    let chosen = select(&project.scenarios, &arguments.filter, configuration, &BTreeMap::new());
    arguments.output.check(W::KIND);
    // A line that is overwritten would run into the services' lines.
    let progress = if arguments.output.logs { Progress::Hidden } else { progress() };
    let options = terminal_options(configuration, invocation, progress, W::KIND);
    let mut terminal = Terminal::new(anstream::stdout(), options);
    if chosen.is_empty() || arguments.dry_run {
        let listed =
            terminal.open(configuration, chosen.len(), seed, jobs).and_then(|()| dry_run(project, &chosen));
        written(listed, interrupt)?;
        return Ok(if chosen.is_empty() { Exit::NothingRan } else { Exit::Passed });
    }
    check_reports(&arguments.report)?;
    let opened = written(terminal.open(configuration, chosen.len(), seed, jobs), interrupt);
    let record = RunRecord::default().with_addresses(addresses(configuration));
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
        // After a closed pipe, too, nothing more is written.
        if result.is_ok() && interrupt.why() != Some(Interruption::OutputLost) {
            *result = written(terminal.show(&event), interrupt);
        }
    };
    let side_by_side = jobs.get().min(chosen.len()) > 1;
    let names = if side_by_side { ScenarioNames::Shown } else { ScenarioNames::Hidden };
    let options = WorldOptions {
        lines: arguments.output.lines(names),
        keep: arguments.output.keep(),
        notices: notices.sink(),
        ..WorldOptions::new(if arguments.configuration.no_build { Build::Skip } else { Build::Run })
    };
    let prepared = interrupt.unless(prepare_with(worlds, project, options, progress)).await;
    let summary = match prepared {
        Ok(Ok(Prepared { stage, missing })) => {
            let plan = Plan {
                scenarios: select(&project.scenarios, &arguments.filter, configuration, &missing),
                rules: Rules::from(&**configuration),
                seed,
                jobs,
                on_failure: if arguments.fail_fast { OnFailure::Stop } else { OnFailure::Continue },
                kept_output: if arguments.output.logs { KeptOutput::OfAll } else { KeptOutput::OfFailures },
                stop: interrupt.token().clone(),
            };
            let review = |result: &ScenarioResult| review(configuration, result, W::KIND);
            engine::run(&plan, &stage, &review, &on_event).await
        }
        Ok(Err(broken)) => {
            let (_, record, _) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
            // Otherwise the report of an earlier run would stand for this one.
            let record = record.not_begun(seed, chosen.len(), broken.clone());
            write_reports(&arguments.report, |target| target.write(&record))?;
            return Err(broken);
        }
        Err(_) => {
            let summary = Summary { not_run: chosen.len(), ..Summary::default() };
            on_event(Event::RunStarted { scenarios: chosen.len(), seed });
            on_event(Event::RunEnded { summary });
            summary
        }
    };
    let (_, record, result) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
    write_reports(&arguments.report, |target| target.write(&record))?;
    result?;
    let exit = record.interrupted.map_or_else(|| summary.into(), Exit::Interrupted);
    let thin: Vec<Thin> = thin(project, &chosen, &summary).into_iter().chain(notices.thin()).collect();
    thin::tell(&thin, arguments.strictness.strictness(), exit, interrupt)
}

/// What the run doesn't show.
fn thin(project: &Project, chosen: &[Planned], summary: &Summary) -> Vec<Thin> {
    let no_invariants = project.configuration.invariants.is_empty();
    let cannot_fail = chosen
        .iter()
        .map(|planned| &planned.scenario)
        .filter(|scenario| no_invariants && !scenario.steps.iter().any(Step::is_judged));
    let skipped = (summary.skipped > 0).then_some(Thin::Skipped(summary.skipped));
    let cannot_fail = cannot_fail.map(|scenario| Thin::CannotFail(scenario.name.clone()));
    thin::invariants(project).into_iter().chain(cannot_fail).chain(skipped).collect()
}

/// Lists the scenarios that would run.
fn dry_run(project: &Project, chosen: &[Planned]) -> io::Result<()> {
    let mut out = anstream::stdout();
    if chosen.is_empty() {
        match (project.scenarios.len(), project.explorations.len()) {
            (0, 0) => writeln!(out, "Nothing to run: no scenario was found.")?,
            (0, _) => writeln!(out, "Nothing to run: only explorations were found; `explore` runs those.")?,
            (all, _) => writeln!(out, "Nothing to run: of {all} scenarios none is selected.")?,
        }
        return Ok(());
    }
    for planned in chosen {
        let scenario = &planned.scenario;
        let steps = count(scenario.steps.len(), "step");
        writeln!(out, "{}  {}  {steps}", scenario.name, scenario.file.display())?;
    }
    writeln!(out, "\nNo mistakes; nothing was started.")
}

/// Compares a result with its scenario's snapshot, if the project has snapshots. The snapshot's name is the path of the
/// scenario's file, relative to the configuration's folder.
pub fn review(configuration: &Configuration, result: &ScenarioResult, world: WorldKind) -> Vec<Finding> {
    let Some(folder) = &configuration.snapshots else { return Vec::new() };
    let beside = project::absolute(&configuration.file).parent().map(Path::to_path_buf).unwrap_or_default();
    let file = project::absolute(&result.scenario.file).with_extension("");
    let name = file.strip_prefix(&beside).unwrap_or(&file).display().to_string();
    let compared = compare_snapshot(&beside.join(folder), &name, result, world);
    let finding = |found: String| Finding::new(FindingKind::Snapshot, "what was accepted", found);
    compared.err().map(|mismatch| finding(mismatch.to_string())).into_iter().collect()
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

fn terminal_options(
    configuration: &Configuration,
    invocation: &Invocation,
    progress: Progress,
    world: WorldKind,
) -> TerminalOptions {
    let addresses = addresses(configuration);
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let columns = || env::var("COLUMNS").ok()?.parse().ok();
    TerminalOptions {
        width: terminal.or_else(columns).filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH),
        world,
        progress,
        again: invocation.again.clone(),
        address: Box::new(move |service| addresses.get(service).cloned()),
    }
}

/// A random seed, for a command line without `--seed`.
pub(crate) fn new_seed() -> u64 {
    // At most six digits, to be typed again. The hasher's keys are the standard library's only source of randomness.
    RandomState::new().hash_one("seed") % 1_000_000
}
