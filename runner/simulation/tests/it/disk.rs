//! What a disk keeps in a crash, and that a database that syncs its commits loses none.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use fault::Seed;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use simulation::{Disk, DiskFault, UnsyncedWrites};

fn contents(disk: &Disk) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(disk.len().expect("a good disk")).expect("it is small")];
    disk.read(0, &mut bytes).expect("a good disk");
    bytes
}

#[test]
fn a_write_across_pages_is_read_back() {
    let disk = Disk::new(Seed(1));
    disk.write(4_090, b"over the edge").expect("a good disk");
    assert_eq!(disk.len().expect("a good disk"), 4_103);
    let mut bytes = [0; 17];
    disk.read(4_086, &mut bytes).expect("a good disk");
    assert_eq!(&bytes, b"\0\0\0\0over the edge");
    assert_eq!(disk.read(4_087, &mut bytes).expect_err("it ends there").kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_shortened_file_is_filled_with_zeros_when_it_grows_again() {
    let disk = Disk::new(Seed(1));
    disk.write(0, &[7; 10_000]).expect("a good disk");
    disk.set_len(5_000).expect("a good disk");
    disk.set_len(10_000).expect("a good disk");
    let bytes = contents(&disk);
    assert_eq!(bytes, [[7; 5_000], [0; 5_000]].concat());
}

#[test]
fn synced_writes_survive_every_crash() {
    for seed in 0..100 {
        let disk = Disk::new(Seed(seed));
        disk.write(0, &[1; 9_000]).expect("a good disk");
        disk.sync_data().expect("a good disk");
        let survived = disk.crash();
        assert_eq!(contents(&survived), [1; 9_000]);
        survived.set_len(10).expect("a good disk");
        survived.write(8_000, &[2; 5]).expect("a good disk");
        drop(survived.crash());
        assert!(
            disk.len().is_err() && survived.sync_data().is_err(),
            "handles from before a crash are invalid"
        );
    }
}

#[test]
fn any_subset_of_unsynced_writes_may_survive() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let disk = Disk::new(Seed(seed));
        disk.set_len(3).expect("a good disk");
        disk.sync_data().expect("a good disk");
        for at in 0..3 {
            disk.write(at, &[1]).expect("a good disk");
        }
        seen.insert(contents(&disk.crash()));
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn the_last_write_may_be_torn_between_sectors() {
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let disk = Disk::new(Seed(seed));
        disk.write(500, &[1; 1_500]).expect("a good disk");
        lengths.insert(disk.crash().len().expect("a good disk"));
    }
    assert_eq!(Vec::from_iter(lengths), [0, 512, 1_024, 1_536, 2_000]);
}

#[test]
fn a_remount_loses_nothing_and_makes_the_handle_invalid() {
    let disk = Disk::new(Seed(1));
    disk.write(0, b"kept").expect("a good disk");
    let next = disk.remount();
    assert_eq!(contents(&next), b"kept");
    assert!(disk.write(0, b"late").is_err());
}

#[test]
fn a_failing_operation_does_nothing_and_the_next_succeeds() {
    let disk = Disk::new(Seed(1));
    disk.fail_after(2, DiskFault::Failure).expect("a good disk");
    disk.write(0, b"kept").expect("a good disk");
    disk.sync_data().expect("a good disk");
    disk.write(0, b"lost").expect_err("the third operation");
    assert_eq!((contents(&disk), disk.operations()), (b"kept".to_vec(), 3));
    disk.write(0, b"next").expect("a good disk");
    assert_eq!(contents(&disk), b"next");
}

#[test]
fn a_power_cut_happens_before_its_operation() {
    let cut = |after, unsynced| {
        let disk = Disk::new(Seed(1));
        disk.fail_after(after, DiskFault::PowerCut(unsynced)).expect("a good disk");
        let written = (|| {
            disk.write(0, b"a")?;
            disk.sync_data()?;
            disk.write(1, b"b")?;
            disk.sync_data()
        })();
        written.expect_err("the power was cut");
        disk.write(0, b"late").expect_err("the handle is invalid");
        contents(&disk.remount())
    };
    assert_eq!([0, 1, 2, 3].map(|after| cut(after, UnsyncedWrites::Lost)), [&b""[..], b"", b"a", b"a"]);
    let seen: std::collections::BTreeSet<_> =
        (0..20).map(|seed| cut(3, UnsyncedWrites::Random(Seed(seed)))).collect();
    assert_eq!(Vec::from_iter(seen), [&b"a"[..], b"ab"]);
}

/// A disk under a database, whose syncs can be made to fail while its writes succeed.
#[derive(Debug, Clone)]
struct Backend {
    disk: Disk,
    sync_fails: Arc<AtomicBool>,
}

impl Backend {
    fn new(disk: Disk) -> Self {
        Self { disk, sync_fails: Arc::default() }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> Result<u64, io::Error> {
        self.disk.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.disk.read(offset, out)
    }
    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.disk.set_len(len)
    }
    fn sync_data(&self) -> Result<(), io::Error> {
        if self.sync_fails.load(Ordering::Relaxed) {
            return Err(io::Error::other("the sync fails"));
        }
        self.disk.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.disk.write(offset, data)
    }
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");

fn open(backend: &Backend) -> Database {
    Database::builder().create_with_backend(backend.clone()).expect("a database opens after any crash")
}

/// Commits one record. Its body depends on its key, so that a mix-up of pages shows.
fn record(database: &Database, key: u64) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction
        .open_table(TABLE)?
        .insert(key, vec![u8::try_from(key % 251).expect("small"); 700].as_slice())?;
    Ok(transaction.commit()?)
}

#[test]
fn redb_loses_no_commit_that_it_reported() {
    for seed in 0..40 {
        let mut disk = Disk::new(Seed(seed));
        record(&open(&Backend::new(disk.clone())), 0).expect("a good disk");
        disk = disk.remount();
        let mut reported = 0;
        for process in 1..=5_u64 {
            let backend = Backend::new(disk.clone());
            let database = open(&backend);
            let kept: Vec<u64> = {
                let transaction = database.begin_read().expect("a good disk");
                let table = transaction.open_table(TABLE).expect("it was made before the first crash");
                let keys = table.iter().expect("a good disk");
                keys.map(|entry| {
                    let (key, body) = entry.expect("no torn record");
                    assert!(body.value().iter().all(|byte| u64::from(*byte) == key.value() % 251));
                    key.value()
                })
                .collect()
            };
            let last = *kept.last().expect("the first record");
            assert_eq!(
                kept,
                (0..=last).collect::<Vec<_>>(),
                "seed {seed}, process {process}: in order, without a gap"
            );
            // One more than was reported: the commit was durable, but the crash came before its report.
            assert!((reported..=reported + 1).contains(&last), "seed {seed}: {last} after {reported}");
            reported = last;
            for key in last + 1..=last + seed % 7 {
                record(&database, key).expect("a good disk");
                reported = key;
            }
            // The next commit gets as far as its sync, and no further.
            backend.sync_fails.store(true, Ordering::Relaxed);
            record(&database, reported + 1).expect_err("its sync fails");
            disk = disk.crash();
        }
    }
}
