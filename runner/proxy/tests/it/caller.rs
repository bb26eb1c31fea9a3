//! A caller on a bare socket.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a read may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub(crate) struct Caller(TcpStream);

/// A reply as it arrived.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Sends a request with a body.
    pub(crate) async fn send(&mut self, path: &str, body: &[u8]) {
        let length = body.len();
        self.write(&format!("POST {path} HTTP/1.1\r\nhost: users\r\ncontent-length: {length}\r\n\r\n")).await;
        // A link that refuses a large body may close the connection before it has read all of it.
        drop(self.0.write_all(body).await);
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the connection takes it");
    }

    /// Waits for a whole reply. If the connection ends first, returns the part that arrived, or the error.
    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
        let mut got = Vec::new();
        loop {
            if let Some(reply) = whole(&got, Demand::Whole) {
                return Ok(reply);
            }
            let read = timeout(PATIENCE, self.0.read_buf(&mut got)).await;
            if read.expect("a reply, or the end of the connection")? == 0 {
                return whole(&got, Demand::Beginning).ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(crate) async fn call(&mut self, path: &str, body: &[u8]) -> io::Result<Reply> {
        self.send(path, body).await;
        self.reply().await
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Demand {
    Whole,
    Beginning,
}

fn whole(got: &[u8], demand: Demand) -> Option<Reply> {
    let split = got.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&got[..split]).expect("text").to_lowercase();
    let status = head.split(' ').nth(1)?.parse().expect("a status");
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = announced.map_or(0, |length| length.parse().expect("a length"));
    let body = got[split + 4..].to_vec();
    (demand == Demand::Beginning || body.len() >= length).then_some(Reply { status, head, body })
}
