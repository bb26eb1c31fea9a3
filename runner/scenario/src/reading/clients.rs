//! `clients`: those who send requests, each with cookies, headers and authentication of its own.

use std::collections::BTreeSet;

use super::{
    fields::Fields,
    reader::{Reader, all},
    request::{
        REQUEST, REQUEST_LINE,
        auth::{self, AUTHENTICATION},
        headers::{COMMON_HEADERS, common_headers},
        request_step,
    },
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Entry, Node},
};
use crate::{Client, ClientName, Login, LoginScope, RequestDefaults, Times};

/// The value of `clients`.
pub(crate) const CLIENTS: Shape = Shape::Names(&Shape::Table(&CLIENT));

const CLIENT: Table = Table {
    what: "a client",
    groups: &[&[
        Key::optional(
            "headers",
            COMMON_HEADERS,
            "Headers of its requests; they can name what its login captures.",
        ),
        Key::optional(
            "auth",
            AUTHENTICATION,
            "How its requests say who sends them; it can name what its login captures.",
        ),
        Key::optional(
            "login",
            Shape::Table(&LOGIN),
            "The request that is sent before its first one. What it captures is known in the client's `headers` and `auth` only.",
        ),
    ]],
};

const LOGIN: Table = Table {
    what: "a login",
    groups: &[
        &[
            Key::required("request", REQUEST_LINE, "The request: `POST users-service /login`."),
            Key::optional(
                "once",
                Shape::Choice(&["scenario", "run"]),
                "How often it is sent: once in each `scenario`, which is so unless said otherwise, or once in a whole `run`, to a service that runs already.",
            ),
        ],
        REQUEST,
    ],
};

/// The clients that are known while a file is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients {
    known: Vec<ClientName>,
    used: BTreeSet<ClientName>,
}

/// Where clients are defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefinedIn {
    /// In e2e.conf, for all scenarios.
    Configuration,
    /// In a scenario, which has to use them.
    Scenario,
}

impl Clients {
    pub(crate) fn know(&mut self, clients: impl IntoIterator<Item = ClientName>) {
        self.known.extend(clients);
    }
}

/// The client whose name a scalar is.
pub(crate) fn client_at(reader: &mut Reader<'_>, node: &Node) -> Option<ClientName> {
    let name = reader.text(node, "the name of a client")?;
    let found = reader.clients.known.iter().find(|client| client.as_str() == name).cloned();
    if let Some(client) = &found {
        reader.clients.used.insert(client.clone());
    } else {
        let help = suggestion::help(&name, reader.clients.known.iter().map(ClientName::as_str))
            .unwrap_or_else(|| "there are none: `clients` of this file or of e2e.conf makes them".into());
        reader.note(node.span, format!("unknown client `{name}`"), help);
    }
    found
}

/// A mapping of names to clients, which requests after it can be sent as.
pub(crate) fn clients(reader: &mut Reader<'_>, node: &Node, defined_in: DefinedIn) -> Option<Vec<Client>> {
    let entries = reader.mapping(node, "a mapping of names to clients")?;
    let clients = all(entries.iter().map(|entry| client(reader, entry, defined_in)));
    // Also those with a mistake: that a request names one is no second mistake.
    reader.clients.know(entries.iter().filter_map(|entry| entry.key.parse().ok()));
    clients
}

/// Notes the clients of a scenario that no request is sent as.
pub(crate) fn check_used(reader: &mut Reader<'_>, node: &Node) {
    for entry in node.entries() {
        if !reader.clients.used.iter().any(|used| used.as_str() == entry.key) {
            let help = format!("send a request as it: `as: {}`", entry.key);
            reader.note(entry.span, format!("no request is sent as `{}`", entry.key), help);
        }
    }
}

fn client(reader: &mut Reader<'_>, entry: &Entry, defined_in: DefinedIn) -> Option<Client> {
    let name = match entry.key.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            reader.note(entry.span, format!("`{}` can't be the name of a client: {error}", entry.key), None);
            None
        }
    };
    let fields = reader.fields(&entry.value, &CLIENT)?;
    let before = reader.names.known().clone();
    let login = fields.optional("login", |node| login(reader, node, defined_in));
    let headers = fields.or("headers", Vec::new(), |node| common_headers(reader, node));
    let auth = auth::auth(reader, &fields);
    reader.names.take_since(&before);
    let (headers, auth) = (headers?, auth?);
    let borne =
        RequestDefaults { headers: headers.clone(), auth: auth.clone(), ..RequestDefaults::default() };
    if let Some(login) = fields.get("login") {
        check_captures(reader, login, &borne);
    }
    Some(Client { name: name?, headers, auth, login: login? })
}

/// Notes what a login captures and its client doesn't use.
fn check_captures(reader: &mut Reader<'_>, login: &Node, borne: &RequestDefaults) {
    let captured = login.entries().iter().filter(|entry| entry.key == "capture");
    for capture in captured.flat_map(|entry| entry.value.entries()) {
        if !borne.names().any(|name| name == capture.key) {
            let help = "use it in the client's `headers` or `auth`: it is known nowhere else".to_owned();
            reader.note(capture.span, format!("`{}` is captured and never used", capture.key), help);
        }
    }
}

fn login(reader: &mut Reader<'_>, node: &Node, defined_in: DefinedIn) -> Option<Login> {
    let fields = reader.fields(node, &LOGIN)?;
    if let Some(other) = fields.entry("as") {
        let help = "leave `as` out".to_owned();
        reader.note(other.span, "a login is sent by the client that logs in", help);
    }
    check_hidden(reader, &fields);
    let line = fields.get("request")?;
    let request = request_step(reader, line, &fields, Times::Once);
    let scopes = [("scenario", LoginScope::Scenario), ("run", LoginScope::Run)];
    let once = fields.or("once", LoginScope::Scenario, |node| reader.choice(node, &scopes));
    let (request, once) = (request?, once?);
    if once == LoginScope::Run
        && let Some(node) = fields.get("once")
    {
        let service = &request.call.service;
        if defined_in == DefinedIn::Scenario {
            let help = "define the client in e2e.conf, or leave `once` out".to_owned();
            reader.note(node.span, "a client of one scenario can't log in for a whole run", help);
        } else if !reader.external.contains(service) {
            let message =
                format!("`{service}` is started anew for each scenario, and forgets who has logged in");
            reader.note(node.span, message, "write `once: scenario`, or leave it out".to_owned());
        }
    }
    Some(Login { request, once })
}

/// Notes captures that would hide a variable.
fn check_hidden(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    for capture in fields.get("capture").into_iter().flat_map(Node::entries) {
        if reader.names.is_known(&capture.key) {
            let message = format!("`{}` is a variable of this scenario already", capture.key);
            reader.note(capture.span, message, "call what is captured something else".to_owned());
        }
    }
}
