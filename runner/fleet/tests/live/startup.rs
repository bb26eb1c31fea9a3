//! Starting fleets, and the errors of those that don't start.

use std::{
    net::TcpListener,
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use engine::{Preparation, PreparationSink, Stage, World};
use fault::{CrashPoint, Damage, Fault, Seed, Selector};
use fleet::{Fleet, FleetOptions, ServiceState};
use http::StatusCode;
use scenario::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixture::{
    TestFleet, changes, configuration, get, name, on_runtime, port, read, refuses_connections, scenario,
    service, three_services,
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("three_services_are_ready_and_call_each_other_over_links", calls_cross_links),
    ("a_world_has_data_and_ports_of_its_own", worlds_are_apart),
    ("a_service_that_ends_at_its_start_is_quoted_at_once", quoted),
    ("a_service_without_a_condition_is_ready_once_it_answers", ready_once_it_answers),
    ("a_service_that_is_never_ready_says_what_it_answered", never_ready),
    ("a_program_that_is_not_there_is_named", no_program),
    ("a_service_that_finds_its_port_taken_gets_another", another_port),
    ("up_puts_services_where_base_url_says", up),
    ("up_names_the_service_whose_port_is_taken", up_taken),
    ("an_optional_service_that_is_not_there_is_missing", missing),
    ("a_required_service_that_is_not_there_breaks_off", required),
    ("an_optional_service_that_refuses_connections_is_missing_at_once", missing_at_once),
    ("a_required_service_that_refuses_connections_is_waited_for", waited_for),
    ("a_service_that_runs_already_is_faulted_over_a_fixed_link", fixed_link),
    ("a_service_that_runs_already_can_not_be_signalled", not_ours),
    ("the_build_is_quoted_only_when_it_fails", build),
];

fn calls_cross_links() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        assert_eq!(read(&world, "front", "/call").await, "1");
        let crossed = world.links().read(|history| {
            let exchanges = history.exchanges();
            exchanges.map(|exchange| exchange.link.to_string()).collect::<Vec<_>>()
        });
        assert_eq!(crossed, ["front -> back"]);
        assert_eq!(changes(&world), [], "starting a world isn't part of its history");
        assert_eq!(world.down(), []);
        world.close().await;
    });
}

fn worlds_are_apart() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let (first, second) = tokio::join!(fleet.ready(), fleet.ready());
        for service in ["front", "back", "aside"] {
            assert_ne!(port(&first, service), port(&second, service));
            assert_eq!(read(&second, service, "/starts").await, "1");
        }
    });
}

fn quoted() {
    on_runtime(async {
        let failing = service("failing", &[("FAIL_WITH", "no such table")], &[]);
        let broken_off = TestFleet::new(&(three_services() + &failing)).refused().await;
        assert_eq!(broken_off.to_string(), "failing ended before it was ready: exit code 3");
        assert_eq!(broken_off.log(), ["starting", "no such table"]);
    });
}

fn never_ready() {
    on_runtime(async {
        let unready = service("unready", &[("UNREADY", "1")], &[]).replace("within: 20s", "within: 1s");
        let broken_off = TestFleet::new(&unready).refused().await;
        let expected = "unready wasn't ready within 1s: GET /health answered 503 Service Unavailable";
        assert_eq!(broken_off.to_string(), expected);
    });
}

fn no_program() {
    on_runtime(async {
        let broken_off = TestFleet::new("  lost:\n    command: ./not-here --port ${port}\n").refused().await;
        assert!(
            broken_off.to_string().starts_with("lost can't be started: \"./not-here\": "),
            "{broken_off}"
        );
    });
}

fn another_port() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = folder.path().join("failed").display().to_string();
        let fleet = TestFleet::new(&(three_services() + &service("clumsy", &[("FAIL_ONCE", &failed)], &[])));
        let world = fleet.ready().await;
        assert!(folder.path().join("failed").exists());
        assert_eq!(read(&world, "clumsy", "/starts").await, "1", "it has a new folder too");
        assert_eq!(read(&world, "front", "/call").await, "1", "links lead to the new ports");
    });
}

