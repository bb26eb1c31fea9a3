//! Addresses to services: those of e2e.conf by their names, others after their host.

use std::collections::BTreeMap;

use http::Uri;

/// A service of e2e.conf.
#[derive(Debug, Clone)]
pub struct KnownService {
    /// Its name.
    pub name: String,
    /// Where it is; `None` when it is only started by the runner.
    pub base_url: Option<Uri>,
}

/// A service that e2e.conf doesn't have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewService {
    /// The name that scenarios call it by.
    pub name: String,
    /// Where it is; `None` when the text doesn't say.
    pub base_url: Option<String>,
}

/// A request's service and its path there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) service: String,
    /// Path and query. It begins with `/`.
    pub(crate) path: String,
    /// User and password that the address has.
    pub(crate) login: Option<(String, String)>,
    /// Whether the address begins with `https`.
    pub(crate) scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// A place of requests: host and port, and what paths begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    authority: String,
    prefix: String,
}

/// The services by their places.
#[derive(Debug)]
pub(crate) struct Services {
    known: Vec<(String, Place)>,
    taken: Vec<String>,
    new: BTreeMap<String, (usize, Option<String>)>,
}

impl Services {
    pub(crate) fn new(known: &[KnownService]) -> Self {
        let place = |service: &KnownService| {
            let url = service.base_url.as_ref()?;
            let authority = authority(url.authority()?.as_str(), Scheme::Http);
            Some((service.name.clone(), Place { authority, prefix: url.path().trim_end_matches('/').into() }))
        };
        let taken = known.iter().map(|service| service.name.clone()).collect();
        Self { known: known.iter().filter_map(place).collect(), taken, new: BTreeMap::new() }
    }

    /// The service and path of an address. `{{name}}` may stand for its beginning or for a part of its host.
    pub(crate) fn target(&mut self, url: &str) -> Result<Target, String> {
        let url = url.trim().split('#').next().unwrap_or_default();
        if let Some((name, rest)) = url.strip_prefix("{{").and_then(|rest| rest.split_once("}}"))
            && (rest.is_empty() || rest.starts_with(['/', '?']))
        {
            let service = self.add(&slug(name), None);
            return Ok(Target { service, path: path(rest), login: None, scheme: Scheme::Http });
        }
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, _)) if !scheme.contains(['/', '?', '{']) => {
                return Err(format!("requests are sent over http, not {scheme}"));
            }
            _ => (Scheme::Http, url),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (place, rest) = rest.split_at(end);
        let (login, host) = match place.rsplit_once('@') {
            Some((login, host)) => (Some(login.split_once(':').unwrap_or((login, ""))), host),
            None => (None, place),
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(format!("`{url}` is no address"));
        }
        let login = login.map(|(user, password)| (decoded(user), decoded(password)));
        let (authority, path) = (authority(host, scheme), path(rest));
        let service = self.known.iter().filter(|(_, known)| known.authority == authority).filter_map(
            |(name, known)| {
                let rest = path.strip_prefix(&known.prefix)?;
                (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((known.prefix.len(), name, rest))
            },
        );
        if let Some((_, name, rest)) = service.max_by_key(|(length, ..)| *length) {
            return Ok(Target { service: name.clone(), path: self::path(rest), login, scheme });
        }
        let base_url = (!host.contains("{{")).then(|| format!("http://{host}"));
        let name = slug(host);
        let place = Place { authority, prefix: String::new() };
        let name = self.add(&name, base_url);
        self.known.push((name.clone(), place));
        Ok(Target { service: name, path, login, scheme })
    }

    /// The service of e2e.conf that an address is one of.
    pub(crate) fn known(&mut self, url: &str) -> Option<Target> {
        let before = self.new.len();
        let known = self.known.len();
        let target = self.target(url).ok()?;
        let is_known = self.new.len() == before && self.taken.contains(&target.service);
        if !is_known {
            self.new.retain(|_, (number, _)| *number < before);
            self.known.truncate(known);
        }
        is_known.then_some(target)
    }

    /// A service of this name, at an address that may be unknown.
    pub(crate) fn add(&mut self, wanted: &str, base_url: Option<String>) -> String {
        let wanted = if wanted.is_empty() || wanted == "client" { "service" } else { wanted };
        let names = (1..).map(|number| match number {
            1 => wanted.to_owned(),
            _ => format!("{wanted}-{number}"),
        });
        for name in names {
            if self.new.get(&name).is_some_and(|(_, url)| *url == base_url) {
                return name;
            }
            if !self.taken.contains(&name) && !self.new.contains_key(&name) {
                self.new.insert(name.clone(), (self.new.len(), base_url));
                return name;
            }
        }
        unreachable!("some number is free")
    }

    /// The services that e2e.conf doesn't have, in the order in which they were met.
    pub(crate) fn into_new(self) -> Vec<NewService> {
        let mut new: Vec<_> = self.new.into_iter().collect();
        new.sort_by_key(|(_, (number, _))| *number);
        new.into_iter().map(|(name, (_, base_url))| NewService { name, base_url }).collect()
    }
}

/// Host and port in one spelling: `localhost` by its address is the same.
fn authority(written: &str, scheme: Scheme) -> String {
    let written = written.to_ascii_lowercase();
    let (host, port) = match written.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()) => (host, port),
        _ => (written.as_str(), if scheme == Scheme::Https { "443" } else { "80" }),
    };
    let host = if matches!(host, "127.0.0.1" | "[::1]" | "0.0.0.0") { "localhost" } else { host };
    format!("{host}:{port}")
}

fn path(rest: &str) -> String {
    if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
}

pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A text as the name of a service or of a file: small letters, digits, `-` and `.`.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut before = ' ';
    for c in text.chars().take(100) {
        if c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            slug.push('-');
        }
        before = c;
        match c {
            c if c.is_alphanumeric() => slug.extend(c.to_lowercase()),
            '.' if !slug.is_empty() => slug.push('.'),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    // What small letters of some scripts are made of isn't alphanumeric.
    slug.retain(|c| c.is_alphanumeric() || matches!(c, '-' | '.'));
    slug.trim_end_matches(['-', '.']).to_owned()
}
