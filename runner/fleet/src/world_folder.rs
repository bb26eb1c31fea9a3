use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
};

use tempfile::TempDir;

use crate::guardian::Guardian;

/// The folder of one world. It is created once it is needed, and removed when this is dropped.
#[derive(Debug)]
pub(crate) struct WorldFolder {
    guardian: Arc<Guardian>,
    created: OnceLock<TempDir>,
}

impl WorldFolder {
    /// A folder below the guardian's.
    pub(crate) fn new(guardian: &Arc<Guardian>) -> Self {
        Self { guardian: Arc::clone(guardian), created: OnceLock::new() }
    }

    /// Its path; it is created unless it exists.
    pub(crate) fn path(&self) -> io::Result<&Path> {
        if let Some(created) = self.created() {
            return Ok(created);
        }
        let created = tempfile::Builder::new().prefix("world-").tempdir_in(self.guardian.folder()?)?;
        Ok(self.created.get_or_init(|| created).path())
    }

    /// Its path, if it exists.
    pub(crate) fn created(&self) -> Option<&Path> {
        self.created.get().map(TempDir::path)
    }
}
