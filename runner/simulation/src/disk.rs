//! A disk that loses what wasn't synced when its machine dies.

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

/// What contents are kept by. Only pages that were ever written take memory.
const PAGE: usize = 4096;
/// What a write is torn at: a disk writes a sector as a whole or not at all.
const SECTOR: u64 = 512;

type Page = Arc<[u8; PAGE]>;

/// A handle to a disk with one file on it. Clones share it.
///
/// The methods have the shapes of a storage backend's: offsets and lengths in bytes, positions that were never
/// written are zero. A handle is good until the next [`Disk::crash`] or [`Disk::remount`]; whoever kept it, because
/// its task wasn't dropped yet, gets errors from then on, and changes nothing.
#[derive(Debug, Clone)]
pub struct Disk {
    drive: Arc<Mutex<Drive>>,
    mount: u64,
}

/// What goes wrong in an operation of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It fails and does nothing. The disk works on; what wasn't synced stays readable, and may be lost in a crash.
    Failure,
    /// The machine dies before it does anything, and of what wasn't synced this is left.
    PowerCut(Unsynced),
}

/// What a power cut leaves of what wasn't synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// Nothing.
    Lost,
    /// What chance leaves, as [`Disk::crash`] does; the seed decides.
    ByChance(Seed),
}

struct Drive {
    /// What a reader sees.
    contents: Contents,
    /// How the pages changed since the last sync were then, and how long the file was.
    synced: BTreeMap<u64, Option<Page>>,
    synced_len: u64,
    /// What happened since the last sync.
    unsynced: Vec<Change>,
    /// The handles of this mount are good.
    mount: u64,
    fails_next_sync: bool,
    operations: u64,
    /// What goes wrong in the operation of this number.
    mishap: Option<(u64, Mishap)>,
    /// What else dies in a power cut.
    machine: Option<Machine>,
    chance: ChaCha8Rng,
}

type Machine = Arc<dyn Fn() + Send + Sync>;

#[derive(Debug, Default)]
struct Contents {
    pages: BTreeMap<u64, Page>,
    len: u64,
}

#[derive(Debug)]
enum Change {
    Write { offset: u64, data: Box<[u8]> },
    Len(u64),
}

impl Disk {
    /// An empty disk. The seed decides what survives its crashes.
    pub fn new(seed: Seed) -> Self {
        let drive = Drive {
            contents: Contents::default(),
            synced: BTreeMap::new(),
            synced_len: 0,
            unsynced: Vec::new(),
            mount: 0,
            fails_next_sync: false,
            operations: 0,
            mishap: None,
            machine: None,
            chance: ChaCha8Rng::seed_from_u64(seed.0),
        };
        Self { drive: Arc::new(Mutex::new(drive)), mount: 0 }
    }

