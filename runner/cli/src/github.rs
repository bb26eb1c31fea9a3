//! GitHub Actions: annotations among the output, and the summary of the job.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use report::{GithubPaths, RunRecord, annotations, job_summary};
use verdict::{BrokenOff, Output};

use crate::{interrupt::Interrupt, masked::masked, output::write, project::absolute};

/// Where GitHub finds files; `None` outside of its Actions.
pub(crate) fn paths() -> Option<GithubPaths> {
    let is_there = env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    let repository = env::var_os("GITHUB_WORKSPACE").map(Into::into);
    is_there.then(|| GithubPaths { here: absolute(Path::new(".")), repository })
}

/// Annotates what failed, and adds to the summary of the job, in GitHub Actions. `again` is the command that repeats what
/// didn't pass.
pub(crate) fn tell(record: &RunRecord, again: Option<&str>, interrupt: &Interrupt) -> Result<(), BrokenOff> {
    if let Some(paths) = paths() {
        write(&annotations(record, &paths), interrupt)?;
    }
    let Some(file) = env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else {
        return Ok(());
    };
    let file = Path::new(&file);
    append(file, &masked(&job_summary(record, again))).map_err(|error| BrokenOff::NotWritten {
        what: Output::Report,
        file: Some(file.to_path_buf()),
        error: error.to_string(),
    })
}

/// Adds to a file: other steps of the job have written to it.
fn append(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(file)?.write_all(text.as_bytes())
}
