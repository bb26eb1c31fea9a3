//! Tells when files may have changed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};
use tokio::sync::Notify;
use verdict::{BrokenOff, Resource};

use crate::project::{absolute, canonical};

/// How long nothing may change until a change is told: a save is several changes, of a temporary file, its name and the file.
const QUIET: Duration = Duration::from_millis(10);

/// Watches folders, and tells of changes to the files that matter. It works on threads of its own, in real time, so that it also
/// serves a runtime with a virtual clock and without sockets.
pub(crate) struct FileWatcher {
    watcher: RecommendedWatcher,
    matters: Arc<Mutex<Matters>>,
    /// Has a permit once something has changed since the last wait.
    changed: Arc<Notify>,
}

/// What is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Matters {
    /// Files, whether they exist or not.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Folders in which all YAML files matter, also those in folders within.
    pub(crate) folders: BTreeSet<PathBuf>,
}

impl Matters {
    /// Whether a file or folder at this path may matter. What is gone may have been a folder of files that do.
    fn has(&self, path: &Path) -> bool {
        let is_within = || self.folders.iter().any(|folder| path.starts_with(folder));
        let is_yaml = || path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        self.files.contains(path) || (is_within() && (is_yaml() || !path.is_file()))
    }

    /// The same with the paths that the system tells: without symbolic links in their folders.
    fn resolved(&self) -> Self {
        let file = |file: &PathBuf| {
            let file = absolute(file);
            match (file.parent(), file.file_name()) {
                (Some(folder), Some(name)) => canonical(folder).join(name),
                _ => file,
            }
        };
        let files = self.files.iter().map(file).collect();
        Self { files, folders: self.folders.iter().map(|folder| canonical(folder)).collect() }
    }
}

impl FileWatcher {
    /// A watcher that watches nothing yet.
    pub(crate) fn start() -> Result<Self, BrokenOff> {
        let (matters, changed) = <(Arc<Mutex<Matters>>, Arc<Notify>)>::default();
        let (events, received) = channel();
        let known = Arc::clone(&matters);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An event that couldn't be read may have been any.
            let may_matter = event.map_or(true, |event| {
                is_change(event.kind) && event.paths.iter().any(|path| lock(&known).has(path))
            });
            if may_matter {
                // The receiver ends with the watcher, which calls this.
                let _ = events.send(());
            }
        });
        let watcher = watcher.map_err(|error| unavailable(&error))?;
        let told = Arc::clone(&changed);
        thread::spawn(move || tell_when_quiet(&received, &told));
        Ok(Self { watcher, matters, changed })
    }

    /// Watches these files and folders from now on. Returns whether they are others than before: they may have changed
    /// unseen until now.
    pub(crate) fn watch(&mut self, matters: &Matters) -> Result<bool, BrokenOff> {
        let matters = matters.resolved();
        // Again, also those that are watched: a folder may have been replaced by another one of the same name.
        for folder in &matters.folders {
            self.watch_folder(folder, RecursiveMode::Recursive)?;
        }
        let around: BTreeSet<&Path> = matters.files.iter().filter_map(|file| file.parent()).collect();
        for folder in around {
            if !matters.folders.iter().any(|within| folder.starts_with(within)) {
                self.watch_folder(folder, RecursiveMode::NonRecursive)?;
            }
        }
        let mut known = lock(&self.matters);
        let is_new = *known != matters;
        *known = matters;
        Ok(is_new)
    }

    /// A folder that doesn't exist can't be watched, and a file in it is a mistake of what names it.
    fn watch_folder(&mut self, folder: &Path, mode: RecursiveMode) -> Result<(), BrokenOff> {
        match self.watcher.watch(folder, mode) {
            Err(error) if folder.is_dir() => Err(unavailable(&error)),
            _ => Ok(()),
        }
    }

    /// Waits until something has changed since the last call.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

fn lock(matters: &Mutex<Matters>) -> MutexGuard<'_, Matters> {
    matters.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(error: &notify::Error) -> BrokenOff {
    BrokenOff::System { need: Resource::FileChanges, error: error.to_string() }
}

/// Whether what a file holds may be different now, and complete.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        // Linux also tells when the writer closes the file, and only then it is complete.
        EventKind::Modify(ModifyKind::Data(_)) => !cfg!(target_os = "linux"),
        EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

/// Tells of changes once no other has followed for a while, until the watcher is dropped.
fn tell_when_quiet(events: &Receiver<()>, changed: &Notify) {
    while events.recv().is_ok() {
        while events.recv_timeout(QUIET).is_ok() {}
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_files_in_folders_and_named_files_matter() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("scenarios")).expect("a folder");
        for file in ["e2e.conf", "notes.txt", "scenarios/notes.txt"] {
            std::fs::write(at(file), "").expect("it can be written");
        }
        let matters =
            Matters { files: [at("e2e.conf"), at("users.csv")].into(), folders: [at("scenarios")].into() };
        let check = |name: &str, expected: bool| assert_eq!(matters.has(&at(name)), expected, "{name}");
        check("e2e.conf", true);
        check("users.csv", true);
        check("notes.txt", false);
        check("other.yaml", false);
        check("scenarios/deep/a.yaml", true);
        check("scenarios/a.yml", true);
        check("scenarios/notes.txt", false);
        check("scenarios", true);
        check("scenarios/gone", true);
    }
}
