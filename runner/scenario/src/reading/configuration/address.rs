//! `base_url` and `listen`: where services and links are. No two of them that have to listen can be at one port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;

use super::super::{
    reader::Reader,
    yaml::{Entry, Node},
};
use crate::{Service, Span};

/// The address of a service.
pub(super) fn base_url(reader: &mut Reader<'_>, node: &Node) -> Option<Uri> {
    let text = reader.text(node, "an address, such as `http://localhost:5002`")?;
    let help = || "write `http://localhost:5002`".to_owned();
    if let Some((message, help)) = unused_part(&text) {
        reader.note(node.span, message, help.to_owned());
        return None;
    }
    if let Some(rest) = text.strip_prefix("http://") {
        check_port(reader, node, &text, authority(rest))?;
    }
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
    match uri.as_ref().map(Uri::scheme_str) {
        Some(Some("http")) => uri,
        Some(Some("https")) => {
            reader.note(node.span, "links don't speak https", help());
            None
        }
        _ => {
            reader.note(node.span, format!("`{text}` is no address of a service"), help());
            None
        }
    }
}

/// The host and port of an address without its scheme.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// A part of an address that no request would use, as a message, and what to do.
fn unused_part(address: &str) -> Option<(&'static str, &'static str)> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    if address.contains("${") {
        Some(("an address can't hold an expression", "write the address itself"))
    } else if authority(rest).contains('@') {
        Some((
            "an address can't have a user and a password in it",
            "send them with `headers: { Authorization: … }`",
        ))
    } else if rest.contains(['?', '#']) {
        Some(("an address can't have a query or `#` in it", "write it in the paths of the requests"))
    } else {
        None
    }
}

/// The address at which a link listens.
pub(super) fn listen(reader: &mut Reader<'_>, node: &Node) -> Option<SocketAddr> {
    const WANTED: &str = "an address to listen on, such as `127.0.0.1:7001`";
    let text = reader.text(node, WANTED)?;
    check_port(reader, node, &text, &text)?;
    reader.spelled(node, WANTED)
}

/// Notes a port that there can't be, at the end of `address`, which is a part of a scalar's `text`.
fn check_port(reader: &mut Reader<'_>, node: &Node, text: &str, address: &str) -> Option<()> {
    let Some((_, port)) = address.rsplit_once(':').filter(|_| !address.ends_with(']')) else {
        return Some(());
    };
    if port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Some(());
    }
    let end = text.find(address).unwrap_or(0) + address.len();
    let span = if port.is_empty() { node.span } else { reader.part(node, text, end - port.len()..end) };
    reader.note(span, format!("`{port}` is no port"), "a port is a number from 1 to 65535".to_owned());
    None
}

/// Where something listens, or is called.
struct Place {
    /// What it is, for a message.
    what: String,
    host: Host,
    port: u16,
    /// Whether the runner starts what listens there.
    origin: Origin,
    span: Span,
}

#[derive(PartialEq, Eq)]
enum Origin {
    Started,
    RunsAlready,
}

/// A host, as far as two can be one.
#[derive(PartialEq, Eq)]
enum Host {
    /// `localhost`, by its name or one of its addresses.
    Loopback,
    /// Every address of this machine.
    Unspecified,
    Other(String),
}

impl Host {
    fn of(host: &str) -> Self {
        let host = host.trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)) => Self::Loopback,
            Ok(ip) if ip.is_unspecified() => Self::Unspecified,
            _ if host.eq_ignore_ascii_case("localhost") => Self::Loopback,
            _ => Self::Other(host.to_ascii_lowercase()),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        let here = |host: &Self| !matches!(host, Self::Other(_));
        self == other
            || (here(self) && here(other) && (*self == Self::Unspecified || *other == Self::Unspecified))
    }
}

/// Notes services and links that are at the same host and port. Two services that run already may share one.
pub(super) fn check_places(reader: &mut Reader<'_>, entries: &[Entry], services: &[Service]) {
    let places: Vec<Place> =
        entries.iter().zip(services).flat_map(|(entry, service)| places(entry, service)).collect();
    for (number, second) in places.iter().enumerate() {
        let taken = places[..number].iter().find(|first| {
            let started = [first, second].iter().any(|place| place.origin == Origin::Started);
            started && first.port == second.port && first.host.meets(&second.host)
        });
        if let Some(Place { what, span, port, .. }) = taken {
            let message = format!("{} can't be at port {port}: {what} is there", second.what);
            let help = format!("give each a port of its own; the other one is on line {}", span.line);
            reader.note(second.span, message, help);
        }
    }
}

fn places(entry: &Entry, service: &Service) -> Vec<Place> {
    let at = |node: &Node, key: &str| {
        node.entries().iter().find(|entry| entry.key == key).map(|entry| entry.value.clone())
    };
    let own = service.base_url.as_ref().and_then(|url| {
        let (host, origin) = match &service.start {
            Some(_) => (Host::Loopback, Origin::Started),
            None => (Host::of(url.host()?), Origin::RunsAlready),
        };
        let span = at(&entry.value, "base_url")?.span;
        Some(Place {
            what: format!("`{}`", service.name),
            host,
            port: url.port_u16().unwrap_or(80),
            origin,
            span,
        })
    });
    let links = service.depends_on.iter().filter_map(|dependency| {
        let listen = dependency.listen?;
        let dependencies = at(&entry.value, "depends_on")?;
        Some(Place {
            what: format!("the link `{} -> {}`", service.name, dependency.service),
            host: Host::of(&listen.ip().to_string()),
            port: listen.port(),
            origin: Origin::Started,
            span: at(&at(&dependencies, dependency.service.as_str())?, "listen")?.span,
        })
    });
    own.into_iter().chain(links).collect()
}
