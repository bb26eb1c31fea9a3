//! A body that breaks off.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The first bytes of a body that is announced in full, then an error.
#[derive(Debug)]
pub(crate) struct BrokenBody {
    announced: u64,
    beginning: Option<Bytes>,
    flushed: bool,
}

impl BrokenBody {
    pub(crate) fn new(whole: &Bytes, bytes: usize) -> Self {
        Self { announced: whole.len() as u64, beginning: Some(whole.slice(..bytes)), flushed: false }
    }
}

impl Body for BrokenBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(beginning) = self.beginning.take() {
            return Poll::Ready(Some(Ok(Frame::data(beginning))));
        }
        if !self.flushed {
            // One turn, in which what there is goes out before the connection is cut.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
