//! Runs scenarios, the command without a name: shows what is found, each result as it comes, and a summary.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use engine::{Event, KeptOutput, OnFailure, Plan, Rules, ScenarioResult, Summary};
use fault::{Seed, ServiceName};
use report::{Progress, RunRecord, ServiceAddress, Terminal, TerminalOptions, WorldKind, compare_snapshot};
use scenario::{Configuration, Step};
use verdict::{BrokenOff, Finding, FindingKind};

use crate::{
    Build, Exit, Project, WorldOptions, Worlds,
    arguments::Run,
    output::{not_written, program_name, write_reports},
    project,
    project_command::{prepare_with, progress, run_command},
    selection::select,
    service_output::{Notices, ScenarioNames},
    thin::{self, Thin},
};

/// Runs the scenarios that the command line names.
pub(crate) fn run(arguments: &Run, worlds: &impl Worlds) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project| {
        run_project(arguments, &project, worlds).await
    })
}

async fn run_project<W: Worlds>(arguments: &Run, project: &Project, worlds: &W) -> Result<Exit, BrokenOff> {
    let configuration = &project.configuration;
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    let jobs = arguments.jobs.unwrap_or_else(|| worlds.jobs());
    let chosen = select(&project.scenarios, &arguments.filter, &configuration.invariants, &BTreeMap::new());
    arguments.output.check(W::KIND);
    // A line that is overwritten would run into the services' lines.
    let progress = if arguments.output.logs { Progress::Hidden } else { progress() };
    let mut terminal = Terminal::new(anstream::stdout(), terminal_options(configuration, progress));
    terminal.open(configuration, chosen.len(), seed, jobs).map_err(|error| not_written(&error))?;
    if chosen.is_empty() || arguments.dry_run {
        return dry_run(project, &chosen).map_err(|error| not_written(&error));
    }
    let side_by_side = jobs.get().min(chosen.len()) > 1;
    let names = if side_by_side { ScenarioNames::Shown } else { ScenarioNames::Hidden };
    let notices = Notices::default();
    let options = WorldOptions {
        lines: arguments.output.lines(names),
        keep: arguments.output.keep(),
        notices: notices.sink(),
        ..WorldOptions::new(if arguments.configuration.no_build { Build::Skip } else { Build::Run })
    };
    let prepared = prepare_with(worlds, project, options, progress).await?;
    let plan = Plan {
        scenarios: select(
            &project.scenarios,
            &arguments.filter,
            &configuration.invariants,
            &prepared.missing,
        ),
        rules: rules(configuration),
        seed,
        jobs,
        on_failure: if arguments.fail_fast { OnFailure::Stop } else { OnFailure::Continue },
        kept_output: if arguments.output.logs { KeptOutput::OfAll } else { KeptOutput::OfFailures },
    };
    let shown = Mutex::new((terminal, RunRecord::default().with_addresses(addresses(configuration)), Ok(())));
    let on_event = |event: Event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let (terminal, record, written) = &mut *shown;
        record.take(&event);
        if written.is_ok() {
            *written = terminal.show(&event);
        }
    };
    let review = |result: &ScenarioResult| review(configuration, result, W::KIND);
    let summary = engine::run(&plan, &prepared.stage, &review, &on_event).await;
    // Also those of worlds that are dropped with their stage.
    drop(prepared);
    notices.show();
    let (_, record, written) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
    written.map_err(|error| not_written(&error))?;
    write_reports(&arguments.report, |target| target.write(&record))?;
    thin::tell(&thin(project, &plan, &summary), arguments.strictness.strictness(), summary.into())
}

/// What the run doesn't show.
fn thin(project: &Project, plan: &Plan, summary: &Summary) -> Vec<Thin> {
    let no_invariants = project.configuration.invariants.is_empty();
    let cannot_fail = plan
        .scenarios
        .iter()
        .map(|planned| &planned.scenario)
        .filter(|scenario| no_invariants && !scenario.steps.iter().any(Step::is_judged));
    let skipped = (summary.skipped > 0).then_some(Thin::Skipped(summary.skipped));
    let cannot_fail = cannot_fail.map(|scenario| Thin::CannotFail(scenario.name.clone()));
    thin::invariants(project).into_iter().chain(cannot_fail).chain(skipped).collect()
}

/// Lists the scenarios that would run.
fn dry_run(project: &Project, chosen: &[engine::Planned]) -> io::Result<Exit> {
    let mut out = anstream::stdout();
    if chosen.is_empty() {
        match (project.scenarios.len(), project.explorations.len()) {
            (0, 0) => writeln!(out, "Nothing to run: no scenario was found.")?,
            (0, _) => writeln!(out, "Nothing to run: only explorations were found; `explore` runs those.")?,
            (all, _) => writeln!(out, "Nothing to run: of {all} scenarios none is selected.")?,
        }
        return Ok(Exit::NothingRan);
    }
    for planned in chosen {
        let scenario = &planned.scenario;
        let steps = match scenario.steps.len() {
            1 => "1 step".to_owned(),
            many => format!("{many} steps"),
        };
        writeln!(out, "{}  {}  {steps}", scenario.name, scenario.file.display())?;
    }
    writeln!(out, "\nNo mistakes; nothing was started.")?;
    Ok(Exit::Passed)
}

/// The rules of a configuration, which hold for every scenario.
pub fn rules(configuration: &Configuration) -> Rules {
    configuration.into()
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

fn terminal_options(configuration: &Configuration, progress: Progress) -> TerminalOptions {
    let addresses = addresses(configuration);
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    TerminalOptions {
        width,
        progress,
        command: program_name(),
        address: Box::new(move |service| addresses.get(service).cloned()),
    }
}

/// A random seed, for a command line without `--seed`.
pub(crate) fn new_seed() -> u64 {
    // At most six digits, to be typed again. The hasher's keys are the standard library's only source of randomness.
    RandomState::new().hash_one("seed") % 1_000_000
}
