//! Faults that select requests by what is in them, on a link on real sockets.

use std::fmt;

use fault::{Content, ContentFilter, Damage, ErrorReply, Fault, RequestHead, Selector};
use http::StatusCode;
use proxy::HttpLink;

use crate::{callee::Callee, caller::Caller, exchanges, fault, inject, links, received, shop};

/// Selects requests with this query and this body.
#[derive(Debug)]
struct Has {
    query: &'static str,
    body: &'static str,
}

impl fmt::Display for Has {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keys())
    }
}

impl Content for Has {
    fn selects(&self, head: &RequestHead<'_>, body: &[u8]) -> bool {
        head.query == self.query && body == self.body.as_bytes()
    }

    fn needs_body(&self) -> bool {
        !self.body.is_empty()
    }

    fn keys(&self) -> String {
        format!("{} {}", self.query, self.body)
    }
}

#[tokio::test]
async fn a_fault_meets_the_requests_with_its_query_and_body() {
    let (links, callee) = (links(), Callee::start());
    let link = HttpLink::open(&links, shop(), None, callee.authority()).await.expect("a free port");
    let unavailable = |status| Damage::Error(ErrorReply { status, headers: Vec::new(), body: String::new() });
    let by = |query, body| Selector {
        content: Some(ContentFilter::new(Has { query, body })),
        ..Selector::default()
    };
    let by_query = fault("by-query", unavailable(StatusCode::SERVICE_UNAVAILABLE));
    inject(&links, Fault { selector: by("a=1", ""), ..by_query });
    let mut caller = Caller::connect(link.address()).await.expect("the link listens");
    let mut statuses = Vec::new();
    for (path, body) in [("/?a=1", ""), ("/?a=2", ""), ("/?a=1", "large")] {
        statuses.push(caller.call(path, body.as_bytes()).await.expect("a reply").status);
    }
    // A selector that needs no body is given none.
    assert_eq!(statuses, [503, 200, 503]);
    let by_body = fault("by-body", unavailable(StatusCode::BAD_GATEWAY));
    inject(&links, Fault { selector: by("", "large"), ..by_body });
    for (path, body) in [("/", "large"), ("/", "small"), ("/?a=1", "large")] {
        caller.call(path, body.as_bytes()).await.expect("a reply");
    }
    let seen: Vec<_> = exchanges(&links).iter().skip(3).map(received).collect();
    assert_eq!(seen, [Some(Ok(502)), Some(Ok(200)), Some(Ok(200))]);
}
