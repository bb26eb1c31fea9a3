//! The folder in which the data and the logs of a failed scenario are kept.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use scenario::Secrets;

/// How many folders of one scenario are kept.
const MOST: u32 = 1000;

/// Where a world's folder is moved when its scenario fails.
#[derive(Debug)]
pub(crate) struct KeptFolder {
    root: PathBuf,
    /// The scenario's name, as part of a path.
    name: String,
    /// Exists and is empty until the world's folder is moved there.
    reserved: OnceLock<PathBuf>,
}

impl KeptFolder {
    /// A folder below `root` named after a scenario. It isn't created yet.
    pub(crate) fn new(root: &Path, scenario: &str) -> Self {
        Self { root: root.to_owned(), name: folder_name(scenario), reserved: OnceLock::new() }
    }

    /// Creates the folder, and returns its path from the root of the file system.
    pub(crate) fn reserve(&self) -> io::Result<&Path> {
        if let Some(reserved) = self.reserved.get() {
            return Ok(reserved);
        }
        fs::create_dir_all(&self.root)?;
        let root = fs::canonicalize(&self.root)?;
        for number in 1..MOST {
            let name = if number == 1 { self.name.clone() } else { format!("{}-{number}", self.name) };
            match fs::create_dir(root.join(&name)) {
                Ok(()) => return Ok(self.reserved.get_or_init(|| root.join(name))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Moves a world's folder there, if it was reserved. No process may use it any more.
    /// Its logs are kept without secrets.
    pub(crate) fn fill(&self, folder: &Path, secrets: &Secrets) -> io::Result<()> {
        let Some(reserved) = self.reserved.get() else { return Ok(()) };
        if !secrets.is_empty() {
            mask_logs(folder, secrets)?;
        }
        fs::rename(folder, reserved)
    }
}

/// Masks secrets in the logs that lie in a folder, each a file beside the data of its service.
fn mask_logs(folder: &Path, secrets: &Secrets) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.is_file() {
            let content = fs::read(&file)?;
            if let Cow::Owned(masked) = secrets.mask_bytes(&content) {
                fs::write(&file, masked)?;
            }
        }
    }
    Ok(())
}

/// Turns a scenario's name into a folder's: letters and digits, at most 80, with dashes for the rest.
fn folder_name(scenario: &str) -> String {
    const LONGEST: usize = 80;
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    scenario.chars().map(plain).take(LONGEST).collect()
}
