//! One way of looking for a bug, within a time.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use explore::steps_before_outcome_checks;
use report::json::{FindingKindFile, RunFile, ScenarioFile, VerdictFile};
use runner::Project;
use scenario::{Action, Scenario, Step};

/// How often it is looked whether a process has ended: this is what the times that are told are exact to.
const PAUSE: Duration = Duration::from_millis(10);

/// A way of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// The repository's scenarios, as they are.
    Scenarios,
    /// Sequences that nobody wrote.
    Exploration,
    /// The repository's flows, with each fault at each of their calls. In other scenarios the client plays one of the
    /// services, and may well break a promise that these keep.
    Sweep,
}

impl Lane {
    /// In the order in which they are tried: first what takes the least time.
    pub(crate) const ALL: [Self; 3] = [Self::Scenarios, Self::Exploration, Self::Sweep];

    /// What it is called in the output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exploration => "exploration",
            Self::Scenarios => "scenarios",
            Self::Sweep => "sweep",
        }
    }

    /// Looks for a bug, for so long at most. Gives the steps of the smallest scenario that shows it, if one does.
    pub(crate) fn look(self, place: &Place, time: Duration) -> Result<Option<usize>> {
        let (folder, until) = (tempfile::tempdir()?, Instant::now() + time);
        match self {
            Self::Exploration => {
                // A quarter of the time is kept for shrinking.
                let lasting = format!("{}ms", time.as_millis() * 3 / 4);
                place.run(&["explore", "--for", &lasting], folder.path(), until)?;
            }
            Self::Scenarios => {
                let report = folder.path().join("report.json");
                let json = format!("--report=json={}", report.display());
                if place.simulate(&["scenarios", &json], until, || Ok(false))? == Some(1)
                    && let Some(file) = wrong(&report)?
                {
                    place.run(&["sweep", &file], folder.path(), until)?;
                }
            }
            Self::Sweep => place.run(&["sweep", "scenarios/flows"], folder.path(), until)?,
        }
        Ok(counterexamples(folder.path())?.into_iter().min())
    }
}

/// What is looked at, where, and with which seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The binary with the bug in it.
    pub(crate) simulate: &'a Path,
    /// The repository's copy.
    pub(crate) tree: &'a Path,
    /// Where all chance comes from.
    pub(crate) seed: u64,
}

impl Place<'_> {
    /// Runs a subcommand until it has kept a counterexample in this folder.
    fn run(&self, arguments: &[&str], folder: &Path, until: Instant) -> Result<()> {
        let kept = format!("--regressions={}", folder.display());
        self.simulate(&[arguments, &[&kept]].concat(), until, || Ok(!counterexamples(folder)?.is_empty()))?;
        Ok(())
    }

    /// Runs the binary to its end, or until it is enough, or too late. Gives its exit code.
    fn simulate(
        &self,
        arguments: &[&str],
        until: Instant,
        enough: impl Fn() -> Result<bool>,
    ) -> Result<Option<i32>> {
        let mut command = Command::new(self.simulate);
        command.args(arguments).args(["--seed", &self.seed.to_string()]).current_dir(self.tree);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("{command:?}"))?;
        loop {
            if let Some(status) = process.try_wait()? {
                return match status.code() {
                    Some(0 | 1) => Ok(status.code()),
                    code => bail!("{command:?} ended with {code:?}"),
                };
            }
            if enough()? || Instant::now() >= until {
                process.kill()?;
                process.wait()?;
                return Ok(None);
            }
            thread::sleep(PAUSE);
        }
    }
}

/// The sizes of the scenarios that were kept in a folder.
fn counterexamples(folder: &Path) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // One that is being written just now is read next time.
        if let Ok(project) = Project::read(Some(&crate::scratch::root().join("e2e.conf")), &[path]) {
            sizes.extend(project.scenarios.iter().map(|scenario| size(scenario)));
        }
    }
    Ok(sizes)
}

/// How many steps it takes, each request of several at once counted, without asking afterwards what came of it.
fn size(scenario: &Scenario) -> usize {
    let members = |step: &Step| match &step.action {
        Action::Together(members) => members.len(),
        _ => 1,
    };
    scenario.steps[..steps_before_outcome_checks(scenario)].iter().map(members).sum()
}

/// The file of the smallest scenario that failed in a run. One that only went another way than in its snapshot shows
/// nothing wrong.
fn wrong(report: &Path) -> Result<Option<String>> {
    let run: RunFile = serde_json::from_slice(&fs::read(report)?)?;
    let is_wrong = |ended: &&ScenarioFile| match &ended.verdict {
        VerdictFile::Failed { failures } => {
            let mut findings = failures.iter().flat_map(|failure| &failure.findings);
            findings.any(|finding| finding.kind != FindingKindFile::Snapshot)
        }
        _ => false,
    };
    let smallest = run.scenarios.iter().filter(is_wrong).min_by_key(|ended| ended.steps.len());
    Ok(smallest.map(|ended| ended.file.display().to_string()))
}
