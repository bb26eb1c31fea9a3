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
use tokio::{io::AsyncWriteExt, net::TcpStream};
use verdict::NoReply;

use crate::{
    gate::Cut,
    journey::Passage,
    layer::{Crossing, Faulty},
    message::{BodyError, LARGEST_BODY, collect, compact, origin_form, problem, strip},
    upstream::Upstream,
};

/// How long the head of a request may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Serves a caller's connection until either side ends it, or until a request on it gets no whole reply. Reset when
/// it is dropped before.
pub(crate) async fn serve(stream: TcpStream, callee: Faulty<Upstream>, cut: Cut) {
    // Replies are small; one that waits for another's acknowledgement would be 40 ms late.
    if stream.set_nodelay(true).is_err() {
        // The caller is gone already.
        return;
    }
    let mut connection = Connection(Some(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), Answering { callee, cut }),
    ));
    let ended = (&mut connection).await;
    let stream = connection.hang_up();
    match ended.as_ref().err().and_then(Error::source).and_then(|error| error.downcast_ref()) {
        Some(Breach::Lost) => reset(&stream),
        Some(Breach::CutOff { reply, after }) => {
            // The connection ends in an orderly way, in the midst of the reply: after a reset, the caller might not
            // get the part that was let through.
            if let Err(error) = write_beginning(stream, reply, *after).await {
                tracing::debug!(%error, "the caller left before its reply broke off");
            }
        }
        None => {}
    }
}

/// An open connection. Dropping it resets it.
struct Connection(Option<http1::Connection<TokioIo<TcpStream>, Answering>>);

impl Connection {
    fn hang_up(mut self) -> TcpStream {
        let connection = self.0.take().expect("only taken here, which consumes it, and on drop");
        connection.into_parts().io.into_inner()
    }
}

impl Future for Connection {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Pin::new(self.0.as_mut().expect("there until it hangs up")).poll(context)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            reset(connection.into_parts().io.inner());
        }
    }
}

/// Has the connection reset, rather than end, when it is dropped.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "a connection ends without being reset");
    }
}

/// Answers the requests on one connection.
struct Answering {
    callee: Faulty<Upstream>,
    cut: Cut,
}

/// Why a connection ends without a whole reply.
#[derive(Debug, thiserror::Error)]
enum Breach {
    #[error("no reply")]
    Lost,
    #[error("the reply breaks off")]
    CutOff { reply: Response<Bytes>, after: usize },
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response<Full<Bytes>>;
    type Error = Breach;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Breach>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        Box::pin(answer(request, self.callee.clone(), self.cut.clone()))
    }
}

async fn answer(
    request: Request<Incoming>,
    callee: Faulty<Upstream>,
    cut: Cut,
) -> Result<Response<Full<Bytes>>, Breach> {
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
        // It was never sent whole, so it never crossed the link.
        Err(BodyError::BrokeOff) => return Err(Breach::Lost),
    };
    strip(&mut parts.headers);
    compact(&mut parts.headers, &mut body);
    parts.uri = origin_form(&parts.uri);
    parts.version = Version::HTTP_11;
    let crossing = callee.cross(Request::from_parts(parts, body));
    match (Exchange { crossing, cut }).await {
        Passage::Reply(reply) => Ok(reply.map(Full::new)),
        Passage::CutOff { reply, after } => Err(Breach::CutOff { reply, after }),
        Passage::Lost(NoReply::Broken(why)) => Ok(problem(StatusCode::BAD_GATEWAY, &why).map(Full::new)),
        Passage::Lost(_) | Passage::Never => Err(Breach::Lost),
    }
}

/// An exchange that knows whether it is dropped because its caller gave up or because the link cut the connection.
struct Exchange {
    crossing: Crossing,
    cut: Cut,
}

impl Future for Exchange {
    type Output = Passage;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Passage> {
        Pin::new(&mut self.crossing).poll(context)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.cut.by_link() {
            self.crossing.give_up(NoReply::Reset);
        }
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
