//! Where a service is reached.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};

use http::{Uri, uri::Authority};
use proxy::{HeaderNames, HttpClient};
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};

/// How long a connection to a service may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a service is reached over HTTP: `http://AUTHORITY/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: Authority,
    /// What every path begins with: empty, or `/…` without a slash at its end.
    prefix: String,
}

/// Why a `base_url` can't be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another scheme than `http`.
    #[error("{0} isn't http://…, and links carry plain HTTP only")]
    Scheme(Uri),
    /// No host.
    #[error("{0} has no host")]
    Host(Uri),
}

impl Address {
    /// Parses a `base_url`.
    pub fn new(base_url: &Uri) -> Result<Self, AddressError> {
        if base_url.scheme() != Some(&http::uri::Scheme::HTTP) {
            return Err(AddressError::Scheme(base_url.clone()));
        }
        let authority = base_url.authority().ok_or_else(|| AddressError::Host(base_url.clone()))?;
        Ok(Self { authority: authority.clone(), prefix: prefix(base_url) })
    }

    /// A port of this machine, under the same prefix as `base_url` if there is one.
    pub(crate) fn local(port: u16, base_url: Option<&Uri>) -> Self {
        let authority = format!("127.0.0.1:{port}").parse().expect("digits, dots and a colon");
        Self { authority, prefix: base_url.map(prefix).unwrap_or_default() }
    }

    /// The URL that a caller uses instead of it, through a link that listens at `link`.
    pub(crate) fn behind(&self, link: SocketAddr) -> String {
        format!("http://{link}{}", self.prefix)
    }

    /// The host with its port, if that isn't 80.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The port; 80 if the URL names none.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(80)
    }

    /// A client for requests past all links.
    pub(crate) fn client(&self) -> HttpClient {
        HttpClient::with_names(self.authority.clone(), &self.prefix, HeaderNames::Capitalised)
    }

    /// Whether nothing listens there. A connection that isn't decided within [`CONNECT_TIMEOUT`] isn't refused.
    pub(crate) async fn refuses_connections(&self) -> bool {
        matches!(self.connect().await, Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused)
    }

    /// Whether something listens there.
    pub(crate) async fn accepts_connections(&self) -> bool {
        matches!(self.connect().await, Ok(Ok(_)))
    }

    async fn connect(&self) -> Result<io::Result<TcpStream>, Elapsed> {
        let host = self.authority.host().trim_matches(['[', ']']);
        timeout(CONNECT_TIMEOUT, TcpStream::connect((host, self.port()))).await
    }
}

fn prefix(base_url: &Uri) -> String {
    base_url.path().trim_end_matches('/').to_owned()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("http://{}{}", self.authority, self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_gives_host_port_and_prefix() {
        let check = |base_url: &str, expected: Result<(&str, u16), &str>| {
            let found = Address::new(&base_url.parse().expect("a URI"));
            let found = found.map(|a| (a.to_string(), a.port())).map_err(|e| e.to_string());
            let expected = expected.map(|(shown, port)| (shown.to_owned(), port));
            assert_eq!(found, expected.map_err(str::to_owned), "{base_url}");
        };
        check("http://localhost:5002", Ok(("http://localhost:5002", 5002)));
        check("http://shop.test/api/", Ok(("http://shop.test/api", 80)));
        check("https://shop.test", Err("https://shop.test/ isn't http://…, and links carry plain HTTP only"));
    }
}
