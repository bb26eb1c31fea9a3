//! A client that costs next to nothing, so that the processor is the services': one connection, a request at a time.

use std::net::SocketAddr;

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to a service.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    pub(crate) async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &str) -> T {
        self.exchange("POST", path, body, 201).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&mut self, path: &str) -> T {
        self.exchange("GET", path, "", 200).await
    }

    /// One exchange; the reply must have this status.
    async fn exchange<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        status: u16,
    ) -> T {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await.expect("the service takes requests");
        self.buffer.clear();
        let mut whole = None;
        while whole.is_none_or(|(_, end)| self.buffer.len() < end) {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the service replies");
            assert!(read > 0, "{method} {path}: the reply was cut off");
            whole = whole.or_else(|| body_of(&self.buffer));
        }
        let (start, end) = whole.expect("the loop ends with a whole reply");
        let (head, body) = (&self.buffer[..start], &self.buffer[start..end]);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(
            head.starts_with(expected.as_bytes()),
            "{method} {path}: {}",
            String::from_utf8_lossy(&self.buffer)
        );
        serde_json::from_slice(body).expect("replies are JSON of a known form")
    }
}

/// Where the body of a reply begins and ends, once its head is there.
fn body_of(reply: &[u8]) -> Option<(usize, usize)> {
    let start = reply.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&reply[..start]).expect("a head is ASCII").to_ascii_lowercase();
    let (_, length) = head.split_once("\r\ncontent-length:").expect("every reply says its length");
    let length: usize = length.lines().next()?.trim().parse().expect("a length is a number");
    Some((start, start + length))
}