/// A port without a listener, outside the range of outgoing connections.
fn some_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 4_000).expect("it is small");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if refuses_connections(port) {
            return port;
        }
    }
}

fn up() {
    on_runtime(async {
        let number = some_port();
        let base_url = format!("base_url: http://localhost:{number}");
        let fleet = TestFleet::new(&service("alone", &[], &[&base_url]));
        let world = fleet.inner.up(Seed(1)).await.unwrap_or_else(|error| panic!("{error:#?}"));
        assert_eq!(port(&world, "alone"), number);
        assert_eq!(read(&world, "alone", "/starts").await, "1");
    });
}

fn up_taken() {
    on_runtime(async {
        let number = some_port();
        let _listener = TcpListener::bind(("127.0.0.1", number)).expect("the port is free");
        let base_url = format!("base_url: http://localhost:{number}");
        let fleet = TestFleet::new(&service("alone", &[], &[&base_url]));
        let broken_off = fleet.inner.up(Seed(1)).await.expect_err("the port is taken");
        let expected = format!("alone can't be started on port {number}: another process listens there");
        assert_eq!(broken_off.to_string(), expected);
        fleet.ready().await;
    });
}

/// A service that the fleet doesn't start, and that doesn't run; its port.
fn absent(need: &str, within: &str) -> (String, u16) {
    let port = some_port();
    let text = format!(
        "  absent:\n    base_url: http://127.0.0.1:{port}\n    required: {need}\n    ready: {{ path: /health, within: {within} }}\n"
    );
    (text, port)
}

fn missing() {
    on_runtime(async {
        let (absent, port) = absent("false", "20ms");
        let failing = service("failing", &[("FAIL_WITH", "bye")], &["required: false"]);
        let caller = service("caller", &[], &["depends_on: [failing]"]);
        let fleet = TestFleet::new(&(three_services() + &absent + &failing + &caller));
        let why = fleet.inner.probe().await.expect("optional services may be missing");
        let reasons: Vec<String> = why.values().map(ToString::to_string).collect();
        let expected = [
            format!("absent isn't there: http://127.0.0.1:{port} refuses connections"),
            "failing ended before it was ready: exit code 3".into(),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(fleet.inner.missing().into_iter().collect::<Vec<_>>(), [name("absent"), name("failing")]);
        let world = fleet.ready().await;
        assert_eq!(read(&world, "front", "/call").await, "1");
        let missing = world.services().into_iter().filter(|service| service.state == ServiceState::Missing);
        assert_eq!(
            missing.map(|service| service.name).collect::<Vec<_>>(),
            [name("absent"), name("failing")]
        );
        assert!(get(&world, "failing", "/health").await.is_err());
        let links = world.link_addresses();
        let (_, link) = links.iter().find(|(link, _)| link.caller == name("caller")).expect("it is open");
        assert!(refuses_connections(link.port()), "nothing listens behind it");
    });
}

fn missing_at_once() {
    on_runtime(async {
        let (absent, _) = absent("false", "20s");
        let fleet = TestFleet::new(&absent);
        let began = Instant::now();
        let missing = fleet.inner.probe().await.expect("an optional service may be missing");
        assert_eq!(missing.keys().collect::<Vec<_>>(), [&name("absent")]);
        assert!(began.elapsed() < Duration::from_secs(10), "it isn't polled");
    });
}

fn waited_for() {
    on_runtime(async {
        let (absent, port) = absent("true", "20s");
        let fleet = TestFleet::new(&absent);
        let mut starting = pin!(fleet.start());
        let early = tokio::time::timeout(Duration::from_millis(100), &mut starting).await;
        assert!(early.is_err(), "it isn't there yet: {early:?}");
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        let answer = async {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.read(&mut [0; 1024]).await.expect("a request");
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("it reads");
            }
        };
        tokio::select! {
            started = starting => drop(started.unwrap_or_else(|error| panic!("{error:#?}"))),
            () = answer => {}
        }
    });
}