    /// The length of the file.
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.mounted()?.contents.len)
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` with what lies at `offset`; an error beyond the file's end.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.mounted()?.contents.read(offset, out)
    }

    /// Makes the file longer (with zeros) or shorter. Lost in a crash unless synced.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(|drive| drive.change(Change::Len(len)))
    }

    /// Writes, beyond the file's end too. Lost in a crash unless synced.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate(|drive| drive.change(Change::Write { offset, data: data.into() }))
    }

    /// Makes everything written so far survive.
    pub fn sync_data(&self) -> io::Result<()> {
        if std::mem::take(&mut self.mounted()?.fails_next_sync) {
            return Err(io::Error::other("the simulated disk failed to sync"));
        }
        self.operate(Drive::settle)
    }

    /// Lets the next sync fail: what was written stays readable, and may be lost in a crash.
    pub fn fail_next_sync(&self) -> io::Result<()> {
        self.mounted()?.fails_next_sync = true;
        Ok(())
    }

    /// How many operations it was asked for over all its mounts: writes, changes of length, and syncs.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Lets this go wrong once so many more operations are done, in the one after them; in place of what was to go
    /// wrong before.
    pub fn upset(&self, after: u64, mishap: Mishap) -> io::Result<()> {
        let mut drive = self.mounted()?;
        drive.mishap = Some((drive.operations + after + 1, mishap));
        Ok(())
    }

    /// Has this called in a power cut, from within the operation: by the time it returns, whoever used the disk has to be dead.
    pub(crate) fn powers(&self, machine: impl Fn() + Send + Sync + 'static) {
        self.lock().machine = Some(Arc::new(machine));
    }

    /// The machine dies. What was synced survives, and of the rest what chance leaves: a beginning of it or any part
    /// of it, the last surviving write possibly torn. Gives the handle to what survived.
    #[must_use = "all other handles are dead"]
    pub fn crash(&self) -> Self {
        let mut drive = self.lock();
        let survivors = drive.survivors();
        drive.lose_unsynced(survivors);
        self.next_mount(&mut drive)
    }

    /// The process ends, the machine doesn't: nothing is lost, and unsynced writes stay unsynced. Gives the new
    /// handle.
    #[must_use = "all other handles are dead"]
    pub fn remount(&self) -> Self {
        self.next_mount(&mut self.lock())
    }

    fn next_mount(&self, drive: &mut Drive) -> Self {
        drive.mount += 1;
        Self { drive: Arc::clone(&self.drive), mount: drive.mount }
    }

    /// Does something that changes what is on it, unless that is to go wrong.
    fn operate(&self, operation: impl FnOnce(&mut Drive)) -> io::Result<()> {
        let mut drive = self.mounted()?;
        drive.operations += 1;
        let number = drive.operations;
        let Some((_, mishap)) = drive.mishap.take_if(|(upset, _)| *upset == number) else {
            operation(&mut drive);
            return Ok(());
        };
        if let Mishap::PowerCut(unsynced) = mishap {
            let survivors = match unsynced {
                Unsynced::Lost => Vec::new(),
                Unsynced::ByChance(seed) => {
                    drive.chance = ChaCha8Rng::seed_from_u64(seed.0);
                    drive.survivors()
                }
            };
            drive.lose_unsynced(survivors);
            drive.mount += 1;
            let machine = drive.machine.clone();
            // Whatever dies with the disk may hold it.
            drop(drive);
            if let Some(machine) = machine {
                machine();
            }
        }
        Err(io::Error::other("the simulated disk failed"))
    }

    fn lock(&self) -> MutexGuard<'_, Drive> {
        self.drive.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
        let Self { contents, synced, .. } = self;
        contents.apply(&change, &mut |index, before| {
            synced.entry(index).or_insert_with(|| before.cloned());
        });
        self.unsynced.push(change);
    }

    /// What is there now is what survives.
    fn settle(&mut self) {
        self.synced.clear();
        self.unsynced.clear();
        self.synced_len = self.contents.len;
    }

    /// Only these changes are left of those that weren't synced.
    fn lose_unsynced(&mut self, survivors: Vec<Change>) {
        for (index, page) in std::mem::take(&mut self.synced) {
            match page {
                Some(page) => drop(self.contents.pages.insert(index, page)),
                None => drop(self.contents.pages.remove(&index)),
            }
        }
        self.contents.len = self.synced_len;
        for change in survivors {
            self.contents.apply(&change, &mut |_, _| {});
        }
        self.settle();
    }

    /// What chance leaves of what wasn't synced.
    fn survivors(&mut self) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.unsynced);
        if self.chance.next_u64().is_multiple_of(2) {
            // The disk wrote in order and got so far.
            let kept = self.below(changes.len() + 1);
            changes.truncate(kept);
        } else {
            // It wrote in an order of its own.
            changes.retain(|_| self.chance.next_u64().is_multiple_of(2));
        }
        if self.chance.next_u64().is_multiple_of(2)
            && let Some(Change::Write { offset, data }) = changes.last_mut()
        {
            let to_sector = usize::try_from(SECTOR - *offset % SECTOR).expect("a sector is small");
            let sector = usize::try_from(SECTOR).expect("a sector is small");
            let sectors = 1 + data.len().saturating_sub(to_sector).div_ceil(sector);
            let kept = self.below(sectors) + 1;
            let end = (to_sector + (kept - 1) * sector).min(data.len());
            *data = data[..end].into();
        }
        changes
    }

    /// A number from 0 to `limit - 1`.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("lengths fit 64 bits");
        usize::try_from(self.chance.next_u64() % limit).expect("it is below a length")
    }
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drive")
            .field("len", &self.contents.len)
            .field("mount", &self.mount)
            .field("operations", &self.operations)
            .field("mishap", &self.mishap)
            .finish_non_exhaustive()
    }
}

impl Contents {
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if span(offset, out.len()) > self.len {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "read beyond the end of the file"));
        }
        for piece in Piece::of(offset, out.len()) {
            let target = &mut out[piece.data];
            match self.pages.get(&piece.page) {
                Some(page) => target.copy_from_slice(&page[piece.within]),
                None => target.fill(0),
            }
        }
        Ok(())
    }

    /// Changes it, and shows each page to `before` as it was.
    fn apply(&mut self, change: &Change, before: &mut impl FnMut(u64, Option<&Page>)) {
        match change {
            Change::Write { offset, data } => {
                for piece in Piece::of(*offset, data.len()) {
                    before(piece.page, self.pages.get(&piece.page));
                    let data = &data[piece.data];
                    if let Ok(whole) = <[u8; PAGE]>::try_from(data) {
                        self.pages.insert(piece.page, Arc::new(whole));
                    } else {
                        let page = self.pages.entry(piece.page).or_insert_with(|| Arc::new([0; PAGE]));
                        Arc::make_mut(page)[piece.within].copy_from_slice(data);
                    }
                }
                self.len = self.len.max(span(*offset, data.len()));
            }
            Change::Len(len) => {
                if *len < self.len {
                    self.cut(*len, before);
                }
                self.len = *len;
            }
        }
    }

    /// Forgets what lies beyond `len`, so that it is zero when the file grows again.
    fn cut(&mut self, len: u64, before: &mut impl FnMut(u64, Option<&Page>)) {
        let page_size = span(0, PAGE);
        for (index, page) in self.pages.split_off(&len.div_ceil(page_size)) {
            before(index, Some(&page));
        }
        let rest = usize::try_from(len % page_size).expect("a page is small");
        if rest > 0
            && let Some(page) = self.pages.get_mut(&(len / page_size))
        {
            before(len / page_size, Some(page));
            Arc::make_mut(page)[rest..].fill(0);
        }
    }
}

/// The part of a range of bytes that lies in one page.
struct Piece {
    page: u64,
    within: std::ops::Range<usize>,
    data: std::ops::Range<usize>,
}

impl Piece {
    fn of(offset: u64, len: usize) -> impl Iterator<Item = Self> {
        let mut done = 0;
        std::iter::from_fn(move || {
            if done == len {
                return None;
            }
            let position = span(offset, done);
            let start = usize::try_from(position % span(0, PAGE)).expect("a page is small");
            let size = (PAGE - start).min(len - done);
            let data = done..done + size;
            done += size;
            Some(Self { page: position / span(0, PAGE), within: start..start + size, data })
        })
    }
}

/// Where `len` bytes from `offset` on end.
fn span(offset: u64, len: usize) -> u64 {
    offset + u64::try_from(len).expect("lengths fit 64 bits")
}
