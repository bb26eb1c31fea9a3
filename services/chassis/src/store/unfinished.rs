//! Databases whose creation was interrupted.
//!
//! redb grows a new file, writes its header, syncs, and writes the magic number last. When the power is cut before that,
//! redb refuses the file from then on, as one of another format. Nothing was recorded in it, so it is created anew. A
//! file without a magic number that has data behind its header is left alone: it may be a damaged database.

use std::{fs::OpenOptions, io, os::unix::fs::FileExt, path::Path};

use redb::StorageBackend;

/// Bytes of the magic number, at the beginning.
const MAGIC: usize = 9;
/// Bytes of the header's page.
const HEADER: usize = 4_096;

/// Empties the file if the creation of a database in it was interrupted.
pub(super) fn discard_file(path: &Path) -> io::Result<()> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    // A process that holds the lock may be creating it at this moment; redb will report that it is locked.
    if file.try_lock().is_ok()
        && is_unfinished(file.metadata()?.len(), |at, out| file.read_exact_at(out, at))?
    {
        tracing::warn!(path = %path.display(), "the creation of the database was interrupted; it is created anew");
        file.set_len(0)?;
        file.sync_data()?;
    }
    Ok(())
}

/// Empties the backend under the same condition.
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
