//! An exploration or a sweep under way: shows its progress, and keeps what it finds before it is made smaller.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::explore::{FailingRun, Progress, ReplaySeed, counterexample_yaml};
use engine::ScenarioResult;
use fault::Seed;
use report::{Again, ProgressLine, count};
use scenario::{Scenario, path_between};
use verdict::{BrokenOff, Output};

use crate::{
    Project, interrupt::Interrupt, output::write, project, project_command::progress, run::addresses,
    schema_line::schema_line,
};

/// An exploration or a sweep under way.
pub(crate) struct Search<'a> {
    interrupt: &'a Interrupt,
    project: &'a Project,
    /// The command that runs what is kept.
    kept: &'a Again,
    /// Where finds are kept.
    folder: PathBuf,
    /// The file that is searched.
    file: &'a Path,
    seed: Seed,
    line: ProgressLine,
    state: Mutex<State>,
}

/// What is found, and whether it could be kept.
struct State {
    find: Option<Find>,
    /// The first failure to keep or to show a find.
    result: Result<(), BrokenOff>,
}

/// A failing scenario that is made smaller next.
#[derive(Debug, Clone)]
struct Find {
    /// The name of its file, without the extension.
    name: String,
    /// How it was found, as a sentence without its end.
    origin: String,
    /// The number of its steps when it was found.
    steps: usize,
    /// The smallest run that failed, and the number of runs after which it was found.
    smallest: (FailingRun, u32),
}

impl<'a> Search<'a> {
    /// A search of a file that hasn't begun.
    pub(crate) fn new(
        interrupt: &'a Interrupt,
        project: &'a Project,
        kept: &'a Again,
        folder: PathBuf,
        file: &'a Path,
        seed: Seed,
    ) -> Self {
        let (line, state) = (ProgressLine::start(progress()), State { find: None, result: Ok(()) });
        line.status(format!("running {}", file.display()));
        Self { interrupt, project, kept, folder, file, seed, line, state: Mutex::new(state) }
    }

