//! `defaults`: what the requests of a scenario bear and how they are sent, unless they say otherwise.

use super::{
    clients::client_at,
    reader::Reader,
    request::{
        auth::{self, AUTHENTICATION},
        follow::{FOLLOW, follow},
        headers::{COMMON_HEADERS, common_headers},
        pairs::{PAIRS, pairs},
    },
    table::{DURATION, Key, Shape, Table},
    yaml::Node,
};
use crate::{Pairs, RequestDefaults};

pub(crate) const DEFAULTS: Table = Table {
    what: "`defaults`",
    groups: &[&[
        Key::optional("headers", COMMON_HEADERS, "Headers of every request that has none of the same name."),
        Key::optional("query", PAIRS, "Pairs of the query of every request that has none of the same name."),
        Key::optional("auth", AUTHENTICATION, "How requests say who sends them."),
        Key::optional("as", Shape::Text, "The client that sends them, of `clients`."),
        Key::optional("follow", FOLLOW, "Whether they follow redirects, or how many at most."),
        Key::optional("timeout", DURATION, "How long they wait for their replies."),
    ]],
};

pub(crate) fn defaults(reader: &mut Reader<'_>, node: &Node) -> Option<RequestDefaults> {
    let fields = reader.fields(node, &DEFAULTS)?;
    let headers = fields.or("headers", Vec::new(), |node| common_headers(reader, node));
    let query =
        fields.or("query", Pairs::default(), |node| pairs(reader, node, "a mapping of a query's names"));
    let auth = auth::auth(reader, &fields);
    let client = fields.optional("as", |node| client_at(reader, node));
    let follow = fields.optional("follow", |node| follow(reader, node));
    let timeout = fields.optional("timeout", |node| reader.some_time(node));
    Some(RequestDefaults {
        headers: headers?,
        query: query?,
        auth: auth?,
        client: client?,
        follow: follow?,
        timeout: timeout?,
    })
}
