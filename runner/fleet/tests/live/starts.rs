//! How fleets come to be, and what is said when they don't.

use std::{
    net::TcpListener,
    sync::{
        Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use engine::{Preparation, PreparationSink, Stage, World};
use fault::{Damage, Fault, Moment, Seed, Selector};
use fleet::{Fleet, Options, Runs};
use scenario::Signal;

use crate::fixture::{
    Harbour, changes, configuration, get, is_silent, name, on_a_runtime, port, read, scenario, service, three,
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("three_services_are_ready_and_call_each_other_over_links", calls_cross_links),
    ("a_world_is_fresh_and_has_ports_of_its_own", worlds_are_apart),
    ("a_service_that_ends_at_its_start_is_quoted_at_once", quoted),
    ("a_service_that_is_never_ready_says_what_it_answered", never_ready),
    ("a_program_that_is_not_there_is_named", no_program),
    ("a_service_that_finds_its_port_taken_gets_another", another_port),
    ("up_puts_services_where_base_url_says", up),
    ("up_says_whose_port_is_taken", up_taken),
    ("an_optional_service_that_is_not_there_is_missing", missing),
    ("a_required_service_that_is_not_there_breaks_off", required),
    ("a_service_that_runs_already_is_faulted_over_a_fixed_link", fixed_link),
    ("the_process_of_a_service_that_runs_already_is_out_of_reach", out_of_reach),
    ("the_build_is_quoted_only_when_it_fails", build),
    ("logs_are_kept_where_they_are_wanted", logs),
];

fn calls_cross_links() {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let world = harbour.ready().await;
        assert_eq!(read(&world, "front", "/call").await, "1");
        let crossed = world.links().read(|history| {
            let exchanges = history.records().iter().filter_map(|record| record.exchange());
            exchanges.map(|exchange| exchange.link.to_string()).collect::<Vec<_>>()
        });
        assert_eq!(crossed, ["front -> back"]);
        assert_eq!(changes(&world), [], "that services are started is taken for granted");
        assert_eq!(world.down(), []);
        world.close().await;
    });
}

fn worlds_are_apart() {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let (first, second) = tokio::join!(harbour.ready(), harbour.ready());
        for service in ["front", "back", "aside"] {
            assert_ne!(port(&first, service), port(&second, service));
            assert_eq!(read(&second, service, "/lives").await, "1");
        }
    });
}

fn quoted() {
    on_a_runtime(async {
        let failing = service("failing", &[("LAST_WORDS", "no such table")], &[]);
        let broken_off = Harbour::new(&(three() + &failing)).refused().await;
        assert_eq!(broken_off.reason, "failing ended before it was ready: exit code 3");
        assert_eq!(broken_off.log, ["I have begun", "no such table"]);
    });
}

fn never_ready() {
    on_a_runtime(async {
        let unready = service("unready", &[("UNREADY", "1")], &[]).replace("within: 20s", "within: 1s");
        let broken_off = Harbour::new(&unready).refused().await;
        let expected = "unready wasn't ready within 1s: GET /health answered 503 Service Unavailable";
        assert_eq!(broken_off.reason, expected);
    });
}

fn no_program() {
    on_a_runtime(async {
        let broken_off = Harbour::new("  lost:\n    command: ./not-here --port ${port}\n").refused().await;
        assert!(broken_off.reason.starts_with("lost can't be started: \"./not-here\": "), "{broken_off}");
    });
}

fn another_port() {
    on_a_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let stumble = folder.path().join("stumbled").display().to_string();
        let harbour = Harbour::new(&(three() + &service("clumsy", &[("STUMBLE", &stumble)], &[])));
        let world = harbour.ready().await;
        assert!(folder.path().join("stumbled").exists());
        assert_eq!(read(&world, "clumsy", "/lives").await, "1", "it has a new folder too");
        assert_eq!(read(&world, "front", "/call").await, "1", "links lead to the new ports");
    });
}

