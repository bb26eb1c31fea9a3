//! A service on a socket: how it starts, serves and stops.

use std::{net::SocketAddr, time::Duration};

use chassis::{About, App, ServiceKey, StartError, serve, serve::listen};
use poem_openapi::{OpenApi, payload::PlainText};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

const ABOUT: About = About { name: "some-service", purpose: "Does something.", port: 0, database: "" };

struct Api;

#[OpenApi]
impl Api {
    /// Takes its time
    #[oai(path = "/slow", method = "get", operation_id = "slow")]
    async fn slow(&self) -> PlainText<String> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        PlainText("done".into())
    }

    /// Has a bug
    #[oai(path = "/panic", method = "get", operation_id = "panic")]
    #[expect(clippy::unused_async, reason = "poem-openapi wants every operation async")]
    async fn panic(&self) -> PlainText<String> {
        panic!("a bug")
    }
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn run() -> Running {
    let app = App::new(&ABOUT, Api, Vec::new(), ServiceKey::development());
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(ABOUT.name, app, listener, async move { drop(stopped.await) }));
    Running { address, stop, task }
}

async fn connect(running: &Running, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn what_was_accepted_is_finished() {
    let running = run().await;
    let slow = connect(&running, "/slow").await;
    // The next reply shows that the slow request was taken in before the stop.
    let mut idle = connect(&running, "/livez").await;
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);
    running.stop.send(()).unwrap();
    let (text, _) = tokio::join!(rest(slow), running.task);
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("done"), "{text}");
    assert_eq!(idle.read(&mut buffer).await.unwrap(), 0, "an idle connection is closed");
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_free_port_is_named_in_health_and_a_taken_one_is_said_so() {
    let running = run().await;
    let mut stream = connect(&running, "/health").await;
    let mut buffer = vec![0; 4096];
    let length = stream.read(&mut buffer).await.unwrap();
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    assert!(text.contains(&format!(r#""port":{}"#, running.address.port())), "{text}");
    let taken = listen(running.address).await.unwrap_err();
    assert!(matches!(taken, StartError::PortTaken(address) if address == running.address));
    assert!(taken.to_string().contains("--port"));
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_service_goes_on() {
    let running = run().await;
    for _ in 0..2 {
        let mut stream = connect(&running, "/panic").await;
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(text.starts_with("HTTP/1.1 500") && text.contains("application/problem+json"), "{text}");
        assert!(!text.contains("a bug"), "the inside stays inside: {text}");
    }
}
