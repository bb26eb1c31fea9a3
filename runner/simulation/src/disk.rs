//! A disk that loses unsynced writes when its power is cut.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use fault::Seed;

use crate::file_image::{Change, FileImage, Page, span};

/// Bytes that a disk writes as a whole or not at all. A torn write ends at a multiple of it.
const SECTOR: usize = 512;

/// A handle to a disk with one file on it. Clones share it.
///
/// The methods have the shapes of a storage backend's. Offsets and lengths are in bytes; positions that were never
/// written are zero. A handle is valid until the next [`Disk::crash`] or [`Disk::remount`]. After that its methods
/// fail and change nothing, so that a task of the former process, not dropped yet, does no harm.
#[derive(Debug, Clone)]
pub struct Disk {
    drive: Arc<Mutex<Drive>>,
    mount: u64,
}

/// A fault in one operation of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// The operation fails and does nothing, and later ones succeed. Unsynced writes stay readable, and may be lost in
    /// a crash.
    Failure,
    /// The power is cut before the operation does anything: the process on this disk is killed.
    PowerCut(UnsyncedWrites),
}

/// Which unsynced writes survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsyncedWrites {
    /// None of them.
    Lost,
    /// Some of them, drawn with this seed as in [`Disk::crash`].
    Random(Seed),
}

struct Drive {
    /// The file as it is read now, unsynced writes included.
    file: FileImage,
    /// The pages that changed since the last sync, as they were then; `None` for a page that did not exist.
    synced: BTreeMap<u64, Option<Page>>,
    /// The length of the file at the last sync.
    synced_len: u64,
    /// The changes since the last sync, in order.
    unsynced: Vec<Change>,
    /// The number of the valid handles: those of earlier mounts fail.
    mount: u64,
    /// The number of writes, changes of length and syncs so far.
    operations: u64,
    /// A fault, and the number of the operation that it happens in.
    fault: Option<(u64, DiskFault)>,
    on_power_cut: Option<OnPowerCut>,
    random: ChaCha8Rng,
}

type OnPowerCut = Arc<dyn Fn() + Send + Sync>;

impl Disk {
    /// Makes an empty disk. The seed decides what survives its crashes.
    pub fn new(seed: Seed) -> Self {
        let drive = Drive {
            file: FileImage::default(),
            synced: BTreeMap::new(),
            synced_len: 0,
            unsynced: Vec::new(),
            mount: 0,
            operations: 0,
            fault: None,
            on_power_cut: None,
            random: ChaCha8Rng::seed_from_u64(seed.0),
        };
        Self { drive: Arc::new(Mutex::new(drive)), mount: 0 }
    }

