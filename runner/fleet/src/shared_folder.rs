//! Notices files that services write where services of other worlds run, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::notice::{Notice, NoticeSink};

/// The working folders that several worlds of a fleet share.
#[derive(Debug, Default)]
pub(crate) struct SharedFolders(Mutex<BTreeMap<PathBuf, Sharing>>);

/// How worlds share one folder.
#[derive(Debug, Default)]
struct Sharing {
    worlds: usize,
    /// Whether two worlds have used it at the same time since `before` was listed.
    overlapped: bool,
    is_told: bool,
    before: Files,
}

/// The files of a folder, not those of folders in it: with size and time of the last change.
type Files = BTreeMap<OsString, (u64, Option<SystemTime>)>;

/// A world's use of working folders, until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderUse {
    shared: Arc<SharedFolders>,
    folders: BTreeSet<PathBuf>,
    notices: NoticeSink,
}

impl SharedFolders {
    /// A world's services run in these folders from now on.
    pub(crate) fn enter(self: &Arc<Self>, folders: BTreeSet<PathBuf>, notices: NoticeSink) -> FolderUse {
        for folder in &folders {
            let mut all = self.lock();
            let sharing = all.entry(folder.clone()).or_default();
            if sharing.worlds == 0 && !sharing.is_told {
                sharing.before = files(folder);
                sharing.overlapped = false;
            }
            sharing.worlds += 1;
            sharing.overlapped |= sharing.worlds > 1;
        }
        FolderUse { shared: Arc::clone(self), folders, notices }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Sharing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FolderUse {
    fn drop(&mut self) {
        for folder in &self.folders {
            let mut all = self.shared.lock();
            let sharing = all.get_mut(folder).expect("it was entered");
            sharing.worlds -= 1;
            if sharing.is_told || !sharing.overlapped {
                continue;
            }
            let changed = |(name, state): &(_, _)| sharing.before.get(name) != Some(state);
            if let Some((name, _)) = files(folder).into_iter().find(changed) {
                sharing.is_told = true;
                self.notices.send(Notice::SharedFolder { file: folder.join(name) });
            }
        }
    }
}

/// A folder that can't be read has no files: this only finds what to warn of.
fn files(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let file = |entry: fs::DirEntry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((entry.file_name(), (metadata.len(), metadata.modified().ok())))
    };
    entries.filter_map(file).collect()
}
