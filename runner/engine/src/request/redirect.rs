//! Where a redirect leads, and what is sent there (RFC 9110, 15.4).

use fault::ServiceName;
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;
use verdict::{Finding, FindingKind, header_text};

use super::addresses::Addresses;

/// What follows a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it is no redirect.
    Nothing,
    /// Another request.
    Request(Redirected),
    /// Nothing, because the redirect leads to no service.
    Nowhere(Finding),
}

/// The request to which a redirect leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redirected {
    pub(super) service: ServiceName,
    /// The path and query.
    pub(super) target: String,
    pub(super) method: Method,
    pub(super) body: SentBody,
}

/// Whether a redirected request has the body of the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SentBody {
    Again,
    Not,
}

/// Headers that tell about a body, and go with it.
pub(super) const ABOUT_BODY: [header::HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_LENGTH,
];
/// Headers that are meant for one service, and aren't sent to another.
pub(super) const FOR_ONE_SERVICE: [header::HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// What follows a reply to a request of `method` for `target` at a service.
pub(super) fn next(
    addresses: &Addresses,
    service: &ServiceName,
    target: &str,
    method: &Method,
    reply: (StatusCode, &HeaderMap),
) -> Next {
    let (status, headers) = reply;
    let Some((method, body)) = redirected(status, method) else { return Next::Nothing };
    let Some(location) = headers.get(header::LOCATION).map(header_text) else { return Next::Nothing };
    let nowhere = |found: String| {
        let expected = "a `Location` at a service of e2e.conf";
        Next::Nowhere(Finding::new(FindingKind::Redirect, expected, format!("{}: {found}", status.as_u16())))
    };
    let url = addresses.url(service, target).and_then(|from| from.join(&location).ok());
    let Some(url) = url else { return nowhere(format!("`{location}`, which is no URL")) };
    match addresses.find(&url, service) {
        Some((service, target)) => Next::Request(Redirected { service, target, method, body }),
        None => nowhere(format!("{}, where there is none", without_secrets(url))),
    }
}

/// The finding that a request was redirected more often than it follows.
pub(super) fn too_many(most: u32, location: &str) -> Finding {
    let times = if most == 1 { "redirect" } else { "redirects" };
    Finding::new(FindingKind::Redirect, format!("at most {most} {times}"), format!("one more, to {location}"))
}

/// The method of the request to which a redirect leads, and whether the body is sent again; `None` for other replies.
fn redirected(status: StatusCode, method: &Method) -> Option<(Method, SentBody)> {
    let as_sent = (method.clone(), SentBody::Again);
    Some(match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == Method::POST => {
            (Method::GET, SentBody::Not)
        }
        StatusCode::SEE_OTHER if *method == Method::HEAD => (Method::HEAD, SentBody::Not),
        StatusCode::SEE_OTHER => (Method::GET, SentBody::Not),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => as_sent,
        _ => return None,
    })
}

/// The URL without a user and a password.
fn without_secrets(mut url: Url) -> Url {
    // Of a URL that can have neither, this changes nothing.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(method: &str, status: u16, location: &str) -> String {
        let known = [
            ("shop", "http://127.0.0.1:5000/api"),
            ("bank", "http://bank"),
            ("shop", "http://localhost:7000/api"),
            ("root", "http://127.0.0.1:5000"),
        ];
        let parsed: Vec<(ServiceName, http::Uri)> = known
            .iter()
            .map(|(name, url)| (name.parse().expect("a name"), url.parse().expect("a URL")))
            .collect();
        let addresses = Addresses::new(parsed.iter().map(|(name, url)| (name, url)));
        let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().expect("a value"))]);
        let method = method.parse().expect("a method");
        let status = StatusCode::from_u16(status).expect("a status");
        match next(&addresses, &"shop".parse().expect("a name"), "/a/b?c=1", &method, (status, &headers)) {
            Next::Nothing => "nothing".into(),
            Next::Nowhere(finding) => finding.found,
            Next::Request(Redirected { service, target, method, body }) => {
                let body = if body == SentBody::Again { " with its body" } else { "" };
                format!("{method} {service} {target}{body}")
            }
        }
    }

    #[test]
    fn statuses_decide_the_method_and_whether_the_body_is_sent_again() {
        for (method, status, expected) in [
            ("GET", 301, "GET shop /x with its body"),
            ("POST", 301, "GET shop /x"),
            ("PUT", 301, "PUT shop /x with its body"),
            ("POST", 302, "GET shop /x"),
            ("DELETE", 302, "DELETE shop /x with its body"),
            ("POST", 303, "GET shop /x"),
            ("PUT", 303, "GET shop /x"),
            ("HEAD", 303, "HEAD shop /x"),
            ("POST", 307, "POST shop /x with its body"),
            ("PUT", 308, "PUT shop /x with its body"),
            ("GET", 300, "nothing"),
            ("GET", 304, "nothing"),
            ("GET", 201, "nothing"),
        ] {
            assert_eq!(follow(method, status, "/api/x"), expected, "{method} {status}");
        }
    }

    #[test]
    fn a_location_leads_to_the_service_whose_address_it_has() {
        for (location, expected) in [
            ("/api/x?y=%20#part", "GET shop /x?y=%20"),
            ("x", "GET shop /a/x"),
            ("../x", "GET shop /x"),
            ("?d=2", "GET shop /a/b?d=2"),
            ("http://localhost:5000/api/x", "GET shop /x"),
            ("http://localhost:7000/api", "GET shop /"),
            ("http://localhost:7000/apis", "302: http://localhost:7000/apis, where there is none"),
            ("http://[::1]:7000/api/", "GET shop /"),
            ("http://bank/x", "GET bank /x"),
            ("//bank/x", "GET bank /x"),
            ("/x", "GET root /x"),
            ("http://a:b@example.org/x", "302: http://example.org/x, where there is none"),
            ("https://bank/x", "302: https://bank/x, where there is none"),
            ("http://127.0.0.1:1/x", "302: http://127.0.0.1:1/x, where there is none"),
            ("http://[/", "302: `http://[/`, which is no URL"),
        ] {
            assert_eq!(
                follow("GET", 302, location).trim_end_matches(" with its body"),
                expected,
                "{location}"
            );
        }
    }
}
