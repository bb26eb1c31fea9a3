use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    net,
    os::fd::AsFd,
    pin::{Pin, pin},
    task::Context,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use verdict::NoReply;

use crate::{
    client::HeaderNames,
    message::{BodyError, LARGEST_BODY, collect, compact, strip},
};

/// The most headers of a reply. Many servers send at most 100 or 128; a reply with more than this is refused.
const MOST_HEADERS: usize = 512;

/// A connection to a callee, for one request at a time. The request polls it, and nothing polls it while it is idle.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Reads and writes the socket when it is polled. `None` once the connection has ended.
    driver: Option<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>,
    /// The same socket, to see whether the callee has closed it.
    socket: net::TcpStream,
}

/// Why there is no reply.
pub(crate) enum SendError {
    /// No byte of this request was sent.
    Unsent(Box<Request<Full<Bytes>>>),
    /// The request may have been sent.
    NoReply(NoReply),
}

impl Connection {
    pub(crate) async fn new(stream: TcpStream, names: HeaderNames) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let socket = stream.as_fd().try_clone_to_owned()?.into();
        let mut builder = http1::Builder::new();
        builder.max_headers(MOST_HEADERS).title_case_headers(names == HeaderNames::Capitalised);
        let connected = builder.handshake(TokioIo::new(stream)).await;
        let (sender, driver) = connected.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(driver), socket })
    }

    /// Whether it can carry no further request.
    pub(crate) fn has_ended(&self) -> bool {
        self.driver.is_none() || self.sender.is_closed()
    }

    /// Whether the callee hasn't closed this idle connection.
    pub(crate) fn is_open(&mut self, context: &mut Context<'_>) -> bool {
        // Looks at the socket itself, since the runtime may not have been notified of its end yet.
        let silent =
            matches!(self.socket.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        if silent {
            self.drive(context);
        }
        silent && self.sender.is_ready()
    }

    /// Sends a request and waits for the whole reply.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, SendError> {
        let sent = self.sender.try_send_request(request);
        let mut received = pin!(async {
            let (mut parts, body) = match sent.await {
                Ok(response) => response.into_parts(),
                Err(mut error) => {
                    let unsent = error.take_message().map(|request| SendError::Unsent(Box::new(request)));
                    return Err(unsent.unwrap_or_else(|| SendError::NoReply(no_reply(error.error()))));
                }
            };
            let mut body = collect(body).await.map_err(|error| SendError::NoReply(broken(&error)))?;
            strip(&mut parts.headers);
            compact(&mut parts.headers, &mut body);
            Ok(Response::from_parts(parts, body))
        });
        poll_fn(|context| {
            self.drive(context);
            let received = received.as_mut().poll(context);
            if received.is_ready() {
                // Makes it ready for the next request, or ends it if this was the last.
                self.drive(context);
            }
            received
        })
        .await
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        // An error isn't lost: the request on this connection gets it.
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(context).is_ready()
        {
            self.driver = None;
        }
    }
}

fn no_reply(error: &hyper::Error) -> NoReply {
    if error.is_parse() { NoReply::Broken(format!("the reply isn't HTTP: {error}")) } else { NoReply::Reset }
}

fn broken(error: &BodyError) -> NoReply {
    match error {
        BodyError::TooLarge => {
            NoReply::Broken(format!("the reply's body is larger than {LARGEST_BODY} bytes"))
        }
        BodyError::BrokeOff => NoReply::CutOff,
    }
}
