//! `--watch`: runs scenarios, and runs them again when they are saved.

mod changes;
mod file_watcher;
mod kept_worlds;

use std::{
    collections::BTreeSet,
    future::poll_fn,
    path::Path,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::{SystemTime, UNIX_EPOCH},
};

use engine::Event;
use fault::Seed;
use report::{Interruption, WorldKind, count};
use scenario::Scenario;
use verdict::{BrokenOff, Verdict};

use self::{
    changes::{Changes, changes, matters},
    file_watcher::FileWatcher,
    kept_worlds::KeptWorlds,
};
use crate::{
    Exit, Mistakes, Project, Worlds,
    arguments::Run,
    filter::Filter,
    interrupt::Interrupt,
    invocation::Invocation,
    last_run::LastRun,
    load,
    output::{show_broken_off, show_mistakes, show_wrong_arguments, write},
    run::{Opening, ProjectRun, RunView, new_seed},
    service_output::Notices,
};

/// The most changed files that a line names.
const MOST_NAMED: usize = 3;

/// Runs the scenarios that the command line names, and then those that are saved, until it is interrupted. Returns how the
/// last run ended.
pub(crate) fn watch(arguments: &Run, invocation: &Invocation, worlds: &impl Worlds) -> Exit {
    let filters = match arguments.selection.filters() {
        Ok(filters) => filters,
        Err(mistakes) => return show_wrong_arguments(&mistakes),
    };
    let interrupt = Interrupt::listen();
    let worlds = KeptWorlds::new(worlds);
    let watched = FileWatcher::start().and_then(|files| {
        let (known, mistakes, failed) = Default::default();
        let watch = Watch {
            arguments,
            filters: &filters,
            invocation,
            interrupt,
            files,
            worlds: &worlds,
            known,
            mistakes,
            failed,
        };
        worlds.block_on(async {
            let ended = watch.run().await;
            worlds.clear();
            ended
        })
    });
    watched.unwrap_or_else(|broken| show_broken_off(&broken))
}

struct Watch<'a, W: Worlds> {
    arguments: &'a Run,
    filters: &'a [Filter],
    invocation: &'a Invocation,
    interrupt: Interrupt,
    files: FileWatcher,
    worlds: &'a KeptWorlds<'a, W>,
    /// The project as it was read last without mistakes.
    known: Option<Project>,
    /// The mistakes in the files, as they were shown.
    mistakes: Option<Mistakes>,
    /// The names of the scenarios that didn't pass when they ran last.
    failed: Mutex<BTreeSet<String>>,
}

/// A world that is being started for the next run.
type Spare<'a> = Option<Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// What was found when the files were read.
enum Found {
    /// Nothing that has to run.
    Nothing,
    /// Mistakes that weren't there before.
    Mistakes(Mistakes),
    /// All scenarios are to run, in new worlds.
    Everything(Project),
    /// These scenarios are to run.
    Saved(Project),
}