/// A port that nobody listens on, and that no outgoing connection takes.
fn some_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 4_000).expect("it is small");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if is_silent(port) {
            return port;
        }
    }
}

fn up() {
    on_a_runtime(async {
        let number = some_port();
        let base_url = format!("base_url: http://localhost:{number}");
        let harbour = Harbour::new(&service("alone", &[], &[&base_url]));
        let world = harbour.fleet.up(Seed(1)).await.unwrap_or_else(|error| panic!("{error:#?}"));
        assert_eq!(port(&world, "alone"), number);
        assert_eq!(read(&world, "alone", "/lives").await, "1");
    });
}

fn up_taken() {
    on_a_runtime(async {
        let number = some_port();
        let _listener = TcpListener::bind(("127.0.0.1", number)).expect("the port is free");
        let base_url = format!("base_url: http://localhost:{number}");
        let harbour = Harbour::new(&service("alone", &[], &[&base_url]));
        let broken_off = harbour.fleet.up(Seed(1)).await.expect_err("the port is taken");
        let expected = format!("alone can't be started on port {number}: somebody listens there");
        assert_eq!(broken_off.reason, expected);
        harbour.ready().await;
    });
}

/// A service that should run already, and doesn't.
fn absent(name: &str, need: &str) -> String {
    let port = some_port();
    format!(
        "  {name}:\n    base_url: http://127.0.0.1:{port}\n    required: {need}\n    ready: {{ path: /health, within: 20ms }}\n"
    )
}

fn missing() {
    on_a_runtime(async {
        let absent = absent("absent", "false");
        let failing = service("failing", &[("LAST_WORDS", "bye")], &["required: false"]);
        let harbour = Harbour::new(&(three() + &absent + &failing));
        let why = harbour.fleet.probe().await.expect("optional services may be missing");
        let reasons: Vec<String> = why.values().map(|why| why.reason.clone()).collect();
        let expected = [
            "absent wasn't ready within 20ms: GET /health got no reply (connection refused)",
            "failing ended before it was ready: exit code 3",
        ];
        assert_eq!(reasons, expected);
        assert_eq!(
            harbour.fleet.missing().into_iter().collect::<Vec<_>>(),
            [name("absent"), name("failing")]
        );
        let world = harbour.ready().await;
        assert_eq!(read(&world, "front", "/call").await, "1");
        let missing = world.services().into_iter().filter(|service| service.runs == Runs::Missing);
        assert_eq!(
            missing.map(|service| service.name).collect::<Vec<_>>(),
            [name("absent"), name("failing")]
        );
        assert!(get(&world, "failing", "/health").await.is_err());
    });
}

fn required() {
    on_a_runtime(async {
        let absent = absent("absent", "true");
        let broken_off = Harbour::new(&(three() + &absent)).refused().await;
        assert!(broken_off.reason.starts_with("absent wasn't ready within 20ms"), "{broken_off}");
        assert!(broken_off.help.expect("help").contains("start it at http://127.0.0.1:"));
    });
}

/// Another fleet's `front -> back` as services that run already, where `front` calls `back` at `listen`.
async fn running(others: &Harbour) -> (fleet::LiveWorld, String) {
    let world = others.ready().await;
    let listen = some_port();
    let service = |service: &str, keys: &str| {
        let port = port(&world, service);
        format!(
            "  {service}:\n    base_url: http://127.0.0.1:{port}\n    ready: {{ path: /health, within: 5s }}\n{keys}"
        )
    };
    let link = format!("    depends_on: {{ back: {{ listen: 127.0.0.1:{listen} }} }}\n");
    let text = service("back", "") + &service("front", &link);
    (world, text)
}

