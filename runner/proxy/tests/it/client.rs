//! The HTTP client: how it reports what goes wrong, and how it uses its connections again.

use bytes::Bytes;
use http::{HeaderValue, Request};
use proxy::{HeaderNames, HttpClient, NoReply};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tower::ServiceExt;

/// A client, and the service that it calls.
struct Served {
    client: HttpClient,
    /// Makes the service close the connection whose request it has answered.
    close: UnboundedSender<()>,
    /// Gets a message when the service has closed a connection.
    closed: UnboundedReceiver<()>,
}

/// Answers one request on each connection with the next of `replies`, byte for byte. Without replies it doesn't listen.
async fn served(replies: &'static [&'static str]) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let authority = listener.local_addr().expect("an address").to_string().parse().expect("an authority");
    let (close, mut closing) = unbounded_channel();
    let (closes, closed) = unbounded_channel();
    if !replies.is_empty() {
        tokio::spawn(async move {
            for reply in replies {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.read(&mut [0; 4096]).await.expect("a request");
                stream.write_all(reply.as_bytes()).await.expect("the client reads");
                closing.recv().await;
                drop(stream);
                closes.send(()).unwrap_or_default();
            }
        });
    }
    Served { client: HttpClient::new(authority, ""), close, closed }
}

fn request() -> Request<Bytes> {
    Request::get("/").body(Bytes::new()).expect("a request")
}

#[tokio::test]
async fn each_way_to_fail_is_reported_as_such() {
    let check = async |replies: &'static [&'static str], expected: NoReply| {
        let Served { client, close, closed: _closed } = served(replies).await;
        close.send(()).unwrap_or_default();
        assert_eq!(client.oneshot(request()).await.expect_err("no reply"), expected, "{replies:?}");
    };
    check(&[], NoReply::Refused).await;
    check(&[""], NoReply::Reset).await;
    check(&["HTTP/1.1 200 OK\r\nContent-"], NoReply::Reset).await;
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], NoReply::CutOff).await;
    let invalid = NoReply::Broken("the reply isn't HTTP: invalid HTTP version parsed".into());
    check(&["SMTP is spoken here\r\n\r\n"], invalid).await;
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced() {
    let mut served = served(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreply"; 2]).await;
    for _ in 0..2 {
        let reply = served.client.clone().oneshot(request()).await.expect("a reply");
        assert_eq!(reply.into_body(), "reply");
        served.close.send(()).expect("the service waits for it");
        served.closed.recv().await.expect("the service closes it");
    }
}

#[tokio::test]
async fn a_reply_can_have_hundreds_of_headers() {
    let headers = (0..400).map(|number| format!("x-h-{number}: {number}\r\n")).collect::<Vec<_>>().concat();
    let reply: &'static str = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\n\r\n").leak();
    let Served { client, close, closed: _closed } = served(vec![reply].leak()).await;
    close.send(()).unwrap_or_default();
    let reply = client.oneshot(request()).await.expect("a reply");
    assert_eq!(reply.headers().get("x-h-399").map(HeaderValue::as_bytes), Some(&b"399"[..]));
}

#[tokio::test]
async fn names_of_headers_are_written_as_the_client_is_told() {
    let check = async |names: HeaderNames, expected: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("an address").to_string().parse().expect("an authority");
        let client = HttpClient::with_names(authority, "", names);
        let request = Request::get("/").header("X-Request-ID", "1").body(Bytes::new()).expect("a request");
        let received = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.expect("a request");
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        let (received, _) = tokio::join!(received, client.oneshot(request));
        assert!(received.contains(expected), "{received}");
    };
    check(HeaderNames::LowerCase, "\r\nx-request-id: 1\r\n").await;
    check(HeaderNames::Capitalised, "\r\nX-Request-Id: 1\r\n").await;
}
