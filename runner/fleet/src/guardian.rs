//! Cleans up when the runner was killed.

use std::{
    fs,
    io::{self, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::process::Pid;
use tempfile::TempDir;

use crate::{mark::FleetMark, orphans};

/// A folder for everything that a fleet stores, and a small shell process that knows the process groups of all
/// services. When the runner ends, also by SIGKILL, that process reads the end of its input, kills the groups and what
/// left them, and removes the folder. The alternative, `PR_SET_PDEATHSIG`, exists on Linux only, reaches only direct children, and
/// needs unsafe code.
#[derive(Debug)]
pub(crate) struct Guardian {
    folder: TempDir,
    mark: FleetMark,
    watcher: Child,
    /// The watcher's input; `None` once it is closed.
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
    /// Creates a folder below `root` (the system's folder for temporary files if `None`), and starts its watcher.
    pub(crate) fn new(root: Option<&Path>) -> io::Result<Self> {
        let mut named = tempfile::Builder::new();
        named.prefix("runner-");
        let folder = match root {
            Some(root) => {
                fs::create_dir_all(root)?;
                named.tempdir_in(fs::canonicalize(root)?)?
            }
            None => named.tempdir()?,
        };
        let mark = FleetMark::new();
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
        let mut watcher = orphans::start(|| command.spawn(), Pid::from_child)?;
        let input = Mutex::new(watcher.stdin.take());
        Ok(Self { folder, mark, watcher, input })
    }

    /// The folder that is removed in the end.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What marks the processes that are killed in the end.
    pub(crate) fn mark(&self) -> &FleetMark {
        &self.mark
    }

    /// Has the group killed when the runner ends.
    pub(crate) fn watch(&self, group: Pid) -> io::Result<()> {
        self.send("watch", group)
    }

    /// Undoes [`Guardian::watch`]: the group has ended, and its number may be used again.
    pub(crate) fn forget(&self, group: Pid) -> io::Result<()> {
        self.send("forget", group)
    }

    fn send(&self, command: &str, group: Pid) -> io::Result<()> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = input.as_mut().expect("it is closed on drop only");
        pipe.write_all(format!("{command} {}\n", group.as_raw_nonzero()).as_bytes())
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.input.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Err(error) = self.watcher.wait() {
            tracing::warn!(%error, "failed to wait for the guardian");
        }
        orphans::forget(Pid::from_child(&self.watcher));
    }
}
