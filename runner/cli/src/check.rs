//! The command `check`: reads and checks everything, and starts nothing.

use std::collections::BTreeSet;

use report::{count, thin_line};

use crate::{
    Exit, Project,
    arguments::Check,
    output::{print, show_mistakes},
    project::Purpose,
    thin,
};

/// Checks the files that the command line names.
pub(crate) fn check(arguments: &Check) -> Exit {
    let project =
        match Project::read_for(Purpose::Look, arguments.configuration.file.as_deref(), &arguments.paths) {
            Ok(project) => project,
            Err(mistakes) => return show_mistakes(&mistakes),
        };
    let nothing = project.scenarios.is_empty() && project.explorations.is_empty();
    let told = if nothing {
        "Nothing to check: no scenario and no exploration was found.\n".to_owned()
    } else {
        let sources: BTreeSet<_> =
            project.scenarios.iter().flat_map(|scenario| scenario.sources.iter()).collect();
        let counts = [
            (project.scenarios.len(), "scenario"),
            (project.explorations.len(), "exploration"),
            (project.configuration.invariants.len(), "invariant"),
            (sources.len(), "other file"),
        ];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> = counts.map(|(number, noun)| count(number, noun)).collect();
        format!("{}: no mistakes in {}\n", project.configuration.file.display(), counts.join(", "))
    };
    let thin = thin::not_included(&project).into_iter().map(|thin| thin_line(&thin.with_help()));
    let told = [told].into_iter().chain(thin).collect::<Vec<_>>().concat();
    print(&told, if nothing { Exit::NothingRan } else { Exit::Passed })
}