    /// Takes the progress line away. Returns the failure to keep or to show a find, if there was one.
    pub(crate) fn end(self) -> Result<(), BrokenOff> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).result
    }

    /// Shows what happens, and keeps a find.
    pub(crate) fn tell(&self, event: Progress) {
        let file = self.file.display();
        match event {
            Progress::Explored { cases, took, covered, coverable } => self.line.status(format!(
                "{file}: {} held, {:.0} a second; {covered} of {coverable} operations, faults and kills covered",
                count(cases, "sequence"),
                rate(cases, took),
            )),
            Progress::CellStarted { cell, of, faults } => {
                self.line.status(format!("{file}: cell {} of {of}: {faults}", cell + 1));
            }
            Progress::Failed { case, steps, result } => {
                let failing = FailingRun { result, seed: ReplaySeed::Confirmed(self.seed) };
                let length = count(steps, "step");
                let origin = format!("Found by {file} with seed {}, in sequence {case} of {length}", self.seed);
                self.found(&format!("sequence {case}"), &self.numbered(case), origin, steps, &failing);
            }
            Progress::CellFailed { cell, failing } => {
                let (what, steps) = (format!("cell {}", cell + 1), failing.result.scenario.steps.len());
                self.found(&what, &self.of_cell(cell), self.swept(), steps, &failing);
            }
            Progress::Tried { runs, steps } => self.smaller(runs, steps),
            Progress::Repeated { runs, of } => {
                self.line.status(format!("checking that it fails again: {runs} of {}", count(of, "run")));
            }
            Progress::Shrunk { runs, steps, failing } => {
                self.smaller(runs, steps);
                self.note(self.keep_smaller(runs, steps, &failing).map(drop));
                if let Some(find) = &mut self.state().find {
                    find.smallest = (failing, runs);
                }
            }
        }
    }

    /// Keeps a find in the file of this name, and tells what failed, before it is made smaller. `what` has failed; `origin` says
    /// how it was found, and `steps` is the number of its steps that can be removed.
    pub(crate) fn found(&self, what: &str, name: &str, origin: String, steps: usize, failing: &FailingRun) {
        let kept = self.keep(name, &origin, failing).and_then(|file| {
            let finding = report::finding_line(&failing.result);
            let file = relative(&file).display().to_string();
            let text = format!("{what} failed: {finding}\n  kept as {file}; it is made smaller now\n");
            self.write(&text)
        });
        self.note(kept);
        self.state().find =
            Some(Find { name: name.to_owned(), origin, steps, smallest: (failing.clone(), 0) });
        self.smaller(0, steps);
    }

    /// Replaces the last find by a smaller one.
    pub(crate) fn keep_smaller(
        &self,
        runs: u32,
        steps: usize,
        failing: &FailingRun,
    ) -> Result<PathBuf, BrokenOff> {
        let find = self.find();
        let (steps, runs) = (count(steps, "step"), count(runs, "run"));
        self.keep(&find.name, &format!("{}; {steps} after {runs}", find.origin), failing)
    }

    /// The smallest run of the last find that failed, and the number of runs after which it was found.
    pub(crate) fn smallest(&self) -> (FailingRun, u32) {
        self.find().smallest
    }

    /// Writes results that stay.
    pub(crate) fn write(&self, text: &str) -> Result<(), BrokenOff> {
        self.line.write(|| write(text, self.interrupt))
    }

    /// Writes a failing scenario to a file of its own. `origin` says how it was found.
    pub(crate) fn keep(&self, name: &str, origin: &str, failing: &FailingRun) -> Result<PathBuf, BrokenOff> {
        let file = self.folder.join(name).with_extension("yaml");
        let replay = match failing.seed {
            ReplaySeed::Confirmed(seed) => format!("It fails with --seed {seed}."),
            ReplaySeed::Unconfirmed { tried: 0, .. } => "It was not run again.".into(),
            ReplaySeed::Unconfirmed { tried, .. } => {
                format!("It did not fail again with {tried} seeds tried.")
            }
        };
        // The files that it names are named from where it is kept.
        let path = path_between(&project::absolute(Path::new(".")), &project::absolute(&file));
        let scenario = Scenario { file: Arc::new(path), ..(*failing.result.scenario).clone() };
        let result = ScenarioResult { scenario: Arc::new(scenario), ..(*failing.result).clone() };
        let text = counterexample_yaml(&result, &format!("{origin}. {replay}"));
        let text = schema_line(self.file, &file) + &text;
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&file, text));
        written.map_err(|error| BrokenOff::NotWritten {
            what: Output::Counterexample,
            file: Some(file.clone()),
            error: error.to_string(),
        })?;
        Ok(file)
    }

    /// A failed run, as text.
    pub(crate) fn failure(&self, result: &ScenarioResult) -> String {
        let addresses = addresses(&self.project.configuration);
        report::render_failure(result, &|service| addresses.get(service).cloned())
    }

    /// The lines that tell where a find is kept, whether it failed again, and the command that runs it. The command names the
    /// files of invariants that don't hold in that folder.
    pub(crate) fn kept_as(&self, file: &Path, seed: ReplaySeed) -> String {
        let shown = |file: &Path| relative(file).display().to_string();
        let lost = self.project.invariants_lost_by(file).iter().map(|file| shown(file)).collect::<Vec<_>>();
        let file = shown(file);
        let told = match lost.as_slice() {
            [] => String::new(),
            lost => {
                format!("the invariants of {} don't hold in that folder: name them, too\n", lost.join(", "))
            }
        };
        let selection = [vec![file.clone()], lost].concat();
        let command = Again { selection, ..self.kept.clone() }.all(seed.seed());
        let kept = format!("kept as {file}\n{told}");
        match seed {
            ReplaySeed::Confirmed(_) => format!("{kept}again: {command}\n"),
            ReplaySeed::Unconfirmed { tried: 0, .. } => format!("{kept}run it: {command}\n"),
            ReplaySeed::Unconfirmed { tried, .. } => {
                format!("{kept}it did not fail again with {tried} seeds tried\nrun it: {command}\n")
            }
        }
    }

    /// How the sweep of a file finds a failure.
    pub(crate) fn swept(&self) -> String {
        format!("Found by sweeping {} with seed {}", self.file.display(), self.seed)
    }

    /// The name of the file for a find: with the seed, which the searched file's failing baseline shares with no other find.
    pub(crate) fn name(&self) -> String {
        let stem = self.file.file_stem().map_or_else(|| "find".into(), |stem| stem.to_string_lossy());
        format!("{stem}-{}", self.seed)
    }

    fn numbered(&self, number: impl std::fmt::Display) -> String {
        format!("{}-{number}", self.name())
    }

    /// The name of the file for the find of the cell at a position counted from 0; people count cells from 1.
    pub(crate) fn of_cell(&self, position: usize) -> String {
        self.numbered(position + 1)
    }

    fn find(&self) -> Find {
        self.state().find.clone().expect("a find is kept before it is made smaller")
    }

    fn smaller(&self, runs: u32, steps: usize) {
        let found = self.state().find.as_ref().map_or(steps, |find| find.steps);
        self.line.status(format!(
            "making it smaller: {found} → {}, {}",
            count(steps, "step"),
            count(runs, "run")
        ));
    }

    /// Remembers the first failure.
    fn note(&self, result: Result<(), BrokenOff>) {
        let mut state = self.state();
        if state.result.is_ok() {
            state.result = result;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path from the working folder, if it is below that.
fn relative(file: &Path) -> &Path {
    file.strip_prefix(project::absolute(Path::new("."))).unwrap_or(file)
}

/// Sequences a second.
#[expect(clippy::cast_precision_loss, reason = "a figure for a person")]
pub(crate) fn rate(cases: u64, took: Duration) -> f64 {
    cases as f64 / took.as_secs_f64().max(0.001)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use std::{
        io::{self, Write},
        sync::mpsc::{SyncSender, sync_channel},
    };

    use super::*;

    /// Gives each line to a channel. A line that isn't wanted any more can't be written.
    struct Lines(SyncSender<String>);

    impl Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let line = String::from_utf8_lossy(text).into_owned();
            self.0.send(line).map_err(|_| io::ErrorKind::BrokenPipe.into()).map(|()| text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn without_a_terminal_a_line_says_again_and_again_how_far_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("e2e.conf"),
            "services: { users: { base_url: 'http://localhost:1' } }\n",
        )
        .unwrap();
        let project = Project::read(Some(&folder.path().join("e2e.conf")), &[]).unwrap();
        let (interrupt, kept, file) = (Interrupt::default(), Again::default(), Path::new("a.yaml"));
        let mut search = Search::new(&interrupt, &project, &kept, PathBuf::new(), file, Seed(1));
        assert_eq!(search.of_cell(0), "a-1-1", "the first cell is cell 1");
        let (lines, written) = sync_channel(0);
        search.line = ProgressLine::repeated(Lines(lines), Duration::ZERO);
        let explored =
            Progress::Explored { cases: 12, took: Duration::from_secs(2), covered: 3, coverable: 4 };
        let faults = "lost reply at client -> shop".to_owned();
        for (event, expected) in [
            (explored, "a.yaml: 12 sequences held, 6 a second; 3 of 4 operations, faults and kills covered"),
            (
                Progress::CellStarted { cell: 1, of: 14, faults },
                "a.yaml: cell 2 of 14: lost reply at client -> shop",
            ),
            (Progress::Repeated { runs: 3, of: 10 }, "checking that it fails again: 3 of 10 runs"),
            (Progress::Tried { runs: 37, steps: 6 }, "making it smaller: 6 → 6 steps, 37 runs"),
        ] {
            search.tell(event);
            assert_eq!(
                written.iter().take(1_000).filter(|line| line == expected).take(2).count(),
                2,
                "{expected}"
            );
        }
        // The thread of the line may wait to write one more.
        drop(written);
    }
}
