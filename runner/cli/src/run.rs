//! Runs scenarios, the command without a name: shows what is found, each result as it comes, and a summary.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use engine::{Event, OnFailure, Plan, Rules, ScenarioResult};
use fault::{Seed, ServiceName};
use report::{RunRecord, ServiceAddress, Terminal, TerminalOptions, WorldKind, compare_snapshot};
use scenario::Configuration;
use verdict::{BrokenOff, Finding, FindingKind};

use crate::{
    Exit, Project, Worlds,
    arguments::Run,
    output::{not_written, program_name, write_reports},
    project,
    project_command::{prepare, progress, run_command},
    selection::select,
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
    let chosen = select(&project.scenarios, &arguments.filter, &configuration.invariants, &BTreeSet::new());
    let mut terminal = Terminal::new(anstream::stdout(), terminal_options(configuration));
    terminal.open(configuration, chosen.len(), seed, jobs).map_err(|error| not_written(&error))?;
    if chosen.is_empty() || arguments.dry_run {
        return dry_run(project, &chosen).map_err(|error| not_written(&error));
    }
    let prepared = prepare(worlds, project, &arguments.configuration).await?;
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
    let (_, record, written) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
    written.map_err(|error| not_written(&error))?;
    write_reports(&arguments.report, |target| target.write(&record))?;
    Ok(summary.into())
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
    let circuits = configuration.services.iter().filter_map(|service| {
        let path = service.circuits.clone()?;
        Some((service.name.clone(), path))
    });
    Rules {
        invariants: configuration.invariants.clone(),
        settle: configuration.settle,
        timeout: configuration.timeout,
        circuits: circuits.collect(),
    }
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

fn terminal_options(configuration: &Configuration) -> TerminalOptions {
    let addresses = addresses(configuration);
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    TerminalOptions {
        width,
        progress: progress(),
        command: program_name(),
        address: Box::new(move |service| addresses.get(service).cloned()),
    }
}

/// A random seed, for a command line without `--seed`.
pub(crate) fn new_seed() -> u64 {
    // At most six digits, to be typed again. The hasher's keys are the standard library's only source of randomness.
    RandomState::new().hash_one("seed") % 1_000_000
}
