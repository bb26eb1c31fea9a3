//! The command `replay`: runs the scenarios of a JSON report again, with its seed, world and options.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{CommandFactory, FromArgMatches};
use fault::Seed;
use report::json::{FORMAT, RunFile, StartedFile, VerdictFile, WorldFile};
use scenario::{Mistake, Scenario, Span};

use crate::{
    Exit, Mistakes, Worlds,
    arguments::{Arguments, Replay, Run},
    invocation::Invocation,
    output::show_mistakes,
    run::run_chosen,
    selection_args::NothingSelected,
    started::{fingerprint, world_file},
};

/// Runs the scenarios of a report again.
pub(crate) fn replay<W: Worlds>(arguments: &Replay, worlds: &W) -> Exit {
    let replayed = read(&arguments.file).and_then(|(report, started)| {
        check(arguments, &report, &started, world_file(W::KIND))?;
        typed(arguments, &report, &started)
    });
    let (run, invocation, scenarios) = match replayed {
        Ok(replayed) => replayed,
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    run_chosen(&run, &invocation, worlds, &|read: &[Arc<Scenario>], _: &_, _: Seed| {
        let same = |scenario: &Scenario, (file, name): &(PathBuf, String)| {
            scenario.file.as_path() == file && scenario.name == *name
        };
        // In the order of the report.
        let found = scenarios.iter().filter_map(|named| read.iter().find(|scenario| same(scenario, named)));
        let chosen: Vec<_> = found.cloned().collect();
        if chosen.is_empty() { Err(NothingSelected::Filtered(read.len(), Vec::new())) } else { Ok(chosen) }
    })
}

/// Scenarios, by file and name, each once.
type Scenarios = Vec<(PathBuf, String)>;

/// Reads a report.
fn read(file: &Path) -> Result<(RunFile, StartedFile), Mistakes> {
    let mistake = |message: String, help: &str| Mistakes::one(file.to_path_buf(), message, help);
    let text = fs::read_to_string(file)
        .map_err(|error| mistake(format!("it can't be read: {error}"), "name a file that is there"))?;
    let not_a_report = |error: serde_json::Error| {
        mistake(
            format!("it is no report of a run: {error}"),
            "name a file that `--report json=FILE` has written",
        )
    };
    let no_report =
        || mistake("it is no report of a run".into(), "name a file that `--report json=FILE` has written");
    let format = serde_json::from_str::<serde_json::Value>(&text).map_err(not_a_report)?["format"].as_u64();
    let format = format.ok_or_else(no_report)?;
    if format != u64::from(FORMAT) {
        let message = format!("it has the format {format}, and this program reads format {FORMAT}");
        return Err(mistake(message, "use the version that has written it"));
    }
    let report: RunFile = serde_json::from_str(&text).map_err(not_a_report)?;
    match report.started.clone() {
        Some(started) => Ok((report, started)),
        None if report.sweeps.is_empty() => Err(mistake(
            "it doesn't say how its run was started".into(),
            "make a new report with this version",
        )),
        None => {
            let help = format!("sweep its scenarios again with `sweep … --seed {}`", report.seed);
            Err(mistake("it is the report of a sweep".into(), &help))
        }
    }
}

/// Finds out whether the run can be repeated here.
fn check(
    arguments: &Replay,
    report: &RunFile,
    started: &StartedFile,
    world: WorldFile,
) -> Result<(), Mistakes> {
    let mistake = |file: &Path, message: &str, help: String| Mistake {
        file: Arc::new(file.to_path_buf()),
        span: Span::default(),
        message: message.into(),
        help: Some(help),
    };
    let mut mistakes = Vec::new();
    if started.world != world {
        let (of, help) = match started.world {
            WorldFile::Live => ("of real processes", "replay it with `runner`"),
            WorldFile::Simulated => {
                ("of simulated worlds", "replay it with the program that simulates the services")
            }
        };
        mistakes.push(mistake(&arguments.file, &format!("its run was one {of}"), help.into()));
    }
    if report.seed.parse::<u64>().is_err() {
        mistakes.push(mistake(&arguments.file, "its seed is no number", "make a new report".into()));
    }
    for source in &started.sources {
        match fingerprint(&source.file) {
            None => {
                let help = "replay it in the folder in which its run was started, with the same files".into();
                mistakes.push(mistake(&source.file, "the run has read this file, and it is gone", help));
            }
            Some(now) if now != source.fingerprint && !arguments.changed => {
                let help = "`--changed` runs it as it is now".into();
                mistakes.push(mistake(&source.file, "this file has changed since the run", help));
            }
            Some(_) => {}
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
}

/// The command line of the run again, and its scenarios.
fn typed(
    arguments: &Replay,
    report: &RunFile,
    started: &StartedFile,
) -> Result<(Run, Invocation, Scenarios), Mistakes> {
    let failed =
        |verdict: &VerdictFile| matches!(verdict, VerdictFile::Failed { .. } | VerdictFile::BrokenOff { .. });
    let meant = report.scenarios.iter().filter(|scenario| !arguments.failed || failed(&scenario.verdict));
    let mut seen = BTreeSet::new();
    let meant = meant.map(|scenario| (scenario.file.clone(), scenario.name.clone()));
    let scenarios: Scenarios = meant.filter(|scenario| seen.insert(scenario.clone())).collect();
    if scenarios.is_empty() {
        let message = if arguments.failed { "no scenario of it failed" } else { "it has no scenario" };
        let help =
            if arguments.failed { "without --failed all of it runs again" } else { "name another report" };
        return Err(Mistakes::one(arguments.file.clone(), message, help));
    }
    // The invariants, too: each holds for all, wherever its file is.
    let files: BTreeSet<&PathBuf> =
        scenarios.iter().map(|(file, _)| file).chain(&started.invariants).collect();
    let files = files.into_iter().map(|file| file.display().to_string());
    let configuration = started.configuration.display().to_string();
    let named = started.options.iter().any(|option| option == "--config");
    let configuration = if named { Vec::new() } else { vec!["--config".to_owned(), configuration] };
    let words = ["runner".to_owned()]
        .into_iter()
        .chain(started.options.iter().cloned())
        .chain(configuration)
        .chain(["--seed".to_owned(), report.seed.clone(), "--".to_owned()])
        .chain(files);
    let mut command = Arguments::command();
    let unusable = |error: clap::Error| {
        let first =
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let help = "use the version that has written it";
        Mistakes::one(
            arguments.file.clone(),
            format!("its run had options that this program hasn't: {first}"),
            help,
        )
    };
    let matches = command.try_get_matches_from_mut(words).map_err(unusable)?;
    let run = Arguments::from_arg_matches(&matches).map_err(unusable)?.run;
    let invocation = Invocation::new(&command, &matches);
    Ok((Run { report: arguments.report.clone(), ..run }, invocation, scenarios))
}
