//! Configurations, fleets and worlds for the tests.

use std::{
    fmt::Write,
    io,
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use engine::{BrokenOff, Stage, World};
use fault::{Fault, Seed, ServiceName};
use fleet::{Fleet, FleetOptions, LiveWorld, Notice, NoticeSink};
use http::{Request, StatusCode};
use rustix::process::Pid;
use scenario::{Configuration, Scenario, Step, read_configuration};
use tempfile::TempDir;
use tower::ServiceExt;
use verdict::{HistoryEvent, NoReply, ProcessChange};

/// How long [`eventually`] waits.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A fleet, and the folder of its data.
pub(crate) struct TestFleet {
    pub(crate) data: TempDir,
    pub(crate) inner: Fleet,
    notices: Arc<Mutex<Vec<Notice>>>,
}

pub(crate) fn on_runtime<T>(trial: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(trial)
}

pub(crate) fn name(text: &str) -> ServiceName {
    text.parse().expect("a name")
}

/// A service of e2e.conf: this binary, with these variables and keys in addition.
pub(crate) fn service(name: &str, env: &[(&str, &str)], keys: &[&str]) -> String {
    let exe = std::env::current_exe().expect("this binary");
    let mut text =
        format!("  {name}:\n    command: {}\n    ready: {{ path: /health, within: 20s }}\n", exe.display());
    for key in keys {
        writeln!(text, "    {key}").expect("text has room");
    }
    text.push_str("    env:\n      FLEET_TEST_ROLE: service\n      PORT: ${port}\n      DATA: ${data_dir}\n");
    for (variable, value) in env {
        writeln!(text, "      {variable}: {value}").expect("text has room");
    }
    text
}

/// `front -> back`, and `aside`, which calls no other.
pub(crate) fn three_services() -> String {
    let upstream = ("UPSTREAM", "${url.back}");
    service("front", &[upstream], &["depends_on: [back]"])
        + &service("back", &[], &[])
        + &service("aside", &[], &[])
}

pub(crate) fn configuration(services: &str, folder: &Path) -> Configuration {
    let text = format!("services:\n{services}");
    read_configuration(&text, folder.join("e2e.conf"))
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"))
}

impl TestFleet {
    pub(crate) fn new(services: &str) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let configuration = Arc::new(configuration(services, data.path()));
        let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
        let seen = Arc::clone(&notices);
        let options = FleetOptions {
            data: Some(data.path().to_owned()),
            notices: NoticeSink::new(move |notice| seen.lock().expect("whole").push(notice)),
            ..FleetOptions::default()
        };
        Self { inner: Fleet::new(configuration, options), data, notices }
    }

    /// The notices since the last call.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.notices.lock().expect("whole"))
    }

    pub(crate) async fn start(&self) -> Result<LiveWorld, BrokenOff> {
        self.inner.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await
    }

    pub(crate) async fn ready(&self) -> LiveWorld {
        self.start().await.unwrap_or_else(|error| panic!("{error:#?}"))
    }

    pub(crate) async fn refused(&self) -> BrokenOff {
        self.start().await.expect_err("the start fails")
    }

    /// The folders of worlds, below the fleet's folder.
    pub(crate) fn world_folders(&self) -> Vec<String> {
        let folders = std::fs::read_dir(self.data.path()).expect("a folder");
        let inside = folders.flat_map(|folder| std::fs::read_dir(folder.expect("a folder").path()));
        inside.flatten().map(|world| world.expect("a folder").path().display().to_string()).collect()
    }
}

pub(crate) fn scenario(steps: Vec<Step>, faults: Vec<Fault>) -> Scenario {
    Scenario { faults, steps, ..Scenario::new("A test", "a_test.yaml") }
}

/// What a service answers, past all links.
pub(crate) async fn get(
    world: &LiveWorld,
    service: &str,
    path: &str,
) -> Result<(StatusCode, String), NoReply> {
    let request = Request::get(path).body(Bytes::new()).expect("a request");
    let reply = world.client(&name(service)).oneshot(request).await?;
    Ok((reply.status(), String::from_utf8_lossy(reply.body()).into_owned()))
}

/// The text that a service answers with status 200, past all links.
pub(crate) async fn read(world: &LiveWorld, service: &str, path: &str) -> String {
    let (status, text) =
        get(world, service, path).await.unwrap_or_else(|error| panic!("{service}{path}: {error}"));
    assert_eq!(status, StatusCode::OK, "{service}{path}: {text}");
    text
}

/// What happened to processes, in order.
pub(crate) fn changes(world: &LiveWorld) -> Vec<(String, ProcessChange)> {
    let change = |what: &HistoryEvent| match what {
        HistoryEvent::Process { service, change } => Some((service.to_string(), *change)),
        _ => None,
    };
    world
        .links()
        .read(|history| history.records().iter().filter_map(|record| change(&record.event)).collect())
}

pub(crate) fn port(world: &LiveWorld, service: &str) -> u16 {
    let services = world.services();
    services.iter().find(|found| found.name.as_str() == service).expect("it is there").address.port()
}

/// The ports of a world's services and links.
pub(crate) fn ports(world: &LiveWorld) -> Vec<u16> {
    let links = world.link_addresses();
    let services = world.services();
    services.iter().map(|s| s.address.port()).chain(links.iter().map(|(_, at)| at.port())).collect()
}

pub(crate) fn refuses_connections(port: u16) -> bool {
    let connected = TcpStream::connect(("127.0.0.1", port));
    connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Polls until it holds: other processes don't tell when they are done.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < TIMEOUT, "{what}: not within {TIMEOUT:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The process whose id was written into this file, once it is there.
pub(crate) fn written_id(file: &Path) -> Option<Pid> {
    Pid::from_raw(std::fs::read_to_string(file).ok()?.trim().parse().ok()?)
}
