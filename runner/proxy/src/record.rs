//! Writing an exchange into the history.

use std::sync::Arc;

use bytes::Bytes;
use fault::Link;
use http::{Request, Response};
use verdict::{ExchangeId, NoReply, Reply};

use crate::links::Book;

/// How much of a body between services the history keeps. What a scenario's own requests get is judged, so it is
/// kept whole.
const KEPT_BODY: usize = 1 << 20;

/// An exchange's place in the history.
#[derive(Clone)]
pub(crate) struct Entry {
    book: Arc<Book>,
    id: ExchangeId,
    most: usize,
}

impl Entry {
    pub(crate) fn new(book: Arc<Book>, id: ExchangeId, link: &Link) -> Self {
        Self { book, id, most: kept(link) }
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    /// The callee gets the request (once more).
    pub(crate) fn delivered(&self) {
        self.book.write(|history, _| history.delivered(self.id));
    }

    /// It did not after all: nobody listened.
    pub(crate) fn not_delivered(&self) {
        self.book.write(|history, _| history.not_delivered(self.id));
    }

    /// Whether the callee works on it, and no fault has a part in it.
    pub(crate) fn is_being_answered(&self) -> bool {
        self.book.read(|history| {
            let exchange = history.exchange(self.id);
            exchange.faults.is_empty() && exchange.delivered > 0 && exchange.answered.is_none()
        })
    }

    /// The callee has answered.
    pub(crate) fn answered(&self, response: &Response<Bytes>) {
        let reply = kept_reply(response, self.most);
        self.book.write(|history, _| history.answered(self.id, reply));
    }

    /// The caller's wait is over.
    pub(crate) fn ended(&self, received: Result<&Response<Bytes>, NoReply>) {
        let received = received.map(|response| kept_reply(response, self.most));
        self.book.write(|history, now| history.end(self.id, now, received));
    }
}

/// The request as the history keeps it.
pub(crate) fn kept_request(link: &Link, request: &Request<Bytes>) -> verdict::Request {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    verdict::Request {
        method: request.method().clone(),
        path: path.into(),
        headers: request.headers().clone(),
        body: kept_body(request.body(), kept(link)),
    }
}

fn kept_reply(response: &Response<Bytes>, most: usize) -> Reply {
    Reply {
        status: response.status(),
        headers: response.headers().clone(),
        body: kept_body(response.body(), most),
    }
}

fn kept_body(body: &Bytes, most: usize) -> Bytes {
    // A copy of the part that is kept, since a slice would keep the whole.
    if body.len() > most { Bytes::copy_from_slice(&body[..most]) } else { body.clone() }
}

fn kept(link: &Link) -> usize {
    if link.caller.as_str() == fault::CLIENT { usize::MAX } else { KEPT_BODY }
}
