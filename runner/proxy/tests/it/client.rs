//! The HTTP client: how it reports what goes wrong, and how it uses its connections again.

use bytes::Bytes;
use http::Request;
use proxy::{HttpClient, NoReply};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use tower::ServiceExt;

/// Answers one request on each connection with the next of `replies`, byte for byte, and closes the connection; then
/// stops listening. The receiver gets a message when a connection is closed.
async fn served(replies: &'static [&'static str]) -> (HttpClient, UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let authority = listener.local_addr().expect("an address").to_string().parse().expect("an authority");
    let (closing, closed) = unbounded_channel();
    if replies.is_empty() {
        drop(listener);
    } else {
        tokio::spawn(async move {
            for reply in replies {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.read(&mut [0; 4096]).await.expect("a request");
                stream.write_all(reply.as_bytes()).await.expect("the client reads");
                drop(stream);
                closing.send(()).unwrap_or_default();
            }
        });
    }
    (HttpClient::new(authority, ""), closed)
}

fn request() -> Request<Bytes> {
    Request::get("/").body(Bytes::new()).expect("a request")
}

#[tokio::test]
async fn each_way_to_fail_is_reported_as_such() {
    let check = async |replies: &'static [&'static str], expected: NoReply| {
        let (client, _closed) = served(replies).await;
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
    let (client, mut closed) = served(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreply"; 2]).await;
    for _ in 0..2 {
        let reply = client.clone().oneshot(request()).await.expect("a reply");
        assert_eq!(reply.into_body(), "reply");
        closed.recv().await.expect("the service closes it");
    }
}
