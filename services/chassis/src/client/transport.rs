//! Transport: a tower service that sends a request and returns the whole reply. Tests and simulations put their own in
//! place of the network.

use std::{error::Error, io::ErrorKind, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use tower::util::BoxCloneSyncService;

/// Sends one request to the address in its URI and returns the whole reply.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, TransportError>;

/// There is no whole reply. Only after [`Refused`](Self::Refused) is it certain that the call had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The peer has no listener: the request was not delivered.
    #[error("the connection was refused")]
    Refused,
    /// The connection was reset.
    #[error("the connection was reset")]
    Reset,
    /// No reply before the deadline.
    #[error("there was no reply in time")]
    TimedOut,
    /// The reply ended too early.
    #[error("the reply was cut off")]
    CutOff,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Bytes of the largest reply that is read.
const LARGEST_REPLY: usize = 16 << 20;
const CONNECT: Duration = Duration::from_secs(1);
/// Less than the idle time after which the services here close a connection, so that no request is sent on a closing one.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// The network. No proxies from the environment: services here call each other directly.
pub fn http_transport() -> Transport {
    let client = reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(reqwest::redirect::Policy::none())
        // `Upstream` retries; without retries here reqwest needs no copy of every request.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .build()
        .expect("a client without TLS has nothing to load");
    BoxCloneSyncService::new(tower::service_fn(move |request| exchange(client.clone(), request)))
}

async fn exchange(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let request = reqwest::Request::try_from(request).map_err(classify)?;
    let mut reply = client.execute(request).await.map_err(classify)?;
    let mut body = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(classify)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_REPLY {
            return Err(TransportError::Other("the reply is larger than 16 MiB".into()));
        }
    }
    let mut response = Response::new(body.freeze());
    *response.status_mut() = reply.status();
    *response.headers_mut() = std::mem::take(reply.headers_mut());
    Ok(response)
}

#[expect(clippy::needless_pass_by_value, reason = "it is called by map_err")]
fn classify(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::TimedOut;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(hyper) = error.downcast_ref::<hyper::Error>()
            && hyper.is_incomplete_message()
        {
            return TransportError::CutOff;
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            match io.kind() {
                ErrorKind::ConnectionRefused => return TransportError::Refused,
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                    return TransportError::Reset;
                }
                ErrorKind::UnexpectedEof => return TransportError::CutOff,
                ErrorKind::TimedOut => return TransportError::TimedOut,
                _ => {}
            }
        }
        cause = error.source();
    }
    if error.is_body() || error.is_decode() {
        return TransportError::CutOff;
    }
    TransportError::Other(error.to_string())
}