fn fixed_link() {
    on_a_runtime(async {
        let others = Harbour::new(&three());
        let (_running, text) = running(&others).await;
        let harbour = Harbour::new(&text);
        let passes = async || {
            let world = harbour.ready().await;
            let [(link, at)] = world.link_addresses().try_into().expect("one link");
            assert_eq!(link.to_string(), "front -> back");
            assert_eq!(status_line(at).await, "HTTP/1.1 200 OK");
            // Longer than an address that is taken is waited for.
            tokio::time::sleep(Duration::from_millis(400)).await;
            world.close().await;
        };
        // Only one world can have the address: the other is raised once that is gone.
        tokio::join!(passes(), passes());
    });
}

/// The first line of what is answered there.
async fn status_line(at: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("it listens");
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    text.lines().next().expect("a line").to_owned()
}

fn out_of_reach() {
    on_a_runtime(async {
        let others = Harbour::new(&three());
        let (_running, text) = running(&others).await;
        let harbour = Harbour::new(&text);
        let world = harbour.ready().await;
        let broken_off = world.signal(&name("back"), Signal::Kill).await.expect_err("it isn't ours");
        assert_eq!(broken_off.reason, "can't kill back: the fleet hasn't started it");
        let crash = Fault {
            name: "crash".parse().expect("a name"),
            link: "client -> front".parse().expect("a link"),
            selector: Selector::default(),
            damage: Damage::Crash { service: name("back"), moment: Moment::AfterReply },
        };
        let raised = harbour.fleet.raise(&scenario(Vec::new(), vec![crash]), Seed(1)).await;
        let broken_off = raised.expect_err("it can't be crashed");
        assert_eq!(broken_off.reason, "a_test.yaml: can't crash back: the fleet hasn't started it");
    });
}

fn build() {
    on_a_runtime(async {
        static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        static PREPARATIONS: Mutex<Vec<Preparation>> = Mutex::new(Vec::new());
        let folder = tempfile::tempdir().expect("a folder");
        let built = async |build: &str| {
            let mut configuration = configuration(&three(), folder.path());
            configuration.build = Some(scenario::Template::literal(build));
            let lines =
                |source: &str, line: &str| LINES.lock().expect("whole").push(format!("{source}: {line}"));
            let preparation = PreparationSink::new(|preparation| {
                PREPARATIONS.lock().expect("whole").push(preparation);
            });
            let options =
                Options { lines: Some(std::sync::Arc::new(lines)), preparation, ..Options::default() };
            Fleet::new(configuration.into(), options).build().await
        };
        built("sh -c 'echo built in $(pwd) > built'").await.expect("it succeeds");
        let text = std::fs::read_to_string(folder.path().join("built")).expect("it ran in the folder");
        assert_eq!(text.trim(), format!("built in {}", folder.path().display()));
        let happened = std::mem::take(&mut *PREPARATIONS.lock().expect("whole"));
        let [Preparation::BuildStarted { command }, Preparation::BuildSucceeded { .. }] = &happened[..]
        else {
            panic!("{happened:?}")
        };
        assert_eq!(command, "sh -c 'echo built in $(pwd) > built'");
        let broken_off = built("sh -c 'echo one; echo two >&2; exit 4'").await.expect_err("it fails");
        assert_eq!(broken_off.reason, "the build command failed with exit code 4");
        assert_eq!(broken_off.log, ["one", "two"]);
        assert_eq!(*LINES.lock().expect("whole"), ["build: one", "build: two"]);
        let happened = PREPARATIONS.lock().expect("whole");
        let lines = ["one", "two"].map(|line| Preparation::BuildWrote { line: line.into() });
        assert_eq!(happened[1..], lines, "a build that fails doesn't succeed");
    });
}

fn logs() {
    on_a_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let failing = service("failing", &[("LAST_WORDS", "bye")], &[]);
        let options = Options { logs: Some(folder.path().to_owned()), ..Options::default() };
        let fleet = Fleet::new(configuration(&failing, folder.path()).into(), options);
        fleet.raise(&scenario(Vec::new(), Vec::new()), Seed(1)).await.expect_err("it fails");
        let log = std::fs::read_to_string(folder.path().join("a-test/failing.log")).expect("a log");
        assert_eq!(log, "I have begun\nbye\n");
    });
}
