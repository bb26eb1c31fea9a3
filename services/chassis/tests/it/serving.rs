//! A service on a socket: how it starts, serves and stops.

use std::{net::SocketAddr, time::Duration};

use chassis::{
    About, App, ListenError, Routes, ServerLimits, ServiceKey, StartError, StoreError, listen, serve,
};
use poem::{Body, Endpoint, Request};
use poem_openapi::{OpenApi, payload::PlainText};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout},
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
    task: JoinHandle<Result<(), StoreError>>,
}

async fn run() -> Running {
    run_with(ServerLimits::default()).await
}

async fn run_with(limits: ServerLimits) -> Running {
    let app = App::new(&Routes::new(&ABOUT, Api), (), Vec::new(), ServiceKey::development());
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(ABOUT.name, app, listener, limits, async move { drop(stopped.await) }));
    Running { address, stop, task }
}

async fn connect(running: &Running, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The next reply on a connection that stays open.
async fn reply(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4096];
    let length = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn accepted_requests_are_finished_before_the_service_stops() {
    let running = run().await;
    let slow = connect(&running, "/slow").await;
    // This reply shows that the slow request was accepted before the stop.
    let mut idle = connect(&running, "/livez").await;
    assert!(reply(&mut idle).await.starts_with("HTTP/1.1 200"));
    running.stop.send(()).unwrap();
    let (text, _) = tokio::join!(rest(slow), running.task);
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("done"), "{text}");
    assert_eq!(reply(&mut idle).await, "", "an idle connection is closed");
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn health_names_the_free_port_and_a_taken_port_is_an_error() {
    let running = run().await;
    let mut stream = connect(&running, "/health").await;
    let text = reply(&mut stream).await;
    assert!(text.contains(&format!(r#""port":{}"#, running.address.port())), "{text}");
    let taken = listen(running.address).await.unwrap_err();
    assert!(matches!(taken, ListenError::PortTaken(address) if address == running.address));
    assert!(StartError::from(taken).help().unwrap().contains("--port"));
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_service_keeps_serving() {
    let running = run().await;
    for _ in 0..2 {
        let mut stream = connect(&running, "/panic").await;
        let text = reply(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 500") && text.contains("application/problem+json"), "{text}");
        assert!(!text.contains("a bug"), "the message of the panic is not told: {text}");
    }
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_refused_and_the_others_are_served() {
    let running = run_with(ServerLimits { connections: 2, ..ServerLimits::default() }).await;
    let mut served = [connect(&running, "/livez").await, connect(&running, "/livez").await];
    for stream in &mut served {
        assert!(reply(stream).await.starts_with("HTTP/1.1 200"));
    }
    let text = rest(connect(&running, "/livez").await).await.to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 503") && text.contains("\r\nretry-after: 1\r\n"), "{text}");
    assert!(text.contains("application/problem+json") && text.contains("too many connections"), "{text}");
    let [mut first, second] = served;
    first.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(reply(&mut first).await.starts_with("HTTP/1.1 200"), "earlier connections are served");
    drop(second);
    // The server notices the closed connection some time later, and refuses until then.
    while !reply(&mut connect(&running, "/livez").await).await.starts_with("HTTP/1.1 200") {}
}

#[tokio::test]
async fn a_head_too_large_is_431_and_no_http_is_400_with_a_problem() {
    let running = run_with(ServerLimits { head_bytes: 8 << 10, ..ServerLimits::default() }).await;
    let check = async |head: &str, status: u16, words: &str| {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let text = rest(stream).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{text}");
        assert!(head.contains("application/problem+json") && body.contains(words), "{text}");
    };
    let long = "x".repeat(8 << 10);
    check(&format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {long}"), 431, "too large").await;
    check("GET /livez SMTP/1.1\r\n\r\n", 400, "no HTTP request").await;
}

#[tokio::test]
async fn a_head_that_never_ends_and_an_idle_connection_are_closed_without_a_reply() {
    let running = run_with(ServerLimits { head: Duration::from_millis(50), ..ServerLimits::default() }).await;
    let silent = TcpStream::connect(running.address).await.unwrap();
    let mut half = TcpStream::connect(running.address).await.unwrap();
    half.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let idle = connect(&running, "/livez").await;
    let all = async { tokio::join!(rest(silent), rest(half), rest(idle)) };
    let (silent, half, idle) = timeout(Duration::from_secs(20), all).await.expect("each is closed");
    assert_eq!((silent.as_str(), half.as_str()), ("", ""));
    assert!(idle.starts_with("HTTP/1.1 200") && idle.ends_with('}'), "its own reply and no more: {idle}");
}

#[tokio::test]
async fn a_client_that_disconnects_frees_its_connection() {
    let running = run_with(ServerLimits { connections: 1, ..ServerLimits::default() }).await;
    for head in
        ["", "GET /livez HTTP/1.1\r\n", "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhal"]
    {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
        let served = async {
            while !reply(&mut connect(&running, "/livez").await).await.starts_with("HTTP/1.1 200") {}
        };
        timeout(Duration::from_secs(20), served).await.expect("a connection is free again");
    }
}

#[tokio::test]
async fn a_client_that_never_reads_loses_its_connection() {
    let limits = ServerLimits { head: Duration::from_millis(50), connections: 1, ..ServerLimits::default() };
    let running = run_with(limits).await;
    let mut unread = TcpStream::connect(running.address).await.unwrap();
    // Swagger UI is a megabyte: a hundred of it exceed all buffers on the way.
    unread.write_all(&b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)).await.unwrap();
    assert!(reply(&mut unread).await.starts_with("HTTP/1.1 200"));
    let served =
        async { while !reply(&mut connect(&running, "/livez").await).await.starts_with("HTTP/1.1 200") {} };
    timeout(Duration::from_secs(20), served).await.expect("a connection is free again");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_408() {
    let app = App::new(&Routes::new(&ABOUT, Api), (), Vec::new(), ServiceKey::development());
    let (open, inside) = tokio::io::duplex(1);
    let request = Request::builder().uri_str("/livez").body(Body::from_async_read(inside));
    let before = Instant::now();
    let response = app.endpoint.get_response(request).await;
    assert_eq!((response.status().as_u16(), before.elapsed().as_secs()), (408, 10));
    let text = response.into_body().into_string().await.unwrap();
    assert!(text.contains("took too long to arrive"), "{text}");
    drop(open);
}
