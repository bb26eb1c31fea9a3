//! A way to look for a bug, within a time limit.

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

use crate::repository::root;

/// The interval at which a process is polled. The printed times are exact to it.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A way to look for a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strategy {
    /// The repository's scenarios, as they are.
    Scenarios,
    /// Generated sequences.
    Exploration,
    /// The repository's flows, with each fault at each of their calls. Other scenarios aren't swept: their client sends some
    /// requests in the place of a service, and under a fault may break an invariant that the service keeps.
    Sweep,
}

impl Strategy {
    /// All strategies, in the order in which they are tried: the fastest first.
    pub(crate) const ALL: [Self; 3] = [Self::Scenarios, Self::Exploration, Self::Sweep];

    /// The name in the output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exploration => "exploration",
            Self::Scenarios => "scenarios",
            Self::Sweep => "sweep",
        }
    }

    /// Looks for a bug, for this time at most. Returns the number of steps of the smallest scenario that shows it.
    pub(crate) fn look(self, build: &SeededBuild, time: Duration) -> Result<Option<usize>> {
        let (folder, until) = (tempfile::tempdir()?, Instant::now() + time);
        match self {
            Self::Exploration => {
                // A quarter of the time is kept for shrinking.
                let lasting = format!("{}ms", time.as_millis() * 3 / 4);
                build.run(&["explore", "--for", &lasting], folder.path(), until)?;
            }
            Self::Scenarios => {
                let report = folder.path().join("report.json");
                let json = format!("--report=json={}", report.display());
                if build.simulate(&["scenarios", &json], until)? == Some(1)
                    && let Some(file) = smallest_failure(&serde_json::from_slice(&fs::read(report)?)?)
                {
                    build.run(&["sweep", &file], folder.path(), until)?;
                }
            }
            Self::Sweep => {
                for file in flows(build.tree)? {
                    build.run(&["sweep", &file], folder.path(), until)?;
                    if !counterexamples(folder.path())?.is_empty() || Instant::now() >= until {
                        break;
                    }
                }
            }
        }
        Ok(counterexamples(folder.path())?.into_iter().min())
    }
}

/// A build of `simulate`, and the seed with which it is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededBuild<'a> {
    /// The binary.
    pub(crate) simulate: &'a Path,
    /// The copy of the repository in which it is run.
    pub(crate) tree: &'a Path,
    /// The seed.
    pub(crate) seed: u64,
}

impl SeededBuild<'_> {
    /// Runs a subcommand that keeps counterexamples in this folder. It is run to its end: it keeps them before they are made smaller.
    fn run(&self, arguments: &[&str], folder: &Path, until: Instant) -> Result<()> {
        let kept = format!("--regressions={}", folder.display());
        self.simulate(&[arguments, &[&kept]].concat(), until).map(drop)
    }

    /// Runs the binary until it ends, or the time is over. Returns its exit code if it ended.
    fn simulate(&self, arguments: &[&str], until: Instant) -> Result<Option<i32>> {
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
            if Instant::now() >= until {
                process.kill()?;
                process.wait()?;
                return Ok(None);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The scenarios that are swept, in the order of their paths in the copy of the repository.
fn flows(tree: &Path) -> Result<Vec<String>> {
    let files = fs::read_dir(tree.join("scenarios/flows"))?;
    let names = files.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names.iter().map(|name| format!("scenarios/flows/{name}")).collect())
}

/// The sizes of the scenarios in a folder.
fn counterexamples(folder: &Path) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that was being written when the time was over can't be read.
        if let Ok(project) = Project::read(Some(&root().join("e2e.conf")), &[path]) {
            sizes.extend(project.scenarios.iter().map(|scenario| size(scenario)));
        }
    }
    Ok(sizes)
}

/// The number of steps of a scenario, without outcome checks. Each request of a `together` step counts.
fn size(scenario: &Scenario) -> usize {
    let members = |step: &Step| match &step.action {
        Action::Together(members) => members.len(),
        _ => 1,
    };
    scenario.steps[..steps_before_outcome_checks(scenario)].iter().map(members).sum()
}

/// The file of the smallest scenario that failed in a run. A scenario that only differs from its snapshot shows no bug.
fn smallest_failure(run: &RunFile) -> Option<String> {
    let is_failure = |ended: &&ScenarioFile| match &ended.verdict {
        VerdictFile::Failed { failures } => {
            let mut findings = failures.iter().flat_map(|failure| &failure.findings);
            findings.any(|finding| finding.kind != FindingKindFile::Snapshot)
        }
        _ => false,
    };
    let smallest = run.scenarios.iter().filter(is_failure).min_by_key(|ended| ended.steps.len());
    smallest.map(|ended| ended.file.display().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The smallest failure of a run with one scenario, which has findings of these kinds.
    fn check(kinds: &[&str], expected: Option<&str>) {
        let finding = |kind: &&str| json!({ "kind": kind, "subject": "", "expected": "", "found": "" });
        let findings: Vec<_> = kinds.iter().map(finding).collect();
        let failure = json!({ "step": null, "line": null, "findings": findings, "exchange": null });
        let scenario = json!({
            "name": "A payment", "file": "pay.yaml", "tags": [], "seed": "1", "took_us": 1, "steps": ["pay"], "history": [],
            "verdict": { "what": "failed", "failures": [failure] },
        });
        let counts = json!({ "passed": 0, "failed": 1, "broken_off": 0, "skipped": 0, "not_run": 0 });
        let run = json!({ "format": 1, "seed": "1", "summary": counts, "scenarios": [scenario] });
        let run = serde_json::from_value(run).expect("the shape of a report");
        assert_eq!(smallest_failure(&run).as_deref(), expected, "{kinds:?}");
    }

    #[test]
    fn a_snapshot_that_differs_is_no_failure() {
        check(&["snapshot"], None);
        check(&["snapshot", "invariant"], Some("pay.yaml"));
        check(&["status"], Some("pay.yaml"));
    }
}
