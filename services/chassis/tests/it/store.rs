//! Group commit: many jobs, one commit, and no job affects another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use chassis::{Disk, OpenError, Problem, StartError, Store, StoreError};
use redb::{
    ReadableTable, ReadableTableMetadata, StorageBackend, TableDefinition, WriteTransaction,
    backends::InMemoryBackend,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

const LINES: TableDefinition<u64, u64> = TableDefinition::new("lines");

fn open(folder: &TempDir) -> Store {
    let store = Store::open(Disk::File(folder.path().join("some.redb"))).unwrap();
    store.prepare(|transaction| transaction.open_table(LINES).map(drop).map_err(StoreError::from)).unwrap();
    store
}

/// Appends a line and returns its number.
fn append(transaction: &WriteTransaction, value: u64) -> Result<u64, StoreError> {
    let mut lines = transaction.open_table(LINES)?;
    let line = lines.last()?.map_or(0, |(line, _)| line.value()) + 1;
    lines.insert(line, value)?;
    Ok(line)
}

fn lines(store: &Store) -> Vec<u64> {
    store
        .read(|transaction| {
            let lines = transaction.open_table(LINES)?;
            lines.iter()?.map(|line| Ok::<_, StoreError>(line?.1.value())).collect()
        })
        .unwrap()
}

/// Keeps the writer busy until the sender is dropped, so that later jobs are queued for one batch.
async fn hold(store: &Store) -> oneshot::Sender<()> {
    let (sender, receiver) = oneshot::channel::<()>();
    let (running, is_running) = oneshot::channel();
    let store = store.clone();
    tokio::spawn(async move {
        // It fails when its batch is abandoned.
        let _ = store
            .write(move |_| {
                running.send(()).unwrap();
                drop(receiver.blocking_recv());
                Ok::<_, StoreError>(())
            })
            .await;
    });
    is_running.await.unwrap();
    sender
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answered_job_is_recorded_after_reopening() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let jobs: Vec<_> = (0..500_u64)
        .map(|value| {
            let store = store.clone();
            tokio::spawn(async move { store.write(move |it| append(it, value)).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for job in jobs {
        answers.push(job.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, (1..=500).collect::<Vec<_>>(), "each job saw those before it");
    drop(store);
    let mut values = lines(&open(&folder));
    values.sort_unstable();
    assert_eq!(values, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn jobs_run_in_the_order_of_their_arrival() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let held = hold(&store).await;
    let mut jobs = futures_util::stream::FuturesOrdered::new();
    for value in 0..50_u64 {
        jobs.push_back(store.write(move |it| append(it, value)));
    }
    let all = futures_util::StreamExt::collect::<Vec<_>>(jobs);
    let (answers, ()) = tokio::join!(all, async {
        tokio::task::yield_now().await;
        drop(held);
    });
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert_eq!(lines(&store), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failing_job_affects_no_other() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let held = hold(&store).await;
    let good = |value| store.write(move |it| append(it, value));
    let bad = store.write(|_| Err::<u64, _>(StoreError::Busy));
    let (first, second, third, ()) = tokio::join!(good(1), bad, good(3), async { drop(held) });
    assert!(matches!(second, Err(StoreError::Busy)));
    assert_eq!((first.unwrap(), third.unwrap()), (1, 2));
    assert_eq!(lines(&store), [1, 3]);
}

#[tokio::test]
async fn a_panic_records_nothing_and_the_writer_keeps_writing() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let held = hold(&store).await;
    let good = |value| store.write(move |it| append(it, value));
    let bad = store.write(|it| -> Result<u64, StoreError> {
        append(it, 2)?;
        panic!("half done")
    });
    let (first, second, third, ()) = tokio::join!(good(1), bad, good(3), async { drop(held) });
    assert!(matches!(first, Err(StoreError::Abandoned)), "its transaction was aborted");
    assert!(matches!(second, Err(StoreError::Abandoned)));
    assert_eq!(third.unwrap(), 1, "it came after the panic");
    assert_eq!(good(4).await.unwrap(), 2);
    assert_eq!(lines(&store), [3, 4]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_records_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let held = hold(&store).await;
    let jobs = (0..1_025_u64).map(|value| store.write(move |it| append(it, value)));
    let (answers, ()) = tokio::join!(futures_util::future::join_all(jobs), async { drop(held) });
    let refused: Vec<_> = answers.iter().filter(|answer| answer.is_err()).collect();
    assert!(matches!(refused[..], [Err(StoreError::Busy)]), "{refused:?}");
    assert_eq!(lines(&store).len(), 1_024);
    let response = Problem::from(StoreError::Busy).response("/api/some");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
}

#[tokio::test]
async fn a_job_is_done_though_its_caller_was_dropped() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let held = hold(&store).await;
    let mut left = Box::pin(store.write(|it| append(it, 1)));
    assert!(futures_util::poll!(left.as_mut()).is_pending());
    drop(left);
    drop(held);
    assert_eq!(store.write(|it| append(it, 2)).await.unwrap(), 2);
}

#[test]
fn a_locked_database_and_a_file_of_another_format_are_errors() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("some.redb");
    let _open = open(&folder);
    let locked = Store::open(Disk::File(path.clone())).err().unwrap();
    assert!(matches!(locked, OpenError::Locked { .. }), "{locked}");
    assert!(locked.to_string().contains(path.to_str().unwrap()));
    assert!(StartError::from(locked).help().unwrap().contains("--database"));
    let other = folder.path().join("other.redb");
    std::fs::write(&other, "this is no database".repeat(1_000)).unwrap();
    let unreadable = Store::open(Disk::File(other)).err().unwrap();
    assert!(matches!(unreadable, OpenError::Unreadable { .. }), "{unreadable}");
    let nowhere = Store::open(Disk::File(folder.path().join("no/such/folder.redb"))).err().unwrap();
    assert!(matches!(nowhere, OpenError::Unreadable { .. }), "{nowhere}");
}

#[test]
fn a_database_whose_creation_was_interrupted_is_created_anew_and_a_damaged_one_is_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("some.redb");
    std::fs::write(&path, vec![0; 1 << 20]).unwrap();
    drop(open(&folder));
    assert!(std::fs::read(&path).unwrap().starts_with(b"redb"), "it was long and empty");
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[..512].fill(0);
    std::fs::write(&path, &damaged).unwrap();
    let unreadable = Store::open(Disk::File(path.clone())).err().unwrap();
    assert!(matches!(unreadable, OpenError::Unreadable { .. }), "{unreadable}");
    assert_eq!(std::fs::read(&path).unwrap(), damaged, "it may yet be repaired");
}

/// A disk that counts its syncs.
#[derive(Debug)]
struct Counting {
    inner: InMemoryBackend,
    syncs: Arc<AtomicU64>,
}

impl StorageBackend for Counting {
    fn len(&self) -> std::io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.inner.write(offset, data)
    }
}

#[test]
fn on_a_caller_s_backend_a_write_is_synced_and_other_tasks_run_around_it() {
    let syncs = Arc::new(AtomicU64::new(0));
    let disk = Counting { inner: InMemoryBackend::new(), syncs: Arc::clone(&syncs) };
    let store = Store::open(Disk::Backend(Box::new(disk))).unwrap();
    let synced = || syncs.load(Ordering::Relaxed);
    let before = synced();
    // Without a runtime, only these polls advance it.
    let mut write = Box::pin(store.write(|it| append(it, 1)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let (mut turns_before, mut turns_after) = (0, 0);
    let written = loop {
        match write.as_mut().poll(&mut context) {
            Poll::Pending if synced() == before => turns_before += 1,
            Poll::Pending => turns_after += 1,
            Poll::Ready(written) => break written,
        }
    };
    assert_eq!(written.unwrap(), 1);
    assert!(turns_before > 1, "other tasks run before it");
    assert_eq!(turns_after, 1, "other tasks run before its caller is answered");
    let mut panicking = Box::pin(store.write(|_| -> Result<(), StoreError> { panic!("no") }));
    let panicked = loop {
        if let Poll::Ready(panicked) = panicking.as_mut().poll(&mut context) {
            break panicked;
        }
    };
    assert!(matches!(panicked, Err(StoreError::Abandoned)));
    assert_eq!(store.read(|it| Ok::<_, StoreError>(it.open_table(LINES)?.len()?)).unwrap(), 1);
}
