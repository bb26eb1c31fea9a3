//! What cleans up after a runner that couldn't do it itself.

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

/// A folder for everything that a fleet stores, and a small process beside the runner that knows the process groups
/// of all services. When the runner is gone, however it ended (SIGKILL too), that process reads the end of its input,
/// kills the groups and removes the folder. The alternative, `PR_SET_PDEATHSIG`, is Linux's alone, reaches only the
/// direct child, and can't be asked for in safe Rust.
#[derive(Debug)]
pub(crate) struct Guardian {
    folder: TempDir,
    watcher: Child,
    told: Mutex<Option<ChildStdin>>,
}

/// It ignores what a terminal sends when its window is closed or Ctrl-C is typed: it ends when the runner has ended.
const WATCH: &str = r#"
trap '' HUP INT TERM
groups=' '
while read -r what group; do
  case $what in
    watch) groups="$groups$group " ;;
    forget) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
rm -rf -- "$1"
"#;

impl Guardian {
    /// A fresh folder below `root` (that for temporary files if there is none), and a guardian for it.
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
        let mut watcher = Command::new("sh")
            .args(["-c", WATCH, "runner-guardian"])
            .arg(folder.path())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let told = Mutex::new(watcher.stdin.take());
        Ok(Self { folder, watcher, told })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// From now on, this group dies with the runner.
    pub(crate) fn watch(&self, group: Pid) -> io::Result<()> {
        self.tell("watch", group)
    }

    /// The group is gone, and its number may become somebody else's.
    pub(crate) fn forget(&self, group: Pid) -> io::Result<()> {
        self.tell("forget", group)
    }

    fn tell(&self, what: &str, group: Pid) -> io::Result<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = told.as_mut().expect("it is closed on drop only");
        pipe.write_all(format!("{what} {}\n", group.as_raw_nonzero()).as_bytes())
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.told.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Err(error) = self.watcher.wait() {
            tracing::warn!(%error, "the guardian's end can't be waited for");
        }
    }
}
