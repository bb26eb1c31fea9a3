//! The files on disk that a scenario names.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use scenario::Files;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// The files of this machine, with paths relative to the working folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, String> {
        let content = content(path).map_err(|error| error.to_string())?;
        if content.len() as u64 > LARGEST {
            return Err(format!("it has more than {} MiB", LARGEST >> 20));
        }
        Ok(content.into())
    }
}

/// The content up to one byte more than is read.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut content)?;
    Ok(content)
}
