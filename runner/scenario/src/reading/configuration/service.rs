//! `services`: where a service is, how it is started, what it calls and when it is ready.

use fault::{Link, ServiceName};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::{
    super::{
        fields::Fields,
        reader::{Reader, all},
        request::{
            auth::{self, AUTHENTICATION},
            headers::{COMMON_HEADERS, common_headers},
        },
        stub::{STUB, stub},
        table::{DURATION, Key, Shape, Table},
        yaml::Entry,
    },
    address::base_url,
    after,
    command::start,
    dependency::{DEPENDENCY, dependencies},
    readiness::{READY, path, readiness},
};
use crate::{Dependency, Need, Outside, RequestDefaults, Scope, Service};

pub(super) const SERVICE: Table = Table {
    what: "a service",
    groups: &[&[
        Key::optional(
            "base_url",
            Shape::Pattern("^http://"),
            "The address at which it runs already, or at which `runner up` starts it.",
        ),
        Key::optional("stub", STUB, "What answers in its place, for a service that isn't there."),
        Key::optional("required", Shape::Boolean, "Whether a run needs it.").or("true"),
        Key::optional(
            "command",
            Shape::OneOrMore(&Shape::Text),
            "How it is started: the program and its arguments. `${port}`, `${data_dir}`, `${conf_dir}` (the folder of e2e.conf), `${url.other-service}` and `${env.NAME}` are filled in. A relative path to the program is relative to `cwd`.",
        ),
        Key::optional(
            "env",
            Shape::Names(&Shape::Text),
            "Environment variables, filled in as the command is.",
        ),
        Key::optional(
            "cwd",
            Shape::Text,
            "The folder in which it runs, relative to that of e2e.conf, which it is by default. With `${data_dir}` it has a folder of its own in every scenario. `${conf_dir}` and `${env.NAME}` are filled in, too.",
        ),
        Key::optional(
            "depends_on",
            Shape::Either(&[Shape::List(&Shape::Text), Shape::Names(&DEPENDENCY)]),
            "The services it calls; each makes a link.",
        ),
        Key::optional(
            "after",
            Shape::OneOrMore(&Shape::Text),
            "The services that have to be ready before it is started. Services that aren't ordered start at the same time.",
        ),
        Key::optional(
            "ready",
            Shape::OneOrMore(&Shape::Either(READY)),
            "When it is ready: all of these paths answer with 2xx.",
        ),
        Key::optional(
            "headers",
            COMMON_HEADERS,
            "Headers of every request that the runner sends to it, also of its readiness and of invariants; a request's own win.",
        ),
        Key::optional(
            "auth",
            AUTHENTICATION,
            "How every request that the runner sends to it says who sends it; a request's own wins.",
        ),
        Key::optional(
            "circuits",
            Shape::Pattern("^/"),
            "The path at which it tells its circuits, `{users-service: open}`, also below a key `circuits`. It is asked when a scenario has failed.",
        ),
        Key::optional("stop", DURATION, "How long it may take to end when asked to.").or("5s"),
        Key::optional(
            "timeout",
            DURATION,
            "How long a request to it waits for its reply, unless it says otherwise.",
        ),
    ]],
};

/// Reads a service. `outside` is what its readiness can name, unless that is mistaken.
pub(super) fn service(
    reader: &mut Reader<'_>,
    entry: &Entry,
    name: Option<ServiceName>,
    outside: Option<&Outside>,
) -> Option<Service> {
    let fields = reader.fields(&entry.value, &SERVICE)?;
    let base_url = fields.optional("base_url", |node| base_url(reader, node));
    let required = fields.or("required", true, |node| reader.boolean(node));
    let depends_on = fields.or("depends_on", Vec::new(), |node| dependencies(reader, node));
    if let (Some(name), Some(dependencies)) = (&name, &depends_on) {
        let link = |dependency: &Dependency| Link::new(name.clone(), dependency.service.clone());
        reader.links.extend(dependencies.iter().map(link));
    }
    let callees: Vec<_> = depends_on.iter().flatten().map(|dependency| dependency.service.clone()).collect();
    let start = start(reader, &fields, &callees);
    let after = fields.or("after", Vec::new(), |node| after::after(reader, node));
    let ready = fields.or("ready", Vec::new(), |node| {
        all(reader.one_or_more(node).iter().map(|item| readiness(reader, item)))
    });
    let requests = requests(reader, &fields);
    let circuits = fields.optional("circuits", |node| path(reader, node));
    let stub = fields.optional("stub", |node| stub(reader, node));
    if fields.get("stub").is_some() {
        for stray in fields.present(&["command", "depends_on", "after", "ready", "circuits"]) {
            let message = format!(
                "`{}` and `stub` don't go together: a stub isn't started and calls nothing",
                stray.key
            );
            reader.note(stray.span, message, "leave one of them out".to_owned());
        }
    } else if fields.get("base_url").is_none() && fields.get("command").is_none() {
        let help = "say where it runs, `base_url: http://localhost:5002`, or how it is started, `command: …`";
        reader.note(entry.span, format!("nothing says where `{}` is", entry.key), help.to_owned());
    }
    let requests = requests?;
    let mut ready = ready?;
    let variables = outside?.variables();
    for condition in &mut ready {
        if let Err((key, error)) = bear(&mut condition.headers, &requests, &variables) {
            let span = fields.entry(key).map_or(entry.span, |entry| entry.span);
            let message = format!("`ready` can't send the service's `{key}`: {error}");
            let help = "name only `${env.NAME}` and `${secrets.NAME}` in it, or give `ready` a header of its own, which wins";
            reader.note(span, message, help.to_owned());
            return None;
        }
    }
    Some(Service {
        name: name?,
        base_url: base_url?,
        need: if required? { Need::Required } else { Need::Optional },
        start: start?,
        stub: stub?,
        depends_on: depends_on?,
        after: after?,
        ready,
        requests,
        circuits: circuits?.and_then(|path| path.parse().ok()),
    })
}

/// What every request to the service bears.
fn requests(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<RequestDefaults> {
    let headers = fields.or("headers", Vec::new(), |node| common_headers(reader, node));
    let auth = auth::auth(reader, fields);
    let timeout = fields.optional("timeout", |node| reader.some_time(node));
    Some(RequestDefaults { headers: headers?, auth: auth?, timeout: timeout?, ..RequestDefaults::default() })
}

/// Adds to the headers of a readiness those of every request to its service. The error names the key of what has no value, or none
/// that can be sent.
fn bear(
    headers: &mut HeaderMap,
    requests: &RequestDefaults,
    variables: &Scope,
) -> Result<(), (&'static str, String)> {
    let own = headers.clone();
    for (name, value) in requests.headers.iter().filter(|(name, _)| !own.contains_key(name)) {
        let text = value.render(variables).map_err(|error| ("headers", error.to_string()))?;
        let value = HeaderValue::from_str(&text)
            .map_err(|_| ("headers", format!("the value of `{name}` can't stand in a header")))?;
        headers.append(name, value);
    }
    if let Some(auth) = requests.auth.as_ref().filter(|_| !own.contains_key(AUTHORIZATION))
        && let Some(value) = auth.header(variables).map_err(|error| ("auth", error.to_string()))?
    {
        headers.insert(AUTHORIZATION, value);
    }
    Ok(())
}
