//! The command `review`: shows the snapshots that differ, and accepts or rejects each.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use report::{PendingSnapshot, count, pending_snapshots};
use scenario::{Configuration, Scenario};
use verdict::{BrokenOff, Output};

use crate::{
    Exit, Mistakes, Project,
    arguments::Review,
    disk_files::DiskFiles,
    interrupt::Interrupt,
    output::{print, show_broken_off, show_mistakes, write},
    project::{self, configuration},
    search::relative,
    snapshots::{self, folder},
};

/// What a person decides about a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    /// It is left for another time.
    Skip,
    /// It and all others are left for another time.
    Quit,
}

/// How many snapshots were decided about in which way.
#[derive(Debug, Default)]
struct Decided {
    accepted: usize,
    rejected: usize,
    left: usize,
}

/// Reviews the snapshots of a project.
pub(crate) fn review(arguments: &Review) -> Exit {
    let configuration =
        match configuration(arguments.configuration.file.as_deref(), &[], &DiskFiles::default()) {
            Ok(configuration) => configuration,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
    let Some(folder) = folder(&configuration) else {
        let help =
            "write `snapshots: snapshots` into it; the next run then writes a snapshot of each scenario";
        return show_mistakes(&Mistakes::one(configuration.file, "it names no folder of snapshots", help));
    };
    let pending = match pending_snapshots(&folder) {
        Ok(pending) => pending,
        Err(unusable) => {
            let help = "remove it, and run its scenario again";
            return show_mistakes(&Mistakes::one(folder, unusable.to_string(), help));
        }
    };
    let all = pending.len();
    let pending: Vec<PendingSnapshot> =
        pending.into_iter().filter(|one| is_meant(one, &arguments.filter)).collect();
    if pending.is_empty() && all > 0 {
        let told = format!("Nothing is selected: --filter leaves out all of {}.\n", count(all, "snapshot"));
        return print(&told, Exit::NothingRan);
    }
    if pending.is_empty() {
        let missing = missing(arguments, &configuration);
        return print(&nothing_to_review(missing), Exit::Passed);
    }
    match decide_all(arguments, &pending) {
        Ok(Decided { left: 0, .. }) => Exit::Passed,
        Ok(_) => Exit::Failed,
        Err(broken) => show_broken_off(&broken),
    }
}

/// The number of scenarios in the project's folder `scenarios` that have no snapshot yet; 0 where scenarios have mistakes, which the next run tells.
fn missing(arguments: &Review, configuration: &Configuration) -> usize {
    let scenarios = project::folder(configuration).join("scenarios");
    let Ok(project) = Project::read(arguments.configuration.file.as_deref(), &[scenarios]) else { return 0 };
    let file = |scenario: &Scenario| snapshots::file(configuration, scenario);
    project.scenarios.iter().filter_map(|scenario| file(scenario)).filter(|file| !file.exists()).count()
}

fn nothing_to_review(missing: usize) -> String {
    if missing == 0 {
        return "Nothing to review: every snapshot is as accepted.\n".into();
    }
    let scenarios = count(missing, "scenario");
    format!(
        "Nothing to review, but there is no snapshot yet of {scenarios}: `runner` writes the first ones where it doesn't run in CI (`CI` isn't set).\n"
    )
}

/// Whether one of the texts is in a snapshot's name; without any, all are meant.
fn is_meant(pending: &PendingSnapshot, texts: &[String]) -> bool {
    let name = pending.snapshot.to_string_lossy().to_lowercase();
    texts.is_empty() || texts.iter().any(|text| name.contains(&text.to_lowercase()))
}

fn decide_all(arguments: &Review, pending: &[PendingSnapshot]) -> Result<Decided, BrokenOff> {
    let interrupt = Interrupt::default();
    let is_asked = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (mut decided, mut quit) = (Decided::default(), false);
    for (number, one) in pending.iter().enumerate() {
        let decision = match (arguments.accept, arguments.reject) {
            (true, _) => Decision::Accept,
            (_, true) => Decision::Reject,
            _ if quit => Decision::Skip,
            _ => {
                let shown = one.render(relative(&one.snapshot));
                write(&format!("{}{shown}", if number == 0 { "" } else { "\n" }), &interrupt)?;
                if is_asked { ask(number + 1, pending.len(), &interrupt)? } else { Decision::Skip }
            }
        };
        let done = match decision {
            Decision::Accept => one.accept().map(|()| decided.accepted += 1),
            Decision::Reject => one.reject().map(|()| decided.rejected += 1),
            Decision::Skip | Decision::Quit => {
                decided.left += 1;
                Ok(())
            }
        };
        done.map_err(|error| not_written(&one.snapshot, &error))?;
        quit |= decision == Decision::Quit;
        if matches!(decision, Decision::Accept | Decision::Reject) {
            let verb = if decision == Decision::Accept { "accepted" } else { "rejected" };
            write(&format!("{verb} {}\n", relative(&one.snapshot).display()), &interrupt)?;
        }
    }
    write(&summary(&decided, is_asked), &interrupt)?;
    Ok(decided)
}

/// What was decided, and how the rest is.
fn summary(decided: &Decided, was_asked: bool) -> String {
    let Decided { accepted, rejected, left } = *decided;
    let parts = [(accepted, "accepted"), (rejected, "rejected"), (left, "left to review")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let help = if left > 0 && !was_asked { " (accept or reject them with --accept or --reject)" } else { "" };
    format!("\n{}: {}{help}\n", count(accepted + rejected + left, "snapshot"), parts.join(", "))
}

/// Asks on the terminal until the answer is one.
fn ask(number: usize, of: usize, interrupt: &Interrupt) -> Result<Decision, BrokenOff> {
    loop {
        write(&format!("{number}/{of}  [a]ccept, [r]eject, [s]kip, [q]uit? "), interrupt)?;
        io::stdout().flush().map_err(|error| not_written(Path::new("stdout"), &error))?;
        let mut line = String::new();
        // At the end of the input, or where none can be read, no answer will come.
        let is_over = io::stdin().read_line(&mut line).map_or(true, |read| read == 0);
        if let Some(decision) = if is_over { Some(Decision::Quit) } else { answer(&line) } {
            return Ok(decision);
        }
    }
}

/// What a person has typed; `None` if it is no answer.
fn answer(line: &str) -> Option<Decision> {
    match line.trim().to_lowercase().as_str() {
        "a" | "accept" => Some(Decision::Accept),
        "r" | "reject" => Some(Decision::Reject),
        "s" | "skip" => Some(Decision::Skip),
        "q" | "quit" => Some(Decision::Quit),
        _ => None,
    }
}

fn not_written(file: &Path, error: &dyn std::error::Error) -> BrokenOff {
    BrokenOff::NotWritten { what: Output::Snapshot, file: Some(file.to_path_buf()), error: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_word_or_its_first_letter() {
        for (line, expected) in [
            ("a\n", Some(Decision::Accept)),
            ("Reject\n", Some(Decision::Reject)),
            (" s ", Some(Decision::Skip)),
            ("q\r\n", Some(Decision::Quit)),
            ("\n", None),
            ("yes\n", None),
        ] {
            assert_eq!(answer(line), expected, "{line:?}");
        }
    }
}
