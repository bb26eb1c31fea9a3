//! The client of a dependency, and the log of its circuit.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use chassis::{Call, Policy, Transport, TransportError, Upstream};
use tower::service_fn;

/// Log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn every_transition_of_a_circuit_is_logged_with_its_reason() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let transport = Transport::new(service_fn(async |_| Err(TransportError::Refused)));
    let policy = Policy { attempts: 1, ..Policy::default() };
    let users = Upstream::new("users-service", "http://users".parse().unwrap(), transport, 1, policy);
    while users.admits().is_ok() {
        users.send(&Call::get("/api/users/1")).await.unwrap_err();
    }
    tokio::time::sleep(policy.breaker.open_wait).await;
    users.send(&Call::get("/api/users/1")).await.unwrap_err();
    let moves = users.transitions().into_iter().map(|it| {
        let (from, to, why) = (it.from, it.to, it.reason);
        format!(r#" WARN chassis::client::upstream: its circuit moved dependency="users-service" from={from} to={to} why={why}"#)
    });
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(logged.lines().collect::<Vec<_>>(), moves.collect::<Vec<_>>());
    assert_eq!(logged.lines().count(), 3, "it opened, half-opened and opened again: {logged}");
}