    /// Returns the length of the file in bytes.
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.mounted()?.file.len())
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` with the bytes at `offset`. Fails beyond the end of the file.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.mounted()?.file.read(offset, out)
    }

    /// Makes the file longer, with zeros, or shorter. Lost in a crash unless synced.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(|drive| drive.change(Change::Len(len)))
    }

    /// Writes `data` at `offset`; a write beyond the end makes the file longer. Lost in a crash unless synced.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate(|drive| drive.change(Change::Write { offset, data: data.into() }))
    }

    /// Syncs: everything written so far survives a crash.
    pub fn sync_data(&self) -> io::Result<()> {
        self.operate(Drive::sync)
    }

    /// Returns the number of operations so far, over all mounts: writes, changes of length and syncs.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Lets `operations` more operations succeed and the next one meet `fault`. Replaces an earlier fault that has not
    /// happened yet.
    pub fn fail_after(&self, operations: u64, fault: DiskFault) -> io::Result<()> {
        let mut drive = self.mounted()?;
        drive.fault = Some((drive.operations + operations + 1, fault));
        Ok(())
    }

    /// Has `kill` called in a power cut, from within the operation. When it returns, the process that used the disk
    /// must have ended.
    pub(crate) fn on_power_cut(&self, kill: impl Fn() + Send + Sync + 'static) {
        self.lock().on_power_cut = Some(Arc::new(kill));
    }

    /// Cuts the power. Synced writes survive. Of the others the seed draws which do, either the first ones or any of
    /// them, and whether the last survivor is torn. Returns the new handle.
    #[must_use = "all other handles are invalid"]
    pub fn crash(&self) -> Self {
        let mut drive = self.lock();
        let survivors = drive.draw_survivors();
        drive.lose_unsynced(survivors);
        self.next_mount(&mut drive)
    }

    /// Ends the process, but not the machine: unsynced writes are still there, and still unsynced. Returns the new
    /// handle.
    #[must_use = "all other handles are invalid"]
    pub fn remount(&self) -> Self {
        self.next_mount(&mut self.lock())
    }

    fn next_mount(&self, drive: &mut Drive) -> Self {
        drive.mount += 1;
        Self { drive: Arc::clone(&self.drive), mount: drive.mount }
    }

    /// Performs a write, change of length or sync, unless its fault is due.
    fn operate(&self, operation: impl FnOnce(&mut Drive)) -> io::Result<()> {
        let mut drive = self.mounted()?;
        drive.operations += 1;
        let number = drive.operations;
        let Some((_, fault)) = drive.fault.take_if(|(due, _)| *due == number) else {
            operation(&mut drive);
            return Ok(());
        };
        if let DiskFault::PowerCut(unsynced) = fault {
            let survivors = match unsynced {
                UnsyncedWrites::Lost => Vec::new(),
                UnsyncedWrites::Random(seed) => {
                    drive.random = ChaCha8Rng::seed_from_u64(seed.0);
                    drive.draw_survivors()
                }
            };
            drive.lose_unsynced(survivors);
            drive.mount += 1;
            let on_power_cut = drive.on_power_cut.clone();
            // Killing the process may use the disk, which would wait for this lock.
            drop(drive);
            if let Some(kill) = on_power_cut {
                kill();
            }
        }
        Err(io::Error::other("the simulated disk failed"))
    }

    fn lock(&self) -> MutexGuard<'_, Drive> {
        self.drive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drive, if this handle is still valid.
    fn mounted(&self) -> io::Result<MutexGuard<'_, Drive>> {
        let drive = self.lock();
        if drive.mount == self.mount {
            Ok(drive)
        } else {
            Err(io::Error::other("the process that had this disk open is dead"))
        }
    }
}

impl Drive {
    fn change(&mut self, change: Change) {
        let Self { file, synced, .. } = self;
        file.apply(&change, &mut |index, before| {
            synced.entry(index).or_insert_with(|| before.cloned());
        });
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        self.synced.clear();
        self.unsynced.clear();
        self.synced_len = self.file.len();
    }

    /// Goes back to the last sync, and applies these changes to it.
    fn lose_unsynced(&mut self, survivors: Vec<Change>) {
        self.file.restore(std::mem::take(&mut self.synced), self.synced_len);
        for change in survivors {
            self.file.apply(&change, &mut |_, _| {});
        }
        self.sync();
    }

    /// Draws which of the unsynced changes survive.
    fn draw_survivors(&mut self) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.unsynced);
        if self.coin() {
            // The disk wrote in order, up to some change.
            let kept = self.below(changes.len() + 1);
            changes.truncate(kept);
        } else {
            // The disk reordered the changes.
            changes.retain(|_| self.coin());
        }
        if self.coin()
            && let Some(Change::Write { offset, data }) = changes.last_mut()
        {
            let within = usize::try_from(*offset % span(0, SECTOR)).expect("a sector is small");
            let to_sector = SECTOR - within;
            let sectors = 1 + data.len().saturating_sub(to_sector).div_ceil(SECTOR);
            let kept = self.below(sectors) + 1;
            let end = (to_sector + (kept - 1) * SECTOR).min(data.len());
            *data = data[..end].into();
        }
        changes
    }

    fn coin(&mut self) -> bool {
        self.random.next_u64().is_multiple_of(2)
    }

    /// Draws a number from 0 to `limit - 1`.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("lengths fit 64 bits");
        usize::try_from(self.random.next_u64() % limit).expect("it is below a length")
    }
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drive")
            .field("len", &self.file.len())
            .field("mount", &self.mount)
            .field("operations", &self.operations)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
