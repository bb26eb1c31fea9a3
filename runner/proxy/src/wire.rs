use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    net,
    os::fd::AsFd,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use verdict::NoReply;

use crate::message::{BodyError, LARGEST_BODY, collect, compact, strip};

/// A connection to a callee, for one request at a time.
///
/// Whoever sends a request drives the connection meanwhile, so that neither needs a task of its own. Nobody looks at
/// an idle one.
#[derive(Debug)]
pub(crate) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    connection: Option<Connection<TokioIo<TcpStream>, Full<Bytes>>>,
    /// The same socket, to look into it.
    socket: net::TcpStream,
}

/// Why there is no response.
pub(crate) enum Failure {
    /// Nothing of the request was sent, so the callee can't have seen it.
    Unsent(Box<Request<Full<Bytes>>>),
    /// It may have been.
    NoReply(NoReply),
}

impl Wire {
    pub(crate) async fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let socket = stream.as_fd().try_clone_to_owned()?.into();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, connection: Some(connection), socket })
    }

    /// Whether it can't take another request.
    pub(crate) fn has_ended(&self) -> bool {
        self.connection.is_none() || self.sender.is_closed()
    }

    /// Whether the callee still holds its end, after a pause in which nobody looked.
    pub(crate) async fn still_stands(&mut self) -> bool {
        // The socket itself is asked, since the runtime may not have heard of its end yet.
        let silent =
            matches!(self.socket.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        silent
            && poll_fn(|context| {
                self.drive(context);
                Poll::Ready(self.sender.is_ready())
            })
            .await
    }

    /// Sends a request and waits for all of the response.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Failure> {
        let sent = self.sender.try_send_request(request);
        let mut received = pin!(async {
            let (mut parts, body) = match sent.await {
                Ok(response) => response.into_parts(),
                Err(mut error) => {
                    let unsent = error.take_message().map(|request| Failure::Unsent(Box::new(request)));
                    return Err(unsent.unwrap_or_else(|| Failure::NoReply(no_reply(error.error()))));
                }
            };
            let mut body = collect(body).await.map_err(|error| Failure::NoReply(broken(&error)))?;
            strip(&mut parts.headers);
            compact(&mut parts.headers, &mut body);
            Ok(Response::from_parts(parts, body))
        });
        poll_fn(|context| {
            self.drive(context);
            let received = received.as_mut().poll(context);
            if received.is_ready() {
                // So that it gets ready for the next request, or ends if it is the last.
                self.drive(context);
            }
            received
        })
        .await
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        // How it ended is told to the request that it carries.
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(context).is_ready()
        {
            self.connection = None;
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
