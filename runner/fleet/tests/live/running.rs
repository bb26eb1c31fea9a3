//! Worlds of services that run already: what they share, and what they do without.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use engine::World;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

use crate::fixture::{TestFleet, on_runtime, read};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("worlds_of_a_service_that_runs_already_share_a_connection", shared_connection),
    ("a_service_that_ended_between_two_scenarios_is_noticed_before_the_second", ended_between),
    ("nothing_is_stored_or_started_for_services_that_run_already", nothing_stored),
];

/// A server in this process. Its connections end when it is dropped.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    /// The paths that were requested.
    requested: Arc<Mutex<Vec<String>>>,
    tasks: JoinSet<()>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let (connections, requested) = <(Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>)>::default();
        let (counted, noted) = (Arc::clone(&connections), Arc::clone(&requested));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                counted.fetch_add(1, Ordering::SeqCst);
                let noted = Arc::clone(&noted);
                let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                    noted.lock().expect("whole").push(request.uri().path().to_owned());
                    async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("hello")))) }
                });
                // How a connection ends isn't asked for.
                open.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { port, connections, requested, tasks }
    }

    fn service(&self, keys: &str) -> String {
        format!("  app:\n    base_url: http://127.0.0.1:{}\n{keys}", self.port)
    }
}

fn shared_connection() {
    on_runtime(async {
        let check = async |keys: &str, expected: &[&str]| {
            let server = Server::start().await;
            let fleet = TestFleet::new(&server.service(keys));
            for _ in 0..3 {
                let world = fleet.ready().await;
                assert_eq!(read(&world, "app", "/greeting").await, "hello");
                world.close().await;
            }
            assert_eq!(*server.requested.lock().expect("whole"), expected, "{keys}");
            assert_eq!(server.connections.load(Ordering::SeqCst), 1, "{keys}");
        };
        // It has just replied, which is all that is asked of it.
        check("", &["/", "/greeting", "/greeting", "/greeting"]).await;
        let (ready, greeting) = ("/health", "/greeting");
        let asked = [ready, ready, greeting, ready, greeting, ready, greeting];
        check("    ready: { path: /health, within: 5s }\n", &asked).await;
    });
}

fn ended_between() {
    on_runtime(async {
        let mut server = Server::start().await;
        let fleet = TestFleet::new(&server.service("    required: false\n"));
        let world = fleet.ready().await;
        assert_eq!(read(&world, "app", "/greeting").await, "hello");
        world.close().await;
        server.tasks.shutdown().await;
        let expected = format!("app isn't there: http://127.0.0.1:{} refuses connections", server.port);
        assert_eq!(fleet.refused().await.to_string(), expected);
    });
}

fn nothing_stored() {
    on_runtime(async {
        let server = Server::start().await;
        let fleet = TestFleet::new(&server.service(""));
        let world = fleet.ready().await;
        assert_eq!(read(&world, "app", "/greeting").await, "hello");
        world.close().await;
        let stored = std::fs::read_dir(fleet.data.path()).expect("a folder").count();
        assert_eq!(stored, 0, "neither a folder for data nor a guardian of it");
    });
}
