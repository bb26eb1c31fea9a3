//! The socket under hyper. hyper itself answers what isn't a valid request, without a body; here such a reply gets the body
//! that every error has. And hyper waits forever for a client that doesn't read; here the write times out.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use poem::http::StatusCode;
use tokio::{
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::{api::problem::Problem, client::call::PROBLEM_JSON};

/// A client's connection.
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    /// How long a write may wait for the client to read.
    write_timeout: Duration,
    /// Timer of the write that waits, if one does.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, write_timeout: Duration) -> Self {
        Self { stream: TokioIo::new(stream), write_timeout, stalled: None }
    }

    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(reply) = with_body(bytes) else { return self.write(context, bytes) };
        let written = ready!(self.write(context, reply.as_bytes()))?;
        // hyper closes the connection after this reply, so what wasn't written at once is lost.
        Poll::Ready(if written == reply.len() {
            Ok(bytes.len())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The reply to send in place of a refusal without a body. Only hyper writes those: every endpoint here adds one.
fn with_body(bytes: &[u8]) -> Option<String> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3).filter(|status| status[0] == b'4')?;
    let bare = b"\r\ncontent-length: 0\r\n";
    bytes.windows(bare.len()).find(|window| window == bare)?;
    let status = StatusCode::from_bytes(status).ok()?;
    let detail = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "the head of the request is too large",
        StatusCode::URI_TOO_LONG => "the address of the request is too long",
        _ => "this is no HTTP request",
    };
    let body = Problem::plain(status, detail).body("");
    let (kind, length) = (PROBLEM_JSON, body.len());
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}
