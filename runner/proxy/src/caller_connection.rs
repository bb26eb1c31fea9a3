use std::{
    error::Error,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::watch};
use verdict::NoReply;

use crate::{
    client::HttpClient,
    delivery::{CallerState, DeliveryOutcome},
    layer::Faulty,
    message::{BodyError, LARGEST_BODY, collect, compact, origin_form, problem, strip},
};

/// How long the head of a request may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Serves a caller's connection until either side ends it, or until a request on it gets no whole reply. After a change
/// of `callee_gone` it is closed once the exchange in flight has ended. Dropping the future resets the connection.
pub(crate) async fn serve(
    stream: TcpStream,
    callee: Faulty<HttpClient>,
    mut callee_gone: watch::Receiver<()>,
) {
    // Without this, a small reply waits up to 40 ms for the acknowledgement of the one before it.
    if stream.set_nodelay(true).is_err() {
        // The caller has hung up already.
        return;
    }
    let mut connection = CallerConnection(Some(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), CallerService { callee }),
    ));
    let ended = tokio::select! {
        biased;
        ended = &mut connection => ended,
        // An error means that the link is closed.
        _ = callee_gone.changed() => {
            connection.finish();
            (&mut connection).await
        }
    };
    let stream = connection.into_stream();
    match ended.as_ref().err().and_then(Error::source).and_then(|error| error.downcast_ref()) {
        Some(ConnectionEnd::Lost) => reset(&stream),
        Some(ConnectionEnd::CutOff { reply, after }) => {
            // The connection is closed in the middle of the reply, not reset: after a reset, the caller might not get
            // the part that was sent.
            if let Err(error) = write_beginning(stream, reply, *after).await {
                tracing::debug!(%error, "the caller hung up before its reply broke off");
            }
        }
        None => {}
    }
}

/// An open connection. Dropping it resets it.
struct CallerConnection(Option<http1::Connection<TokioIo<TcpStream>, CallerService>>);

impl CallerConnection {
    /// Ends the connection once it is idle.
    fn finish(&mut self) {
        let connection = self.0.as_mut().expect("present until `into_stream`");
        Pin::new(connection).graceful_shutdown();
    }

    fn into_stream(mut self) -> TcpStream {
        let connection = self.0.take().expect("taken here, which consumes it, and on drop only");
        connection.into_parts().io.into_inner()
    }
}

impl Future for CallerConnection {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Pin::new(self.0.as_mut().expect("present until `into_stream`")).poll(context)
    }
}

impl Drop for CallerConnection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            reset(connection.into_parts().io.inner());
        }
    }
}

/// Makes the connection end with a reset when it is dropped, rather than with an orderly close.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "a connection ends without being reset");
    }
}

/// Answers the requests on one connection.
struct CallerService {
    callee: Faulty<HttpClient>,
}

/// Why a connection ends without a whole reply.
#[derive(Debug, thiserror::Error)]
enum ConnectionEnd {
    #[error("no reply")]
    Lost,
    #[error("the reply breaks off")]
    CutOff { reply: Response<Bytes>, after: usize },
}

impl Service<Request<Incoming>> for CallerService {
    type Response = Response<Full<Bytes>>;
    type Error = ConnectionEnd;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, ConnectionEnd>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        Box::pin(answer(request, self.callee.clone()))
    }
}

async fn answer(
    request: Request<Incoming>,
    callee: Faulty<HttpClient>,
) -> Result<Response<Full<Bytes>>, ConnectionEnd> {
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::CONNECT {
        return Ok(problem(StatusCode::NOT_IMPLEMENTED, "a link makes no tunnels").map(Full::new));
    }
    let mut body = match collect(body).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let detail = format!("a link carries bodies of at most {LARGEST_BODY} bytes");
            return Ok(problem(StatusCode::PAYLOAD_TOO_LARGE, &detail).map(Full::new));
        }
        // The caller didn't send all of it, so there is no exchange.
        Err(BodyError::BrokeOff) => return Err(ConnectionEnd::Lost),
    };
    strip(&mut parts.headers);
    compact(&mut parts.headers, &mut body);
    parts.uri = origin_form(&parts.uri);
    parts.version = Version::HTTP_11;
    match callee.begin(Request::from_parts(parts, body), CallerState::Connected).await {
        DeliveryOutcome::Reply(reply) => Ok(reply.map(Full::new)),
        DeliveryOutcome::CutOff { reply, after } => Err(ConnectionEnd::CutOff { reply, after }),
        DeliveryOutcome::NoReply(NoReply::Broken(why)) => {
            Ok(problem(StatusCode::BAD_GATEWAY, &why).map(Full::new))
        }
        DeliveryOutcome::NoReply(_) | DeliveryOutcome::Never => Err(ConnectionEnd::Lost),
    }
}

/// Writes a reply's head, which announces all of its body, and the first bytes of that.
async fn write_beginning(mut stream: TcpStream, reply: &Response<Bytes>, after: usize) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {}\r\n", reply.status()).into_bytes();
    for (name, value) in reply.headers().iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(format!("content-length: {}\r\n\r\n", reply.body().len()).as_bytes());
    text.extend_from_slice(&reply.body()[..after]);
    stream.write_all(&text).await?;
    stream.shutdown().await
}