fn ready_once_it_answers() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |file: &str| folder.path().join(file);
        let mute = folder.path().display().to_string();
        let with_condition = service("mute", &[("MUTE", &mute)], &[]);
        let fleet =
            TestFleet::new(&with_condition.replace("    ready: { path: /health, within: 20s }\n", ""));
        let mut starting = pin!(fleet.start());
        tokio::select! {
            started = &mut starting => panic!("it has accepted a connection and not answered: {started:?}"),
            () = async { while !at("asked").exists() { tokio::task::yield_now().await } } => {}
        }
        std::fs::write(at("answer"), "").expect("it can be written");
        let world = starting.await.unwrap_or_else(|error| panic!("{error:#?}"));
        let (status, _) = get(&world, "mute", "/").await.expect("it answers");
        assert_eq!(status, StatusCode::NOT_FOUND, "any status counts");
    });
}

fn required() {
    on_runtime(async {
        let (absent, _) = absent("true", "20ms");
        let broken_off = TestFleet::new(&(three_services() + &absent)).refused().await;
        assert!(broken_off.to_string().starts_with("absent wasn't ready within 20ms"), "{broken_off}");
        assert!(broken_off.help().expect("help").contains("start it at http://127.0.0.1:"));
    });
}

/// Another fleet's `front -> back` as services that run already, where `front` calls `back` at `listen`.
async fn running(others: &TestFleet) -> (fleet::LiveWorld, String) {
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
    on_runtime(async {
        let others = TestFleet::new(&three_services());
        let (_running, text) = running(&others).await;
        let fleet = TestFleet::new(&text);
        let passes = async || {
            let world = fleet.ready().await;
            let [(link, at)] = world.link_addresses().try_into().expect("one link");
            assert_eq!(link.to_string(), "front -> back");
            assert_eq!(status_line(at).await, "HTTP/1.1 200 OK");
            // Longer than a link waits for an address that is taken.
            tokio::time::sleep(Duration::from_millis(400)).await;
            world.close().await;
        };
        // Only one world can have the address: the other is started once the first is closed.
        tokio::join!(passes(), passes());
    });
}

/// The first line of the answer to `GET /health`.
async fn status_line(at: std::net::SocketAddr) -> String {
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("it listens");
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    text.lines().next().expect("a line").to_owned()
}

fn not_ours() {
    on_runtime(async {
        let others = TestFleet::new(&three_services());
        let (_running, text) = running(&others).await;
        let fleet = TestFleet::new(&text);
        let world = fleet.ready().await;
        let broken_off =
            world.signal(&name("back"), Signal::Kill).await.expect_err("the fleet hasn't started it");
        assert_eq!(broken_off.to_string(), "can't kill back: the runner hasn't started it");
        let crash = Fault {
            name: "crash".parse().expect("a name"),
            link: "client -> front".parse().expect("a link"),
            selector: Selector::default(),
            damage: Damage::Crash { service: name("back"), point: CrashPoint::AfterReply },
        };
        let started = fleet.inner.raise(&scenario(Vec::new(), vec![crash]), Seed(1)).await;
        let broken_off = started.expect_err("it can't be crashed");
        assert_eq!(broken_off.to_string(), "a_test.yaml: can't crash back: the runner hasn't started it");
    });
}

fn build() {
    on_runtime(async {
        static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let folder = tempfile::tempdir().expect("a folder");
        let built = async |build: &str| {
            let mut configuration = configuration(&three_services(), folder.path());
            configuration.build = Some(scenario::Template::literal(build));
            let wrote = |preparation: Preparation| {
                if let Preparation::BuildWrote { line } = preparation {
                    LINES.lock().expect("whole").push(line);
                }
            };
            let options =
                FleetOptions { preparation: PreparationSink::new(wrote), ..FleetOptions::default() };
            Fleet::new(configuration.into(), options).build().await
        };
        built("sh -c 'echo built in $(pwd) > built'").await.expect("it succeeds");
        let text = std::fs::read_to_string(folder.path().join("built")).expect("it ran in the folder");
        assert_eq!(text.trim(), format!("built in {}", folder.path().display()));
        let broken_off = built("sh -c 'echo one; echo two >&2; exit 4'").await.expect_err("it fails");
        assert_eq!(broken_off.to_string(), "the build command failed with exit code 4");
        assert_eq!(broken_off.log(), ["one", "two"]);
        assert_eq!(*LINES.lock().expect("whole"), ["one", "two"]);
    });
}