impl<W: Worlds> Watch<'_, W> {
    async fn run(mut self) -> Result<Exit, BrokenOff> {
        let mut spare: Spare<'_> = None;
        let mut last = Exit::NothingRan;
        loop {
            let next = match self.read()? {
                Found::Nothing => None,
                Found::Mistakes(mistakes) => {
                    show_mistakes(&mistakes);
                    self.mistakes = Some(mistakes);
                    self.tell()?;
                    None
                }
                Found::Everything(project) => {
                    spare = None;
                    self.worlds.clear();
                    Some((project, Opening::Project))
                }
                Found::Saved(project) => Some((project, Opening::Nothing)),
            };
            if let Some((project, opening)) = next {
                let exit = beside(&mut spare, self.run_once(&project, opening)).await;
                // A save of what isn't selected leaves the last verdict as it is.
                last = if exit == Exit::NothingRan { last } else { exit };
                self.tell()?;
                let worlds = self.worlds;
                spare.get_or_insert_with(|| Box::pin(worlds.raise_spare()));
            }
            match self.interrupt.unless(beside(&mut spare, self.files.changed())).await {
                Ok(()) => {}
                Err(why @ Interruption::OutputLost) => return Ok(Exit::Interrupted(why)),
                Err(_) if self.mistakes.is_some() => return Ok(Exit::Mistake),
                Err(_) => return Ok(last),
            }
        }
    }

    /// Reads all files, and watches them from now on.
    fn read(&mut self) -> Result<Found, BrokenOff> {
        let named = self.arguments.configuration.named.file.as_deref();
        let paths = &self.arguments.paths;
        self.files.watch(&matters(named, paths, self.known.as_ref()))?;
        let read = loop {
            let read = Project::read(named, paths)
                .and_then(|project| load::check(&project, self.worlds).map(|()| project));
            let known = read.as_ref().ok().or(self.known.as_ref());
            // What wasn't watched before may have changed since it was read.
            if !self.files.watch(&matters(named, paths, known))? {
                break read;
            }
        };
        let project = match read {
            Err(mistakes) if self.mistakes.as_ref() == Some(&mistakes) => return Ok(Found::Nothing),
            Err(mistakes) => return Ok(Found::Mistakes(mistakes)),
            Ok(project) => project,
        };
        let mended = self.mistakes.take();
        let mut ordered = self.failed_first(&project);
        let file = project.configuration.file.as_path();
        let is_of_all = |mistakes: &Mistakes| mistakes.0.iter().any(|mistake| mistake.file.as_path() == file);
        let found = match changes(self.known.as_ref(), &project) {
            // What it holds may be as it was, but services are started from it: they run as it says now.
            Changes::None if mended.as_ref().is_some_and(is_of_all) => {
                self.tell_saved(&[file])?;
                Found::Everything(ordered)
            }
            Changes::None => Found::Nothing,
            Changes::Everything(files) => {
                self.tell_saved(&files)?;
                Found::Everything(ordered)
            }
            Changes::Scenarios { scenarios, files } => {
                self.tell_saved(&files)?;
                ordered.scenarios.retain(|scenario| scenarios.contains(scenario.name.as_str()));
                Found::Saved(ordered)
            }
        };
        self.known = Some(project);
        if mended.is_some() && matches!(found, Found::Nothing) {
            self.tell()?;
        }
        Ok(found)
    }

    /// The project with the scenarios first that didn't pass when they ran last.
    fn failed_first(&self, project: &Project) -> Project {
        let mut project = project.clone();
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        project.scenarios.sort_by_key(|scenario| !failed.contains(&scenario.name));
        project
    }

    async fn run_once(&self, project: &Project, opening: Opening) -> Exit {
        let Self { arguments, invocation, interrupt, worlds, failed, .. } = self;
        let on_event = |event: &Event| {
            let Event::ScenarioEnded { result, .. } = event else { return };
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            match result.verdict {
                Verdict::Passed | Verdict::Skipped(_) => drop(failed.remove(&result.scenario.name)),
                Verdict::Failed(_) | Verdict::BrokenOff(_) => {
                    failed.insert(result.scenario.name.clone());
                }
            }
        };
        let view = RunView { opening, on_event: &on_event };
        let notices = Notices::default();
        let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
        let run = ProjectRun {
            arguments,
            invocation,
            worlds: *worlds,
            project,
            interrupt,
            notices: &notices,
            seed,
            view: &view,
        };
        let choose = |scenarios: &[Arc<Scenario>], last: &LastRun, seed| {
            arguments.selection.choose(scenarios, self.filters, last, seed)
        };
        let ended = run.start(&choose).await;
        notices.show(ended.unwrap_or_else(|broken| show_broken_off(&broken)))
    }

    /// Tells that it watches, unless it is about to end.
    fn tell(&self) -> Result<(), BrokenOff> {
        if self.interrupt.why().is_some() {
            return Ok(());
        }
        let what = match (&self.mistakes, &self.known) {
            (Some(_), _) => "watching until that is mended".to_owned(),
            (None, Some(project)) => {
                let scenarios = count(project.scenarios.len(), "scenario");
                format!("watching {scenarios}{}", self.without_spare(project))
            }
            (None, None) => "watching".to_owned(),
        };
        write(&format!("\n{what}; Ctrl-C ends it\n"), &self.interrupt)
    }

    /// Why the services aren't started before they are needed, where they could be; empty where they are.
    fn without_spare(&self, project: &Project) -> &'static str {
        let services = &project.configuration.services;
        if W::KIND == WorldKind::Simulated || services.iter().all(|service| service.start.is_none()) {
            ""
        } else if self.arguments.output.logs {
            " (with --logs, services are started once a scenario is saved)"
        } else if services.iter().any(|service| service.stub.is_some()) {
            " (with stubs in e2e.conf, services are started once a scenario is saved)"
        } else {
            ""
        }
    }

    /// Tells when what was saved; nothing at the beginning.
    fn tell_saved(&self, files: &[&Path]) -> Result<(), BrokenOff> {
        if files.is_empty() {
            return Ok(());
        }
        let named = files.iter().take(MOST_NAMED).map(|file| file.display().to_string());
        let more = files.len().saturating_sub(MOST_NAMED);
        let more = (more > 0).then(|| format!("{more} more"));
        let files = named.chain(more).collect::<Vec<_>>().join(", ");
        write(&format!("\n{}  saved: {files}\n\n", time_of_day(SystemTime::now())), &self.interrupt)
    }
}

/// Does `work` to its end, and meanwhile starts a spare world.
async fn beside<T>(spare: &mut Spare<'_>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        let started = spare.as_mut().map(|starting| starting.as_mut().poll(context));
        if started == Some(Poll::Ready(())) {
            *spare = None;
        }
        work.as_mut().poll(context)
    })
    .await
}

/// The time of the day in UTC, `07:05:11Z`.
fn time_of_day(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("{:02}:{:02}:{:02}Z", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}
