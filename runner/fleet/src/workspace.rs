use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{guardian::Guardian, shared_folder::SharedFolders};

/// The folders that all worlds of a fleet use, and the guardian that cleans up in them.
pub(crate) struct Workspace {
    /// Owns the folder for data, below which each world has its own.
    pub(crate) guardian: Arc<Guardian>,
    /// The configuration's folder, in which commands run.
    pub(crate) folder: PathBuf,
    /// The working folders that several worlds share.
    pub(crate) shared: Arc<SharedFolders>,
}

impl Workspace {
    /// The folder for data will be below `data`, or in the system's folder for temporary files.
    pub(crate) fn new(configuration: &Path, data: Option<&Path>) -> io::Result<Self> {
        let folder = configuration.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let guardian = Arc::new(Guardian::new(data));
        Ok(Self { folder: std::path::absolute(folder)?, guardian, shared: Arc::default() })
    }
}
