//! The socket under hyper. hyper answers what is no request by itself and bare, before any endpoint is asked; here its
//! words get the body that every error has. And hyper waits without end for a client that doesn't read; here that is an error.

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

use crate::problem::{self, Problem};

/// A client's connection.
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    /// How long the client may take to make room for more.
    patience: Duration,
    /// Ends when it took too long; none while there is room.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream: TokioIo::new(stream), patience, stalled: None }
    }

    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.patience)));
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
        let Some(reply) = worded(bytes) else { return self.write(context, bytes) };
        let written = ready!(self.write(context, reply.as_bytes()))?;
        // It is the last that is said here; a client that doesn't even take that hears nothing.
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

/// The reply to put in place of a bare refusal. No endpoint here refuses without a body.
fn worded(bytes: &[u8]) -> Option<String> {
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
    let (kind, length) = (problem::CONTENT_TYPE, body.len());
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}
