//! Cleans up when the runner was killed.

use std::{
    fs,
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use rustix::process::Pid;
use tempfile::TempDir;

use crate::{mark::FleetMark, orphans};

/// Cleans up for a fleet. Nothing is started before there is something to clean up.
#[derive(Debug)]
pub(crate) struct Guardian {
    /// Below which the folder is created; the system's folder for temporary files if `None`.
    root: Option<PathBuf>,
    mark: FleetMark,
    watcher: OnceLock<Watcher>,
}

/// A folder for everything that a fleet stores, and a small shell process that knows the process groups of all
/// services. When the runner ends, also by SIGKILL, that process reads the end of its input, kills the groups and what
/// left them, and removes the folder. The alternative, `PR_SET_PDEATHSIG`, exists on Linux only, reaches only direct children, and
/// needs unsafe code.
#[derive(Debug)]
struct Watcher {
    folder: TempDir,
    process: Child,
    /// Its input; `None` once that is closed.
    input: Mutex<Option<ChildStdin>>,
}

/// The watcher's script. It ignores the signals that a terminal sends on Ctrl-C and when it is closed.
const WATCH: &str = r#"
trap '' HUP INT TERM
groups=' '
while read -r command group; do
  case $command in
    watch) groups="$groups$group " ;;
    forget) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
rounds=0
while [ $rounds -lt 100 ]; do
  found=$(grep -ls -- "$2" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  for file in $found; do file=${file#/proc/}; kill -s KILL "${file%/environ}"; done
  rounds=$((rounds + 1))
done
rm -rf -- "$1"
"#;

impl Guardian {
    /// A guardian whose folder will be below `root`; in the system's folder for temporary files if `None`.
    pub(crate) fn new(root: Option<&Path>) -> Self {
        Self { root: root.map(Path::to_owned), mark: FleetMark::new(), watcher: OnceLock::new() }
    }

    /// Starts its watcher, unless it runs. Called before a fleet starts its first process.
    pub(crate) fn start(&self) -> io::Result<()> {
        self.watcher().map(drop)
    }

    /// The folder that is removed in the end.
    pub(crate) fn folder(&self) -> io::Result<&Path> {
        self.watcher().map(|watcher| watcher.folder.path())
    }

    /// What marks the processes that are killed in the end.
    pub(crate) fn mark(&self) -> &FleetMark {
        &self.mark
    }

    /// Has the group killed when the runner ends.
    pub(crate) fn watch(&self, group: Pid) -> io::Result<()> {
        self.watcher()?.send("watch", group)
    }

    /// Undoes [`Guardian::watch`]: the group has ended, and its number may be used again.
    pub(crate) fn forget(&self, group: Pid) -> io::Result<()> {
        self.watcher()?.send("forget", group)
    }

    fn watcher(&self) -> io::Result<&Watcher> {
        if let Some(watcher) = self.watcher.get() {
            return Ok(watcher);
        }
        let started = Watcher::start(self.root.as_deref(), &self.mark)?;
        // Another thread may have been faster: then this one ends again.
        Ok(self.watcher.get_or_init(|| started))
    }
}

impl Watcher {
    fn start(root: Option<&Path>, mark: &FleetMark) -> io::Result<Self> {
        let mut named = tempfile::Builder::new();
        named.prefix("runner-");
        let folder = match root {
            Some(root) => {
                fs::create_dir_all(root)?;
                named.tempdir_in(fs::canonicalize(root)?)?
            }
            None => named.tempdir()?,
        };
        orphans::become_subreaper()?;
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCH, "runner-guardian"])
            .arg(folder.path())
            .arg(mark.assignment())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = orphans::start(|| command.spawn(), Pid::from_child)?;
        let input = Mutex::new(process.stdin.take());
        Ok(Self { folder, process, input })
    }

    fn send(&self, command: &str, group: Pid) -> io::Result<()> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = input.as_mut().expect("it is closed on drop only");
        pipe.write_all(format!("{command} {}\n", group.as_raw_nonzero()).as_bytes())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.input.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Err(error) = self.process.wait() {
            tracing::warn!(%error, "failed to wait for the guardian");
        }
        orphans::forget(Pid::from_child(&self.process));
    }
}
