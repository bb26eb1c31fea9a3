//! The transport over the network: each way to fail has an error of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use chassis::{TransportError, http_transport};
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

/// A server that reads one request, answers with these bytes and closes.
async fn server(answer: &'static str, end: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
        end(stream);
    });
    address
}

async fn call(address: SocketAddr) -> Result<(u16, Bytes), TransportError> {
    let request = Request::post(format!("http://{address}/")).body(Bytes::from_static(b"{}")).unwrap();
    let reply = http_transport().oneshot(request).await?;
    Ok((reply.status().as_u16(), reply.into_body()))
}

#[tokio::test]
async fn each_way_to_fail_has_an_error_of_its_own() {
    let whole = server("HTTP/1.1 418 x\r\nContent-Length: 2\r\n\r\nhi", drop).await;
    assert_eq!(call(whole).await, Ok((418, Bytes::from_static(b"hi"))));
    let half = server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi", drop).await;
    assert_eq!(call(half).await, Err(TransportError::CutOff));
    let none = server("", drop).await;
    assert_eq!(call(none).await, Err(TransportError::CutOff));
    let reset = server("", |stream| stream.set_zero_linger().unwrap()).await;
    assert_eq!(call(reset).await, Err(TransportError::Reset));
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(call(gone).await, Err(TransportError::Refused));
}
