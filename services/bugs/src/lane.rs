//! One way of looking for a bug, within a time.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use report::json::{RunFile, VerdictFile};
use runner::Project;
use scenario::{Action, Step};

/// How often it is looked whether a process has ended: this is what the times that are told are exact to.
const PAUSE: Duration = Duration::from_millis(10);

/// A way of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Sequences that nobody wrote.
    Exploration,
    /// The repository's scenarios, as they are.
    Scenarios,
    /// The repository's scenarios, with each fault at each of their calls.
    Sweep,
}

impl Lane {
    /// In the order in which they are tried: first what finds the smallest counterexamples.
    pub(crate) const ALL: [Self; 3] = [Self::Exploration, Self::Scenarios, Self::Sweep];

    /// What it is called in the output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exploration => "exploration",
            Self::Scenarios => "scenarios",
            Self::Sweep => "sweep",
        }
    }

    /// Looks for a bug in `simulate`, for so long at most. Gives the steps of a scenario that shows it, if one does.
    pub(crate) fn look(
        self,
        simulate: &Path,
        tree: &Path,
        seed: u64,
        time: Duration,
    ) -> Result<Option<usize>> {
        let folder = tempfile::tempdir()?;
        let report = folder.path().join("report.json");
        let mut command = Command::new(simulate);
        command.current_dir(tree).stdout(Stdio::null()).stderr(Stdio::null());
        match self {
            Self::Exploration => {
                // Half of the time is kept for shrinking, which ends by itself long before.
                let lasting = format!("{}ms", time.as_millis() / 2);
                command.args(["explore", "--for", &lasting, "--regressions"]).arg(folder.path());
            }
            Self::Scenarios => {
                command.args(["scenarios", "--report"]).arg(format!("json={}", report.display()));
            }
            Self::Sweep => {
                command.args(["sweep", "scenarios", "--regressions"]).arg(folder.path());
            }
        }
        command.args(["--seed", &seed.to_string()]);
        let until = Instant::now() + time;
        let mut process = command.spawn().with_context(|| format!("{command:?}"))?;
        let exit = loop {
            if let Some(status) = process.try_wait()? {
                break status.code();
            }
            let kept = self == Self::Sweep && !counterexamples(folder.path())?.is_empty();
            if kept || Instant::now() >= until {
                process.kill()?;
                process.wait()?;
                break None;
            }
            thread::sleep(PAUSE);
        };
        match exit {
            None | Some(0) | Some(1) => {}
            Some(code) => bail!("{command:?} ended with {code}"),
        }
        let sizes = if self == Self::Scenarios {
            if exit == Some(1) { failed(&report)? } else { Vec::new() }
        } else {
            counterexamples(folder.path())?
        };
        Ok(sizes.into_iter().min())
    }
}

/// The sizes of the scenarios that were kept in a folder.
fn counterexamples(folder: &Path) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // One that is being written just now is read next time.
        if let Ok(project) = Project::read(Some(&crate::scratch::root().join("e2e.conf")), &[path]) {
            sizes.extend(project.scenarios.iter().map(|scenario| size(&scenario.steps)));
        }
    }
    Ok(sizes)
}

/// How many steps there are, each request of several at once counted.
fn size(steps: &[Step]) -> usize {
    let members = |step: &Step| match &step.action {
        Action::Together(members) => members.len(),
        _ => 1,
    };
    steps.iter().map(members).sum()
}

/// The sizes of the scenarios that failed in a run.
fn failed(report: &Path) -> Result<Vec<usize>> {
    let run: RunFile = serde_json::from_slice(&fs::read(report)?)?;
    let failed = run.scenarios.iter().filter(|ended| matches!(ended.verdict, VerdictFile::Failed { .. }));
    Ok(failed.map(|ended| ended.steps.len()).collect())
}
