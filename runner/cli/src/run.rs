//! The run: what is found, what happens, what came of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use engine::{Event, OnFailure, Plan, Rules, ScenarioResult};
use fault::{Seed, ServiceName};
use report::{
    Progress, RunRecord, Target, Terminal, TerminalOptions, WorldKind, WriteError, compare_snapshot,
};
use scenario::Configuration;
use verdict::{BrokenOff, Finding, FindingKind, Output};

use crate::{
    Exit, Mistakes, Project, Worlds,
    arguments::Run,
    attend::{attend, prepare, unwritten},
    project,
    selection::select,
};

/// Runs what the command line asks for.
pub(crate) fn run(arguments: &Run, worlds: &impl Worlds) -> Exit {
    attend(&arguments.place, &arguments.paths, worlds, async |project| {
        run_project(arguments, &project, worlds).await
    })
}

async fn run_project<W: Worlds>(arguments: &Run, project: &Project, worlds: &W) -> Result<Exit, BrokenOff> {
    let configuration = &project.configuration;
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    let jobs = arguments.jobs.unwrap_or_else(|| worlds.jobs());
    let chosen = select(&project.scenarios, &arguments.filter, &BTreeSet::new());
    let mut terminal = Terminal::new(anstream::stdout(), terminal_options(configuration));
    terminal.open(configuration, chosen.len(), seed, jobs).map_err(|error| unwritten(&error))?;
    if chosen.is_empty() || arguments.dry_run {
        return dry_run(project, &chosen).map_err(|error| unwritten(&error));
    }
    let prepared = prepare(worlds, project, &arguments.place).await?;
    let plan = Plan {
        scenarios: select(&project.scenarios, &arguments.filter, &prepared.missing),
        rules: rules(configuration),
        seed,
        jobs,
        on_failure: if arguments.fail_fast { OnFailure::Stop } else { OnFailure::Continue },
    };
    let shown = Mutex::new((terminal, RunRecord::default().with_addresses(urls(configuration)), Ok(())));
    let tell = |event: Event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let (terminal, record, written) = &mut *shown;
        record.take(&event);
        if written.is_ok() {
            *written = terminal.show(&event);
        }
    };
    let review = |result: &ScenarioResult| review(configuration, result, W::KIND);
    let summary = engine::run(&plan, &prepared.stage, &review, &tell).await;
    let (_, record, written) = shown.into_inner().unwrap_or_else(PoisonError::into_inner);
    written.map_err(|error| unwritten(&error))?;
    write_reports(&arguments.report, |target| target.write(&record))?;
    Ok(summary.into())
}

/// Writes the reports that are wanted.
pub(crate) fn write_reports(
    wanted: &[Target],
    write: impl Fn(&Target) -> Result<(), WriteError>,
) -> Result<(), BrokenOff> {
    wanted.iter().try_for_each(|target| {
        write(target).map_err(|error| BrokenOff::NotWritten {
            what: Output::Report,
            file: Some(error.file),
            error: error.reason.to_string(),
        })
    })
}

/// Says what would run.
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

/// What holds for every scenario of a project.
pub fn rules(configuration: &Configuration) -> Rules {
    Rules {
        invariants: configuration.invariants.clone(),
        settle: configuration.settle,
        timeout: configuration.timeout,
    }
}

/// Compares a scenario with its snapshot, where the project has snapshots. The snapshot is named for the scenario's
/// file, as seen from the configuration's folder.
pub fn review(configuration: &Configuration, result: &ScenarioResult, world: WorldKind) -> Vec<Finding> {
    let Some(folder) = &configuration.snapshots else { return Vec::new() };
    let beside = project::absolute(&configuration.file).parent().map(Path::to_path_buf).unwrap_or_default();
    let file = project::absolute(&result.scenario.file).with_extension("");
    let name = file.strip_prefix(&beside).unwrap_or(&file).display().to_string();
    let compared = compare_snapshot(&beside.join(folder), &name, result, world);
    let finding = |found: String| Finding::new(FindingKind::Snapshot, "what was accepted", found);
    compared.err().map(|mismatch| finding(mismatch.to_string())).into_iter().collect()
}

/// Where a person reaches the services.
pub(crate) fn urls(configuration: &Configuration) -> BTreeMap<ServiceName, String> {
    let url = |service: &scenario::Service| {
        let url = service.base_url.as_ref()?.to_string();
        Some((service.name.clone(), url.trim_end_matches('/').to_owned()))
    };
    configuration.services.iter().filter_map(url).collect()
}

fn terminal_options(configuration: &Configuration) -> TerminalOptions {
    let urls = urls(configuration);
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    TerminalOptions {
        width,
        progress: if io::stderr().is_terminal() { Progress::Shown } else { Progress::Hidden },
        command: command(),
        address: Box::new(move |service| urls.get(service).cloned()),
    }
}

/// The program as somebody would type it again.
pub(crate) fn command() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    program
        .and_then(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "runner".into())
}

pub(crate) fn new_seed() -> u64 {
    // Short enough to be read out; the hasher's keys are the standard library's only source of chance.
    RandomState::new().hash_one("seed") % 1_000_000
}

pub(crate) fn show_mistakes(mistakes: &Mistakes) -> Exit {
    // Nobody is left to tell when stderr is gone; the exit code says it too.
    drop(write!(anstream::stderr(), "{}", mistakes.shown()));
    Exit::Mistake
}

pub(crate) fn show_broken_off(broken: &BrokenOff) -> Exit {
    drop(write!(anstream::stderr(), "{}", report::render_broken_off(broken)));
    Exit::BrokenOff
}
