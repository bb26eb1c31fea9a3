//! The processes of this machine, as `/proc` lists them. Where there is none, it is empty.

use std::{fs, io, path::Path};

use rustix::process::Pid;
use verdict::RemainingProcess;

/// The folder with a folder for each process.
const PROCESSES: &str = "/proc";

/// Every process with its parent.
pub(crate) struct ProcessTable(Vec<Entry>);

struct Entry {
    process: Pid,
    parent: Option<Pid>,
    group: Option<Pid>,
}

/// The process group and the session of a process. One whose leader this process can't see, since it is outside of its
/// container, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) group: Option<Pid>,
    pub(crate) session: Option<Pid>,
}

/// Whether there is a list of processes, with their environments.
pub(crate) fn is_supported() -> bool {
    Path::new(PROCESSES).join("self/environ").exists()
}

/// The ids of all processes.
pub(crate) fn processes() -> io::Result<Vec<Pid>> {
    let process =
        |entry: io::Result<fs::DirEntry>| entry.map(|entry| id(entry.file_name().to_str()?)).transpose();
    fs::read_dir(PROCESSES)?.filter_map(process).collect()
}

/// An id of a process, a group or a session. What has just ended has -1 for some, and what is outside of the container has 0.
fn id(text: &str) -> Option<Pid> {
    text.parse().ok().filter(|id| *id > 0).and_then(Pid::from_raw)
}

/// Those of these processes with this assignment in their environment. That of an ended process is empty.
pub(crate) fn with_environment(assignment: &str, mut among: Vec<Pid>) -> Vec<Pid> {
    let has = |process: &Pid| {
        // The environment of another user's process can't be read.
        let environment = fs::read(file(*process, "environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(assignment)
    };
    among.retain(has);
    among
}

/// Whether it is ending, as one is whose environment has become empty, though it can't be waited for yet.
pub(crate) fn is_ending(process: Pid) -> bool {
    /// `PF_EXITING` in the kernel's `sched.h`.
    const EXITING: u32 = 4;
    let flags = |stat: String| stat.rsplit_once(')')?.1.split_whitespace().nth(6)?.parse().ok();
    let flags: Option<u32> = fs::read_to_string(file(process, "stat")).ok().and_then(flags);
    flags.is_none_or(|flags| flags & EXITING != 0)
}

/// Whether none of its threads runs: it is halted, or it has ended.
pub(crate) fn is_halted(process: Pid) -> bool {
    let state = |stat: String| stat.rsplit_once(')')?.1.trim_start().chars().next();
    let state = fs::read_to_string(file(process, "stat")).ok().and_then(state);
    state.is_none_or(|state| "TtZX".contains(state))
}

/// A process with its command line.
pub(crate) fn described(process: Pid) -> RemainingProcess {
    let words = fs::read(file(process, "cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned();
    RemainingProcess { id: process.as_raw_nonzero().get().unsigned_abs(), command }
}

/// The group and the session of a process; `None` if there is no such process.
///
/// They are read from the list, since rustix takes the system's answer for one outside of the container, 0, for its own mistake.
pub(crate) fn membership(process: Pid) -> Option<Membership> {
    let [_, group, session] = relatives(process)?;
    Some(Membership { group, session })
}

/// The parent, the group and the session of a process.
fn relatives(process: Pid) -> Option<[Option<Pid>; 3]> {
    relatives_in(&fs::read_to_string(file(process, "stat")).ok()?)
}

fn relatives_in(stat: &str) -> Option<[Option<Pid>; 3]> {
    // The name before the last parenthesis may hold anything. After it: state, parent, group, session.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ids = fields.split_whitespace().skip(1).map(id);
    Some([ids.next()?, ids.next()?, ids.next()?])
}

fn file(process: Pid, name: &str) -> String {
    format!("{PROCESSES}/{}/{name}", process.as_raw_nonzero())
}

impl ProcessTable {
    /// Reads it.
    pub(crate) fn read() -> Self {
        let entry = |process| {
            let [parent, group, _] = relatives(process)?;
            Some(Entry { process, parent, group })
        };
        Self(processes().unwrap_or_default().into_iter().filter_map(entry).collect())
    }

    /// The descendants of the leader of a process group that aren't in that group.
    pub(crate) fn descendants_outside_group(&self, leader: Pid) -> Vec<Pid> {
        let mut family = vec![leader];
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(
                self.0.iter().filter(|entry| entry.parent == Some(parent)).map(|entry| entry.process),
            );
            next += 1;
        }
        let is_outside = |process: &Pid| {
            self.0.iter().any(|entry| entry.process == *process && entry.group != Some(leader))
        };
        family.into_iter().skip(1).filter(is_outside).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_or_session_outside_of_the_container_has_no_id() {
        let check = |stat: &str, expected: [i32; 3]| {
            let expected = expected.map(Pid::from_raw);
            assert_eq!(relatives_in(stat), Some(expected), "{stat}");
        };
        check("7 (sh) S 4 7 4 0 -1 4194304", [4, 7, 4]);
        check("7 (a) b) (c) R 4 7 4 0 -1 4194304", [4, 7, 4]);
        check("7 (sh) S 1 7 0 0 -1 4194304", [1, 7, 0]);
        check("7 (sh) Z 0 -1 -1 0 -1 4194304", [0, 0, 0]);
        assert_eq!(relatives_in("7 (sh) S 4"), None);
    }

    #[test]
    fn a_process_that_has_been_reaped_has_no_membership() {
        let own = membership(rustix::process::getpid());
        assert!(own.is_some(), "this process runs");
        let mut child = std::process::Command::new("true").spawn().expect("`true` is a program");
        let pid = Pid::from_child(&child);
        assert_eq!(membership(pid), own);
        child.wait().expect("it ends");
        assert_eq!(membership(pid), None);
    }
}
