//! A database whose making was interrupted.
//!
//! redb makes a new file as long as it needs, writes its header, syncs, and writes the magic number last. When the power
//! is cut before that, a file is left that redb takes for somebody else's, for ever. Nothing was recorded in it, so it is made
//! anew. What has no magic number but anything behind its header is left alone: that may be a damaged database.

use std::{fs::OpenOptions, io, os::unix::fs::FileExt, path::Path};

use redb::StorageBackend;

/// Bytes of the magic number, at the beginning.
const MAGIC: usize = 9;
/// Where the header's page ends.
const HEADER: usize = 4_096;

/// Empties the file if a database was begun in it and not finished.
pub(super) fn discard_file(path: &Path) -> io::Result<()> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    // Whoever holds the lock may be making it this moment; redb will say that it is taken.
    if file.try_lock().is_ok()
        && is_unfinished(file.metadata()?.len(), |at, out| file.read_exact_at(out, at))?
    {
        tracing::warn!(path = %path.display(), "the making of the database was interrupted; it is made anew");
        file.set_len(0)?;
        file.sync_data()?;
    }
    Ok(())
}

/// The same on a simulated disk.
pub(super) fn discard(disk: &dyn StorageBackend) -> io::Result<()> {
    if is_unfinished(disk.len()?, |at, out| disk.read(at, out))? {
        disk.set_len(0)?;
        disk.sync_data()?;
    }
    Ok(())
}

fn is_unfinished(len: u64, read: impl Fn(u64, &mut [u8]) -> io::Result<()>) -> io::Result<bool> {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let mut magic = [0; MAGIC];
    let begun = usize::try_from(len).map_or(MAGIC, |len| len.min(MAGIC));
    read(0, &mut magic[..begun])?;
    if len == 0 || !is_zero(&magic) {
        return Ok(false);
    }
    let mut page = [0; HEADER];
    for at in (0..len).step_by(HEADER).skip(1) {
        let rest = usize::try_from(len - at).map_or(HEADER, |rest| rest.min(HEADER));
        read(at, &mut page[..rest])?;
        if !is_zero(&page[..rest]) {
            return Ok(false);
        }
    }
    Ok(true)
}
