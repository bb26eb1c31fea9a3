//! A disk that loses what isn't synced when its service crashes.

use std::io;
use std::sync::{Arc, Mutex};

/// Disk in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedDisk(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    written: Vec<u8>,
    synced: Vec<u8>,
    /// Number of syncs until one fails, if one is to; `u32::MAX` once one has.
    syncs_left: Option<u32>,
}

impl SharedDisk {
    /// The disk after a crash.
    pub(crate) fn after_crash(&self) -> Self {
        let synced = self.0.lock().unwrap().synced.clone();
        Self(Arc::new(Mutex::new(Content { written: synced.clone(), synced, syncs_left: None })))
    }

    /// Fails every sync after this number of them.
    pub(crate) fn fail_after(&self, syncs: u32) {
        self.0.lock().unwrap().syncs_left = Some(syncs);
    }

    /// Whether a sync failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.lock().unwrap().syncs_left == Some(u32::MAX)
    }
}

impl redb::StorageBackend for SharedDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&content.written[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().written.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.0.lock().unwrap();
        match &mut content.syncs_left {
            None => {}
            Some(u32::MAX) => return Err(io::Error::other("the disk is gone")),
            Some(0) => {
                content.syncs_left = Some(u32::MAX);
                return Err(io::Error::other("the disk is gone"));
            }
            Some(left) => *left -= 1,
        }
        let Content { written, synced, .. } = &mut *content;
        synced.clone_from(written);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        self.0.lock().unwrap().written[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}
