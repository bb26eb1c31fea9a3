//! Where the services of a world are, as they tell it in a `Location`.

use fault::ServiceName;
use http::Uri;
use url::{Host as UrlHost, Url};

use crate::cookies::Host;

/// The URLs under which services are reached, each `http://AUTHORITY/PREFIX/`. The first one of a service is its own.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Vec<(ServiceName, Url)>);

impl Addresses {
    pub(crate) fn new<'a>(addresses: impl IntoIterator<Item = (&'a ServiceName, &'a Uri)>) -> Self {
        let url = |uri: &Uri| {
            let mut url = Url::parse(&uri.to_string()).ok()?;
            url.set_path(&format!("{}/", url.path().trim_end_matches('/')));
            Some(url)
        };
        Self(addresses.into_iter().filter_map(|(service, uri)| Some((service.clone(), url(uri)?))).collect())
    }

    /// The URL of a service's own address; with its name as its host if it has none.
    fn base(&self, service: &ServiceName) -> Url {
        let own = self.0.iter().find(|(name, _)| name == service).map(|(_, url)| url.clone());
        let named = || Url::parse(&format!("http://{service}/")).ok();
        own.or_else(named).unwrap_or_else(|| Url::parse("http://service/").expect("a URL"))
    }

    /// The URL of a path and query that a service is asked for.
    pub(crate) fn url(&self, service: &ServiceName, target: &str) -> Option<Url> {
        let mut url = self.base(service);
        let prefix = url.path().trim_end_matches('/').to_owned();
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{prefix}{path}"));
        url.set_query(query);
        Some(url)
    }

    /// The service at a URL, with the path and query that it is asked for; that of `asked` first.
    pub(crate) fn find(&self, url: &Url, asked: &ServiceName) -> Option<(ServiceName, String)> {
        let own = (asked.clone(), self.base(asked));
        let known = [&own].into_iter().chain(&self.0).filter(|(_, base)| is_same_place(base, url));
        let within = known.filter_map(|(service, base)| {
            let prefix = base.path().trim_end_matches('/');
            let path = url.path().strip_prefix(prefix)?;
            let path = if path.is_empty() { "/" } else { path };
            path.starts_with('/').then_some((prefix.len(), service, path))
        });
        // The longest prefix is the nearest; of several with the same one, the first.
        let (_, service, path) = within.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some((service.clone(), format!("{path}{query}")))
    }

    /// Whether a service is on this machine. One without an address is within this program.
    pub(crate) fn host(&self, service: &ServiceName) -> Host {
        let own = self.0.iter().find(|(name, _)| name == service).map(|(_, url)| url);
        match own {
            Some(url) if !is_loopback(url) && url.host_str() != Some(service.as_str()) => Host::Elsewhere,
            _ => Host::Loopback,
        }
    }
}

fn is_same_place(one: &Url, other: &Url) -> bool {
    let is_same_host = one.host() == other.host() || (is_loopback(one) && is_loopback(other));
    one.scheme() == other.scheme()
        && one.port_or_known_default() == other.port_or_known_default()
        && is_same_host
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Domain(name)) => name == "localhost",
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
